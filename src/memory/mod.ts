/**
 * Lifetimes of native memory.
 *
 * @module
 */

export { emptyCache, memory, type MemoryReport } from "./memory.ts";
export { keep, scope } from "./scope.ts";
