import { assertEquals } from "@std/assert";
import { test } from "node:test";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

test("medians along an expanded dimension are those of the elements, where PyTorch reads others' memory", () => {
  balanced(() => {
    torch.scope(() => {
      const seven = torch.full([1], 7.5).expand([10]);
      assertEquals(seven.median(0)[0].item(), 7.5);
      assertEquals(seven.nanmedian(0)[0].item(), 7.5);
      const rows = torch.tensor([0, 1.5, 3]).reshape([3, 1]).expand([3, 10]);
      assertEquals(rows.median(1)[0].toArray(), [0, 1.5, 3]);
      assertEquals(rows.t().median(-2, true)[0].toArray(), [[0, 1.5, 3]]);
      const unit = torch.jit.compile("def f(x):\n    return torch.median(x, 0)[0]\n");
      assertEquals((unit.f!(seven) as torch.Tensor).item(), 7.5);
      unit[Symbol.dispose]();
    });
  });
});

test("gradients flow to what was expanded", () => {
  torch.scope(() => {
    const x = torch.tensor([2.5, 5]).reshape([2, 1]).requiresGrad_();
    x.expand([2, 4]).median(1)[0].sum().backward();
    assertEquals(x.grad!.toArray(), [[1], [1]]);
  });
});
