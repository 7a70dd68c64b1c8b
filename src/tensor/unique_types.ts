/**
 * Types of `unique`: which tensors come back depends on what is asked for.
 *
 * @module
 */

/** What {@linkcode uniqueConsecutive} returns besides the elements, and along which dimension it looks. */
export interface UniqueConsecutiveOptions {
  /** Whether to return where each element went; default `false`. */
  returnInverse?: boolean;
  /** Whether to return how often each occurs; default `false`. */
  returnCounts?: boolean;
  /** Compare slices along this dimension; default: single elements. */
  dim?: number | null;
}

/** What {@linkcode unique} returns besides the elements, and along which dimension it looks. */
export interface UniqueOptions extends UniqueConsecutiveOptions {
  /** Whether the elements are sorted; default `true`. */
  sorted?: boolean;
}

/** The elements alone, or an array of what was asked for: elements, inverse, counts. */
export type UniqueResult<T, O extends UniqueOptions> = O extends { returnInverse: true }
  ? O extends { returnCounts: true } ? [values: T, inverse: T, counts: T]
  : [values: T, inverse: T]
  : O extends { returnCounts: true } ? [values: T, counts: T]
  : T;
