// LibTorch's warnings. It would print them to the process's error stream, with places in its own
// source; each thread that runs JavaScript keeps its own instead, and raises a flag in memory that
// JavaScript lent, so that looking for warnings after a call takes no call.
#include "warnings.h"

#include <algorithm>

#include "internal.h"

namespace flambeau {
namespace {

constexpr size_t kMostWarnings = 100;
constexpr size_t kLongestWarning = 10000;

// Without destructors, so that a warning at the very end of a thread finds nothing freed.
thread_local uint32_t* flag = nullptr;
thread_local std::vector<std::string>* waiting = nullptr;

const char* categoryOf(const c10::Warning& warning) {
  const auto type = warning.type();
  return std::holds_alternative<c10::DeprecationWarning>(type) ? "DeprecationWarning: "
                                                               : "UserWarning: ";
}

// One warning in a loop is one: what waits already is not noted again.
void note(std::string text) {
  if (waiting == nullptr || waiting->size() >= kMostWarnings) return;
  if (std::find(waiting->begin(), waiting->end(), text) != waiting->end()) return;
  waiting->push_back(std::move(text));
  if (flag != nullptr) *flag = 1;
}

class Collector final : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override {
    note(categoryOf(warning) + warning.msg().substr(0, kLongestWarning));
  }
};

// Never destroyed: threads may outlive the statics.
c10::WarningHandler* collector() {
  static auto* made = new Collector();
  return made;
}

}  // namespace

WarningScope::WarningScope(std::vector<std::string>& into) : before_(waiting), guard_(collector()) {
  waiting = &into;
}

WarningScope::~WarningScope() {
  waiting = before_;
}

void addWarnings(std::vector<std::string> warnings) noexcept {
  guard(0, [&] {
    for (auto& warning : warnings) note(std::move(warning));
    return 0;
  });
}

void forgetWarnings() noexcept {
  flag = nullptr;
  delete waiting;
  waiting = nullptr;
}

}  // namespace flambeau

using namespace flambeau;

int32_t fb_warnings_watch(void* raised) {
  return guard(-1, [&] {
    if (waiting == nullptr) waiting = new std::vector<std::string>();
    flag = static_cast<uint32_t*>(raised);
    c10::WarningUtils::set_warning_handler(collector());
    return 0;
  });
}

double fb_warnings_take(double ctx) {
  return guard(-1.0, [&] {
    std::string text;
    if (waiting != nullptr) {
      for (const auto& warning : *waiting) text += (text.empty() ? "" : "\1") + warning;
      waiting->clear();
    }
    return setText(ctx, std::move(text));
  });
}
