/**
 * Hostile values, from their descriptions.
 *
 * @module
 */

import * as torch from "../../mod.ts";
import type { Spec } from "./arbitraries.ts";

/** What a value of the fuzzer's own throws; a call may pass it on. */
export class OwnError extends Error {}

const own = (): never => {
  throw new OwnError("of the fuzzer's own");
};

/** Something with a lifetime that was made, to be ended after the call. */
export type Made = { dispose(): void };

type ArrayClass = new (
  source: number | ArrayBufferLike,
  at?: number,
  length?: number,
) => ArrayBufferView;

const WILD = [-1, 0, 1, 2, -9, 7, 1000, -(2 ** 31), 2 ** 31, 2 ** 40, -(2 ** 62)];

/** Indices that point anywhere, and their like. */
function wild(base: torch.Tensor): torch.Tensor {
  const count = base.numel();
  const start = count * 7 + base.ndim;
  const values = Array.from({ length: count }, (_, i) => WILD[(start + i * i) % WILD.length]!);
  using numbers = torch.tensor(values, { dtype: "float64" });
  return numbers.reshape(base.shape).to(base.dtype);
}

/** Makes values, and keeps what is to be disposed. */
export class Values {
  readonly made: Made[] = [];

  #keep<T>(value: T): T {
    this.made.push(value as unknown as Made);
    return value;
  }

  /** The value that a description is of. */
  of(spec: Spec): unknown {
    switch (spec.kind) {
      case "plain":
        return spec.value;
      case "bigint":
        return BigInt(spec.value);
      case "array":
        return spec.items.map((item) => this.of(item));
      case "object":
        return this.#object(spec.entries, spec.how);
      case "typed":
        return this.#typed(spec.type, spec.length, spec.how);
      case "tensor":
        return this.#tensor(spec.dtype as torch.DType, spec.shape, spec.how);
      case "odd":
        return this.#odd(spec.name);
    }
  }

  #object(entries: [string, Spec][], how: string): object {
    const made: Record<string, unknown> = {};
    for (const [key, value] of entries) {
      const real = this.of(value);
      if (how === "getters") Object.defineProperty(made, key, { get: own, enumerable: true });
      else made[key] = real;
    }
    return how === "frozen" ? Object.freeze(made) : made;
  }

  #typed(type: string, length: number, how: string): unknown {
    const Class = (globalThis as unknown as Record<string, ArrayClass | undefined>)[type];
    if (Class === undefined) return null;
    const size = new Class(1).byteLength;
    if (how === "shared") return new Class(new SharedArrayBuffer(length * size));
    if (how === "offset") return new Class(new ArrayBuffer((length + 2) * size), size, length);
    if (how === "subclass") return new (class extends (Class as typeof Float32Array) {})(length);
    if (how === "resizable" || how === "shrunk") {
      const buffer = new ArrayBuffer(length * size, { maxByteLength: length * size + 800 });
      const array = new Class(buffer, 0, length);
      if (how === "shrunk") buffer.resize(Math.floor(buffer.byteLength / 2));
      return array;
    }
    const array = new Class(length);
    if (how === "detached") {
      structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
    }
    return array;
  }

  #tensor(dtype: torch.DType, shape: number[], how: string): torch.Tensor {
    const base = this.#keep(torch.ones(shape, { dtype }));
    try {
      return this.#keep(this.#formed(base, dtype, how));
    } catch (error) {
      if (error instanceof torch.TorchError) return base; // Not every dtype has every form.
      throw error;
    }
  }

  #formed(base: torch.Tensor, dtype: torch.DType, how: string): torch.Tensor {
    switch (how) {
      case "grad":
        return base.clone().requiresGrad_();
      case "disposed": {
        const gone = base.clone();
        gone.dispose();
        return gone;
      }
      case "shared":
        return torch.fromTypedArray(new Float32Array(Math.max(1, base.numel())));
      case "view":
        return base.reshape([-1]).narrow(0, 0, Math.min(1, base.numel()));
      case "transposed":
        return base.ndim >= 2 ? base.transpose(0, 1) : base.t();
      case "expanded":
        return base.unsqueeze(0).expand([5, ...base.shape]);
      case "zerostride":
        return torch.zeros([1], { dtype }).expand([1000]);
      case "conj":
        return base.conj();
      case "sparse":
        return base.toSparse();
      case "quantized":
        return torch.jit.ops.aten!.quantize_per_tensor!(base, 0.1, 3, torch.jit.int(13));
      case "large":
        return torch.zeros([1 << 16], { dtype });
      case "empty":
        return torch.empty([0], { dtype });
      case "wild":
        return wild(base);
      case "lent":
        return this.#lent(Math.max(1, base.numel()));
      case "nan":
        return torch.full(base.shape, NaN, { dtype });
      case "inference":
        return torch.inferenceMode(() => base.clone()) as torch.Tensor;
      default:
        return base.clone();
    }
  }

  // The array's memory is another's when the call comes.
  #lent(length: number): torch.Tensor {
    const array = new Float32Array(length);
    const tensor = torch.fromTypedArray(array);
    const moved = structuredClone(array.buffer, { transfer: [array.buffer] });
    this.made.push({ dispose: () => void moved.byteLength });
    return tensor;
  }

  #odd(name: string): unknown {
    switch (name) {
      case "symbol":
        return Symbol("odd");
      case "function":
        return (x: unknown) => x;
      case "async":
        return async (x: unknown) => await x;
      case "throwing-getter":
        return {
          get length() {
            return own();
          },
          get dtype() {
            return own();
          },
          get shape() {
            return own();
          },
        };
      case "throwing-proxy":
        return new Proxy([1, 2], {
          get: own,
          has: own,
          ownKeys: own,
          getPrototypeOf: own,
          getOwnPropertyDescriptor: own,
        });
      case "revoked-proxy": {
        const { proxy, revoke } = Proxy.revocable([1], {});
        revoke();
        return proxy;
      }
      case "null-prototype":
        return Object.assign(Object.create(null), { dtype: "float32", dim: 0 });
      case "cyclic": {
        const list: unknown[] = [1];
        list.push(list);
        return list;
      }
      case "throwing-iterator":
        return { length: 2, [Symbol.iterator]: own };
      case "endless-length":
        return { length: 2 ** 53, 0: 1 };
      case "date":
        return new Date(0);
      case "map":
        return new Map<unknown, unknown>([["a", 1], [2, "b"]]);
      case "set":
        return new Set([1, 2]);
      case "generator-object":
        return (function* () {
          yield 1;
          yield 2;
        })();
      case "promise":
        return Promise.resolve(1);
      case "error":
        return new Error("odd");
      case "regexp":
        return /odd/;
      case "weakmap":
        return new WeakMap();
      case "class":
        return class {};
      case "tensor-class":
        return torch.Tensor;
      case "fake-tensor":
        return Object.create(torch.Tensor.prototype);
      case "tensor-subclass":
        return Reflect.construct(Object, [], torch.Tensor);
      case "url":
        return new URL("file:///absent/x.pt");
      case "sparse-array":
        return Object.assign([], { length: 3 });
      case "boxed":
        return new Number(2);
      case "typed-value":
        return torch.jit.tuple([1, [2, 3]]);
      case "throwing-toprimitive":
        return { [Symbol.toPrimitive]: own, valueOf: own, toString: own };
      case "module":
        return new torch.nn.Linear(2, 2);
      case "array-subclass":
        return Object.assign(new (class extends Array {})(), [1, 2]);
      case "dataview":
        return new DataView(new ArrayBuffer(8));
      case "arraybuffer":
        return new ArrayBuffer(8);
      default:
        return this.#native(name);
    }
  }

  #native(name: string): unknown {
    switch (name) {
      case "script-module": {
        using x = torch.ones([1, 2]);
        return this.#keep(torch.jit.trace(new torch.nn.Linear(2, 2), [x], { checkTrace: false }));
      }
      case "script-function":
        return this.#keep(torch.jit.compile("def f(x: Tensor, n: int = 2):\n    return x * n")).f;
      case "graph": {
        const unit = this.#keep(torch.jit.compile("def f(x: Tensor):\n    return x.relu()"));
        return unit.f!.graph;
      }
      case "unit":
        return this.#keep(torch.jit.compile("def f(x: int):\n    return x + 1"));
      default:
        return new torch.Generator();
    }
  }
}
