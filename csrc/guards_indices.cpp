// Each guard with its reproduction.
#include "guards_indices.h"

#include <ATen/Functions.h>
#include <ATen/TensorSubclassLikeUtils.h>
#include <ATen/TracerMode.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <vector>

#include "internal.h"

namespace flambeau::indices {

using Arguments = c10::ArrayRef<at::IValue>;

namespace {

bool has(Arguments arguments, size_t i) {
  return i < arguments.size() && arguments[i].isTensor() && arguments[i].toTensor().defined();
}

const at::Tensor& tensor(Arguments arguments, size_t i) {
  TORCH_CHECK_VALUE(has(arguments, i), "a tensor is missing");
  return arguments[i].toTensor();
}

int64_t integer(Arguments arguments, size_t i) {
  TORCH_CHECK_VALUE(i < arguments.size() && arguments[i].isInt(), "a number is missing");
  return arguments[i].toInt();
}

// Looked at as it lies, without a node in a trace or a graph.
struct Unseen {
  at::tracer::impl::NoTracerDispatchMode untraced;
  at::NoGradGuard noGrad;
};

// Of a tensor of vmap's, or of the device "meta", there is nothing to look at.
bool canLook(const at::Tensor& x) {
  return x.defined() && x.numel() > 0 && x.is_cpu() && x.layout() == at::kStrided &&
         !at::isTensorSubclassLike(x);
}

// Integers one after the other, as they are or copied.
struct Numbers {
  explicit Numbers(const at::Tensor& x)
      : held(x.scalar_type() == at::kLong && x.is_contiguous() ? x : copied(x)),
        values(held.const_data_ptr<int64_t>()),
        count(held.numel()) {}

  static at::Tensor copied(const at::Tensor& x) {
    const Unseen unseen;
    return x.to(at::kLong).contiguous();
  }

  at::Tensor held;
  const int64_t* values;
  int64_t count;
};

void within(const int64_t* values, int64_t count, int64_t least, int64_t below, const char* what) {
  for (int64_t i = 0; i < count; i++) {
    TORCH_CHECK_INDEX(
        values[i] >= least && values[i] < below,
        what,
        " must be from ",
        least,
        " to ",
        below - 1,
        ", but there is ",
        values[i]);
  }
}

void within(const at::Tensor& x, int64_t least, int64_t below, const char* what) {
  if (!canLook(x)) return;
  TORCH_CHECK_VALUE(
      at::isIntegralType(x.scalar_type(), /*includeBool=*/false), what, " must be integers");
  const Numbers numbers(x);
  within(numbers.values, numbers.count, least, below, what);
}

// In each row.
void ascends(const at::Tensor& x, const char* what) {
  if (!canLook(x)) return;
  const Numbers numbers(x);
  const int64_t row = x.size(-1);
  for (int64_t i = 1; i < numbers.count; i++) {
    TORCH_CHECK_VALUE(
        i % row == 0 || numbers.values[i] >= numbers.values[i - 1], what, " must not descend");
  }
}

void sameSizes(const at::Tensor& a, const at::Tensor& b, const char* what) {
  TORCH_CHECK_VALUE(
      a.sizes() == b.sizes(), what, " must have shape ", b.sizes(), ", but got ", a.sizes());
}

int64_t planeOf(const at::Tensor& x, int64_t dims) {
  TORCH_CHECK_VALUE(x.dim() > dims, "expected an input of more than ", dims, " dimensions");
  int64_t product = 1;
  for (int64_t i = 1; i <= dims; i++) product *= x.size(-i);
  return product;
}

void pooled(Arguments arguments, size_t at, int64_t dims) {
  const auto& indices = tensor(arguments, at);
  sameSizes(indices, tensor(arguments, 0), "indices");
  within(indices, 0, planeOf(tensor(arguments, 1), dims), "indices");
}

}  // namespace

// torch.ops.aten.max_pool2d_with_indices_backward(g, x, [2, 2], ..., torch.full([1, 1, 2, 2],
// 2**40))
void maxPool2dBackward(Arguments arguments) {
  pooled(arguments, 7, 2);
}

void maxPool3dBackward(Arguments arguments) {
  pooled(arguments, 7, 3);
}

// torch.ops.aten.adaptive_max_pool2d_backward(g, x, torch.full([1, 1, 2, 2], 2**40))
void adaptivePool2dBackward(Arguments arguments) {
  pooled(arguments, 2, 2);
}

void adaptivePool3dBackward(Arguments arguments) {
  pooled(arguments, 2, 3);
}

// torch.ops.aten._embedding_bag_dense_backward(g, indices of 2**40, ...): grad, indices,
// offset2bag, bag_size, maximum_indices, num_weights, scale_grad_by_freq, mode.
void bagBackward(Arguments arguments) {
  const auto& grad = tensor(arguments, 0);
  const auto& indices = tensor(arguments, 1);
  const auto weights = integer(arguments, 5);
  TORCH_CHECK_VALUE(
      grad.dim() == 2 && indices.dim() == 1 && weights >= 0,
      "grad must have two dimensions, indices one, and num_weights not be negative");
  within(indices, 0, weights, "indices");
  if (integer(arguments, 7) == 2) {
    sameSizes(tensor(arguments, 4), grad, "maximum_indices");
    within(tensor(arguments, 4), -1, weights, "maximum_indices");
    return;
  }
  sameSizes(tensor(arguments, 2), indices, "offset2bag");
  within(tensor(arguments, 2), 0, grad.size(0), "offset2bag");
  TORCH_CHECK_VALUE(
      tensor(arguments, 3).numel() == grad.size(0), "bag_size must have a number for each bag");
}

// torch.ops.aten._embedding_bag_per_sample_weights_backward(g, weight, indices of 2**40, ...):
// grad, weight, indices, offsets, offset2bag.
void bagWeightsBackward(Arguments arguments) {
  const auto& grad = tensor(arguments, 0);
  const auto& weight = tensor(arguments, 1);
  const auto& indices = tensor(arguments, 2);
  TORCH_CHECK_VALUE(
      grad.dim() == 2 && weight.dim() == 2 && indices.dim() == 1 && weight.size(1) == grad.size(1),
      "grad and weight must have two dimensions, of the same size the second, and indices one");
  within(indices, 0, weight.size(0), "indices");
  const auto& bags = tensor(arguments, 4);
  TORCH_CHECK_VALUE(
      bags.numel() == indices.numel() || bags.numel() == 0,
      "offset2bag must have a number for each index");
  within(bags, 0, grad.size(0), "offset2bag");
}

namespace {

void segments(const at::Tensor& parts, bool lengths, int64_t axis, const at::Tensor& data) {
  TORCH_CHECK_INDEX(axis >= 0 && axis < data.dim(), "axis is out of range");
  TORCH_CHECK_VALUE(parts.dim() == axis + 1, "there must be lengths or offsets up to axis");
  const int64_t size = data.size(axis);
  within(parts, 0, size + 1, lengths ? "lengths" : "offsets");
  if (!canLook(parts)) return;
  if (!lengths) return ascends(parts, "offsets");
  const Numbers numbers(parts);
  int64_t sum = 0;
  for (int64_t i = 0; i < numbers.count; i++) {
    if (i % parts.size(-1) == 0) sum = 0;
    sum += numbers.values[i];
    TORCH_CHECK_VALUE(sum <= size, "lengths add up to more than there is");
  }
}

}  // namespace

// torch.segment_reduce(x, "sum", lengths=[2**40, 2**40], unsafe=True): data, reduce, lengths,
// indices, offsets, axis.
void segmentReduce(Arguments arguments) {
  const auto& data = tensor(arguments, 0);
  const auto axis = integer(arguments, 5);
  if (has(arguments, 2)) segments(tensor(arguments, 2), true, axis, data);
  if (has(arguments, 4)) segments(tensor(arguments, 4), false, axis, data);
}

// grad, output, data, reduce, lengths, offsets, axis
void segmentReduceBackward(Arguments arguments) {
  const auto& output = tensor(arguments, 1);
  const auto& data = tensor(arguments, 2);
  const auto axis = integer(arguments, 6);
  sameSizes(tensor(arguments, 0), output, "grad");
  for (const size_t i : {4, 5}) {
    if (!has(arguments, i)) continue;
    segments(tensor(arguments, i), i == 4, axis, data);
    TORCH_CHECK_VALUE(
        output.dim() == data.dim() &&
            output.size(axis) == tensor(arguments, i).size(axis) - (i == 5 ? 1 : 0),
        "the output must have a part for each segment");
  }
}

namespace {

std::vector<int64_t> lengthsOf(const at::IValue& given) {
  if (given.isIntList()) return given.toIntVector();
  TORCH_CHECK_VALUE(given.isTensor() && given.toTensor().defined(), "lengths are missing");
  if (!canLook(given.toTensor())) return {};
  const Numbers numbers(given.toTensor());
  return {numbers.values, numbers.values + numbers.count};
}

// log_probs, targets, input_lengths, target_lengths. Only what a target's length covers counts.
void targetsOfCtc(Arguments arguments) {
  const auto& scores = tensor(arguments, 0);
  const auto& targets = tensor(arguments, 1);
  if (!canLook(targets) || scores.dim() == 0) return;
  const Numbers numbers(targets);
  const auto lengths = lengthsOf(arguments[3]);
  const int64_t row = targets.dim() == 2 ? targets.size(1) : 0;
  int64_t start = 0;
  for (const int64_t length : lengths) {
    const int64_t most = row > 0 ? row : numbers.count;
    // LibTorch says so itself.
    if (length < 0 || length > most || start + length > numbers.count) return;
    within(numbers.values + start, length, 0, scores.size(-1), "targets");
    start += row > 0 ? row : length;
  }
}

}  // namespace

// torch.ctc_loss(x, torch.full([1, 2], 2**40), [4], [2], 0)
void ctcLoss(Arguments arguments) {
  if (arguments.size() < 4) return;
  targetsOfCtc(arguments);
}

// grad, log_probs, targets, input_lengths, target_lengths, neg_log_likelihood, log_alpha
void ctcLossBackward(Arguments arguments) {
  if (arguments.size() < 7) return;
  targetsOfCtc(arguments.slice(1));
  const auto& scores = tensor(arguments, 1);
  const auto& alpha = tensor(arguments, 6);
  int64_t longest = 0;
  for (const auto length : lengthsOf(arguments[4])) longest = std::max(longest, length);
  TORCH_CHECK_VALUE(scores.dim() == 3, "log_probs must have three dimensions");
  TORCH_CHECK_VALUE(
      alpha.dim() == 3 && alpha.size(0) == scores.size(1) && alpha.size(1) == scores.size(0) &&
          alpha.size(2) >= 2 * longest + 1,
      "log_alpha must be what the forward pass gave");
  TORCH_CHECK_VALUE(
      tensor(arguments, 0).numel() == scores.size(1) &&
          tensor(arguments, 5).numel() == scores.size(1),
      "grad and neg_log_likelihood must have a number for each of the batch");
}

// torch.sparse_coo_tensor([[0, 2], [0, 3]], [3, 1], [3, 2]) is made unasked, and torch.sparse.mm
// writes where its indices point.
void sparseCoo(Arguments arguments) {
  if (arguments.size() < 3 || !arguments[2].isIntList()) return;
  if (!has(arguments, 0) || !has(arguments, 1) || !canLook(tensor(arguments, 0))) return;
  const Unseen unseen;
  at::_validate_sparse_coo_tensor_args(
      tensor(arguments, 0), tensor(arguments, 1), arguments[2].toIntVector());
}

namespace {

void sparseCompressed(Arguments arguments, at::Layout layout) {
  if (arguments.size() < 4 || !arguments[3].isIntList()) return;
  if (!has(arguments, 0) || !has(arguments, 1) || !has(arguments, 2)) return;
  if (!canLook(tensor(arguments, 0))) return;
  const Unseen unseen;
  at::_validate_sparse_compressed_tensor_args(
      tensor(arguments, 0),
      tensor(arguments, 1),
      tensor(arguments, 2),
      arguments[3].toIntVector(),
      layout);
}

}  // namespace

// torch._sparse_csr_tensor_unsafe(torch.full([3], 2**40), ...).to_dense(), and its kin
void sparseCsr(Arguments arguments) {
  sparseCompressed(arguments, at::kSparseCsr);
}
void sparseCsc(Arguments arguments) {
  sparseCompressed(arguments, at::kSparseCsc);
}
void sparseBsr(Arguments arguments) {
  sparseCompressed(arguments, at::kSparseBsr);
}
void sparseBsc(Arguments arguments) {
  sparseCompressed(arguments, at::kSparseBsc);
}
void sparseOfLayout(Arguments arguments) {
  if (arguments.size() < 6 || !arguments[5].isInt()) return;
  sparseCompressed(arguments, static_cast<at::Layout>(arguments[5].toInt()));
}

// torch.linalg.ldl_solve(torch.eye(2), torch.tensor([0, 0]), x): LAPACK takes pivots for rows, from
// 1 on, negative for blocks of two, and swaps them. Where one is 0 it swaps with what lies before.
void pivots(Arguments arguments) {
  const auto& factor = tensor(arguments, 0);
  const auto& pivots = tensor(arguments, 1);
  if (factor.dim() < 2 || !canLook(pivots)) return;
  const int64_t rows = factor.size(-1);
  within(pivots, -rows, rows + 1, "pivots");
  const Numbers numbers(pivots);
  for (int64_t i = 0; i < numbers.count; i++) {
    TORCH_CHECK_INDEX(numbers.values[i] != 0, "pivots are from 1 on, or negative");
    // Blocks of two lie one after the other.
    const bool first = numbers.values[i] < 0;
    if (!first) continue;
    TORCH_CHECK_VALUE(
        (i + 1) % rows != 0 && i + 1 < numbers.count && numbers.values[i + 1] < 0,
        "negative pivots come in pairs");
    i++;
  }
}

// torch.ops.aten.unfold_backward(torch.ones(()), [5], 0, 1, 1): takes the last of no dimensions.
void unfoldBackward(Arguments arguments) {
  if (!has(arguments, 0) || arguments.size() < 2 || !arguments[1].isIntList()) return;
  TORCH_CHECK_VALUE(
      tensor(arguments, 0).dim() == static_cast<int64_t>(arguments[1].toIntVector().size()) + 1,
      "grad_in must have one dimension more than input_sizes");
}

// torch.ops.aten._adaptive_avg_pool2d_backward(torch.ones(1, 2, 1, 1), torch.ones(1, 1, 1, 1))
void sameChannels(Arguments arguments) {
  if (!has(arguments, 0) || !has(arguments, 1)) return;
  const auto& grad = tensor(arguments, 0);
  const auto& input = tensor(arguments, 1);
  TORCH_CHECK_VALUE(grad.dim() == input.dim(), "grad_output and input differ in dimensions");
  const int64_t leading = std::min<int64_t>(2, grad.dim() - 2);
  for (int64_t i = 0; i < leading; i++) {
    TORCH_CHECK_VALUE(
        grad.size(i) == input.size(i), "grad_output and input differ in batch or channels");
  }
}

// torch._convert_indices_from_coo_to_csr(torch.full([4], 2**40), 5); indices that do not lie one
// after another (torch.zeros(1).expand(1000)) it reads as if they did, and so are those it writes.
void rowsToPointers(Arguments arguments) {
  for (const auto& argument : arguments) {
    TORCH_CHECK_VALUE(
        !argument.isTensor() || !argument.toTensor().defined() ||
            argument.toTensor().is_contiguous(),
        "the indices must be contiguous: call contiguous() first");
  }
  within(tensor(arguments, 0), 0, integer(arguments, 1), "indices");
}

// torch._convert_indices_from_csr_to_coo(torch.tensor([0, -1000000, 2000000000]), torch.ones(2))
void pointersToRows(Arguments arguments) {
  const auto& pointers = tensor(arguments, 0);
  const auto& columns = tensor(arguments, 1);
  TORCH_CHECK_VALUE(pointers.dim() > 0 && columns.dim() > 0, "indices must have a dimension");
  within(pointers, 0, columns.size(-1) + 1, "crow_indices");
  ascends(pointers, "crow_indices");
}

// torch._embedding_bag_forward_only(weight, indices, torch.tensor([0, -2**40])): weight, indices,
// offsets. And F.embedding_bag(torch.zeros(6).long(), torch.zeros(1, 10).double(),
// torch.zeros(0).long())
void bagOffsets(Arguments arguments) {
  if (!has(arguments, 1) || !has(arguments, 2)) return;
  const auto& indices = tensor(arguments, 1);
  const auto& offsets = tensor(arguments, 2);
  TORCH_CHECK_VALUE(
      offsets.numel() > 0 || indices.numel() == 0, "offsets are empty, but indices are not");
  within(offsets, 0, indices.numel() + 1, "offsets");
}

namespace {

// Whether elements of `size` bytes, from the one at `first` on, lie within the tensor's memory.
void reaches(
    const at::Tensor& self,
    const at::IValue& shape,
    const at::IValue& steps,
    int64_t first,
    int64_t size) {
  const auto sizes = shape.toIntVector();
  const auto strides = steps.toIntVector();
  TORCH_CHECK_VALUE(sizes.size() == strides.size(), "there must be a stride for each size");
  TORCH_CHECK_VALUE(first >= 0, "the offset lies before the tensor's memory");
  int64_t last = first;
  for (size_t i = 0; i < sizes.size(); i++) {
    TORCH_CHECK_VALUE(sizes[i] >= 0 && strides[i] >= 0, "sizes and strides must not be negative");
    if (sizes[i] == 0) return;
    int64_t step = 0;
    TORCH_CHECK_VALUE(
        !__builtin_mul_overflow(sizes[i] - 1, strides[i], &step) &&
            !__builtin_add_overflow(last, step, &last),
        "sizes and strides are too large");
  }
  const auto held = static_cast<int64_t>(self.storage().nbytes()) / size;
  TORCH_CHECK_VALUE(last < held, "sizes and strides reach past the end of the tensor's memory");
}

}  // namespace

// torch._reshape_alias(torch.ones(2), [1000000], [1000]) reads past the end; so does its copy, and
// of nothing: torch._reshape_alias_copy(torch.ones(0), [], []).
void reshapeAlias(Arguments arguments) {
  const auto& self = tensor(arguments, 0);
  if (!self.defined() || !self.is_cpu() || self.layout() != at::kStrided ||
      at::isTensorSubclassLike(self) || arguments.size() < 3) {
    return;
  }
  reaches(self, arguments[1], arguments[2], self.storage_offset(), self.itemsize());
}

// torch.ops.inductor._reinterpret_tensor(torch.ones(2), [1000000], [1000]) does as well. Self,
// size, stride, offset_increment.
void reinterpret(Arguments arguments) {
  const auto& self = tensor(arguments, 0);
  if (arguments.size() < 4) return;
  int64_t first = 0;
  TORCH_CHECK_VALUE(
      self.is_cpu() && self.layout() == at::kStrided && !at::isTensorSubclassLike(self),
      "it takes a dense tensor on the CPU");
  TORCH_CHECK_VALUE(
      !__builtin_add_overflow(self.storage_offset(), integer(arguments, 3), &first),
      "the offset is too large");
  reaches(self, arguments[1], arguments[2], first, self.itemsize());
}

// torch.ops.inductor._alloc_from_pool(torch.ones(2), 2**40, torch.float32, [2], [1]). Self,
// offset_bytes, dtype, size, stride.
void fromPool(Arguments arguments) {
  const auto& self = tensor(arguments, 0);
  if (arguments.size() < 5) return;
  TORCH_CHECK_VALUE(
      self.is_cpu() && self.layout() == at::kStrided && !at::isTensorSubclassLike(self) &&
          self.storage_offset() == 0,
      "it takes a dense tensor on the CPU, from the beginning of its memory");
  const auto dtype = static_cast<at::ScalarType>(integer(arguments, 2));
  const auto size = static_cast<int64_t>(c10::elementSize(dtype));
  const auto offset = integer(arguments, 1);
  TORCH_CHECK_VALUE(offset % size == 0, "offset_bytes must be a multiple of an element's size");
  reaches(self, arguments[3], arguments[4], offset / size, size);
}

// torch.native_batch_norm_backward(g, x, None, None, None, None, None, False, 1e-5, [True] * 3):
// grad_out, input, weight, running_mean, running_var, save_mean, save_invstd, train.
void batchNormBackward(Arguments arguments) {
  if (arguments.size() < 8 || !has(arguments, 0) || !has(arguments, 1)) return;
  const auto& input = tensor(arguments, 1);
  TORCH_CHECK_VALUE(input.dim() >= 2, "input must have two dimensions at least");
  sameSizes(tensor(arguments, 0), input, "grad_out");
  const size_t first = arguments[7].toBool() ? 5 : 3;
  for (size_t i = 2; i < 7; i++) {
    if (i == first || i == first + 1 || has(arguments, i)) {
      const auto count = tensor(arguments, i).numel();
      TORCH_CHECK_VALUE(
          count == input.size(1) || (count == 0 && i != first && i != first + 1),
          "weight and statistics must have a number for each channel");
    }
  }
}

// torch._scaled_dot_product_flash_attention_for_cpu(q, no keys, no values) divides by zero.
void flashAttention(Arguments arguments) {
  const auto& query = tensor(arguments, 0);
  const auto& key = tensor(arguments, 1);
  const auto& value = tensor(arguments, 2);
  TORCH_CHECK_VALUE(
      query.dim() == 4 && key.dim() == 4 && value.dim() == 4 && query.numel() > 0 &&
          key.numel() > 0 && value.numel() > 0,
      "query, key and value must have four dimensions and elements");
  TORCH_CHECK_VALUE(
      query.size(0) == key.size(0) && query.size(1) == key.size(1) &&
          query.size(3) == key.size(3) && key.sizes() == value.sizes(),
      "query, key and value must have the same batch, heads and size of a head, and key and value "
      "the same length");
}

// torch._native_multi_head_attention(x, x, x, 4, 0, ...) divides by the number of heads.
void heads(Arguments arguments) {
  const size_t at = arguments.size() > 4 && arguments[3].isInt() ? 3 : 1;
  const auto size = integer(arguments, at);
  const auto count = integer(arguments, at + 1);
  TORCH_CHECK_VALUE(
      count > 0 && size > 0 && size % count == 0, "embed_dim must be a multiple of num_heads");
}

// torch._cummax_helper(torch.ones(4), torch.ones(1), torch.zeros(1).long(), 0)
void cumulative(Arguments arguments) {
  const auto& self = tensor(arguments, 0);
  sameSizes(tensor(arguments, 1), self, "values");
  sameSizes(tensor(arguments, 2), self, "indices");
  // torch._cummax_helper of tensors of the sizes [0, 3] along 1 walks the rows that are not there.
  TORCH_CHECK_VALUE(self.numel() > 0, "self must not be empty");
  // torch._cummin_helper(x, values, indices, -2) does not count from the end, but goes there.
  TORCH_CHECK_INDEX(
      arguments.size() < 4 || !arguments[3].isInt() || self.dim() == 0 ||
          (arguments[3].toInt() >= 0 && arguments[3].toInt() < self.dim()),
      "dim must be from 0 to ",
      self.dim() - 1);
}

// torch._log_softmax_backward_data(torch.ones(2, 3), torch.ones(1), 0, torch.float)
void softmaxBackward(Arguments arguments) {
  if (!has(arguments, 0) || !has(arguments, 1)) return;
  sameSizes(tensor(arguments, 1), tensor(arguments, 0), "output");
}

// torch.ops.aten.grid_sampler_2d_backward(torch.ones(1, 1, 2, 2), x, torch.ones(1, 5, 5, 2), ...)
void gridBackward(Arguments arguments) {
  const auto& grad = tensor(arguments, 0);
  const auto& input = tensor(arguments, 1);
  const auto& grid = tensor(arguments, 2);
  const auto rank = grid.dim();
  TORCH_CHECK_VALUE(
      rank >= 4 && input.dim() == rank && grad.dim() == rank && grad.size(0) == input.size(0) &&
          grad.size(1) == input.size(1) && grad.sizes().slice(2) == grid.sizes().slice(1, rank - 2),
      "grad_output must have the shape of the forward pass's result");
}

// torch._pdist_forward(torch.ones(2, 2, 0)) takes the first two dimensions for all.
void distances(Arguments arguments) {
  TORCH_CHECK_VALUE(tensor(arguments, 0).dim() == 2, "it takes two dimensions");
}

// torch._pdist_backward(g, torch.ones(1, 2, 3), ...): grad, self, p, pdist.
void distancesBackward(Arguments arguments) {
  const auto& self = tensor(arguments, 1);
  TORCH_CHECK_VALUE(self.dim() == 2, "it takes two dimensions");
  const auto pairs = self.size(0) * (self.size(0) - 1) / 2;
  TORCH_CHECK_VALUE(
      tensor(arguments, 0).sizes() == at::IntArrayRef({pairs}) &&
          tensor(arguments, 3).sizes() == at::IntArrayRef({pairs}),
      "grad and pdist must have a number for each pair");
}

// torch._weight_norm_interface_backward(torch.ones(()), torch.ones(0), ...): grad_w, v, g, norms,
// dim.
void weightNormBackward(Arguments arguments) {
  const auto& v = tensor(arguments, 1);
  const auto dim = integer(arguments, 4);
  TORCH_CHECK_VALUE(v.numel() > 0 && v.dim() > 0, "saved_v must not be empty");
  TORCH_CHECK_INDEX(dim == 0 || dim == v.dim() - 1, "dim must be the first or the last");
  sameSizes(tensor(arguments, 0), v, "grad_w");
  TORCH_CHECK_VALUE(
      tensor(arguments, 2).numel() == v.size(dim) && tensor(arguments, 3).numel() == v.size(dim),
      "saved_g and saved_norms must have an element for each of saved_v's along dim");
}

// torch.ops.aten.mkldnn_rnn_layer_backward(torch.ones(1, 0, 3), ...): oneDNN's kernels walk by the
// sizes that input and weights (the first three) ought to have.
void rnnLayer(Arguments arguments) {
  const auto& input = tensor(arguments, 0);
  const auto& weight = tensor(arguments, 1);
  const auto& hidden = tensor(arguments, 2);
  TORCH_CHECK_VALUE(
      input.dim() == 3 && input.numel() > 0 && weight.dim() == 2 && hidden.dim() == 2 &&
          weight.numel() > 0 && hidden.numel() > 0 && weight.size(1) == input.size(2) &&
          weight.size(0) == hidden.size(0) && hidden.size(0) % hidden.size(1) == 0,
      "input and weights must have the sizes of a layer of an LSTM");
}

// torch.lu_unpack(torch.ones(1, 0, 5, 5), torch.ones(1, 0).int()): looks for the least pivot of
// none.
void unpackedPivots(Arguments arguments) {
  if (!has(arguments, 0) || !has(arguments, 1)) return;
  if (arguments.size() > 3 && !arguments[3].toBool()) return;
  const auto& factors = tensor(arguments, 0);
  if (factors.dim() < 2) return;
  auto expected = factors.sizes().slice(0, factors.dim() - 2).vec();
  expected.push_back(std::min(factors.size(-1), factors.size(-2)));
  TORCH_CHECK_VALUE(
      tensor(arguments, 1).sizes() == at::IntArrayRef(expected),
      "LU_pivots must have shape ",
      at::IntArrayRef(expected));
}

namespace {

void cell(const at::Tensor& input, const at::Tensor& state, const at::Tensor& weight) {
  TORCH_CHECK_VALUE(
      input.dim() == 2 && state.dim() == 2 && weight.dim() == 2,
      "input, states and weights of a cell must have two dimensions");
  TORCH_CHECK_VALUE(
      state.size(0) == input.size(0) && state.size(1) == weight.size(1),
      "Expected a state of shape ",
      at::IntArrayRef({input.size(0), weight.size(1)}),
      ", but got ",
      state.sizes());
}

}  // namespace

// torch.lstm_cell(torch.ones(1, 1), [torch.ones(1, 1, 5, 127, 1), ...], ...)
void lstmCell(Arguments arguments) {
  if (arguments.size() < 4 || !arguments[1].isTensorList()) return;
  for (const auto& state : arguments[1].toTensorVector()) {
    cell(tensor(arguments, 0), state, tensor(arguments, 3));
  }
}

// torch.gru_cell(torch.ones(1, 1), torch.ones(1, 1, 5), ...)
void recurrentCell(Arguments arguments) {
  if (arguments.size() < 4) return;
  cell(tensor(arguments, 0), tensor(arguments, 1), tensor(arguments, 3));
}

}  // namespace flambeau::indices
