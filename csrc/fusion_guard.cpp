// LibTorch's guard before a kernel of oneDNN's lets through too much, and the kernel then reads and
// writes past the end of memory, or takes one layout for another. Here it holds where LibTorch's
// does, and, beyond that:
//
// - Where each argument has the layout that the kernel was made for: that of another kernel's
//   result, which is oneDNN's own, or its strides. What ran unfused before it gives the latter.
// - Where an argument in oneDNN's layout is a kernel's result, and not a tensor of the caller's.
#include "fusion_guard.h"

#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <typeinfo>
#include <vector>

namespace flambeau {
namespace {

using torch::jit::Node;
using torch::jit::Operation;
using torch::jit::Operator;
using torch::jit::Stack;

Operator*& original() {
  static Operator* guard = nullptr;
  return guard;
}

enum class Layout : char { Strides, Kernels, Foreign };

Layout layoutOf(const at::IValue& value) {
  if (!value.isTensor() || !value.toTensor().defined() || !value.toTensor().is_mkldnn()) {
    return Layout::Strides;
  }
  const auto& impl = *value.toTensor().unsafeGetTensorImpl();
  const bool isResult = std::strstr(typeid(impl).name(), "LlgaTensorImpl") != nullptr;
  return isResult ? Layout::Kernels : Layout::Foreign;
}

// What the kernel behind a guard was made for: the arguments that came first.
class Layouts {
 public:
  bool admit(c10::ArrayRef<at::IValue> arguments) {
    std::vector<Layout> given;
    for (const auto& argument : arguments) given.push_back(layoutOf(argument));
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!known_) known_ = given;
    return *known_ == given;
  }

 private:
  std::mutex mutex_;
  std::optional<std::vector<Layout>> known_;
};

bool hasAny(c10::ArrayRef<at::IValue> arguments, Layout layout) {
  return std::any_of(arguments.begin(), arguments.end(), [&](const at::IValue& argument) {
    return layoutOf(argument) == layout;
  });
}

// The arguments stay where they are: LibTorch's guard hands them on.
Operation strictGuard(const Node* node) {
  const size_t count = node->tys(torch::jit::attr::types).size();
  return [inner = original()->getOperation(node), count, made = std::make_shared<Layouts>()](
             Stack& stack) mutable {
    bool holds = !hasAny(torch::jit::last(stack, count), Layout::Foreign);
    if (holds) {
      inner(stack);
      holds = torch::jit::pop(stack).toBool() && made->admit(torch::jit::last(stack, count));
    }
    // What would run instead reads strides: see fusion_layouts.h, which is to keep it from coming
    // to this.
    TORCH_CHECK(
        holds || !hasAny(torch::jit::last(stack, count), Layout::Kernels),
        "A part that oneDNN's graph compiler fused was given what it was not made for: run the "
        "program without jit.enableOnednnFusion()");
    torch::jit::push(stack, holds);
  };
}

}  // namespace

void guardFusion() {
  for (const auto& op : torch::jit::getAllOperatorsFor(c10::prim::oneDNNFusionGuard)) {
    original() = new Operator(*op);
    *op = Operator(c10::prim::oneDNNFusionGuard, strictGuard, op->aliasAnalysisKind());
  }
}

}  // namespace flambeau
