import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { nn } = torch;
type Tensor = torch.Tensor;
type Nested = number[][][];

const golden: {
  x: Nested;
  wide: Nested;
  padding: Record<string, number[][]>;
  cases: Record<string, Nested>;
} = JSON.parse(
  readFileSync(new URL("golden/nested_encoder.json", import.meta.url), "utf8"),
);

// In the order of tests/python/make_nested_encoder_golden.py, so that the weights are the same.
function models() {
  torch.manualSeed(0);
  const options = { dimFeedforward: 16, batchFirst: true };
  const layer = new nn.TransformerEncoderLayer(8, 2, options);
  const stack = new nn.TransformerEncoder(layer, 2).eval();
  const plain = new nn.TransformerEncoder(layer, 2, { enableNestedTensor: false }).eval();
  const norm = new nn.LayerNorm(8);
  const normed = new nn.TransformerEncoder(layer, 1, { norm }).eval();
  const odd = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(9, 3, options), 1).eval();
  const late = new nn.TransformerEncoder(
    new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16 }),
    1,
  ).eval();
  nn.init.constant_(norm.bias!, 0.5);
  return { stack, plain, normed, odd, late };
}

function same(actual: Tensor, name: string): void {
  const expected = torch.tensor(golden.cases[name]!, { dtype: actual.dtype });
  assertEquals(actual.shape, expected.shape, name);
  const given = actual.detach();
  assert(torch.allclose(given, expected, { rtol: 1e-5, atol: 1e-5 }), `${name}: ${given}`);
  const zeros = (x: Tensor) => x.eq(0).all(-1).toArray();
  assertEquals(zeros(given), zeros(expected), name);
}

describe("TransformerEncoder with a padding mask, in evaluation mode", () => {
  const padding = (name: string) => torch.tensor(golden.padding[name]!).bool();
  const { stack, plain, normed, odd, late } = models();
  const x = torch.tensor(golden.x, { dtype: "float32" });

  test("gives zeros at padded places where PyTorch computes with nested tensors, and only there", () => {
    const srcKeyPaddingMask = padding("end");
    same(stack(x, { srcKeyPaddingMask }), "recording");
    torch.noGrad(() => {
      for (const name of Object.keys(golden.padding)) {
        same(stack(x, { srcKeyPaddingMask: padding(name) }), name);
      }
      const float = torch.zeros([3, 5]).maskedFill(srcKeyPaddingMask, -Infinity);
      same(stack(x, { srcKeyPaddingMask: float }), "float");
      const mask = nn.Transformer.generateSquareSubsequentMask(5);
      same(stack(x, { srcKeyPaddingMask, mask }), "causal");
      same(plain(x, { srcKeyPaddingMask }), "plain");
      same(normed(x, { srcKeyPaddingMask }), "normed");
      same(odd(torch.tensor(golden.wide, { dtype: "float32" }), { srcKeyPaddingMask }), "odd");
      same(late(x.transpose(0, 1), { srcKeyPaddingMask }), "late");
      balanced(() => stack(x, { srcKeyPaddingMask }).dispose());
      balanced(() => normed(x, { srcKeyPaddingMask }).dispose());
      same(stack.double()(x.double(), { srcKeyPaddingMask }), "double");
    });
  });
});
