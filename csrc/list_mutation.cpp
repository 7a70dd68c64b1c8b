// LibTorch's pass that folds `x.append(y)` into the making of the list x, with a check before it.
//
// The pass takes a list that is appended to itself for one of its own parts, and the graph, of
// which later passes think that it has no circles, for one they can follow: they do so until the
// stack ends, and the process with it. Such a list has elements of type Any: no other type contains
// itself. The loader finds this function before LibTorch's, as it does operator new.
#include <torch/csrc/jit/passes/remove_mutation.h>

#include <algorithm>

#include "nodes.h"

namespace {

using torch::jit::Node;

bool mayBeAnything(const c10::TypePtr& type) {
  const auto kind = type->kind();
  if (kind == c10::TypeKind::AnyType || kind == c10::TypeKind::AnyListType ||
      kind == c10::TypeKind::AnyTupleType) {
    return true;
  }
  const auto parts = type->containedTypes();
  return std::any_of(parts.begin(), parts.end(), mayBeAnything);
}

bool appendsAnything(const Node* node) {
  return node->kind() == c10::aten::append && mayBeAnything(node->inputs()[0]->type());
}

}  // namespace

namespace torch::jit {

bool RemoveListMutation(const std::shared_ptr<Graph>& graph) {
  if (flambeau::anyNode(graph->block(), appendsAnything)) return false;
  return MutationRemover(graph).removeListMutation();
}

}  // namespace torch::jit
