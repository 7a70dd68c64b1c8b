/**
 * Holds a trace against the function that it was made from.
 *
 * @module
 */

import { TraceCheckError } from "../../ffi/mod.ts";
import { begin, Op, putBool, putNumber, putTensor, run, takeBool } from "../tensor/call.ts";
import { convert } from "../tensor/convert.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { readElements } from "../tensor/read.ts";
import { TypedValue } from "./typed_value.ts";

const allclose = new Op("aten::allclose", "jit.trace");

/** Throws a {@linkcode TraceCheckError} that says where, where the two outputs differ by more than `tolerance`. */
export function compareOutputs(
  expected: unknown,
  actual: unknown,
  tolerance: number,
  name: string,
): void {
  const difference = differ(expected, actual, "the output", tolerance);
  if (difference === null) return;
  throw new TraceCheckError(
    `jit.trace(): the trace of '${name}' does not compute what the function computes, on the same inputs: ` +
      `${difference}. What depends on the values or sizes of tensors in JavaScript (an if, a loop, item()) is fixed in a trace, ` +
      "and what is random outside of LibTorch differs at each run; { checkTrace: false } turns this check off",
    { op: "jit.trace" },
  );
}

function unwrap(value: unknown): unknown {
  if (!(value instanceof TypedValue)) return value;
  const { content } = value;
  if (content.kind === "tuple" || content.kind === "list") return content.values;
  if (content.kind === "namedTuple") return Object.fromEntries(content.entries);
  if (content.kind === "dict") return new Map(content.entries);
  return value;
}

function entriesOf(value: object): [unknown, unknown][] {
  if (Array.isArray(value)) return value.map((element, i) => [i, element]);
  return value instanceof Map ? [...value] : Object.entries(value);
}

function differ(first: unknown, second: unknown, path: string, tolerance: number): string | null {
  const [expected, actual] = [unwrap(first), unwrap(second)];
  if (isTensor(expected)) {
    if (!isTensor(actual)) {
      return `${path} is a tensor of the function, but ${describe(actual)} of the trace`;
    }
    return differTensors(expected, actual, path, tolerance);
  }
  if (typeof expected !== "object" || expected === null) {
    return Object.is(expected ?? null, actual)
      ? null
      : `${path} is ${describe(expected)} of the function, but ${describe(actual)} of the trace`;
  }
  if (typeof actual !== "object" || actual === null) {
    return `${path} is ${describe(actual)} of the trace`;
  }
  const [ours, theirs] = [entriesOf(expected), new Map(entriesOf(actual))];
  if (ours.length !== theirs.size) {
    return `${path} has ${ours.length} entries of the function, but ${theirs.size} of the trace`;
  }
  for (const [key, value] of ours) {
    const found = differ(value, theirs.get(key), `${path}[${JSON.stringify(key)}]`, tolerance);
    if (found !== null) return found;
  }
  return null;
}

function differTensors(
  expected: Tensor,
  actual: Tensor,
  path: string,
  tolerance: number,
): string | null {
  const shapes = [shapeOf(expected), shapeOf(actual)].map((shape) => `[${shape.join(", ")}]`);
  if (shapes[0] !== shapes[1]) {
    return `${path} has shape ${shapes[0]} of the function, but ${shapes[1]} of the trace`;
  }
  if (expected.dtype !== actual.dtype) {
    return `${path} is ${expected.dtype} of the function, but ${actual.dtype} of the trace`;
  }
  const wide = expected.dtype.startsWith("complex") ? "complex128" : "float64";
  using a = convert(expected, { dtype: wide, detach: true });
  using b = convert(actual, { dtype: wide, detach: true });
  return closeTo(a, b, tolerance) ? null : largestDifference(a, b, path);
}

function closeTo(a: Tensor, b: Tensor, tolerance: number): boolean {
  begin();
  putTensor(a, "jit.trace", "expected");
  putTensor(b, "jit.trace", "actual");
  putNumber(tolerance); // rtol
  putNumber(tolerance); // atol
  putBool(true); // equal_nan
  run(allclose);
  return takeBool();
}

function largestDifference(a: Tensor, b: Tensor, path: string): string {
  const [expected, actual] = [readElements(a, "jit.trace"), readElements(b, "jit.trace")];
  let worst = -1;
  let at = 0;
  let count = 0;
  for (let i = 0; i < expected.length; i++) {
    const delta = distance(expected[i], actual[i]);
    if (delta > 0) count++;
    if (!(delta <= worst)) [worst, at] = [delta, i];
  }
  return `${path} differs in ${count} of ${expected.length} elements, most at element ${at}: ${
    show(expected[at])
  } of the function, ${show(actual[at])} of the trace`;
}

function distance(a: unknown, b: unknown): number {
  if (typeof a === "object" && a !== null) {
    const [x, y] = [a as { re: number; im: number }, b as { re: number; im: number }];
    return Math.hypot(x.re - y.re, x.im - y.im);
  }
  if (Object.is(a, b)) return 0;
  const delta = Math.abs(Number(a) - Number(b));
  return Number.isNaN(delta) ? Infinity : delta;
}

function show(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
