/**
 * Objects that can be called: `net(x)`, `traced(x)`.
 *
 * @module
 */

import { showAsText } from "./inspect.ts";

/** The base of classes whose instances are functions. A subclass says what a call does in its constructor. */
export class Callable {
  /** Makes the instance: a function with the class's prototype, so that fields and methods work as on any object. */
  constructor(call: (self: Callable, args: unknown[]) => unknown) {
    const self: Callable = ((...args: unknown[]) => call(self, args)) as unknown as Callable;
    Object.setPrototypeOf(self, new.target.prototype);
    // A function's own name and length would stand in the way of fields of those names.
    delete (self as { name?: string }).name;
    delete (self as { length?: number }).length;
    return self;
  }
}

showAsText(Callable);
