/**
 * The ways of pruning that there are.
 *
 * @module
 */

import { Temporaries } from "../../../ops/_call.ts";
import { norm, rand, randLike, zerosLike } from "../../../ops/mod.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../../../tensor/tensor.ts";
import { BasePruningMethod, type PruningType } from "./method.ts";

function checkAmount(amount: number): number {
  if (typeof amount === "number" && amount >= 0 && (amount < 1 || Number.isSafeInteger(amount))) {
    return amount;
  }
  throw new RangeError(
    `prune: argument 'amount' must be a share from 0 to 1, or a whole number of elements, but got ${
      describe(amount)
    }`,
  );
}

/** How many of `size` are to go: a whole number says it, a share is rounded as Python does, halves to even. */
function countOf(amount: number, size: number): number {
  const exact = Number.isInteger(amount) ? amount : amount * size;
  const whole = Math.floor(exact);
  const count = exact - whole === 0.5 ? whole + whole % 2 : Math.round(exact);
  if (count <= size) return count;
  throw new RangeError(
    `prune: argument 'amount' must be at most ${size}, the number of what can go, but got ${amount}`,
  );
}

function cleared(mask: Tensor, places: Tensor): Tensor {
  const made = mask.clone();
  using flat = made.view([-1]);
  flat.indexFill_(0, places, 0);
  return made;
}

/** Zeros but for ones at some places of a dimension. */
function only(like: Tensor, dim: number, places: Tensor): Tensor {
  return zerosLike(like).indexFill_(dim, places, 1);
}

/** Nothing goes; the parameter is pruned in form only. */
export class Identity extends BasePruningMethod {
  /** It acts on elements. */
  override readonly pruningType: PruningType = "unstructured";

  /** The mask as it was. */
  override computeMask(_t: Tensor, defaultMask: Tensor): Tensor {
    return defaultMask.clone();
  }
}

/** Elements go at random. */
export class RandomUnstructured extends BasePruningMethod {
  /** It acts on elements. */
  override readonly pruningType: PruningType = "unstructured";
  /** How many go: a share below 1, or a whole number. */
  readonly amount: number;

  /** Takes a share below 1, or a whole number. */
  constructor(amount: number) {
    super();
    this.amount = checkAmount(amount);
  }

  /** Zeros at random places. */
  override computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    const count = countOf(this.amount, t.numel());
    if (count === 0) return defaultMask.clone();
    using n = new Temporaries();
    const drawn = n.note(n.note(randLike(t)).reshape([-1]));
    const [values, places] = drawn.topk(count);
    n.note(values);
    return cleared(defaultMask, n.note(places));
  }
}

/** The smallest elements go. */
export class L1Unstructured extends BasePruningMethod {
  /** It acts on elements. */
  override readonly pruningType: PruningType = "unstructured";
  /** How many go: a share below 1, or a whole number. */
  readonly amount: number;

  /** Takes a share below 1, or a whole number. */
  constructor(amount: number) {
    super();
    this.amount = checkAmount(amount);
  }

  /** Zeros where the values are smallest. */
  override computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    const count = countOf(this.amount, t.numel());
    if (count === 0) return defaultMask.clone();
    using n = new Temporaries();
    const sizes = n.note(n.note(t.abs()).reshape([-1]));
    const [values, places] = sizes.topk(count, { largest: false });
    n.note(values);
    return cleared(defaultMask, n.note(places));
  }
}

/** What whole channels going shares. */
abstract class Structured extends BasePruningMethod {
  /** It acts on channels. */
  override readonly pruningType: PruningType = "structured";
  /** How many channels go: a share below 1, or a whole number. */
  readonly amount: number;
  /** The dimension of channels. */
  readonly dim: number;

  /** Takes a share below 1, or a whole number, and the dimension of channels. */
  constructor(amount: number, dim: number) {
    super();
    this.amount = checkAmount(amount);
    this.dim = dim;
  }

  /** Zeros in the channels that go. */
  override computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    const shape = shapeOf(t);
    const { dim } = this;
    if (shape.length < 2) {
      throw new RangeError(
        `prune: channels can go of tensors of at least 2 dimensions, but this has ${shape.length}`,
      );
    }
    if (!Number.isInteger(dim) || dim < -shape.length || dim >= shape.length) {
      throw new RangeError(
        `prune: argument 'dim' must be from ${-shape.length} to ${shape.length - 1}, but got ${
          describe(dim)
        }`,
      );
    }
    const at = dim < 0 ? dim + shape.length : dim;
    const count = countOf(this.amount, shape[at]!);
    if (count === 0) return defaultMask.clone();
    using n = new Temporaries();
    const mask = only(t, at, n.note(this.kept(t, at, count)));
    return mask.mul_(n.note(defaultMask.to({ dtype: mask.dtype, copy: true })));
  }

  /** The places of channels that stay, where `count` go. */
  protected abstract kept(t: Tensor, dim: number, count: number): Tensor;
}

/** Channels go at random. */
export class RandomStructured extends Structured {
  /** Takes a share below 1, or a whole number, and the dimension of channels (default: the last). */
  constructor(amount: number, dim: number = -1) {
    super(amount, dim);
  }

  /** Those above the `count` smallest of random numbers. */
  protected override kept(t: Tensor, dim: number, count: number): Tensor {
    using n = new Temporaries();
    const drawn = n.note(rand([shapeOf(t)[dim]!]));
    const [threshold, place] = drawn.kthvalue(count);
    n.note(place);
    return n.note(n.note(drawn.gt(n.note(threshold))).nonzero()).reshape([-1]);
  }
}

/** The channels of smallest norm go. */
export class LnStructured extends Structured {
  /** Which norm. */
  readonly n: number | "fro" | "nuc";

  /** Takes a share below 1, or a whole number, the norm, and the dimension of channels (default: the last). */
  constructor(amount: number, n: number | "fro" | "nuc", dim: number = -1) {
    super(amount, dim);
    this.n = n;
  }

  /** Those of largest norm. */
  protected override kept(t: Tensor, dim: number, count: number): Tensor {
    using temporaries = new Temporaries();
    const shape = shapeOf(t);
    const others = shape.map((_, i) => i).filter((i) => i !== dim);
    const sizes = temporaries.note(norm(t, { p: this.n, dim: others }));
    const [values, places] = sizes.topk(shape[dim]! - count);
    temporaries.note(values);
    return places;
  }
}

/** A mask says what stays. */
export class CustomFromMask extends BasePruningMethod {
  /** It acts on all at once. */
  override readonly pruningType: PruningType = "global";
  /** Ones where elements stay. */
  readonly mask: Tensor;

  /** Takes a mask in the shape of the parameter. */
  constructor(mask: Tensor) {
    super();
    if (!isTensor(mask)) {
      throw new TypeError(
        `prune: argument 'mask' must be a Tensor, but got ${describe(mask)}`,
      );
    }
    this.mask = mask;
  }

  /** Both masks together. */
  override computeMask(_t: Tensor, defaultMask: Tensor): Tensor {
    const [found, expected] = [shapeOf(this.mask), shapeOf(defaultMask)];
    if (found.join() !== expected.join()) {
      throw new RangeError(
        `prune: argument 'mask' must have the shape [${expected.join(", ")}], but has [${
          found.join(", ")
        }]`,
      );
    }
    using own = this.mask.to({ dtype: defaultMask.dtype, copy: true });
    return defaultMask.mul(own);
  }
}
