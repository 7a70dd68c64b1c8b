import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { runBatches } from "./fuzz/batches.ts";
import { programs } from "./fuzz/programs.ts";
import { reports } from "./fuzz/reports.ts";

const at = (name: string) => new URL(`fuzz/${name}`, import.meta.url);

/** Asserts that all cases went well; what did not is the message. */
function well(
  outcome: { ran: number; failures: string[]; crashes: string[] },
  total: number,
): void {
  assertEquals([...outcome.failures, ...outcome.crashes], []);
  assertEquals(outcome.ran, total);
}

// `deno task fuzz:files` runs 20,000 and `deno task fuzz` a million of these; here both runtimes run a part of them.
describe("Files that are not what they were", () => {
  test("are refused, or are equal in everything to the file that was changed", async () => {
    const total = 2000;
    const outcome = await runBatches({
      module: at("files_child.ts"),
      total,
      batch: 1000,
      seed: 5,
      parallel: 2,
    });
    well(outcome, total);
    const refused = Object.entries(outcome.counts).filter(([what]) => what.endsWith(": refused"));
    assert(
      refused.reduce((sum, [, count]) => sum + count, 0) > total * 0.8,
      JSON.stringify(outcome.counts),
    );
    for (const part of ["weights", "a source", "a pickle", "a header", "the directory"]) {
      assert(refused.some(([what]) => what.includes(`from ${part} on`)), part);
    }
  });

  test("do no harm where somebody mended their checksums", async () => {
    const total = 300;
    well(
      await runBatches({
        module: at("files_child.ts"),
        total,
        batch: 150,
        seed: 5,
        parallel: 2,
        args: ["resealed"],
      }),
      total,
    );
  });
});

describe("Hostile calls return, or throw a TypeError, a RangeError or a TorchError", () => {
  const kinds: [string, number][] = [["api", 30_000], ["ops", 20_000]];
  for (const [kind, total] of kinds) {
    test(kind === "api" ? "of the public functions" : "of registered ops", async () => {
      well(
        await runBatches({
          module: at("calls_child.ts"),
          total,
          batch: 2500,
          seed: 7,
          parallel: 2,
          args: [kind],
          memory: 4_000_000,
        }),
        total,
      );
    });
  }

  test("inside of programs too", async () => {
    const total = Object.keys(programs).length;
    const module = at("programs_child.ts");
    well(await runBatches({ module, total, batch: total, seed: 1 }), total);
  });

  test("that PyTorch's tracker reports as ending the process", async () => {
    const total = Object.keys(reports).length;
    assert(total >= 30);
    well(await runBatches({ module: at("reports_child.ts"), total, batch: total, seed: 1 }), total);
  });
});
