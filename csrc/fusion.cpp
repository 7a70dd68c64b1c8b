#include "fusion.h"

#include <ATen/Context.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/pass_manager.h>
#include <torch/csrc/jit/passes/tensorexpr_fuser.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <unordered_set>
#include <vector>

#include "fusion_layouts.h"
#include "nodes.h"

// As declared in torch/csrc/jit/codegen/onednn/interface.h, whose switch is a variable in each file
// that includes it.
namespace torch::jit::fuser::onednn {
void fuseGraph(std::shared_ptr<Graph>& graph);
}  // namespace torch::jit::fuser::onednn

namespace flambeau {
namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

std::atomic<bool> isOn{false};

// Known to the last stride, and with no part in a backward pass.
bool isForInference(const c10::TensorType& type) {
  const auto device = type.device();
  return type.isComplete() && device && device->is_cpu() && !type.requiresGrad().value_or(false);
}

bool isFusableInput(const Value* input) {
  if (const auto tensor = input->type()->cast<c10::TensorType>()) {
    return !input->hasUses() || isForInference(*tensor);
  }
  // Neither what may hold tensors, which no guard looks into.
  return input->type()->cast<c10::ClassType>() != nullptr ||
         input->type()->containedTypeSize() == 0;
}

// Whether a number keeps its value as a tensor of the value's dtype.
bool holds(const Value* value, const Value* number) {
  const auto type = value->type()->cast<c10::TensorType>();
  const auto dtype = type ? type->scalarType() : std::nullopt;
  if (dtype == at::kFloat || dtype == at::kBFloat16 || dtype == at::kDouble) return true;
  const bool isInt = number->type()->kind() == c10::TypeKind::IntType;
  // Sizes that a trace computes with.
  return isInt && (dtype == at::kLong || dtype == at::kInt);
}

bool isArithmetic(const Node* node) {
  static const std::unordered_set<c10::Symbol> kinds{
      c10::aten::add,
      c10::aten::sub,
      c10::aten::mul,
      c10::aten::div,
      c10::aten::add_,
      c10::aten::sub_,
      c10::aten::mul_,
      c10::aten::div_};
  return kinds.count(node->kind()) > 0 && node->inputs().size() >= 2;
}

// Whether a value is asked for its number alone, as a trace's sizes are.
bool isForNumber(const Value* value) {
  std::vector<const Value*> left{value};
  std::unordered_set<const Value*> seen(left.begin(), left.end());
  while (!left.empty()) {
    const Value* next = left.back();
    left.pop_back();
    for (const auto& use : next->uses()) {
      if (use.user->kind() == c10::aten::Int) continue;
      if (!isArithmetic(use.user)) return false;
      if (seen.insert(use.user->output()).second) left.push_back(use.user->output());
    }
  }
  return true;
}

// The compiler makes a tensor of a number, of the other operand's dtype and with a dimension: 0.3
// became 0 beside integers, and what had no dimensions came out with one.
bool losesNumber(const Node* node) {
  if (!isArithmetic(node) || node->input(1)->type()->cast<c10::TensorType>()) return false;
  const auto operand = node->input(0)->type()->cast<c10::TensorType>();
  const bool hasDimensions = operand && operand->dim().value_or(0) > 0;
  if (!hasDimensions && !isForNumber(node->output())) return true;
  return !holds(node->input(0), node->input(1));
}

bool isUnfusable(const Node* node) {
  // A parameter that is no constant may be trained, and is no argument that a guard could see.
  if (node->kind() == c10::prim::GetAttr && node->output()->type()->cast<c10::TensorType>()) {
    return true;
  }
  return node->kind() == c10::prim::DifferentiableGraph || losesNumber(node);
}

bool isUsedTensor(const Value* input) {
  return input->hasUses() && input->type()->cast<c10::TensorType>() != nullptr;
}

// Of a program that takes nothing the compiler asks for the first argument nonetheless, and ends
// the process.
bool isFusable(const Graph& graph) {
  const auto inputs = graph.inputs();
  if (std::none_of(inputs.begin(), inputs.end(), isUsedTensor)) return false;
  for (const auto* input : inputs) {
    if (!isFusableInput(input)) return false;
  }
  return !anyNode(graph.block(), isUnfusable);
}

// A kernel that may write its result where an argument lies counts an argument that it takes twice
// as two, and then looks for a tensor past the end of its arguments.
bool takesEachOnce(const Node* kernel) {
  const Graph& graph = *kernel->g(torch::jit::attr::Subgraph);
  for (const auto* input : graph.inputs()) {
    if (input->uses().size() > 1) return false;
  }
  return true;
}

bool isBroadcast(const Value* operand, const Value* result) {
  const auto from = operand->type()->cast<c10::TensorType>();
  const auto to = result->type()->cast<c10::TensorType>();
  const auto rank = from ? from->dim() : std::nullopt;
  const auto count = from ? from->numel() : std::nullopt;
  return rank && count && to && to->dim() && *rank < *to->dim() && *count > 1;
}

// ((x.abs() + 1).log() / z) * y, with rows y and z and three dimensions of x, came out wrong by as
// much as two: the kernel takes a row for something else.
bool broadcastsRows(const Node* kernel) {
  static const std::unordered_set<c10::Symbol> kinds{
      c10::aten::add, c10::aten::sub, c10::aten::mul, c10::aten::div};
  for (const auto* node : kernel->g(torch::jit::attr::Subgraph)->nodes()) {
    if (kinds.count(node->kind()) == 0) continue;
    for (const auto* operand : node->inputs()) {
      if (isBroadcast(operand, node->output())) return true;
    }
  }
  return false;
}

// Of weights that are not there the compiler says "vector::_M_range_check", when the kernel is to
// run.
bool normalizesPlainly(const Node* kernel) {
  for (const auto* node : kernel->g(torch::jit::attr::Subgraph)->nodes()) {
    if (node->kind() != c10::aten::layer_norm) continue;
    for (const size_t weight : {2, 3}) {
      if (node->input(weight)->type()->kind() == c10::TypeKind::NoneType) return true;
    }
  }
  return false;
}

// "partition compile failed" is what the compiler says of a tensor without dimensions, when the
// kernel is to run.
bool takesNoDimensions(const Node* kernel) {
  const auto inputs = kernel->g(torch::jit::attr::Subgraph)->inputs();
  return std::any_of(inputs.begin(), inputs.end(), [](const Value* input) {
    const auto type = input->type()->cast<c10::TensorType>();
    return type && type->dim() == size_t{0};
  });
}

// An executor that watched two calls of different shapes, because one of them failed, has guards
// for any shape, and a kernel is made for the shapes of the call that comes first.
bool isComplete(const c10::TypePtr& type) {
  const auto tensor = type->cast<c10::TensorType>();
  return tensor == nullptr || tensor->isComplete();
}

bool areComplete(at::ArrayRef<const Value*> values) {
  return std::all_of(
      values.begin(), values.end(), [](const Value* value) { return isComplete(value->type()); });
}

bool isSound(const Node* kernel) {
  const Graph& graph = *kernel->g(torch::jit::attr::Subgraph);
  return areComplete(graph.inputs()) && areComplete(graph.outputs()) && takesEachOnce(kernel) &&
         !broadcastsRows(kernel) && !normalizesPlainly(kernel) && !takesNoDimensions(kernel);
}

bool isSoundGuard(const Node* guard) {
  const auto& types = guard->tys(torch::jit::attr::types);
  return std::all_of(types.begin(), types.end(), isComplete);
}

// Whether there are kernels, and none that would fail or be wrong.
bool areSound(const Graph& fused) {
  bool any = false;
  const bool anyUnsound = anyNode(fused.block(), [&](const Node* node) {
    if (node->kind() == c10::prim::oneDNNFusionGuard) return !isSoundGuard(node);
    if (node->kind() != c10::prim::oneDNNFusionGroup) return false;
    any = true;
    return !isSound(node);
  });
  return any && !anyUnsound;
}

void fill(Block* block, Graph& graph, Graph& body, at::ArrayRef<Value*> inputs) {
  const torch::jit::WithInsertPoint here(block->return_node());
  for (auto* output : torch::jit::insertGraph(graph, body, inputs)) block->registerOutput(output);
}

// The compiler changes more than it guards, for the dtypes that it saw. So all of it runs only for
// arguments of the very types that came before, and others have the program as it was, which is
// watched and optimized for theirs in turn.
std::shared_ptr<Graph> guardedBy(Graph& plain, Graph& fused) {
  auto graph = std::make_shared<Graph>();
  std::vector<Value*> tensors;
  std::vector<c10::TypePtr> types;
  for (const auto* input : plain.inputs()) {
    auto* own = graph->addInput()->copyMetadata(const_cast<Value*>(input));
    own->setType(c10::unshapedType(input->type()));
    if (!input->type()->cast<c10::TensorType>() || !input->hasUses()) continue;
    tensors.push_back(own);
    types.push_back(input->type());
  }
  Node* guard = graph->create(c10::prim::oneDNNFusionGuard, tensors, tensors.size() + 1);
  graph->appendNode(guard)->tys_(torch::jit::attr::types, types);
  guard->outputs().back()->setType(c10::BoolType::get());
  Node* choice = graph->create(c10::prim::If, {guard->outputs().back()}, plain.outputs().size());
  graph->appendNode(choice);
  Block* whereItHolds = choice->addBlock();
  Block* elsewhere = choice->addBlock();
  fill(whereItHolds, *graph, fused, graph->inputs());
  fill(elsewhere, *graph, plain, graph->inputs());
  torch::jit::removeTensorTypeSpecializations(elsewhere);
  torch::jit::replaceBlockWithFallbackGraph(elsewhere, graph->inputs());
  for (size_t i = 0; i < plain.outputs().size(); i++) {
    choice->output(i)->setType(c10::unshapedType(plain.outputs()[i]->type()));
    graph->registerOutput(choice->output(i));
  }
  return graph;
}

// What the compiler cannot take stays as it was, rather than have every call fail from then on.
void fuse(std::shared_ptr<Graph>& graph) {
  if (!isOn) return;
  auto plain = graph->copy();
  torch::jit::RemoveProfileNodesAndSpecializeTypes(plain);
  if (!isFusable(*plain)) return;
  auto fused = graph->copy();
  try {
    torch::jit::fuser::onednn::fuseGraph(fused);
  } catch (const std::exception&) {
    return;
  }
  if (!areSound(*fused)) return;
  keepStridesWhereGuardsMayFail(*fused);
  graph = guardedBy(*plain, *fused);
}

}  // namespace

int32_t switchFusion(int32_t on) {
  if (on == 1 && !isOn) {
    TORCH_CHECK_NOT_IMPLEMENTED(
        at::hasMKLDNN(), "This build of LibTorch has no oneDNN to fuse graphs with");
  }
  return (on < 0 ? isOn.load() : isOn.exchange(on == 1)) ? 1 : 0;
}

// Never taken back: other threads go through the list of passes as they optimize.
void registerFusion() {
  torch::jit::registerPrePass(fuse);
}

}  // namespace flambeau
