import { describe, test } from "node:test";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

// What PyTorch 2.13 gives for the calls below.
const PER_TENSOR = [-1, 0, 0.6, 24.5];
const PER_CHANNEL = [0.3, -0.8, 0.5, -3];

function assertClose(x: torch.Tensor, expected: number[]): void {
  const values = x.flatten().toArray() as number[];
  assertEquals(values.length, expected.length);
  values.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-5));
}

describe("fake quantization", () => {
  test("rounds as PyTorch does, by one scale", () => {
    const x = torch.tensor([-1.26, 0.04, 0.55, 300]);
    assertClose(torch.fakeQuantizePerTensorAffine(x, 0.1, 10, 0, 255), PER_TENSOR);
  });

  test("and by a scale for each channel", () => {
    const x = torch.tensor([[0.26, -3], [0.26, -3]]);
    const scale = torch.tensor([0.1, 0.5]);
    const zero = torch.tensor([0, 0], { dtype: "int32" });
    assertClose(torch.fakeQuantizePerChannelAffine(x, scale, zero, 0, -8, 7), PER_CHANNEL);
  });

  test("refuses what does not fit", () => {
    const x = torch.tensor([[0.26, -3], [0.26, -3]]);
    const scale = torch.tensor([0.1]);
    const zero = torch.tensor([0], { dtype: "int32" });
    assertThrows(
      () => torch.fakeQuantizePerChannelAffine(x, scale, zero, 0, -8, 7),
      torch.TorchError,
    );
    assertThrows(
      () => torch.fakeQuantizePerChannelAffine(x, scale, zero, 9, -8, 7),
      torch.TorchError,
    );
    assertThrows(() => torch.fakeQuantizePerTensorAffine(x, 0.1, 0, 5, -5), torch.TorchError);
    assertThrows(() => x.qPerChannelScales(), torch.TorchError);
  });
});

describe("sparse matrix products", () => {
  test("give what the dense product gives", () => {
    const sparse = torch.eye(2).toSparse();
    assertClose(torch.hspmm(sparse, torch.ones([2, 2])).toDense(), [1, 1, 1, 1]);
    assertClose(torch.smm(sparse, torch.ones([2, 2])).toDense(), [1, 1, 1, 1]);
  });
});
