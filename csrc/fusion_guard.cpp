// LibTorch's guard before a kernel of oneDNN's lets through too much, and the kernel then reads and
// writes past the end of memory, or takes one layout for another. Here it holds where LibTorch's
// does, and, beyond that:
//
// - Where every size is known. A kernel is made for the shapes of the call that comes first; an
//   executor that watched two calls of different shapes, because one of them failed, has a guard
//   for any shape.
// - Where each argument has the layout that the kernel was made for: that of another kernel's
//   result, which is oneDNN's own, or its strides. What ran unfused before it gives the latter.
// - Where an argument in oneDNN's layout is a kernel's result, and not a tensor of the caller's.
#include "fusion_guard.h"

#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/operator.h>

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

bool isComplete(const c10::TypePtr& type) {
  const auto tensor = type->cast<c10::TensorType>();
  return tensor == nullptr || tensor->isComplete();
}

bool areComplete(at::ArrayRef<const torch::jit::Value*> values) {
  for (const auto* value : values) {
    if (!isComplete(value->type())) return false;
  }
  return true;
}

// The kernels that a guard stands before: in what runs if it holds.
bool areKernelsComplete(const Node* guard) {
  for (const auto& use : guard->outputs().back()->uses()) {
    const Node* user = use.user;
    for (const auto* block : user->blocks()) {
      for (const auto* node : block->nodes()) {
        if (node->kind() != c10::prim::oneDNNFusionGroup) continue;
        const torch::jit::Graph& graph = *node->g(torch::jit::attr::Subgraph);
        if (!areComplete(graph.inputs()) || !areComplete(graph.outputs())) return false;
      }
    }
  }
  return true;
}

bool isGuardComplete(const Node* node) {
  for (const auto& type : node->tys(torch::jit::attr::types)) {
    if (!isComplete(type)) return false;
  }
  return areKernelsComplete(node);
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

bool hasForeign(c10::ArrayRef<at::IValue> arguments) {
  for (const auto& argument : arguments) {
    if (layoutOf(argument) == Layout::Foreign) return true;
  }
  return false;
}

// The arguments stay where they are: LibTorch's guard hands them on.
Operation strictGuard(const Node* node) {
  const size_t count = node->tys(torch::jit::attr::types).size();
  if (!isGuardComplete(node)) return [](Stack& stack) { torch::jit::push(stack, false); };
  return [inner = original()->getOperation(node), count, made = std::make_shared<Layouts>()](
             Stack& stack) mutable {
    if (hasForeign(torch::jit::last(stack, count))) {
      torch::jit::push(stack, false);
      return;
    }
    inner(stack);
    const bool holds = torch::jit::pop(stack).toBool();
    torch::jit::push(stack, holds && made->admit(torch::jit::last(stack, count)));
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
