/** Arrays that are read and forgotten do not pile up, where the runtime lets a program collect what is young. */

import { assert, assertEquals } from "@std/assert";
import { it } from "node:test";
import { native } from "../ffi/mod.ts";
import * as torch from "../mod.ts";
import { isDeno } from "./support/program.ts";

const skip = isDeno ? "V8 comes by itself: it counts the memory of arrays" : false;

const MB = 1 << 20;
const held = () => native.fb_memory(10) / MB;

it("a synchronous loop of toTypedArray() holds a few hundred megabytes at once", { skip }, () => {
  using x = torch.full([16 * MB], 3.5);
  const before = held();
  let most = 0;
  for (let i = 0; i < 60; i++) {
    const array = x.toTypedArray();
    assertEquals([array.length, array[i], array[16 * MB - 1 - i]], [16 * MB, 3.5, 3.5]);
    most = Math.max(most, held() - before);
  }
  // By itself JavaScriptCore lets 900 pile up.
  assert(most >= 64 && most < 640, `${most} MB at once`);
});

it("arrays that are in use are none of the collector's business", { skip }, () => {
  using x = torch.arange(MB);
  const kept: ArrayLike<unknown>[] = [];
  for (let i = 0; i < 100; i++) {
    using y = x.add(i);
    kept.push(y.toTypedArray());
  }
  kept.forEach((array, i) => assertEquals([array.length, Number(array[7])], [MB, 7 + i]));
});
