// Functions and methods: called, and described.
#include <ATen/core/function_schema.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/frontend/schema_matching.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/python/update_graph_executor_opt.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/python_print.h>

#include <functional>
#include <optional>
#include <sstream>

#include "script.h"
#include "tagged.h"
#include "turns.h"

namespace flambeau {
namespace {

using c10::IValue;
using torch::jit::Stack;

size_t firstArgument(const Callable& callable) {
  return callable.self ? 1 : 0;
}

// The commonest call, for short: a tensor for each argument. False, with nothing read, where it is
// not that.
bool readTensors(Reader& in, const Callable& callable, Stack& stack) {
  const double* start = in.mark();
  const auto& arguments = callable.function->getSchema().arguments();
  const size_t first = firstArgument(callable);
  const size_t count = in.nextCount();
  bool plain = count + first == arguments.size();
  stack.reserve(arguments.size());
  if (callable.self) stack.emplace_back(*callable.self);
  for (size_t i = first; plain && i < arguments.size(); i++) {
    plain = !arguments[i].kwarg_only() && in.next() == static_cast<double>(FB_VALUE_TENSOR) &&
            arguments[i].type()->kind() == c10::TypeKind::TensorType;
    if (plain) stack.emplace_back(borrowTensor(in.next()));
  }
  if (plain && in.next() == 0) return true;
  in.reset(start);
  stack.clear();
  return false;
}

// A script called while tracing stays a call, so that its control flow is kept.
void runTraced(const Callable& callable, Stack& stack) {
  namespace tracer = torch::jit::tracer;
  auto graph = tracer::getTracingState()->graph;
  std::vector<torch::jit::NamedValue> inputs;
  for (const auto& value : stack) inputs.emplace_back(tracer::getValueTrace(value));
  const auto match =
      torch::jit::matchSchema(callable.function->getSchema(), placeOfTrace(), *graph, inputs, {});
  if (!callable.self) keepForTrace(callable.unit);
  auto* output = callable.self ? graph->insertMethodCall(callable.function->name(), match)
                               : graph->insertFunctionCall(callable.function, match);
  output->node()->setSourceRange(placeOfTrace());
  {
    const auto resume = tracer::pauseTracing();
    struct Resume {
      const std::function<void()>& run;
      ~Resume() { run(); }
    } const guardResume{resume};
    try {
      run(callable, stack);
    } catch (...) {
      output->node()->destroy();
      throw;
    }
  }
  tracer::setValueTrace(stack.back(), output);
}

std::string textOf(const Callable& callable, int32_t what) {
  std::ostringstream text;
  switch (what) {
    case 0:
      return graphOf(callable, 0)->toString(true);
    case 1:
      return codeOf(callable);
    case 2:
      text << callable.function->getSchema();
      return text.str();
    case 3:
      return callable.function->name();
    case 4:
      return graphOf(callable, 1)->toString(true);
    case 5:
      return graphOf(callable, 2)->toString(false);
    case 6:
      return graphOf(callable, 1)->toString(false);
    default:
      TORCH_CHECK(false, "A callable has no text of that kind");
  }
}

// The types of a program's own that a type speaks of, inner ones first, each once.
void collectNamed(const c10::TypePtr& type, std::vector<c10::TypePtr>& found) {
  for (const auto& seen : found) {
    if (*seen == *type) return;
  }
  for (const auto& inner : type->containedTypes()) {
    if (type->kind() != c10::TypeKind::ClassType) collectNamed(inner, found);
  }
  const auto tuple = type->cast<c10::TupleType>();
  const bool own = type->kind() == c10::TypeKind::EnumType ||
                   type->kind() == c10::TypeKind::ClassType || (tuple && tuple->schema());
  if (own) found.push_back(type);
}

void putField(Writer& out, const std::string& name, const std::string& type) {
  putArray(out, 2);
  putText(out, name);
  putText(out, type);
}

// [type, "NamedTuple" | "Enum" | "Class", [[field, type]...]]; an enum's fields are its members.
void putDefinition(Writer& out, const c10::TypePtr& type) {
  putArray(out, 3);
  putText(out, type->annotation_str());
  if (const auto tuple = type->cast<c10::TupleType>()) {
    putText(out, "NamedTuple");
    putArray(out, tuple->elements().size());
    for (size_t i = 0; i < tuple->elements().size(); i++) {
      putField(out, tuple->schema()->arguments()[i].name(), tuple->elements()[i]->annotation_str());
    }
  } else if (const auto enumType = type->cast<c10::EnumType>()) {
    putText(out, "Enum");
    putArray(out, enumType->enumNamesValues().size());
    for (const auto& [name, value] : enumType->enumNamesValues()) {
      putField(out, name, value.type()->annotation_str());
    }
  } else {
    const auto classType = type->expect<c10::ClassType>();
    putText(out, classType->is_module() ? "Module" : "Class");
    putArray(out, classType->numAttributes());
    for (size_t i = 0; i < classType->numAttributes(); i++) {
      putField(out, classType->getAttributeName(i), classType->getAttribute(i)->annotation_str());
    }
  }
}

void putDefinitions(Writer& out, const c10::FunctionSchema& schema, size_t first) {
  std::vector<c10::TypePtr> named;
  for (size_t i = first; i < schema.arguments().size(); i++) {
    collectNamed(schema.arguments()[i].type(), named);
  }
  for (const auto& result : schema.returns()) collectNamed(result.type(), named);
  putArray(out, named.size());
  for (const auto& type : named) putDefinition(out, type);
}

}  // namespace

void run(const Callable& callable, Stack& stack) {
  try {
    const Runs::One one(*callable.runs);
    auto& function = *callable.function;
    // It costs a small program's call a thirtieth to set what is set already.
    std::optional<torch::jit::GraphOptimizerEnabledGuard> optimizing;
    if (callable.runs->lists.areInDanger(function, stack)) optimizing.emplace(false);
    function.run(stack);
  } catch (...) {
    callable.runs->forgetHalfSeen(*callable.function);
    throw;
  }
}

std::string codeOf(const Callable& callable) {
  std::vector<IValue> constants;
  torch::jit::PrintDepsTable dependencies;
  torch::jit::PythonPrint printer(constants, dependencies);
  if (callable.self) {
    printer.printMethod(*callable.function);
  } else {
    printer.printFunction(*callable.function);
  }
  return printer.str();
}

}  // namespace flambeau

using namespace flambeau;

void fb_callable_release(double callable) {
  if (callable == 0) return;
  guard(0, [&] {
    takeHandle(FB_HANDLE_CALLABLE, callable);
    return 0;
  });
}

int32_t fb_callable_call(double callable, double ctx) {
  return guard(-1, [&] {
    const auto& target = flambeau::target<Callable>(callable);
    Reader in(ctx);
    Stack stack;
    if (!readTensors(in, target, stack)) {
      std::optional<IValue> self;
      if (target.self) self = IValue(*target.self);
      stack = readArguments(in, target.function->getSchema(), self);
    }
    const TurnAtOnce turn(lineFor(target));
    if (torch::jit::tracer::isTracing()) {
      runTraced(target, stack);
    } else {
      run(target, stack);
    }
    Writer out(ctx);
    writeValue(out, stack.back());
    return out.done();
  });
}

int32_t fb_callable_forget(double callable) {
  return guard(-1, [&] {
    const auto& target = flambeau::target<Callable>(callable);
    target.runs->forget(*target.function);
    return 0;
  });
}

int32_t fb_callable_optimized(double callable) {
  return guard(-1, [&] {
    auto& function = torch::jit::toGraphFunction(*flambeau::target<Callable>(callable).function);
    return function.get_executor().isOptimized() ? 1 : 0;
  });
}

double fb_callable_text(double callable, double ctx, int32_t what) {
  return guard(
      -1.0, [&] { return setText(ctx, textOf(flambeau::target<Callable>(callable), what)); });
}

int32_t fb_callable_schema(double callable, double ctx) {
  return guard(-1, [&] {
    const auto& target = flambeau::target<Callable>(callable);
    const auto& schema = target.function->getSchema();
    const auto& arguments = schema.arguments();
    Writer out(ctx);
    putArray(out, 4);
    putText(out, schema.name());
    putArray(out, arguments.size() - firstArgument(target));
    for (size_t i = firstArgument(target); i < arguments.size(); i++) {
      putArray(out, 4);
      putText(out, arguments[i].name());
      putText(out, arguments[i].type()->annotation_str());
      writeValue(out, IValue(arguments[i].kwarg_only()));
      if (arguments[i].default_value()) {
        std::ostringstream text;
        text << *arguments[i].default_value();
        putText(out, text.str());
      } else {
        writeValue(out, IValue());
      }
    }
    putArray(out, schema.returns().size());
    for (const auto& result : schema.returns()) {
      putArray(out, 2);
      putText(out, result.name());
      putText(out, result.type()->annotation_str());
    }
    putDefinitions(out, schema, firstArgument(target));
    return out.done();
  });
}
