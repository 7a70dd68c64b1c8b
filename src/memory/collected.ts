/**
 * How many forgotten script objects and graph nodes the collector released on this thread.
 *
 * It comes by at any time, also between two counts of what is alive: their sum with these is what a program holds or
 * forgot, and changes by what the program itself does alone. (Tensors are counted in csrc/memory.cpp.)
 *
 * @module
 */

/** The counts, by the names of `MemoryReport`. */
export const collected: { scripts: number; nodes: number } = { scripts: 0, nodes: 0 };
