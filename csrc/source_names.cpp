#include "source_names.h"

#include <torch/csrc/jit/frontend/error_report.h>
#include <torch/csrc/jit/frontend/schema_matching.h>
#include <torch/csrc/jit/frontend/sugared_value.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <unordered_set>
#include <utility>

namespace flambeau {
namespace {

using c10::IValue;
using torch::jit::CompilationUnit;
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

}  // namespace

std::shared_ptr<torch::jit::Resolver> resolverOf(std::weak_ptr<CompilationUnit> unit) {
  return std::make_shared<SourceResolver>(std::move(unit));
}

std::unique_ptr<torch::jit::Self> selfOf(c10::ClassTypePtr type) {
  return std::make_unique<ModuleSelf>(std::move(type));
}

}  // namespace flambeau
