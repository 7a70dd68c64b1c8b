// LibTorch's loader runs the `__setstate__` of a file's classes while it reads the file, so that
// asking a loaded module what it may do comes too late. This compiles the same sources with the
// same importer and reads the same pickles with the same unpickler, but leaves objects as they are,
// and tensors where they lie in the archive.
#include "inspect.h"

#include <ATen/core/enum_type.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/operator_upgraders/upgraders_entry.h>
#include <torch/csrc/jit/runtime/operator.h>
#include <torch/csrc/jit/serialization/import_source.h>
#include <torch/csrc/jit/serialization/unpickler.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "pickle_check.h"
#include "nodes.h"
#include "script.h"
#include "source_check.h"

namespace flambeau {

using c10::IValue;
using c10::TypeKind;
using c10::TypePtr;
using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;

namespace {

// Deeper chains of calls and types would overflow the stack of the compiler, which follows them by
// recursion.
constexpr size_t kMostCalls = 64;
// What a function amounts to when all calls in it are replaced by what they do, as the executor
// does.
constexpr double kMostNodes = 3e5;

bool endsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// ---- Values and types ----

bool conformsAll(const c10::ArrayRef<IValue>& values, const TypePtr& type) {
  return std::all_of(
      values.begin(), values.end(), [&](const auto& value) { return conforms(value, type); });
}

bool conformsDict(const IValue& value, const TypePtr& key, const TypePtr& element) {
  for (const auto& entry : value.toGenericDict()) {
    if (!conforms(entry.key(), key) || !conforms(entry.value(), element)) return false;
  }
  return true;
}

bool conformsTuple(const IValue& value, const c10::ArrayRef<TypePtr>& types) {
  const auto& elements = value.toTupleRef().elements();
  if (elements.size() != types.size()) return false;
  for (size_t i = 0; i < types.size(); i++) {
    if (!conforms(elements[i], types[i])) return false;
  }
  return true;
}

// A value of no particular type: containers must at least hold what their own tags say.
bool conformsToItself(const IValue& value) {
  if (value.isList()) return conformsAll(value.toListRef(), value.type()->containedType(0));
  if (value.isGenericDict()) {
    const auto type = value.type();
    return conformsDict(value, type->containedType(0), type->containedType(1));
  }
  if (value.isTuple()) {
    const auto& elements = value.toTupleRef().elements();
    return std::all_of(elements.begin(), elements.end(), conformsToItself);
  }
  return true;
}

bool conformsContainer(const IValue& value, const TypePtr& type) {
  switch (type->kind()) {
    case TypeKind::ListType:
      return value.isList() && conformsToItself(value) &&
             conformsAll(value.toListRef(), type->containedType(0));
    case TypeKind::DictType:
      return value.isGenericDict() && conformsToItself(value) &&
             conformsDict(value, type->containedType(0), type->containedType(1));
    case TypeKind::TupleType:
      return value.isTuple() && conformsTuple(value, type->containedTypes());
    case TypeKind::OptionalType:
      return value.isNone() ||
             conforms(value, type->expectRef<c10::OptionalType>().getElementType());
    case TypeKind::UnionType: {
      const auto members = type->expectRef<c10::UnionType>().containedTypes();
      return std::any_of(
          members.begin(), members.end(), [&](const auto& one) { return conforms(value, one); });
    }
    case TypeKind::ClassType:
    case TypeKind::InterfaceType:
      return value.isObject() && value.type()->isSubtypeOf(*type);
    case TypeKind::EnumType:
      return value.isEnum() && *value.type() == *type;
    default:
      return false;
  }
}

}  // namespace

bool conforms(const IValue& value, const TypePtr& type) {
  switch (type->kind()) {
    case TypeKind::TensorType:
      return value.isTensor();
    case TypeKind::IntType:
    case TypeKind::SymIntType:
    case TypeKind::ScalarTypeType:
    case TypeKind::LayoutType:
    case TypeKind::MemoryFormatType:
    case TypeKind::QSchemeType:
      return value.isInt();
    case TypeKind::FloatType:
      return value.isDouble();
    case TypeKind::ComplexType:
      return value.isComplexDouble();
    case TypeKind::BoolType:
      return value.isBool();
    case TypeKind::NumberType:
      return value.isScalar();
    case TypeKind::StringType:
      return value.isString();
    case TypeKind::NoneType:
      return value.isNone();
    case TypeKind::DeviceObjType:
      return value.isDevice();
    case TypeKind::AnyType:
      return conformsToItself(value);
    case TypeKind::AnyListType:
      return value.isList() && conformsToItself(value);
    case TypeKind::AnyTupleType:
      return value.isTuple() && conformsToItself(value);
    case TypeKind::AnyClassType:
      return value.isObject();
    case TypeKind::AnyEnumType:
      return value.isEnum();
    default:
      return conformsContainer(value, type);
  }
}

namespace {

// ---- Taking a file apart ----

class Inspector {
 public:
  Inspector(const Archive& archive, bool check)
      : archive_(archive),
        check_(check),
        version_(readVersion()),
        unit_(std::make_shared<CompilationUnit>()),
        importer_(
            unit_,
            &constants_,
            [this](const std::string& name) { return source(name); },
            version_) {}

  Inspection run() {
    if (archive_.find("model.json") != nullptr) {
      refuse(
          "model.json",
          "it is of a format before PyTorch 1.2, which is not checked: load and save it with "
          "PyTorch");
    }
    for (const char* needed : {"data.pkl", "constants.pkl"}) {
      if (archive_.find(needed) == nullptr) {
        // What torch.save writes has data.pkl alone: a state dict, mostly.
        throw SerializationError(
            c10::str(
                "the archive is no TorchScript file: it has no record '",
                needed,
                "'",
                archive_.find("data.pkl") != nullptr ? ". It holds values without a program, as "
                                                       "torch.save writes them: load it with "
                                                       "io.load()"
                                                     : ""));
      }
    }
    checkRecords();
    torch::jit::populate_upgraders_graph_map();
    const auto constants = unpickle("constants");
    if (!constants.isTuple()) refuse("constants.pkl", "it is no tuple of constants");
    for (const auto& constant : constants.toTupleRef().elements()) constants_.push_back(constant);
    const auto root = unpickle("data");
    if (!root.isModule()) refuse("data.pkl", "it is no module");
    return {unit_, root, version_, natives_};
  }

 private:
  [[noreturn]] static void refuse(const std::string& record, const std::string& why) {
    throw SerializationError("record '" + record + "': " + why);
  }

  uint64_t readVersion() const {
    const Record* record = archive_.find(".data/version");
    if (record == nullptr) record = archive_.find("version");
    if (record == nullptr) {
      throw SerializationError("the archive is no TorchScript file: it has no record 'version'");
    }
    const auto text = archive_.read(*record, check_);
    const size_t end = text.find_last_not_of("\n") + 1;
    if (end == 0 || end > 6 || text.find_first_not_of("0123456789") < end)
      refuse("version", "it is no number");
    return std::stoull(text.substr(0, end));
  }

  // Each source and each pickle that the loader could read, now or when it describes an error.
  void checkRecords() const {
    ClassNames classes;
    for (const auto& record : archive_.records()) {
      const auto name = archive_.nameOf(record);
      if (name.rfind("code/", 0) != 0) continue;
      if (endsWith(name, ".py")) {
        const auto text = archive_.read(record, check_);
        const auto what = "record '" + std::string(name) + "'";
        checkSource(text, what);
        checkConstants(text, what, &classes, prefixOf(name));
      } else if (endsWith(name, ".debug_pkl")) {
        PickleContext context{std::string(name), {}};
        context.places = true;
        checkPickle(archive_.read(record, check_), context);
      }
    }
    checkClasses(classes);
  }

  // "code/__torch__/torch/nn.py" → "__torch__.torch.nn."
  static std::string prefixOf(std::string_view record) {
    std::string prefix(record.substr(5, record.size() - 5 - 3));
    std::replace(prefix.begin(), prefix.end(), '/', '.');
    return prefix + ".";
  }

  std::shared_ptr<torch::jit::Source> source(const std::string& qualifier) const {
    std::string path = "code/" + qualifier;
    std::replace(path.begin(), path.end(), '.', '/');
    path += ".py";
    const Record* record = archive_.find(path);
    if (record == nullptr) return nullptr;
    return std::make_shared<torch::jit::Source>(archive_.read(*record, check_), path, 1);
  }

  IValue unpickle(const std::string& what) {
    const std::string file = what + ".pkl";
    const std::string bytes = archive_.read(*archive_.find(file), check_);
    PickleContext context{file, [&](const std::string& key) -> std::optional<uint64_t> {
                            const Record* record = archive_.find(what + "/" + key);
                            if (record == nullptr) return std::nullopt;
                            return record->size;
                          }};
    context.classes = true;
    checkPickle(bytes, context);

    size_t at = 0;
    const auto read = [&](char* out, size_t count) {
      const size_t copied = std::min(count, bytes.size() - at);
      std::memcpy(out, bytes.data() + at, copied);
      at += copied;
      return copied;
    };
    const auto resolve = [this](const c10::QualifiedName& name) {
      return c10::StrongTypePtr(unit_, importer_.loadType(name));
    };
    const auto storage = [&](const std::string& key) { return bytesOf(what + "/" + key); };
    torch::jit::Unpickler unpickler(
        read,
        resolve,
        [this](const at::StrongTypePtr& type, IValue state) { return object(type, state); },
        storage,
        at::Device(at::kCPU));
    // From this version on, LibTorch believes the tags of containers; `conforms` holds them against
    // the types.
    unpickler.set_version(std::max<uint64_t>(version_, 3));
    return unpickler.parse_ivalue();
  }

  // Where they lie in the archive, or inflated.
  at::DataPtr bytesOf(const std::string& name) {
    const Record* record = archive_.find(name);
    TORCH_CHECK(record != nullptr, "there is no record '", name, "'");
    const char* data = archive_.image().address(record->offset);
    if (record->deflated) data = inflated_.emplace_back(archive_.read(*record, check_)).data();
    return at::DataPtr(const_cast<char*>(data), at::kCPU);
  }

  // LibTorch would call `__setstate__` here.
  c10::intrusive_ptr<c10::ivalue::Object> object(
      const at::StrongTypePtr& type, const IValue& state) {
    const auto cls = type.type_->expect<c10::ClassType>();
    const auto name = nameOfType(cls);
    const size_t count = cls->numAttributes();
    auto made = c10::ivalue::Object::create(type, count);
    if (cls->name()->qualifiedName().rfind("__torch__.torch.classes.", 0) == 0) {
      natives_.insert(cls->name()->qualifiedName() + ".__setstate__");
    }
    if (const auto* setState = cls->findMethod("__setstate__")) {
      const auto& arguments = setState->getSchema().arguments();
      const bool fits = arguments.size() == 2 && conforms(state, arguments[1].type());
      if (!fits) refuse("data.pkl", "the state of " + name + " is not what its __setstate__ takes");
      return made;
    }
    if (!state.isGenericDict()) refuse("data.pkl", "an object of " + name + " has no attributes");
    const auto attributes = state.toGenericDict();
    for (size_t i = 0; i < count; i++) {
      const auto& key = cls->getAttributeName(i);
      const auto found = attributes.find(key);
      if (found == attributes.end())
        refuse("data.pkl", "an object of " + name + " lacks the attribute '" + key + "'");
      if (!conforms(found->value(), cls->getAttribute(i))) {
        refuse(
            "data.pkl",
            "the attribute '" + key + "' of " + name + " is not of its type, " +
                cls->getAttribute(i)->annotation_str());
      }
      made->setSlot(i, found->value());
    }
    return made;
  }

  const Archive& archive_;
  const bool check_;
  const uint64_t version_;
  std::shared_ptr<CompilationUnit> unit_;
  std::vector<IValue> constants_;
  torch::jit::SourceImporter importer_;
  std::deque<std::string> inflated_;
  std::set<std::string> natives_;
};

// ---- Walking graphs ----

class Walker {
 public:
  std::set<std::string> run(const CompilationUnit& unit) {
    for (const auto* function : unit.get_functions()) visit(*function);
    return std::move(ops_);
  }

 private:
  struct Size {
    double nodes = 0;
    size_t calls = 0;
  };

  void add(std::string op) { ops_.insert(std::move(op)); }

  // Nodes and depth of a function with all its calls.
  Size visit(const Function& function) {
    const auto known = seen_.find(&function);
    if (known != seen_.end()) return known->second;
    seen_.emplace(&function, Size{});
    auto* made = torch::jit::tryToGraphFunction(const_cast<Function&>(function));
    if (made == nullptr) {
      add("?function " + function.qualname().qualifiedName());
      return {};
    }
    Size size = visit(*made->graph()->block());
    size.calls++;
    if (size.calls > kMostCalls) {
      throw SerializationError(
          c10::str(
              "the function ", function.name(), " calls others more than ", kMostCalls, " deep"));
    }
    if (size.nodes > kMostNodes) {
      throw SerializationError(
          c10::str(
              "the function ",
              function.name(),
              " comes to more than ",
              kMostNodes,
              " operations when its calls are written out"));
    }
    return seen_[&function] = size;
  }

  Size visit(const Block& block) {
    Size total;
    const auto include = [&](const Size& size) {
      total.nodes += size.nodes;
      total.calls = std::max(total.calls, size.calls);
    };
    for (const Node* node : block.nodes()) {
      total.nodes++;
      include(visit(*node));
      for (const Block* inner : node->blocks()) include(visit(*inner));
    }
    return total;
  }

  Size visit(const Node& node) {
    const auto kind = node.kind();
    if (kind == c10::prim::CallFunction) return visitFunction(node);
    if (kind == c10::prim::CallMethod) return visitMethod(node);
    eachGraphOf(node, [&](const torch::jit::Graph& graph) { visit(*graph.block()); });
    if (kind == c10::prim::TupleUnpack) visitUnpack(node);
    if (kind == c10::prim::Constant || kind == c10::prim::GetAttr || kind == c10::prim::SetAttr)
      return {};
    if (kind == c10::prim::unchecked_cast) visitCast(node);
    const auto* schema = node.maybeSchema();
    if (schema == nullptr) {
      add(kind.toQualString());
    } else {
      const auto& overload = schema->overload_name();
      add(overload.empty() ? schema->name() : schema->name() + "." + overload);
    }
    return {};
  }

  Size visitFunction(const Node& node) {
    const auto type = node.input(0)->type()->cast<c10::FunctionType>();
    if (type != nullptr && type->function() != nullptr) return visit(*type->function());
    add("?call of a function that is not known");
    return {};
  }

  Size visitMethod(const Node& node) {
    const auto& name = node.s(c10::attr::name);
    const auto type = node.input(0)->type();
    if (const auto cls = type->cast<c10::ClassType>()) {
      const auto* method = cls->findMethod(name);
      if (method == nullptr) {
        add("?call of the method " + name + ", which is not known");
        return {};
      }
      if (!method->isGraphFunction()) {
        add(cls->name()->qualifiedName() + "." + name);
        return {};
      }
      return visit(*method);
    }
    // What implements an interface is in the unit too, so its methods are walked for themselves.
    if (!type->cast<c10::InterfaceType>())
      add("?call of the method " + name + ", which is not known");
    return {};
  }

  // The interpreter leaves as many values as the tuple has, and goes on with as many as the node
  // has.
  void visitUnpack(const Node& node) {
    const auto tuple =
        node.inputs().size() == 1 ? node.input(0)->type()->cast<c10::TupleType>() : nullptr;
    if (tuple == nullptr || tuple->elements().size() != node.outputs().size())
      add("?a tuple taken apart into other parts");
  }

  // A class or a tuple of another kind would be read past its end; only None may be taken for one.
  void visitCast(const Node& node) {
    const auto to = node.output()->type();
    const auto from = node.input(0)->type();
    if (from->isSubtypeOf(*to) || !hasLayout(*to)) return;
    if (const auto optional = from->cast<c10::OptionalType>()) {
      if (optional->getElementType()->isSubtypeOf(*to)) return;
    }
    add("?cast of " + from->annotation_str() + " to " + to->annotation_str());
  }

  static bool hasLayout(const c10::Type& type) {
    if (type.kind() == TypeKind::ClassType || type.kind() == TypeKind::TupleType ||
        type.kind() == TypeKind::InterfaceType) {
      return true;
    }
    const auto inner = type.containedTypes();
    return std::any_of(inner.begin(), inner.end(), [](const auto& one) { return hasLayout(*one); });
  }

  std::set<std::string> ops_;
  std::unordered_map<const Function*, Size> seen_;
};

}  // namespace

Inspection inspectArchive(const Archive& archive, bool check) {
  return Inspector(archive, check).run();
}

std::set<std::string> reachableOps(const CompilationUnit& unit) {
  return Walker().run(unit);
}

std::set<std::string> reachableOps(const Inspection& inspection) {
  auto ops = reachableOps(*inspection.unit);
  ops.insert(inspection.natives.begin(), inspection.natives.end());
  return ops;
}

}  // namespace flambeau
