/**
 * Parameters and buffers: the tensors that belong to a module.
 *
 * @module
 */

import { HEAVY } from "../memory/cell.ts";
import { exempt } from "../memory/scope.ts";
import { context, native, nativeError, scratch } from "../../ffi/mod.ts";
import { asTensor, begin, Op, putTensor } from "../tensor/call.ts";
import { OWNED, Tensor } from "../tensor/tensor.ts";

const detach = new Op("aten::detach", "Parameter");

function detachedHandle(data: Tensor, name: string): number {
  asTensor(data, name, "data");
  begin();
  putTensor(data, name, "data");
  if (native.fb_op_call(detach.handle, context) < 0) throw nativeError(name);
  return scratch.words[0]!;
}

/**
 * A tensor that a module learns. A field that holds one is a parameter of its module. It shares the memory of `data`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * class Scale extends torch.nn.Module<[torch.Tensor], torch.Tensor> {
 *   factor = new torch.nn.Parameter(torch.ones([1]));
 *   override forward(x: torch.Tensor): torch.Tensor {
 *     return x.mul(this.factor);
 *   }
 * }
 * assertEquals([...new Scale().namedParameters()].map(([name]) => name), ["factor"]);
 * ```
 */
export class Parameter extends Tensor {
  /** Makes a parameter over the memory of `data`. */
  constructor(data: Tensor, requiresGrad: boolean = true) {
    super(detachedHandle(data, "Parameter"), HEAVY, OWNED);
    exempt(this);
    if (requiresGrad) this.requiresGrad = true;
  }

  /** As PyTorch prints it. */
  override toString(): string {
    return `Parameter containing:\n${Tensor.prototype.toString.call(this)}`;
  }
}

/** Makes a tensor, as it is, a parameter or a buffer: for one that a script module holds. */
export function adopt(tensor: Tensor, isParameter: boolean): Parameter | Buffer {
  exempt(tensor);
  if (!isParameter) Object.defineProperty(tensor, "persistent", { value: true });
  return Object.setPrototypeOf(tensor, isParameter ? Parameter.prototype : Buffer.prototype);
}

/** A tensor that belongs to a module but is not learned, such as running statistics. */
export class Buffer extends Tensor {
  /** Whether it is saved in the state dict. */
  readonly persistent: boolean;

  /** Makes a buffer over the memory of `data`. */
  constructor(data: Tensor, persistent: boolean = true) {
    super(detachedHandle(data, "Buffer"), HEAVY, OWNED);
    exempt(this);
    this.persistent = persistent;
  }
}
