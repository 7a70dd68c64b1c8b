/**
 * Trees of values: arrays and plain objects, whose leaves are whatever is neither.
 *
 * @module
 */

import { isTensor, type Tensor } from "../tensor/tensor.ts";

/** A tree taken apart: its leaves in order, and how to put others in their places. */
export interface Flat {
  /** The leaves, from left to right; those of an object in the order of its keys. */
  readonly leaves: unknown[];
  /** A tree of the same shape with other leaves. */
  build(leaves: readonly unknown[]): unknown;
  /** The shape as text, to compare and to show: `[*, {a: *}]`. */
  readonly shape: string;
}

/** Whether a value is a plain object: one that an object literal makes. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Takes a tree apart. */
export function flatten(tree: unknown): Flat {
  const leaves: unknown[] = [];
  const shape = collect(tree, leaves);
  return { leaves, shape, build: (values) => rebuild(tree, [...values].values()) };
}

function collect(tree: unknown, leaves: unknown[]): string {
  if (Array.isArray(tree)) return `[${tree.map((one) => collect(one, leaves)).join(", ")}]`;
  if (isPlainObject(tree)) {
    return `{${
      Object.keys(tree).map((key) => `${key}: ${collect(tree[key], leaves)}`).join(", ")
    }}`;
  }
  leaves.push(tree);
  return "*";
}

function rebuild(tree: unknown, leaves: Iterator<unknown>): unknown {
  if (Array.isArray(tree)) return tree.map((one) => rebuild(one, leaves));
  if (isPlainObject(tree)) {
    return Object.fromEntries(Object.keys(tree).map((key) => [key, rebuild(tree[key], leaves)]));
  }
  return leaves.next().value;
}

/** A tree of the same shape, with each leaf mapped. */
export function mapTree(tree: unknown, map: (leaf: unknown) => unknown): unknown {
  const flat = flatten(tree);
  return flat.build(flat.leaves.map(map));
}

/**
 * One value a leaf of `tree`: `prefix` has its shape, or ends early, and then holds for all below. `null` where it does
 * not fit.
 */
export function spread(prefix: unknown, tree: unknown): unknown[] | null {
  if (!Array.isArray(prefix) && !isPlainObject(prefix)) {
    return flatten(tree).leaves.map(() => prefix);
  }
  if (Array.isArray(prefix) !== Array.isArray(tree) || isTensor(tree)) return null;
  if (typeof tree !== "object" || tree === null) return null;
  const keys = Object.keys(tree);
  const given = Object.keys(prefix);
  if (keys.length !== given.length || keys.some((key) => !Object.hasOwn(prefix, key))) return null;
  const parts = keys.map((key) =>
    spread((prefix as Record<string, unknown>)[key], (tree as Record<string, unknown>)[key])
  );
  return parts.some((part) => part === null) ? null : (parts as unknown[][]).flat();
}

/** The tensors among the leaves of a tree. */
export function tensorsOf(tree: unknown): Tensor[] {
  return flatten(tree).leaves.filter(isTensor);
}
