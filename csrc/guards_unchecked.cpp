// Each found by tests/fuzz/calls.ts, with its reproduction.
#include "guards_unchecked.h"

#include <ATen/ATen.h>
#include <ATen/TensorSubclassLikeUtils.h>
#include <ATen/TracerMode.h>
#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/functorch/TensorWrapper.h>

#include "internal.h"

namespace flambeau::unchecked {
namespace {

constexpr int64_t kSobolDimensions = 21'201;
constexpr int64_t kSobolBits = 30;

bool isTensor(Arguments arguments, size_t i) {
  return i < arguments.size() && arguments[i].isTensor() && arguments[i].toTensor().defined();
}

int64_t integer(Arguments arguments, size_t i) {
  TORCH_CHECK_VALUE(i < arguments.size() && arguments[i].isInt(), "a number is missing");
  return arguments[i].toInt();
}

void isLong(Arguments arguments, size_t i, const char* name, at::IntArrayRef shape) {
  if (!isTensor(arguments, i)) return;
  const auto& x = arguments[i].toTensor();
  TORCH_CHECK_TYPE(
      x.scalar_type() == at::kLong && x.layout() == at::kStrided,
      name,
      " must be int64, but is ",
      x.scalar_type());
  TORCH_CHECK_VALUE(
      x.sizes() == shape, name, " must have the shape ", shape, ", but has ", x.sizes());
}

int64_t sobolDimension(Arguments arguments, size_t i) {
  const auto dimension = integer(arguments, i);
  TORCH_CHECK_VALUE(
      dimension >= 1 && dimension <= kSobolDimensions,
      "dimension must be from 1 to ",
      kSobolDimensions,
      ", but is ",
      dimension);
  return dimension;
}

}  // namespace

// torch.ops.c10d.check_for_nan(torch.ones(1).expand(1000)): reads as many as there are elements.
void contiguous(Arguments arguments) {
  if (!isTensor(arguments, 0)) return;
  const auto& x = arguments[0].toTensor();
  TORCH_CHECK_VALUE(
      x.layout() == at::kStrided && x.is_contiguous() && x.dim() > 0,
      "the tensor must be contiguous, and have a dimension");
}

// torch._chunk_cat([torch.ones(())], 0, 2)
void withDimensions(Arguments arguments) {
  if (arguments.empty() || !arguments[0].isTensorList()) return;
  for (const at::Tensor x : arguments[0].toTensorList()) {
    TORCH_CHECK_VALUE(x.defined() && x.dim() > 0, "the tensors must have a dimension at least");
  }
}

// torch._compute_linear_combination(torch.ones(3, 7), torch.ones(2, 7)): takes a coefficient for
// each along the first dimension, however many there are.
void linearCombination(Arguments arguments) {
  if (arguments.size() < 2 || !isTensor(arguments, 0) || !isTensor(arguments, 1)) return;
  const auto& input = arguments[0].toTensor();
  const auto& coefficients = arguments[1].toTensor();
  TORCH_CHECK_VALUE(
      input.dim() > 0 && coefficients.dim() == 2 && coefficients.size(1) == input.size(0),
      "coefficients must have the shape [results, ",
      input.dim() > 0 ? input.size(0) : 0,
      "], but has ",
      coefficients.sizes());
  TORCH_CHECK_VALUE(
      input.scalar_type() == coefficients.scalar_type(),
      "coefficients must be ",
      input.scalar_type(),
      " as the input is, but are ",
      coefficients.scalar_type());
}

// torch.ops.quantized.embedding_bag_4bit_unpack(torch.ones(2, 4, 4, 0, dtype=torch.uint8))
void rowsHave(Arguments arguments, int64_t bytes) {
  if (!isTensor(arguments, 0)) return;
  const auto& weight = arguments[0].toTensor();
  TORCH_CHECK_VALUE(
      weight.layout() == at::kStrided && weight.is_contiguous() && weight.dim() > 0 &&
          weight.size(-1) >= bytes,
      "the weight must be contiguous, and its rows ",
      bytes,
      " bytes or more");
}

// torch.linalg.eigvals(torch.full((2, 2), torch.nan)): LAPACK goes astray. torch.linalg.eig looks.
void finite(Arguments arguments) {
  if (!isTensor(arguments, 0)) return;
  at::Tensor x = arguments[0].toTensor();
  // Within torch.func, what is wrapped.
  for (;;) {
    if (auto* batched = at::functorch::maybeGetBatchedImpl(x)) {
      x = batched->value();
    } else if (auto* wrapped = at::functorch::maybeGetTensorWrapper(x)) {
      x = wrapped->value();
    } else {
      break;
    }
  }
  if (x.layout() != at::kStrided || !x.is_cpu() || at::isTensorSubclassLike(x)) return;
  using Key = c10::DispatchKey;
  const c10::impl::ExcludeDispatchKeyGuard plain(
      c10::DispatchKeySet(
          {Key::FuncTorchDynamicLayerFrontMode, Key::FuncTorchDynamicLayerBackMode}));
  const at::NoGradGuard noGrad;
  const at::tracer::impl::NoTracerDispatchMode untraced;
  TORCH_CHECK_VALUE(
      x.detach().isfinite().all().item<bool>(), "the input must not have infs or NaNs in it");
}

// torch._cdist_backward(torch.ones(1).expand(9, 9), ...): takes the gradient for contiguous.
void distancesBackward(Arguments arguments) {
  if (!isTensor(arguments, 0) || !isTensor(arguments, 4)) return;
  const auto& gradient = arguments[0].toTensor();
  const auto& distances = arguments[4].toTensor();
  TORCH_CHECK_VALUE(
      gradient.sizes() == distances.sizes(),
      "grad must have the shape of cdist, ",
      distances.sizes(),
      ", but has ",
      gradient.sizes());
  if (!isTensor(arguments, 1) || !isTensor(arguments, 2)) return;
  const auto& left = arguments[1].toTensor();
  const auto& right = arguments[2].toTensor();
  // torch._cdist_backward(x, x, x, p, x) of the shape [4, 2, 4, 1]
  TORCH_CHECK_VALUE(
      left.dim() >= 2 && right.dim() == left.dim() && distances.dim() == left.dim() &&
          left.size(-1) == right.size(-1) && distances.size(-2) == left.size(-2) &&
          distances.size(-1) == right.size(-2) &&
          left.sizes().slice(0, left.dim() - 2) == right.sizes().slice(0, left.dim() - 2) &&
          left.sizes().slice(0, left.dim() - 2) == distances.sizes().slice(0, left.dim() - 2),
      "cdist must have a distance for each of x1's and x2's rows");
  const_cast<at::IValue&>(arguments[0]) = gradient.contiguous();
}

namespace {

void areScales(Arguments arguments, size_t first, at::IntArrayRef inputs, at::IntArrayRef outputs) {
  for (size_t i = 0; i < 2 && first + i < arguments.size(); i++) {
    if (!arguments[first + i].isDouble()) continue;
    const double scaled = arguments[first + i].toDouble() * static_cast<double>(inputs[i]);
    TORCH_CHECK_VALUE(
        scaled >= 0.5 && static_cast<double>(outputs[i]) <= scaled + 1,
        "the scale ",
        arguments[first + i].toDouble(),
        " does not make ",
        outputs[i],
        " of ",
        inputs[i]);
  }
}

}  // namespace

// torch._upsample_bilinear2d_aa(torch.ones(2, 1, 2, 2), [256, 2], False, 4, None): begins to read
// where the scale says. Input, output_size, align_corners, scales.
void smoothUpsample(Arguments arguments) {
  if (arguments.size() < 5 || !isTensor(arguments, 0) || !arguments[1].isIntList() ||
      !arguments[2].isBool() || arguments[2].toBool()) {
    return;
  }
  const auto& input = arguments[0].toTensor();
  const auto outputs = arguments[1].toIntVector();
  if (input.dim() == 4 && outputs.size() == 2) {
    areScales(arguments, 3, input.sizes().slice(2), outputs);
  }
}

// Gradient, output_size, input_size, align_corners, scales.
void smoothUpsampleBackward(Arguments arguments) {
  if (arguments.size() < 6 || !arguments[1].isIntList() || !arguments[2].isIntList() ||
      !arguments[3].isBool() || arguments[3].toBool()) {
    return;
  }
  const auto outputs = arguments[1].toIntVector();
  const auto inputs = arguments[2].toIntVector();
  if (inputs.size() == 4 && outputs.size() == 2) {
    areScales(arguments, 4, at::IntArrayRef(inputs).slice(2), outputs);
  }
}

// torch.ops.aten.gelu_backward(torch.ones(1).expand(1000), torch.ones(4, 1)): takes both for
// contiguous, and as large as each other.
void geluBackward(Arguments arguments) {
  if (!isTensor(arguments, 0) || !isTensor(arguments, 1)) return;
  const auto& gradient = arguments[0].toTensor();
  const auto& self = arguments[1].toTensor();
  if (gradient.sizes() == self.sizes()) return;
  const auto both = at::broadcast_tensors({gradient, self});
  for (const size_t i : {0, 1}) const_cast<at::IValue&>(arguments[i]) = both[i].contiguous();
}

// torch._nested_compute_contiguous_strides_offsets(torch.ones(0, 4, dtype=torch.int64))
void nestedSizes(Arguments arguments) {
  if (!isTensor(arguments, 0)) return;
  const auto& sizes = arguments[0].toTensor();
  TORCH_CHECK_VALUE(
      sizes.dim() == 2 && sizes.numel() > 0 && sizes.scalar_type() == at::kLong &&
          sizes.is_contiguous(),
      "nested_size must be contiguous, int64 and of two dimensions, none empty");
}

// torch._tensor_to_list(torch.ones(1, 0, 3, dtype=torch.int32))
void numbersOf(Arguments arguments) {
  if (!isTensor(arguments, 0)) return;
  const auto& x = arguments[0].toTensor();
  TORCH_CHECK_VALUE(
      x.layout() == at::kStrided && x.dim() == 1 && x.is_contiguous(),
      "the tensor must be contiguous, and have one dimension");
}

// torch._nested_from_padded(x, torch.ones(1, dtype=torch.int64).expand(3, 3))
void fromPadded(Arguments arguments) {
  if (!isTensor(arguments, 0) || !isTensor(arguments, 1)) return;
  const auto& padded = arguments[0].toTensor();
  const auto& sizes = arguments[1].toTensor();
  TORCH_CHECK_VALUE(
      padded.layout() == at::kStrided && !padded.is_quantized() && padded.is_contiguous() &&
          sizes.scalar_type() == at::kLong && sizes.dim() == 2 && sizes.is_contiguous() &&
          sizes.numel() > 0 && padded.dim() == sizes.size(1) + 1 && padded.size(0) == sizes.size(0),
      "the shapes must be contiguous, int64, and one for each of what was padded");
}

// torch.full((1,), 7.0).expand(10).median(0) is not 7 in PyTorch: the kernel takes a stride of 0
// for one of 1. It has an answer all the same, which a tensor without such strides gives.
void medianAlong(Arguments arguments) {
  if (arguments.size() < 2 || !isTensor(arguments, 0) || !arguments[1].isInt()) return;
  const auto& x = arguments[0].toTensor();
  if (x.layout() != at::kStrided || x.dim() == 0) return;
  const auto dim = arguments[1].toInt() + (arguments[1].toInt() < 0 ? x.dim() : 0);
  if (dim < 0 || dim >= x.dim() || x.stride(dim) != 0 || x.size(dim) < 2) return;
  const_cast<at::IValue&>(arguments[0]) = x.contiguous();
}

// torch.ops.mkl._mkl_reorder_linear_weight(torch.ones(1, 2, 0), 5)
void reorderLinear(Arguments arguments) {
  if (!isTensor(arguments, 0)) return;
  const auto& weight = arguments[0].toTensor();
  const auto batch = integer(arguments, 1);
  TORCH_CHECK_VALUE(
      weight.dim() == 2 && weight.numel() > 0, "the weight must have two dimensions, none empty");
  TORCH_CHECK_VALUE(
      batch >= 1 && batch < (int64_t{1} << 31), "batch_size must be from 1 to 2**31 - 1");
}

// torch._sobol_engine_initialize_state_(torch.ones(2, 4, dtype=torch.int64), -3)
void sobolState(Arguments arguments) {
  const auto dimension = sobolDimension(arguments, 1);
  isLong(arguments, 0, "self", {dimension, kSobolBits});
}

void sobolScramble(Arguments arguments) {
  const auto dimension = sobolDimension(arguments, 2);
  isLong(arguments, 0, "self", {dimension, kSobolBits});
  isLong(arguments, 1, "ltm", {dimension, kSobolBits, kSobolBits});
}

// torch._sobol_engine_draw(zeros(2), 5, zeros(2, 4), 2, 2**20): the columns are the bits.
void sobolDraw(Arguments arguments) {
  const auto dimension = sobolDimension(arguments, 3);
  const auto count = integer(arguments, 1);
  const auto generated = integer(arguments, 4);
  constexpr int64_t kMost = int64_t{1} << kSobolBits;
  TORCH_CHECK_VALUE(
      count >= 0 && generated >= 0 && count < kMost && generated < kMost - count,
      "there are 2**",
      kSobolBits,
      " points, n more after num_generated are not");
  isLong(arguments, 0, "quasi", {dimension});
  isLong(arguments, 2, "sobolstate", {dimension, kSobolBits});
}

}  // namespace flambeau::unchecked
