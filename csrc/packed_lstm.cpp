// LibTorch hands an LSTM to oneDNN with its weights as they lie, and oneDNN's kernel brings them
// into its own layout anew at each call: at batch 1 that is a quarter to a half of the time.
// LibTorch has an op that does it once, for its compiler in Python (torch._inductor); here it is
// for programs.
#include "packed_lstm.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/lstm_ops.h>
#include <ATen/ops/mkldnn_rnn_layer.h>
#include <ATen/ops/stack.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/pass_manager.h>
#include <torch/csrc/jit/runtime/custom_operator.h>

#include <optional>
#include <vector>

#include "guards.h"
#include "internal.h"
#include "plain.h"

namespace flambeau {
namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Operation;
using torch::jit::Stack;
using Tensors = std::vector<at::Tensor>;

// The arguments of aten::lstm.input, in their order.
enum Argument { INPUT, HX, PARAMS, HAS_BIASES, NUM_LAYERS, DROPOUT, TRAIN, BIDIRECTIONAL };
constexpr size_t BATCH_FIRST = 8;
constexpr size_t ARGUMENTS = 9;

// oneDNN's number for this kind of recurrent network.
constexpr int64_t LSTM_MODE = 2;

c10::Symbol noteName() {
  static const auto name = c10::Symbol::attr("packed_weights");
  return name;
}

c10::Symbol packedKind() {
  static const auto kind = c10::Symbol::fromQualString("flambeau::packed_lstm");
  return kind;
}

// Values that are known now: constants, and lists of constants.
std::optional<Tensors> constantTensors(const torch::jit::Value* list) {
  if (const auto value = torch::jit::toIValue(list)) {
    if (value->isTensorList()) return value->toTensorVector();
    return std::nullopt;
  }
  if (list->node()->kind() != c10::prim::ListConstruct) return std::nullopt;
  Tensors found;
  for (const auto* element : list->node()->inputs()) {
    const auto value = torch::jit::toIValue(element);
    if (!value || !value->isTensor()) return std::nullopt;
    found.push_back(value->toTensor());
  }
  return found;
}

// What a node says of its network, if all of it is known.
struct Network {
  Tensors params;
  bool biases = false;
  int64_t layers = 0;
  int64_t directions = 1;

  size_t each() const { return biases ? 4 : 2; }
  size_t runs() const { return static_cast<size_t>(layers * directions); }
};

std::optional<Network> networkOf(const Node* node) {
  if (node->inputs().size() != ARGUMENTS) return std::nullopt;
  // The other overload's are of packed sequences: data, batch_sizes, hx.
  if (node->input(HX)->type()->kind() != c10::TypeKind::ListType) return std::nullopt;
  const auto params = constantTensors(node->input(PARAMS));
  const auto biases = torch::jit::constant_as<bool>(node->input(HAS_BIASES));
  const auto layers = torch::jit::constant_as<int64_t>(node->input(NUM_LAYERS));
  const auto train = torch::jit::constant_as<bool>(node->input(TRAIN));
  const auto both = torch::jit::constant_as<bool>(node->input(BIDIRECTIONAL));
  if (!params || !biases || !layers || !train || !both || *train || *layers <= 0) {
    return std::nullopt;
  }
  Network network{*params, *biases, *layers, *both ? 2 : 1};
  // With projections there is one more each, and LibTorch does not call oneDNN.
  if (network.params.size() != network.each() * network.runs()) return std::nullopt;
  return network;
}

bool hasBfloat16() {
  static const bool has = [] {
    const auto op =
        c10::Dispatcher::singleton().findSchema({"mkldnn::_is_mkldnn_bf16_supported", ""});
    if (!op) return false;
    Stack stack;
    op->callBoxed(stack);
    return stack.size() == 1 && stack[0].isBool() && stack[0].toBool();
  }();
  return has;
}

// A weight that oneDNN's kernels take, and that has no part in a backward pass.
bool isPackable(const at::Tensor& weight, at::ScalarType dtype) {
  return weight.defined() && weight.layout() == at::kStrided && weight.is_cpu() &&
         weight.scalar_type() == dtype && !weight.requires_grad();
}

bool arePackable(const Network& network) {
  const auto& first = network.params[0];
  if (!first.defined()) return false;
  const auto dtype = first.scalar_type();
  if (dtype != at::kFloat && (dtype != at::kBFloat16 || !hasBfloat16())) return false;
  for (const auto& param : network.params) {
    if (!isPackable(param, dtype)) return false;
  }
  for (size_t i = 0; i < network.params.size(); i += network.each()) {
    const auto& ih = network.params[i];
    const auto& hh = network.params[i + 1];
    if (ih.dim() != 2 || hh.dim() != 2 || hh.size(1) <= 0 || ih.size(1) <= 0) return false;
    if (hh.size(0) != 4 * hh.size(1) || ih.size(0) != hh.size(0)) return false;
  }
  return true;
}

// The two weights of each layer and direction; none where the kernel takes them as they lie.
Tensors packedWeights(const Network& network) {
  const auto op =
      c10::Dispatcher::singleton().findSchema({"mkldnn::_reorder_mkldnn_rnn_layer_weight", ""});
  if (!op || !arePackable(network)) return {};
  const at::NoGradGuard noGrad;
  Tensors packed;
  for (size_t run = 0; run < network.runs(); run++) {
    const auto& ih = network.params[run * network.each()];
    const auto& hh = network.params[run * network.each() + 1];
    const bool reverse = run % static_cast<size_t>(network.directions) == 1;
    // Steps, batch and features. Where the layout depends on them, oneDNN brings the weights into
    // the other at the call, as it would do without.
    const std::vector<int64_t> shape{32, 1, ih.size(1)};
    Stack stack{
        ih.contiguous(), hh.contiguous(), hh.size(1), reverse, network.biases, false, shape};
    op->callBoxed(stack);
    for (auto& weight : stack.at(0).toTensorVector()) {
      if (!weight.is_mkldnn()) return {};
      packed.push_back(std::move(weight));
    }
  }
  return packed;
}

void packIn(Block* block) {
  for (auto* node : block->nodes()) {
    for (auto* inner : node->blocks()) packIn(inner);
    if (node->kind() != c10::aten::lstm) continue;
    const auto network = networkOf(node);
    if (!network) continue;
    auto packed = packedWeights(*network);
    if (packed.size() == 2 * network->runs()) node->ts_(noteName(), std::move(packed));
  }
}

// No trace, no vmap, no autocast; inference mode and one without gradients are welcome.
bool isUntransformed() {
  const auto local = c10::impl::tls_local_dispatch_key_set();
  return (local.included_ - c10::default_included_set).empty() &&
         (c10::default_excluded_set - local.excluded_).empty();
}

bool isRecorded(const at::Tensor& input, const Tensors& hx) {
  if (!at::GradMode::is_enabled()) return false;
  for (const auto& state : hx) {
    if (state.requires_grad()) return true;
  }
  return input.requires_grad();
}

// Where LibTorch would run oneDNN's kernel, forwards only.
bool runsPacked(const at::Tensor& input, const Tensors& hx, at::ScalarType dtype) {
  if (!isUntransformed() || !at::globalContext().userEnabledMkldnn()) return false;
  const auto takes = [dtype](const at::Tensor& tensor) {
    return tensor.layout() == at::kStrided && tensor.is_cpu() && tensor.scalar_type() == dtype;
  };
  if (!takes(input) || !takes(hx[0]) || !takes(hx[1])) return false;
  return input.numel() > 0 && !isRecorded(input, hx);
}

// One layer in one direction.
struct Layer {
  const at::Tensor* weights;
  const at::Tensor* params;
  bool reverse;
};

class Forward {
 public:
  Forward(c10::ArrayRef<at::IValue> arguments, const Tensors& packed)
      : packed_(packed),
        params_(arguments[PARAMS].toTensorVector()),
        biases_(arguments[HAS_BIASES].toBool()),
        layers_(arguments[NUM_LAYERS].toInt()),
        directions_(arguments[BIDIRECTIONAL].toBool() ? 2 : 1),
        batchFirst_(arguments[BATCH_FIRST].toBool()) {}

  // As LibTorch goes through the layers, so that results and their strides are the same.
  void run(const at::Tensor& given, const Tensors& states, Stack& results) const {
    at::Tensor input = (batchFirst_ ? given.transpose(0, 1) : given).contiguous();
    const auto hx = states[0].contiguous();
    const auto cx = states[1].contiguous();
    Tensors hy;
    Tensors cy;
    for (int64_t layer = 0; layer < layers_; layer++) {
      Tensors outputs;
      for (int64_t direction = 0; direction < directions_; direction++) {
        const int64_t index = layer * directions_ + direction;
        auto [output, h, c, workspace] = step(input, hx[index], cx[index], index, direction == 1);
        outputs.push_back(std::move(output));
        hy.push_back(std::move(h));
        cy.push_back(std::move(c));
      }
      input = directions_ == 1 ? outputs[0] : at::cat(outputs, -1);
    }
    torch::jit::push(
        results, batchFirst_ ? input.transpose(0, 1) : input, at::stack(hy, 0), at::stack(cy, 0));
  }

 private:
  std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> step(
      const at::Tensor& input,
      const at::Tensor& h,
      const at::Tensor& c,
      int64_t index,
      bool reverse) const {
    const size_t each = biases_ ? 4 : 2;
    const auto* own = &params_[static_cast<size_t>(index) * each];
    const auto* weights = &packed_[static_cast<size_t>(index) * 2];
    // Without biases any tensor will do: they are not looked at.
    return at::mkldnn_rnn_layer(
        input,
        weights[0],
        weights[1],
        own[biases_ ? 2 : 0],
        own[biases_ ? 3 : 1],
        h,
        c,
        reverse,
        {},
        LSTM_MODE,
        h.size(-1),
        layers_,
        biases_,
        directions_ == 2,
        batchFirst_,
        false);
  }

  const Tensors& packed_;
  Tensors params_;
  bool biases_;
  int64_t layers_;
  int64_t directions_;
  bool batchFirst_;
};

void runPacked(Stack& stack, const Tensors& packed) {
  static const auto plain = c10::Dispatcher::singleton().findSchemaOrThrow("aten::lstm", "input");
  static const auto check = guardOf(plain.operator_name());
  const auto arguments = c10::ArrayRef<at::IValue>(stack).slice(stack.size() - ARGUMENTS);
  if (check != nullptr) check(arguments);
  const auto input = arguments[INPUT].toTensor();
  const auto hx = arguments[HX].toTensorVector();
  if (!runsPacked(input, hx, packed[0].scalar_type())) {
    plain.callBoxed(stack);
    return;
  }
  const at::NoGradGuard noGrad;
  Stack results;
  Forward(arguments, packed).run(input, hx, results);
  torch::jit::drop(stack, ARGUMENTS);
  for (auto& result : results) stack.push_back(std::move(result));
}

Operation packedOperation(const Node* node) {
  TORCH_CHECK_VALUE(
      node->hasAttribute(noteName()), packedKind().toQualString(), " is not for programs to call");
  return [packed = node->ts(noteName())](Stack& stack) { runPacked(stack, packed); };
}

// On the executor's own copy of a graph.
void usePacked(Block* block) {
  for (auto it = block->nodes().begin(); it != block->nodes().end();) {
    Node* node = *it++;
    for (auto* inner : node->blocks()) usePacked(inner);
    if (node->kind() != c10::aten::lstm || !node->hasAttribute(noteName())) continue;
    Node* packed = node->replaceWithNewSymbol(packedKind());
    packed->ts_(noteName(), node->ts(noteName()));
    node->destroy();
  }
}

}  // namespace

void registerPackedLstm() {
  // The interpreter shares an operator's code among the nodes of a program, but for operators of
  // any number of arguments: this one's is a node's own.
  torch::jit::registerOperator(
      torch::jit::Operator(packedKind(), packedOperation, c10::AliasAnalysisKind::PURE_FUNCTION));
  torch::jit::registerPostPass(
      [](std::shared_ptr<torch::jit::Graph>& graph) { usePacked(graph->block()); });
}

void packLstms(const torch::jit::Module& module) {
  for (const auto& method : module.get_methods()) packIn(method.graph()->block());
}

}  // namespace flambeau
