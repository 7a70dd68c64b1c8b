/**
 * Sentences about parameters that changed under an optimizer.
 *
 * @module
 */

import { DisposedError, TorchError } from "../../ffi/mod.ts";
import { isTensor, type Tensor } from "../tensor/tensor.ts";
import type { ParamState } from "./batch.ts";

interface Group {
  params: readonly Tensor[];
  paramNames?: string[];
}

interface Explained {
  readonly name: string;
  readonly paramGroups: readonly Group[];
  readonly state: ReadonlyMap<Tensor, ParamState>;
}

function label({ paramGroups }: Explained, group: number, index: number): string {
  const name = paramGroups[group]!.paramNames?.[index];
  return `parameter ${name === undefined ? index : `'${name}'`} of group ${group}`;
}

/** Refuses parameters that were disposed, with their module or by themselves. */
export function checkAlive(optimizer: Explained, method: string): void {
  const { name, paramGroups } = optimizer;
  for (let i = 0; i < paramGroups.length; i++) {
    const { params } = paramGroups[i]!;
    for (let j = 0; j < params.length; j++) {
      if (!params[j]?.isDisposed) continue;
      throw new DisposedError(
        `${name}.${method}(): ${
          label(optimizer, i, j)
        } was disposed, perhaps with its module: make the optimizer anew, of parameters that are alive`,
        { op: method, kind: "value" },
      );
    }
  }
}

/**
 * What a failed step is said to be: where a parameter was converted (`model.to("float64")`) after its state was made, the
 * error says so; any other is left as it is.
 */
export function explained(optimizer: Explained, error: unknown): unknown {
  if (!(error instanceof TorchError)) return error;
  for (const [i, { params }] of optimizer.paramGroups.entries()) {
    for (const [j, param] of params.entries()) {
      if (!isTensor(param) || param.isDisposed) continue;
      for (const [key, value] of Object.entries(optimizer.state.get(param) ?? {})) {
        if (!isTensor(value) || value.isDisposed || !isOther(value.dtype, param.dtype)) continue;
        return new TorchError(
          `${optimizer.name}.step(): ${
            label(optimizer, i, j)
          } is ${param.dtype}, but its state '${key}' is ${value.dtype}: the parameter was converted after the optimizer's first step; optimizer.loadStateDict(optimizer.stateDict()) converts the state too`,
          { op: "step", kind: error.kind, cause: error },
        );
      }
    }
  }
  return error;
}

// What is kept of a complex parameter may be of real numbers.
function isOther(state: string, param: string): boolean {
  return state !== param && state.startsWith("complex") === param.startsWith("complex");
}
