/**
 * Descriptions of hostile values: plain data, so that fast-check can print them, made real by `values.ts`.
 *
 * @module
 */

import fc from "fast-check";

/** A description of a value. */
export type Spec =
  | { kind: "tensor"; dtype: string; shape: number[]; how: string }
  | { kind: "plain"; value: unknown }
  | { kind: "bigint"; value: string }
  | { kind: "array"; items: Spec[] }
  | { kind: "object"; entries: [string, Spec][]; how: string }
  | { kind: "typed"; type: string; length: number; how: string }
  | { kind: "odd"; name: string };

const dtypes = [
  ..."float32 float64 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128"
    .split(" "),
];
/** How a tensor comes to be. */
export const tensorForms: readonly string[] = [
  ..."plain plain plain plain grad disposed shared view transposed expanded conj zerostride sparse quantized large empty nan inference wild wild lent"
    .split(" "),
];
/** Values that are nothing in particular. */
export const oddities: readonly string[] = [
  ..."symbol function async throwing-getter throwing-proxy revoked-proxy null-prototype cyclic throwing-iterator endless-length date map set"
    .split(" "),
  ..."generator-object promise error regexp weakmap class tensor-class fake-tensor tensor-subclass url sparse-array boxed typed-value throwing-toprimitive"
    .split(" "),
  ..."module script-module script-function graph generator unit array-subclass dataview arraybuffer"
    .split(" "),
];
/** How a TypedArray comes to be. */
export const arrayForms: readonly string[] = [
  "plain",
  "detached",
  "shared",
  "resizable",
  "shrunk",
  "offset",
  "subclass",
];
const arrayTypes = [
  ..."Float32Array Float64Array Int32Array Uint8Array Int8Array Int16Array Uint16Array Uint32Array BigInt64Array BigUint64Array Uint8ClampedArray Float16Array"
    .split(" "),
];

const numbers = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -3, max: 6 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[
        NaN,
        -0,
        Infinity,
        -Infinity,
        0.5,
        -1.5,
        1e-320,
        1e308,
        2 ** 31,
        -(2 ** 31) - 1,
        2 ** 32,
        2 ** 40,
      ],
      ...[2 ** 53, 2 ** 53 - 1, -(2 ** 53), 2 ** 62, 2 ** 63, 2 ** 64, 255, 256, 1000, 65536],
    ),
  },
  { weight: 1, arbitrary: fc.double() },
);
const texts = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...[
        "",
        "cpu",
        "cuda:0",
        "meta",
        "cpu:-1",
        "float32",
        "int64",
        "sum",
        "mean",
        "none",
        "reflect",
        "linear",
        "floor",
      ],
      ...[
        "strided",
        "same",
        "valid",
        "ij,jk->ik",
        "...",
        "1:3",
        "::2",
        "::0",
        "N",
        "U",
        "fro",
        "nuc",
        "constant_pad",
      ],
      ...["__proto__", "constructor", "a".repeat(5000), "\0", "\ud800", "forward", "data.pkl"],
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
);
const shape: fc.Arbitrary<number[]> = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<number[][]>([0], [1, 0, 3], [1, 1, 1, 1, 1, 1, 1], [100], [64, 64], [
      3,
      7,
      5,
      2,
    ]),
  },
);

/** A tensor. */
export const tensors: fc.Arbitrary<Spec> = fc.record({
  kind: fc.constant("tensor" as const),
  dtype: fc.oneof({ weight: 3, arbitrary: fc.constant("float32") }, {
    weight: 2,
    arbitrary: fc.constantFrom(...dtypes),
  }),
  shape,
  how: fc.constantFrom(...tensorForms),
});

const plain = (value: fc.Arbitrary<unknown>): fc.Arbitrary<Spec> =>
  value.map((value) => ({ kind: "plain" as const, value }));

/** A number, in the range that ops take or far from it. */
export const integers: fc.Arbitrary<Spec> = plain(numbers);
const bigints: fc.Arbitrary<Spec> = fc.constantFrom(
  "0",
  "-1",
  "3",
  "9223372036854775807",
  "-9223372036854775808",
  "9223372036854775808",
  "1" + "0".repeat(40),
)
  .map((value) => ({ kind: "bigint" as const, value }));
/** A list of numbers. */
export const numberLists: fc.Arbitrary<Spec> = fc.array(
  fc.oneof({ weight: 9, arbitrary: integers }, { weight: 1, arbitrary: bigints }),
  { maxLength: 5 },
)
  .map((items) => ({ kind: "array" as const, items }));
/** A list of tensors, of which some may be none. */
export const tensorLists: fc.Arbitrary<Spec> = fc.array(tensors, { maxLength: 4 }).map((items) => ({
  kind: "array" as const,
  items,
}));
const typed: fc.Arbitrary<Spec> = fc.record({
  kind: fc.constant("typed" as const),
  type: fc.constantFrom(...arrayTypes),
  length: fc.constantFrom(0, 1, 4, 6, 100),
  how: fc.constantFrom(...arrayForms),
});
const odd: fc.Arbitrary<Spec> = fc.constantFrom(...oddities).map((name) => ({
  kind: "odd" as const,
  name,
}));
const optionNames = [
  ..."dtype device requiresGrad dim dims keepdim alpha value out generator size stride padding dilation groups correction descending stable"
    .split(" "),
  ..."indexing shape memoryFormat copy mode reduction weight bias momentum eps training p inplace driver verify allow extraFiles checkTrace strict"
    .split(" "),
];
const leaf: fc.Arbitrary<Spec> = fc.oneof(
  { weight: 6, arbitrary: tensors },
  { weight: 6, arbitrary: integers },
  { weight: 2, arbitrary: plain(texts) },
  { weight: 2, arbitrary: plain(fc.constantFrom(true, false, null, undefined)) },
  { weight: 3, arbitrary: numberLists },
  { weight: 1, arbitrary: tensorLists },
  { weight: 1, arbitrary: bigints },
  { weight: 2, arbitrary: typed },
  { weight: 2, arbitrary: odd },
);
const objects: fc.Arbitrary<Spec> = fc.record({
  kind: fc.constant("object" as const),
  entries: fc.array(fc.tuple(fc.constantFrom(...optionNames), leaf), { maxLength: 3 }),
  how: fc.constantFrom("plain", "plain", "plain", "getters", "frozen"),
});

/** Anything. */
export const anything: fc.Arbitrary<Spec> = fc.oneof(
  { weight: 12, arbitrary: leaf },
  { weight: 2, arbitrary: objects },
  {
    weight: 1,
    arbitrary: fc.array(leaf, { maxLength: 3 }).map((items) => ({ kind: "array" as const, items })),
  },
);

/** Something that an argument of this TorchScript type might be; now and then it is not. */
export function ofType(type: string): fc.Arbitrary<Spec> {
  const fitting = fittingType(type.replace(/\?$/, ""));
  const optional = type.endsWith("?") ? 2 : 0;
  return fc.oneof(
    { weight: 16, arbitrary: fitting },
    { weight: 1, arbitrary: anything },
    { weight: optional, arbitrary: plain(fc.constant(null)) },
  );
}

function fittingType(type: string): fc.Arbitrary<Spec> {
  if (/^Tensor\??\[/.test(type)) return tensorLists;
  if (type === "Tensor") return tensors;
  if (/^(int|SymInt|float|Scalar|number|bool)\??\[/.test(type)) return numberLists;
  if (/^(int|SymInt|float|Scalar|number)$/.test(type)) return integers;
  if (type === "bool") return plain(fc.boolean());
  if (type === "str") return plain(texts);
  if (type === "ScalarType") return plain(fc.constantFrom(...dtypes));
  if (type === "Device") return plain(fc.constantFrom("cpu", "cpu", "cuda:0", "meta"));
  if (type === "Layout") return plain(fc.constantFrom("strided", "sparse_coo", "sparse_csr"));
  if (type === "MemoryFormat") return plain(fc.constantFrom("contiguous_format", "channels_last"));
  return anything;
}
