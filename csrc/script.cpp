// Script objects and callables: modules built, described and changed; functions and methods called.
#include "script.h"

#include <ATen/core/function_schema.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/frontend/schema_matching.h>
#include <torch/csrc/jit/frontend/script_type_parser.h>
#include <torch/csrc/jit/frontend/sugared_value.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/jit_log.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/python/update_graph_executor_opt.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/runtime/operator.h>
#include <torch/csrc/jit/serialization/python_print.h>
#include <torch/jit.h>

#include <cmath>
#include <mutex>
#include <sstream>
#include <unordered_set>

#include "call_stacks.h"
#include "fusion.h"
#include "guards.h"
#include "in_flight.h"
#include "inspect.h"
#include "packed_lstm.h"
#include "reach.h"
#include "retired.h"
#include "source_check.h"
#include "turns.h"

namespace flambeau {

using c10::IValue;
using torch::jit::Stack;

namespace {

std::string joinPath(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

enum class Kind { Parameter, Buffer, Child, Attribute };

bool isKind(const c10::ClassType& type, size_t slot, const IValue& value, Kind kind) {
  // Only modules have parameters and buffers: the tensors of another class are attributes.
  if (!type.is_module()) return kind == Kind::Attribute;
  const bool tensor = type.getAttribute(slot)->isSubtypeOf(*c10::TensorType::get());
  switch (kind) {
    case Kind::Parameter:
      return type.is_parameter(slot) && value.isTensor();
    case Kind::Buffer:
      return tensor && !type.is_parameter(slot) && value.isTensor();
    case Kind::Child:
      return value.isModule();
    default:
      return !value.isModule() && !type.is_parameter(slot) && !tensor;
  }
}

using Entries = std::vector<std::pair<std::string, IValue>>;

void collectOwn(
    const torch::jit::ObjectPtr& object, Kind kind, const std::string& prefix, Entries& found) {
  const auto type = object->type();
  for (size_t slot = 0; slot < type->numAttributes(); slot++) {
    const IValue value = object->getSlot(slot);
    if (!isKind(*type, slot, value, kind)) continue;
    found.emplace_back(joinPath(prefix, type->getAttributeName(slot)), value);
  }
  if (kind != Kind::Attribute) return;
  for (size_t slot = 0; slot < type->numConstants(); slot++) {
    found.emplace_back(joinPath(prefix, type->getConstantName(slot)), type->getConstant(slot));
  }
}

// What `kinds` name, module by module in PyTorch's order: a module's own before those of its
// children.
void collect(
    const torch::jit::ObjectPtr& object,
    const std::vector<Kind>& kinds,
    bool deep,
    const std::string& prefix,
    Entries& found) {
  for (const Kind kind : kinds) collectOwn(object, kind, prefix, found);
  if (!deep) return;
  Entries children;
  collectOwn(object, Kind::Child, prefix, children);
  for (const auto& [name, child] : children) collect(child.toObject(), kinds, deep, name, found);
}

void writeEntries(Writer& out, const Entries& entries) {
  out.put(FB_VALUE_MAP);
  out.put(static_cast<double>(entries.size()));
  for (const auto& [name, value] : entries) {
    out.put(FB_VALUE_STRING);
    out.putString(name);
    writeValue(out, value);
  }
}

void writeNames(Writer& out, const std::vector<std::string>& names) {
  out.put(FB_VALUE_ARRAY);
  out.put(static_cast<double>(names.size()));
  for (const auto& name : names) {
    out.put(FB_VALUE_STRING);
    out.putString(name);
  }
}

// The name that a person gave: without the namespace and the marks that keep classes apart.
std::string shortName(const c10::QualifiedName& name) {
  return name.name();
}

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
    plain = !arguments[i].kwarg_only() && in.next() == FB_VALUE_TENSOR &&
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

using torch::jit::GraphFunction;
using torch::jit::SourceRange;
using Sugared = std::shared_ptr<torch::jit::SugaredValue>;

// `ValueError("...")` in source: the message, and the class that the error is reported as.
class BuiltinException final : public torch::jit::ExceptionValue {
 public:
  explicit BuiltinException(const std::string& name) : ExceptionValue(name) {}

  std::shared_ptr<torch::jit::SugaredValue> call(
      const torch::jit::SourceRange& place,
      torch::jit::GraphFunction& caller,
      at::ArrayRef<torch::jit::NamedValue> arguments,
      at::ArrayRef<torch::jit::NamedValue> /*keywords*/,
      size_t /*binders*/) override {
    auto& graph = *caller.graph();
    if (arguments.size() > 1) {
      throw torch::jit::ErrorReport(place) << message_ << " takes one message in TorchScript";
    }
    auto* message = arguments.empty() ? torch::jit::insertConstant(graph, "", place)
                                      : arguments[0].value(graph);
    auto* name = torch::jit::insertConstant(graph, "builtins." + message_, place);
    return std::make_shared<torch::jit::ExceptionMessageValue>(message, name);
  }
};

// `torch.ops.namespace`: the ops that a library has registered.
class OpsNamespace final : public torch::jit::SugaredValue {
 public:
  explicit OpsNamespace(std::string name) : name_(std::move(name)) {}

  std::string kind() const override { return "torch.ops"; }

  Sugared attr(const SourceRange& place, GraphFunction&, const std::string& field) override {
    if (name_.empty()) return std::make_shared<OpsNamespace>(field);
    const auto symbol = c10::Symbol::fromQualString(name_ + "::" + field);
    if (torch::jit::getAllOperatorsFor(symbol).empty()) {
      throw torch::jit::ErrorReport(place)
          << "No library that is loaded registers the op " << name_ << "::" << field
          << ": open the one of the ops '" << name_ << "' with jit.loadLibrary() first";
    }
    return std::make_shared<torch::jit::BuiltinFunction>(symbol, std::nullopt);
  }

 private:
  std::string name_;
};

// `torch.jit`: tasks.
class JitNamespace final : public torch::jit::SugaredValue {
 public:
  std::string kind() const override { return "torch.jit"; }

  Sugared attr(const SourceRange& place, GraphFunction&, const std::string& field) override {
    if (field == "fork") return torch::jit::SpecialFormValue::create(c10::prim::fork);
    if (field == "annotate") return torch::jit::SpecialFormValue::create(c10::prim::annotate);
    if (field == "wait") {
      return std::make_shared<torch::jit::BuiltinFunction>(c10::aten::wait, std::nullopt);
    }
    throw torch::jit::ErrorReport(place) << "torch.jit has no '" << field << "' in source";
  }
};

// `torch`, with what LibTorch leaves to Python: dtypes, `torch.ops`, `torch.jit`.
class TorchNamespace final : public torch::jit::SugaredValue {
 public:
  std::string kind() const override { return "torch"; }

  Sugared attr(const SourceRange& place, GraphFunction& caller, const std::string& field) override {
    if (field == "ops") return std::make_shared<OpsNamespace>("");
    if (field == "jit") return std::make_shared<JitNamespace>();
    const auto& dtypes = c10::getStringToDtypeMap();
    if (const auto found = dtypes.find(field); found != dtypes.end()) {
      const IValue number(static_cast<int64_t>(found->second));
      return std::make_shared<torch::jit::SimpleValue>(
          torch::jit::insertConstant(*caller.graph(), number, place));
    }
    return plain_.attr(place, caller, field);
  }

 private:
  torch::jit::BuiltinModule plain_{"aten"};
};

// What names in source stand for, beside the language's own: `torch`, exceptions, and the unit's
// types.
class SourceResolver final : public torch::jit::Resolver {
 public:
  explicit SourceResolver(std::weak_ptr<CompilationUnit> unit) : unit_(std::move(unit)) {}

  std::shared_ptr<torch::jit::SugaredValue> resolveValue(
      const std::string& name,
      torch::jit::GraphFunction& caller,
      const torch::jit::SourceRange& place) override {
    static const std::unordered_set<std::string> exceptions{
        "Exception",
        "RuntimeError",
        "ValueError",
        "TypeError",
        "IndexError",
        "KeyError",
        "AssertionError",
        "AttributeError",
        "ArithmeticError",
        "OverflowError",
        "ZeroDivisionError",
        "NotImplementedError",
        "StopIteration",
        "LookupError"};
    if (exceptions.count(name) > 0) return std::make_shared<BuiltinException>(name);
    if (name == "torch") return std::make_shared<TorchNamespace>();
    return torch::jit::nativeResolver()->resolveValue(name, caller, place);
  }

  c10::TypePtr resolveType(const std::string& name, const torch::jit::SourceRange&) override {
    const auto unit = unit_.lock();
    return unit ? unit->get_type(c10::QualifiedName(name)) : nullptr;
  }

 private:
  std::weak_ptr<CompilationUnit> unit_;
};

// `self` in source, with the constants of its class and of those below, which LibTorch's own leaves
// out. Not a SimpleValue itself: the compiler would take the value out of that.
class ModuleValue final : public torch::jit::SugaredValue {
 public:
  explicit ModuleValue(torch::jit::Value* value) : value_(value), plain_(value) {}

  std::string kind() const override { return plain_.kind(); }

  torch::jit::Value* asValue(const SourceRange&, GraphFunction&) override { return value_; }

  Sugared attr(const SourceRange& place, GraphFunction& caller, const std::string& field) override {
    const auto type = value_->type()->cast<c10::ClassType>();
    if (const auto constant = type ? type->findConstant(field) : std::nullopt) {
      auto* value = torch::jit::insertConstant(*caller.graph(), *constant, place);
      return std::make_shared<torch::jit::SimpleValue>(value);
    }
    auto found = plain_.attr(place, caller, field);
    const auto simple = std::dynamic_pointer_cast<torch::jit::SimpleValue>(found);
    if (!simple || !simple->getValue()->type()->is_module()) return found;
    return std::make_shared<ModuleValue>(simple->getValue());
  }

  bool hasAttr(const SourceRange& place, GraphFunction& caller, const std::string& field) override {
    const auto type = value_->type()->cast<c10::ClassType>();
    return (type && type->hasConstant(field)) || plain_.hasAttr(place, caller, field);
  }

  void setAttr(
      const SourceRange& place,
      GraphFunction& caller,
      const std::string& field,
      torch::jit::Value* value) override {
    plain_.setAttr(place, caller, field, value);
  }

  Sugared call(
      const SourceRange& place,
      GraphFunction& caller,
      at::ArrayRef<torch::jit::NamedValue> arguments,
      at::ArrayRef<torch::jit::NamedValue> keywords,
      size_t binders) override {
    return plain_.call(place, caller, arguments, keywords, binders);
  }

 private:
  torch::jit::Value* value_;
  torch::jit::SimpleValue plain_;
};

struct ModuleSelf final : public torch::jit::Self {
  explicit ModuleSelf(c10::ClassTypePtr type) : type(std::move(type)) {}

  Sugared makeSugared(torch::jit::Value* value) const override {
    value->setType(type);
    return std::make_shared<ModuleValue>(value);
  }
  c10::ClassTypePtr getClassType() const override { return type; }

  c10::ClassTypePtr type;
};

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

void putString(Writer& out, const std::string& text) {
  out.put(FB_VALUE_STRING);
  out.putString(text);
}

void putArray(Writer& out, size_t count) {
  out.put(FB_VALUE_ARRAY);
  out.put(static_cast<double>(count));
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
  putString(out, name);
  putString(out, type);
}

// [type, "NamedTuple" | "Enum" | "Class", [[field, type]...]]; an enum's fields are its members.
void putDefinition(Writer& out, const c10::TypePtr& type) {
  putArray(out, 3);
  putString(out, type->annotation_str());
  if (const auto tuple = type->cast<c10::TupleType>()) {
    putString(out, "NamedTuple");
    putArray(out, tuple->elements().size());
    for (size_t i = 0; i < tuple->elements().size(); i++) {
      putField(out, tuple->schema()->arguments()[i].name(), tuple->elements()[i]->annotation_str());
    }
  } else if (const auto enumType = type->cast<c10::EnumType>()) {
    putString(out, "Enum");
    putArray(out, enumType->enumNamesValues().size());
    for (const auto& [name, value] : enumType->enumNamesValues()) {
      putField(out, name, value.type()->annotation_str());
    }
  } else {
    const auto classType = type->expect<c10::ClassType>();
    putString(out, classType->is_module() ? "Module" : "Class");
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

// LibTorch's printer writes a whole float from 1e10 to 1e17 without its point, which is an int to
// whoever reads the file, and no value of the type that stands beside it.
void checkConstant(const std::string& name, const IValue& value) {
  value.visit([&](const IValue& part) {
    if (!part.isDouble() || !std::isfinite(part.toDouble())) return false;
    std::ostringstream printed;
    part.repr(printed, [](std::ostream&, const IValue&) { return false; });
    TORCH_CHECK_VALUE(
        printed.str().find_first_of(".e") != std::string::npos,
        "constant '",
        name,
        "' holds the float ",
        printed.str(),
        ", which LibTorch writes to files as an int, so that nothing could load them: register an "
        "attribute instead");
    return false;
  });
}

}  // namespace

void defineMethods(
    const std::shared_ptr<CompilationUnit>& unit,
    const c10::ClassTypePtr& type,
    const std::string& source) {
  NewMethods added(unit, type);
  const auto resolver = std::make_shared<SourceResolver>(unit);
  const ModuleSelf self(type);
  try {
    compiling(source, [&] { unit->define(*type->name(), source, resolver, &self); });
  } catch (...) {
    added.remove();
    throw;
  }
}

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

std::string uniqueNamespace() {
  static std::atomic<uint64_t> units{0};
  return c10::str("__torch__.___torch_mangle_", units.fetch_add(1));
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

void fb_object_release(double object) {
  if (object == 0) return;
  guard(0, [&] {
    takeHandle(FB_HANDLE_OBJECT, object);
    return 0;
  });
}

double fb_object_retain(double object) {
  return guard(0.0, [&] { return exportObject(borrowObject(object)); });
}

double fb_module_new(double parent, const char* name, uint32_t bytes) {
  return guard(0.0, [&] {
    guardOperators();
    auto unit = parent == 0 ? std::make_shared<CompilationUnit>()
                            : borrowObject(parent)->compilation_unit();
    const Module made(
        c10::QualifiedName("__torch__." + std::string(name, bytes)), unit, /*shouldMangle=*/true);
    return exportObject(made._ivalue());
  });
}

int32_t fb_module_add_tensor(
    double module, const char* name, uint32_t bytes, double tensor, bool is_parameter) {
  return guard(-1, [&] {
    Module self = borrowModule(module);
    checkNotInFlight(self._ivalue());
    const std::string key(name, bytes);
    if (tensor == 0) {
      // As PyTorch's scripting does for `register_parameter(name, None)`.
      self.register_attribute(key, c10::NoneType::get(), IValue(), false, false);
    } else {
      self.register_parameter(key, borrowTensor(tensor), /*is_buffer=*/!is_parameter);
    }
    return 0;
  });
}

int32_t fb_module_add_module(double module, const char* name, uint32_t bytes, double child) {
  return guard(-1, [&] {
    checkNotInFlight(borrowObject(module));
    borrowModule(module).register_module(std::string(name, bytes), borrowModule(child));
    return 0;
  });
}

int32_t fb_module_add_attribute(
    double module,
    double ctx,
    const char* name,
    uint32_t bytes,
    const char* type,
    uint32_t type_bytes) {
  return guard(-1, [&] {
    checkNotInFlight(borrowObject(module));
    const std::string key(name, bytes);
    Reader in(ctx);
    if (type_bytes > 0) {
      const std::string text(type, type_bytes);
      checkSource(text, "the type");
      const auto parsed = torch::jit::ScriptTypeParser().parseType(text);
      borrowModule(module).register_attribute(key, parsed, readValue(in, parsed, key));
    } else {
      const IValue value = readAnyValue(in, key);
      borrowModule(module).register_attribute(key, value.type(), value);
    }
    return 0;
  });
}

int32_t fb_module_add_constant(double module, double ctx, const char* name, uint32_t bytes) {
  return guard(-1, [&] {
    checkNotInFlight(borrowObject(module));
    const std::string key(name, bytes);
    Reader in(ctx);
    const IValue value = readAnyValue(in, key);
    checkConstant(key, value);
    const auto type = borrowModule(module).type();
    TORCH_CHECK_VALUE(
        !type->hasAttribute(key) && !type->hasConstant(key) && type->findMethod(key) == nullptr,
        nameOfType(type),
        " has a member '",
        key,
        "' already");
    type->addConstant(key, value);
    return 0;
  });
}

int32_t fb_module_define(double module, const char* source, double bytes) {
  return guard(-1, [&] {
    const Module self = borrowModule(module);
    checkNotInFlight(self._ivalue());
    const std::string text(source, static_cast<size_t>(bytes));
    checkSource(text, "the source");
    defineMethods(self._ivalue()->compilation_unit(), self.type(), text);
    programsChanged();
    return 0;
  });
}

int32_t fb_object_list(double object, double ctx, int32_t what, bool deep) {
  return guard(-1, [&] {
    const auto self = borrowObject(object);
    Writer out(ctx);
    if (what <= 3 || what == 6) {
      Entries entries;
      const auto kinds = what == 6 ? std::vector<Kind>{Kind::Parameter, Kind::Buffer}
                                   : std::vector<Kind>{static_cast<Kind>(what)};
      collect(self, kinds, deep, "", entries);
      writeEntries(out, entries);
    } else if (what == 4) {
      std::vector<std::string> names;
      for (const auto* method : self->type()->methods()) names.push_back(method->name());
      writeNames(out, names);
    } else {
      putString(out, shortName(*self->type()->name()));
    }
    return out.done();
  });
}

int32_t fb_object_get(double object, double ctx, const char* name, uint32_t bytes) {
  return guard(-1, [&] {
    const auto self = borrowObject(object);
    const std::string key(name, bytes);
    const auto type = self->type();
    const TurnAtOnce turn(lineFor(self));
    Writer out(ctx);
    if (const auto slot = type->findAttributeSlot(key)) {
      writeValue(out, self->getSlot(*slot));
    } else if (const auto constant = type->findConstant(key)) {
      writeValue(out, *constant);
    } else {
      TORCH_CHECK_VALUE(false, nameOfType(type), " has no attribute '", key, "'");
    }
    return out.done();
  });
}

int32_t fb_object_set(double object, double ctx, const char* name, uint32_t bytes) {
  return guard(-1, [&] {
    const auto self = borrowObject(object);
    const std::string key(name, bytes);
    const auto slot = self->type()->findAttributeSlot(key);
    TORCH_CHECK_VALUE(
        slot || !self->type()->findConstant(key), "'", key, "' is a constant, which cannot be set");
    TORCH_CHECK_VALUE(slot, nameOfType(self->type()), " has no attribute '", key, "'");
    Reader in(ctx);
    auto value = readValue(in, self->type()->getAttribute(*slot), key);
    const TurnAtOnce turn(lineFor(self));
    // Jobs may be about to take what is there.
    auto replaced = self->getSlot(*slot);
    self->setSlot(*slot, std::move(value));
    retire(std::move(replaced));
    return 0;
  });
}

int32_t fb_module_train(double module, bool on) {
  return guard(-1, [&] {
    borrowModule(module).train(on);
    return 0;
  });
}

int32_t fb_module_training(double module) {
  return guard(-1, [&] { return borrowModule(module).is_training() ? 1 : 0; });
}

int32_t fb_module_to(double module, int32_t device, int32_t dtype) {
  return guard(-1, [&] {
    Module self = borrowModule(module);
    // Module::to would cast integer buffers too; PyTorch's nn.Module.to leaves them alone.
    const c10::InferenceMode noInference(false);
    const at::NoGradGuard noGrad;
    Entries tensors;
    collect(self._ivalue(), {Kind::Parameter, Kind::Buffer}, true, "", tensors);
    for (const auto& [name, value] : tensors) {
      const at::Tensor tensor = value.toTensor();
      auto options = tensor.options();
      if (device >= 0) options = options.device(deviceFromCode(device));
      if (dtype >= 0 && (tensor.is_floating_point() || tensor.is_complex())) {
        options = options.dtype(static_cast<at::ScalarType>(dtype));
      }
      const at::Tensor grad = tensor.grad();
      const Exchange exchange(tensor);
      tensor.set_data(tensor.to(options));
      if (grad.defined()) tensor.mutable_grad() = grad.to(options);
    }
    return 0;
  });
}

double fb_module_clone(double module) {
  return guard(0.0, [&] {
    const Module self = borrowModule(module);
    checkReach(self._ivalue());
    // Recorded for a backward pass, the copies would be results, which cannot be trained.
    const Module copy = [&] {
      const at::NoGradGuard noGrad;
      return self.deepcopy();
    }();
    Entries before;
    Entries after;
    const std::vector<Kind> kinds{Kind::Parameter, Kind::Buffer};
    collect(self._ivalue(), kinds, true, "", before);
    collect(copy._ivalue(), kinds, true, "", after);
    TORCH_CHECK(before.size() == after.size(), "The copy has other tensors than the module");
    for (size_t i = 0; i < before.size(); i++) {
      after[i].second.toTensor().set_requires_grad(before[i].second.toTensor().requires_grad());
    }
    return exportObject(copy._ivalue());
  });
}

double fb_module_freeze(double module, double ctx) {
  return guard(0.0, [&] {
    Reader in(ctx);
    const IValue names = readValue(in, c10::ListType::ofStrings(), "preserve");
    std::vector<std::string> preserved;
    for (const auto& name : names.toListRef()) preserved.push_back(name.toStringRef());
    const Module self = borrowModule(module);
    checkReach(self._ivalue());
    const Module frozen = torch::jit::freeze(self, preserved);
    renewCallStacks(frozen);
    return exportObject(frozen._ivalue());
  });
}

double fb_module_optimize(double module, double ctx) {
  return guard(0.0, [&] {
    Reader in(ctx);
    const IValue names = readValue(in, c10::ListType::ofStrings(), "preserve");
    std::vector<std::string> preserved;
    for (const auto& name : names.toListRef()) preserved.push_back(name.toStringRef());
    const Module self = borrowModule(module);
    checkReach(self._ivalue());
    // LibTorch would freeze it without what is to be preserved, and change what is frozen already.
    Module optimized = torch::jit::freeze(self, preserved);
    std::vector<std::string> methods;
    for (const auto& name : preserved) {
      if (name != "forward" && optimized.find_method(name)) methods.push_back(name);
    }
    optimized = torch::jit::optimize_for_inference(optimized, methods);
    renewCallStacks(optimized);
    packLstms(optimized);
    return exportObject(optimized._ivalue());
  });
}

int32_t fb_executor_switch(int32_t what, int32_t on) {
  return guard(-1, [&] {
    if (what == 0) {
      const bool before = torch::jit::getProfilingMode();
      if (on >= 0) torch::jit::getProfilingMode() = on != 0;
      return before ? 1 : 0;
    }
    if (what == 2) return switchFusion(on);
    const bool before = torch::jit::getGraphExecutorOptimize();
    if (on >= 0) torch::jit::setGraphExecutorOptimize(on != 0);
    return before ? 1 : 0;
  });
}

int32_t fb_fusion_strategy(double ctx) {
  return guard(-1, [&] {
    Reader in(ctx);
    torch::jit::FusionStrategy strategy(in.nextCount());
    for (auto& [behavior, depth] : strategy) {
      behavior =
          in.next() == 0 ? torch::jit::FusionBehavior::STATIC : torch::jit::FusionBehavior::DYNAMIC;
      depth = static_cast<size_t>(in.next());
    }
    const auto before = torch::jit::setFusionStrategy(strategy);
    Writer out(ctx);
    out.put(static_cast<double>(before.size()));
    for (const auto& [behavior, depth] : before) {
      out.put(behavior == torch::jit::FusionBehavior::STATIC ? 0 : 1);
      out.put(static_cast<double>(depth));
    }
    return out.done();
  });
}

void fb_callable_release(double callable) {
  if (callable == 0) return;
  guard(0, [&] {
    takeHandle(FB_HANDLE_CALLABLE, callable);
    return 0;
  });
}

double fb_object_method(double object, const char* name, uint32_t bytes) {
  return guard(0.0, [&] {
    auto self = borrowObject(object);
    const std::string key(name, bytes);
    Function* function = self->type()->findMethod(key);
    TORCH_CHECK_VALUE(
        function != nullptr, shortName(*self->type()->name()), " has no method '", key, "'");
    auto unit = self->compilation_unit();
    return exportCallable(Callable{std::move(unit), function, std::move(self)});
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
    putString(out, schema.name());
    putArray(out, arguments.size() - firstArgument(target));
    for (size_t i = firstArgument(target); i < arguments.size(); i++) {
      putArray(out, 4);
      putString(out, arguments[i].name());
      putString(out, arguments[i].type()->annotation_str());
      writeValue(out, IValue(arguments[i].kwarg_only()));
      if (arguments[i].default_value()) {
        std::ostringstream text;
        text << *arguments[i].default_value();
        putString(out, text.str());
      } else {
        writeValue(out, IValue());
      }
    }
    putArray(out, schema.returns().size());
    for (const auto& result : schema.returns()) {
      putArray(out, 2);
      putString(out, result.name());
      putString(out, result.type()->annotation_str());
    }
    putDefinitions(out, schema, firstArgument(target));
    return out.done();
  });
}

double fb_compile(const char* source, double bytes, bool literal) {
  return guard(0.0, [&] {
    const std::string text(source, static_cast<size_t>(bytes));
    checkSource(text, "the source");
    if (literal) compiling(text, [&] { checkConstants(text, "the source"); });
    auto made = std::make_unique<Unit>();
    guardOperators();
    made->unit = std::make_shared<CompilationUnit>();
    made->prefix = uniqueNamespace();
    const auto resolver = std::make_shared<SourceResolver>(made->unit);
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
    writeNames(out, names);
    return out.done();
  });
}

int32_t fb_unit_ops(double unit, double ctx) {
  return guard(-1, [&] {
    const auto ops = reachableOps(*flambeau::target<Unit>(unit).unit);
    Writer out(ctx);
    writeNames(out, {ops.begin(), ops.end()});
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
