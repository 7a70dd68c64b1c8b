/**
 * Modules without initialisation.
 *
 * @module
 */

import { isOptions } from "../../ops/_arguments.ts";
import { describe } from "../../tensor/tensor.ts";
import { type AnyModule, Module } from "../module.ts";

/**
 * Makes a module whose parameters and buffers hold whatever was in memory: for one that is loaded at once, or initialised in another way. No random
 * numbers are drawn.
 *
 * @param type A class whose constructor takes `device` in its options, as all layers do.
 * @param args The constructor's arguments.
 * @throws {TypeError} If the module is not made on the device that it is told.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = torch.nn.utils.skipInit(torch.nn.Linear, 3, 2, { bias: false });
 * assertEquals([layer.weight.shape, layer.weight.device, layer.bias], [[2, 3], "cpu", null]);
 * ```
 */
export function skipInit<A extends unknown[], M extends AnyModule>(
  type: new (...args: A) => M,
  ...args: A
): M {
  const op = "skipInit";
  if (typeof type !== "function" || !(type.prototype instanceof Module)) {
    throw new TypeError(
      `${op}(): argument 'type' must be a class that extends nn.Module, but got ${describe(type)}`,
    );
  }
  const last: unknown = args.at(-1);
  const options = isOptions(last) ? last as Record<string, unknown> : {};
  const rest = isOptions(last) ? args.slice(0, -1) : args;
  const { device = "cpu" } = options as { device?: string };
  const made = new type(...[...rest, { ...options, device: "meta" }] as unknown as A);
  for (const tensor of [...made.parameters(), ...made.buffers()]) {
    if (tensor.device === "meta") continue;
    throw new TypeError(
      `${op}(): the constructor of ${made.typeName()} must take 'device' in its options, and make its parameters there`,
    );
  }
  return made.toEmpty({ device });
}
