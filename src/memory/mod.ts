/**
 * Lifetimes of native memory.
 *
 * @module
 */

export { memory, type MemoryReport } from "./memory.ts";
