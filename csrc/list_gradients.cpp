#include "list_gradients.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/autodiff.h>

#include <algorithm>

#include "nodes.h"

namespace flambeau {
namespace {

using torch::jit::Node;

bool isTensorList(const torch::jit::Value* value) {
  return value->type()->isSubtypeOf(*c10::ListType::ofTensors());
}

bool takesList(const Node* node) {
  const auto inputs = node->inputs();
  return std::any_of(inputs.begin(), inputs.end(), isTensorList) &&
         torch::jit::isDifferentiable(node);
}

bool mayHoldTensors(const c10::Type& type) {
  if (type.kind() == c10::TypeKind::TensorType || type.kind() == c10::TypeKind::AnyType)
    return true;
  // Of a module every attribute that is used is a node of its own.
  if (type.kind() == c10::TypeKind::ClassType) return !type.is_module();
  const auto parts = type.containedTypes();
  return std::any_of(
      parts.begin(), parts.end(), [](const auto& part) { return mayHoldTensors(*part); });
}

bool isParameter(const Node* node) {
  return node->kind() == c10::prim::GetAttr && mayHoldTensors(*node->output()->type());
}

// What holds tensors is not looked through.
bool mayNeedGradient(const c10::IValue& value) {
  if (value.isTensor()) return value.toTensor().requires_grad();
  if (value.isObject()) return !value.toObjectRef().type()->is_module();
  return value.isList() || value.isTuple() || value.isGenericDict();
}

}  // namespace

bool ListGradients::areInDanger(torch::jit::Function& function, const torch::jit::Stack& stack) {
  if (!c10::GradMode::is_enabled()) return false;
  std::call_once(looked_, [&] {
    auto* graph = torch::jit::tryToGraphFunction(function);
    if (graph == nullptr) return;
    const auto inlined = graph->graph()->copy();
    torch::jit::Inline(*inlined);
    takesLists_ = anyNode(inlined->block(), takesList);
    hasParameters_ = anyNode(inlined->block(), isParameter);
  });
  return takesLists_ &&
         (hasParameters_ || std::any_of(stack.begin(), stack.end(), mayNeedGradient));
}

}  // namespace flambeau
