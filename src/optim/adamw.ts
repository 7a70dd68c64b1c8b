import { Adam, type AdamOptions } from "./adam.ts";
import { withDefaults } from "./options.ts";
import type { Params } from "./param_group.ts";
import type { OptimizerStateDict } from "./state_dict.ts";

/** Options of {@linkcode AdamW}. */
export type AdamWOptions = Omit<AdamOptions, "decoupledWeightDecay">;

const KNOWN: AdamWOptions = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 1e-2,
  amsgrad: false,
  maximize: false,
  foreach: null,
  capturable: false,
  differentiable: false,
  fused: null,
};

/**
 * Adam whose weights decay apart from the gradient (Loshchilov and Hutter 2017).
 *
 * Its state is that of {@linkcode Adam}.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const w = torch.tensor([1], { dtype: "float32", requiresGrad: true });
 * const optimizer = new torch.optim.AdamW([w], { lr: 0.1, weightDecay: 0.5 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * assertAlmostEquals(Number(w.item()), 0.95 - 0.1, 1e-6);
 * ```
 */
export class AdamW extends Adam {
  /**
   * @param params Parameters, or groups of them with options of their own.
   * @param options See {@linkcode AdamWOptions}.
   */
  constructor(params: Params<AdamWOptions>, options?: AdamWOptions) {
    super(params, { ...withDefaults("AdamW", KNOWN, options), decoupledWeightDecay: true });
  }

  /** Takes over a state dict; the weight decay stays decoupled, whatever the dict says. */
  override loadStateDict(dict: OptimizerStateDict | object): void {
    super.loadStateDict(dict);
    for (const group of this.paramGroups) group.decoupledWeightDecay = true;
  }
}
