// Ops that end the process on arguments that LibTorch does not check, each with its reproduction.
// Everything that calls an op through its schema asks here first.
#include "guards.h"

#include <ATen/Functions.h>
#include <ATen/TracerMode.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "guards_indices.h"
#include "guards_language.h"
#include "guards_quantized.h"
#include "guards_tensors.h"
#include "guards_unchecked.h"
#include "internal.h"

namespace flambeau {

namespace {

using Stack = c10::ArrayRef<at::IValue>;

bool isDefined(const at::IValue& value) {
  return value.isTensor() && value.toTensor().defined();
}

// torch.batch_norm_update_stats(torch.ones(4, 3, 1), torch.ones(3), None, 0.1): the kernels take a
// number a channel from whatever is there, and statistics for both or none.
void channelNumbers(Stack stack, std::initializer_list<size_t> places) {
  if (!isDefined(stack[0])) return;
  const at::Tensor& input = stack[0].toTensor();
  TORCH_CHECK_VALUE(
      input.dim() >= 2, "the input must have two dimensions or more, but has ", input.dim());
  for (const size_t place : places) {
    if (place >= stack.size() || !isDefined(stack[place])) continue;
    const at::Tensor& numbers = stack[place].toTensor();
    TORCH_CHECK_VALUE(
        numbers.layout() == at::kStrided && numbers.dim() == 1 && numbers.size(0) == input.size(1),
        "weight, bias, running_mean and running_var must have a number for each of the ",
        input.size(1),
        " channels, but one is of shape ",
        numbers.sizes());
  }
}

void bothOrNone(const at::IValue& mean, const at::IValue& variance) {
  TORCH_CHECK_VALUE(
      isDefined(mean) == isDefined(variance),
      "running_mean and running_var must both be given, or neither");
  TORCH_CHECK_VALUE(
      !isDefined(mean) || mean.toTensor().scalar_type() == variance.toTensor().scalar_type(),
      "running_mean and running_var must be of one dtype");
}

void batchNormStats(Stack stack) {
  if (stack.size() < 3) return;
  channelNumbers(stack, {1, 2});
  bothOrNone(stack[1], stack[2]);
}

void batchNormParts(Stack stack) {
  if (stack.size() < 5) return;
  channelNumbers(stack, {1, 2, 3, 4});
  bothOrNone(stack[3], stack[4]);
}

// torch.native_group_norm(x, None, None, 4, -3, 0, 0, 2.): divides by group, and believes sizes.
void nativeGroupNorm(Stack stack) {
  if (stack.size() < 7 || !isDefined(stack[0])) return;
  const auto batch = stack[3].toInt();
  const auto channels = stack[4].toInt();
  const auto places = stack[5].toInt();
  const auto groups = stack[6].toInt();
  TORCH_CHECK_VALUE(
      batch >= 0 && channels >= 0 && places >= 0 && groups > 0 && channels % groups == 0,
      "N, C and HxW must not be negative, and C a multiple of group");
  int64_t count = 0;
  TORCH_CHECK_VALUE(
      !__builtin_mul_overflow(batch, channels, &count) &&
          !__builtin_mul_overflow(count, places, &count) && count == stack[0].toTensor().numel(),
      "N, C and HxW must be the sizes of the input, which has ",
      stack[0].toTensor().numel(),
      " elements");
  for (const size_t place : {1, 2}) {
    TORCH_CHECK_VALUE(
        !isDefined(stack[place]) || (stack[place].toTensor().layout() == at::kStrided &&
                                     stack[place].toTensor().numel() == channels),
        "weight and bias must have a number for each of the ",
        channels,
        " channels");
  }
}

// torch.ops.aten._fused_moving_avg_obs_fq_helper(x, torch.ones(()), torch.ones(1), torch.ones(0),
// ...)
void movingAverage(Stack stack) {
  for (const auto& argument : stack) {
    TORCH_CHECK_VALUE(
        !isDefined(argument) || argument.toTensor().numel() > 0,
        "the input and what was observed of it must not be empty");
  }
}

// torch.ops.aten._adaptive_avg_pool3d(quantized, []): takes the three of no sizes.
template <size_t count>
void outputSizes(Stack stack) {
  if (stack.size() < 2 || !stack[1].isIntList()) return;
  TORCH_CHECK_VALUE(
      stack[1].toIntVector().size() == count,
      "output_size must have ",
      count,
      " elements, but has ",
      stack[1].toIntVector().size());
}

// torch.ops.aten._foreach_addcmul_(xs, ys, zs, []): the gradient's code takes a scalar for each.
void scalarEach(Stack stack) {
  if (!stack[0].isTensorList() || !stack.back().isList()) return;
  TORCH_CHECK_VALUE(
      stack[0].toListRef().size() == stack.back().toListRef().size(),
      "there must be a scalar for each of the ",
      stack[0].toListRef().size(),
      " tensors, but there are ",
      stack.back().toListRef().size());
}

// torch.native_batch_norm(x, None, None, None, None, False, 0.1, 1e-5): reads the statistics that
// are not there.
void nativeBatchNorm(Stack stack) {
  // An overload has no statistics: input, weight, bias, training.
  if (stack.size() < 6 || stack[3].isBool()) {
    channelNumbers(stack, {1, 2});
    TORCH_CHECK_VALUE(
        stack.size() < 4 || !stack[3].isBool() || stack[3].toBool(),
        "running_mean and running_var are needed when training is false");
    return;
  }
  batchNormParts(stack);
  TORCH_CHECK_VALUE(
      stack[5].toBool() || (isDefined(stack[3]) && isDefined(stack[4])),
      "running_mean and running_var are needed when training is false");
}

void sameLayout(const at::Tensor& param, const at::Tensor& other) {
  TORCH_CHECK_VALUE(
      other.defined() && other.layout() == at::kStrided && other.device() == param.device() &&
          other.scalar_type() == param.scalar_type() && other.sizes() == param.sizes() &&
          other.strides() == param.strides(),
      "A fused optimizer takes gradients and states of the dtype and memory layout of their "
      "parameters");
}

void isNumberOrNone(const at::IValue& value) {
  if (!value.isTensor() || !value.toTensor().defined()) return;
  TORCH_CHECK_VALUE(
      value.toTensor().numel() == 1 && value.toTensor().scalar_type() == at::kFloat,
      "grad_scale and found_inf of a fused optimizer are float32 tensors of one number");
}

// torch._fused_adam_([torch.ones(2)], [torch.ones(1).expand(2)], ...): the kernels walk through the
// memory of parameters, gradients and states (the lists before `steps`) by the number of the
// parameter's elements.
void fusedStep(Stack stack, size_t lists, bool steps) {
  if (stack.size() < lists + (steps ? 1 : 0) + 2) return;
  const auto params = stack[0].toTensorVector();
  for (const auto& param : params) {
    TORCH_CHECK_VALUE(
        param.defined() && param.layout() == at::kStrided && param.is_non_overlapping_and_dense() &&
            at::isFloatingType(param.scalar_type()),
        "A fused optimizer takes dense parameters of floating-point numbers");
  }
  for (size_t i = 1; i < lists; i++) {
    const auto others = stack[i].toTensorVector();
    if (i >= 2 && others.empty()) continue;
    TORCH_CHECK_VALUE(
        others.size() == params.size(), "The lists of a fused optimizer differ in length");
    for (size_t j = 0; j < params.size(); j++) sameLayout(params[j], others[j]);
  }
  if (steps) {
    const auto counts = stack[lists].toTensorVector();
    TORCH_CHECK_VALUE(
        counts.size() == params.size(), "The lists of a fused optimizer differ in length");
    for (const auto& count : counts) {
      TORCH_CHECK_VALUE(
          count.defined() && count.numel() == 1,
          "The steps of a fused optimizer are single numbers");
    }
  }
}

// self, grads, momentum_buffer_list; weight_decay, momentum, lr, dampening, nesterov, maximize,
// is_first_step, grad_scale, found_inf.
void fusedSgd(Stack stack) {
  if (stack.size() < 12) return;
  fusedStep(stack, 3, false);
  TORCH_CHECK_VALUE(
      stack[4].toDouble() == 0 || !stack[2].toTensorVector().empty() ||
          stack[0].toTensorVector().empty(),
      "A fused step with momentum needs momentum buffers");
  isNumberOrNone(stack[10]);
  isNumberOrNone(stack[11]);
}

// self, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, state_steps; lr, beta1, beta2, weight_decay,
// eps, amsgrad, maximize, grad_scale, found_inf.
void fusedAdam(Stack stack) {
  if (stack.size() < 15) return;
  fusedStep(stack, 5, true);
  TORCH_CHECK_VALUE(
      stack[0].toTensorVector().empty() ||
          (!stack[2].toTensorVector().empty() && !stack[3].toTensorVector().empty() &&
           (!stack[11].toBool() || !stack[4].toTensorVector().empty())),
      "A fused step of Adam needs its averages");
  isNumberOrNone(stack[13]);
  isNumberOrNone(stack[14]);
}

// self, grads, state_sums, state_steps; lr, lr_decay, weight_decay, eps, maximize, grad_scale,
// found_inf.
void fusedAdagrad(Stack stack) {
  if (stack.size() < 11) return;
  fusedStep(stack, 3, true);
  TORCH_CHECK_VALUE(
      stack[0].toTensorVector().empty() || !stack[2].toTensorVector().empty(),
      "A fused step of Adagrad needs its sums");
  isNumberOrNone(stack[9]);
  isNumberOrNone(stack[10]);
}

// torch.lstm(data, torch.zeros([0], { dtype: "int64" }), ...) reads the first of no batch sizes;
// torch._pad_packed_sequence(torch.zeros(3, 1), torch.tensor([2, -1]), ...) writes before its
// result.
void batchSizes(const at::Tensor& data, const at::Tensor& sizes) {
  TORCH_CHECK_VALUE(
      data.defined() && data.dim() >= 1 && sizes.defined() && sizes.dim() == 1 &&
          sizes.scalar_type() == at::kLong && sizes.is_cpu() && sizes.numel() > 0,
      "Batch sizes are int64, on the CPU, in one dimension, and at least one");
  // Read as they lie: a trace under way would note ops.
  const auto* values = sizes.const_data_ptr<int64_t>();
  int64_t last = data.size(0);
  int64_t total = 0;
  for (int64_t i = 0; i < sizes.numel(); i++) {
    const int64_t size = values[i * sizes.stride(0)];
    TORCH_CHECK_VALUE(
        size > 0 && (size <= last || i == 0), "Batch sizes are above 0 and never grow");
    total += size;
    last = size;
    if (total > data.size(0)) break;
  }
  TORCH_CHECK_VALUE(
      total == data.size(0),
      "Batch sizes do not add up to the ",
      data.size(0),
      " elements of packed data");
}

// data, batch_sizes; batch_first, padding_value, total_length.
void padPacked(Stack stack) {
  if (stack.size() < 5) return;
  batchSizes(stack[0].toTensor(), stack[1].toTensor());
}

void hasShape(const at::Tensor& tensor, at::IntArrayRef shape, const char* what) {
  TORCH_CHECK_VALUE(
      tensor.defined() && tensor.sizes() == shape,
      "Expected ",
      what,
      " of shape ",
      shape,
      ", but got ",
      tensor.defined() ? tensor.sizes() : at::IntArrayRef{});
}

// torch.lstm(torch.zeros(2, 1, 3), ..., [a weight of another size, ...], ...): oneDNN's kernels
// walk through states and weights by the sizes that they ought to have.
void recurrent(Stack stack, size_t states, int64_t gates) {
  if (stack.size() != 9) return;
  const bool packed = stack[1].isTensor() && (states == 2 || stack[2].isTensor());
  const size_t at = packed ? 2 : 1;
  const auto& input = stack[0].toTensor();
  const int64_t rank = packed ? 2 : 3;
  TORCH_CHECK_VALUE(
      input.defined() && input.dim() == rank, "Expected an input of ", rank, " dimensions");
  if (packed) batchSizes(input, stack[1].toTensor());
  const auto hx =
      states == 2 ? stack[at].toTensorVector() : std::vector<at::Tensor>{stack[at].toTensor()};
  const auto params = stack[at + 1].toTensorVector();
  const bool biases = stack[at + 2].toBool();
  const int64_t layers = stack[at + 3].toInt();
  const int64_t runs = stack[at + 6].toBool() ? 2 : 1;
  TORCH_CHECK_VALUE(layers > 0, "Expected at least one layer");
  TORCH_CHECK_VALUE(hx.size() == states, "Expected ", states, " states, but got ", hx.size());
  for (const auto& state : hx) {
    TORCH_CHECK_VALUE(state.defined() && state.dim() == 3, "Expected states of 3 dimensions");
  }
  const int64_t hidden = hx.back().size(2);
  const int64_t output = hx.front().size(2);
  const int64_t batch = packed ? *stack[1].toTensor().const_data_ptr<int64_t>()
                               : input.size(stack[8].toBool() ? 0 : 1);
  hasShape(hx.front(), {layers * runs, batch, output}, "a hidden state");
  hasShape(hx.back(), {layers * runs, batch, hidden}, "a state");
  const bool projected = output != hidden;
  const size_t each = 2 + (biases ? 2 : 0) + (projected ? 1 : 0);
  const size_t count = each * static_cast<size_t>(layers * runs);
  TORCH_CHECK_VALUE(
      params.size() == count, "Expected ", count, " parameters, but got ", params.size());
  for (size_t i = 0; i < count; i += each) {
    const bool first = i < each * static_cast<size_t>(runs);
    hasShape(params[i], {gates * hidden, first ? input.size(-1) : output * runs}, "a weight");
    hasShape(params[i + 1], {gates * hidden, output}, "a weight");
    for (size_t j = 2; biases && j < 4; j++) hasShape(params[i + j], {gates * hidden}, "a bias");
    if (projected) hasShape(params[i + each - 1], {output, hidden}, "a projection");
  }
}

void lstm(Stack stack) {
  recurrent(stack, 2, 4);
}
void gru(Stack stack) {
  recurrent(stack, 1, 3);
}
void rnn(Stack stack) {
  recurrent(stack, 1, 1);
}

// What tests/fuzz/reports.ts tries, and what tests/fuzz/calls.ts found, each with its shortest
// reproduction.

bool isDefined(Stack stack, size_t i) {
  return i < stack.size() && stack[i].isTensor() && stack[i].toTensor().defined();
}

bool hasInt(Stack stack, size_t i) {
  return i < stack.size() && stack[i].isInt();
}

void hasLength(Stack stack, size_t i, size_t length, const char* name) {
  if (i >= stack.size() || !stack[i].isIntList()) return;
  TORCH_CHECK_VALUE(
      stack[i].toIntVector().size() == length, name, " must have ", length, " elements");
}

// torch._stack([]), torch._stack([torch.ones(4, 4).t()], 1): writes as if it were contiguous.
void stackable(Stack stack) {
  if (stack.empty() || !stack[0].isTensorList()) return;
  TORCH_CHECK_VALUE(stack[0].toListRef().size() > 0, "the list of tensors is empty");
  for (const at::Tensor tensor : stack[0].toTensorList()) {
    TORCH_CHECK_VALUE(
        tensor.layout() == at::kStrided && tensor.is_contiguous(),
        "the tensors must be contiguous; torch.stack takes any");
  }
}

// torch._foreach_copy([], [x]): walks both by the length of one.
void foreachCopy(Stack stack) {
  if (stack.size() < 2 || !stack[0].isTensorList() || !stack[1].isTensorList()) return;
  TORCH_CHECK_VALUE(
      stack[0].toListRef().size() == stack[1].toListRef().size() && stack[0].toListRef().size() > 0,
      "the lists of tensors must have the same length, and not be empty");
}

// torch.nn.grad's reflection_pad1d_backward(grad, x, []): reads padding that is not there.
template <size_t count>
void paddingOf(Stack stack) {
  hasLength(stack, 2, count, "padding");
}

template <size_t count>
void fractionalPool(Stack stack) {
  hasLength(stack, 2, count, "kernel_size");
  hasLength(stack, 3, count, "output_size");
}

// torch._neg_view_copy of a quantized tensor calls itself without end.
void notQuantized(Stack stack) {
  if (!isDefined(stack, 0)) return;
  TORCH_CHECK_VALUE(!stack[0].toTensor().is_quantized(), "it does not take quantized tensors");
}

// torch.view_copy(quantized, torch.bool)
void viewDtype(Stack stack) {
  if (hasInt(stack, 1)) notQuantized(stack);
}

// torch.ops.aten.embedding_backward(grad, indices past num_weights, ...): writes there.
void embeddingBackward(Stack stack) {
  if (!isDefined(stack, 0) || !isDefined(stack, 1) || !hasInt(stack, 2)) return;
  const auto& grad = stack[0].toTensor();
  const auto& indices = stack[1].toTensor();
  const auto weights = stack[2].toInt();
  TORCH_CHECK_VALUE(
      grad.dim() > 0 && weights >= 0 && grad.numel() == indices.numel() * grad.size(-1),
      "the gradient must have a row for each index");
  TORCH_CHECK_VALUE(
      at::isIntegralType(indices.scalar_type(), /*includeBool=*/false), "indices must be integers");
  if (indices.numel() == 0) return;
  // A trace under way would note these.
  const at::tracer::impl::NoTracerDispatchMode unseen;
  TORCH_CHECK_INDEX(
      indices.min().item<int64_t>() >= 0 && indices.max().item<int64_t>() < weights,
      "an index is not below num_weights");
}

// torch._fft_r2c(torch.ones(2, 3), [9], 0, True)
void fftDims(Stack stack) {
  if (!isDefined(stack, 0) || stack.size() < 2 || !stack[1].isIntList()) return;
  const auto dims = stack[1].toIntVector();
  const auto rank = stack[0].toTensor().dim();
  TORCH_CHECK_VALUE(!dims.empty(), "dim must not be empty");
  for (size_t i = 0; i < dims.size(); i++) {
    TORCH_CHECK_INDEX(dims[i] >= -rank && dims[i] < rank, "dim ", dims[i], " is out of range");
    TORCH_CHECK_VALUE(stack[0].toTensor().size(dims[i]) > 0, "dim ", dims[i], " is empty");
    for (size_t j = 0; j < i; j++) {
      TORCH_CHECK_VALUE(
          (dims[i] + rank) % rank != (dims[j] + rank) % rank, "dim repeats ", dims[i]);
    }
  }
}

// torch.max_pool1d(torch.ones(1, 4), 2**40): goes through a window of that size.
void pool1d(Stack stack) {
  for (size_t i = 1; i < 5 && i < stack.size(); i++) {
    if (!stack[i].isIntList()) continue;
    for (const auto size : stack[i].toIntVector()) {
      TORCH_CHECK_VALUE(size <= INT32_MAX, "a window of ", size, " is too large");
    }
  }
}

// torch.choose_qparams_optimized(torch.ones(3), 5, ...): reads as many numbers as it is told.
void chooseQparams(Stack stack) {
  if (!isDefined(stack, 0) || !hasInt(stack, 1) || !hasInt(stack, 2)) return;
  const auto& input = stack[0].toTensor();
  const auto count = stack[1].toInt();
  TORCH_CHECK_VALUE(
      input.layout() == at::kStrided && input.is_contiguous() && count > 0 &&
          count <= input.numel() && stack[2].toInt() > 0,
      "numel must be that of a contiguous input, and n_bins above 0");
  // It narrows the range step by step, down to what the ratio leaves.
  const double ratio = stack.size() > 3 && stack[3].isDouble() ? stack[3].toDouble() : 0;
  TORCH_CHECK_VALUE(ratio >= 0 && ratio <= 1, "ratio must be from 0 to 1, but got ", ratio);
}

// torch._nnpack_spatial_convolution of other than images
void nnpack(Stack stack) {
  if (!isDefined(stack, 0) || !isDefined(stack, 1)) return;
  const auto& input = stack[0].toTensor();
  const auto& weight = stack[1].toTensor();
  const bool fits = input.dim() == 4 && weight.dim() == 4 && input.numel() > 0 &&
                    weight.numel() > 0 && input.scalar_type() == at::kFloat &&
                    weight.scalar_type() == at::kFloat && input.layout() == at::kStrided &&
                    weight.layout() == at::kStrided && input.size(1) == weight.size(1);
  TORCH_CHECK_VALUE(fits, "it takes batches of images and weights for them, as float32");
  hasLength(stack, 3, 2, "padding");
  hasLength(stack, 4, 2, "stride");
}

// torch._saturate_weight_to_fp16(torch.ones(3, 0)) and its kin read the first of no elements.
void packedWeight(Stack stack) {
  if (!isDefined(stack, 0)) return;
  const auto& weight = stack[0].toTensor();
  TORCH_CHECK_VALUE(
      weight.numel() > 0 && weight.layout() == at::kStrided, "the weight must not be empty");
}

// prim::ReductionSizes([], [0]), prim::ReductionSizes([2, 1], [0, 0])
void reductionSizes(Stack stack) {
  if (stack.size() < 2 || !stack[0].isIntList() || !stack[1].isIntList()) return;
  const auto rank = static_cast<int64_t>(stack[0].toIntVector().size());
  int64_t before = -1;
  for (const auto axis : stack[1].toIntVector()) {
    TORCH_CHECK_INDEX(axis >= 0 && axis < rank, "axis ", axis, " is out of range");
    TORCH_CHECK_VALUE(axis > before, "the axes must be in order, each once");
    before = axis;
  }
}

const std::unordered_map<std::string, OpGuard>& checks() {
  static const auto* made = new std::unordered_map<std::string, OpGuard>{
      {"aten::native_batch_norm", nativeBatchNorm},
      {"aten::_native_batch_norm_legit", nativeBatchNorm},
      {"aten::_native_batch_norm_legit_functional", nativeBatchNorm},
      {"aten::_native_batch_norm_legit_no_training", batchNormParts},
      {"aten::native_group_norm", nativeGroupNorm},
      {"aten::_adaptive_avg_pool2d", outputSizes<2>},
      {"aten::_adaptive_avg_pool3d", outputSizes<3>},
      {"aten::_fused_moving_avg_obs_fq_helper", movingAverage},
      {"aten::_fused_moving_avg_obs_fq_helper_functional", movingAverage},
      {"aten::fused_moving_avg_obs_fake_quant", movingAverage},
      {"aten::_foreach_add.ScalarList", scalarEach},
      {"aten::_foreach_add_.ScalarList", scalarEach},
      {"aten::_foreach_sub.ScalarList", scalarEach},
      {"aten::_foreach_sub_.ScalarList", scalarEach},
      {"aten::_foreach_mul.ScalarList", scalarEach},
      {"aten::_foreach_mul_.ScalarList", scalarEach},
      {"aten::_foreach_div.ScalarList", scalarEach},
      {"aten::_foreach_div_.ScalarList", scalarEach},
      {"aten::_foreach_pow.ScalarList", scalarEach},
      {"aten::_foreach_pow_.ScalarList", scalarEach},
      {"aten::_foreach_addcmul.ScalarList", scalarEach},
      {"aten::_foreach_addcmul_.ScalarList", scalarEach},
      {"aten::_foreach_addcdiv.ScalarList", scalarEach},
      {"aten::_foreach_addcdiv_.ScalarList", scalarEach},
      {"aten::batch_norm_update_stats", batchNormStats},
      {"aten::_batch_norm_with_update", batchNormParts},
      {"aten::_batch_norm_with_update_functional", batchNormParts},
      {"aten::_batch_norm_no_update", batchNormParts},
      {"aten::_pad_packed_sequence", padPacked},
      {"aten::lstm", lstm},
      {"aten::gru", gru},
      {"aten::rnn_tanh", rnn},
      {"aten::rnn_relu", rnn},
      {"aten::_fused_sgd", fusedSgd},
      {"aten::_fused_sgd_", fusedSgd},
      {"aten::_fused_adam", fusedAdam},
      {"aten::_fused_adam_", fusedAdam},
      {"aten::_fused_adamw", fusedAdam},
      {"aten::_fused_adamw_", fusedAdam},
      {"aten::_fused_adagrad", fusedAdagrad},
      {"aten::_fused_adagrad_", fusedAdagrad},
      {"aten::remainder.", language::modulo},
      {"aten::remainder.int", language::modulo},
      {"aten::floordiv", language::quotient},
      {"aten::__round_to_zero_floordiv", language::quotient},
      {"aten::divmod", language::quotient},
      {"aten::gcd.int", language::greatestDivisor},
      {"aten::factorial", language::factorial},
      {"prim::rangelist", language::rangeList},
      {"aten::mul.left_t", language::repeat},
      {"aten::mul.right_", language::repeat},
      {"aten::mul_.t", language::repeat},
      {"aten::center", language::widen},
      {"aten::ljust", language::widen},
      {"aten::rjust", language::widen},
      {"aten::zfill", language::widen},
      {"aten::expandtabs", language::expandTabs},
      {"aten::count", language::countText},
      {"aten::replace", language::replaceText},
      {"aten::rsplit", language::splitText},
      {"aten::_set_item", language::numberKey},
      {"aten::setdefault", language::numberKey},
      {"aten::dict", language::pairsOfKeys},
      {"aten::sort.float", language::sortNumbers},
      {"aten::str", language::shown},
      {"aten::format", language::shown},
      {"aten::percentFormat", language::shown},
      {"prim::Print", language::shown},
      {"aten::save", language::shown},
      {"aten::__upsample", language::upsample},
      {"aten::__upsample_bilinear", language::upsample},
      {"aten::__upsample_nearest", language::upsample},
      {"aten::__interpolate", language::upsample},
      {"aten::_stack", stackable},
      {"aten::_foreach_copy", foreachCopy},
      {"aten::_weight_norm", tensors::weightNorm},
      {"aten::_weight_norm_interface", tensors::weightNorm},
      {"aten::_remove_batch_dim", tensors::removeBatchDim},
      {"mkldnn::_reorder_mkldnn_rnn_layer_weight", tensors::reorderRnn},
      {"quantized::embedding_bag_4bit_prepack", tensors::prepack},
      {"aten::choose_qparams_optimized", chooseQparams},
      {"quantized::linear_prepack_fp16", quantized::halfPrepack},
      {"_quantized::linear_prepack_fp16", quantized::halfPrepack},
      {"onednn::linear_prepack_fp16", quantized::halfPrepack},
      {"mkldnn::_linear_pointwise", quantized::pointwiseLinear},
      {"quantized::conv1d_dynamic", quantized::dynamicConvolution<1>},
      {"quantized::conv2d_dynamic", quantized::dynamicConvolution<2>},
      {"quantized::conv3d_dynamic", quantized::dynamicConvolution<3>},
      {"quantized::conv_transpose1d_dynamic", quantized::dynamicConvolution<1>},
      {"quantized::conv_transpose2d_dynamic", quantized::dynamicConvolution<2>},
      {"quantized::conv_transpose3d_dynamic", quantized::dynamicConvolution<3>},
      {"onednn::qlinear_prepack", quantized::linearPrepack},
      {"onednn::qlinear_pointwise", quantized::linear},
      {"onednn::linear_dynamic_fp16", quantized::halfLinear},
      {"onednn::linear_relu_dynamic_fp16", quantized::halfLinear},
      {"onednn::qconv_prepack", quantized::convolutionPrepack},
      {"onednn::qconv_pointwise", quantized::convolution},
      {"onednn::qconv1d_pointwise", quantized::convolution},
      {"onednn::qconv2d_pointwise", quantized::convolution},
      {"onednn::qconv3d_pointwise", quantized::convolution},
      {"onednn::qbatch_norm2d", quantized::batchNorm},
      {"quantized::make_quantized_cell_params", quantized::cellParameters},
      {"quantized::conv_prepack", quantized::packedConvolution},
      {"quantized::conv1d_prepack", quantized::packedConvolution},
      {"quantized::conv2d_prepack", quantized::packedConvolution},
      {"quantized::conv3d_prepack", quantized::packedConvolution},
      {"quantized::conv_transpose1d_prepack", quantized::packedConvolution},
      {"quantized::conv_transpose2d_prepack", quantized::packedConvolution},
      {"quantized::conv_transpose3d_prepack", quantized::packedConvolution},
      {"_quantized::conv2d_prepack", quantized::packedConvolution},
      {"_quantized::conv3d_prepack", quantized::packedConvolution},
      {"_quantized::conv_transpose1d_prepack", quantized::packedConvolution},
      {"_quantized::conv_transpose2d_prepack", quantized::packedConvolution},
      {"_quantized::conv_transpose3d_prepack", quantized::packedConvolution},
      {"quantized::embedding_bag_byte_rowwise_offsets", quantized::bag},
      {"quantized::embedding_bag_4bit_rowwise_offsets", quantized::bag},
      {"quantized::embedding_bag_2bit_rowwise_offsets", quantized::bag},
      {"quantized::embedding_bag_byte", quantized::bag},
      {"quantized::embedding_bag_4bit", quantized::bag},
      {"aten::_weight_int8pack_mm", quantized::int8Product},
      {"mkldnn::_reorder_convolution_weight", quantized::reorderConvolution},
      {"mkldnn::_reorder_convolution_transpose_weight", quantized::reorderTransposed},
      {"aten::mkldnn_reorder_conv2d_weight", quantized::reorderConvolution},
      {"aten::mkldnn_reorder_conv3d_weight", quantized::reorderConvolution},
      {"mkldnn::_convolution_pointwise", quantized::pointwiseConvolution},
      {"mkldnn::_convolution_pointwise_", quantized::pointwiseConvolution},
      {"mkldnn::_convolution_transpose_pointwise", quantized::pointwiseTransposed},
      {"inductor::_reinterpret_tensor", indices::reinterpret},
      {"inductor::_alloc_from_pool", indices::fromPool},
      {"aten::quantized_lstm_cell", tensors::quantizedLstmCell},
      {"aten::_transform_bias_rescale_qkv", tensors::transformQkv},
      {"aten::_thnn_differentiable_gru_cell_backward", tensors::gruCellBackward},
      {"aten::_thnn_differentiable_lstm_cell_backward", tensors::lstmCellBackward},
      {"aten::_dyn_quant_pack_4bit_weight", tensors::packFourBits},
      {"aten::_dyn_quant_matmul_4bit", tensors::multiplyFourBits},
      {"aten::special_chebyshev_polynomial_t", tensors::polynomial},
      {"aten::special_chebyshev_polynomial_u", tensors::polynomial},
      {"aten::special_chebyshev_polynomial_v", tensors::polynomial},
      {"aten::special_chebyshev_polynomial_w", tensors::polynomial},
      {"aten::special_shifted_chebyshev_polynomial_t", tensors::polynomial},
      {"aten::special_shifted_chebyshev_polynomial_u", tensors::polynomial},
      {"aten::special_shifted_chebyshev_polynomial_v", tensors::polynomial},
      {"aten::special_shifted_chebyshev_polynomial_w", tensors::polynomial},
      {"aten::special_hermite_polynomial_h", tensors::polynomial},
      {"aten::special_hermite_polynomial_he", tensors::polynomial},
      {"aten::special_laguerre_polynomial_l", tensors::polynomial},
      {"aten::special_legendre_polynomial_p", tensors::polynomial},
      {"aten::_cholesky_solve_helper", tensors::choleskySolve},
      {"aten::reflection_pad1d_backward", paddingOf<2>},
      {"aten::reflection_pad2d_backward", paddingOf<4>},
      {"aten::reflection_pad3d_backward", paddingOf<6>},
      {"aten::replication_pad1d_backward", paddingOf<2>},
      {"aten::replication_pad2d_backward", paddingOf<4>},
      {"aten::replication_pad3d_backward", paddingOf<6>},
      {"aten::fractional_max_pool2d_backward", fractionalPool<2>},
      {"aten::fractional_max_pool3d_backward", fractionalPool<3>},
      {"aten::to.prim_dtype", tensors::copyTo},
      {"aten::to.prim_Device", tensors::copyTo},
      {"aten::_neg_view_copy", notQuantized},
      {"aten::view_copy", viewDtype},
      {"aten::embedding_bag", indices::bagOffsets},
      {"aten::_embedding_bag", indices::bagOffsets},
      {"aten::_embedding_bag_forward_only", indices::bagOffsets},
      {"aten::embedding_backward", embeddingBackward},
      {"aten::embedding_dense_backward", embeddingBackward},
      {"aten::max_pool2d_with_indices_backward", indices::maxPool2dBackward},
      {"aten::max_pool3d_with_indices_backward", indices::maxPool3dBackward},
      {"aten::adaptive_max_pool2d_backward", indices::adaptivePool2dBackward},
      {"aten::adaptive_max_pool3d_backward", indices::adaptivePool3dBackward},
      {"aten::_adaptive_avg_pool2d_backward", indices::sameChannels},
      {"aten::_adaptive_avg_pool3d_backward", indices::sameChannels},
      {"aten::_embedding_bag_dense_backward", indices::bagBackward},
      {"aten::_embedding_bag_per_sample_weights_backward", indices::bagWeightsBackward},
      {"aten::segment_reduce", indices::segmentReduce},
      {"aten::_segment_reduce_backward", indices::segmentReduceBackward},
      {"aten::ctc_loss", indices::ctcLoss},
      {"aten::_ctc_loss", indices::ctcLoss},
      {"aten::_ctc_loss_backward", indices::ctcLossBackward},
      {"aten::sparse_coo_tensor.indices_size", indices::sparseCoo},
      {"aten::_sparse_coo_tensor_unsafe", indices::sparseCoo},
      {"aten::_sparse_csr_tensor_unsafe", indices::sparseCsr},
      {"aten::_sparse_csc_tensor_unsafe", indices::sparseCsc},
      {"aten::_sparse_bsr_tensor_unsafe", indices::sparseBsr},
      {"aten::_sparse_bsc_tensor_unsafe", indices::sparseBsc},
      {"aten::sparse_csr_tensor.crow_col_value_size", indices::sparseCsr},
      {"aten::sparse_csc_tensor.ccol_row_value_size", indices::sparseCsc},
      {"aten::sparse_bsr_tensor.crow_col_value_size", indices::sparseBsr},
      {"aten::sparse_bsc_tensor.ccol_row_value_size", indices::sparseBsc},
      {"aten::_sparse_compressed_tensor_unsafe", indices::sparseOfLayout},
      {"aten::sparse_compressed_tensor.comp_plain_value_size", indices::sparseOfLayout},
      {"aten::linalg_ldl_solve", indices::pivots},
      {"aten::unfold_backward", indices::unfoldBackward},
      {"aten::_convert_indices_from_coo_to_csr", indices::rowsToPointers},
      {"aten::_convert_indices_from_csr_to_coo", indices::pointersToRows},
      {"aten::_reshape_alias", indices::reshapeAlias},
      {"aten::_reshape_alias_copy", indices::reshapeAlias},
      {"aten::native_batch_norm_backward", indices::batchNormBackward},
      {"aten::_scaled_dot_product_flash_attention_for_cpu", indices::flashAttention},
      {"aten::_native_multi_head_attention", indices::heads},
      {"aten::_transformer_encoder_layer_fwd", indices::heads},
      {"aten::_cummax_helper", indices::cumulative},
      {"aten::_cummin_helper", indices::cumulative},
      {"aten::_log_softmax_backward_data", indices::softmaxBackward},
      {"aten::_masked_softmax_backward", indices::softmaxBackward},
      {"aten::grid_sampler_2d_backward", indices::gridBackward},
      {"aten::grid_sampler_3d_backward", indices::gridBackward},
      {"aten::_pdist_forward", indices::distances},
      {"aten::_pdist_backward", indices::distancesBackward},
      {"aten::_weight_norm_interface_backward", indices::weightNormBackward},
      {"aten::lu_unpack", indices::unpackedPivots},
      {"aten::lstm_cell", indices::lstmCell},
      {"aten::gru_cell", indices::recurrentCell},
      {"aten::rnn_tanh_cell", indices::recurrentCell},
      {"aten::rnn_relu_cell", indices::recurrentCell},
      {"aten::mkldnn_rnn_layer", indices::rnnLayer},
      {"aten::mkldnn_rnn_layer_backward", indices::rnnLayer},
      {"aten::_fft_r2c", fftDims},
      {"aten::_fft_c2c", fftDims},
      {"aten::_fft_c2r", fftDims},
      {"aten::max_pool1d", pool1d},
      {"aten::max_pool1d_with_indices", pool1d},
      {"aten::_nnpack_spatial_convolution", nnpack},
      {"aten::_saturate_weight_to_fp16", packedWeight},
      {"aten::fbgemm_linear_quantize_weight", packedWeight},
      {"aten::fbgemm_pack_gemm_matrix_fp16", packedWeight},
      {"aten::fbgemm_pack_quantized_matrix", packedWeight},
      {"aten::_wrapped_linear_prepack", packedWeight},
      {"prim::ReductionSizes", reductionSizes},
      {"aten::median", unchecked::medianAlong},
      {"aten::nanmedian", unchecked::medianAlong},
      {"aten::_compute_linear_combination", unchecked::linearCombination},
      {"prim::mkldnn_convolution", quantized::plainConvolution},
      {"quantized::embedding_bag_byte_unpack", unchecked::packedRows<8>},
      {"quantized::embedding_bag_4bit_unpack", unchecked::packedRows<4>},
      {"quantized::embedding_bag_2bit_unpack", unchecked::packedRows<4>},
      {"aten::linalg_eigvals", unchecked::finite},
      {"aten::_linalg_eigvals", unchecked::finite},
      {"aten::_cdist_backward", unchecked::distancesBackward},
      {"aten::_upsample_bilinear2d_aa", unchecked::smoothUpsample},
      {"aten::_upsample_bicubic2d_aa", unchecked::smoothUpsample},
      {"aten::_upsample_lanczos2d_aa", unchecked::smoothUpsample},
      {"aten::_upsample_bilinear2d_aa_backward", unchecked::smoothUpsampleBackward},
      {"aten::_upsample_bicubic2d_aa_backward", unchecked::smoothUpsampleBackward},
      {"aten::_upsample_lanczos2d_aa_backward", unchecked::smoothUpsampleBackward},
      {"aten::gelu_backward", unchecked::geluBackward},
      {"aten::_nested_compute_contiguous_strides_offsets", unchecked::nestedSizes},
      {"quantized::embedding_bag_2bit_prepack", tensors::prepack},
      {"aten::_tensor_to_list", unchecked::numbersOf},
      {"aten::_nested_from_padded", unchecked::fromPadded},
      {"aten::_chunk_cat", unchecked::withDimensions},
      {"c10d::check_for_nan", unchecked::contiguous},
      {"quantization::_FloatToBfloat16Quantized", unchecked::contiguous},
      {"quantization::_Bfloat16QuantizedToFloat", unchecked::contiguous},
      {"mkl::_mkl_reorder_linear_weight", unchecked::reorderLinear},
      {"aten::_sobol_engine_initialize_state_", unchecked::sobolState},
      {"aten::_sobol_engine_scramble_", unchecked::sobolScramble},
      {"aten::_sobol_engine_draw", unchecked::sobolDraw},
      {"aten::_sobol_engine_ff_", unchecked::sobolDraw},
  };
  return *made;
}

}  // namespace

// By name for all overloads, or with a dot for one: the empty overload is "aten::remainder.".
OpGuard guardOf(const c10::OperatorName& name) {
  auto found = checks().find(name.name);
  if (found == checks().end()) found = checks().find(name.name + "." + name.overload_name);
  return found == checks().end() ? nullptr : found->second;
}

}  // namespace flambeau
