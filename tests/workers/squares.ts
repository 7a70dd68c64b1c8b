/**
 * A dataset for the Workers of `tests/data_loader_test.ts`.
 *
 * @module
 */

import * as torch from "../../mod.ts";

/** One example. */
export interface Square {
  x: torch.Tensor;
  half: torch.Tensor;
  square: number;
  name: string;
  worker: number;
}

/** Numbers and their squares; asking for 13 fails, and for 99 ends the Worker. */
export default class Squares extends torch.data.Dataset<Square> {
  readonly length = 20;
  get(index: number): Square {
    if (index === 13) throw new RangeError("13 is no number that I like");
    const worker = torch.data.getWorkerInfo()?.id ?? -1;
    const x = torch.full([2, 2], index, { dtype: "float32" });
    return { x, half: x.bfloat16(), square: index ** 2, name: `n${index}`, worker };
  }
}
