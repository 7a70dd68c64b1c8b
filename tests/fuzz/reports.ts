/**
 * Reports of PyTorch's tracker that an op ended the process ("segmentation fault", "floating point exception"), each with its
 * reproduction: none may end ours. What LibTorch 2.13 still does wrong is refused in `csrc/guards.cpp`.
 *
 * @module
 */

import * as torch from "../../mod.ts";

const { int } = torch.jit;
const aten = torch.jit.ops.aten!;
type Reproduction = () => unknown;

const x = (shape: number[], dtype: torch.DType = "float32") => torch.ones(shape, { dtype });
const longs = (shape: number[], value: number) => torch.full(shape, value, { dtype: "int64" });
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
};
