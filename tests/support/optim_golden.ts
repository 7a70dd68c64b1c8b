/**
 * What PyTorch's optimizers and schedulers do, from tests/golden/optim.json, and the problem that they were given.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import * as torch from "../../mod.ts";

/** Parameters by name, flat. */
export type Point = Record<string, number[]>;

/** A tensor as tests/python/make_optim_golden.py writes it. */
export interface GoldenTensor {
  dtype: torch.DType;
  shape: number[];
  values: number[];
}

/** A trajectory of an optimizer. */
export interface Trajectory {
  name: string;
  options: Record<string, unknown>;
  float64: Record<string, Point>;
  float32: Record<string, Point>;
  state: { state: Record<string, Record<string, GoldenTensor>>; param_groups: object[] } | null;
}

/** Learning rate and momentum of each group. */
export interface Rates {
  lr: number[];
  momentum: number[];
}

/** The learning rates that a scheduler gives. */
export interface Schedule {
  name: string;
  options: Record<string, unknown>;
  optimizer: "SGD" | "Adam";
  sequence: Rates[];
  state: Record<string, unknown>;
}

/** All of it. */
export interface Golden {
  start: Record<string, number[] | number[][] | number>;
  target: number[][];
  optimizers: Trajectory[];
  plateau: number[];
  schedulers: Schedule[];
  closed: Record<string, number[][]>;
}

/** The golden file. */
export const golden: Golden = JSON.parse(
  readFileSync(new URL("../golden/optim.json", import.meta.url), "utf8"),
);

/** The parameters of the problem. */
export type Problem = Record<"matrix" | "vector" | "late" | "number", torch.Tensor>;

/** The parameters at the start. */
export function startOf(dtype: torch.DType): Problem {
  const params: Record<string, torch.Tensor> = {};
  for (const [name, values] of Object.entries(golden.start)) {
    params[name] = torch.tensor(values, { dtype, requiresGrad: true });
  }
  return params as Problem;
}

/** The loss that the script computes, by the same ops. */
export function lossOf({ matrix, vector, late, number }: Problem, step: number): torch.Tensor {
  const target = torch.tensor(golden.target, { dtype: matrix.dtype });
  const fit = matrix.sub(target.mul(1 + 0.1 * Math.sin(step))).pow(2).sum();
  const loss = fit.add(vector.mul(number).sub(0.5).pow(2).sum()).add(vector.pow(4).sum().mul(0.1));
  return step > 10 ? loss.add(late.pow(2).sum().mul(number.pow(2))) : loss;
}

/** Parameters by name, flat. */
export function pointOf(params: Problem): Point {
  return Object.fromEntries(
    Object.entries(params).map(([name, param]) => [
      name,
      Array.from(param.detach().reshape([-1]).toTypedArray() as Float64Array, Number),
    ]),
  );
}
