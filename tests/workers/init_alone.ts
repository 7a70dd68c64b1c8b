/**
 * A `workerInitFn` in a module of its own, for `tests/data_worker_init_test.ts`.
 *
 * @module
 */

import * as torch from "../../mod.ts";
import type { Shard } from "./initialized.ts";

export default (id: number): void => {
  if (id === 2) throw new RangeError("a third Worker is one too many");
  (torch.data.getWorkerInfo()!.dataset as Shard).offset = -1000 * (id + 1);
};
