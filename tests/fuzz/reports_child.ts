/**
 * Runs the reports of `reports.ts`, one a case.
 *
 * @module
 */

import * as torch from "../../mod.ts";
import { child } from "./batches.ts";
import { reports } from "./reports.ts";

const entries = Object.entries(reports);
torch.setNumThreads(1);

await child((index, note) => {
  const [name, run] = entries[index]!;
  note(name);
  try {
    const result = run();
    for (const one of Array.isArray(result) ? result : [result]) {
      if (one instanceof torch.Tensor) one.dispose();
    }
    return "returned";
  } catch (error) {
    if (
      error instanceof torch.TorchError || error instanceof TypeError || error instanceof RangeError
    ) {
      return "refused";
    }
    throw error;
  }
});
