/**
 * Which layers keep nothing of what goes through them, so that what one makes for the next can be freed once the next has run:
 * the library's own, of one tensor to one tensor. The graph has what the backward pass needs, and frees it there. Any other module
 * may keep what it was given, or what it gave.
 *
 * @module
 */

import * as activation from "./activation/mod.ts";
import * as conv from "./conv/mod.ts";
import * as dropout from "./dropout.ts";
import * as embedding from "./embedding.ts";
import * as flatten from "./flatten.ts";
import * as fold from "./fold.ts";
import * as linear from "./linear.ts";
import { type AnyModule, Module } from "./module.ts";
import * as norm from "./norm/mod.ts";
import * as padding from "./padding/mod.ts";
import * as pixels from "./pixels.ts";
import * as pooling from "./pooling/mod.ts";
import * as upsample from "./upsample.ts";

const families: readonly object[] = [
  activation,
  conv,
  dropout,
  embedding,
  flatten,
  fold,
  linear,
  norm,
  padding,
  pixels,
  pooling,
  upsample,
];

const own: ReadonlySet<unknown> = new Set(
  families.flatMap((family) => Object.values(family)).filter((one) =>
    typeof one === "function" && one.prototype instanceof Module
  ),
);

/** Whether a module does what its class does, and nobody else is told of what it does. */
export function isUntouched(module: AnyModule): boolean {
  return !module.isHooked && !Object.hasOwn(module, "forward");
}

/** Whether a module keeps neither what it is called with nor what it gives, and nobody else is told of them. */
export function keepsNothing(module: AnyModule): boolean {
  return own.has(module.constructor) && isUntouched(module);
}
