/**
 * Installs the methods of {@linkcode TensorCompanions} that need no more than this folder.
 *
 * @module
 */

import { check, context, native, scratch } from "../../ffi/mod.ts";
import { showAsText } from "../inspect.ts";
import { asBool, asTensor } from "./call.ts";
import { item, itemBigInt, toArray, toTypedArray } from "./read.ts";
import { show } from "./show.ts";
import { handleOf, Tensor } from "./tensor.ts";
import type { BackwardOptions } from "./companions.ts";

/** Adds methods to the class, as unenumerable as those written in it. */
export function install(
  methods: Record<PropertyKey, (this: Tensor, ...args: never[]) => unknown>,
): void {
  for (const key of Reflect.ownKeys(methods)) {
    Object.defineProperty(Tensor.prototype, key, {
      value: methods[key as string],
      writable: true,
      configurable: true,
      enumerable: false,
    });
  }
}

function backward(self: Tensor, gradient?: Tensor | null, options: BackwardOptions = {}): void {
  const { retainGraph = options.createGraph ?? false, createGraph = false } = options;
  asBool(retainGraph, "backward", "retainGraph");
  asBool(createGraph, "backward", "createGraph");
  const seed = gradient == null ? null : asTensor(gradient, "backward", "gradient");
  const { words } = scratch;
  words[0] = 1;
  words[1] = handleOf(self, "backward", "self");
  words[2] = seed === null ? 0 : handleOf(seed, "backward", "gradient");
  check(native.fb_backward(context, retainGraph, createGraph), "backward");
}

install({
  item(this: Tensor) {
    return item(this);
  },
  itemBigInt(this: Tensor) {
    return itemBigInt(this);
  },
  toArray(this: Tensor) {
    return toArray(this);
  },
  toTypedArray(this: Tensor) {
    return toTypedArray(this);
  },
  backward(this: Tensor, gradient?: Tensor | null, options?: BackwardOptions) {
    backward(this, gradient, options);
  },
  requiresGrad_(this: Tensor, on = true) {
    this.requiresGrad = on;
    return this;
  },
  toString(this: Tensor) {
    return show(this);
  },
});

showAsText(Tensor);
