import { addmm, matmul, zerosLike } from "../ops/mod.ts";
import { shapeOf, type Tensor } from "../tensor/tensor.ts";
import { collect } from "./batch.ts";
import { Optimizer } from "./optimizer.ts";
import { checkBoolean, checkNumber, checkOneOf, withDefaults } from "./options.ts";
import type { AllOptions, GroupOptions, ParamGroup, Params } from "./param_group.ts";

/** Options of {@linkcode Muon}. */
export interface MuonOptions {
  /** The learning rate, or a tensor of one that each step reads; default `0.001`. */
  lr?: number | Tensor;
  /** The weight of the decay, which is apart from the gradient; default `0.1`. */
  weightDecay?: number;
  /** How slowly the average of the gradient forgets; default `0.95`. */
  momentum?: number;
  /** Whether the momentum is Nesterov's; default `true`. */
  nesterov?: boolean;
  /** The polynomial of the iteration; default `[3.4445, -4.775, 2.0315]`. */
  nsCoefficients?: [number, number, number];
  /** The least norm that a gradient is divided by; default `1e-7`. */
  eps?: number;
  /** How often the iteration is made; default `5`. */
  nsSteps?: number;
  /** How the learning rate follows a matrix's shape: `null` means `"original"`. */
  adjustLrFn?: "original" | "match_rms_adamw" | null;
}

type Group = ParamGroup<AllOptions<MuonOptions>>;

const DEFAULTS: AllOptions<MuonOptions> = {
  lr: 1e-3,
  weightDecay: 0.1,
  momentum: 0.95,
  nesterov: true,
  nsCoefficients: [3.4445, -4.775, 2.0315],
  eps: 1e-7,
  nsSteps: 5,
  adjustLrFn: null,
};

/**
 * Muon (Jordan et al. 2024): the momentum of a matrix, made orthogonal by an iteration of Newton and Schulz in bfloat16.
 *
 * All parameters are matrices; others go to another optimizer. Its state has `momentum_buffer`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const w = torch.eye(3).requiresGrad_();
 * const optimizer = new torch.optim.Muon([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * assert(Number(w.trace().item()) < 3);
 * ```
 */
export class Muon extends Optimizer<AllOptions<MuonOptions>> {
  /**
   * @param params Parameters, or groups of them with options of their own.
   * @param options See {@linkcode MuonOptions}.
   */
  constructor(params: Params<MuonOptions>, options?: MuonOptions) {
    super(params, withDefaults("Muon", DEFAULTS, options));
  }

  /** The names of the state's tensors that have a number for each of the parameter's. */
  override get elementNames(): readonly string[] {
    return ["momentum_buffer"];
  }

  /** Adds parameters, all of them matrices of real numbers. */
  override addParamGroup(group: GroupOptions<AllOptions<MuonOptions>>): void {
    super.addParamGroup(group);
    for (const param of this.paramGroups.at(-1)!.params) {
      const isMatrix = param.ndim === 2 && !param.dtype.startsWith("complex");
      if (isMatrix) continue;
      this.paramGroups.pop();
      throw new RangeError(
        `Muon: parameters must be matrices of real numbers, but one has shape [${
          shapeOf(param).join(", ")
        }] and dtype ${param.dtype}`,
      );
    }
  }

  /** Refuses options that make no sense. */
  protected override check(options: AllOptions<MuonOptions>): void {
    checkNumber("Muon", "lr", options.lr, { min: 0 });
    checkNumber("Muon", "momentum", options.momentum, { min: 0 });
    checkNumber("Muon", "weightDecay", options.weightDecay, { min: 0 });
    checkNumber("Muon", "eps", options.eps);
    checkNumber("Muon", "nsSteps", options.nsSteps, { min: 0, below: 100, integer: true });
    checkBoolean("Muon", "nesterov", options.nesterov);
    checkOneOf("Muon", "adjustLrFn", options.adjustLrFn, [null, "original", "match_rms_adamw"]);
    const { nsCoefficients } = options;
    if (!Array.isArray(nsCoefficients) || nsCoefficients.length !== 3) {
      throw new TypeError("Muon: 'nsCoefficients' must be an array of three numbers");
    }
    nsCoefficients.forEach((one, i) => checkNumber("Muon", `nsCoefficients[${i}]`, one));
  }

  /** Makes a step of the parameters of one group. */
  protected override update(group: Group): void {
    const make = (_: Tensor, grad: Tensor) => ({ momentum_buffer: zerosLike(grad) });
    for (const one of collect(this.name, group.params, this.state, make, () => 0)) {
      using batch = one;
      const buffers = batch.list("momentum_buffer");
      batch.params.forEach((param, i) => step(group, param, batch.grads[i]!, buffers[i]!));
    }
  }
}

function step(group: Group, param: Tensor, grad: Tensor, buffer: Tensor): void {
  const { lr, momentum, weightDecay } = group;
  buffer.lerp_(grad, 1 - momentum);
  using ahead = group.nesterov ? grad.lerp(buffer, momentum) : null;
  using update = orthogonal(ahead ?? buffer, group);
  param.mul_(1 - lr * weightDecay);
  param.add_(update, { alpha: -lr * shapeFactor(group, shapeOf(param)) });
}

function shapeFactor(group: Group, shape: number[]): number {
  const [rows, columns] = shape as [number, number];
  return group.adjustLrFn === "match_rms_adamw"
    ? 0.2 * Math.sqrt(Math.max(rows, columns))
    : Math.sqrt(Math.max(1, rows / columns));
}

// A quintic iteration that brings all singular values near 1.
function orthogonal(matrix: Tensor, group: Group): Tensor {
  const [a, b, c] = group.nsCoefficients;
  const [rows, columns] = shapeOf(matrix) as [number, number];
  using lowered = matrix.to({ dtype: "bfloat16", copy: true });
  let x = rows > columns ? lowered.t() : lowered.clone();
  using size = x.norm();
  size.clampMin_(group.eps);
  x.div_(size);
  for (let i = 0; i < group.nsSteps; i++) {
    using previous = x;
    using transposed = previous.t();
    using gram = matmul(previous, transposed);
    using polynomial = addmm(gram, gram, gram, { beta: b, alpha: c });
    x = addmm(previous, polynomial, previous, { beta: a });
  }
  if (rows <= columns) return x;
  using last = x;
  return last.t();
}
