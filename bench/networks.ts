/**
 * The networks of the TorchScript suite: `bench/peers/networks.py` has them, under these names.
 *
 * @module
 */

/** A network's file, and what it takes. */
export interface Network {
  /** Its name. */
  name: string;
  /** The shape of one input. */
  shape: number[];
  /** The batches that are measured. */
  batches: number[];
}

/** All of them. */
export const networks: readonly Network[] = [
  { name: "mlp", shape: [64], batches: [1, 16] },
  { name: "resnet18", shape: [3, 224, 224], batches: [1, 16] },
  { name: "mobilenet", shape: [3, 224, 224], batches: [1, 16] },
  { name: "transformer", shape: [64, 256], batches: [1, 16] },
  { name: "lstm", shape: [32, 128], batches: [1, 16] },
];

/** What the suite of concurrency runs, one input at a time (about 5 ms on one thread), and how many callers there are. */
export const concurrency: { network: string; shape: number[]; callers: number[] } = {
  network: "transformer",
  shape: [64, 256],
  callers: [1, 2, 4, 16, 64],
};
