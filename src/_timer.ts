/**
 * Timers of any length.
 *
 * @module
 */

// A longer timer goes off at once.
const LONGEST_MS = 2 ** 31 - 1;

/** Calls it after that many milliseconds, however many; what this gives takes that back. */
export function after(ms: number, call: () => void): () => void {
  const at = performance.now() + ms;
  const next = () => {
    const left = at - performance.now();
    return left > LONGEST_MS
      ? setTimeout(() => timer = next(), LONGEST_MS)
      : setTimeout(call, Math.max(0, left));
  };
  let timer = next();
  return () => clearTimeout(timer);
}
