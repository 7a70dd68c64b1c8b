/**
 * Ranges of positions, for indexing.
 *
 * @module
 */

/** A range of positions along a dimension: Python's `start:stop:step`. */
export class Slice {
  /** The first position, `null` for the beginning; negative counts from the end. */
  readonly start: number | null;
  /** The position before which to end, `null` for the end. */
  readonly stop: number | null;
  /** The distance between positions, at least 1. */
  readonly step: number;

  /** `new Slice(1, 3)` is Python's `1:3`. */
  constructor(start: number | null = null, stop: number | null = null, step: number = 1) {
    this.start = position(start, "start");
    this.stop = position(stop, "stop");
    if (!Number.isSafeInteger(step) || step < 1) {
      throw new RangeError(
        `Slice: argument 'step' must be an integer greater than 0, but got ${String(step)}`,
      );
    }
    this.step = step;
  }
}

function position(value: number | null, name: string): number | null {
  if (value === null || Number.isSafeInteger(value)) return value;
  throw new TypeError(
    `Slice: argument '${name}' must be an integer or null, but got ${String(value)}`,
  );
}
