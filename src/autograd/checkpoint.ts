/**
 * Checkpoints: instead of what a function's ops save for their backward pass, its arguments are kept, and the function runs again when the pass
 * needs it. After PyTorch's `torch/utils/checkpoint.py`, the form that is not re-entrant.
 *
 * @module
 */

import { asIterable, asOptions } from "../_arguments.ts";
import { TorchError } from "../../ffi/mod.ts";
import { keep } from "../memory/mod.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { getRngState, setRngState } from "../tensor/state.ts";
import { enableGrad } from "./modes.ts";
import { pushHooks, withoutHooks } from "./saved_hooks.ts";

/** Options of {@linkcode checkpoint}. */
export interface CheckpointOptions {
  /** Only `false`, the default: PyTorch's older form, which is re-entrant, is not offered. */
  useReentrant?: false;
  /** Whether random ops give the same numbers when the function runs again; default `true`. */
  preserveRngState?: boolean;
  /** Whether shapes, dtypes and devices of what is computed again are held against the first time: `"default"`, or not: `"none"`. */
  determinismCheck?: "default" | "none";
  /** Whether the function stops as soon as all that is needed was computed again; default `true`. */
  earlyStop?: boolean;
}

type Settings = Required<CheckpointOptions>;

const op = "checkpoint";

// What stands for a saved tensor: its place among those that the function saved, and what it was like.
interface Holder {
  readonly frame: Frame;
  readonly place: number;
  readonly like: string;
}

// Thrown by the last save that is needed, and caught where the function was called again.
class Done extends Error {}

function likeOf(tensor: Tensor): string {
  return `[${shapeOf(tensor).join(", ")}], ${tensor.dtype}, ${tensor.device}`;
}

class Frame {
  readonly #run: () => unknown;
  readonly #settings: Settings;
  // Held weakly: what no backward pass can ask for any more need not be computed again.
  readonly #holders: WeakRef<Holder>[] = [];
  #computed: (Tensor | null)[] = [];

  constructor(run: () => unknown, settings: Settings) {
    this.#run = run;
    this.#settings = settings;
  }

  pack(tensor: Tensor): Holder {
    const holder = { frame: this, place: this.#holders.length, like: likeOf(tensor) };
    this.#holders.push(new WeakRef(holder));
    tensor.dispose();
    return holder;
  }

  // Each is handed out once: a second pass over a graph that was kept computes all again.
  unpack({ place }: Holder): Tensor {
    if ((this.#computed[place] ?? null) === null) this.#again();
    const tensor = this.#computed[place] ?? null;
    this.#computed[place] = null;
    if (tensor !== null) return tensor;
    throw this.#differs(
      `A different number of tensors was saved during the original forward and recomputation: ${this.#holders.length} ` +
        `and at most ${place}`,
    );
  }

  #differs(message: string): TorchError {
    return new TorchError(`${op}(): ${message}. Is the function the same each time that it runs?`, {
      op,
      kind: "value",
    });
  }

  #again(): void {
    for (const one of this.#computed) one?.dispose();
    this.#computed = [];
    let count = 0;
    const { earlyStop } = this.#settings;
    const hooks = {
      pack: (tensor: Tensor): Tensor => {
        this.#take(tensor, count++);
        if (earlyStop && count === this.#holders.length) throw new Done();
        return tensor;
      },
      unpack: (tensor: Tensor): Tensor => tensor,
    };
    const guard = pushHooks(hooks, op);
    try {
      enableGrad(this.#run);
    } catch (error) {
      if (!(error instanceof Done)) throw error;
    } finally {
      guard[Symbol.dispose]();
    }
    if (count !== this.#holders.length && this.#settings.determinismCheck !== "none") {
      throw this.#differs(
        `A different number of tensors was saved during the original forward and recomputation: ${this.#holders.length} and ${count}`,
      );
    }
  }

  #take(tensor: Tensor, place: number): void {
    const holder = this.#holders[place]?.deref();
    if (holder === undefined) return;
    if (this.#settings.determinismCheck === "default" && likeOf(tensor) !== holder.like) {
      throw this.#differs(
        `Recomputed values for the following tensors have different metadata than during the forward pass: tensor ${place} ` +
          `was ${holder.like} and is ${likeOf(tensor)}`,
      );
    }
    this.#computed[place] = keep(tensor.detach());
  }
}

function asSettings(options: CheckpointOptions): Settings {
  const {
    useReentrant = false,
    preserveRngState = true,
    determinismCheck = "default",
    earlyStop = true,
  } = asOptions(options, op, "useReentrant, preserveRngState, determinismCheck, earlyStop");
  if (useReentrant !== false) {
    throw new TorchError(
      `${op}(): the re-entrant form is not offered: leave useReentrant out, or set it to false`,
      { op, kind: "notImplemented" },
    );
  }
  for (const [name, value] of Object.entries({ preserveRngState, earlyStop })) {
    if (typeof value === "boolean") continue;
    throw new TypeError(
      `${op}(): argument '${name}' must be a boolean, but got ${describe(value)}`,
    );
  }
  if (determinismCheck !== "default" && determinismCheck !== "none") {
    throw new RangeError(
      `${op}(): argument 'determinismCheck' must be "default" or "none", but got ${
        describe(determinismCheck)
      }`,
    );
  }
  return { useReentrant, preserveRngState, determinismCheck, earlyStop };
}

// Runs with the random numbers of then, and leaves those of now as they are.
function withRngState<R>(state: Tensor | null, run: () => R): R {
  if (state === null) return run();
  using now = getRngState();
  setRngState(state);
  try {
    return run();
  } finally {
    setRngState(now);
  }
}

/**
 * Calls a function without keeping what its ops save for their backward pass: the pass runs the function again, from the same arguments. Less
 * memory for more time: at once where the function frees what it does not return, as by `torch.scope`, else when the collector comes. Works with `autograd.grad`, with derivatives of higher order, and within one another.
 *
 * @param fn Must do the same each time, and be synchronous. Tensors that it uses beside its arguments must be alive at the backward pass.
 * @param args Its arguments. Tensors among them themselves are kept alive.
 * @returns What the function returns.
 * @throws {TorchError} In the backward pass, if the function saved other tensors than the first time.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * let runs = 0;
 * const block = (x: torch.Tensor) => (runs++, x.sin().exp().sum());
 * const x = torch.tensor([0.5, 1], { requiresGrad: true });
 * const y = torch.utils.checkpoint.checkpoint(block, [x]);
 * y.backward();
 * assertEquals(runs, 2);
 * const [plain] = torch.autograd.grad(block(x), x);
 * assertEquals(x.grad!.toArray(), plain!.toArray());
 * ```
 */
export function checkpoint<A extends unknown[], R>(
  fn: (...args: A) => R,
  args: readonly [...A],
  options: CheckpointOptions = {},
): R {
  if (typeof fn !== "function") {
    throw new TypeError(`${op}(): argument 'fn' must be a function, but got ${describe(fn)}`);
  }
  if (!Array.isArray(args)) {
    throw new TypeError(
      `${op}(): argument 'args' must be an array of the function's arguments, but got ${
        describe(args)
      }`,
    );
  }
  const settings = asSettings(options);
  const state = settings.preserveRngState ? keep(getRngState()) : null;
  // Tensors of our own, which no one else disposes of. What is derived by stays the caller's.
  const kept = args.map((one) =>
    isTensor(one) ? keep(withoutHooks(op, () => one.detach().requiresGrad_(one.requiresGrad))) : one
  );
  const frame = new Frame(() => withRngState(state, () => fn(...kept as A)), settings);
  const guard = pushHooks<Holder>(
    { pack: (tensor) => frame.pack(tensor), unpack: (holder) => holder.frame.unpack(holder) },
    op,
  );
  let result: R;
  try {
    result = fn(...args as A);
  } finally {
    guard[Symbol.dispose]();
  }
  if (!(result instanceof Promise)) return result;
  result.catch(() => {});
  throw new TypeError(`${op}(): the function must be synchronous, but it returned a Promise`);
}

/**
 * Calls functions (or modules) one after the other, in segments of which each but the last is a {@linkcode checkpoint}.
 *
 * @param functions Each takes what the one before gave.
 * @param segments How many.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const net = new torch.nn.Sequential(new torch.nn.Linear(2, 3), new torch.nn.Tanh(), new torch.nn.Linear(3, 1));
 * const x = torch.ones([4, 2]);
 * const y = torch.utils.checkpoint.checkpointSequential([...net], 2, x);
 * assertEquals(y.toArray(), net(x).toArray());
 * ```
 */
export function checkpointSequential(
  functions: Iterable<(input: Tensor) => Tensor>,
  segments: number,
  input: Tensor,
  options: CheckpointOptions = {},
): Tensor {
  const name = "checkpointSequential";
  const all = [...asIterable(functions, name, "functions")];
  all.forEach((one, i) => {
    if (typeof one === "function") return;
    throw new TypeError(
      `${name}(): argument 'functions[${i}]' must be a function, but got ${describe(one)}`,
    );
  });
  if (!Number.isInteger(segments) || segments < 1 || segments > all.length) {
    throw new RangeError(
      `${name}(): argument 'segments' must be an integer from 1 to ${all.length}, but got ${
        describe(segments)
      }`,
    );
  }
  const size = Math.floor(all.length / segments);
  const through = (part: typeof all) => (x: Tensor) => part.reduce((value, one) => one(value), x);
  let value = input;
  let start = 0;
  for (; start < size * (segments - 1); start += size) {
    value = checkpoint(through(all.slice(start, start + size)), [value], options);
  }
  return through(all.slice(start))(value);
}
