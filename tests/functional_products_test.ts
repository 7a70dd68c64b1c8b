import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { nn: { functional: F } } = torch;

const ends = (list: number[]) => torch.tensor(list, { dtype: "int32" });

describe("groupedMm()", () => {
  test("is the product of each group of rows with its matrix", () => {
    torch.manualSeed(0);
    const rows = torch.randn([8, 16]).requiresGrad_();
    const experts = torch.randn([3, 16, 4]);
    const found = F.groupedMm(rows, experts, { offs: ends([3, 3, 8]) });
    const parts = [rows.index("0:3").mm(experts.index(0)), rows.index("3:8").mm(experts.index(2))];
    assert(torch.allclose(found, torch.cat(parts)));
    // LibTorch wants a gradient in rows: that of a plain sum has no strides.
    found.mul(torch.ones([8, 4])).sum().backward();
    const gradient = [0, 0, 0, 2, 2, 2, 2, 2].map((group) => experts.index(group).sum(1));
    assert(torch.allclose(rows.grad!, torch.stack(gradient)));
  });

  test("splits what both matrices share, and takes batches", () => {
    torch.manualSeed(0);
    const [a, b] = [torch.randn([4, 16]), torch.randn([16, 8])];
    const found = F.groupedMm(a, b, { offs: ends([8, 16]) });
    assert(
      torch.allclose(found.index(0), a.index("...", "0:8").mm(b.index("0:8")), { atol: 1e-6 }),
    );
    const batch = torch.randn([2, 4, 8]);
    assert(
      torch.allclose(F.groupedMm(batch, torch.ones([2, 8, 4])), batch.matmul(torch.ones([8, 4]))),
    );
  });

  test("refuses offsets that leave the matrix", () => {
    balanced(() => {
      using rows = torch.ones([8, 16]);
      using experts = torch.ones([2, 16, 8]);
      for (const list of [[3, 9], [-1, 8], [5, 3]]) {
        using offs = ends(list);
        assertThrows(() => F.groupedMm(rows, experts, { offs }), RangeError, "rising, from 0 to 8");
      }
      using long = torch.tensor([3, 8]);
      assertThrows(() => F.groupedMm(rows, experts, { offs: long }), RangeError, "int32");
      assertThrows(() => F.groupedMm(rows, experts), torch.TorchError, "offsets");
    });
  });
});

describe("scaledMm()", () => {
  test("multiplies 8-bit floats with one scale, or one a row", () => {
    const x = torch.tensor([[1, 2], [3, 4]], { dtype: "float32" }).to("float8_e4m3fn");
    const half = torch.tensor(0.5);
    const found = F.scaledMm(x, x.t(), half, "TensorWise", half, "TensorWise", {
      outputDtype: "float32",
    });
    // [[1, 2], [3, 4]] times its transpose, and a quarter of that.
    assertEquals(found.toArray(), [[1.25, 2.75], [2.75, 6.25]]);
    const rows = torch.tensor([[1], [2]], { dtype: "float32" });
    const columns = torch.tensor([[1, 4]], { dtype: "float32" });
    const byRow = F.scaledMm(x, x.t(), rows, "RowWise", columns, "RowWise");
    assertEquals(byRow.toArray(), [[5, 44], [22, 200]]);
  });

  test("refuses recipes that there are not", () => {
    const x = torch.ones([2, 2]).to("float8_e4m3fn");
    const one = torch.tensor(1.5);
    assertThrows(
      () => F.scaledMm(x, x, one, "Rowwise" as never, one, "RowWise"),
      TypeError,
      "'scaleRecipeA' must be one of TensorWise",
    );
    assertThrows(() => F.scaledMm(x, x, [], [], [], []), torch.TorchError, "Invalid scaling");
  });
});
