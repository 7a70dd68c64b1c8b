import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { jit, JitTypeError } = torch;

/** A function that gives back its argument, of a TorchScript type. */
function identity(type: string): torch.jit.ScriptFunction {
  return jit.compile(`def f(x: ${type}) -> ${type}:\n    return x\n`).f!;
}

/** What comes back for each value. */
const cases: Record<string, readonly (readonly [given: unknown, back: unknown])[]> = {
  bool: [[true, true], [false, false]],
  int: [
    [0, 0],
    [-5, -5],
    [2 ** 53 - 1, 2 ** 53 - 1],
    [7n, 7],
    [2n ** 53n, 2n ** 53n],
    [-(2n ** 63n), -(2n ** 63n)],
    [2n ** 63n - 1n, 2n ** 63n - 1n],
    [jit.int(3), 3],
  ],
  float: [[1.5, 1.5], [2, 2], [-0, -0], [NaN, NaN], [Infinity, Infinity], [3n, 3], [
    jit.float(2),
    2,
  ]],
  str: [["", ""], ["text", "text"], ["Grüße 🔥\0\n", "Grüße 🔥\0\n"], [jit.str("s"), "s"], [
    "x".repeat(99999),
    "x".repeat(99999),
  ]],
  complex: [[jit.complex(1, -2), { re: 1, im: -2 }], [3, { re: 3, im: 0 }]],
  "Optional[int]": [[null, null], [undefined, null], [3, 3]],
  "List[int]": [
    [[], []],
    [[1, 2], [1, 2]],
    [[1, 2n ** 60n], [1, 2n ** 60n]],
    [new Int32Array([1, 2]), [1, 2]],
    [BigInt64Array.of(1n, 2n), [1, 2]],
    [jit.list("int", [1, 2]), [1, 2]],
  ],
  "List[float]": [[[1, 2.5], [1, 2.5]], [new Float32Array([0.5]), [0.5]], [[], []]],
  "List[str]": [[["a", "b"], ["a", "b"]]],
  "List[List[int]]": [[[[1], [], [2, 3]], [[1], [], [2, 3]]]],
  "List[Optional[int]]": [[[1, null], [1, null]]],
  "Tuple[int, str]": [[[1, "a"], [1, "a"]], [jit.tuple([1, "a"]), [1, "a"]]],
  "Tuple[float, float]": [[[1, 2.5], [1, 2.5]]],
  "Tuple[int, Tuple[str, List[int]]]": [[[1, ["a", [2]]], [1, ["a", [2]]]]],
  "Dict[str, int]": [
    [{}, {}],
    [{ a: 1, b: 2 }, { a: 1, b: 2 }],
    [new Map([["a", 1]]), { a: 1 }],
    [jit.dict(["str", "int"], { a: 1 }), { a: 1 }],
    [
      JSON.parse('{"__proto__": 1, "constructor": 2}'),
      JSON.parse('{"__proto__": 1, "constructor": 2}'),
    ],
  ],
  "Dict[int, str]": [[new Map([[1, "a"], [2, "b"]]), new Map([[1, "a"], [2, "b"]])]],
  "Dict[str, List[Tuple[int, bool]]]": [[{ a: [[1, true]] }, { a: [[1, true]] }]],
  "Union[int, str]": [[1, 1], ["a", "a"]],
  "Union[int, float]": [[1, 1], [1.5, 1.5]],
  Any: [[1, 1], [1.5, 1.5], [true, true], ["a", "a"], [null, null], [[1, 2], [1, 2]], [[1, "a"], [
    1,
    "a",
  ]], [jit.float(1), 1]],
  Device: [["cpu", "cpu"], ["cuda:1", "cuda:1"]],
};

describe("A value comes back as it was given", () => {
  for (const [type, pairs] of Object.entries(cases)) {
    test(`as ${type}`, () => {
      const f = identity(type);
      balanced(() => {
        for (const [given, back] of pairs) assertEquals(f(given), back);
      });
    });
  }

  test("as Tensor, and in containers of tensors", () => {
    const f = identity("Tuple[Tensor, List[Tensor], Dict[str, Tensor], Optional[Tensor]]");
    balanced(() => {
      using x = torch.tensor([1, 2]);
      const [a, [b], { c }, d] = f([x, [x], { c: x }, null]);
      for (const one of [a, b, c]) {
        assertInstanceOf(one, torch.Tensor);
        assertEquals(one.toArray(), [1, 2]);
        one.dispose();
      }
      assertEquals(d, null);
    });
  });

  test("as a tensor that shares the memory", () => {
    using x = torch.tensor([1, 2]);
    using y: torch.Tensor = identity("Tensor")(x);
    y.add_(1);
    assertEquals(x.toArray(), [2, 3]);
  });

  test("as a list longer than the memory that values travel through", () => {
    const long = Array.from({ length: 100_000 }, (_, i) => i);
    assertEquals(identity("List[int]")(long), long);
    const strings = long.slice(0, 20_000).map(String);
    assertEquals(identity("List[str]")(strings), strings);
  });

  test("as no value at all", () => {
    using unit = jit.compile("def f() -> None:\n    pass\n");
    assertStrictEquals(unit.f!(), null);
  });
});

describe("A value that does not fit", () => {
  const wrong: [type: string, value: unknown, message: string][] = [
    ["bool", 1, "argument 'x': expected bool, got number"],
    ["int", 1.5, "argument 'x': expected int, got the number 1.5"],
    [
      "int",
      2 ** 53,
      "argument 'x': expected int, got the number 9007199254740992, which only a bigint holds exactly",
    ],
    ["int", NaN, "argument 'x': expected int"],
    ["int", true, "argument 'x': expected int, got bool"],
    ["int", null, "argument 'x': expected int, got None"],
    ["float", "1", "argument 'x': expected float, got string"],
    ["float", true, "argument 'x': expected float, got bool"],
    ["str", 1, "argument 'x': expected str, got number"],
    ["complex", "i", "argument 'x': expected complex, got string"],
    ["Tensor", 1, "argument 'x': expected Tensor, got number"],
    ["Tensor", null, "argument 'x': expected Tensor, got None"],
    ["List[int]", 1, "argument 'x': expected List[int], got number"],
    ["List[int]", [1, "a"], "argument 'x[1]': expected int, got string"],
    ["List[int]", new Float32Array([1, 1.5]), "argument 'x[1]': expected int, got the number 1.5"],
    ["List[List[int]]", [[1], [2, null]], "argument 'x[1][1]': expected int, got None"],
    ["Tuple[int, str]", [1], "argument 'x': expected Tuple[int, str], got 1 element"],
    ["Tuple[int, str]", [1, 2], "argument 'x[1]': expected str, got number"],
    ["Tuple[int, str]", { a: 1 }, "argument 'x': expected Tuple[int, str], got object"],
    ["Dict[str, int]", { a: { b: 1 } }, "argument 'x.a': expected int, got object"],
    [
      "Dict[str, List[int]]",
      { boxes: [1, 2, "x"] },
      "argument 'x.boxes[2]': expected int, got string",
    ],
    ["Dict[int, str]", { a: "b" }, "argument 'x': expected Dict[int, str], got object"],
    ["Dict[int, str]", new Map([["a", "b"]]), "expected int, got string"],
    ["Optional[int]", "a", "argument 'x': expected int, got string"],
    ["Union[int, str]", 1.5, "argument 'x': expected Union[int, str], got number"],
  ];

  for (const [type, value, message] of wrong) {
    test(`is refused as ${type}: ${message}`, () => {
      const f = identity(type);
      balanced(() => {
        const error = assertThrows(() => f(value), JitTypeError, message);
        assertEquals([error.op, error.kind], ["f", "type"]);
      });
    });
  }

  test("is refused before native code where TorchScript has no type for it", () => {
    const f = identity("Any");
    const refused: [unknown, string][] = [
      [() => 1, "f(): argument 0 is a function, which TorchScript has no type for"],
      [Symbol("s"), "argument 0 is Symbol(s)"],
      [new Date(), "argument 0 is an object"],
      [[1, { deep: [new Set()] }], "argument 0[1].deep[0] is a Set"],
      [new Map([["k", () => 1]]), "argument 0, value 0, is a function"],
      [[jit.kwargs({})], "stands only as the last argument of a call"],
    ];
    for (const [value, message] of refused) assertThrows(() => f(value), TypeError, message);
    assertThrows(() => f(2n ** 63n), RangeError, "does not fit 64 bits");
  });

  test("is refused when it contains itself", () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    assertThrows(() => identity("Any")(cyclic), TypeError, "contains itself");
    const record: Record<string, unknown> = {};
    record.self = record;
    assertThrows(() => identity("Any")(record), TypeError, "contains itself");
  });

  test("is refused for a disposed tensor, with the path to it", () => {
    const x = torch.ones([1]);
    x.dispose();
    assertThrows(() => identity("List[Tensor]")([x]), torch.DisposedError, "f(): argument '0[0]'");
  });
});

describe("Code of the caller's that a call runs", () => {
  test("may call scripts and dispose tensors", () => {
    const f = identity("List[int]");
    const x = torch.ones([1]);
    const array = [1, 2, 3];
    Object.defineProperty(array, 1, {
      get() {
        x.dispose();
        return f([20])[0];
      },
    });
    assertEquals(f(array), [1, 20, 3]);
  });

  test("may dispose a tensor of the same call, which is then refused", () => {
    const f = identity("Tuple[Tensor, int]");
    const x = torch.ones([1]);
    const pair: unknown[] = [x, 0];
    Object.defineProperty(pair, 1, {
      get() {
        x.dispose();
        return 1;
      },
    });
    assertThrows(() => f(pair), torch.DisposedError);
  });

  test("may dispose the very function, which is then refused", () => {
    const f = identity("List[int]");
    const array = [1];
    Object.defineProperty(array, 0, {
      get() {
        f.dispose();
        return 1;
      },
    });
    assertThrows(() => f(array), torch.DisposedError, "script function that was disposed");
  });

  test("may lie about lengths and keys", () => {
    const f = identity("List[int]");
    const liar = new Proxy([1, 2], {
      get: (target, key) => key === "length" ? -1 : Reflect.get(target, key),
    });
    assertEquals(f(liar), []);
    const record = new Proxy({ a: 1 }, { ownKeys: () => ["a", "missing"] });
    assertEquals(identity("Dict[str, int]")(record), { a: 1 });
  });

  test("may throw, and the next call works", () => {
    const f = identity("Dict[str, int]");
    const record = {
      get a(): number {
        throw new Error("mine");
      },
    };
    assertThrows(() => f(record), Error, "mine");
    assertEquals(f({ a: 1 }), { a: 1 });
  });
});

describe("Typed values", () => {
  test("say a type where none is asked for", () => {
    const any = jit.compile(`
def kind(x: Any) -> str:
    if isinstance(x, int):
        return "int"
    elif isinstance(x, float):
        return "float"
    elif isinstance(x, str):
        return "str"
    elif isinstance(x, List[float]):
        return "List[float]"
    elif isinstance(x, List[int]):
        return "List[int]"
    elif isinstance(x, Dict[str, float]):
        return "Dict[str, float]"
    elif isinstance(x, Tuple[int, int]):
        return "Tuple[int, int]"
    return "other"
`).kind!;
    const kinds: [unknown, string][] = [
      [1, "int"],
      [1.5, "float"],
      [jit.float(1), "float"],
      [jit.int(1n), "int"],
      [jit.scalar(2), "int"],
      [jit.scalar(2.5), "float"],
      [jit.scalar("a"), "str"],
      [[1, 2], "List[int]"],
      [[1, 2.5], "List[float]"],
      [jit.list("float", [1, 2]), "List[float]"],
      [jit.dict(["str", "float"], { a: 1 }), "Dict[str, float]"],
      [jit.tuple([1, 2]), "Tuple[int, int]"],
    ];
    for (const [value, expected] of kinds) assertEquals(any(value), expected);
  });

  test("refuse what does not fit their name", () => {
    const x = torch.ones([1]) as unknown as torch.Tensor[];
    assertThrows(() => jit.tuple(x), TypeError, "must be an array or an object");
    const make: [() => unknown, string][] = [
      [() => jit.int(1.5), "jit.int(): the value must be an integer"],
      [() => jit.int(2 ** 53), "a bigint outside of the safe range"],
      [() => jit.float("1" as never), "jit.float(): the value must be a number"],
      [() => jit.bool(1 as never), "must be a boolean"],
      [() => jit.str(1 as never), "must be a string"],
      [() => jit.complex(1, "2" as never), "must be two numbers"],
      [() => jit.tuple(1 as never), "must be an array or an object"],
      [() => jit.scalar(null as never), "must be a number, bigint, boolean or string"],
      [() => jit.list(1 as never, []), "preceded by a type"],
      [() => jit.kwargs(null as never), "must be an object"],
    ];
    for (const [run, part] of make) assertThrows(run, TypeError, part);
  });

  test("keep what they were made of", () => {
    const values = [1, 2];
    const list = jit.list("int", values);
    values.push(3);
    assertEquals(identity("List[int]")(list), [1, 2]);
    assert(list instanceof jit.TypedValue);
  });
});
