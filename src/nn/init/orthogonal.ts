import { noGrad } from "../../autograd/modes.ts";
import { diag, empty, linalg } from "../../ops/mod.ts";
import { Arguments, Temporaries } from "../../ops/_call.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { generatorOf, type InitOptions } from "./fill.ts";

/** Options of {@linkcode orthogonal_}. */
export interface OrthogonalOptions extends InitOptions {
  /** A factor; default `1`. */
  gain?: number;
}

/**
 * Makes a weight a (semi-)orthogonal matrix (Saxe et al. 2013), in place; all dimensions but the first count as one.
 *
 * ATen: `aten::linalg_qr` of normal values
 *
 * @param tensor At least two dimensions.
 * @param gain A factor; default `1`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const weight = torch.nn.init.orthogonal_(torch.empty([3, 5]));
 * assert(torch.allclose(weight.matmul(weight.t()), torch.eye(3), { atol: 1e-5 }));
 * ```
 */
export function orthogonal_(tensor: Tensor, gain?: number, options?: InitOptions): Tensor;
/** The same by name. */
export function orthogonal_(tensor: Tensor, options: OrthogonalOptions): Tensor;
export function orthogonal_(...args: unknown[]): Tensor {
  const a = new Arguments("nn.init.orthogonal_", "tensor, gain, generator", args);
  const tensor = a.tensor("tensor");
  const gain = a.float("gain", 1);
  const shape = shapeOf(tensor);
  if (shape.length < 2) {
    throw a.wrong("tensor", "a tensor of at least 2 dimensions", `one of ${shape.length}`);
  }
  const count = shape.reduce((product, size) => product * size, 1);
  if (count === 0) return tensor;
  const rows = shape[0]!;
  const generator = generatorOf(a);
  return noGrad(() => {
    using t = new Temporaries();
    const { dtype, device } = tensor;
    const drawn = t.note(empty([rows, count / rows], { dtype, device }).normal_(0, 1, generator));
    const wide = rows < count / rows;
    const [q, r] = linalg.qr(wide ? t.note(drawn.t()) : drawn);
    t.note(r);
    // Signs of the diagonal make the distribution even (Mezzadri 2007).
    t.note(q).mul_(t.note(t.note(diag(r, 0)).sign()));
    tensor.copy_(t.note(t.note(wide ? q.t() : q.view(shapeOf(q))).reshape(shape)));
    return tensor.mul_(gain);
  });
}
