/**
 * Random numbers that a seed fixes.
 *
 * @module
 */

/** A generator: `next(n)` is a whole number from 0 to n - 1. */
export interface Random {
  (below: number): number;
}

/** Mulberry32, by Tommy Ettinger. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 4294967296 * below);
  };
}

/** One of several. */
export function pick<T>(next: Random, from: readonly T[]): T {
  return from[next(from.length)]!;
}
