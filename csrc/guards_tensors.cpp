// Each found by tests/fuzz/calls.ts, with its reproduction.
#include "guards_tensors.h"

#include <ATen/Functions.h>
#include <ATen/TensorSubclassLikeUtils.h>
#include <ATen/TracerMode.h>
#include <ATen/core/grad_mode.h>

#include "internal.h"

namespace flambeau::tensors {
namespace {

constexpr double kHighestDegree = 100'000;

bool isTensor(Arguments arguments, size_t i) {
  return i < arguments.size() && arguments[i].isTensor() && arguments[i].toTensor().defined();
}

const at::Tensor& tensor(Arguments arguments, size_t i) {
  TORCH_CHECK_VALUE(isTensor(arguments, i), "a tensor is missing");
  return arguments[i].toTensor();
}

int64_t integer(Arguments arguments, size_t i) {
  TORCH_CHECK_VALUE(i < arguments.size() && arguments[i].isInt(), "a number is missing");
  return arguments[i].toInt();
}

bool isDense(const at::Tensor& x) {
  return x.layout() == at::kStrided && !x.is_quantized();
}

// Whether unsafe_chunk gives as many parts as the kernel then takes.
void hasParts(const at::Tensor& gates, int64_t parts) {
  TORCH_CHECK_VALUE(
      gates.dim() == 2 && gates.size(1) > 0 && gates.size(1) % parts == 0,
      "gates must have two dimensions, the second a multiple of ",
      parts);
}

}  // namespace

// x.to(None, copy=True) in TorchScript reads a dtype that is not there, and so does
// x.to(None, -2), whose dtype is a plain number.
void copyTo(Arguments arguments) {
  const size_t count = arguments.size();
  for (size_t i = 1; i < count; i++) {
    if (!arguments[i].isInt()) continue;
    const auto code = arguments[i].toInt();
    TORCH_CHECK_VALUE(
        code >= 0 && code < static_cast<int64_t>(c10::ScalarType::Undefined),
        "there is no dtype ",
        code);
  }
  const bool byDtype = count == 4 && arguments[1].isNone() && arguments[3].isBool();
  const bool byDevice =
      count == 5 && arguments[1].isNone() && arguments[2].isNone() && arguments[4].isBool();
  if (byDtype || byDevice) {
    TORCH_CHECK_VALUE(!arguments[count - 1].toBool(), "a copy needs a dtype or a device");
  }
}

// torch._weight_norm(torch.ones(1000), torch.ones(())): reads as many of g as v has along dim.
void weightNorm(Arguments arguments) {
  if (!isTensor(arguments, 0) || !isTensor(arguments, 1)) return;
  const auto& v = tensor(arguments, 0);
  const auto& g = tensor(arguments, 1);
  const auto dim = integer(arguments, 2);
  TORCH_CHECK_VALUE(v.numel() > 0 && v.dim() > 0, "v must not be empty");
  TORCH_CHECK_INDEX(dim >= -v.dim() && dim < v.dim(), "dim is out of range");
  const bool walked = dim == 0 || dim == v.dim() - 1;
  TORCH_CHECK_VALUE(
      !walked || g.numel() == v.size(dim), "g must have an element for each of v's along dim");
  // torch._weight_norm_interface(torch.ones(1).expand(9), ...): takes both for contiguous.
  for (const size_t i : {0, 1}) {
    const_cast<at::IValue&>(arguments[i]) = tensor(arguments, i).contiguous();
  }
}

// torch._remove_batch_dim(torch.ones(100), -2, -2, 2**31): moves a dimension to where none is.
void removeBatchDim(Arguments arguments) {
  if (!isTensor(arguments, 0)) return;
  const auto rank = tensor(arguments, 0).dim();
  const auto place = integer(arguments, 3);
  TORCH_CHECK_INDEX(place >= 0 && place <= rank, "out_dim is out of range");
  TORCH_CHECK_VALUE(integer(arguments, 1) >= 1, "there is no such level");
  TORCH_CHECK_VALUE(integer(arguments, 2) >= 0, "batch_size is negative");
}

// torch.ops.mkldnn._reorder_mkldnn_rnn_layer_weight(torch.ones(0, 1), torch.ones(0), 5, ...)
void reorderRnn(Arguments arguments) {
  const auto& input = tensor(arguments, 0);
  const auto& hidden = tensor(arguments, 1);
  const auto size = integer(arguments, 2);
  TORCH_CHECK_VALUE(
      size > 0 && input.dim() == 2 && hidden.dim() == 2 && input.size(0) == 4 * size &&
          input.size(1) > 0 && hidden.sizes() == at::IntArrayRef({4 * size, size}),
      "the weights must be those of an LSTM of hidden_size");
  TORCH_CHECK_VALUE(isDense(input) && isDense(hidden), "the weights must be dense");
}

// torch.ops.quantized.embedding_bag_4bit_prepack(torch.ones(2, 4, 0)), which with optimized_qparams
// tries each of nbins
void prepack(Arguments arguments) {
  const auto& weight = tensor(arguments, 0);
  if (arguments.size() > 2 && arguments[1].isBool() && arguments[2].isInt()) {
    TORCH_CHECK_VALUE(
        arguments[2].toInt() > 0 && arguments[2].toInt() <= 1 << 20,
        "nbins must be from 1 to 1048576, but is ",
        arguments[2].toInt());
  }
  TORCH_CHECK_VALUE(
      weight.dim() == 2 && weight.numel() > 0, "the weight must have two dimensions and elements");
}

// torch.quantized_lstm_cell(x, [], ...) takes the first two of no states.
void quantizedLstmCell(Arguments arguments) {
  if (arguments.size() < 2 || !arguments[1].isTensorList()) return;
  TORCH_CHECK_VALUE(arguments[1].toListRef().size() == 2, "hx must be two tensors");
}

// torch._transform_bias_rescale_qkv(torch.ones(4, 0, 1), torch.ones(1), 0) divides by num_heads,
// and by the size of a head.
void transformQkv(Arguments arguments) {
  if (!isTensor(arguments, 0) || !isTensor(arguments, 1)) return;
  const auto& qkv = tensor(arguments, 0);
  const auto heads = integer(arguments, 2);
  TORCH_CHECK_VALUE(
      heads > 0 && qkv.dim() == 3 && qkv.size(2) > 0 && qkv.size(2) % (3 * heads) == 0,
      "qkv must have three dimensions, the last a multiple of 3 * num_heads");
  TORCH_CHECK_VALUE(
      tensor(arguments, 1).sizes() == at::IntArrayRef({qkv.size(2)}),
      "qkv_bias must have an element for each of qkv's last dimension");
}

// torch._thnn_differentiable_gru_cell_backward(g, torch.ones(4, 1), ...): takes the third of one
// part.
void gruCellBackward(Arguments arguments) {
  hasParts(tensor(arguments, 1), 3);
  hasParts(tensor(arguments, 2), 3);
}

void lstmCellBackward(Arguments arguments) {
  hasParts(tensor(arguments, 2), 4);
  hasParts(tensor(arguments, 3), 4);
}

namespace {

// How many scales there are: one for each block of each row.
int64_t blocksOf(int64_t block, int64_t in, int64_t out) {
  TORCH_CHECK_VALUE(
      block > 0 && in > 0 && out > 0 && in <= INT32_MAX && out <= INT32_MAX && in % block == 0 &&
          in % 2 == 0,
      "in_features must be even and a multiple of block_size, and all above 0");
  return in / block * out;
}

}  // namespace

// torch._dyn_quant_pack_4bit_weight(torch.ones(0, 4), ..., 0, 2**40, -2)
void packFourBits(Arguments arguments) {
  const auto& weights = tensor(arguments, 0);
  const auto& scales = tensor(arguments, 1);
  const auto [in, out] = std::pair(integer(arguments, 4), integer(arguments, 5));
  const auto blocks = blocksOf(integer(arguments, 3), in, out);
  TORCH_CHECK_VALUE(
      isDense(weights) && weights.scalar_type() == at::kByte && weights.numel() == out * in / 2,
      "weights must be uint8, two numbers in each");
  TORCH_CHECK_VALUE(
      isDense(scales) && scales.numel() == blocks, "there must be a scale for each block");
  TORCH_CHECK_VALUE(
      !isTensor(arguments, 2) || tensor(arguments, 2).numel() == out,
      "bias must have out_features elements");
}

// torch._dyn_quant_matmul_4bit(torch.ones(()), packed, 0, 2**40, -2)
void multiplyFourBits(Arguments arguments) {
  const auto& input = tensor(arguments, 0);
  const auto& packed = tensor(arguments, 1);
  const auto [in, out] = std::pair(integer(arguments, 3), integer(arguments, 4));
  const auto blocks = blocksOf(integer(arguments, 2), in, out);
  TORCH_CHECK_VALUE(
      isDense(input) && input.dim() >= 1 && input.size(-1) == in, "inp must have in_features");
  TORCH_CHECK_VALUE(
      isDense(packed) && packed.numel() >= out * in / 2 + blocks, "the packed weights are too few");
}

// torch.special.legendre_polynomial_p(x, 2**32) goes through all degrees below.
void polynomial(Arguments arguments) {
  if (arguments.size() < 2) return;
  const auto& degree = arguments[1];
  double most = 0;
  if (degree.isTensor()) {
    const auto& n = degree.toTensor();
    // A tensor without numbers of its own is left alone: vmap, a meta tensor.
    if (!n.defined() || n.numel() == 0 || !n.is_cpu() || !isDense(n) || n.is_complex() ||
        at::isTensorSubclassLike(n)) {
      return;
    }
    const at::tracer::impl::NoTracerDispatchMode unseen;
    const at::NoGradGuard noGrad;
    most = n.max().item().toDouble();
  } else if (degree.isScalar() && !degree.isComplexDouble()) {
    most = degree.toScalar().toDouble();
  }
  TORCH_CHECK_VALUE(
      !(most > kHighestDegree), "a degree of ", most, " is too high: at most ", kHighestDegree);
}

// torch._cholesky_solve_helper(torch.ones(3, 1), torch.ones(64, 64), False)
void choleskySolve(Arguments arguments) {
  if (!isTensor(arguments, 0) || !isTensor(arguments, 1)) return;
  const auto& right = tensor(arguments, 0);
  const auto& factor = tensor(arguments, 1);
  const auto rank = right.dim();
  TORCH_CHECK_VALUE(
      rank >= 2 && factor.dim() == rank && factor.size(-1) == factor.size(-2) &&
          factor.size(-1) == right.size(-2) &&
          right.sizes().slice(0, rank - 2) == factor.sizes().slice(0, rank - 2) &&
          right.scalar_type() == factor.scalar_type(),
      "the factor must be square, and fit the right side");
}

}  // namespace flambeau::tensors
