/**
 * Complex numbers, which JavaScript has none of, and single values of any kind.
 *
 * @module
 */

/** A complex number. */
export interface Complex {
  /** The real part. */
  readonly re: number;
  /** The imaginary part. */
  readonly im: number;
}

/** A single value: PyTorch's `Number`. A whole number is an integer, `2.5` (and `-0`) a float. */
export type Scalar = number | bigint | boolean | Complex;

/** Whether a value has the two parts of a complex number. */
export function isComplex(value: unknown): value is Complex {
  return typeof value === "object" && value !== null && "re" in value && "im" in value;
}
