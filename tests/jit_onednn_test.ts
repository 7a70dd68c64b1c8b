import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { jit, nn } = torch;

test("oneDNN's graph compiler takes part once it is switched on, and gives the same results", () => {
  torch.manualSeed(3);
  const net = new nn.Sequential(new nn.Conv2d(3, 8, 3), new nn.ReLU(), new nn.Conv2d(8, 4, 3));
  const x = torch.randn([2, 3, 9, 9]);
  const frozen = jit.freeze(jit.trace(net.eval(), [x]));
  torch.noGrad(() => {
    const plain = frozen(x);
    assert(!String(frozen.graphFor(x)).includes("oneDNNFusionG"));
    assertEquals(jit.onednnFusionEnabled(), false);
    jit.enableOnednnFusion(true);
    try {
      assertEquals(jit.onednnFusionEnabled(), true);
      frozen.warmUp(x);
      assert(String(frozen.graphFor(x)).includes("oneDNNFusionG"));
      assert(torch.allclose(frozen(x), plain, { rtol: 1e-4, atol: 1e-5 }));
      // Another shape runs unfused.
      assertEquals(frozen(torch.ones([1, 3, 11, 7])).shape, [1, 4, 7, 3]);
    } finally {
      jit.enableOnednnFusion(false);
    }
    assertEquals(jit.onednnFusionEnabled(), false);
    frozen.warmUp(x);
    assert(!String(frozen.graphFor(x)).includes("oneDNNFusionG"));
  });
});

test("enableOnednnFusion takes a boolean", () => {
  assertThrows(
    () => jit.enableOnednnFusion(1 as unknown as boolean),
    TypeError,
    "must be a boolean",
  );
});
