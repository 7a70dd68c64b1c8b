/**
 * Sequence layers in TorchScript: batches and lengths stay variable, results are tuples, and Python runs the files.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { warningsOf } from "./support/console.ts";
import { type Folder, folder } from "./support/program.ts";
import { python } from "./support/python.ts";
import { assertSame, encode, type Json } from "./support/values.ts";

const { jit, nn } = torch;
type T = torch.Tensor;

class SelfAttention extends nn.Module<[T, T], T | [T, T | null]> {
  attention: torch.nn.MultiheadAttention;
  needWeights: boolean;
  constructor(options: torch.nn.MultiheadAttentionOptions, needWeights: boolean) {
    super();
    this.attention = new nn.MultiheadAttention(8, 2, options);
    this.needWeights = needWeights;
  }
  override forward(x: T, keyPaddingMask: T): T | [T, T | null] {
    const { needWeights } = this;
    const found = this.attention(x, x, x, { keyPaddingMask, needWeights });
    // No trace gives out what may be absent.
    return needWeights ? found : found[0];
  }
}

class Packing extends nn.Module<[T, T], T> {
  gru = new nn.GRU(3, 4, { bidirectional: true });
  override forward(x: T, lengths: T): T {
    const { packPaddedSequence, padPackedSequence } = nn.utils.rnn;
    const [packed, state] = this.gru(packPaddedSequence(x, lengths, { enforceSorted: false }));
    const [padded, ends] = padPackedSequence(packed);
    return padded.sum(0).add(state.sum(0).sum(-1, true)).add(ends.unsqueeze(1));
  }
}

/** A causal language model of a table, a stack of layers with parametrized weights, and a map. */
class Language extends nn.Module<[T, T], T> {
  table = new nn.Embedding(11, 8);
  stack = new nn.TransformerEncoder(
    new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 6, batchFirst: true, normFirst: true }),
    2,
    { norm: new nn.LayerNorm(8) },
  );
  head = nn.utils.parametrizations.weightNorm(new nn.Linear(8, 11));
  override forward(tokens: T, mask: T): T {
    return this.head(this.stack(this.table(tokens), { mask, isCausal: true }));
  }
}

const causal = (size: number) => torch.ones([size, size], { dtype: "bool" }).triu(1);
const padding = (rows: number[], length: number) =>
  torch.tensor(rows.map((end) => Array.from({ length }, (_, i) => i >= end)));

interface Case {
  name: string;
  module: torch.nn.AnyModule;
  example: () => unknown[];
  /** Inputs of other sizes. */
  other: () => unknown[];
}

function cases(): Case[] {
  torch.manualSeed(3);
  const state = (batch: number) =>
    jit.tuple([torch.randn([2, batch, 4]), torch.randn([2, batch, 4])]);
  const small = { dimFeedforward: 6, numEncoderLayers: 1, numDecoderLayers: 1 };
  return [
    {
      name: "an LSTM",
      module: new nn.LSTM(3, 4, { numLayers: 2 }),
      example: () => [torch.randn([5, 2, 3])],
      other: () => [torch.randn([7, 4, 3])],
    },
    {
      name: "an LSTM with states",
      module: new nn.LSTM(3, 4, { bidirectional: true, batchFirst: true }),
      example: () => [torch.randn([2, 5, 3]), state(2)],
      other: () => [torch.randn([3, 6, 3]), state(3)],
    },
    {
      name: "an RNN of one sequence",
      module: new nn.RNN(3, 4, { nonlinearity: "relu" }),
      example: () => [torch.randn([5, 3])],
      other: () => [torch.randn([9, 3])],
    },
    {
      name: "a cell",
      module: new nn.LSTMCell(3, 4),
      example: () => [torch.randn([2, 3])],
      other: () => [torch.randn([5, 3])],
    },
    {
      name: "packing",
      module: new Packing(),
      example: () => [torch.randn([4, 3, 3]), torch.tensor([2, 4, 1])],
      other: () => [torch.randn([6, 5, 3]), torch.tensor([3, 6, 1, 2, 5])],
    },
    {
      name: "attention",
      module: new SelfAttention({ addBiasKv: true, addZeroAttn: true }, true),
      example: () => [torch.randn([4, 2, 8]), padding([4, 3], 4)],
      other: () => [torch.randn([6, 3, 8]), padding([6, 5, 1], 6)],
    },
    {
      name: "attention without weights",
      module: new SelfAttention({ batchFirst: true, dropout: 0.5 }, false),
      example: () => [torch.randn([2, 4, 8]), padding([4, 3], 4)],
      other: () => [torch.randn([3, 6, 8]), padding([6, 5, 1], 6)],
    },
    {
      name: "a transformer",
      module: new nn.Transformer({ dModel: 8, nhead: 2, ...small }),
      example: () => [torch.randn([5, 2, 8]), torch.randn([4, 2, 8]), { tgtMask: causal(4) }],
      other: () => [torch.randn([3, 3, 8]), torch.randn([6, 3, 8]), { tgtMask: causal(6) }],
    },
    {
      name: "a language model",
      module: new Language(),
      example: () => [torch.randint(0, 11, [2, 5]), causal(5)],
      other: () => [torch.randint(0, 11, [3, 7]), causal(7)],
    },
    {
      name: "bags of rows",
      module: new nn.EmbeddingBag(11, 3, { mode: "sum" }),
      example: () => [torch.tensor([1, 2, 4, 5]), torch.tensor([0, 2])],
      other: () => [torch.tensor([1, 2, 4, 5, 6]), torch.tensor([0, 2, 3])],
    },
  ];
}

const plain = (value: unknown): unknown =>
  value instanceof jit.TypedValue
    ? (value.content as unknown as { values: unknown[] }).values
    : value;

describe("A traced sequence layer", () => {
  const list = cases().map((one) => {
    let script!: torch.jit.LoadedModule;
    const warnings = warningsOf(() => void (script = jit.trace(one.module, one.example())));
    torch.manualSeed(5);
    return { ...one, script, warnings, inputs: one.other() };
  });
  let here: Folder;
  let results: { outputs: Json[] }[];

  before(async () => {
    here = folder();
    const entries = list.map(({ script, inputs }, i) => {
      script.save(here.file(`${i}.pt`));
      const given = inputs.map((one) => {
        const value = plain(one);
        return Array.isArray(value) ? { $tuple: value.map(encode) } : encode(value);
      });
      return { file: `${i}.pt`, calls: [{ training: false, inputs: given }], extra: [] };
    });
    writeFileSync(here.file("calls.json"), JSON.stringify(entries));
    await python("interop_run.py", here.path);
    results = JSON.parse(readFileSync(here.file("results.json"), "utf8"));
  }, { timeout: 120_000 });

  after(() => here?.[Symbol.dispose]());

  list.forEach(({ name, module, script, inputs, warnings }, i) => {
    test(`takes other batches and lengths, here and in Python: ${name}`, () => {
      module.eval();
      script.eval();
      const expected = module(...inputs.map(plain));
      assertSame(script(...inputs.map(plain)), encode(expected));
      assertSame(expected, results[i]!.outputs[0]!);
      assertEquals(warnings, []);
    });
  });

  test("gives tuples, as PyTorch's do", () => {
    const { script } = list[0]!;
    assertStringIncludes(String(script.method("evalforward").schema), "(Tensor, (Tensor, Tensor))");
  });

  test("cannot be made while parametrizations are cached", () => {
    using _ = nn.utils.parametrize.cached();
    const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 2));
    assertThrows(() => jit.trace(layer, [torch.ones([1, 2])]), TypeError, "cached");
    assert(layer.weight === layer.weight);
  });
});
