/**
 * Complex numbers, which JavaScript has none of.
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

/** Whether a value has the two parts of a complex number. */
export function isComplex(value: unknown): value is Complex {
  return typeof value === "object" && value !== null && "re" in value && "im" in value;
}
