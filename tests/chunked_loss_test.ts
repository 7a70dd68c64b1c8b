import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { nn: { functional: F } } = torch;

describe("linearCrossEntropy() in pieces", () => {
  const ways = [
    {},
    { batchChunkSize: 3 },
    { chunkingMethod: null },
    { chunkingMethod: "aspect_ratio:4" },
  ];
  for (const reduction of ["none", "mean", "sum"] as const) {
    test(`is what it is at once, with its gradients: ${reduction}`, () => {
      torch.manualSeed(1);
      const real = (shape: number[]) => torch.randn(shape, { dtype: "float64" }).requiresGrad_();
      const [x, matrix, linearBias] = [real([8, 4]), real([7, 4]), real([7])];
      const weight = torch.rand([7], { dtype: "float64" });
      const target = torch.tensor([0, 1, 2, -100, 6, 5, 4, 3]);
      const run = (options: torch.nn.functional.ChunkingOptions | null) => {
        for (const one of [x, matrix, linearBias]) one.grad = null;
        const given = { linearBias, weight, reduction, options };
        const loss = F.linearCrossEntropy(x, matrix, target, given);
        loss.mul(torch.arange(loss.numel()).add(1).reshape(loss.shape)).sum().backward();
        return [loss.detach(), x.grad!, matrix.grad!, linearBias.grad!].map((one) => one.clone());
      };
      const expected = run(null);
      for (const options of ways) {
        run(options).forEach((one, i) => assert(torch.allclose(one, expected[i]!), `${i}`));
      }
    });
  }

  test("never has the logits of all rows: it frees those of each piece", () => {
    using x = torch.randn([64, 4]);
    using matrix = torch.randn([50, 4]);
    using target = torch.zeros([64], { dtype: "int64" });
    balanced(() => {
      using loss = F.linearCrossEntropy(x, matrix, target, { options: { batchChunkSize: 8 } });
      assertEquals(loss.shape, []);
    });
  });

  test("keeps sums of halves in float32", () => {
    torch.manualSeed(0);
    const x = torch.randn([16, 4]).bfloat16();
    const matrix = torch.randn([9, 4]).bfloat16();
    const target = torch.arange(16).remainder(9);
    const found = F.linearCrossEntropy(x, matrix, target, { options: {} });
    const exact = F.linearCrossEntropy(x.float(), matrix.float(), target);
    assertEquals(found.dtype, "bfloat16");
    assertEquals(found.item(), exact.bfloat16().item());
  });

  test("refuses options and shapes that do not fit", () => {
    const [x, matrix, target] = [
      torch.zeros([4, 2]),
      torch.zeros([3, 2]),
      torch.tensor([0, 1, 2, 0]),
    ];
    const call = (options: unknown, one: object = {}) => () =>
      F.linearCrossEntropy(x, matrix, target, { ...one, options: options as never });
    assertThrows(call({ batchChunkSize: 0 }), RangeError, "'batchChunkSize' must be at least 1");
    assertThrows(call({ chunkingMethod: "rows" }), RangeError, "'chunkingMethod' must be auto");
    assertThrows(call({ chunks: 3 }), TypeError, "unknown option 'chunks'");
    assertThrows(call(3), TypeError, "'options' must be an object");
    assertThrows(
      call({ batchChunkSize: 3, chunkingMethod: "aspect_ratio" }),
      RangeError,
      "give different sizes",
    );
    assertThrows(call({}, { linearBias: torch.zeros([2]) }), RangeError, "of shape [3]");
    assertThrows(call({}, { weight: torch.zeros([2]) }), RangeError, "of shape [3]");
    assertThrows(
      () => F.linearCrossEntropy(x, matrix, torch.tensor([5, 0, 0, 0]), { options: {} }),
      torch.TorchError,
      "out of bounds",
    );
  });
});
