// Values that were replaced. See retired.h.
#include "retired.h"

#include <deque>
#include <mutex>
#include <set>
#include <utility>

namespace flambeau {
namespace {

struct Retired {
  std::mutex mutex;
  uint64_t clock = 0;
  std::set<uint64_t> readers;
  std::deque<std::pair<uint64_t, at::IValue>> values;
};

// Never destroyed: jobs may run while the process ends.
Retired& retired() {
  static auto* all = new Retired();
  return *all;
}

}  // namespace

void retire(at::IValue value) {
  auto& all = retired();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (!all.readers.empty()) all.values.emplace_back(all.clock, std::move(value));
}

Reading::Reading() {
  auto& all = retired();
  const std::lock_guard<std::mutex> lock(all.mutex);
  since_ = ++all.clock;
  all.readers.insert(since_);
}

Reading::~Reading() {
  auto& all = retired();
  // Freed outside of the lock.
  std::deque<std::pair<uint64_t, at::IValue>> freed;
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.readers.erase(since_);
  while (!all.values.empty() &&
         (all.readers.empty() || all.values.front().first < *all.readers.begin())) {
    freed.push_back(std::move(all.values.front()));
    all.values.pop_front();
  }
}

}  // namespace flambeau
