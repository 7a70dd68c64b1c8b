/** Random programs, traced and called with whatever comes, fused and not: `deno task fuzz:traced` runs 5,000. */

import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { runBatches } from "./fuzz/batches.ts";

test("a random program gives what eager mode gives, gradients too", async () => {
  const total = 120;
  const module = new URL("fuzz/traced_child.ts", import.meta.url);
  const outcome = await runBatches({ module, total, batch: 60, seed: 11, parallel: 2 });
  assertEquals([...outcome.failures, ...outcome.crashes], []);
  assertEquals(outcome.ran, total);
  const { fused = 0, "not fused": plain = 0 } = outcome.counts;
  assert(fused > 40 && plain > 40, JSON.stringify(outcome.counts));
  // Most calls come to something.
  assert((outcome.tally["the same"] ?? 0) > total * 24 / 2, JSON.stringify(outcome.tally));
});
