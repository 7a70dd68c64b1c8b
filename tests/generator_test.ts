import { describe, test } from "node:test";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { liveCounts } from "./support/balance.ts";

// Printed by PyTorch 2.13 from torch.Generator().manual_seed(7), in this order.
const RAND = [0.5349225401878357, 0.19880318641662598, 0.6592116951942444];
const RANDPERM = [2, 4, 5, 0, 3, 1];
const RANDINT = [88, 61, 58, 31];
const NORMAL = [-0.3556250333786011, 1.2323857545852661];
const BERNOULLI = [0, 1, 0, 1, 0, 1];
const MULTINOMIAL = [0, 1, 0, 0, 2];

describe("Generator", () => {
  test("prints what it is, and that it was disposed", () => {
    const generator = new torch.Generator();
    assertEquals(`${generator}`, "Generator(cpu)");
    generator.dispose();
    assertEquals(`${generator}`, "Generator(disposed)");
  });

  test("draws what PyTorch draws from the same seed", () => {
    using generator = new torch.Generator().manualSeed(7);
    const options = { generator };
    const close = (x: torch.Tensor, expected: number[]) =>
      (x.toArray() as number[]).forEach((value, i) =>
        assertAlmostEquals(value, expected[i]!, 1e-7)
      );
    close(torch.rand([3], options), RAND);
    assertEquals(torch.randperm(6, options).toArray(), RANDPERM);
    assertEquals(torch.randint(0, 100, [4], options).toArray(), RANDINT);
    close(torch.empty([2]).normal_(0, 1, options), NORMAL);
    assertEquals(torch.bernoulli(torch.full([6], 0.5), options).toArray(), BERNOULLI);
    const weights = torch.tensor([1, 2, 3], { dtype: "float32" });
    assertEquals(torch.multinomial(weights, 5, true, options).toArray(), MULTINOMIAL);
  });

  test("leaves the default generator alone", () => {
    torch.manualSeed(0);
    const expected = torch.rand([2]).toArray();
    torch.manualSeed(0);
    using generator = new torch.Generator();
    torch.rand([5], { generator });
    assertEquals(torch.rand([2]).toArray(), expected);
  });

  test("has seeds and states", () => {
    using generator = new torch.Generator();
    assertEquals(generator.initialSeed(), 67280421310721n);
    assertEquals(generator.manualSeed(-1).initialSeed(), 2n ** 64n - 1n);
    assert(generator.seed() >= 0n);
    using state = generator.getState();
    const first = torch.rand([2], { generator }).toArray();
    generator.setState(state);
    assertEquals(torch.rand([2], { generator }).toArray(), first);
  });

  test("is refused where it is none, or gone", () => {
    const before = liveCounts();
    const generator = new torch.Generator();
    generator.dispose();
    generator.dispose();
    assertThrows(() => torch.rand([2], { generator }), torch.DisposedError, "argument 'generator'");
    assertThrows(
      () => torch.rand([2], { generator: 7 as unknown as torch.Generator }),
      TypeError,
      "argument 'generator' must be a Generator, but got 7",
    );
    assertThrows(() => new torch.Generator().manualSeed(0.5), TypeError, "must be an integer");
    assertEquals(liveCounts().tensors, before.tensors);
  });

  test("goes into TorchScript, and comes out", () => {
    using generator = new torch.Generator().manualSeed(7);
    const { ops, kwargs } = torch.jit;
    const drawn = ops.aten!.rand!([3], kwargs({ generator })) as torch.Tensor;
    assertAlmostEquals((drawn.toArray() as number[])[0]!, RAND[0]!, 1e-7);
  });
});

describe("useDeterministicAlgorithms()", () => {
  test("makes an op without a deterministic implementation throw", () => {
    torch.useDeterministicAlgorithms(true);
    try {
      assertEquals(torch.areDeterministicAlgorithmsEnabled(), true);
      // kthvalue on CUDA and others throw; on the CPU, uninitialised memory is filled with NaN instead.
      assert(torch.empty([4]).isnan().all().item());
    } finally {
      torch.useDeterministicAlgorithms(false);
    }
    assertEquals(torch.areDeterministicAlgorithmsEnabled(), false);
    assertThrows(
      () => torch.useDeterministicAlgorithms(1 as unknown as boolean),
      TypeError,
      "must be a boolean",
    );
  });
});
