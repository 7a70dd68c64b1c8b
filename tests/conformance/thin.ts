/**
 * Takes the samples that hang on the processor out of the sample for CI: those that fail on this one, or with the kernels of
 * another one here, though the whole run (`tests/conformance/run.ts`), which asks the PyTorch of this machine, passes.
 *
 *     deno run -A tests/conformance/thin.ts
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as torch from "../../mod.ts";
import { check } from "./check.ts";
import { OTHER_PROCESSORS } from "./exported.ts";
import { readGolden, rewriteGolden } from "./golden.ts";

/** As MKL rounds on all processors, and on those with AVX2. */
const MODES = [{}, ...OTHER_PROCESSORS, { MKL_CBWR: "COMPATIBLE" }, { MKL_CBWR: "AVX2" }];
const MARK = "failing ";

/** The places of the samples that fail, by this process's kernels. */
function failing(): number[] {
  torch.setNumThreads(1);
  const { samples, blob } = readGolden();
  return samples.flatMap((sample, i) => check(sample, blob).kind === "failed" ? [i] : []);
}

/** {@linkcode failing}, in a process with another environment. */
function failingWith(env: Readonly<Record<string, string>>): number[] {
  const file = fileURLToPath(import.meta.url);
  const args = "Deno" in globalThis ? ["run", "-A", "--no-check", file] : [file];
  const { stdout, stderr } = spawnSync(process.execPath, [...args, "child"], {
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const line = stdout.split("\n").find((text) => text.startsWith(MARK));
  if (line === undefined) throw new Error(`A run of the samples failed:\n${stderr}`);
  return JSON.parse(line.slice(MARK.length));
}

if (process.argv[2] === "child") {
  console.log(MARK + JSON.stringify(failing()));
} else {
  const found = new Set(MODES.flatMap(failingWith));
  for (const i of found) console.log(`left out: ${readGolden().samples[i]!.entry}`);
  rewriteGolden((_, i) => !found.has(i));
}
