/**
 * LibTorch's ops over lists of tensors (`aten::_foreach_*`): one native call for all parameters of a group.
 *
 * On the CPU they do what the op of each tensor does, in the same order, so results are PyTorch's to the last bit.
 *
 * @module
 */

import { begin, Op, putNumber, putScalar, putTensors, run, takeTensors } from "../tensor/call.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Tensors, one a parameter. */
export type Tensors = readonly Tensor[];

function op(schema: string): Op {
  return new Op(`aten::_foreach_${schema}`, "step");
}

function put(...lists: Tensors[]): void {
  begin();
  for (const list of lists) putTensors(list, "step", "params");
}

function made(op: Op, ...lists: Tensors[]): Tensor[] {
  put(...lists);
  run(op);
  return takeTensors();
}

function withScalar(op: Op, value: number, ...lists: Tensors[]): void {
  put(...lists);
  putScalar(value);
  run(op);
}

const addScalarOp = op("add_.Scalar");
/** `x += value`. */
export function addScalar_(xs: Tensors, value: number): void {
  withScalar(addScalarOp, value, xs);
}

const addOp_ = op("add_.List");
/** `x += alpha * y`. */
export function add_(xs: Tensors, ys: Tensors, alpha: number): void {
  withScalar(addOp_, alpha, xs, ys);
}

const addOp = op("add.List");
/** `x + alpha * y`. */
export function add(xs: Tensors, ys: Tensors, alpha: number): Tensor[] {
  put(xs, ys);
  putScalar(alpha);
  run(addOp);
  return takeTensors();
}

const addToScalarOp = op("add.Scalar");
/** `x + value`. */
export function addScalar(xs: Tensors, value: number): Tensor[] {
  put(xs);
  putScalar(value);
  run(addToScalarOp);
  return takeTensors();
}

const subOp = op("sub.List");
/** `x - y`. */
export function sub(xs: Tensors, ys: Tensors): Tensor[] {
  put(xs, ys);
  putNumber(0);
  putNumber(1);
  run(subOp);
  return takeTensors();
}

const mulScalarOp_ = op("mul_.Scalar");
/** `x *= value`. */
export function mulScalar_(xs: Tensors, value: number): void {
  withScalar(mulScalarOp_, value, xs);
}

const mulOp_ = op("mul_.List");
/** `x *= y`. */
export function mul_(xs: Tensors, ys: Tensors): void {
  put(xs, ys);
  run(mulOp_);
}

const divScalarOp_ = op("div_.Scalar");
/** `x /= value`. */
export function divScalar_(xs: Tensors, value: number): void {
  withScalar(divScalarOp_, value, xs);
}

const divScalarOp = op("div.Scalar");
/** `x / value`. */
export function divScalar(xs: Tensors, value: number): Tensor[] {
  put(xs);
  putScalar(value);
  run(divScalarOp);
  return takeTensors();
}

const divOp_ = op("div_.List");
/** `x /= y`. */
export function div_(xs: Tensors, ys: Tensors): void {
  put(xs, ys);
  run(divOp_);
}

const lerpOp_ = op("lerp_.Scalar");
/** `x += weight * (y - x)`. */
export function lerp_(xs: Tensors, ys: Tensors, weight: number): void {
  withScalar(lerpOp_, weight, xs, ys);
}

const addcmulOp_ = op("addcmul_.Scalar");
/** `x += value * y * z`. */
export function addcmul_(xs: Tensors, ys: Tensors, zs: Tensors, value: number): void {
  withScalar(addcmulOp_, value, xs, ys, zs);
}

const addcmulOp = op("addcmul.Scalar");
/** `x + value * y * z`. */
export function addcmul(xs: Tensors, ys: Tensors, zs: Tensors, value: number): Tensor[] {
  put(xs, ys, zs);
  putScalar(value);
  run(addcmulOp);
  return takeTensors();
}

const addcdivOp_ = op("addcdiv_.Scalar");
/** `x += value * y / z`. */
export function addcdiv_(xs: Tensors, ys: Tensors, zs: Tensors, value: number): void {
  withScalar(addcdivOp_, value, xs, ys, zs);
}

const maximumOp_ = op("maximum_.List");
/** `x = max(x, y)`. */
export function maximum_(xs: Tensors, ys: Tensors): void {
  put(xs, ys);
  run(maximumOp_);
}

const copyOp_ = op("copy_");
/** `x = y`. */
export function copy_(xs: Tensors, ys: Tensors): void {
  put(xs, ys);
  putNumber(0);
  run(copyOp_);
}

const zeroOp_ = op("zero_");
/** `x = 0`. */
export function zero_(xs: Tensors): void {
  put(xs);
  run(zeroOp_);
}

const sqrtOp = op("sqrt");
/** The square roots. */
export function sqrt(xs: Tensors): Tensor[] {
  return made(sqrtOp, xs);
}

const sqrtOp_ = op("sqrt_");
/** The square roots, in place. */
export function sqrt_(xs: Tensors): void {
  put(xs);
  run(sqrtOp_);
}

const reciprocalOp_ = op("reciprocal_");
/** `x = 1 / x`. */
export function reciprocal_(xs: Tensors): void {
  put(xs);
  run(reciprocalOp_);
}

const negOp = op("neg");
/** `-x`. */
export function neg(xs: Tensors): Tensor[] {
  return made(negOp, xs);
}

const absOp = op("abs");
/** The absolute values. */
export function abs(xs: Tensors): Tensor[] {
  return made(absOp, xs);
}

const cloneOp = op("clone");
/** Copies, with the layout of the originals. */
export function clone(xs: Tensors): Tensor[] {
  put(xs);
  putNumber(0);
  run(cloneOp);
  return takeTensors();
}

/** Frees all. */
export function disposeAll(xs: Tensors): void {
  for (const x of xs) x.dispose();
}
