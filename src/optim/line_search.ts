/**
 * A line search for the strong Wolfe conditions, after minFunc as PyTorch has it (Nocedal and Wright 2006, chapter 3).
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";

/** A point on the line: how far, the loss, the gradient, and its slope along the line. */
export interface LinePoint {
  readonly t: number;
  readonly loss: number;
  readonly grad: Tensor;
  readonly slope: number;
}

/** Where a line search ended. */
export interface LineEnd {
  /** The best point. */
  readonly point: LinePoint;
  /** How often the loss was computed. */
  readonly evaluations: number;
}

const SUFFICIENT_DECREASE = 1e-4;
const CURVATURE = 0.9;

/** The minimum of the cubic through two points with their slopes, within bounds. */
function cubicMinimum(a: LinePoint, b: LinePoint, low: number, high: number): number {
  const d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t);
  const square = d1 ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const t = a.t <= b.t
    ? b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    : a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2));
  return Math.min(Math.max(t, low), high);
}

type Evaluate = (t: number) => LinePoint;

class Search {
  readonly #start: LinePoint;
  readonly #evaluate: Evaluate;
  readonly #limit: number;
  iterations = 0;
  evaluations = 0;

  constructor(start: LinePoint, evaluate: Evaluate, limit: number) {
    this.#start = start;
    this.#evaluate = evaluate;
    this.#limit = limit;
  }

  at(t: number): LinePoint {
    this.evaluations++;
    return this.#evaluate(t);
  }

  get exhausted(): boolean {
    return this.iterations >= this.#limit;
  }

  isTooHigh({ t, loss }: LinePoint): boolean {
    return loss > this.#start.loss + SUFFICIENT_DECREASE * t * this.#start.slope;
  }

  isFlat({ slope }: LinePoint): boolean {
    return Math.abs(slope) <= -CURVATURE * this.#start.slope;
  }

  /** Points that a good one lies between; one alone if it is good. */
  bracket(first: number): LinePoint[] {
    let previous = this.#start;
    let point = this.at(first);
    while (!this.exhausted) {
      const rises = this.iterations > 1 && point.loss >= previous.loss;
      if (this.isTooHigh(point) || rises) return [previous, point];
      if (this.isFlat(point)) return [point];
      if (point.slope >= 0) return [previous, point];
      const low = point.t + 0.01 * (point.t - previous.t);
      const t = cubicMinimum(previous, point, low, point.t * 10);
      previous = point;
      point = this.at(t);
      this.iterations++;
    }
    return [this.#start, point];
  }

  /** Narrows a bracket; its best point. */
  zoom(bracket: LinePoint[], reach: number, tolerance: number): LinePoint {
    const ends = bracket as [LinePoint, LinePoint];
    let low = lower(ends);
    let stuck = false;
    while (!this.exhausted && Math.abs(ends[1].t - ends[0].t) * reach >= tolerance) {
      const trial = inside(ends, stuck);
      stuck = trial.stuck;
      const point = this.at(trial.t);
      this.iterations++;
      if (this.isTooHigh(point) || point.loss >= ends[low].loss) {
        ends[1 - low] = point;
        low = lower(ends);
        continue;
      }
      if (this.isFlat(point)) return point;
      // What was high lies on the far side no more.
      if (point.slope * (ends[1 - low]!.t - ends[low].t) >= 0) ends[1 - low] = ends[low];
      ends[low] = point;
    }
    return ends[low];
  }
}

function lower([first, second]: [LinePoint, LinePoint]): 0 | 1 {
  return first.loss <= second.loss ? 0 : 1;
}

/** Where to look between two points: not near either twice. */
function inside([a, b]: [LinePoint, LinePoint], stuck: boolean): { t: number; stuck: boolean } {
  const [left, right] = [Math.min(a.t, b.t), Math.max(a.t, b.t)];
  const t = cubicMinimum(a, b, left, right);
  const margin = 0.1 * (right - left);
  if (!(Math.min(right - t, t - left) < margin)) return { t, stuck: false };
  if (!stuck && t < right && t > left) return { t, stuck: true };
  const nearRight = Math.abs(t - right) < Math.abs(t - left);
  return { t: nearRight ? right - margin : left + margin, stuck: false };
}

/**
 * Looks along a line for a point that meets the strong Wolfe conditions.
 *
 * @param start The point at 0.
 * @param first How far to look first.
 * @param evaluate Gives the point at a distance.
 * @param limits The largest number of rounds, the direction's largest element, and the change of parameters that is too small.
 */
export function strongWolfe(
  start: LinePoint,
  first: number,
  evaluate: Evaluate,
  limits: { rounds: number; reach: number; tolerance: number },
): LineEnd {
  const search = new Search(start, evaluate, limits.rounds);
  const bracket = search.bracket(first);
  const point = bracket.length === 1
    ? bracket[0]!
    : search.zoom(bracket, limits.reach, limits.tolerance);
  return { point, evaluations: search.evaluations };
}
