import { describe, test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import * as torch from "../mod.ts";

const { jit } = torch;

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

describe("what LibTorch warns of in a trace", () => {
  test("is a warning of JavaScript's: a list as strict output", () => {
    const [warning, ...rest] = warningsOf(() =>
      jit.trace((x: torch.Tensor) => [x, x.add(1)], [torch.ones([2])])
    );
    assertStringIncludes(
      warning!,
      "TracerWarning: Encountering a list at the output of the tracer",
    );
    assertStringIncludes(warning!, "{ strict: false }");
    assertEquals(rest, []);
  });

  test("and nothing where strict is off, or a tuple is given", () => {
    const x = torch.ones([2]);
    assertEquals(
      warningsOf(() => jit.trace((y: torch.Tensor) => [y, y], [x], { strict: false })),
      [],
    );
    assertEquals(warningsOf(() => jit.trace((y: torch.Tensor) => jit.tuple([y, y]), [x])), []);
  });
});
