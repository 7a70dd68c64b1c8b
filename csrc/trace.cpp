// Tracing, as begin and end around the caller's own code: no C++ frame lies under it.
//
// This is torch::jit::tracer::trace() taken apart, since its callback form would need a callback
// into JavaScript, whose exceptions cannot cross it. The order of the steps is LibTorch's.
#include <ATen/TracerMode.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/fixup_trace_scope_blocks.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/normalize_ops.h>

#include <algorithm>

#include <unordered_set>

#include "guards.h"
#include "script.h"

namespace flambeau {
namespace {

namespace tracer = torch::jit::tracer;
using c10::IValue;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

struct Session {
  std::shared_ptr<tracer::TracingState> state;
  std::optional<Module> self;
  // Where the caller is.
  torch::jit::SourceRange place;
  // The units of the functions that are called.
  std::unordered_set<std::shared_ptr<CompilationUnit>> called;
};

thread_local std::optional<Session> session;

// LibTorch would print these to the process's error stream; JavaScript shows them as its own.
thread_local std::string warnings;

void noteWarning(const std::string& warning) {
  std::string line = warning;
  std::replace(line.begin(), line.end(), '\n', ' ');
  if (warnings.find(line) == std::string::npos) warnings += line + '\n';
}

void notePlace(Node* node) {
  if (session.has_value()) node->setSourceRange(session->place);
}

Session& requireSession() {
  TORCH_CHECK(session.has_value() && tracer::isTracing(), "No trace is under way on this thread");
  return *session;
}

void endSession() {
  session.reset();
  tracer::setTracingState(nullptr);
}

IValue addInput(
    tracer::TracingState& state, const IValue& input, Value* value, const std::string& path);

IValue addTensor(
    tracer::TracingState& state, at::Tensor tensor, Value* value, const std::string& path) {
  TORCH_CHECK_TYPE(tensor.defined(), "argument '", path, "': expected Tensor, got None");
  // The same tensor given twice must be two values, so the second becomes a view.
  if (state.hasValue(tensor)) tensor = tensor.view(tensor.sizes());
  state.setValue(tensor, value);
  return tensor;
}

IValue addTuple(
    tracer::TracingState& state,
    const IValue& input,
    const c10::TupleType& type,
    Value* value,
    const std::string& path) {
  Node* unpack = state.graph->insertNode(state.graph->createTupleUnpack(value));
  std::vector<IValue> elements;
  for (size_t i = 0; i < type.elements().size(); i++) {
    elements.push_back(addInput(
        state,
        input.toTupleRef().elements()[i],
        unpack->outputs()[i],
        c10::str(path, "[", i, "]")));
  }
  const auto named = input.toTupleRef().type();
  return named->schema() ? c10::ivalue::Tuple::createNamed(std::move(elements), named)
                         : c10::ivalue::Tuple::create(std::move(elements));
}

IValue addList(
    tracer::TracingState& state,
    const IValue& input,
    const c10::ListType& type,
    Value* value,
    const std::string& path) {
  const auto given = input.toListRef().vec();
  Node* unpack = state.graph->insertNode(state.graph->createListUnpack(value, given.size()));
  c10::impl::GenericList list(type.getElementType());
  for (size_t i = 0; i < given.size(); i++) {
    list.push_back(addInput(state, given[i], unpack->outputs()[i], c10::str(path, "[", i, "]")));
  }
  return list;
}

IValue addDict(
    tracer::TracingState& state,
    const IValue& input,
    const c10::DictType& type,
    Value* value,
    const std::string& path) {
  c10::impl::GenericDict dict(type.getKeyType(), type.getValueType());
  for (const auto& entry : input.toGenericDict()) {
    Value* key = state.graph->insertConstant(entry.key());
    Value* element = state.graph->insert(c10::aten::__getitem__, {value, key});
    dict.insert(
        entry.key(), addInput(state, entry.value(), element, c10::str(path, ".", entry.key())));
  }
  return dict;
}

// Maps an example input to its graph value, containers element by element; the input to call with.
IValue addInput(
    tracer::TracingState& state, const IValue& input, Value* value, const std::string& path) {
  const c10::TypePtr type = input.type();
  value->setType(type);
  if (input.isTensor()) return addTensor(state, input.toTensor(), value, path);
  if (const auto tuple = type->cast<c10::TupleType>())
    return addTuple(state, input, *tuple, value, path);
  if (const auto dict = type->cast<c10::DictType>())
    return addDict(state, input, *dict, value, path);
  if (const auto list = type->cast<c10::ListType>())
    return addList(state, input, *list, value, path);
  throw JitTypeError(
      c10::str(
          "argument '",
          path,
          "': expected a Tensor, or a (possibly nested) array, tuple, object or Map of tensors, "
          "got ",
          nameOfType(type)));
}

// Maps each tensor of the module tree to an access to `self`, so that it stays a parameter, not a
// constant.
void addAttributes(
    tracer::TracingState& state, Value* selfValue, const Module& self, const std::string& prefix) {
  Graph& graph = *selfValue->owningGraph();
  state.setValue(self._ivalue(), selfValue);
  for (const auto& attribute : self.named_attributes(/*recurse=*/false)) {
    const std::string path = prefix + "." + attribute.name;
    Value* access = graph.insertNode(graph.create(c10::prim::TracedAttr))
                        ->s_(c10::attr::scope, path)
                        ->output()
                        ->setType(attribute.value.type());
    if (attribute.value.isTensor()) state.setValue(attribute.value, access);
    if (attribute.value.isModule()) {
      addAttributes(state, access, Module(attribute.value.toObject()), path);
    }
  }
}

std::vector<std::string> readNames(Reader& in) {
  const IValue names = readValue(in, c10::ListType::ofStrings(), "names");
  std::vector<std::string> result;
  for (const auto& name : names.toListRef()) result.push_back(name.toStringRef());
  return result;
}

std::vector<IValue> readInputs(Reader& in, std::vector<std::string>& names) {
  TORCH_CHECK(in.next() == FB_VALUE_ARRAY, "The example inputs are an array");
  std::vector<IValue> inputs(in.nextCount());
  for (size_t i = 0; i < inputs.size(); i++) {
    inputs[i] = readAnyValue(in, c10::str("exampleInputs[", i, "]"));
  }
  names = readNames(in);
  return inputs;
}

// A captured tensor lies in the graph as it is, and changes when its owner changes it; the trace
// keeps a copy.
void copyConstants(torch::jit::Block* block) {
  for (Node* node : block->nodes()) {
    if (node->kind() == c10::prim::Constant && node->hasAttribute(c10::attr::value) &&
        node->kindOf(c10::attr::value) == torch::jit::AttributeKind::t) {
      node->t_(c10::attr::value, node->t(c10::attr::value).clone());
    }
    for (auto* inner : node->blocks()) copyConstants(inner);
  }
}

// Gives the named tuples of a trace names of their own in its unit: a file holds types by name.
class TupleNamer {
 public:
  explicit TupleNamer(CompilationUnit& unit) : unit_(unit) {}

  // The type with every named tuple in it registered.
  c10::TypePtr named(const c10::TypePtr& type) {
    if (const auto list = type->cast<c10::ListType>()) {
      return c10::ListType::create(named(list->getElementType()));
    }
    if (const auto dict = type->cast<c10::DictType>()) {
      return c10::DictType::create(dict->getKeyType(), named(dict->getValueType()));
    }
    const auto tuple = type->cast<c10::TupleType>();
    if (!tuple) return type;
    std::vector<c10::TypePtr> elements;
    for (const auto& element : tuple->elements()) elements.push_back(named(element));
    return tupleOf(tuple, elements);
  }

 private:
  c10::TypePtr tupleOf(
      const std::shared_ptr<c10::TupleType>& tuple, const std::vector<c10::TypePtr>& elements) {
    if (!tuple->schema()) return c10::TupleType::create(elements);
    std::vector<std::string> names;
    for (const auto& argument : tuple->schema()->arguments()) names.push_back(argument.name());
    const c10::QualifiedName base("__torch__.NamedTuple");
    for (const auto& known : known_) {
      if (sameFields(*known, names, elements)) return known;
    }
    const auto made = c10::TupleType::createNamed(unit_.mangle(base), names, elements);
    unit_.register_type(made);
    known_.push_back(made);
    return made;
  }

  static bool sameFields(
      const c10::TupleType& type,
      const std::vector<std::string>& names,
      const std::vector<c10::TypePtr>& elements) {
    const auto& fields = type.schema()->arguments();
    if (fields.size() != names.size()) return false;
    for (size_t i = 0; i < names.size(); i++) {
      if (fields[i].name() != names[i] || *fields[i].type() != *elements[i]) return false;
    }
    return true;
  }

  CompilationUnit& unit_;
  std::vector<c10::TupleTypePtr> known_;
};

constexpr char kMightBeWrong[] =
    " at the output of the tracer might cause the trace to be incorrect, this is only valid if the "
    "container structure does not change based on the module's inputs. Consider using a constant "
    "container instead (e.g. for `list`, use a `tuple` instead. for `dict`, use a `NamedTuple` "
    "instead). If you absolutely need this and know the side effects, pass strict=False to trace() "
    "to allow this behavior.";

// What the function returned as a value of the graph. LibTorch's own getOutput() takes no list but
// of tensors, and no dict but of tensors and tuples of them.
class Outputs {
 public:
  Outputs(tracer::TracingState& state, TupleNamer& namer) : state_(state), namer_(namer) {}

  Value* make(const IValue& value, const std::string& path) {
    if (value.isTensor()) return state_.getOutput(value, 0);
    if (value.isTuple()) return makeTuple(value, path);
    if (value.isList()) return makeList(value, path);
    if (value.isGenericDict()) return makeDict(value, path);
    throw JitTypeError(
        c10::str(
            "Only tensors, lists, tuples of tensors, or dictionaries of tensors can be output from "
            "traced functions, nested at will, but ",
            path,
            " is ",
            nameOfType(value.type())));
  }

 private:
  Value* add(Node* node) { return state_.graph->insertNode(node)->output(); }

  Value* makeTuple(const IValue& value, const std::string& path) {
    std::vector<Value*> elements;
    for (const auto& element : value.toTupleRef().elements()) {
      elements.push_back(make(element, c10::str(path, "[", elements.size(), "]")));
    }
    const auto type = value.type()->expect<c10::TupleType>();
    if (!type->schema()) return add(state_.graph->createTuple(elements));
    return add(state_.graph->createTuple(elements, namer_.named(type)->expect<c10::TupleType>()));
  }

  Value* makeList(const IValue& value, const std::string& path) {
    if (state_.strict) tracer::warn("Encountering a list", kMightBeWrong);
    std::vector<Value*> elements;
    for (const IValue element : value.toListRef()) {
      elements.push_back(make(element, c10::str(path, "[", elements.size(), "]")));
    }
    const auto type = namer_.named(value.type())->expect<c10::ListType>();
    return add(state_.graph->createList(type->getElementType(), elements));
  }

  Value* makeDict(const IValue& value, const std::string& path) {
    TORCH_CHECK(!state_.strict, "Encountering a dict", kMightBeWrong);
    std::vector<Value*> keys;
    std::vector<Value*> values;
    for (const auto& entry : value.toGenericDict()) {
      keys.push_back(
          entry.key().isTensor() ? state_.getOutput(entry.key(), 0)
                                 : state_.graph->insertConstant(entry.key()));
      values.push_back(make(entry.value(), c10::str(path, ".", entry.key())));
    }
    const auto type = namer_.named(value.type())->expect<c10::DictType>();
    return add(state_.graph->createDict(type->getKeyType(), type->getValueType(), keys, values));
  }

  tracer::TracingState& state_;
  TupleNamer& namer_;
};

// A unit owns functions, whose graphs own constants, of which an object owns its unit: so what a
// unit is to keep hangs on a function that nothing calls.
void keepAlive(CompilationUnit& unit, const std::shared_ptr<CompilationUnit>& kept) {
  if (kept.get() == &unit) return;
  const Module holder(c10::QualifiedName("__torch__.Kept"), kept, /*shouldMangle=*/true);
  auto graph = std::make_shared<Graph>();
  Node* constant = graph->insertNode(graph->create(c10::prim::Constant));
  constant->ival_(c10::attr::value, holder._ivalue());
  constant->output()->setType(holder.type());
  graph->registerOutput(constant->output());
  unit.create_function(c10::QualifiedName(uniqueNamespace(), "kept"), std::move(graph));
}

Callable finish(Session& current, const IValue& output, const std::string& name) {
  auto graph = current.state->graph;
  Module* self = current.self ? &*current.self : nullptr;
  auto unit =
      self == nullptr ? std::make_shared<CompilationUnit>() : self->_ivalue()->compilation_unit();
  TupleNamer namer(*unit);
  for (Value* input : graph->inputs()) input->setType(namer.named(input->type()));
  graph->registerOutput(Outputs(*current.state, namer).make(output, "output"));
  tracer::setTracingState(nullptr);
  copyConstants(graph->block());
  torch::jit::FixupTraceScopeBlocks(graph, self);
  torch::jit::NormalizeOps(graph);
  for (const auto& called : current.called) keepAlive(*unit, called);
  if (self == nullptr) {
    guardOperators();
    Function* function = unit->create_function(c10::QualifiedName(uniqueNamespace(), name), graph);
    return Callable{std::move(unit), function, std::nullopt};
  }
  const auto type = self->type();
  Function* method = unit->create_function(c10::QualifiedName(*type->name(), name), graph);
  type->addMethod(method);
  return Callable{std::move(unit), method, self->_ivalue()};
}

}  // namespace

void keepForTrace(std::shared_ptr<CompilationUnit> unit) {
  if (session.has_value()) session->called.insert(std::move(unit));
}

torch::jit::SourceRange placeOfTrace() {
  return session.has_value() ? session->place : torch::jit::SourceRange();
}

void mendTrace() noexcept {
  try {
    if (!session.has_value() || tracer::isTracing()) return;
    tracer::setTracingState(session->state);
    // LibTorch appends the node first and gives it outputs once the op is done.
    auto nodes = session->state->graph->block()->nodes();
    if (nodes.begin() == nodes.end()) return;
    Node* last = *nodes.rbegin();
    const auto* schema = last->maybeSchema();
    if (last->outputs().empty() && schema != nullptr && !schema->returns().empty()) last->destroy();
  } catch (...) {
    // The op's own failure is what is reported.
  }
}

}  // namespace flambeau

using namespace flambeau;

int32_t fb_trace_begin(double ctx, double self, bool strict) {
  return guard(-1, [&] {
    TORCH_CHECK(!tracer::isTracing(), "Tracing can't be nested");
    Reader in(ctx);
    std::vector<std::string> names;
    std::vector<IValue> inputs = readInputs(in, names);

    Session made;
    made.state = std::make_shared<tracer::TracingState>();
    made.state->strict = strict;
    made.state->force_outplace = false;
    auto& state = *made.state;
    for (size_t i = 0; i < inputs.size(); i++) {
      Value* value = state.graph->addInput();
      if (i < names.size() && !names[i].empty()) value->setDebugName(names[i]);
      inputs[i] = addInput(state, inputs[i], value, c10::str("exampleInputs[", i, "]"));
    }
    if (self != 0) {
      made.self = borrowModule(self);
      Value* selfValue = state.graph->insertInput(0, "self")->setType(made.self->type());
      addAttributes(state, selfValue, *made.self, "__module");
    }
    Writer out(ctx);
    out.put(FB_VALUE_ARRAY);
    out.put(static_cast<double>(inputs.size()));
    for (const auto& input : inputs) writeValue(out, input);
    warnings.clear();
    tracer::setWarn(noteWarning);
    tracer::setRecordSourceLocation(notePlace);
    tracer::setTracingState(made.state);
    session = std::move(made);
    return out.done();
  });
}

int32_t fb_trace_push_scope(const char* name, uint32_t bytes) {
  return guard(-1, [&] {
    requireSession().state->graph->push_scope(std::string(name, bytes));
    return 0;
  });
}

int32_t fb_trace_pop_scope(void) {
  return guard(-1, [] {
    requireSession().state->graph->pop_scope();
    return 0;
  });
}

double fb_trace_end(double ctx, const char* name, uint32_t bytes) {
  const double made = guard(0.0, [&] {
    Session& current = requireSession();
    Reader in(ctx);
    const IValue output = readAnyValue(in, "output");
    return exportCallable(finish(current, output, std::string(name, bytes)));
  });
  endSession();
  return made;
}

void fb_trace_abort(void) {
  guard(0, [] {
    endSession();
    return 0;
  });
}

double fb_trace_warnings(double ctx) {
  return guard(-1.0, [&] {
    std::string told;
    told.swap(warnings);
    return setText(ctx, std::move(told));
  });
}

int32_t fb_trace_at(const char* text, uint32_t bytes, uint32_t file_bytes, uint32_t line) {
  return guard(-1, [&] {
    const std::string place = std::string(text, bytes) + "\n";
    TORCH_CHECK_VALUE(file_bytes <= bytes, "The file's name is a part of the place");
    const auto source =
        std::make_shared<torch::jit::Source>(place, place.substr(0, file_bytes), line);
    requireSession().place = torch::jit::SourceRange(source, 0, place.size());
    return 0;
  });
}

int32_t fb_is_tracing(void) {
  return tracer::isTracing() ? 1 : 0;
}

void fb_trace_pause(bool paused) {
  // Outside of a trace there is nothing to pause, and turning dispatch on would slow every op from
  // then on.
  if (tracer::isTracing()) at::tracer::impl::set_dispatch_enabled(!paused);
}

int32_t fb_trace_stash(
    const char* name, uint32_t bytes, int32_t count, int32_t index, double tensor) {
  return guard(-1, [&] {
    const std::string argument(name, bytes);
    const at::Tensor size = borrowTensor(tensor);
    if (count < 0) {
      tracer::ArgumentStash::stashValue(argument, 0, size, c10::IntType::get());
    } else {
      tracer::ArgumentStash::stashIntArrayRefElem(
          argument, static_cast<size_t>(count), static_cast<size_t>(index), size);
    }
    return 0;
  });
}

double fb_trace_size(double tensor, int32_t dim) {
  return guard(0.0, [&] { return exportTensor(tracer::getSizeOf(borrowTensor(tensor), dim)); });
}
