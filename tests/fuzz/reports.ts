/**
 * Reports of PyTorch's tracker that an op ended the process ("segmentation fault", "floating point exception"), each with its
 * reproduction: none may end ours. What LibTorch 2.13 still does wrong is refused in `csrc/guards.cpp`.
 *
 * @module
 */

import * as torch from "../../mod.ts";

const { int } = torch.jit;
const aten = torch.jit.ops.aten!;
const { onednn, quantized, _quantized, mkldnn, inductor } = torch.jit.ops as Record<
  string,
  typeof aten
>;
type Reproduction = () => unknown;

const x = (shape: number[], dtype: torch.DType = "float32") => torch.ones(shape, { dtype });
const longs = (shape: number[], value: number) => torch.full(shape, value, { dtype: "int64" });
const ints = (shape: number[], value: number) => torch.full(shape, value, { dtype: "int32" });
const qint8 = (shape: number[]) => aten.quantize_per_tensor!(x(shape), 0.1, 3, int(12));
const packedLinear = () => onednn!.qlinear_prepack!(x([4, 3], "int8"), null);
const packedConvolution = () =>
  onednn!.qconv_prepack!(x([4, 2, 3, 3], "int8"), x([4]), 1, 0, [1, 1], [0, 0], [1, 1], 1, null);
/** Past every end. */
const far = 2 ** 40;
const bits = x([4, 4], "uint8");
/** Larger than JavaScript's whole numbers go exactly. */
const huge = 2n ** 63n - 1n;

/** Reproductions by the number of their report at github.com/pytorch/pytorch/issues. */
export const reports: Readonly<Record<string, Reproduction>> = {
  "85053 div out": () => aten.div!(x([1]), x([1]), torch.jit.kwargs({ out: x([5, 1, 1, 1]) })),
  "85167 ger out": () => aten.ger!(x([2]), x([2]), torch.jit.kwargs({ out: x([2, 1, 1, 1]) })),
  "85166 pow out": () => aten.pow!(x([1]), x([1, 1]), torch.jit.kwargs({ out: x([2, 2, 2, 2]) })),
  "145070 _adaptive_avg_pool2d_backward": () =>
    aten._adaptive_avg_pool2d_backward!(x([1, 1, 3, 3]), x([1])),
  "147458 conv1d with a stride of 2**32": () =>
    aten.conv1d!(x([20, 16, 50]), x([33, 16, 3]), x([33]), [2 ** 32], [0], [1], 1),
  "32630 0 // 0 of integers": () => aten.floor_divide!(longs([1], 0), longs([1], 0)),
  "327 division of integers by zero": () => aten.remainder!(longs([3], 5), longs([3], 0)),
  "39281 as_strided without strides": () => aten.as_strided!(x([]), [1], []),
  "146794 as_strided_copy with a large offset": () =>
    aten.as_strided_copy!(x([0, 1]), [4], [1], 7546629512955761371n),
  "146793 as_strided with a large offset": () => {
    const view = aten.as_strided!(x([1], "bool"), [4096], [0], huge);
    return view.toArray();
  },
  "42541 as_strided with an empty stride": () => aten.as_strided!(x([3]), [1, 0], [], 1),
  "82416 new_empty_strided": () => aten.new_empty_strided!(x([2]), [2, 2], [-1, 1]),
  "150388 as_strided_scatter": () =>
    aten.as_strided_scatter!(x([4, 4]), x([2, 2]), [2, 2], [2, 1], huge),
  "145066 _local_scalar_dense of nothing": () => aten._local_scalar_dense!(x([0])),
  "73189 im2col with absurd sizes": () =>
    aten.im2col!(
      x([2, 4, 3, 3], "float64"),
      [1879048192, 1879048192],
      [1, 1],
      [1250999896764, 1250999896764],
      [1250999896764, 1250999896764],
    ),
  "50286 embedding_bag of nothing": () =>
    aten.embedding_bag!(x([10, 5]), longs([0], 1), longs([0], 0)),
  "78129 _embedding_bag_forward_only": () =>
    aten._embedding_bag_forward_only!(
      x([2, 2, 5, 3, 3], "float64"),
      torch.full([3, 0, 1], -4468, { dtype: "int32" }),
      longs([7, 1, 0], -7226),
      true,
      6318,
      false,
      longs([3], -8750),
      false,
      6383,
    ),
  "115239 embedding_renorm_ of an empty table": () =>
    aten.embedding_renorm_!(x([4, 0], "float16"), torch.tensor([0, 51, 81]), -0.87, 2),
  "71094 embedding_bag with negative indices": () =>
    aten.embedding_bag!(x([30, 8]), longs([18], -3), torch.tensor([0, 6, 12])),
  "85213 embedding_bag": () =>
    aten.embedding_bag!(
      x([8, 8, 0, 0, 0], "float64"),
      longs([8, 8, 0, 0, 0], 1),
      longs([8, 8, 0, 0, 0, 14], 1),
      true,
      0,
      true,
      longs([4], 1),
      true,
      0,
    ),
  "85213 _embedding_bag": () =>
    aten._embedding_bag!(
      x([2, 6], "float64"),
      longs([0], 2),
      longs([0], 0),
      true,
      0,
      true,
      x([1], "float64"),
      true,
      0,
    ),
  "175370 embedding_bag of float64 with empty offsets": () =>
    aten.embedding_bag!(x([1, 10], "float64"), longs([6], 0), longs([0], 0), false, 0),
  "89677 embedding_bag with a padding index": () =>
    aten.embedding_bag!(
      x([100, 5]),
      longs([55], 3),
      torch.tensor([0, 6, 12, 15, 25, 32, 40, 42, 46, 53, 53]),
      false,
      1,
      true,
      null,
      true,
      61,
    ),
  "143483 embedding_bag.padding_idx with an unknown mode": () =>
    aten.embedding_bag!(
      x([3, 4]),
      longs([5], -2147483648),
      longs([0], 0),
      false,
      3046875451,
      false,
      null,
      false,
      null,
    ),
  "143482 embedding_backward": () =>
    aten.embedding_backward!(
      x([8, 0, 3, 7, 6, 1, 0]),
      longs([2], 1250999896764),
      536870912,
      4194304,
      true,
      false,
    ),
  "128693 fused_moving_avg_obs_fake_quant": () =>
    aten.fused_moving_avg_obs_fake_quant!(
      x([2, 3]),
      longs([1], 1),
      longs([1], 1),
      x([0]),
      x([0]),
      x([0]),
      torch.zeros([0], { dtype: "int32" }),
      0.01,
      0,
      255,
      0,
      true,
      false,
    ),
  "128694 _fused_moving_avg_obs_fq_helper": () =>
    aten._fused_moving_avg_obs_fq_helper!(
      x([2, 3]),
      longs([1], 1),
      longs([1], 1),
      x([0]),
      x([0]),
      x([0]),
      torch.zeros([0], { dtype: "int32" }),
      0.01,
      0,
      255,
      0,
      true,
      false,
    ),
  "141450 _fft_c2c": () => aten._fft_c2c!(x([1, 2], "complex64"), [5, -7], 0, true),
  "141449 _fft_r2c": () => aten._fft_r2c!(x([2, 3]), [9], 0, true),
  "77899 native_channel_shuffle with 0 groups": () =>
    aten.native_channel_shuffle!(longs([0, 0, 9, 15], 1), 0),
  "77894 channel_shuffle of nothing": () => aten.channel_shuffle!(x([0, 3, 8, 0], "float64"), 1),
  "153231 native_channel_shuffle with a large number": () =>
    aten.native_channel_shuffle!(x([1, 1, 15, 3], "int32"), 2615494409475630863n),
  "121092 native_channel_shuffle of an empty batch": () =>
    aten.native_channel_shuffle!(x([0, 1, 1, 1]), 1),
  "149274 mkldnn_max_pool2d with a stride of 0": () =>
    aten.mkldnn_max_pool2d!(aten.to_mkldnn!(x([2, 64, 32, 32])), [3], [0]),
  "152913 max_unpool2d with indices outside": () =>
    aten.max_unpool2d!(x([1, 1, 2, 2]), longs([1, 1, 2, 2], -9_000_000), [4, 4]),
  "94698 avg_pool1d of an absurd shape": () =>
    aten.avg_pool1d!(aten.empty!([9, 15, 0, 2772747373535906632n, 0, 14]), [1], [1], [1]),
  "max_pool1d with a kernel of 2**40": () => aten.max_pool1d!(x([1, 4]), [2 ** 40]),
  "remainder of an integer by zero": () => aten.remainder!(int(1), int(0)),
  "integer division by zero": () => aten.floordiv!(int(1), int(0)),
  "modulo of the least integer by -1": () => aten.remainder!(-(2n ** 63n), int(-1)),
  "rsplit at nothing": () => aten.rsplit!("abc", ""),
  "split at nothing": () => aten.split!("abc", ""),
  "reflection_pad2d_backward without padding": () =>
    aten.reflection_pad2d_backward!(x([2, 3, 1]), x([3, 4]), []),
  "_neg_view_copy of a quantized tensor": () =>
    aten._neg_view_copy!(aten.quantize_per_tensor!(x([2]), 0.1, 3, int(13))),
  "bits of nothing": () => aten.bitwise_left_shift!(bits, -1),
  "148954 ldl_solve with pivots of 0": () =>
    aten.linalg_ldl_solve!(x([10, 10]), torch.arange(10).to("int32"), x([10, 10])),
  "150177 ldl_solve with pivots of 0, small": () =>
    aten.linalg_ldl_solve!(x([2, 2]), ints([2], 0), x([2, 1])),
  "193824 sparse.mm of indices outside": () => {
    const indices = torch.tensor([[0, 2], [0, 3]]);
    const right = aten.sparse_coo_tensor!(indices, x([2]), [3, 2]);
    return aten._sparse_sparse_matmul!(x([2, 3]).toSparse(), right);
  },
  "141099 adaptive_max_pool2d_backward": () =>
    aten.adaptive_max_pool2d_backward!(x([1, 4, 4, 4]), x([1, 4, 4, 4]), longs([1, 4, 3, 1], 5)),
  "141100 adaptive_max_pool3d_backward": () =>
    aten.adaptive_max_pool3d_backward!(x([1, 4, 4, 4, 4]), x([1, 4, 4, 4, 4]), longs([1], 5)),
  "194799 _log_softmax_backward_data": () =>
    aten._log_softmax_backward_data!(x([1, 16]), x([1, 1]), int(1), int(6)),
  "194801 _masked_softmax_backward": () =>
    aten._masked_softmax_backward!(x([1, 16]), x([1, 1]), x([1, 16], "bool"), int(1)),
  "194803 _adaptive_avg_pool2d_backward of other channels": () =>
    aten._adaptive_avg_pool2d_backward!(x([1, 2, 1, 1], "bfloat16"), x([1, 1, 1, 1], "bfloat16")),
  "194807 unfold_backward of a scalar": () =>
    aten.unfold_backward!(x([]), [5], int(0), int(1), int(1)),
  "77891 _fft_r2c": () => aten._fft_r2c!(x([1, 51, 10], "float64"), [-1250999896764], 0, true),
  "141448 _fft_c2r": () => aten._fft_c2r!(x([4, 2], "complex64"), [5], 0, int(6)),
  "78128 bincount with weights of another shape": () =>
    aten.bincount!(longs([3], 2550), longs([3, 1, 3, 0, 0, 0, 1, 1], -4620), 9711),
  "77892 _fused_moving_avg_obs_fq_helper": () =>
    aten._fused_moving_avg_obs_fq_helper!(
      x([1], "float64"),
      x([1], "float64"),
      x([1]),
      x([5, 5], "float64"),
      x([1, 1], "float64"),
      x([0, 3], "float64"),
      x([0]),
      0,
      0,
      0,
      1250999896764,
      true,
      true,
    ),
  "85216 _mkldnn_transpose": () =>
    aten._mkldnn_transpose!(aten.to_mkldnn!(x([3, 4, 5])), 1250999896764, 0),
  "121093 replication_pad2d without padding": () => aten.replication_pad2d!(x([2]), []),
  "73193 mkldnn_convolution with strides of 0": () =>
    aten.mkldnn_convolution!(
      x([1, 1, 1, 24000]),
      x([1, 1, 1, 24000]),
      x([1]),
      [0, 0],
      [0, 0],
      [0, 0],
      0,
    ),
  "73165 CrossEntropyLoss of no classes": () =>
    torch.nn.functional.crossEntropy(x([5, 0]), x([5, 0])),
  "77895 cross_entropy_loss of nothing": () =>
    aten.cross_entropy_loss!(
      longs([0, 0, 9, 15, 0], 0),
      x([0, 0, 9, 15, 0], "float64"),
      x([0], "float64"),
      1,
      -1250999896764,
      0,
    ),
  "114207 gradient": () => aten.gradient!(x([4, 4]), [x([4])], [0, 1]),
  "50037 quantized_lstm_cell with one state": () => {
    const four = torch.tensor([1, 2, 3, 4]);
    const one = torch.tensor([1]);
    const state = [torch.tensor([true, true])];
    return aten.quantized_lstm_cell!(
      ...[torch.tensor([1, 2, 3]), state, four, four, four, four, four, four, one, one],
      ...[1, 1, 1, 1],
    );
  },
  "106769 LSTMCell with a state of five dimensions": () =>
    aten.lstm_cell!(x([1, 1]), [x([1, 1, 5, 127, 1]), x([1, 1])], x([4, 1]), x([4, 1])),
  "175978 LSTMCell with states of another batch": () =>
    aten.lstm_cell!(x([5]), [x([3, 3]), x([3, 3])], x([12, 5]), x([12, 3])),
  "193823 LSTMCell with one tensor for both states": () =>
    aten.lstm_cell!(x([3]), [x([3, 3]), x([3, 3])], x([12, 3]), x([12, 3])),
  "85026 lu_unpack of nothing": () => aten.lu_unpack!(x([0, 20, 4, 12]), ints([16, 0], 1)),
  "85026 lu_unpack with negative pivots": () => aten.lu_unpack!(x([1, 1]), ints([1], -10000000)),
  "92776 lu_unpack": () => aten.lu_unpack!(x([1, 0, 5, 5], "float64"), ints([1, 0], -512)),
  "87962 lu_unpack with pivots of 0": () =>
    aten.lu_unpack!(x([3, 3]), torch.tensor([0, 1, 2]).to("int32")),
  "94668 lstm": () =>
    aten.lstm!(
      x([2, 12, 3, 2, 13]),
      [x([13, 14], "int16"), x([11, 15], "int16")],
      [x([14, 14], "int32"), x([11], "bool"), x([], "int16")],
      false,
      -119,
      33.87,
      true,
      false,
      true,
    ),
  "sort of an empty dimension (15343)": () => aten.sort!(x([0]), 0, true),
  "max_pool2d_with_indices_backward with indices outside": () =>
    aten.max_pool2d_with_indices_backward!(
      x([1, 1, 2, 2]),
      x([1, 1, 4, 4]),
      ...[[2, 2], [2, 2], [0, 0], [1, 1], false],
      longs([1, 1, 2, 2], far),
    ),
  "max_pool3d_with_indices_backward with indices outside": () =>
    aten.max_pool3d_with_indices_backward!(
      x([1, 1, 2, 2, 2]),
      x([1, 1, 4, 4, 4]),
      ...[[2, 2, 2], [2, 2, 2], [0, 0, 0], [1, 1, 1], false],
      longs([1, 1, 2, 2, 2], far),
    ),
  "_embedding_bag_dense_backward with indices outside": () =>
    aten._embedding_bag_dense_backward!(
      x([2, 4]),
      ...[longs([3], far), longs([3], 0), longs([2], 1), longs([2], 0), 5, false, 0, null],
    ),
  "_embedding_bag_dense_backward with bags outside": () =>
    aten._embedding_bag_dense_backward!(
      x([2, 4]),
      ...[longs([3], 1), longs([3], far), longs([2], 1), longs([2], 0), 5, false, 0, null],
    ),
  "_embedding_bag_per_sample_weights_backward": () =>
    aten._embedding_bag_per_sample_weights_backward!(
      ...[x([2, 4]), x([5, 4]), longs([3], far), longs([2], 0), longs([3], 0), 0],
    ),
  "_embedding_bag_forward_only with negative offsets": () =>
    aten._embedding_bag_forward_only!(x([3, 2]), longs([4], 1), torch.tensor([0, -far])),
  "segment_reduce with lengths past the end": () =>
    aten.segment_reduce!(
      x([5]),
      "sum",
      torch.jit.kwargs({ lengths: longs([2], far), unsafe: true }),
    ),
  "_segment_reduce_backward with lengths past the end": () =>
    aten._segment_reduce_backward!(
      ...[x([2]), x([2]), x([5]), "sum"],
      torch.jit.kwargs({ lengths: longs([2], far) }),
    ),
  "ctc_loss with targets outside": () =>
    torch.nn.functional.ctcLoss(x([4, 1, 3]), longs([1, 2], far), [4], [2]),
  "_ctc_loss with targets outside": () =>
    aten._ctc_loss!(x([4, 1, 3]), longs([1, 2], far), [4], [2]),
  "_ctc_loss_backward with a small log_alpha": () =>
    aten._ctc_loss_backward!(
      ...[x([1]), x([4, 1, 3]), longs([1, 2], 1), [4], [2], x([1]), x([1, 1, 1]), 0],
    ),
  "_sparse_csr_tensor_unsafe to dense": () =>
    aten._sparse_csr_tensor_unsafe!(longs([3], far), longs([2], far), x([2]), [2, 5]).toDense(),
  "_sparse_coo_tensor_unsafe, coalesced": () =>
    aten._sparse_coo_tensor_unsafe!(longs([2, 2], far), x([2]), [2, 2]).coalesce(),
  "_convert_indices_from_coo_to_csr": () =>
    aten._convert_indices_from_coo_to_csr!(longs([4], -far), 5),
  "_convert_indices_from_csr_to_coo": () =>
    aten._convert_indices_from_csr_to_coo!(torch.tensor([0, -1000000, 2000000000]), longs([2], 1)),
  "_reshape_alias past the end": () => aten._reshape_alias!(x([2]), [1000000], [1000]).sum(),
  "_reshape_alias_copy with a negative stride": () =>
    aten._reshape_alias_copy!(x([2]), [5, 5], [-3, 2]),
  "_native_batch_norm_legit_functional with statistics of nothing": () =>
    aten._native_batch_norm_legit_functional!(
      x([2, 2, 4, 2]),
      null,
      x([0]),
      x([3, 4]),
      x([0, 1]),
      false,
      0.1,
      -1,
    ),
  "_adaptive_avg_pool3d of a quantized tensor to no sizes": () =>
    aten._adaptive_avg_pool3d!(qint8([3, 7, 5, 2]), []),
  "_native_batch_norm_legit.no_stats in evaluation": () =>
    aten._native_batch_norm_legit!(x([1, 3, 2]), x([3]), x([3]), false, 0, 6),
  "native_group_norm of no groups": () =>
    aten.native_group_norm!(x([3, 1]), null, null, 4, -3, 0, 0, 2),
  "_fused_moving_avg_obs_fq_helper of nothing observed": () =>
    aten._fused_moving_avg_obs_fq_helper_functional!(
      x([2]),
      x([1]),
      x([1]),
      x([0]),
      x([1, 0]),
      x([0, 4]),
      x([1, 1]),
      4,
      -1,
      -3,
      0,
      false,
      false,
    ),
  "_foreach_addcmul_ with no scalars": () =>
    aten._foreach_addcmul_!([x([3, 2])], [x([3, 2]).requiresGrad_()], [x([3, 2])], []),
  "_remove_batch_dim to a place that is not there": () =>
    aten._remove_batch_dim!(x([64, 64]), 2, 2 ** 40, -2),
  "_convert_indices_from_coo_to_csr of indices that share their place": () =>
    aten._convert_indices_from_coo_to_csr!(ints([1], 0).expand([1 << 20]), 3),
  "_reshape_alias_copy of nothing": () => aten._reshape_alias_copy!(x([0]), [], []),
  "to with a dtype that is none": () => aten.to!(x([0, 1]), null, int(-2), true, false),
  "embedding_bag_4bit_prepack with 2**40 bins": () =>
    quantized!.embedding_bag_4bit_prepack!(x([4, 4]), true, 2 ** 40),
  "batch_norm_update_stats with one statistic of two": () =>
    aten.batch_norm_update_stats!(x([4, 3, 1]), x([3]), null, 0.1),
  "batch_norm_update_stats with statistics of other shapes": () =>
    aten.batch_norm_update_stats!(x([3, 4, 1]), x([1]), x([1, 2, 0], "float16"), 0.1),
  "_batch_norm_with_update_functional with statistics of nothing": () =>
    aten._batch_norm_with_update_functional!(x([1, 2]), x([]), x([]), x([0, 2]), x([0]), 0.1, 1e-5),
  "native_batch_norm_backward without statistics": () =>
    aten.native_batch_norm_backward!(
      ...[x([2, 3]), x([2, 3]), null, null, null, null, null, false, 1e-5, [true, true, true]],
    ),
  "flash attention to nothing": () =>
    aten._scaled_dot_product_flash_attention_for_cpu!(
      ...[x([1, 1, 2, 4]), x([1, 1, 0, 4]), x([1, 1, 0, 4])],
    ),
  "_native_multi_head_attention of 0 heads": () =>
    aten._native_multi_head_attention!(
      ...[x([1, 2, 4]), x([1, 2, 4]), x([1, 2, 4]), int(4), int(0)],
      ...[x([12, 4]), x([12]), x([4, 4]), x([4])],
    ),
  "_cummax_helper with small results": () =>
    aten._cummax_helper!(x([4]), x([1]), longs([1], 0), int(0)),
  "grid_sampler_2d_backward with a small gradient": () =>
    aten.grid_sampler_2d_backward!(
      ...[x([1, 1, 2, 2]), x([1, 1, 3, 3]), x([1, 5, 5, 2]), int(0), int(0), false, [true, true]],
    ),
  "_pdist_forward of three dimensions": () => aten._pdist_forward!(x([2, 2, 0]), 0),
  "_remove_batch_dim to nowhere": () =>
    aten._remove_batch_dim!(x([100]), int(-2), int(-2), int(2 ** 31)),
  "_transform_bias_rescale_qkv of 0 heads": () =>
    aten._transform_bias_rescale_qkv!(x([4, 1, 3]), x([3]), int(0)),
  "_weight_norm of another size": () => aten._weight_norm!(x([1000]), x([]), int(0)),
  "_cholesky_solve_helper of another size": () =>
    aten._cholesky_solve_helper!(x([3, 1]), x([64, 64]), false),
  "fractional_max_pool3d_backward with a kernel of one number": () =>
    aten.fractional_max_pool3d_backward!(
      ...[x([1, 1, 2, 2, 2]), x([1, 1, 4, 4, 4]), [2], [2, 2, 2], longs([1, 1, 2, 2, 2], 0)],
    ),
  "embedding_bag_4bit_prepack of nothing": () =>
    torch.jit.ops.quantized!.embedding_bag_4bit_prepack!(x([2, 4, 0])),
  "legendre polynomial of degree 2**32": () => torch.special.legendrePolynomialP(x([1]), 2 ** 32),
  "__upsample_bilinear with no factors": () => aten.__upsample_bilinear!(x([1, 1, 1, 2]), null, []),
  "__interpolate with no factors": () => aten.__interpolate!(x([1, 1, 1, 2]), null, [], "bilinear"),
  "onednn.qlinear_prepack of one dimension": () => onednn!.qlinear_prepack!(x([4], "int8"), null),
  "onednn.qlinear_prepack of a scalar": () => onednn!.qlinear_prepack!(x([], "int8"), null),
  "onednn.qlinear_pointwise with a weight that is not packed": () =>
    onednn!.qlinear_pointwise!(
      ...[x([2, 3], "int8"), 1, 0, x([3, 3], "int8"), x([3]), x([3], "int8"), null],
      ...[1, 0, "float32", "none", [], ""],
    ),
  "onednn.qlinear_pointwise without features": () =>
    onednn!.qlinear_pointwise!(
      ...[x([2, 0], "uint8"), 1, 0, packedLinear(), x([4]), x([4], "int8"), null],
      ...[1, 0, "float32", "none", [], ""],
    ),
  "onednn.qlinear_pointwise that adds to less than there is": () =>
    onednn!.qlinear_pointwise!(
      ...[x([64, 3], "uint8"), 1, 0, packedLinear(), x([4]), x([4], "int8"), x([1]), null],
      ...[1, 0, "float32", 1, 0, "sum", 1, "none", [], ""],
    ),
  "onednn.linear_dynamic_fp16 without features": () =>
    onednn!.linear_dynamic_fp16!(x([2, 0]), onednn!.linear_prepack_fp16!(x([4, 3]), null), null),
  "onednn.qconv_prepack with a shape of no numbers": () =>
    onednn!.qconv_prepack!(x([1, 1, 3], "int8"), x([1]), 1, 0, [1], [0], [1], int(1), []),
  "onednn.qconv2d_pointwise with a stride of 0": () =>
    onednn!.qconv2d_pointwise!(
      ...[x([1, 2, 5, 5], "uint8"), 1, 0, packedConvolution(), x([4]), x([4], "int8"), null],
      ...[[0, 0], [0, 0], [1, 1], int(1), 1, 0, "float32", "none", [], null],
    ),
  "onednn.qbatch_norm2d with one number for a million channels": () =>
    onednn!.qbatch_norm2d!(
      ...[x([1, 1 << 20, 1, 1], "uint8"), 1, 0, x([1]).expand([1 << 20]), x([1 << 20])],
      ...[x([1 << 20]), x([1 << 20]), 1e-5, 1, 0, "uint8"],
    ),
  "quantized.make_quantized_cell_params of nothing": () =>
    quantized!.make_quantized_cell_params!(x([3, 1, 0]), x([]), x([3, 4]), x([])),
  "_quantized.linear_prepack_fp16 of nothing": () =>
    _quantized!.linear_prepack_fp16!(x([2, 2, 0]), x([2, 2, 0])),
  "quantized.conv2d_prepack of 0 groups": () =>
    quantized!.conv2d_prepack!(qint8([4, 2, 3, 3]), null, [1, 1], [0, 0], [1, 1], int(0)),
  "quantized.conv_transpose2d_prepack of 0 groups": () =>
    quantized!.conv_transpose2d_prepack!(
      ...[qint8([4, 2, 3, 3]), null, [1, 1], [0, 0], [0, 0], [1, 1], int(0)],
    ),
  "quantized.embedding_bag_4bit_rowwise_offsets with fewer weights than indices": () =>
    quantized!.embedding_bag_4bit_rowwise_offsets!(
      ...[quantized!.embedding_bag_4bit_prepack!(x([4, 8])), longs([3], 1)],
      ...[torch.tensor([0, 2]), false, 0, false, x([0]), null, false],
    ),
  "_weight_int8pack_mm of rows of 8": () =>
    aten._weight_int8pack_mm!(x([2, 8], "bfloat16"), x([4, 8], "int8"), x([4], "bfloat16")),
  "_weight_int8pack_mm that begins within another tensor": () =>
    aten._weight_int8pack_mm!(
      x([3, 17], "bfloat16").narrow(1, 1, 16),
      ...[x([4, 16], "int8"), x([4], "bfloat16")],
    ),
  "mkldnn._reorder_convolution_weight with a stride of 0": () =>
    mkldnn!._reorder_convolution_weight!(
      ...[x([4, 2, 3, 3]), [0, 0], [0, 0], [1, 1], int(1), [1, 2, 5, 5]],
    ),
  "mkldnn._convolution_transpose_pointwise of a scalar": () =>
    mkldnn!._convolution_transpose_pointwise!(
      ...[x([1, 2, 5, 5]), x([]), null, [0, 0], [0, 0], [1, 1], [1, 1], int(1), "none", [], ""],
    ),
  "inductor._reinterpret_tensor past the end": () =>
    inductor!._reinterpret_tensor!(x([2]), [1000000], [1000]).sum(),
  "inductor._reinterpret_tensor before the beginning": () =>
    inductor!._reinterpret_tensor!(x([2]), [2], [1], int(-far)).sum(),
  "inductor._alloc_from_pool past the end": () =>
    inductor!._alloc_from_pool!(x([2]), int(far), "float32", [2], [1]).sum(),
  "_chunk_cat of scalars": () => aten._chunk_cat!([x([])], int(0), int(2)),
  "median of one number, expanded to a million": () => x([1]).expand([1 << 24]).median(0),
  "_cummax_helper of nothing": () =>
    aten._cummax_helper!(longs([0, 3], 0), longs([0, 3], 0), longs([0, 3], 0), int(-1)),
  "_stack of what is transposed": () => aten._stack!([x([40, 4]).t()], int(1)),
  "_compute_linear_combination of bytes": () =>
    aten._compute_linear_combination!(x([1 << 20, 7]), x([5, 1 << 20], "int8")),
  "onednn.linear_prepack_fp16 of halves": () =>
    onednn!.linear_prepack_fp16!(x([1 << 12, 1 << 12], "float16"), null),
  "quantized.conv2d_dynamic of a scalar": () =>
    quantized!.conv2d_dynamic!(
      x([]),
      quantized!.conv2d_prepack!(qint8([4, 2, 3, 3]), null, [1, 1], [0, 0], [1, 1], int(1)),
    ),
  "mkldnn._linear_pointwise with the weight of a convolution": () =>
    mkldnn!._linear_pointwise!(x([4, 1, 1]), x([4, 4, 2, 2]), x([4]), "relu", [], ""),
  "_compute_linear_combination of too few coefficients": () =>
    aten._compute_linear_combination!(x([1 << 20, 7]), x([5, 2])),
  "prim.mkldnn_convolution of nothing": () =>
    torch.jit.ops.prim!.mkldnn_convolution!(
      ...[x([0, 1, 4]), x([0, 1, 4]), null, [], [], [6], int(6)],
    ),
  "quantized.embedding_bag_4bit_unpack of empty rows": () =>
    quantized!.embedding_bag_4bit_unpack!(x([2, 4, 4, 0], "uint8")),
  "prim.ReductionSizes of an axis twice": () =>
    torch.jit.ops.prim!.ReductionSizes!([2, 1], [0, 0], false),
  "linalg.eigvals of NaN": () => torch.linalg.eigvals(torch.full([2, 8, 8], NaN)),
  "linalg.eigvals of NaN in a program": () => {
    const unit = torch.jit.compile("def f(x):\n    return torch.linalg_eigvals(x)\n");
    return unit.f!(torch.full([2, 8, 8], NaN));
  },
  "linalg.eigvals of NaN within vmap": () =>
    torch.func.vmap((m: torch.Tensor) => torch.linalg.eigvals(m))(torch.full([2, 8, 8], NaN)),
  "_cdist_backward of an expanded gradient": () =>
    aten._cdist_backward!(x([1]).expand([900, 900]), x([900, 2]), x([900, 2]), 2, x([900, 900])),
  "_weight_norm_interface of expanded tensors": () =>
    aten._weight_norm_interface!(x([1]).expand([1 << 20]), x([1]).expand([1 << 20]), int(0)),
  "_upsample_bilinear2d_aa of another scale": () =>
    aten._upsample_bilinear2d_aa!(x([2, 1, 2, 2]), [100000, 2], false, 4, null),
  "_upsample_bicubic2d_aa_backward of another scale": () =>
    aten._upsample_bicubic2d_aa_backward!(
      ...[x([1, 1, 1000, 2]), [1000, 2], [1, 1, 2, 2], false, 4, null],
    ),
  "gelu_backward of an expanded gradient": () =>
    aten.gelu_backward!(x([1]).expand([1 << 20]), x([4, 1])),
  "_nested_compute_contiguous_strides_offsets of nothing": () =>
    aten._nested_compute_contiguous_strides_offsets!(longs([0, 4], 0)),
  "to a memory format that is none": () => aten.to!(x([0, 4, 2]), "int32", false, false, int(far)),
  "_native_batch_norm_legit_no_training with a number a pixel": () =>
    aten._native_batch_norm_legit_no_training!(
      ...[x([3, 7, 5, 2]), x([1]), x([1]), x([1]), x([1]), 0.1, 1e-5],
    ),
  "_cummin_helper along a dimension from the end": () =>
    aten._cummin_helper!(x([300, 300]), x([300, 300]), longs([300, 300], 0), int(-2)),
  "_tensor_to_list of nothing": () => aten._tensor_to_list!(x([1, 0, 3], "int32")),
  "_nested_from_padded of other shapes": () =>
    aten._nested_from_padded!(x([0]), longs([1], 1).expand([3, 3]), false),
  "quantized.embedding_bag_2bit_prepack of nothing": () =>
    quantized!.embedding_bag_2bit_prepack!(x([2, 4, 0, 4]), false),
  "_cdist_backward of other rows": () =>
    aten._cdist_backward!(
      ...[x([4, 2, 4, 1]), x([4, 2, 4, 1]), x([4, 2, 4, 1]), 1e-320],
      x([4, 2, 4, 1]),
    ),
  "c10d.check_for_nan of an expanded tensor": () =>
    torch.jit.ops.c10d!.check_for_nan!(x([1]).expand([1 << 24])),
  "quantization._FloatToBfloat16Quantized of an expanded tensor": () =>
    torch.jit.ops.quantization!._FloatToBfloat16Quantized!(x([1]).expand([1 << 24])),
  "mkl._mkl_reorder_linear_weight of nothing": () =>
    torch.jit.ops.mkl!._mkl_reorder_linear_weight!(x([1, 2, 0]), int(5)),
  "_sobol_engine_initialize_state_ of another shape": () =>
    aten._sobol_engine_initialize_state_!(longs([2, 4], 1), int(1111)),
  "_sobol_engine_scramble_ of another shape": () =>
    aten._sobol_engine_scramble_!(longs([2, 30], 1), longs([2, 2, 2], 1), int(2)),
  "_sobol_engine_draw of more points than there are": () =>
    aten._sobol_engine_draw!(longs([2], 0), int(1), longs([2, 30], 1), int(2), int(far), null),
  "_sobol_engine_ff_ of another shape": () =>
    aten._sobol_engine_ff_!(longs([1], 0), int(100), longs([1, 1], 1), int(1000), int(0)),
  "truncNormal_ far outside": () => torch.nn.init.truncNormal_(x([4, 1], "float64"), 4294967296),
};
