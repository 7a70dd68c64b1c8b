/**
 * Installs what gradients add to a tensor.
 *
 * @module
 */

import { install } from "../tensor/attach.ts";
import { begin, Op, putTensor, run, takeBool } from "../tensor/call.ts";
import { Tensor } from "../tensor/tensor.ts";
import { backwardOne } from "./backward.ts";
import { gradFnOf } from "./graph_node.ts";
import { registerHook, registerPostAccumulateGradHook, type TensorHook } from "./hooks.ts";

const retainGradOp = new Op("aten::retain_grad", "retainGrad");
const retainsGradOp = new Op("aten::retains_grad", "retainsGrad");

install({
  backward(this: Tensor, ...given: unknown[]) {
    backwardOne(this, given);
  },
  registerHook(this: Tensor, hook: TensorHook) {
    return registerHook(this, hook);
  },
  registerPostAccumulateGradHook(this: Tensor, hook: (tensor: Tensor) => void) {
    return registerPostAccumulateGradHook(this, hook);
  },
  retainGrad(this: Tensor) {
    begin();
    putTensor(this, "retainGrad", "self");
    run(retainGradOp);
  },
});

Object.defineProperties(Tensor.prototype, {
  gradFn: {
    get(this: Tensor) {
      return gradFnOf(this);
    },
    configurable: true,
  },
  retainsGrad: {
    get(this: Tensor) {
      begin();
      putTensor(this, "retainsGrad", "self");
      run(retainsGradOp);
      return takeBool();
    },
    configurable: true,
  },
});
