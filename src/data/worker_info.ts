/**
 * Who a Worker of a loader is, for datasets that share their work out.
 *
 * @module
 */

import { Generator } from "../tensor/generator.ts";

/** What a dataset can know of the Worker that it is in. */
export interface WorkerInfo {
  /** Its number, from 0. */
  readonly id: number;
  /** How many there are. */
  readonly numWorkers: number;
  /** A seed of its own in each pass: the pass's seed plus `id`, as in PyTorch. */
  readonly seed: bigint;
  /** A generator with that seed. The process's generator is shared by all Workers, so draws from it come in no fixed order. */
  readonly generator: Generator;
  /** The Worker's own dataset; `null` as long as it is being made. */
  readonly dataset: unknown;
}

let current: WorkerInfo | null = null;

/** Who the Worker is that this is called in; `null` where it is none of a loader's. */
export function getWorkerInfo(): WorkerInfo | null {
  return current;
}

/** Says it, at the begin of a pass. */
export function setWorkerInfo(id: number, numWorkers: number, baseSeed: bigint): void {
  current?.generator.dispose();
  const seed = BigInt.asUintN(64, baseSeed + BigInt(id));
  const generator = new Generator().manualSeed(seed);
  current = { id, numWorkers, seed, generator, dataset: current?.dataset ?? null };
}

/** Says which dataset it is, once that is made. */
export function setWorkerDataset(dataset: unknown): void {
  if (current !== null) current = { ...current, dataset };
}
