// Source compiled, and the functions that come of it.
#include <torch/csrc/jit/frontend/error_report.h>

#include <atomic>
#include <sstream>
#include <unordered_set>

#include "guards.h"
#include "inspect.h"
#include "script.h"
#include "source_check.h"
#include "source_names.h"
#include "tagged.h"

namespace flambeau {
namespace {

// Where in a source the error lies: LibTorch says the line, and marks the place below it; at the
// end of a line it marks nothing, and counts on.
std::string placeIn(const std::string& message, const std::string& source) {
  const std::string mark = "File \"<string>\", line ";
  const auto at = message.find(mark);
  if (at == std::string::npos) return {};
  const size_t told = std::strtoul(message.c_str() + at + mark.size(), nullptr, 10);
  const auto arrow = message.find(" <--- HERE", at);
  if (arrow != std::string::npos) {
    const auto start = message.rfind('\n', arrow) + 1;
    const auto column = message.find('~', start);
    if (column < arrow) return c10::str(" (line ", told, ", column ", column - start + 1, ")");
  }
  // The end of the last line that says something, at or before the one that was told.
  size_t line = 0;
  size_t lastLine = 1;
  size_t lastLength = 0;
  std::istringstream lines(source);
  for (std::string text; std::getline(lines, text) && line < told;) {
    line++;
    const auto end = text.find_last_not_of(" \t\r");
    if (end == std::string::npos) continue;
    lastLine = line;
    lastLength = end + 1;
  }
  return c10::str(" (line ", lastLine, ", column ", lastLength + 1, ")");
}

// The first line of a message says what is wrong; where goes to its end.
std::string withPlace(const std::string& message, const std::string& source) {
  const auto place = placeIn(message, source);
  if (place.empty()) return message;
  const auto begin = message.find_first_not_of('\n');
  std::string told = begin == std::string::npos ? message : message.substr(begin);
  auto end = told.find('\n');
  if (end == std::string::npos) end = told.size();
  if (end > 0 && told[end - 1] == ':') end--;
  return told.insert(end, place);
}

// The lexer throws nothing more telling than std::runtime_error.
template <class F>
void compiling(const std::string& source, F&& body) {
  try {
    body();
  } catch (const torch::jit::ErrorReport& error) {
    throw CompileError(withPlace(error.what(), source));
  } catch (const std::runtime_error& error) {
    throw CompileError(withPlace(error.what(), source));
  }
}

// Source that fails to compile leaves methods without a body behind, with which nothing can be
// saved.
class NewMethods {
 public:
  NewMethods(std::shared_ptr<CompilationUnit> unit, c10::ClassTypePtr type)
      : unit_(std::move(unit)), type_(std::move(type)) {
    for (const auto* method : type_->methods()) before_.insert(method->name());
  }

  void remove() {
    std::vector<std::string> added;
    for (const auto* method : type_->methods()) {
      if (before_.count(method->name()) == 0) added.push_back(method->name());
    }
    for (const auto& name : added) {
      type_->unsafeRemoveMethod(name);
      unit_->unsafeRemoveMethod(c10::QualifiedName(*type_->name(), name));
    }
  }

 private:
  std::shared_ptr<CompilationUnit> unit_;
  c10::ClassTypePtr type_;
  std::unordered_set<std::string> before_;
};

}  // namespace

void defineMethods(
    const std::shared_ptr<CompilationUnit>& unit,
    const c10::ClassTypePtr& type,
    const std::string& source) {
  NewMethods added(unit, type);
  const auto resolver = resolverOf(unit);
  const auto self = selfOf(type);
  try {
    compiling(source, [&] { unit->define(*type->name(), source, resolver, self.get()); });
  } catch (...) {
    added.remove();
    throw;
  }
}

std::string uniqueNamespace() {
  static std::atomic<uint64_t> units{0};
  return c10::str("__torch__.___torch_mangle_", units.fetch_add(1));
}

}  // namespace flambeau

using namespace flambeau;

double fb_compile(const char* source, double bytes, bool literal) {
  return guard(0.0, [&] {
    const std::string text(source, static_cast<size_t>(bytes));
    checkSource(text, "the source");
    if (literal) compiling(text, [&] { checkConstants(text, "the source"); });
    auto made = std::make_unique<Unit>();
    guardOperators();
    made->unit = std::make_shared<CompilationUnit>();
    made->prefix = uniqueNamespace();
    const auto resolver = resolverOf(made->unit);
    compiling(text, [&] {
      made->unit->define(c10::QualifiedName(made->prefix), text, resolver, nullptr);
    });
    return giveHandle(FB_HANDLE_UNIT, made.release());
  });
}

void fb_unit_release(double unit) {
  if (unit == 0) return;
  guard(0, [&] {
    takeHandle(FB_HANDLE_UNIT, unit);
    return 0;
  });
}

int32_t fb_unit_names(double unit, double ctx) {
  return guard(-1, [&] {
    std::vector<std::string> names;
    for (const auto* function : flambeau::target<Unit>(unit).unit->get_functions()) {
      names.push_back(function->name());
    }
    Writer out(ctx);
    putTexts(out, names);
    return out.done();
  });
}

int32_t fb_unit_ops(double unit, double ctx) {
  return guard(-1, [&] {
    const auto ops = reachableOps(*flambeau::target<Unit>(unit).unit);
    Writer out(ctx);
    putTexts(out, ops);
    return out.done();
  });
}

double fb_unit_function(double unit, const char* name, uint32_t bytes) {
  return guard(0.0, [&] {
    const auto& [owner, prefix] = flambeau::target<Unit>(unit);
    const std::string key(name, bytes);
    Function* function = owner->find_function(c10::QualifiedName(prefix, key));
    TORCH_CHECK_VALUE(function != nullptr, "The compilation unit has no function '", key, "'");
    return exportCallable(Callable{owner, function, std::nullopt});
  });
}
