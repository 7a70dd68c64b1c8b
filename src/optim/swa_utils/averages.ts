/**
 * How weights are averaged.
 *
 * @module
 */

import { noGrad } from "../../autograd/modes.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { lerp_ } from "../foreach.ts";
import { checkNumber } from "../options.ts";

/** Gives the new average of a parameter: `count` models have been averaged before. */
export type AvgFn = (averaged: Tensor, current: Tensor, count: number) => Tensor;

/** Changes the averages of parameters of one dtype in place. */
export type MultiAvgFn = (
  averaged: readonly Tensor[],
  current: readonly Tensor[],
  count: number,
) => void;

/**
 * An exponential average: `decay * averaged + (1 - decay) * current`.
 *
 * @param decay How slowly it forgets, from 0 to 1; default `0.999`.
 */
export function getEmaAvgFn(decay: number = 0.999): AvgFn {
  checkNumber("getEmaAvgFn", "decay", decay, { min: 0, max: 1 });
  return (averaged, current) =>
    noGrad(() => {
      using share = current.mul(1 - decay);
      using rest = averaged.mul(decay);
      return rest.add(share);
    });
}

/** A plain average of all models. */
export function getSwaAvgFn(): AvgFn {
  return (averaged, current, count) =>
    noGrad(() => {
      using difference = current.sub(averaged);
      using share = difference.div(count + 1);
      return averaged.add(share);
    });
}

/**
 * An exponential average of many parameters in one call.
 *
 * @param decay How slowly it forgets, from 0 to 1; default `0.999`.
 */
export function getEmaMultiAvgFn(decay: number = 0.999): MultiAvgFn {
  checkNumber("getEmaMultiAvgFn", "decay", decay, { min: 0, max: 1 });
  return (averaged, current) =>
    noGrad(() => {
      if (isFractional(averaged[0])) lerp_(averaged, current, 1 - decay);
      else each(averaged, current, 0, getEmaAvgFn(decay));
    });
}

/** A plain average of many parameters in one call. */
export function getSwaMultiAvgFn(): MultiAvgFn {
  return (averaged, current, count) =>
    noGrad(() => {
      if (isFractional(averaged[0])) lerp_(averaged, current, 1 / (count + 1));
      else each(averaged, current, count, getSwaAvgFn());
    });
}

/** Averages one by one. */
export function each(
  averaged: readonly Tensor[],
  current: readonly Tensor[],
  count: number,
  average: AvgFn,
): void {
  averaged.forEach((one, i) => {
    using next = average(one, current[i]!, count);
    one.copy_(next);
  });
}

function isFractional(tensor: Tensor | undefined): boolean {
  return /^(float|bfloat|complex)/.test(tensor?.dtype ?? "");
}
