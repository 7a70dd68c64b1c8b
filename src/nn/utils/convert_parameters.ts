/**
 * Parameters as one vector, and back.
 *
 * @module
 */

import { asIterable } from "../../_arguments.ts";
import { check, native } from "../../../ffi/mod.ts";
import { cat } from "../../ops/mod.ts";
import { Arguments, Temporaries } from "../../ops/_call.ts";
import { handleOf, shapeOf, type Tensor } from "../../tensor/tensor.ts";

function checkDevices(a: Arguments, list: readonly Tensor[]): void {
  const [first] = list;
  const other = list.find(({ device }) => device !== first!.device);
  if (other === undefined) return;
  throw a.wrong(
    "parameters",
    "on one device",
    `one on ${first!.device} and one on ${other.device}`,
  );
}

/**
 * All elements of some parameters, one after the other.
 *
 * ATen: `aten::cat`
 *
 * @param parameters An iterable of tensors on one device.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const net = new torch.nn.Linear(3, 2);
 * assertEquals(torch.nn.utils.parametersToVector(net.parameters()).shape, [8]);
 * ```
 */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  const list = [...asIterable(parameters, "parametersToVector", "parameters")];
  const a = new Arguments("parametersToVector", "parameters", [list]);
  if (a.tensors("parameters").length === 0) throw a.wrong("parameters", "at least one tensor", 0);
  checkDevices(a, list);
  using t = new Temporaries();
  return cat(list.map((one) => t.note(one.reshape([-1]))));
}

/**
 * Makes parameters of the parts of a vector, in order: they share its memory from then on, as in PyTorch.
 *
 * @param vec One dimension, at least as many elements as the parameters together.
 * @throws {RangeError} If it has fewer.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const net = new torch.nn.Linear(2, 1);
 * torch.nn.utils.vectorToParameters(torch.tensor([0.5, 1.5, 2.5]), net.parameters());
 * assertEquals([net.weight.toArray(), net.bias!.toArray()], [[[0.5, 1.5]], [2.5]]);
 * ```
 */
export function vectorToParameters(vec: Tensor, parameters: Iterable<Tensor>): void {
  const list = [...asIterable(parameters, "vectorToParameters", "parameters")];
  const a = new Arguments("vectorToParameters", "vec, parameters", [vec, list]);
  a.rank("vec", a.tensor("vec"), 1);
  a.tensors("parameters");
  checkDevices(a, list);
  const size = shapeOf(vec)[0]!;
  const needed = list.reduce((sum, one) => sum + one.numel(), 0);
  if (size < needed) throw a.wrong("vec", `of at least ${needed} elements`, `${size}`);
  using t = new Temporaries();
  const flat = t.note(vec.detach());
  let start = 0;
  for (const parameter of list) {
    const count = parameter.numel();
    const part = t.note(t.note(flat.narrow(0, start, count)).viewAs(parameter));
    setData(parameter, part, a.op);
    start += count;
  }
}

/** Gives a tensor the memory of another, and leaves it the object that it is. */
export function setData(tensor: Tensor, data: Tensor, op: string): void {
  const target = handleOf(tensor, op, "self");
  check(native.fb_tensor_set_data(target, handleOf(data, op, "data")), op);
}
