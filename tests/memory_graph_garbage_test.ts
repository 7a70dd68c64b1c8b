/** What a large graph leaves is collected when its backward pass is done, where the runtime lets a program ask for that. */

import { assert, assertEquals } from "@std/assert";
import { it } from "node:test";
import { isDeno, program } from "./support/program.ts";

const skip = isDeno ? "V8 lets no program collect what is young only" : false;

const STEPS = 60;
const LOOP = `
import * as torch from MOD;
const OPS = 40;
const COUNT = 1 << 20;
const w = torch.ones([COUNT], { requiresGrad: true });
function step() {
  w.grad = null;
  let x = w;
  // Each is kept for the backward pass: 160 MB in all.
  for (let i = 0; i < OPS; i++) x = x.sin();
  x.sum().backward();
  return w.grad;
}
let first = 0;
for (let i = 0; i < ${STEPS}; i++) first = step().narrow(0, 0, 1).item();
// The derivative of sin(sin(...sin(1)))
let [value, slope] = [1, 1];
for (let i = 0; i < OPS; i++) [value, slope] = [Math.sin(value), slope * Math.cos(value)];
console.log(JSON.stringify({ peak: torch.memory().peakBytes / 4 / COUNT, first, slope }));
`;

it("a synchronous loop of large steps is collected about once a step", { skip }, async () => {
  const { code, stdout, stderr } = await program(LOOP, { env: { BUN_JSC_logGC: "1" } });
  assertEquals(code, 0, stderr);
  const { peak, first, slope } = JSON.parse(/^\{.*\}$/m.exec(stdout)![0]);
  assert(Math.abs(first - slope) < 1e-4 * slope, `${first} is not ${slope}`);
  // Tensors of the size of all: the forty of a step, the parameter, gradients on their way, and what outlives a collection.
  assert(peak >= 41 && peak < 70, `${peak} at once`);
  // By itself JavaScriptCore comes by three times a step.
  const collections = (stdout + stderr).match(/START M .*=> (Eden|Full)Collection/g)?.length ?? 0;
  assert(collections >= STEPS / 2, `${collections} collections`);
  assert(collections < 2 * STEPS, `${collections} collections in ${STEPS} steps`);
});
