/**
 * A GPT over characters: learns a few of Shakespeare's sonnets, and goes on from a line.
 *
 *     deno run -A examples/gpt.ts [steps] [first words]        or        bun examples/gpt.ts …
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import * as torch from "../mod.ts";
import { GPT } from "./gpt_model.ts";

const F = torch.nn.functional;
const LENGTH = 64;
const BATCH = 16;

const steps = Number(process.argv[2] ?? 600);
const start = process.argv[3] ?? "Shall I compare";

const text = readFileSync(new URL("data/sonnets.txt", import.meta.url), "utf8");
const letters = [...new Set(text)].sort();
const encode = (words: string) => [...words].map((letter) => Math.max(0, letters.indexOf(letter)));
const decode = (tokens: number[]) => tokens.map((token) => letters[token]).join("");
const tokens = torch.tensor(encode(text));

/** Pieces of the text, and the same one character further on. */
function batch(): [x: torch.Tensor, y: torch.Tensor] {
  const places = torch.randint(tokens.numel() - LENGTH, [BATCH, 1]).add(torch.arange(LENGTH));
  return [tokens.index(places), tokens.index(places.add(1))];
}

torch.manualSeed(0);
const model = new GPT({
  vocabulary: letters.length,
  length: LENGTH,
  width: 64,
  heads: 4,
  layers: 2,
});
const parameters = [...model.parameters()].reduce((sum, one) => sum + one.numel(), 0);
console.log(`${parameters} parameters, ${text.length} characters of ${letters.length} kinds`);

// Matrices decay, vectors do not.
const optimizer = new torch.optim.AdamW([
  { params: [...model.parameters()].filter((one) => one.ndim >= 2) },
  { params: [...model.parameters()].filter((one) => one.ndim < 2), weightDecay: 0 },
], { lr: 3e-3, weightDecay: 0.1 });
const schedule = new torch.optim.lrScheduler.OneCycleLR(optimizer, 3e-3, { totalSteps: steps + 1 });

const loop = torch.progress(Array(steps).keys(), { title: "training", total: steps });
let loss = 0;
for (const i of loop) {
  const [x, y] = batch();
  optimizer.zeroGrad();
  const output = F.crossEntropy(model(x).view(-1, letters.length), y.view(-1));
  output.backward();
  torch.nn.utils.clipGradNorm_(model.parameters(), 1);
  optimizer.step();
  schedule.step();
  loss = Number(output.item());
  loop.set({ loss });
  // Lets the runtime free what the loop has forgotten.
  if (i % 50 === 0) await new Promise((resume) => setTimeout(resume));
}
console.log(
  `loss ${loss.toFixed(2)} a character; ${Math.log(letters.length).toFixed(2)} is chance`,
);
console.log(decode(model.generate(encode(start), 200, 0.8)));
