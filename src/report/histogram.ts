/**
 * Histograms as TensorBoard wants them, over the buckets that PyTorch uses for it.
 *
 * @module
 */

import type { HistogramSummary } from "./events.ts";

// From 1e-12 to 1e20 in steps of a tenth, both signs, and zero.
const edges: readonly number[] = (() => {
  const positive: number[] = [];
  for (let value = 1e-12; value < 1e20; value *= 1.1) positive.push(value);
  return [...positive.map((value) => -value).reverse(), 0, ...positive];
})();

/** The histogram of finite values, of which there must be one. */
export function histogramOf(values: Float64Array): HistogramSummary {
  const counts = new Array<number>(edges.length - 1).fill(0);
  let [min, max, sum, sumSquares] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    sumSquares += value * value;
    const bucket = bucketOf(value);
    if (bucket !== null) counts[bucket]! += 1;
  }
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  return {
    ...{ min, max, num: values.length, sum, sumSquares },
    // The right ends, with an empty bucket before the first, whose end is the left one.
    limits: edges.slice(first, last + 2),
    counts: [0, ...counts.slice(first, last + 1)],
  };
}

// The bucket whose left end is the last that is not above the value; the very last one has its right end too.
function bucketOf(value: number): number | null {
  const most = edges.length - 1;
  if (value < edges[0]! || value > edges[most]!) return null;
  let low = 0;
  let high = most;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}
