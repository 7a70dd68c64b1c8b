/**
 * Weights that pass their input on: `eye_`, `dirac_`.
 *
 * @module
 */

import { noGrad } from "../../autograd/modes.ts";
import { eye } from "../../ops/mod.ts";
import { Arguments } from "../../ops/_call.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";

/**
 * Makes a matrix the identity, in place: a `Linear` with it passes on as many inputs as it can.
 *
 * @param tensor Two dimensions.
 * @throws {RangeError} If it has another number of dimensions.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(torch.nn.init.eye_(torch.empty([2, 3])).toArray(), [[1, 0, 0], [0, 1, 0]]);
 * ```
 */
export function eye_(tensor: Tensor): Tensor {
  const a = new Arguments("nn.init.eye_", "tensor", [tensor]);
  const self = a.tensor("tensor");
  a.rank("tensor", self, 2);
  const [rows, columns] = shapeOf(self) as [number, number];
  const { dtype, device } = self;
  using values = eye(rows, columns, { dtype, device });
  return noGrad(() => self.copy_(values));
}

/**
 * Makes a convolution's weight the Dirac delta, in place: it passes on as many channels as it can.
 *
 * @param tensor 3, 4 or 5 dimensions.
 * @param groups The groups of the convolution, each of which passes on its channels; default `1`.
 * @throws {RangeError} If the number of dimensions is another, or the groups do not divide the first.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = torch.nn.init.dirac_(torch.empty([2, 2, 3]));
 * assertEquals(weight.toArray(), [[[0, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 1, 0]]]);
 * ```
 */
export function dirac_(tensor: Tensor, groups: number = 1): Tensor {
  const a = new Arguments("nn.init.dirac_", "tensor, groups", [tensor, groups]);
  const self = a.tensor("tensor");
  a.rank("tensor", self, 3, 4, 5);
  const count = a.int("groups", 1);
  const [outputs, inputs, ...field] = shapeOf(self) as [number, number, ...number[]];
  if (count < 1 || outputs % count !== 0) throw a.wrong("groups", `a divisor of ${outputs}`, count);
  const each = outputs / count;
  const centre = field.map((size) => Math.floor(size / 2));
  return noGrad(() => {
    self.zero_();
    for (let group = 0; group < count; group++) {
      for (let i = 0; i < Math.min(each, inputs); i++) {
        self.setAt([group * each + i, i, ...centre], 1);
      }
    }
    return self;
  });
}
