/**
 * Momentum that goes up where the learning rate goes down.
 *
 * @module
 */

import type { AnyOptimizer } from "../optimizer.ts";
import type { ScheduledGroup } from "./scheduler.ts";

/** Whether the optimizer's momentum is the first of its `betas`. Refuses one that has no momentum. */
export function usesBeta1(name: string, optimizer: AnyOptimizer): boolean {
  const defaults = optimizer.defaults as object;
  if ("betas" in defaults) return true;
  if ("momentum" in defaults) return false;
  throw new RangeError(
    `${name}: ${optimizer.name} has neither momentum nor betas, so 'cycleMomentum' must be false`,
  );
}

/** Sets the momentum of a group. */
export function setMomentum(group: ScheduledGroup, beta1: boolean, momentum: number): void {
  if (beta1) group.betas = [momentum, group.betas![1]];
  else group.momentum = momentum;
}

/** Sets the ends between which the momentum goes, and begins with the largest. */
export function startMomentum(
  groups: readonly ScheduledGroup[],
  beta1: boolean,
  base: readonly number[],
  max: readonly number[],
): void {
  groups.forEach((group, i) => {
    setMomentum(group, beta1, max[i]!);
    group.maxMomentum = max[i]!;
    group.baseMomentum = base[i]!;
  });
}
