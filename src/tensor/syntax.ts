/**
 * What JavaScript's own syntax does with a tensor: it iterates over rows and becomes JSON; operators and square brackets, which the
 * language lets nobody define, say what to write instead.
 *
 * @module
 */

import { begin, Op, putNumber, putTensor, run, takeTensors } from "./call.ts";
import { toArray } from "./read.ts";
import { shapeOf, Tensor } from "./tensor.ts";
import { frozenByTrace } from "./trace_guard.ts";

const unbind = new Op("aten::unbind.int", "iteration");

function rowsOf(tensor: Tensor): Tensor[] {
  if (shapeOf(tensor).length === 0) {
    throw new TypeError(
      "A tensor without dimensions cannot be iterated over: item() gives its value",
    );
  }
  frozenByTrace("iteration");
  begin();
  putTensor(tensor, "iteration", "self");
  putNumber(0);
  run(unbind);
  return takeTensors();
}

function define(key: PropertyKey, value: (this: Tensor, ...args: never[]) => unknown): void {
  Object.defineProperty(Tensor.prototype, key, { value, writable: true, configurable: true });
}

define(Symbol.iterator, function () {
  return rowsOf(this).values();
});

define("toJSON", function () {
  return toArray(this);
});

define(Symbol.toPrimitive, function (this: Tensor, hint: string) {
  if (hint === "string") return this.toString();
  throw new TypeError(
    "JavaScript's operators do not work on tensors: write x.add(y), x.mul(2), x.neg(), x.lt(y), x.eq(y); " +
      "x.item() is the number of a tensor with one element, and `${x}` the text of any",
  );
});

// A getter a position, since a Proxy would slow every use of a tensor. A newcomer's first index is a small one.
const CAUGHT = 16;

for (let i = -2; i < CAUGHT; i++) {
  const refuse = (instead: string) => {
    throw new TypeError(`A tensor has no [${i}] in JavaScript: write ${instead}`);
  };
  Object.defineProperty(Tensor.prototype, String(i), {
    get: () => refuse(`x.index(${i})`),
    set: () => refuse(`x.setAt([${i}], value)`),
    configurable: true,
  });
}
