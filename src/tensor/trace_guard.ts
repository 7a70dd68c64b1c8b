/**
 * Says aloud what a trace freezes: a value read in JavaScript is a constant of the graph from then on.
 *
 * LibTorch's own warnings of this live in its Python layer, so this is the binding's to do.
 *
 * @module
 */

let warned: Set<string> | null = null;

const advice: Record<string, string> = {
  "item()": "its value becomes a constant of the graph",
  "itemBigInt()": "its value becomes a constant of the graph",
  "toArray()": "its values become constants of the graph",
  "toTypedArray()": "its values become constants of the graph",
  "jit.sizeOf() in arithmetic": "the result becomes a constant of the graph",
  "iteration": "the number of rows becomes a constant of the graph",
  "numel()": "the number becomes a constant of the graph",
  "shape": "the sizes become constants of the graph",
  "size()": "the size becomes a constant of the graph",
};

/** Starts warnings (once each), when tracing begins. */
export function beginWarnings(): void {
  warned = new Set();
}

/** Stops them. */
export function endWarnings(): void {
  warned = null;
}

/** Whether a trace is under way on this thread. */
export function isTracing(): boolean {
  return warned !== null;
}

/** Warns, once a trace, that reading `what` freezes it. */
export function frozenByTrace(what: string): void {
  if (warned === null || warned.has(what)) return;
  warned.add(what);
  console.warn(
    `TracerWarning: ${what} was read while tracing, so ${
      advice[what] ?? "it becomes a constant of the graph"
    }, whatever the input of a later call; what depends on it in JavaScript is fixed as well.`,
  );
}
