/** Every layer is made as PyTorch makes it: tests/golden/nn_layers.json has its text, its names and its values. */

import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

type State = Record<string, [shape: number[], dtype: string, bits: string]>;
type Case = [layer: string, args: unknown[], options: object, text: string, state: State];

const cases: Case[] = JSON.parse(
  readFileSync(new URL("./golden/nn_layers.json", import.meta.url), "utf8"),
);

type Layer = new (...args: unknown[]) => torch.nn.AnyModule;
const layers = torch.nn as unknown as Record<string, Layer>;

// The sum of all bytes, each times its place.
function bits(tensor: torch.Tensor): string {
  const values = tensor.toTypedArray();
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let sum = 0n;
  bytes.forEach((byte, i) => sum += BigInt(byte) * BigInt(i + 1));
  return String(sum);
}

for (const [layer, args, options, text, state] of cases) {
  const shown = [...args, options].map((one) => JSON.stringify(one)).join(", ");
  test(`${layer}(${shown}) has PyTorch's text and, with its seed, its state`, () => {
    balanced(() => {
      torch.manualSeed(23);
      const given = Object.keys(options).length > 0 ? [...args, options] : args;
      using module = new layers[layer]!(...given);
      assertEquals(String(module), text);
      const found = Object.entries(module.stateDict()).map(([name, tensor]) => {
        using one = tensor;
        return [name, [one.shape, one.dtype, bits(one)]];
      });
      assertEquals(found, Object.entries(state));
    });
  });
}
