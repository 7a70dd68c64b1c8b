import { fullLike, onesLike, where, zerosLike } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { likeParam } from "./like_param.ts";
import { Optimizer } from "./optimizer.ts";
import {
  checkNumber,
  checkPair,
  checkSwitches,
  type StepSwitches,
  withDefaults,
} from "./options.ts";
import type { AllOptions, ParamGroup, Params } from "./param_group.ts";

/** Options of {@linkcode Rprop}. */
export interface RpropOptions extends StepSwitches {
  /** The first step size, or a tensor of one that each step reads; default `0.01`. */
  lr?: number | Tensor;
  /** The factors of a step size where the gradient changed its sign, and where it did not; default `[0.5, 1.2]`. */
  etas?: [number, number];
  /** The least and the largest step size; default `[1e-6, 50]`. */
  stepSizes?: [number, number];
}

type Group = ParamGroup<AllOptions<RpropOptions>>;

const DEFAULTS: AllOptions<RpropOptions> = {
  lr: 1e-2,
  etas: [0.5, 1.2],
  stepSizes: [1e-6, 50],
  foreach: null,
  maximize: false,
  differentiable: false,
  capturable: false,
};

/**
 * Resilient propagation (Riedmiller and Braun 1993): only the signs of gradients count.
 *
 * Its state has `step`, `prev` and `step_size`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const w = torch.tensor([1], { dtype: "float32", requiresGrad: true });
 * const optimizer = new torch.optim.Rprop([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * assertAlmostEquals(Number(w.item()), 0.9, 1e-6);
 * ```
 */
export class Rprop extends Optimizer<AllOptions<RpropOptions>> {
  /**
   * @param params Parameters, or groups of them with options of their own.
   * @param options See {@linkcode RpropOptions}.
   */
  constructor(params: Params<RpropOptions>, options?: RpropOptions) {
    super(params, withDefaults("Rprop", DEFAULTS, options));
  }

  /** The names of the state's tensors that have a number for each of the parameter's. */
  override get elementNames(): readonly string[] {
    return ["prev", "step_size"];
  }

  /** Refuses options that make no sense. */
  protected override check(options: AllOptions<RpropOptions>): void {
    checkNumber("Rprop", "lr", options.lr, { min: 0 });
    checkPair("Rprop", "etas", options.etas);
    checkNumber("Rprop", "etas[0]", options.etas[0], { above: 0, below: 1 });
    checkNumber("Rprop", "etas[1]", options.etas[1], { above: 1 });
    checkPair("Rprop", "stepSizes", options.stepSizes);
    options.stepSizes.forEach((size, i) => checkNumber("Rprop", `stepSizes[${i}]`, size));
    checkSwitches("Rprop", options);
  }

  /** Makes a step of the parameters of one group. */
  protected override update(group: Group): void {
    const make = (param: Tensor) => ({
      prev: zerosLike(param),
      step_size: likeParam(fullLike, param, group.lr),
    });
    for (const one of this.batches(group, make)) {
      using batch = one;
      const [prevs, sizes] = [batch.list("prev"), batch.list("step_size")];
      batch.params.forEach((param, i) => step(group, param, batch.grads[i]!, prevs[i]!, sizes[i]!));
    }
  }
}

function step(group: Group, param: Tensor, given: Tensor, prev: Tensor, size: Tensor): void {
  const { etas: [less, more], stepSizes: [least, largest] } = group;
  using grad = group.maximize ? given.neg() : given.clone();
  using product = grad.mul(prev);
  using same = product.gt(0);
  using changed = product.lt(0);
  using one = onesLike(product);
  using grown = where(same, more, one);
  using factor = where(changed, less, grown);
  size.mul_(factor).clamp_(least, largest);
  // Where the sign changed, the parameter stays, and the next step counts as a first one.
  grad.maskedFill_(changed, 0);
  using sign = grad.sign();
  param.addcmul_(sign, size, { value: -1 });
  prev.copy_(grad);
}
