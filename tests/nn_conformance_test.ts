/**
 * A sample of PyTorch's own module tests, with PyTorch's results: tests/golden/conformance_modules.gz, which
 * `tests/conformance/modules/run.ts --golden` writes from those that pass. The whole set is `deno task conformance`.
 */

import { assert, assertEquals } from "@std/assert";
import { after, before, test } from "node:test";
import * as torch from "../mod.ts";
import { GOLDEN, readGolden } from "./conformance/golden.ts";
import { check } from "./conformance/modules/check.ts";
import type { ModuleSample } from "./conformance/modules/sample.ts";

const { samples, blob } = readGolden<ModuleSample>(GOLDEN.modules);
const threads = torch.getNumThreads();

// As PyTorch computed them: sums of several threads round otherwise.
before(() => torch.setNumThreads(1));
after(() => torch.setNumThreads(threads));

test("the sample spreads over the modules", () => {
  const entries = new Set(samples.map(({ entry }) => entry));
  assert(samples.length >= 1000, `only ${samples.length} samples`);
  assert(entries.size >= 130, `only ${entries.size} entries`);
});

test("a difference is found: in the text, in the state, and in the output", () => {
  const index = samples.findIndex(({ entry }) => entry === "nn.Linear");
  const sample = samples[index]!;
  const { weight, bias } = sample.state;
  const changed: [ModuleSample, string][] = [
    [{ ...sample, text: "Line()" }, "text: "],
    [
      { ...sample, state: { ...sample.state, bias: { ...bias!, at: weight!.at } } },
      "state: bias: ",
    ],
    [{ ...sample, result: sample.tensors[0]! }, ""],
    [
      { ...sample, parameterGrads: { ...sample.parameterGrads, weight: null } },
      "gradient weight: ",
    ],
  ];
  assertEquals(check("nn.Linear", sample, blob).kind, "passed");
  for (const [one, reason] of changed) {
    const outcome = check("nn.Linear", one, blob);
    assertEquals(outcome.kind, "failed");
    assert(outcome.reason!.startsWith(reason), outcome.reason);
  }
});

for (const [dtype, list] of Map.groupBy(samples, (sample) => sample.dtype)) {
  test(`modules are PyTorch's on ${list.length} samples of ${dtype}`, () => {
    const failures = list.flatMap((sample) => {
      const { kind, reason, call } = check(sample.entry!, sample, blob);
      return kind === "passed" ? [] : [`${call}: ${kind}: ${reason}`];
    });
    assertEquals(failures, []);
  });
}
