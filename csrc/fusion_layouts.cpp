#include "fusion_layouts.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>
#include <unordered_set>

#include "nodes.h"

namespace flambeau {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

// As LibTorch numbers them.
constexpr int64_t kStrides = 0;

bool isKernel(const Node* node) {
  return node->kind() == c10::prim::oneDNNFusionGroup;
}

// The choice between a kernel and what runs if its guard fails.
bool isChoice(const Node* node) {
  return node->kind() == c10::prim::If &&
         node->input()->node()->kind() == c10::prim::oneDNNFusionGuard;
}

// Where a value comes from while guards hold.
const Value* originOf(const Value* value) {
  while (true) {
    const Node* node = value->node();
    // Its last output says whether it holds.
    if (node->kind() == c10::prim::oneDNNFusionGuard && value->offset() < node->inputs().size()) {
      value = node->input(value->offset());
    } else if (isChoice(node)) {
      value = node->blocks()[0]->outputs()[value->offset()];
    } else {
      return value;
    }
  }
}

bool isTensor(const Value* value) {
  return value->type()->cast<c10::TensorType>() != nullptr;
}

// Puts together or apart, or tells of types.
bool isPlain(c10::Symbol kind) {
  static const std::unordered_set<c10::Symbol> kinds{
      c10::prim::Constant,
      c10::prim::ListConstruct,
      c10::prim::ListUnpack,
      c10::prim::TupleConstruct,
      c10::prim::TupleUnpack,
      c10::aten::size,
      c10::aten::dim};
  return kinds.count(kind) > 0;
}

// Whether the type of the result follows from the types of the tensors and from the numbers.
bool tellsTypes(const Node* node) {
  if (isKernel(node) || isPlain(node->kind())) return true;
  const auto* schema = node->maybeSchema();
  if (schema == nullptr) return false;
  const auto op = c10::Dispatcher::singleton().findSchema(schema->operator_name());
  return node->blocks().empty() && op && !op->hasTag(at::Tag::dynamic_output_shape) &&
         !op->hasTag(at::Tag::data_dependent_output);
}

bool isPure(const Node* node) {
  return node->blocks().empty() && node->kind() != c10::prim::GetAttr && !node->hasSideEffects() &&
         !node->isNondeterministic();
}

// The tensors whose types, and the numbers that, follow from the types of the program's tensors,
// which its own guard has seen.
class Certain {
 public:
  explicit Certain(const Graph& graph) {
    for (const Value* input : graph.inputs()) {
      if (isTensor(input)) certain_.insert(input);
    }
    eachNode(graph.block(), [this](const Node* node) { note(node); });
  }

  bool areInputs(const Node* node) const {
    const auto inputs = node->inputs();
    return std::all_of(
        inputs.begin(), inputs.end(), [this](const Value* input) { return is(input); });
  }

 private:
  bool is(const Value* value) const { return certain_.count(originOf(value)) > 0; }

  // Whether a tensor's numbers follow too: a trace computes with sizes in tensors.
  bool isKnown(const Value* value) const {
    return isTensor(value) ? known_.count(value) > 0 : is(value);
  }

  void note(const Node* node) {
    const auto inputs = node->inputs();
    const bool areKnown = std::all_of(
        inputs.begin(), inputs.end(), [this](const Value* input) { return isKnown(input); });
    const auto outputs = node->outputs();
    if (areKnown && isPure(node)) {
      known_.insert(outputs.begin(), outputs.end());
    } else if (!areInputs(node) || !tellsTypes(node)) {
      return;
    }
    certain_.insert(outputs.begin(), outputs.end());
  }

  std::unordered_set<const Value*> certain_;
  std::unordered_set<const Value*> known_;
};

void keepStrides(const Value* value) {
  value = originOf(value);
  // It is the graph's own: only what is asked of it is to change nothing.
  Node* node = const_cast<Node*>(value->node());
  if (!isKernel(node) || !node->hasAttribute(torch::jit::attr::output_layouts)) return;
  auto layouts = node->is(torch::jit::attr::output_layouts);
  layouts[value->offset()] = kStrides;
  node->is_(torch::jit::attr::output_layouts, std::move(layouts));
}

}  // namespace

void keepStridesWhereGuardsMayFail(Graph& fused) {
  const Certain certain(fused);
  eachNode(fused.block(), [&](const Node* node) {
    if (!isKernel(node) || certain.areInputs(node)) return;
    for (const Value* input : node->inputs()) keepStrides(input);
  });
}

}  // namespace flambeau
