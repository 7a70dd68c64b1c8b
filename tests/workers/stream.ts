/**
 * An iterable dataset for the Workers of `tests/data_loader_test.ts`.
 *
 * @module
 */

import * as torch from "../../mod.ts";

/** Every Worker has every numWorkers-th of the numbers below 10. */
export class Stream extends torch.data.IterableDataset<number> {
  override async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    const { id, numWorkers } = torch.data.getWorkerInfo() ?? { id: 0, numWorkers: 1 };
    for (let i = id; i < 10; i += numWorkers) {
      await Promise.resolve();
      yield i;
    }
  }
}

export default (): Stream => new Stream();

/** Tells what random number its generator gives first. */
export const collate = (numbers: number[]): unknown => {
  const info = torch.data.getWorkerInfo()!;
  return { numbers, seed: info.seed, worker: info.id };
};
