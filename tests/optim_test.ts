import { describe, test } from "node:test";
import { assert } from "@std/assert";
import * as torch from "../mod.ts";
import {
  golden,
  lossOf,
  type Point,
  pointOf,
  type Problem,
  startOf,
  type Trajectory,
} from "./support/optim_golden.ts";

const { optim } = torch;

type AnyOptions = Record<string, unknown>;
type Make = new (params: unknown, options: AnyOptions) => torch.optim.AnyOptimizer;

function make(name: string, params: Problem, options: AnyOptions): torch.optim.AnyOptimizer {
  const factory = (optim as unknown as Record<string, Make>)[name]!;
  if (name === "Muon") return new factory([params.matrix], options);
  if (name === "LBFGS") return new factory(Object.values(params), options);
  const groups = [{ params: [params.matrix, params.late] }, {
    params: [params.vector, params.number],
  }];
  const optimizer = new factory(groups, options);
  optimizer.paramGroups[1]!.lr *= 0.5;
  return optimizer;
}

function stepOnce(optimizer: torch.optim.AnyOptimizer, params: Problem, step: number): void {
  const sign = optimizer.defaults.maximize ? -1 : 1;
  optimizer.step(() => {
    optimizer.zeroGrad();
    const loss = lossOf(params, optimizer instanceof optim.LBFGS ? 11 : step).mul(sign);
    loss.backward();
    return loss;
  });
}

function assertPoint(actual: Point, expected: Point, tolerance: number, where: string): void {
  for (const [name, values] of Object.entries(expected)) {
    values.forEach((value, i) => {
      const error = Math.abs(actual[name]![i]! - value);
      assert(
        error <= tolerance * Math.max(Math.abs(value), 0.1),
        `${where}: ${name}[${i}] is ${actual[name]![i]}, but PyTorch's ${value}`,
      );
    });
  }
}

function follow(
  { name, options, ...points }: Trajectory,
  dtype: "float64" | "float32",
  tolerance: number,
): { optimizer: torch.optim.AnyOptimizer; params: Problem } {
  const params = startOf(dtype);
  const optimizer = make(name, params, options);
  for (let step = 1; step <= 50; step++) {
    stepOnce(optimizer, params, step);
    const expected = points[dtype][step];
    if (expected) assertPoint(pointOf(params), expected, tolerance, `after step ${step}`);
  }
  return { optimizer, params };
}

const label = ({ name, options }: Trajectory) => `${name} ${JSON.stringify(options)}`;
const listsOnly = new Set(["Muon", "LBFGS"]);

describe("The first 50 steps are PyTorch's", () => {
  for (const one of golden.optimizers) {
    test(label(one), () => {
      // Muon computes in bfloat16, whose last bit is 0.8 %; L-BFGS magnifies rounding by its line search.
      const [wide, narrow] = one.name === "Muon"
        ? [1e-3, 1e-3]
        : one.name === "LBFGS"
        ? [1e-7, 1e-4]
        : [1e-11, 2e-6];
      follow(one, "float64", wide);
      follow(one, "float32", narrow);
      if (listsOnly.has(one.name)) return;
      const byLists = { ...one, options: { ...one.options, foreach: true } };
      // The powers of the two runtimes differ in the last bit, which the length in RAdam magnifies.
      follow(byLists, "float64", 1e-11);
      follow(byLists, "float32", 1e-6);
    });
  }
});
