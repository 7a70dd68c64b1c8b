/**
 * A sample of PyTorch's own sample inputs, with PyTorch's results: tests/golden/conformance.gz, which
 * `tests/conformance/run.ts --golden` writes from those that pass. The whole set is `deno task conformance`.
 */

import { assert, assertEquals } from "@std/assert";
import { after, before, test } from "node:test";
import * as torch from "../mod.ts";
import { check } from "./conformance/check.ts";
import { readGolden } from "./conformance/golden.ts";

const { samples, blob } = readGolden();
const threads = torch.getNumThreads();

// As PyTorch computed them: sums of several threads round otherwise.
before(() => torch.setNumThreads(1));
after(() => torch.setNumThreads(threads));

test("the sample spreads over the ops", () => {
  const entries = new Set(samples.map(({ entry }) => entry));
  assert(samples.length >= 1500, `only ${samples.length} samples`);
  assert(entries.size >= 450, `only ${entries.size} entries`);
});

for (const [dtype, list] of Map.groupBy(samples, (sample) => sample.dtype)) {
  test(`ops give PyTorch's results and gradients on ${list.length} samples of ${dtype}`, () => {
    const failures = list.flatMap((sample) => {
      const { kind, reason } = check(sample, blob);
      return kind === "passed" ? [] : [`${sample.entry}: ${kind}: ${reason}`];
    });
    assertEquals(failures, []);
  });
}
