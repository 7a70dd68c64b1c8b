import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { liveCounts } from "./support/balance.ts";

type Spec =
  | number
  | boolean
  | null
  | "..."
  | { slice: [number | null, number | null, number] }
  | { list: (number | boolean)[] }
  | { tensor: torch.TensorData };

interface Case {
  shape: number[];
  indices: Spec[];
  resultShape: number[];
  result: number[];
  assigned: number[];
  rowAssigned?: number[];
}

const cases: Case[] = JSON.parse(
  readFileSync(new URL("./golden/indexing.json", import.meta.url), "utf8"),
);

function indexOf(spec: Spec): torch.TensorIndex<torch.Tensor> {
  if (typeof spec !== "object" || spec === null) return spec;
  if ("list" in spec) return spec.list;
  if ("tensor" in spec) return torch.tensor(spec.tensor);
  const [start, stop, step] = spec.slice;
  // Both ways to write a slice, in turn.
  return step === 1 ? `${start ?? ""}:${stop ?? ""}` : new torch.Slice(start, stop, step);
}

function source(shape: number[]): torch.Tensor {
  return torch.arange(shape.reduce((product, size) => product * size, 1)).reshape(shape);
}

function flat(x: torch.Tensor): number[] {
  return Array.from(x.toTypedArray() as BigInt64Array, Number);
}

describe("index() and setAt() as PyTorch's square brackets", () => {
  for (const one of cases) {
    const name = `[${one.shape}] at ${JSON.stringify(one.indices)}`;
    test(`index() of ${name}`, () => {
      const result = source(one.shape).index(...one.indices.map(indexOf));
      assertEquals(result.shape, one.resultShape);
      assertEquals(flat(result), one.result);
    });
    test(`setAt() of ${name}`, () => {
      const indices = one.indices.map(indexOf);
      assertEquals(flat(source(one.shape).setAt(indices, -1)), one.assigned);
      if (one.rowAssigned === undefined) return;
      const row = one.resultShape.length === 0
        ? torch.tensor(100)
        : torch.arange(one.resultShape.at(-1)!).add(100);
      assertEquals(flat(source(one.shape).setAt(indices, row)), one.rowAssigned);
    });
  }
});

describe("index()", () => {
  test("gives a view for basic indices and a copy for lists", () => {
    const x = torch.zeros([2, 3]);
    x.index(0, ":2").fill_(5);
    x.index([1]).fill_(7);
    assertEquals(x.toArray(), [[5, 5, 0], [0, 0, 0]]);
  });

  test("leaves no handles behind, whether it succeeds or throws", () => {
    const x = torch.arange(12).reshape([3, 4]);
    const before = liveCounts().tensors;
    x.index([0, 1], "1:3", null).dispose();
    x.setAt([[true, false, true], 0], [1, 2]);
    assertThrows(
      () => x.index([0, 1], 9),
      RangeError,
      "index 9 is out of bounds for dimension 1 with size 4",
    );
    assertThrows(() => x.index([0, 7]), torch.TorchError, "out of bounds");
    assertEquals(liveCounts().tensors, before);
  });

  test("refuses what is no index, and names it", () => {
    const x = torch.zeros([2, 3]);
    assertThrows(() => x.index(1.5), TypeError, "index 0 must be an integer, but got 1.5");
    assertThrows(() => x.index("x"), TypeError, 'index 0 must be a slice such as "1:3"');
    assertThrows(() => x.index("::-1"), RangeError, "integer greater than 0");
    assertThrows(
      () => x.index(0, 0, 0),
      RangeError,
      "too many indices for a tensor of 2 dimensions: got 3",
    );
    assertThrows(() => x.index("...", "..."), TypeError, 'only one "..."');
    assertThrows(() => x.index(torch.tensor([0.5])), TypeError, "integer dtype or bool");
    assertThrows(() => x.index({} as unknown as number), TypeError, "got an object");
    assertThrows(() => x.setAt([0], {} as unknown as number), TypeError, "argument 'value'");
    const gone = torch.tensor([0]);
    gone.dispose();
    assertThrows(() => x.index(gone), torch.DisposedError);
  });

  test("passes gradients through", () => {
    const x = torch.tensor([1.5, 2, 3], { requiresGrad: true });
    x.index([0, 0, 2]).sum().backward();
    assertEquals(x.grad?.toArray(), [2, 0, 1]);
  });
});

describe("indexPut()", () => {
  test("takes accumulate by place and by name, and no other option", () => {
    const x = torch.zeros([2]);
    const ones = torch.ones([2]);
    assertEquals(x.indexPut([[0, 0]], ones, true).toArray(), [2, 0]);
    assertEquals(torch.indexPut(x, [[1, 1]], ones, { accumulate: true }).toArray(), [0, 2]);
    const wrong = { acumulate: true } as Record<never, never>;
    assertThrows(() => x.indexPut([[0]], 1, wrong), TypeError, "unknown option 'acumulate'");
    assertThrows(() => x.indexPut([[0]], 1, 1 as never), TypeError, "'accumulate'");
  });

  test("replaces or accumulates in a copy", () => {
    const x = torch.zeros([3]);
    const at = torch.tensor([0, 0, 2]);
    assertEquals(x.indexPut([at], torch.ones([3]), { accumulate: true }).toArray(), [2, 0, 1]);
    assertEquals(x.indexPut([at], 4).toArray(), [4, 0, 4]);
    assertEquals(x.toArray(), [0, 0, 0]);
  });

  test("takes what index() takes", () => {
    const x = torch.zeros([2, 3]);
    assertEquals(x.indexPut([1], 4).toArray(), [[0, 0, 0], [4, 4, 4]]);
    assertEquals(x.indexPut([":", "::2"], torch.tensor([1, 2]).float()).toArray(), [[1, 0, 2], [
      1,
      0,
      2,
    ]]);
    assertEquals(x.indexPut(["...", [0, 0]], 1, { accumulate: true }).toArray(), [[2, 0, 0], [
      2,
      0,
      0,
    ]]);
    assertEquals(x.toArray(), [[0, 0, 0], [0, 0, 0]]);
    assertThrows(() => x.indexPut([5], 4), RangeError, "5");
    assertThrows(() => x.indexPut(["a"], 4), TypeError);
  });
});
