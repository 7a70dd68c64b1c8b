import { describe, test } from "node:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { jit } = torch;

/** What was warned while `run` ran. */
function warningsOf(run: () => void): string[] {
  const before = console.warn;
  const seen: string[] = [];
  console.warn = (...args: unknown[]) => void seen.push(args.join(" "));
  try {
    run();
  } finally {
    console.warn = before;
  }
  return seen;
}

describe("jit.sizeOf()", () => {
  test("keeps a size a variable of the graph, in lists", () => {
    const flat = jit.trace((x: torch.Tensor) => x.reshape([jit.sizeOf(x, 0), -1]), [
      torch.ones([2, 3, 4]),
    ]);
    assertEquals(flat(torch.ones([5, 3, 4])).shape, [5, 12]);
    assertStringIncludes(String(flat.graph), "aten::size");
    const zeros = jit.trace(
      (x: torch.Tensor) => torch.zeros([jit.sizeOf(x, -1), 2]).add(x.sum()),
      [torch.ones([3])],
    );
    assertEquals(zeros(torch.ones([7])).shape, [7, 2]);
  });

  test("and as an argument of its own, and among varargs", () => {
    const traced = jit.trace(
      (x: torch.Tensor) => x.view(jit.sizeOf(x, 0), -1).narrow(0, 0, jit.sizeOf(x, 1)),
      [torch.ones([3, 2, 2])],
    );
    assertEquals(traced(torch.ones([7, 5, 2])).shape, [5, 10]);
  });

  test("warns of nothing when passed on, and of arithmetic, which makes it a constant", () => {
    const x = torch.ones([2, 2]);
    assertEquals(
      warningsOf(() => jit.trace((y: torch.Tensor) => y.reshape([jit.sizeOf(y, 0), 2]), [x])),
      [],
    );
    const [warning] = warningsOf(() =>
      jit.trace((y: torch.Tensor) => y.reshape([jit.sizeOf(y, 0) * 2, -1]), [x])
    );
    assertStringIncludes(warning!, "jit.sizeOf() in arithmetic");
  });

  test("is the size itself outside of a trace", () => {
    const x = torch.ones([2, 3]);
    assertEquals([jit.sizeOf(x, 0), jit.sizeOf(x, -1)], [2, 3]);
    assertThrows(() => jit.sizeOf(x, 2), RangeError, "must be from -2 to 1, but got 2");
    assertThrows(() => jit.sizeOf(x, 0.5), TypeError, "must be an integer");
  });
});
