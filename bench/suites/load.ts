/**
 * Loading a model of 250 MB, verified and looked through as `jit.load` does by default, against LibTorch's own loading of the
 * same file. Both take turns in one process, from the system's cache of files.
 *
 *     deno run -A bench/suites/load.ts
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as torch from "../../mod.ts";
import { here, measure } from "../harness.ts";

const { jit } = torch;
const WIDTH = 2048;
const LAYERS = 15;

const folder = mkdtempSync(join(tmpdir(), "flambeau-bench-load-"));
const path = join(folder, "big.pt");
try {
  const layers = Array.from({ length: LAYERS }, () => new torch.nn.Linear(WIDTH, WIDTH));
  jit.save(jit.trace(new torch.nn.Sequential(...layers), [torch.zeros([1, WIDTH])]), path);
  const loading = (options: torch.jit.LoadOptions) => (calls: number) => {
    for (let i = 0; i < calls; i++) jit.load(path, options).dispose();
  };
  const own = { verify: false, allow: ["*"] };
  for (const threads of new Set([torch.getNumThreads(), 1])) {
    torch.setNumThreads(threads);
    measure("load", `250 MB, ${threads} thread${threads > 1 ? "s" : ""}`, {
      [here]: loading({}),
      "without policy": loading({ allow: ["*"] }),
      "unverified": loading(own),
    });
  }
} finally {
  rmSync(folder, { recursive: true });
}
