/**
 * Installs the methods of {@linkcode TensorCompanions} that need no more than this folder.
 *
 * @module
 */

import { showAsText } from "../inspect.ts";
import { item, itemBigInt, toArray, toTypedArray } from "./read.ts";
import { asTypedArray } from "./shared_array.ts";
import { show } from "./show.ts";
import { Tensor } from "./tensor.ts";

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
  asTypedArray(this: Tensor) {
    return asTypedArray(this);
  },
  requiresGrad_(this: Tensor, on: boolean | { requiresGrad?: boolean } = true) {
    this.requiresGrad = typeof on === "object" && on !== null ? on.requiresGrad ?? true : on;
    return this;
  },
  toString(this: Tensor) {
    return show(this);
  },
});

showAsText(Tensor);
