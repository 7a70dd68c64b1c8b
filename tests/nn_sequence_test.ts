import { describe, test } from "node:test";
import { checkCase, readGolden } from "./support/module_golden.ts";

const { seed, cases } = readGolden("nn_sequence.gz");

describe("Text, first weights, outputs and gradients are PyTorch's", () => {
  cases.forEach((sample, i) => {
    const { layer, args, options, call, training } = sample;
    const mode = training ? "" : ", evaluating";
    const given = JSON.stringify({
      ...options,
      ...Object.fromEntries(Object.keys(call).map((key) => [key, "…"])),
    });
    test(`${i}: ${layer}(${JSON.stringify(args)}) ${given}${mode}`, () =>
      checkCase(sample, seed, 2e-5));
  });
});
