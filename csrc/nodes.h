// Walks through the nodes of a program.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

namespace flambeau {

// Whether `found` is true of a node of a block, or of one further in.
template <typename Found>
bool anyNode(const torch::jit::Block* block, const Found& found) {
  for (const auto* node : block->nodes()) {
    if (found(node)) return true;
    for (const auto* inner : node->blocks()) {
      if (anyNode(inner, found)) return true;
    }
  }
  return false;
}

// Calls `visit` with the nodes of a block, and those further in.
template <typename Visit>
void eachNode(const torch::jit::Block* block, const Visit& visit) {
  anyNode(block, [&](const torch::jit::Node* node) {
    visit(node);
    return false;
  });
}

// Calls `visit` with the graphs that a node carries as attributes, such as that of a fork.
template <typename Visit>
void eachGraphOf(const torch::jit::Node& node, const Visit& visit) {
  for (const auto name : node.attributeNames()) {
    if (node.kindOf(name) == torch::jit::AttributeKind::g) visit(*node.g(name));
    if (node.kindOf(name) != torch::jit::AttributeKind::gs) continue;
    for (const auto& graph : node.gs(name)) visit(*graph);
  }
}

}  // namespace flambeau
