/**
 * Hooks on the calls of all modules, for looking at programs: a module's own come after them. PyTorch's hooks on the registration of parameters and
 * modules are not here, since fields are found when they are asked for.
 *
 * @module
 */

import type { BackwardHook, BackwardPreHook, ModuleGradients } from "./_backward_hooks.ts";
import { HookList, type RemoveHook } from "./_hooks.ts";
import type { AnyModule } from "./module.ts";

type Hook = (module: AnyModule, args: unknown[], output: unknown) => unknown;
type PreHook = (module: AnyModule, args: unknown[]) => unknown;

/** The hooks of all modules. */
export const everywhere: {
  readonly before: HookList<PreHook>;
  readonly after: HookList<Hook>;
  readonly beforeBackward: HookList<BackwardPreHook>;
  readonly afterBackward: HookList<BackwardHook>;
  /** How many there are: most programs have none. */
  count: number;
} = {
  before: new HookList(),
  after: new HookList(),
  beforeBackward: new HookList(),
  afterBackward: new HookList(),
  count: 0,
};

function counted(remove: RemoveHook): RemoveHook {
  everywhere.count++;
  let removed = false;
  return () => {
    if (removed) return;
    removed = true;
    everywhere.count--;
    remove();
  };
}

/**
 * Calls `hook(module, args, output)` after each `forward` of every module; what it returns, if anything, replaces the output.
 *
 * @returns What takes the hook away.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * const remove = torch.nn.registerModuleForwardHook((module) => void seen.push(module.typeName()));
 * new torch.nn.Sequential(new torch.nn.Linear(2, 1), new torch.nn.ReLU())(torch.ones([1, 2]));
 * remove();
 * assertEquals(seen, ["Linear", "ReLU", "Sequential"]);
 * ```
 */
export function registerModuleForwardHook(
  hook: (module: AnyModule, args: unknown[], output: unknown) => unknown,
  options: { alwaysCall?: boolean } = {},
): RemoveHook {
  return counted(everywhere.after.add(hook, options));
}

/** Calls `hook(module, args)` before each `forward` of every module; what it returns, if anything, replaces the arguments. */
export function registerModuleForwardPreHook(
  hook: (module: AnyModule, args: unknown[]) => unknown,
): RemoveHook {
  return counted(everywhere.before.add(hook));
}

/** Calls `hook(module, gradInputs, gradOutputs)` in each backward pass through a module; see `Module.registerFullBackwardHook`. */
export function registerModuleFullBackwardHook(
  hook: (
    module: AnyModule,
    gradInputs: ModuleGradients,
    gradOutputs: ModuleGradients,
  ) => ModuleGradients | void,
): RemoveHook {
  return counted(everywhere.afterBackward.add(hook as unknown as BackwardHook));
}

/** Calls `hook(module, gradOutputs)` in each backward pass before a module's; see `Module.registerFullBackwardPreHook`. */
export function registerModuleFullBackwardPreHook(
  hook: (module: AnyModule, gradOutputs: ModuleGradients) => ModuleGradients | void,
): RemoveHook {
  return counted(everywhere.beforeBackward.add(hook as unknown as BackwardPreHook));
}
