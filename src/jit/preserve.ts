/**
 * Keeps what tracing must not change: random state, buffers, modes.
 *
 * @module
 */

import { native } from "../../ffi/mod.ts";
import type { AnyModule } from "../nn/module.ts";
import { begin, Op, putBool, putTensor, run } from "../tensor/call.ts";
import { getRngState, setRngState } from "../tensor/state.ts";
import type { Tensor } from "../tensor/tensor.ts";

const copy = new Op("aten::copy_", "jit.trace");

/** What was before: puts it back, as often as asked, and frees what it kept. */
export interface Preserved extends Disposable {
  /** Puts back the random state and the buffers' values. */
  restore(): void;
  /** Puts back the mode of each module. */
  restoreModes(): void;
}

/** Notes the random state, and the buffers, modes and grad state of a module. All is put back when it is disposed. */
export function preserve(module: AnyModule | null): Preserved {
  const rng = getRngState();
  const grad = native.fb_grad_enabled() === 1;
  const modes = module === null
    ? []
    : [...module.modules()].map((one) => [one, one.training] as const);
  const buffers = module === null
    ? []
    : [...module.namedBuffers()].map(([, buffer]) => [buffer, clonedData(buffer)] as const);
  const restore = () => {
    setRngState(rng);
    for (const [buffer, value] of buffers) copyData(buffer, value);
  };
  const restoreModes = () => {
    for (const [one, training] of modes) one.training = training;
  };
  return {
    restore,
    restoreModes,
    [Symbol.dispose]() {
      native.fb_set_grad_enabled(grad);
      restore();
      restoreModes();
      for (const [, value] of buffers) value.dispose();
      rng.dispose();
    },
  };
}

function clonedData(tensor: Tensor): Tensor {
  const grad = native.fb_grad_enabled() === 1;
  native.fb_set_grad_enabled(false);
  try {
    return tensor.clone();
  } finally {
    native.fb_set_grad_enabled(grad);
  }
}

function copyData(target: Tensor, value: Tensor): void {
  const grad = native.fb_grad_enabled() === 1;
  native.fb_set_grad_enabled(false);
  try {
    begin();
    putTensor(target, "jit.trace", "buffer");
    putTensor(value, "jit.trace", "value");
    putBool(false);
    run(copy);
  } finally {
    native.fb_set_grad_enabled(grad);
  }
}
