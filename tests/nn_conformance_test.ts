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
  assert(samples.length >= 700, `only ${samples.length} samples`);
  assert(entries.size >= 100, `only ${entries.size} entries`);
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
