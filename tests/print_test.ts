import { assertEquals, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { afterEach, test } from "node:test";
import {
  edgeIndices,
  formatTensor,
  type FormatTensorOptions,
  getPrintOptions,
  type PrintElement,
  type PrintOptionChanges,
  type PrintSource,
  setPrintOptions,
} from "../src/tensor/print.ts";
import { formatFixed, formatScientific } from "../src/tensor/print_number.ts";

type EncodedElement = number | boolean | string | [EncodedElement, EncodedElement];

/** A case of tests/python/make_print_golden.py, which says what the fields mean. */
interface GoldenCase {
  name: string;
  shape: number[];
  dtype: string;
  data?: EncodedElement[];
  sequence?: [number, number, number, number];
  options?: PrintOptionChanges;
  defaultDtype?: string;
  device?: string;
  requiresGrad?: boolean;
  gradFn?: string;
  expected: string;
}

const golden: { cases: GoldenCase[] } = JSON.parse(
  readFileSync(new URL("./golden/print.json", import.meta.url), "utf8"),
);

function decode(value: EncodedElement, dtype: string): PrintElement {
  if (Array.isArray(value)) {
    const [re, im] = value.map((part) => decode(part, "float64") as number);
    return { re: re!, im: im! };
  }
  if (typeof value !== "string") return value;
  if (/^u?int/.test(dtype)) return BigInt(value);
  return Number(value.replace("inf", "Infinity"));
}

function elementAt(sample: GoldenCase, index: number): PrintElement {
  if (!sample.sequence) return decode(sample.data![index]!, sample.dtype);
  const [factor, modulus, offset, divisor] = sample.sequence;
  const value = ((index * factor) % modulus - offset) / divisor;
  return sample.dtype === "bool" ? value !== 0 : value;
}

/** Row-major positions of the elements that a cut keeps. */
function cutPositions(shape: readonly number[], edgeitems: number | null): number[] {
  let positions = [0];
  for (const length of shape) {
    const kept = edgeitems === null ? [...Array(length).keys()] : edgeIndices(length, edgeitems);
    positions = positions.flatMap((position) => kept.map((index) => position * length + index));
  }
  return positions;
}

function goldenSource(sample: GoldenCase): PrintSource {
  return {
    shape: sample.shape,
    dtype: sample.dtype,
    device: sample.device ?? "cpu",
    requiresGrad: sample.requiresGrad ?? false,
    gradFn: sample.gradFn ?? null,
    read(edgeitems) {
      return cutPositions(sample.shape, edgeitems).map((index) => elementAt(sample, index));
    },
  };
}

function source(data: PrintElement[], changes: Partial<PrintSource> = {}): PrintSource {
  return {
    shape: [data.length],
    dtype: "float32",
    device: "cpu",
    requiresGrad: false,
    gradFn: null,
    read: () => data,
    ...changes,
  };
}

function print(data: PrintElement[], options?: FormatTensorOptions): string {
  return formatTensor(source(data), options);
}

afterEach(() => setPrintOptions({ profile: "default" }));

for (const sample of golden.cases) {
  const { name, options = {}, defaultDtype, expected } = sample;
  test(`formatTensor() prints as PyTorch: ${name}`, () => {
    setPrintOptions(options);
    assertEquals(formatTensor(goldenSource(sample), { defaultDtype }), expected);
  });
}

test("formatTensor() asks a huge tensor for its edges only", () => {
  const asked: (number | null)[] = [];
  const huge = source([], {
    shape: [1_000_000, 1_000_000, 2],
    dtype: "uint8",
    read(edgeitems) {
      asked.push(edgeitems);
      return new Uint8Array(2 * 2 * 2).fill(7);
    },
  });
  const expected = `tensor([[[7, 7],
         ...,
         [7, 7]],

        ...,

        [[7, 7],
         ...,
         [7, 7]]], dtype=torch.uint8)`;
  assertEquals(formatTensor(huge, { edgeitems: 1 }), expected);
  assertEquals(asked, [1]);
});

test("formatTensor() reads nothing where no element is shown", () => {
  const read = () => {
    throw new Error("read");
  };
  assertEquals(formatTensor(source([], { read })), "tensor([])");
  const meta = source([], { shape: [2], device: "meta", read });
  assertEquals(formatTensor(meta), "tensor(..., device='meta', size=(2,))");
  const large = source([], { shape: [2000], read });
  assertEquals(formatTensor(large, { edgeitems: 0 }), "tensor([...], size=(2000,))");
});

test("formatTensor() shows a device other than the CPU", () => {
  const onGpu = source([1], { device: "cuda:0", dtype: "float64" });
  assertEquals(formatTensor(onGpu), "tensor([1.], device='cuda:0', dtype=torch.float64)");
});

test("formatTensor() accepts numbers and bigints for integers", () => {
  const mixed = source([1, 2n ** 62n, -3n], { dtype: "int64" });
  assertEquals(
    formatTensor(mixed),
    "tensor([                  1, 4611686018427387904,                  -3])",
  );
});

test("formatTensor() names the counts when a source gives too few elements", () => {
  const short = source([1, 2], { shape: [2, 2] });
  assertThrows(
    () => formatTensor(short),
    RangeError,
    "Expected 4 elements of shape [2,2] to print but found 2",
  );
});

test("formatTensor() takes print options for one call", () => {
  assertEquals(print([1.12345], { precision: 2 }), "tensor([1.12])");
  assertEquals(print([1.12345]), "tensor([1.1235])");
});

test("setPrintOptions() holds until the next call and keeps what it does not name", () => {
  setPrintOptions({ precision: 2, sciMode: true });
  setPrintOptions({ linewidth: 40 });
  assertEquals(getPrintOptions(), {
    precision: 2,
    threshold: 1000,
    edgeitems: 3,
    linewidth: 40,
    sciMode: true,
  });
  assertEquals(print([1.5]), "tensor([1.50e+00])");
});

test("setPrintOptions() applies a profile before the options beside it", () => {
  setPrintOptions({ sciMode: false, linewidth: 40 });
  setPrintOptions({ profile: "short", edgeitems: 4 });
  assertEquals(getPrintOptions(), {
    precision: 2,
    threshold: 1000,
    edgeitems: 4,
    linewidth: 80,
    sciMode: null,
  });
});

test("setPrintOptions() restores what getPrintOptions() gave", () => {
  const before = getPrintOptions();
  setPrintOptions({ profile: "full", sciMode: true });
  setPrintOptions(before);
  assertEquals(getPrintOptions(), before);
});

test("setPrintOptions() refuses what is out of range and changes nothing", () => {
  const cases: [PrintOptionChanges, string][] = [
    [{ precision: -1 }, "Expected precision to be an integer from 0 to 100 but found -1"],
    [{ precision: 101 }, "Expected precision to be an integer from 0 to 100 but found 101"],
    [{ threshold: NaN }, "Expected threshold to be a number from 0 but found NaN"],
    [{ edgeitems: 1.5 }, "Expected edgeitems to be an integer from 0 but found 1.5"],
    [{ linewidth: 0 }, "Expected linewidth to be an integer from 1 but found 0"],
    [{ profile: "long" as "full" }, 'Expected profile to be "default", "short" or "full"'],
  ];
  const before = getPrintOptions();
  for (const [changes, message] of cases) {
    assertThrows(() => setPrintOptions(changes), RangeError, message);
  }
  assertThrows(() => setPrintOptions({ sciMode: 1 as unknown as boolean }), TypeError, "sciMode");
  assertEquals(getPrintOptions(), before);
});

test("edgeIndices() keeps both ends of a long dimension and all of a short one", () => {
  assertEquals(edgeIndices(10, 2), [0, 1, 8, 9]);
  assertEquals(edgeIndices(5, 2), [0, 1, 3, 4]);
  assertEquals(edgeIndices(4, 2), [0, 1, 2, 3]);
  assertEquals(edgeIndices(3, 2), [0, 1, 2]);
  assertEquals(edgeIndices(0, 2), []);
  assertEquals(edgeIndices(5, 0), []);
});

test("formatFixed() sends ties to the even digit and nothing else", () => {
  assertEquals([0.5, 1.5, 2.5, -0.5].map((x) => formatFixed(x, 0)), ["0", "2", "2", "-0"]);
  assertEquals(formatFixed(0.03125, 4), "0.0312");
  assertEquals(formatFixed(0.09375, 4), "0.0938");
  assertEquals(formatFixed(1.005, 2), "1.00");
  assertEquals(formatFixed(-0, 1), "-0.0");
  assertEquals(formatFixed(-1e22, 2), "-10000000000000000000000.00");
});

test("formatScientific() sends ties to the even digit and nothing else", () => {
  assertEquals(formatScientific(2.5, 0), "2e+00");
  assertEquals(formatScientific(9.5, 0), "1e+01");
  assertEquals(formatScientific(100005, 4), "1.0000e+05");
  assertEquals(formatScientific(100015, 4), "1.0002e+05");
  assertEquals(formatScientific(5e-324, 1), "4.9e-324");
  assertEquals(formatScientific(-0, 1), "-0.0e+00");
});
