// The tests of R's torch (mlverse/torch, tests/testthat/test-ivalue.R and test-stack.R), by their numbers in the order of
// those files: a value goes to TorchScript, as what it looks like, and comes back.
import { describe, test } from "node:test";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import * as torch from "../mod.ts";

const { jit } = torch;
type T = torch.Tensor;

const identity = jit.compile("def f(x: Any) -> Any:\n    return x\n").f!;
const typeOf = jit.compile(`
def f(x: Any) -> str:
    if isinstance(x, bool):
        return "bool"
    elif isinstance(x, int):
        return "int"
    elif isinstance(x, float):
        return "float"
    elif isinstance(x, List[bool]):
        return "List[bool]"
    elif isinstance(x, List[int]):
        return "List[int]"
    elif isinstance(x, List[float]):
        return "List[float]"
    elif isinstance(x, List[Tensor]):
        return "List[Tensor]"
    elif isinstance(x, Dict[str, Tensor]):
        return "Dict[str, Tensor]"
    else:
        return "something else"
`).f!;

/** Asserts that a value comes back equal, and what it was to TorchScript. */
function comesBack(value: unknown, type?: string): void {
  assertEquals(identity(value), value);
  if (type !== undefined) assertEquals(typeOf(value), type);
}

const t = (...values: number[]) => torch.tensor(values);
const arrays = (tensors: readonly T[]) => tensors.map((one) => one.toArray());

describe("R's test-ivalue.R", () => {
  test("I1 bool", () => {
    comesBack(true, "bool");
    comesBack(false, "bool");
  });

  test("I2 bool list", () => {
    comesBack([true, false, true], "List[bool]");
  });

  test("I3 int", () => comesBack(1, "int"));

  test("I4 int list", () => {
    comesBack(Array.from({ length: 100 }, (_, i) => i + 1), "List[int]");
  });

  test("I5 double", () => comesBack(1.5, "float"));

  test("I6 double list", () => comesBack([1.5, 2, 3.25], "List[float]"));

  test("I7 tensor", () => {
    const back = identity(t(1, 2));
    assertInstanceOf(back, torch.Tensor);
    assertEquals(back.toArray(), [1, 2]);
  });

  test("I8 list of tensors", () => {
    const list = [t(1), t(2, 3)];
    assertEquals(arrays(identity(list) as T[]), [[1], [2, 3]]);
    assertEquals(typeOf(list), "List[Tensor]");
  });

  test("I9 string", () => comesBack("hello world"));

  test("I10 unnamed list of different types, nested in itself", () => {
    const mixed = [t(1), 1.5, "a", true];
    const [tensor, ...rest] = identity(mixed) as [T, ...unknown[]];
    assertEquals(tensor.toArray(), [1]);
    assertEquals(rest, [1.5, "a", true]);
    const [outer, inner] = identity([1, [1, "a", [2, false]]]) as [number, unknown[]];
    assertEquals([outer, inner], [1, [1, "a", [2, false]]]);
  });

  test("I11 dict of tensors", () => {
    const dict = { a: t(1), b: t(2) };
    const back = identity(dict) as Record<string, T>;
    assertEquals(Object.keys(back), ["a", "b"]);
    assertEquals(arrays(Object.values(back)), [[1], [2]]);
    assertEquals(typeOf(dict), "Dict[str, Tensor]");
  });

  test("I12 named list of mixed types", () => {
    const back = identity({ x: t(1), n: 2, name: "a" }) as Record<string, unknown>;
    assertEquals(Object.keys(back), ["x", "n", "name"]);
    assertEquals([(back.x as T).toArray(), back.n, back.name], [[1], 2, "a"]);
  });

  test("I13 named tuple", () => {
    const back = identity(jit.tuple({ x: t(1), y: t(2) })) as Record<string, T> & Iterable<T>;
    assertEquals(Object.keys(back), ["x", "y"]);
    assertEquals(arrays([...back]), [[1], [2]]);
  });

  test("I14 tuple", () => {
    assertEquals(arrays(identity(jit.tuple([t(1), t(2)])) as T[]), [[1], [2]]);
  });

  test("I15 NULL and None", () => {
    assertEquals(identity(null), null);
    assertEquals(identity(undefined), null);
  });

  test("I16 jit_scalar", () => {
    for (
      const [value, type] of [[1.5, "float"], [1, "int"], [true, "bool"]] as const
    ) {
      assertEquals(identity(jit.scalar(value)), value);
      assertEquals(typeOf(jit.scalar(value)), type);
    }
    // A whole number that is to be a float says so.
    assertEquals(typeOf(jit.float(1)), "float");
  });
});

describe("R's test-stack.R", () => {
  test("K1 can run convert to and back", () => {
    const stack: unknown[] = [t(1, 2)];
    const more = [1.5, [1.5, 2.5], 1, [1, 2, 3], [t(1), t(2)], [[1, "a"], [t(3)]]];
    const plain = (value: unknown): unknown =>
      value instanceof torch.Tensor
        ? value.toArray()
        : Array.isArray(value)
        ? value.map(plain)
        : value;
    for (const value of more) {
      stack.push(value);
      assertEquals(plain(identity(jit.tuple(stack))), plain(stack));
    }
    const named = identity(jit.tuple([jit.tuple({ x: t(1), y: 2 })])) as [Record<string, unknown>];
    assertEquals(Object.keys(named[0]), ["x", "y"]);
    assert(named[0].x instanceof torch.Tensor);
  });
});
