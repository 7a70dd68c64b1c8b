/**
 * Calls of registered ops that random arguments seldom fit: made right, and then changed in a place or two.
 *
 * @module
 */

import fc from "fast-check";
import * as torch from "../../mod.ts";
import { anything, integers, numberLists, type Spec, tensors } from "./arbitraries.ts";
import type { Call } from "./objects.ts";

const { ops } = torch.jit;
const { onednn, quantized, aten } = ops as Record<string, Ops>;
type Op = (...args: unknown[]) => unknown;
type Ops = Record<string, Op>;

const x = (shape: number[], dtype: torch.DType = "float32") => torch.ones(shape, { dtype });
const bytes = (shape: number[]) => x(shape, "uint8");
const int8 = (shape: number[]) => x(shape, "int8");
const quantizedOf = (shape: number[], dtype: 12 | 13) =>
  aten!.quantize_per_tensor!(x(shape), 0.1, 3, torch.jit.int(dtype));

const linearWeight = () => onednn!.qlinear_prepack!(int8([4, 3]), null);
const windows2d = [[1, 1], [0, 0], [1, 1], 1];
const convolutionWeight = () =>
  onednn!.qconv_prepack!(int8([4, 2, 3, 3]), x([4]), 1, 0, ...windows2d, null);
const packedLinear = () => quantized!.linear_prepack!(quantizedOf([4, 3], 12), x([4]));
const packedConvolution = () =>
  quantized!.conv2d_prepack!(quantizedOf([4, 2, 3, 3], 12), x([4]), ...windows2d);

/** Right arguments by op; what they hold is made for each call. */
const RIGHT: readonly [string, () => unknown[]][] = [
  ["onednn.qlinear_prepack", () => [int8([4, 3]), [2, 3]]],
  ["onednn.qlinear_pointwise", () => [
    ...[bytes([2, 3]), 0.5, 1, linearWeight(), x([4]), int8([4]), x([4])],
    ...[1, 0, "float32", "none", [], ""],
  ]],
  ["onednn.qlinear_pointwise", () => [
    ...[bytes([2, 3]), x([1]), int8([1]), linearWeight(), x([4]), int8([4]), x([4])],
    ...[0.5, 1, "uint8", "relu", [], ""],
  ]],
  ["onednn.qlinear_pointwise", () => [
    ...[bytes([2, 3]), 0.5, 1, linearWeight(), x([4]), int8([4]), x([2, 4]), x([4])],
    ...[1, 0, "float32", 1, 0, "sum", 1, "relu", [], ""],
  ]],
  ["onednn.qlinear_pointwise", () => [
    ...[bytes([2, 5, 3]), 0.5, 1, linearWeight(), x([1]), int8([1]), x([2, 5, 4]), null],
    ...[1, 0, "float32", 1, 0, "add", 1, "none", [], ""],
  ]],
  ["onednn.linear_prepack_fp16", () => [x([4, 3]), null]],
  [
    "onednn.linear_dynamic_fp16",
    () => [x([2, 3]), onednn!.linear_prepack_fp16!(x([4, 3]), null), x([4])],
  ],
  [
    "onednn.qconv_prepack",
    () => [int8([4, 2, 3, 3]), x([4]), 0.5, 1, ...windows2d, [1, 2, 5, 5]],
  ],
  ["onednn.qconv_prepack", () => [int8([4, 2, 3]), x([4]), 1, 0, [1], [0], [1], 1, [1, 2, 5]]],
  ["onednn.qconv2d_pointwise", () => [
    ...[bytes([1, 2, 5, 5]), 0.5, 1, convolutionWeight(), x([4]), int8([4]), x([4])],
    ...[...windows2d, 1, 0, "float32", "relu", [], null],
  ]],
  ["onednn.qconv2d_pointwise", () => [
    ...[bytes([1, 2, 5, 5]), 1, 0, convolutionWeight(), x([4]), int8([4])],
    x([1, 4, 3, 3]).contiguous({ memoryFormat: "channels_last" }),
    ...[x([4]), ...windows2d, 1, 0, "float32", 1, 0, "sum", 1, "relu", [], null],
  ]],
  ["onednn.qadd", () => [bytes([4]), 0.5, 1, bytes([4]), 0.5, 1, 0.5, 1, "uint8"]],
  ["onednn.qmul", () => [bytes([4]), 0.5, 1, bytes([4]), 0.5, 1, 0.5, 1, "uint8"]],
  [
    "onednn.qbatch_norm2d",
    () => [bytes([1, 3, 2, 2]), 1, 0, x([3]), x([3]), x([3]), x([3]), 1e-5, 1, 0, "uint8"],
  ],
  ["quantized.linear_prepack", () => [quantizedOf([4, 3], 12), x([4])]],
  ["quantized.linear", () => [quantizedOf([2, 3], 13), packedLinear(), 0.5, 1]],
  ["quantized.linear_relu", () => [quantizedOf([2, 3], 13), packedLinear(), 0.5, 1]],
  ["quantized.linear_dynamic", () => [x([2, 3]), packedLinear(), false]],
  [
    "quantized.linear_with_input_q_dq_qweight_dq_output_fp32",
    () => [x([2, 3]), 0.5, 1, packedLinear()],
  ],
  [
    "quantized.linear_dynamic_fp16",
    () => [x([2, 3]), quantized!.linear_prepack_fp16!(x([4, 3]), x([4]))],
  ],
  ["quantized.conv2d_prepack", () => [quantizedOf([4, 2, 3, 3], 12), x([4]), ...windows2d]],
  ["quantized.conv1d_prepack", () => [quantizedOf([4, 2, 3], 12), x([4]), [1], [0], [1], 1]],
  [
    "quantized.conv3d_prepack",
    () => [quantizedOf([4, 2, 1, 1, 1], 12), x([4]), [1, 1, 1], [0, 0, 0], [1, 1, 1], 1],
  ],
  ["quantized.conv_transpose2d_prepack", () => [
    ...[quantizedOf([2, 4, 3, 3], 12), x([4]), [1, 1], [0, 0], [0, 0], [1, 1], 1],
  ]],
  ["quantized.conv2d", () => [quantizedOf([1, 2, 5, 5], 13), packedConvolution(), 0.5, 1]],
  ["quantized.conv2d_dynamic", () => [x([1, 2, 5, 5]), packedConvolution(), false]],
  ["quantized.conv2d_relu", () => [quantizedOf([1, 2, 5, 5], 13), packedConvolution(), 0.5, 1]],
  ["quantized.add", () => [quantizedOf([2, 3], 13), quantizedOf([2, 3], 13), 0.5, 1]],
  ["quantized.mul", () => [quantizedOf([2, 3], 13), quantizedOf([2, 3], 13), 0.5, 1]],
  ["quantized.matmul", () => [quantizedOf([2, 3], 13), quantizedOf([3, 2], 13), 0.5, 1]],
  ["quantized.cat", () => [[quantizedOf([2, 3], 13), quantizedOf([2, 3], 13)], 0, 0.5, 1]],
  ["quantized.batch_norm", () => [
    ...[quantizedOf([2, 3, 4, 4], 13), x([3]), x([3]), x([3]), x([3]), 1e-5, 0.5, 1],
  ]],
  ["quantized.instance_norm", () => [
    ...[quantizedOf([2, 3, 4, 4], 13), x([3]), x([3]), 1e-5, 0.5, 1],
  ]],
  ["quantized.layer_norm", () => [
    ...[quantizedOf([2, 3], 13), [3], x([3]), x([3]), 1e-5, 0.5, 1],
  ]],
  ["quantized.group_norm", () => [
    ...[quantizedOf([2, 4, 4, 4], 13), 2, x([4]), x([4]), 1e-5, 0.5, 1],
  ]],
  ["quantized.prelu", () => [quantizedOf([2, 3], 13), quantizedOf([1], 13), 0.5, 1]],
  ["quantized.embedding_bag_byte_prepack", () => [x([4, 8])]],
  ["quantized.embedding_bag_byte_unpack", () => [
    quantized!.embedding_bag_byte_prepack!(x([4, 8])),
  ]],
  ["quantized.embedding_bag_byte_rowwise_offsets", () => [
    quantized!.embedding_bag_byte_prepack!(x([4, 8])),
    ...[x([3], "int64"), torch.tensor([0, 2]), false, 0, false, null, null, false],
  ]],
  ["quantized.embedding_bag_4bit_rowwise_offsets", () => [
    quantized!.embedding_bag_4bit_prepack!(x([4, 8])),
    ...[x([3], "int64"), torch.tensor([0, 2]), false, 0, false, null, null, false],
  ]],
  ["quantized.embedding_bag_2bit_rowwise_offsets", () => [
    quantized!.embedding_bag_2bit_prepack!(x([4, 8])),
    ...[x([3], "int64"), torch.tensor([0, 2]), false, 0, false, null, null, false],
  ]],
  ["quantized.embedding_bag_4bit_unpack", () => [
    quantized!.embedding_bag_4bit_prepack!(x([4, 8])),
  ]],
  [
    "quantized.make_quantized_cell_params",
    () => [x([8, 3]), x([8, 2]), x([8]), x([8])],
  ],
  ["mkldnn._linear_pointwise", () => [x([2, 3]), x([4, 3]), x([4]), "relu", [], ""]],
  ["mkldnn._linear_pointwise", () => [x([2, 3]), x([2, 4]), x([4, 3]), x([4]), "add"]],
  ["mkldnn._convolution_pointwise", () => [
    ...[x([1, 2, 5, 5]), x([4, 2, 3, 3]), x([4]), [0, 0], [1, 1], [1, 1], 1, "relu", [], ""],
  ]],
  ["mkldnn._convolution_transpose_pointwise", () => [
    ...[x([1, 2, 5, 5]), x([2, 4, 3, 3]), x([4]), [0, 0], [0, 0], [1, 1], [1, 1], 1, "relu"],
    ...[[], ""],
  ]],
  [
    "mkldnn._reorder_convolution_weight",
    () => [x([4, 2, 3, 3]), [0, 0], [1, 1], [1, 1], 1, [1, 2, 5, 5]],
  ],
  ["mkldnn._reorder_convolution_transpose_weight", () => [
    ...[x([2, 4, 3, 3]), [0, 0], [0, 0], [1, 1], [1, 1], 1, [1, 2, 5, 5]],
  ]],
  ["mkldnn._reorder_linear_weight", () => [x([4, 3]), 2]],
  ["inductor._reinterpret_tensor", () => [x([2, 3]), [3, 2], [2, 1], 0]],
  ["inductor._alloc_from_pool", () => [bytes([64]), 0, "float32", [2, 3], [3, 1]]],
  ["inductor._mm_plus_mm", () => [x([2, 2]), x([2, 2]), x([2, 2]), x([2, 2]), x([2, 2])]],
  ["aten.__upsample_bilinear", () => [x([1, 1, 2, 2]), null, [2, 2]]],
  ["aten.__interpolate", () => [x([1, 1, 2, 2]), null, [2, 2], "bilinear", false, false, false]],
  ["aten._upsample_bilinear2d_aa", () => [x([1, 1, 4, 4]), [2, 2], false, null, null]],
  [
    "aten.upsample_bicubic2d_backward",
    () => [x([1, 1, 2, 2]), [2, 2], [1, 1, 4, 4], false, null, null],
  ],
  ["aten.upsample_nearest3d_backward", () => [
    ...[x([1, 1, 2, 2, 2]), [2, 2, 2], [1, 1, 4, 4, 4], null, null, null],
  ]],
  ["aten.fbgemm_linear_int8_weight_fp32_activation", () => {
    const [weight, offsets, scale, zero] = aten!.fbgemm_linear_quantize_weight!(
      x([4, 3]),
    ) as unknown[];
    const packed = aten!.fbgemm_pack_quantized_matrix!(weight);
    return [x([2, 3]), weight, packed, offsets, scale, zero, x([4])];
  }],
  ["aten.fbgemm_linear_fp16_weight", () => [
    ...[x([2, 3]), aten!.fbgemm_pack_gemm_matrix_fp16!(x([4, 3])), x([4])],
  ]],
  ["aten._weight_int4pack_mm_for_cpu", () => [
    x([2, 32], "bfloat16"),
    aten!._convert_weight_to_int4pack_for_cpu!(x([32, 32], "int32"), 1),
    32,
    x([1, 32, 2], "bfloat16"),
  ]],
  ["aten._weight_int8pack_mm", () => [x([2, 8], "bfloat16"), int8([4, 8]), x([4], "bfloat16")]],
  ["aten._int_mm", () => [int8([32, 8]), int8([8, 8])]],
];

const replacement: fc.Arbitrary<Spec> = fc.oneof(
  { weight: 6, arbitrary: tensors },
  { weight: 4, arbitrary: integers },
  { weight: 3, arbitrary: numberLists },
  { weight: 2, arbitrary: anything },
);

const dispose = (value: unknown): void => {
  if (value instanceof torch.Tensor) value.dispose();
  else if (Array.isArray(value)) value.forEach(dispose);
};

/** The right calls, with up to three of their arguments replaced. */
export function nearlyRight(): Call[] {
  return RIGHT.map(([name, make]) => {
    const [namespace, op] = name.split(".") as [string, string];
    const changes = fc.array(fc.tuple(fc.nat(30), replacement), { maxLength: 3 });
    return {
      name: `nearly right jit.ops.${name}`,
      arguments: changes.map((pairs) =>
        pairs.flatMap(([at, spec]): Spec[] => [{ kind: "plain", value: at }, spec])
      ),
      call: (given) => {
        const args = make();
        const made = [...args];
        for (let i = 0; i < given.length; i += 2) {
          args[(given[i] as number) % args.length] = given[i + 1];
        }
        try {
          return ops[namespace]![op]!(...args);
        } finally {
          made.forEach(dispose);
        }
      },
    };
  });
}
