import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { losses } from "./support/training_models.ts";

// What tests/python/make_training_golden.py wrote.
const golden: Record<string, Record<string, number[]>> = JSON.parse(
  readFileSync(new URL("./golden/training.json", import.meta.url), "utf8"),
);

describe("The first 200 losses are PyTorch's, from the same seed", () => {
  for (const [model, byOptimizer] of Object.entries(golden)) {
    for (const [optimizer, expected] of Object.entries(byOptimizer)) {
      test(`${model} under ${optimizer}`, { timeout: 120_000 }, () => {
        const threads = torch.getNumThreads();
        torch.setNumThreads(1);
        try {
          const found = losses(model, optimizer, expected.length);
          assertEquals(found.length, 200);
          found.forEach((loss, i) => {
            const error = Math.abs(loss - expected[i]!) / Math.abs(expected[i]!);
            assert(error <= 1e-5, `loss ${i} is ${loss}, but PyTorch's ${expected[i]}`);
          });
        } finally {
          torch.setNumThreads(threads);
        }
      });
    }
  }
});
