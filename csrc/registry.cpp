// Every registered operator by name, called with values: jit.ops. Slower than op.cpp, and reaches
// everything, the operators that only TorchScript has and those of other libraries too.
#include <dlfcn.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <set>
#include <sstream>

#include "guards.h"
#include "internal.h"
#include "registry.h"

namespace flambeau {
namespace {

using torch::jit::Operator;

c10::Symbol symbolOf(const char* name, uint32_t bytes) {
  return c10::Symbol::fromQualString(std::string(name, bytes));
}

std::vector<at::IValue> readVarargs(Reader& in) {
  std::vector<at::IValue> stack(in.nextCount());
  for (size_t i = 0; i < stack.size(); i++) stack[i] = readAnyValue(in, std::to_string(i));
  TORCH_CHECK_TYPE(in.nextCount() == 0, "This op takes no keyword arguments");
  // The interpreter tells such an op how many values are its own.
  stack.emplace_back(static_cast<int64_t>(stack.size()));
  return stack;
}

// The arguments are read anew for each overload, so that a failed try leaves the next one
// untouched.
bool tryOverload(
    double ctx, bool exact, Operator& op, std::vector<at::IValue>& stack, std::ostringstream& why) {
  Reader in(ctx);
  in.exact = exact;
  try {
    stack =
        op.schema().is_vararg() ? readVarargs(in) : readArguments(in, op.schema(), std::nullopt);
    return true;
  } catch (const JitTypeError& error) {
    const std::string reason = error.what();
    why << "\n  " << op.schema() << ": " << reason.substr(0, reason.find(". Declaration: "));
    return false;
  }
}

}  // namespace

ChosenOp chooseOverload(double ctx, const char* name, uint32_t bytes) {
  guardOperators();
  const auto ops = torch::jit::getAllOperatorsFor(symbolOf(name, bytes));
  TORCH_CHECK_NOT_IMPLEMENTED(!ops.empty(), "There is no op named ", std::string(name, bytes));
  ChosenOp chosen;
  std::ostringstream why;
  for (const bool exact : {true, false}) {
    why.str("");
    for (const auto& op : ops) {
      if (!tryOverload(ctx, exact, *op, chosen.stack, why)) continue;
      chosen.op = op;
      return chosen;
    }
  }
  throw JitTypeError("no overload takes these arguments:" + why.str());
}

void runChosen(ChosenOp& chosen) {
  // Its code is made for a node of a graph, and reads that node; here there is none.
  TORCH_CHECK_NOT_IMPLEMENTED(
      chosen.op->hasOperation(), chosen.op->schema().name(), " runs only as a node of a graph");
  chosen.op->getOperation()(chosen.stack);
}

void writeResults(Writer& out, const std::vector<at::IValue>& stack) {
  if (stack.empty()) {
    writeValue(out, at::IValue());
  } else if (stack.size() == 1) {
    writeValue(out, stack[0]);
  } else {
    out.put(FB_VALUE_ARRAY);
    out.put(static_cast<double>(stack.size()));
    for (const auto& value : stack) writeValue(out, value);
  }
}
}  // namespace flambeau

using namespace flambeau;

double fb_registry_names(double ctx) {
  return guard(-1.0, [&] {
    std::set<std::string> names;
    for (const auto& op : torch::jit::getAllOperators()) names.insert(op->schema().name());
    std::string text;
    for (const auto& name : names) text += name + '\n';
    return setText(ctx, std::move(text));
  });
}

double fb_registry_schemas(double ctx, const char* name, uint32_t bytes) {
  return guard(-1.0, [&] {
    std::ostringstream text;
    for (const auto& op : torch::jit::getAllOperatorsFor(symbolOf(name, bytes))) {
      text << op->schema() << '\n';
    }
    return setText(ctx, text.str());
  });
}

int32_t fb_registry_call(double ctx, const char* name, uint32_t bytes) {
  return guard(-1, [&] {
    ChosenOp chosen = chooseOverload(ctx, name, bytes);
    try {
      runChosen(chosen);
    } catch (...) {
      mendTrace();
      throw;
    }
    Writer out(ctx);
    writeResults(out, chosen.stack);
    return out.done();
  });
}

int32_t fb_load_library(const char* path, uint32_t bytes) {
  return guard(-1, [&] {
    const std::string name(path, bytes);
    if (dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) return 0;
    const char* reason = dlerror();
    TORCH_CHECK_VALUE(false, "the library could not be opened: ", reason ? reason : name);
  });
}
