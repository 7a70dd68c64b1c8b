import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { TorchError } from "../ffi/mod.ts";
import { type Scalar, type Tensor, tensor } from "../src/tensor/mod.ts";
import "../src/ops/mod.ts";
import type { Group, Overload, Parameter } from "../tools/generate/plan.ts";
import { readPlan } from "../tools/generate/read.ts";
import { balanced } from "./support/balance.ts";

type Any = (...args: unknown[]) => unknown;

const plan = readPlan();
const functions = new Map<string, Any>();
for (const group of plan.groups.values()) {
  const module = await import(`../src/ops/generated/${group.file}.ts`);
  functions.set(group.native, module[group.name] as Any);
}

/** What a call throws, or a failure when it returns. */
function thrown(what: string, call: () => unknown): Error {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    assert(error instanceof Error, `${what} threw ${String(error)}`);
    const expected = error instanceof TypeError || error instanceof RangeError ||
      error instanceof TorchError;
    assert(expected, `${what} threw ${error.name}: ${error.message}`);
    return error;
  }
  throw new Error(`${what} returned ${typeof result}`);
}

/** Something of the right type for a parameter. */
function plausible(parameter: Parameter, x: Tensor): unknown {
  const single: Record<string, unknown> = {
    Tensor: x,
    int: 1,
    float: 0.5,
    bool: true,
    Scalar: 1 as Scalar,
    str: "none",
    ScalarType: "float32",
    Layout: "strided",
    Device: "cpu",
    MemoryFormat: "contiguous_format",
    Reduction: "mean",
    requiresGrad: false,
  };
  const value = single[parameter.kind];
  return parameter.type.list ? Array(Math.max(parameter.type.length, 1)).fill(value) : value;
}

interface Call {
  group: Group;
  overload: Overload;
  fn: Any;
}

function eachOverload(run: (call: Call) => void): void {
  for (const group of plan.groups.values()) {
    const fn = functions.get(group.native)!;
    for (const overload of group.overloads) run({ group, overload, fn });
  }
}

function withTensor(run: (x: Tensor) => void): void {
  balanced(() => {
    using x = tensor([[1, 2], [3, 4]], { dtype: "float32" });
    run(x);
  });
}

function positional(overload: Overload, x: Tensor): unknown[] {
  return overload.positional.map((parameter) => plausible(parameter, x));
}

/** Keywords without which an overload is not the one that is meant. */
function keywords(overload: Overload, x: Tensor): Record<string, unknown> {
  return Object.fromEntries(
    overload.keywords.filter((parameter) => parameter.default === undefined)
      .map((parameter) => [parameter.name, plausible(parameter, x)]),
  );
}

test("every op has a function", () => {
  for (const [native, fn] of functions) assert(typeof fn === "function", native);
  assert(functions.size > 800);
});

test("an op without arguments is a TypeError that names it", () => {
  for (const [native, fn] of functions) {
    const error = thrown(native, () => fn());
    assert(error instanceof TypeError, `${native} threw ${error.name}: ${error.message}`);
    assert(error.message.includes("(): "), error.message);
  }
});

const nonsense: unknown[] = [
  "nonsense",
  Symbol("nonsense"),
  () => 1,
  new Date(0),
  new Map(),
  [[]],
  [undefined],
  Object.create(null),
];

test("an op whose first argument has the wrong type is a TypeError", () => {
  for (const [native, fn] of functions) {
    for (const value of nonsense) {
      if (value === "nonsense" && native === "einsum") continue;
      const error = thrown(`${native}(${typeof value})`, () => fn(value));
      assert(
        error instanceof TypeError || error instanceof RangeError,
        `${native} threw ${error.name}: ${error.message}`,
      );
    }
  }
});

test("every argument of every op is checked before LibTorch sees it", () => {
  withTensor((x) => {
    eachOverload(({ group, overload, fn }) => {
      overload.positional.forEach((parameter, index) => {
        for (const value of [Symbol("nonsense"), () => 1, new Date(0)]) {
          const args = positional(overload, x);
          args[index] = value;
          const what = `${group.native}.${overload.schema.overload} ${parameter.name}`;
          const error = thrown(what, () => fn(...args, keywords(overload, x)));
          assert(error instanceof TypeError, `${what} threw ${error.name}: ${error.message}`);
        }
      });
      for (const parameter of overload.keywords) {
        const args = positional(overload, x);
        const options = { ...keywords(overload, x), [parameter.name]: Symbol("nonsense") };
        const what = `${group.native}.${overload.schema.overload} { ${parameter.name} }`;
        const error = thrown(what, () => fn(...args, options));
        assert(error instanceof TypeError, `${what} threw ${error.name}: ${error.message}`);
      }
    });
  });
});

test("NaN, fractions and integers that are not exact are refused where an integer belongs", () => {
  withTensor((x) => {
    eachOverload(({ group, overload, fn }) => {
      overload.positional.forEach((parameter, index) => {
        if (parameter.kind !== "int") return;
        for (const value of [NaN, 1.5, Infinity, 2 ** 53, 2n ** 64n]) {
          const args = positional(overload, x);
          args[index] = parameter.type.list ? [value] : value;
          const what = `${group.native}.${overload.schema.overload} ${parameter.name}: ${value}`;
          const error = thrown(what, () => fn(...args, keywords(overload, x)));
          assert(
            error instanceof TypeError || error instanceof RangeError,
            `${what} threw ${error.name}: ${error.message}`,
          );
        }
      });
    });
  });
});

test("an unknown option is a TypeError that names the op and the option", () => {
  withTensor((x) => {
    eachOverload(({ group, overload, fn }) => {
      const options = { ...keywords(overload, x), bogusOption: 1 };
      const what = `${group.native}.${overload.schema.overload}`;
      const error = thrown(what, () => fn(...positional(overload, x), options));
      assert(error instanceof TypeError, `${what} threw ${error.name}: ${error.message}`);
      assert(error.message.includes("unknown option 'bogusOption'"), error.message);
      assert(error.message.includes(group.name), error.message);
    });
  });
});

test("one argument too many is a TypeError", () => {
  withTensor((x) => {
    for (const [native, fn] of functions) {
      const error = thrown(native, () => fn(...Array(30).fill(x)));
      assert(error instanceof TypeError, `${native} threw ${error.name}: ${error.message}`);
    }
    eachOverload(({ group, overload, fn }) => {
      const args = positional(overload, x);
      const error = thrown(group.native, () => fn(...args, keywords(overload, x), x));
      assert(error instanceof TypeError, `${group.native} threw ${error.name}: ${error.message}`);
    });
  });
});

test("a disposed tensor is refused by every op, by name", () => {
  withTensor((x) => {
    const gone = tensor([1]);
    gone.dispose();
    eachOverload(({ group, overload, fn }) => {
      overload.positional.forEach((parameter, index) => {
        if (parameter.kind !== "Tensor") return;
        const args = positional(overload, x);
        args[index] = parameter.type.list ? [gone] : gone;
        const what = `${group.native}.${overload.schema.overload} ${parameter.name}`;
        const error = thrown(what, () => fn(...args, keywords(overload, x)));
        assert(error.name === "DisposedError", `${what} threw ${error.name}: ${error.message}`);
        assert(error.message.includes("is a tensor that was disposed"), error.message);
      });
    });
  });
});

test("methods refuse what is not a tensor, and the tensor that is gone", () => {
  const prototype = Object.getPrototypeOf(tensor([1])) as Record<string, Any>;
  const gone = tensor([1]);
  gone.dispose();
  for (const native of plan.methods) {
    const { name, overloads } = plan.groups.get(native)!;
    const method = prototype[name]!;
    assert(typeof method === "function", name);
    assert(!Object.keys(prototype).includes(name), `${name} is enumerable`);
    thrown(name, () => method.call(undefined));
    thrown(name, () => method.call({}));
    const overload = overloads.find(({ positional }) => positional[0]?.native === "self");
    if (!overload) continue;
    using x = tensor([1]);
    const args = positional(overload, x).slice(1);
    const error = thrown(name, () => method.call(gone, ...args, keywords(overload, x)));
    assert(error.name === "DisposedError", `${name} threw ${error.name}: ${error.message}`);
  }
  for (const [name] of plan.getters) thrown(name, () => gone[name as "T"]);
});

test("a getter in the options that disposes an argument is noticed", () => {
  withTensor((x) => {
    const y = x.clone();
    const options = {
      get alpha(): number {
        y.dispose();
        return 1;
      },
    };
    assertEquals(thrown("add", () => x.add(y, options)).name, "DisposedError");
  });
});
