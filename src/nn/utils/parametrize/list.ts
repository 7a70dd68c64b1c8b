/**
 * The parametrizations of one tensor, and what they compute it from.
 *
 * @module
 */

import { TorchError } from "../../../../ffi/mod.ts";
import { noGrad } from "../../../autograd/modes.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../../../tensor/tensor.ts";
import { type AnyModule, Module } from "../../module.ts";
import { Buffer, Parameter } from "../../parameter.ts";
import { setData } from "../convert_parameters.ts";

/**
 * A module that computes a tensor from another, or from several. With `rightInverse` it says what a given tensor is computed from:
 * the tensor can then be assigned.
 */
export type Parametrization = AnyModule & {
  rightInverse?(value: Tensor): Tensor | readonly Tensor[];
};

/** Refuses a tensor of another dtype or shape than one that it is to stand for. */
export function checkAlike(found: unknown, like: Tensor, what: string): asserts found is Tensor {
  if (!isTensor(found)) {
    throw new TypeError(
      `parametrize: ${what} must be a Tensor, but is ${describe(found)}`,
    );
  }
  const [shape, expected] = [shapeOf(found), shapeOf(like)];
  if (found.dtype === like.dtype && shape.join() === expected.join()) return;
  throw new TypeError(
    `parametrize: ${what} must be ${like.dtype} of shape [${expected.join(", ")}], but is ` +
      `${found.dtype} of shape [${shape.join(", ")}]; { unsafe: true } permits it`,
  );
}

/** What a parametrization computes a tensor from; the tensor itself, where it does not say. */
export function inverted(
  parametrization: Parametrization,
  value: Tensor,
): Tensor | readonly Tensor[] {
  if (typeof parametrization.rightInverse !== "function") return value;
  try {
    return parametrization.rightInverse(value);
  } catch (error) {
    if (error instanceof TorchError && error.kind === "notImplemented") return value;
    throw error;
  }
}

/** Tensors as they are registered: as `original` is, parameters or buffers. */
function registered(tensor: Tensor, original: Parameter | Buffer): Parameter | Buffer {
  const { requiresGrad } = original;
  if (original instanceof Parameter) return new Parameter(tensor, requiresGrad);
  return new Buffer(tensor, original.persistent);
}

/**
 * The parametrizations of one tensor, each applied to what the one before gave. `original` is what the first is given, a parameter or
 * buffer; `original0`, `original1` and so on, where it takes several.
 */
export class ParametrizationList extends Module<[], Tensor> {
  /** Whether dtype and shape may change. */
  unsafe: boolean;
  /** How many tensors the first parametrization takes. */
  readonly ntensors: number;
  /** Whether it takes one, called `original`, not several with numbers. */
  readonly isTensor: boolean;

  /** Takes at least one parametrization, and the tensor that they are to give at first. */
  constructor(
    modules: readonly Parametrization[],
    original: Parameter | Buffer,
    unsafe: boolean = false,
  ) {
    super();
    this.unsafe = unsafe;
    modules.forEach((module, i) => this.registerModule(`${i}`, module));
    const first = noGrad(() => this.invert(original, inverted));
    this.isTensor = isTensor(first);
    this.ntensors = isTensor(first) ? 1 : first.length;
    if (isTensor(first)) {
      checkAlike(first, unsafe ? first : original, "what 'rightInverse' gives");
      if (first !== original) setData(original, first.detach(), "parametrize");
      this.register("original", original);
    } else {
      first.forEach((one, i) => this.register(`original${i}`, registered(one, original)));
    }
    if (unsafe) return;
    using value = noGrad(() => this.forward());
    checkAlike(value, original, "what a parametrization gives");
  }

  private register(name: string, tensor: Parameter | Buffer): void {
    if (tensor instanceof Parameter) this.registerParameter(name, tensor);
    else this.registerBuffer(name, tensor, { persistent: (tensor as Buffer).persistent });
  }

  /** The number of parametrizations. */
  get count(): number {
    return [...this.children()].length;
  }

  /** Adds a parametrization after the others. */
  append(parametrization: Parametrization): this {
    this.registerModule(`${this.count}`, parametrization);
    return this;
  }

  /** The parametrizations, in order. */
  [Symbol.iterator](): Iterator<Parametrization> {
    return this.children() as Iterator<Parametrization>;
  }

  /** What the first parametrization takes. */
  originals(): (Parameter | Buffer)[] {
    return [...this.ownTensors()].map(([, tensor]) => tensor!);
  }

  private invert(
    value: Tensor,
    by: (parametrization: Parametrization, value: Tensor) => Tensor | readonly Tensor[],
  ): Tensor | readonly Tensor[] {
    let found: Tensor | readonly Tensor[] = value;
    for (const one of [...this].reverse()) found = by(one, found as Tensor);
    if (isTensor(found) || (Array.isArray(found) && found.every(isTensor))) return found;
    throw new TypeError(
      `parametrize: 'rightInverse' must give a Tensor or an array of tensors, but gave ${
        describe(found)
      }`,
    );
  }

  /** Makes a tensor what they give: each must have `rightInverse`. */
  rightInverse(value: Tensor): void {
    noGrad(() => {
      const found = this.invert(value, (one, given) => {
        if (typeof one.rightInverse === "function") return one.rightInverse(given);
        throw new TypeError(
          `parametrize: ${one.typeName()} does not implement 'rightInverse', so the tensor cannot be assigned`,
        );
      });
      const list = isTensor(found) ? [found] : found;
      const originals = this.originals();
      if (list.length !== originals.length || isTensor(found) !== this.isTensor) {
        throw new TypeError(
          `parametrize: 'rightInverse' must give ${originals.length} tensors, but gave ${list.length}`,
        );
      }
      originals.forEach((original, i) => {
        if (original.dtype !== list[i]!.dtype) {
          throw new TypeError(
            `parametrize: 'rightInverse' must give ${original.dtype}, but gave ${list[i]!.dtype}`,
          );
        }
        setData(original, list[i]!.detach(), "parametrize");
      });
    });
  }

  /** Computes the tensor. */
  override forward(): Tensor {
    const [first, ...others] = this;
    const value: Tensor = first!(...this.originals());
    return others.reduce((found, one) => one(found), value);
  }
}
