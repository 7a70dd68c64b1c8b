import { enableGrad, noGrad } from "../autograd/modes.ts";
import { cat, viewAsReal, zeros } from "../ops/mod.ts";
import { describe, isTensor, META_LAYOUT, metaOf, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { explained } from "./explain.ts";
import { type LineEnd, type LinePoint, strongWolfe } from "./line_search.ts";
import { type Closure, Optimizer } from "./optimizer.ts";
import { checkNumber, checkOneOf, withDefaults } from "./options.ts";
import type { AllOptions, GroupOptions, Params } from "./param_group.ts";

/** Options of {@linkcode LBFGS}. */
export interface LBFGSOptions {
  /** The length of a step, or what a line search begins with, or a tensor of one that each step reads; default `1`. */
  lr?: number | Tensor;
  /** The largest number of iterations in a step; default `20`. */
  maxIter?: number;
  /** The largest number of times that a step calls the closure; default (`null`) `maxIter * 1.25`. */
  maxEval?: number | null;
  /** The largest gradient that counts as zero; default `1e-7`. */
  toleranceGrad?: number;
  /** The change of loss or parameters that counts as none; default `1e-9`. */
  toleranceChange?: number;
  /** How many updates are remembered; default `100`. */
  historySize?: number;
  /** `"strong_wolfe"` (or `"strongWolfe"`) for a line search, `null` for steps of fixed length; default `null`. */
  lineSearchFn?: "strong_wolfe" | "strongWolfe" | null;
}

const DEFAULTS: AllOptions<LBFGSOptions> = {
  lr: 1,
  maxIter: 20,
  maxEval: null,
  toleranceGrad: 1e-7,
  toleranceChange: 1e-9,
  historySize: 100,
  lineSearchFn: null,
};

/** What is kept, of all parameters together, as the first parameter's state. */
interface Memory {
  func_evals: number;
  n_iter: number;
  d?: Tensor;
  t?: number;
  old_dirs?: Tensor[];
  old_stps?: Tensor[];
  ro?: number[];
  H_diag?: number;
  prev_flat_grad?: Tensor;
  prev_loss?: number;
}

/**
 * L-BFGS (Liu and Nocedal 1989; line search after minFunc): a quasi-Newton method, for whole batches. It has one group of
 * parameters, and its step needs a closure, which it calls several times.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const w = torch.tensor([3, -1], { dtype: "float32", requiresGrad: true });
 * const optimizer = new torch.optim.LBFGS([w], { lineSearchFn: "strong_wolfe" });
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const loss = w.sub(1).pow(2).sum();
 *   loss.backward();
 *   return loss;
 * });
 * assertAlmostEquals(Number(w.sum().item()), 2, 1e-5);
 * ```
 */
export class LBFGS extends Optimizer<AllOptions<LBFGSOptions>> {
  /**
   * @param params Parameters, or a single group of them.
   * @param options See {@linkcode LBFGSOptions}.
   */
  constructor(params: Params<LBFGSOptions>, options?: LBFGSOptions) {
    const all = withDefaults("LBFGS", DEFAULTS, options);
    if (all.lineSearchFn === "strongWolfe") all.lineSearchFn = "strong_wolfe";
    if (all.maxEval === null && typeof all.maxIter === "number") {
      all.maxEval = Math.floor(all.maxIter * 5 / 4);
    }
    super(params, all);
  }

  /** The names of what the state dict has as tensors of one number, and the state as numbers. */
  override get scalarNames(): readonly string[] {
    return [];
  }

  /** The names of what a state dict may have as tensors of one number, and the state as numbers. */
  override get numberNames(): readonly string[] {
    return ["t", "ro", "H_diag", "al", "prev_loss", "func_evals", "n_iter"];
  }

  /** Adds the only group. */
  override addParamGroup(group: GroupOptions<AllOptions<LBFGSOptions>>): void {
    if (this.paramGroups.length > 0) throw new RangeError("LBFGS: there can be only one group");
    super.addParamGroup(group);
  }

  /** Refuses options that make no sense. */
  protected override check(options: AllOptions<LBFGSOptions>): void {
    checkNumber("LBFGS", "lr", options.lr, { min: 0 });
    checkNumber("LBFGS", "maxIter", options.maxIter, { min: 0, integer: true });
    checkNumber("LBFGS", "maxEval", options.maxEval, { min: 0, integer: true });
    checkNumber("LBFGS", "toleranceGrad", options.toleranceGrad);
    checkNumber("LBFGS", "toleranceChange", options.toleranceChange);
    checkNumber("LBFGS", "historySize", options.historySize, { min: 0, integer: true });
    checkOneOf("LBFGS", "lineSearchFn", options.lineSearchFn, [null, "strong_wolfe"]);
  }

  /** Not used: the parameters make one step together. */
  protected override update(): void {}

  /** A step without its hooks. */
  protected override run<L>(closure: Closure<L> | undefined): L {
    if (closure === undefined) {
      throw new TypeError("LBFGS.step(): argument 'closure' is needed: the loss is computed often");
    }
    const { paramGroups, state } = this;
    const { params } = paramGroups[0]!;
    const first = params[0];
    if (first === undefined) return enableGrad(closure);
    if (!state.has(first)) state.set(first, { func_evals: 0, n_iter: 0 });
    const memory = state.get(first) as unknown as Memory;
    let thrown: unknown;
    const watched = (): L => {
      try {
        return closure();
      } catch (error) {
        thrown = error;
        throw error;
      }
    };
    try {
      return noGrad(() => {
        using step = new Step(params, paramGroups[0]!, memory, watched);
        return step.run() as L;
      });
    } catch (error) {
      // What the user's function throws is the user's.
      throw error === thrown ? error : explained(this, error);
    }
  }
}

/** One step: up to `maxIter` iterations. */
class Step implements Disposable {
  readonly #params: readonly Tensor[];
  readonly #options: AllOptions<LBFGSOptions>;
  readonly #memory: Memory;
  readonly #closure: Closure;
  readonly #round: (value: number) => number;
  readonly #temporary = new Set<Tensor>();
  #evaluations = 1;

  constructor(
    params: readonly Tensor[],
    options: AllOptions<LBFGSOptions>,
    memory: Memory,
    closure: Closure,
  ) {
    this.#params = params;
    this.#options = options;
    this.#memory = memory;
    this.#closure = closure;
    const { dtype } = params[0]!;
    // PyTorch computes with tensors of one number what are numbers here.
    const double = dtype === "float64" || dtype === "complex128";
    this.#round = double ? (value) => value : Math.fround;
  }

  #own(tensor: Tensor): Tensor {
    this.#temporary.add(tensor);
    return tensor;
  }

  [Symbol.dispose](): void {
    for (const tensor of this.#temporary) tensor.dispose();
  }

  run(): unknown {
    const { maxIter, maxEval, toleranceGrad, toleranceChange } = this.#options;
    const memory = this.#memory;
    const first = enableGrad(this.#closure);
    let loss = numberOf(first);
    memory.func_evals++;
    let grad = this.#flatGrad();
    if (largest(grad) <= toleranceGrad) return first;
    for (let i = 1; i <= maxIter; i++) {
      memory.n_iter++;
      const direction = this.#direction(grad);
      this.#remember(direction, grad, loss);
      const before = loss;
      const t = this.#firstLength(grad);
      memory.t = t;
      const slope = dot(grad, direction);
      if (slope > -toleranceChange) break;
      const end = this.#move(t, { t: 0, loss, grad, slope }, direction, i === maxIter);
      ({ loss, grad } = end.point);
      memory.t = end.point.t;
      this.#evaluations += end.evaluations;
      memory.func_evals += end.evaluations;
      if (this.#evaluations >= maxEval! || largest(grad) <= toleranceGrad) break;
      using moved = direction.mul(memory.t);
      if (largest(moved) <= toleranceChange) break;
      if (Math.abs(loss - before) < toleranceChange) break;
    }
    return first;
  }

  #firstLength(grad: Tensor): number {
    const { lr } = this.#options;
    if (this.#memory.n_iter > 1) return lr;
    using sizes = grad.abs();
    using sum = sizes.sum();
    const inverse = this.#round(1 / Number(sum.item()));
    return inverse < 1 ? this.#round(inverse * lr) : lr;
  }

  /** The approximate inverse Hessian times the gradient, downwards. */
  #direction(grad: Tensor): Tensor {
    const memory = this.#memory;
    if (memory.n_iter === 1) {
      Object.assign(memory, { old_dirs: [], old_stps: [], ro: [], H_diag: 1 });
      return grad.neg();
    }
    this.#learn(grad);
    const { old_dirs: dirs, old_stps: steps, ro } = memory as Required<Memory>;
    const weights: number[] = [];
    const round = this.#round;
    using q = grad.neg();
    for (let i = dirs.length - 1; i >= 0; i--) {
      weights[i] = round(dot(steps[i]!, q) * ro[i]!);
      q.add_(dirs[i]!, { alpha: -weights[i]! });
    }
    const r = q.mul(memory.H_diag!);
    for (let i = 0; i < dirs.length; i++) {
      const back = round(dot(dirs[i]!, r) * ro[i]!);
      r.add_(steps[i]!, { alpha: round(weights[i]! - back) });
    }
    return r;
  }

  /** Adds the last update to the memory. */
  #learn(grad: Tensor): void {
    const { historySize } = this.#options;
    const memory = this.#memory as Required<Memory>;
    const { old_dirs: dirs, old_stps: steps, ro } = memory;
    const y = grad.sub(memory.prev_flat_grad);
    const s = memory.d.mul(memory.t);
    const ys = dot(y, s);
    if (!(ys > 1e-10)) {
      y.dispose();
      s.dispose();
      return;
    }
    if (dirs.length === historySize) {
      dirs.shift()?.dispose();
      steps.shift()?.dispose();
      ro.shift();
    }
    dirs.push(y);
    steps.push(s);
    ro.push(this.#round(1 / ys));
    memory.H_diag = this.#round(ys / dot(y, y));
  }

  #remember(direction: Tensor, grad: Tensor, loss: number): void {
    const memory = this.#memory;
    memory.d?.dispose();
    memory.d = direction;
    if (memory.prev_flat_grad === undefined) memory.prev_flat_grad = grad.clone();
    else memory.prev_flat_grad.copy_(grad);
    memory.prev_loss = loss;
  }

  #move(t: number, start: LinePoint, direction: Tensor, isLast: boolean): LineEnd {
    const { lineSearchFn, maxEval, toleranceChange } = this.#options;
    if (lineSearchFn === null) {
      this.#add(t, direction);
      if (isLast) return { point: { ...start, t }, evaluations: 0 };
      const loss = numberOf(enableGrad(this.#closure));
      return { point: { t, loss, grad: this.#flatGrad(), slope: NaN }, evaluations: 1 };
    }
    const origin = this.#params.map((param) => this.#own(param.clone()));
    const evaluate = (at: number): LinePoint => {
      this.#add(at, direction);
      const loss = numberOf(enableGrad(this.#closure));
      const grad = this.#flatGrad();
      this.#params.forEach((param, i) => param.copy_(origin[i]!));
      return { t: at, loss, grad, slope: dot(grad, direction) };
    };
    const end = strongWolfe(start, t, evaluate, {
      rounds: maxEval! - this.#evaluations,
      reach: largest(direction),
      tolerance: toleranceChange,
    });
    this.#add(end.point.t, direction);
    return end;
  }

  /** Moves the parameters along a direction. */
  #add(t: number, direction: Tensor): void {
    let offset = 0;
    for (const param of this.#params) {
      using parts = param.dtype.startsWith("complex") ? viewAsReal(param) : null;
      const real = parts ?? param;
      const size = real.numel();
      using piece = direction.narrow(0, offset, size);
      using shaped = piece.view(shapeOf(real));
      real.add_(shaped, { alpha: t });
      offset += size;
    }
  }

  /** All gradients in a row; zeros where there is none. */
  #flatGrad(): Tensor {
    const pieces = this.#params.map(flatGradOf);
    try {
      return this.#own(cat(pieces));
    } finally {
      for (const piece of pieces) piece.dispose();
    }
  }
}

function flatGradOf(param: Tensor): Tensor {
  const { dtype, device } = param;
  const isComplex = dtype.startsWith("complex");
  using given = param.grad;
  using grad = given === null
    ? zeros(shapeOf(param), { dtype, device })
    : metaOf(given, "step")[META_LAYOUT] !== 0
    ? given.toDense()
    : given.reshape([-1]);
  if (!isComplex) return grad.reshape([-1]);
  using parts = viewAsReal(grad);
  return parts.reshape([-1]);
}

function largest(x: Tensor): number {
  using sizes = x.abs();
  using size = sizes.max();
  return Number(size.item());
}

function dot(x: Tensor, y: Tensor): number {
  using product = x.dot(y);
  return Number(product.item());
}

function numberOf(loss: unknown): number {
  if (typeof loss === "number") return loss;
  if (isTensor(loss)) return Number(loss.item());
  throw new TypeError(
    `LBFGS.step(): 'closure' must return the loss, a number or a tensor of one, but got ${
      describe(loss)
    }`,
  );
}
