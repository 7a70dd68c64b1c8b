// Modules and other script objects: built, described and changed.
#include <torch/csrc/jit/frontend/script_type_parser.h>

#include <cmath>
#include <sstream>

#include "guards.h"
#include "in_flight.h"
#include "reach.h"
#include "retired.h"
#include "script.h"
#include "source_check.h"
#include "tagged.h"
#include "turns.h"

namespace flambeau {
namespace {

using c10::IValue;

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
      putTexts(out, names);
    } else {
      putText(out, self->type()->name()->name());
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

double fb_object_method(double object, const char* name, uint32_t bytes) {
  return guard(0.0, [&] {
    auto self = borrowObject(object);
    const std::string key(name, bytes);
    Function* function = self->type()->findMethod(key);
    TORCH_CHECK_VALUE(
        function != nullptr, self->type()->name()->name(), " has no method '", key, "'");
    auto unit = self->compilation_unit();
    return exportCallable(Callable{std::move(unit), function, std::move(self)});
  });
}
