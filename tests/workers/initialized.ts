/**
 * A dataset that `workerInitFn` sets up, for `tests/data_worker_init_test.ts`.
 *
 * @module
 */

import * as torch from "../../mod.ts";

/** What one Worker knows: who it is, and how often it was set up. */
export class Shard extends torch.data.Dataset<number[]> {
  readonly length = 100;
  offset = 0;
  calls = 0;
  infoWhenMade: unknown = torch.data.getWorkerInfo()?.dataset;

  get(index: number): number[] {
    return [index + this.offset, this.calls, this.infoWhenMade === null ? 1 : 0];
  }
}

export default Shard;

/** Called in each Worker. */
export async function workerInitFn(id: number): Promise<void> {
  await Promise.resolve();
  const info = torch.data.getWorkerInfo()!;
  if (info.id !== id) throw new Error("another Worker's number");
  const shard = info.dataset as Shard;
  shard.offset = 1000 * id;
  shard.calls++;
}
