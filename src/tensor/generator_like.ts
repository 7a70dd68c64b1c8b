/**
 * The type of a `generator` option.
 *
 * @module
 */

/** A `torch.Generator`. Ops take only those; this says no more than their signatures need. */
export interface GeneratorLike {
  /** Seeds it. */
  manualSeed(seed: number | bigint): this;
  /** The seed that it began with. */
  initialSeed(): bigint;
  /** Frees it. */
  dispose(): void;
}
