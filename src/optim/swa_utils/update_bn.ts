import { noGrad } from "../../autograd/modes.ts";
import { type AnyModule, BatchNorm, Module } from "../../nn/mod.ts";
import { describe, isTensor, type Tensor } from "../../tensor/tensor.ts";

/** A batch: the input, or an array whose first element it is. */
export type Batch = Tensor | readonly [input: Tensor, ...rest: unknown[]];

/**
 * Computes the running statistics of a model's batch normalizations anew, as plain averages over all batches: averaged
 * weights have none of their own.
 *
 * @param loader Batches, each an input or an array that begins with one; sync or async.
 * @param model The model. Its mode is what it was afterwards.
 * @param options `device`: where inputs are brought first.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const model = new torch.nn.Sequential(new torch.nn.BatchNorm1d(1));
 * await torch.optim.swaUtils.updateBn([torch.full([4, 1], 2.5), torch.full([4, 1], 3.5)], model);
 * assertAlmostEquals(Number(model.stateDict()["0.running_mean"]!.item()), 3, 1e-6);
 * ```
 */
export async function updateBn(
  loader: Iterable<Batch> | AsyncIterable<Batch>,
  model: AnyModule,
  options: { device?: string } = {},
): Promise<void> {
  if (!(model instanceof Module)) {
    throw new TypeError(
      `updateBn(): argument 'model' must be a Module, but got ${describe(model)}`,
    );
  }
  const norms = [...model.modules()].filter((one) => one instanceof BatchNorm) as Momentum[];
  if (norms.length === 0) return;
  const momenta = norms.map((one) => one.momentum);
  const { training } = model;
  for (const one of norms) (one as unknown as BatchNorm).resetRunningStats();
  model.train();
  try {
    for (const one of norms) one.momentum = null;
    for await (const batch of loader) noGrad(() => run(model, batch, options.device));
  } finally {
    norms.forEach((one, i) => one.momentum = momenta[i]!);
    model.train(training);
  }
}

interface Momentum {
  momentum: number | null;
}

function run(model: AnyModule, batch: unknown, device: string | undefined): void {
  const input: unknown = Array.isArray(batch) ? batch[0] : batch;
  if (!isTensor(input)) {
    throw new TypeError(
      `updateBn(): argument 'loader' must give tensors, or arrays that begin with one, but got ${
        describe(input)
      }`,
    );
  }
  using moved = device === undefined ? null : input.to({ device, copy: true });
  const output: unknown = model(moved ?? input);
  if (isTensor(output)) output.dispose();
}
