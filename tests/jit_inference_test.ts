import { describe, test } from "node:test";
import { assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { jit, nn } = torch;

describe("An error within a frozen module", () => {
  // LibTorch deletes the methods that it has inlined, and asks them for their names here.
  for (const name of ["freeze", "optimizeForInference"] as const) {
    test(`is thrown: jit.${name}`, () => {
      const net = new nn.Sequential(new nn.LSTM(128, 256, { numLayers: 2, batchFirst: true }));
      const model = jit[name](jit.trace(net.eval(), [torch.randn([1, 32, 128])]));
      for (let i = 0; i < 4; i++) {
        model(torch.zeros([1, 32, 128]));
        assertThrows(
          () => model(torch.zeros([1, 2, 3])),
          torch.TorchError,
          "Expected a weight of shape [1024, 3], but got [1024, 128]",
        );
      }
    });
  }
});
