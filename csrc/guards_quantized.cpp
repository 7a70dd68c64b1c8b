// Each found by tests/fuzz/calls.ts, with its reproduction.
#include "guards_quantized.h"

#include <ATen/Functions.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include "internal.h"

namespace flambeau::quantized {
namespace {

bool isTensor(Arguments arguments, size_t i) {
  return i < arguments.size() && arguments[i].isTensor() && arguments[i].toTensor().defined();
}

const at::Tensor& tensor(Arguments arguments, size_t i) {
  TORCH_CHECK_VALUE(isTensor(arguments, i), "a tensor is missing");
  return arguments[i].toTensor();
}

// Kernels read as many elements as there should be, one after the other.
void isPlain(const at::Tensor& x, const char* what) {
  TORCH_CHECK_VALUE(
      x.is_cpu() && x.layout() == at::kStrided && !x.is_quantized() &&
          x.is_non_overlapping_and_dense(),
      what,
      " must be a dense tensor on the CPU");
}

void isPlainOrNone(Arguments arguments, size_t i, const char* what) {
  if (isTensor(arguments, i)) isPlain(tensor(arguments, i), what);
}

// int8 weights are packed. Those of float8 are where the processor multiplies them, and it is
// asked by packing one.
bool isPacked(at::ScalarType dtype) {
  if (dtype != at::kFloat8_e4m3fn) return true;
  static const bool packed = [] {
    const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("onednn::qlinear_prepack", "");
    std::vector<at::IValue> stack{
        at::zeros({1, 1}, at::TensorOptions().dtype(at::kFloat8_e4m3fn)), at::IValue()};
    op.callBoxed(stack);
    return stack[0].toTensor().is_mkldnn();
  }();
  return packed;
}

void isPackedWeight(const at::Tensor& weight) {
  const bool packed = isPacked(weight.scalar_type());
  TORCH_CHECK_VALUE(
      packed ? weight.is_mkldnn() : weight.layout() == at::kStrided,
      "the weight must be what the prepack op gives");
  TORCH_CHECK_VALUE(weight.numel() > 0, "the weight must not be empty");
}

void areScales(const at::Tensor& scales, int64_t channels) {
  isPlain(scales, "w_scale");
  TORCH_CHECK_VALUE(
      scales.dim() <= 1 && (scales.numel() == 1 || scales.numel() == channels),
      "w_scale must have one element, or one for each of the ",
      channels,
      " output channels");
}

void isBias(Arguments arguments, size_t i, int64_t channels) {
  if (!isTensor(arguments, i)) return;
  isPlain(tensor(arguments, i), "bias");
  TORCH_CHECK_VALUE(
      tensor(arguments, i).numel() == channels, "bias must have ", channels, " elements");
}

void areAll(const at::IValue& list, int64_t least, const char* what) {
  if (!list.isIntList()) return;
  for (const auto number : list.toIntVector()) {
    TORCH_CHECK_VALUE(
        number >= least && number <= INT32_MAX, what, " has ", number, ", which is out of range");
  }
}

void areWindows(const at::IValue& stride, const at::IValue& padding, const at::IValue& dilation) {
  areAll(stride, 1, "stride");
  areAll(padding, 0, "padding");
  areAll(dilation, 1, "dilation");
}

void areGroups(const at::IValue& groups, int64_t channels) {
  TORCH_CHECK_VALUE(
      groups.isInt() && groups.toInt() > 0 && channels % groups.toInt() == 0,
      "groups must divide the ",
      channels,
      " channels of the weight's first dimension");
}

void isImageWeight(const at::Tensor& weight) {
  TORCH_CHECK_VALUE(
      weight.dim() >= 3 && weight.dim() <= 5 && weight.numel() > 0,
      "the weight must have 3 to 5 dimensions, and not be empty");
}

void isInputShape(const at::IValue& given, const at::Tensor& weight, int64_t channels) {
  if (!given.isIntList()) return;
  const auto shape = given.toIntVector();
  TORCH_CHECK_VALUE(
      static_cast<int64_t>(shape.size()) == weight.dim() && shape[1] == channels,
      "the input's shape does not fit the weight");
  areAll(given, 1, "the input's shape");
}

}  // namespace

// torch.ops.onednn.qlinear_prepack(torch.ones(4, dtype=torch.int8), None): swaps the second
// dimension of one.
void linearPrepack(Arguments arguments) {
  const auto& weight = tensor(arguments, 0);
  isPlain(weight, "the weight");
  TORCH_CHECK_VALUE(
      weight.dim() == 2 && weight.is_contiguous(),
      "the weight must have two dimensions, and be contiguous");
}

// torch.ops.onednn.qlinear_pointwise(x, 1., 0, torch.ones(3, 3, dtype=torch.int8), ...): takes any
// weight for a packed one. And an input of shape [2, 0] is divided by its last size. Input, its
// scale and zero point, weight, its scales and zero points, (other,) bias, ...
void linear(Arguments arguments) {
  if (arguments.size() < 13) return;
  const bool binary = arguments.size() > 13;
  const auto& input = tensor(arguments, 0);
  const auto& weight = tensor(arguments, 3);
  TORCH_CHECK_VALUE(
      input.layout() == at::kStrided && input.dim() > 0 && input.size(-1) > 0,
      "the input must be dense, and have features");
  isPackedWeight(weight);
  TORCH_CHECK_VALUE(
      weight.dim() == 2 && input.size(-1) == weight.size(0),
      "the weight must have two dimensions, the first of the size of the input's features");
  const int64_t features = weight.size(1);
  areScales(tensor(arguments, 4), features);
  isBias(arguments, binary ? 7 : 6, features);
  if (!binary || !isTensor(arguments, 6)) return;
  const auto& other = tensor(arguments, 6);
  auto sizes = input.sizes().vec();
  sizes.back() = features;
  TORCH_CHECK_VALUE(
      other.sizes() == sizes && other.is_contiguous(),
      "other must be contiguous and of the shape of the result, ",
      at::IntArrayRef(sizes));
  isPlain(other, "other");
}

// torch.ops.onednn.linear_dynamic_fp16(torch.ones(2, 0), weight, None) divides by the last size.
void halfLinear(Arguments arguments) {
  const auto& input = tensor(arguments, 0);
  const auto& weight = tensor(arguments, 1);
  TORCH_CHECK_VALUE(
      input.layout() == at::kStrided && input.dim() > 0 && input.size(-1) > 0,
      "the input must be dense, and have features");
  TORCH_CHECK_VALUE(
      weight.is_mkldnn() && weight.dim() == 2 && weight.numel() > 0,
      "the weight must be what linear_prepack_fp16 gives");
  isBias(arguments, 2, weight.size(1));
}

// torch.ops.onednn.qconv_prepack(torch.ones(1, 1, 3, dtype=torch.int8), s, 1., 0, [1], [0], [1], 1,
// []): inserts past the end of x_shape. Weight, its scales, the input's scale and zero point,
// stride, padding, dilation, groups, x_shape.
void convolutionPrepack(Arguments arguments) {
  if (arguments.size() < 9) return;
  const auto& weight = tensor(arguments, 0);
  isImageWeight(weight);
  TORCH_CHECK_VALUE(weight.layout() == at::kStrided, "the weight must be dense");
  areScales(tensor(arguments, 1), weight.size(0));
  areWindows(arguments[4], arguments[5], arguments[6]);
  areGroups(arguments[7], weight.size(0));
  isInputShape(arguments[8], weight, weight.size(1) * arguments[7].toInt());
}

// torch.ops.onednn.qconv2d_pointwise(x, 1., 0, weight, s, z, None, [0, 0], ...) divides by stride.
// Input, its scale and zero point, weight, its scales and zero points, (accum,)
// bias, stride, padding, dilation, groups, ...
void convolution(Arguments arguments) {
  if (arguments.size() < 17) return;
  const size_t bias = arguments[7].isIntList() ? 6 : 7;
  const auto& input = tensor(arguments, 0);
  const auto& weight = tensor(arguments, 3);
  TORCH_CHECK_VALUE(
      input.layout() == at::kStrided && input.dim() >= 3 && input.dim() <= 5,
      "the input must be dense, and of 3 to 5 dimensions");
  isPackedWeight(weight);
  TORCH_CHECK_VALUE(
      weight.dim() == std::max<int64_t>(input.dim(), 4), "the weight does not fit the input");
  areScales(tensor(arguments, 4), weight.size(0));
  isBias(arguments, bias, weight.size(0));
  areWindows(arguments[bias + 1], arguments[bias + 2], arguments[bias + 3]);
  areGroups(arguments[bias + 4], weight.size(0));
  if (bias == 7) isPlain(tensor(arguments, 6), "accum");
}

// torch.ops.onednn.qbatch_norm2d(x, 1., 0, torch.ones(1).expand(3), ...) reads three numbers.
void batchNorm(Arguments arguments) {
  const char* names[] = {"weight", "bias", "mean", "var"};
  for (size_t i = 0; i < 4; i++) isPlainOrNone(arguments, i + 3, names[i]);
}

// torch.ops.quantized.make_quantized_cell_params(torch.ones(3, 1, 0), ...) quantizes unasked.
void cellParameters(Arguments arguments) {
  for (const size_t i : {0, 1}) {
    const auto& weight = tensor(arguments, i);
    TORCH_CHECK_VALUE(
        weight.layout() == at::kStrided && weight.dim() == 2 && weight.numel() > 0,
        "the weights must have two dimensions and elements");
  }
}

// torch.ops.quantized.conv2d_prepack(weight, None, [1, 1], [0, 0], [1, 1], 0) divides by groups.
// Weight, bias, stride, padding, (output padding,) dilation, groups.
void packedConvolution(Arguments arguments) {
  if (arguments.size() < 6) return;
  const size_t last = arguments.size() - 1;
  const auto& weight = tensor(arguments, 0);
  isImageWeight(weight);
  areWindows(arguments[2], arguments[3], arguments[last - 1]);
  if (last == 6) areAll(arguments[4], 0, "output_padding");
  areGroups(arguments[last], weight.size(0));
  isPlainOrNone(arguments, 1, "bias");
}

// torch.ops.quantized.embedding_bag_4bit_rowwise_offsets(weight, indices, offsets, False, 0, False,
// torch.ones(0)) reads a weight for each index. Weight, indices, offsets, scale_grad_by_freq, mode,
// pruned_weights, per_sample_weights, compressed_indices_mapping.
void bag(Arguments arguments) {
  if (arguments.size() < 9) return;
  const auto& indices = tensor(arguments, 1);
  isPlain(indices, "indices");
  isPlainOrNone(arguments, 0, "the weight");
  isPlainOrNone(arguments, 2, "offsets");
  isPlainOrNone(arguments, 7, "compressed_indices_mapping");
  if (!isTensor(arguments, 6)) return;
  const auto& weights = tensor(arguments, 6);
  isPlain(weights, "per_sample_weights");
  TORCH_CHECK_VALUE(
      weights.numel() == indices.numel() && weights.scalar_type() == at::kFloat,
      "per_sample_weights must be float32, one for each of the ",
      indices.numel(),
      " indices");
}

// torch._weight_int8pack_mm(torch.ones(2, 8, dtype=torch.bfloat16), torch.ones(4, 8,
// dtype=torch.int8), ...): the kernel for bfloat16 reads 16 numbers at a time, and the processor
// refuses those that do not lie at a multiple of their size.
void int8Product(Arguments arguments) {
  const auto& input = tensor(arguments, 0);
  const auto& weight = tensor(arguments, 1);
  if (input.scalar_type() != at::kBFloat16 || !input.is_cpu() || !weight.is_cpu()) return;
  if (input.dim() != 2 || weight.dim() != 2) return;
  const auto at = [](const at::Tensor& x, uintptr_t size) {
    return reinterpret_cast<uintptr_t>(x.const_data_ptr()) % size == 0;
  };
  TORCH_CHECK_VALUE(
      input.layout() == at::kStrided && weight.layout() == at::kStrided &&
          input.size(1) % 16 == 0 && input.stride(0) % 16 == 0 && at(input, 32) && at(weight, 16),
      "bfloat16 takes rows of a multiple of 16 elements, which do not begin within other tensors");
}

// torch.ops.mkldnn._reorder_convolution_weight(weight, 0, 0) divides by stride. Weight, padding,
// stride, dilation, groups, input_size.
void reorderConvolution(Arguments arguments) {
  if (arguments.size() < 5) return;
  const auto& weight = tensor(arguments, 0);
  isImageWeight(weight);
  areWindows(arguments[2], arguments[1], arguments[3]);
  areGroups(arguments[4], weight.size(0));
  if (arguments.size() < 6) return;
  isInputShape(arguments[5], weight, weight.size(1) * arguments[4].toInt());
}

// Weight, padding, output_padding, stride, dilation, groups, input_size.
void reorderTransposed(Arguments arguments) {
  if (arguments.size() < 7) return;
  const auto& weight = tensor(arguments, 0);
  isImageWeight(weight);
  areWindows(arguments[3], arguments[1], arguments[4]);
  areAll(arguments[2], 0, "output_padding");
  areGroups(arguments[5], weight.size(0));
  isInputShape(arguments[6], weight, weight.size(0));
}

namespace {

void fits(const at::Tensor& input, const at::Tensor& weight) {
  isImageWeight(weight);
  TORCH_CHECK_VALUE(
      input.dim() == weight.dim(), "the weight and the input must have as many dimensions");
}

}  // namespace

// torch.ops.mkldnn._linear_pointwise(torch.ones(4, 1, 1), torch.ones(4, 4, 2, 2), ...). Input,
// (other,) weight, bias, ...
void pointwiseLinear(Arguments arguments) {
  if (arguments.size() < 5) return;
  const bool binary = isTensor(arguments, 2) && !arguments[3].isString();
  const auto& input = tensor(arguments, 0);
  const auto& weight = tensor(arguments, binary ? 2 : 1);
  TORCH_CHECK_VALUE(
      weight.dim() == 2 && weight.numel() > 0 && input.dim() > 0 &&
          input.size(-1) == weight.size(1),
      "the weight must have two dimensions, the second of the size of the input's features");
  isBias(arguments, binary ? 3 : 2, weight.size(0));
  if (!binary) return;
  auto shape = input.sizes().vec();
  shape.back() = weight.size(0);
  TORCH_CHECK_VALUE(
      tensor(arguments, 1).sizes() == at::IntArrayRef(shape),
      "other must have the shape of the result, ",
      at::IntArrayRef(shape));
}

// torch.ops.onednn.linear_prepack_fp16(torch.ones(4, 3, dtype=torch.half)): reads floats.
void halfPrepack(Arguments arguments) {
  const auto& weight = tensor(arguments, 0);
  TORCH_CHECK_VALUE(
      weight.dim() == 2 && weight.numel() > 0 && weight.scalar_type() == at::kFloat,
      "the weight must have two dimensions and elements, and be float32");
  isPlainOrNone(arguments, 1, "bias");
}

// torch.ops.quantized.conv2d_dynamic(torch.ones(()), packed)
template <int64_t dims>
void dynamicConvolution(Arguments arguments) {
  TORCH_CHECK_VALUE(
      tensor(arguments, 0).dim() == dims + 2, "the input must have ", dims + 2, " dimensions");
}

template void dynamicConvolution<1>(Arguments);
template void dynamicConvolution<2>(Arguments);
template void dynamicConvolution<3>(Arguments);

// Input, (other,) weight, bias, padding, stride, dilation, groups.
void pointwiseConvolution(Arguments arguments) {
  if (arguments.size() < 10) return;
  // Where there is another tensor it is the second, or, where that is written to, the first.
  const size_t at = arguments[3].isIntList() ? 1 : 2;
  const auto& weight = tensor(arguments, at);
  fits(tensor(arguments, 0), weight);
  if (at == 2) fits(tensor(arguments, 1), weight);
  areWindows(arguments[at + 3], arguments[at + 2], arguments[at + 4]);
  areGroups(arguments[at + 5], weight.size(0));
}

// prim::mkldnn_convolution(torch.ones(0, 1, 4), x, None, [], [], [6], 6). Input, weight, bias,
// stride, padding, dilation, groups.
void plainConvolution(Arguments arguments) {
  if (arguments.size() < 7) return;
  fits(tensor(arguments, 0), tensor(arguments, 1));
  areWindows(arguments[3], arguments[4], arguments[5]);
  areGroups(arguments[6], tensor(arguments, 1).size(0));
}

// torch.ops.mkldnn._convolution_transpose_pointwise(x, torch.ones(()), ...): takes sizes of a
// weight that has none. Input, weight, bias, padding, output_padding, stride, dilation, groups.
void pointwiseTransposed(Arguments arguments) {
  if (arguments.size() < 8) return;
  fits(tensor(arguments, 0), tensor(arguments, 1));
  areWindows(arguments[5], arguments[3], arguments[6]);
  areAll(arguments[4], 0, "output_padding");
  areGroups(arguments[7], tensor(arguments, 0).size(1));
}

}  // namespace flambeau::quantized
