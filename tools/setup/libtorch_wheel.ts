/**
 * LibTorch out of PyTorch's wheel, by pip.
 *
 * @module
 */

import { join } from "node:path";
import type { Context } from "./context.ts";
import { putDirectory, requireSpace } from "./files.ts";
import { type Pip, pipFailure, pipInstall } from "./pip.ts";
import { LIBTORCH_VERSION, PYTORCH_INDEX } from "./versions.ts";

/** What the wheel and what it unpacks to come to, and the disk space asked for. */
const WHEEL_MEGABYTES = 950;
const NEEDED_MEGABYTES = 1200;

/** Brings PyTorch's wheel to `target`; LibTorch is then `target/torch`. */
export async function fetchWheel(context: Context, pip: Pip, target: string): Promise<void> {
  await requireSpace(context, NEEDED_MEGABYTES, `Fetching LibTorch ${LIBTORCH_VERSION}`);
  await putDirectory(context, target, async (staging) => {
    // The CPU build is on PyTorch's index; a mirror may have it under the plain version.
    let ended = await install(`torch==${LIBTORCH_VERSION}+cpu`);
    if (ended.code !== 0 && /No matching distribution/i.test(ended.stderr)) {
      ended = await install(`torch==${LIBTORCH_VERSION}`);
    }
    if (ended.code !== 0) throw pipFailure(`torch ${LIBTORCH_VERSION}`, ended);
    return join(staging, "wheel");

    function install(requirement: string) {
      const target = join(staging, "wheel");
      return pipInstall(context, pip, {
        args: ["--no-deps", "--target", target, "--extra-index-url", PYTORCH_INDEX, requirement],
        directory: staging,
        title: `LibTorch ${LIBTORCH_VERSION} by pip`,
        megabytes: WHEEL_MEGABYTES,
      });
    }
  });
}
