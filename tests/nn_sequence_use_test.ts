/**
 * Sequence layers in use: packing, what they refuse, what they free, copies.
 */

import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";
import { warningsOf } from "./support/console.ts";

const { nn } = torch;
const { rnn } = nn.utils;
type T = torch.Tensor;

const arrays = (list: Iterable<T>) => [...list].map((one) => one.toArray());

describe("Packed sequences", () => {
  const list = () => [torch.tensor([1, 2]), torch.tensor([3, 4, 5]), torch.tensor([6])];

  test("come back as they were, sorted or not", () => {
    for (const enforceSorted of [false, true]) {
      const given = enforceSorted ? [3, 2, 1].map((n) => torch.arange(0, n)) : list();
      const packed = rnn.packSequence(given, { enforceSorted });
      assertEquals(arrays(rnn.unpackSequence(packed)), arrays(given));
      assertEquals(packed.sortedIndices === null, enforceSorted);
    }
  });

  test("are what PyTorch's documentation shows", () => {
    const packed = rnn.packSequence(list(), { enforceSorted: false });
    assertEquals(packed.data.toArray(), [3, 1, 6, 4, 2, 5]);
    assertEquals(packed.batchSizes.toArray(), [3, 2, 1]);
    assertEquals(packed.sortedIndices!.toArray(), [1, 0, 2]);
    assertEquals(packed.unsortedIndices!.toArray(), [1, 0, 2]);
    const [padded, lengths] = rnn.padPackedSequence(packed, {
      batchFirst: true,
      paddingValue: -1,
      totalLength: 4,
    });
    assertEquals(padded.toArray(), [[1, 2, -1, -1], [3, 4, 5, -1], [6, -1, -1, -1]]);
    assertEquals(lengths.toArray(), [2, 3, 1]);
    assertEquals([...packed].length, 4);
    assertEquals(packed.double().data.dtype, "float64");
  });

  test("pad on either side", () => {
    const options = { batchFirst: true, paddingValue: 9 } as const;
    assertEquals(rnn.padSequence(list(), options).toArray(), [[1, 2, 9], [3, 4, 5], [6, 9, 9]]);
    const left = rnn.padSequence(list(), { ...options, paddingSide: "left" });
    assertEquals(left.toArray(), [[9, 1, 2], [3, 4, 5], [9, 9, 6]]);
    const back = rnn.unpadSequence(rnn.padSequence(list()), torch.tensor([2, 3, 1]));
    assertEquals(arrays(back), [[1, 2], [3, 4, 5], [6]]);
  });

  test("refuse what cannot be packed", () => {
    const x = torch.zeros([3, 2, 1]);
    assertThrows(() => rnn.packPaddedSequence(x, [1, 3]), torch.TorchError, "sorted");
    assertThrows(() => rnn.packPaddedSequence(x, [3, 0]), torch.TorchError, "greater than 0");
    assertThrows(() => rnn.packPaddedSequence(x, [3]), torch.TorchError, "batch");
    assertThrows(() => rnn.packPaddedSequence(torch.zeros([3]), [3]), RangeError, "2 dimensions");
    assertThrows(() => rnn.packPaddedSequence(x, [1.5, 1] as never), TypeError, "integer");
    assertThrows(() => rnn.packSequence([]), RangeError, "at least one");
    assertThrows(() => rnn.packSequence(list()), torch.TorchError, "sorted");
    assertThrows(() => rnn.padSequence([torch.tensor(1)]), RangeError, "sequences[0]");
    assertThrows(() => rnn.padPackedSequence(x as never), TypeError, "a PackedSequence");
    const packed = rnn.packSequence([torch.arange(0, 3)]);
    assertThrows(() => rnn.padPackedSequence(packed, { totalLength: 2 }), RangeError, "at least");
    const ints = (values: number[]) => torch.tensor(values, { dtype: "int64" });
    const none = torch.zeros([0], { dtype: "int64" });
    assertThrows(() => new rnn.PackedSequence(x, none), RangeError, "at least one element");
    assertThrows(() => new rnn.PackedSequence(x, torch.ones([2])), RangeError, "int64");
    assertThrows(() => new rnn.PackedSequence(x, torch.ones([2, 1])), RangeError, "dimensions");
    const lstm = new nn.LSTM(1, 2);
    const data = torch.zeros([3, 1]);
    for (const sizes of [[5], [1, 2], [2, 2, 2], [-1, 4], [0, 3], [2, -1], [1]]) {
      let failed: unknown = null;
      try {
        lstm(new rnn.PackedSequence(data, ints(sizes)));
      } catch (error) {
        failed = error;
      }
      assert(failed instanceof Error, `sizes ${sizes} were taken`);
      const packed = new rnn.PackedSequence(data, ints(sizes));
      assertThrows(() => rnn.padPackedSequence(packed), torch.TorchError, "Batch sizes");
    }
  });
});

describe("Recurrent layers", () => {
  test("take the number of layers by place", () => {
    assertEquals(String(new nn.LSTM(10, 20, 2)), "LSTM(10, 20, num_layers=2)");
    assertEquals(
      String(new nn.GRU(10, 20, 2, { bias: false, dropout: 1 })),
      "GRU(10, 20, num_layers=2, bias=False, dropout=1.0)",
    );
    assertEquals(new nn.RNN(1, 2, { numLayers: 2, bidirectional: true }).allWeights.length, 4);
  });

  test("warn of dropout that does nothing", () => {
    const [line] = warningsOf(() => void new nn.RNN(1, 1, { dropout: 0.5 }));
    assertStringIncludes(line!, "no effect with one layer");
  });

  const cases: [() => unknown, typeof RangeError | typeof TypeError, string][] = [
    [() => new nn.LSTM(0, 2), RangeError, "'inputSize' must be greater than 0"],
    [() => new nn.GRU(1, 2, 2 ** 31), RangeError, "'numLayers' must be at most 65536"],
    [() => new nn.LSTM(1, 1.5), RangeError, "'hiddenSize'"],
    [() => new nn.LSTM(1, 2, 0), RangeError, "'numLayers'"],
    [() => new nn.LSTM(1, 2, { projSize: 2 }), RangeError, "less than 'hiddenSize' (2)"],
    [() => new nn.GRU(1, 2, { projSize: 1 } as never), TypeError, "unknown option 'projSize'"],
    [() => new nn.RNN(1, 2, { nonlinearity: "gelu" as never }), TypeError, "tanh, relu"],
    [() => new nn.RNN(1, 2, { dropout: 2 }), RangeError, "a probability"],
    [() => new nn.GRU(1, 2)(torch.ones([1])), RangeError, "2 or 3 dimensions"],
    [() => new nn.GRU(1, 2)(torch.ones([1, 1, 3])), RangeError, "of size 1"],
    [() => new nn.GRU(1, 2)(torch.ones([1, 1, 1]).double()), TypeError, "float64"],
    [() => new nn.GRU(1, 2)(torch.ones([1, 1, 1]), torch.ones([1, 2])), RangeError, "hx"],
    [
      () => new nn.GRU(1, 2)(torch.ones([1, 1, 1]), torch.ones([1, 3, 2])),
      RangeError,
      'of shape [1, 1, 2], but got "[1, 3, 2]"',
    ],
    [() => new nn.LSTM(1, 2)(torch.ones([1, 1, 1]), torch.ones([1]) as never), TypeError, "[h, c]"],
    [() => new nn.LSTM(1, 2)(1 as never), TypeError, "must be a Tensor"],
    [() => new nn.GRUCell(1, 2)(torch.ones([1, 1, 1])), RangeError, "1 or 2 dimensions"],
    [() => new nn.GRUCell(1, 2)(torch.ones([1, 1]), torch.ones([2])), RangeError, "'hx'"],
    [() => new nn.MultiheadAttention(4, 3), RangeError, "a divisor of 'embedDim' (4)"],
    [() => new nn.MultiheadAttention(0, 1), RangeError, "greater than 0"],
    [() => new nn.Embedding(3, 2, { paddingIdx: 3 }), RangeError, "from -3 to 2"],
    [() => new nn.Embedding(3, 2, { _weight: torch.ones([2, 2]) }), RangeError, "[3, 2]"],
    [() => nn.Embedding.fromPretrained(torch.ones([2])), RangeError, "2 dimensions"],
    [() => new nn.EmbeddingBag(3, 2, { mode: "min" as never }), TypeError, "sum, mean, max"],
    [() => new nn.TransformerEncoderLayer(4, 2, { activation: "x" as never }), TypeError, "relu"],
    [() => new nn.TransformerEncoder(1 as never, 2), TypeError, "must be a Module"],
    [
      () => new nn.TransformerEncoder(new nn.TransformerEncoderLayer(2, 1), 0),
      RangeError,
      "at least 1",
    ],
  ];
  for (const [run, type, message] of cases) {
    test(`refuse: ${message}`, () => void assertThrows(run, type, message));
  }

  test("are refused rows that a table lacks, by LibTorch's words", () => {
    const table = new nn.Embedding(3, 2);
    assertThrows(() => table(torch.tensor([3])), torch.TorchError, "out of range");
    const bags = new nn.EmbeddingBag(3, 2);
    assertThrows(() => bags(torch.tensor([[3]])), torch.TorchError);
    assertThrows(() => bags(torch.tensor([-1]), torch.tensor([0])), torch.TorchError);
    assertThrows(() => bags(torch.tensor([0]), torch.tensor([2])), torch.TorchError);
  });
});

describe("Parameters of another size", () => {
  const put = (module: object, name: string, shape: number[]) => {
    (module as Record<string, unknown>)[name] = new nn.Parameter(torch.zeros(shape));
  };

  test("are refused before a kernel walks through them", () => {
    const lstm = new nn.LSTM(3, 4);
    put(lstm, "weight_hh_l0", [2, 2]);
    assertThrows(() => lstm(torch.zeros([2, 1, 3])), torch.TorchError, "of shape [16, 4]");
    const gru = new nn.GRU(3, 4).eval();
    put(gru, "bias_ih_l0", [1]);
    torch.noGrad(() => {
      assertThrows(() => gru(torch.zeros([2, 1, 3])), torch.TorchError, "of shape [12]");
    });
    const cell = new nn.GRUCell(3, 4);
    put(cell, "weight_hh", [12, 5]);
    assertThrows(() => cell(torch.zeros([1, 3])), torch.TorchError);
    const state = torch.zeros([1, 1, 4]);
    const few = [...new nn.GRU(3, 4).parameters()].slice(1);
    assertThrows(
      () => torch.gru(torch.zeros([2, 1, 3]), state, few, true, 1, 0, false, false, false),
      torch.TorchError,
      "Expected 4 parameters, but got 3",
    );
  });
});

describe("A table that there is", () => {
  test("is shared by the layer, frozen unless it is told not to be", () => {
    const table = torch.tensor([[1, 2], [3, 4]], { dtype: "float32" });
    const layer = nn.Embedding.fromPretrained(table, { paddingIdx: -1 });
    assertEquals([layer.weight.requiresGrad, layer.paddingIdx], [false, 1]);
    table.setAt([0, 0], 7);
    assertEquals(layer(torch.tensor([0, 1])).toArray(), [[7, 2], [3, 4]]);
    assert(nn.Embedding.fromPretrained(table, { freeze: false }).weight.requiresGrad);
    const bags = nn.EmbeddingBag.fromPretrained(table, { mode: "max", freeze: false });
    assertEquals([bags.mode, bags.weight.requiresGrad], ["max", true]);
  });
});

describe("Sequence layers free what they make on the way", () => {
  const run = (name: string, module: torch.nn.AnyModule, inputs: () => unknown[]) =>
    test(name, () => {
      balanced(() => {
        const given = inputs();
        const found: unknown = module(...given);
        const free = (value: unknown): void => {
          if (value instanceof torch.Tensor || value instanceof rnn.PackedSequence) value.dispose();
          else if (Array.isArray(value)) value.forEach(free);
        };
        free(found);
        free(given);
      });
    });
  const x = () => [torch.randn([4, 2, 3])];
  run("LSTM", new nn.LSTM(3, 4, { bidirectional: true }), x);
  run("GRU of one sequence", new nn.GRU(3, 4), () => [torch.randn([4, 3]), torch.zeros([1, 4])]);
  run("LSTMCell", new nn.LSTMCell(3, 4), () => [torch.randn([3])]);
  const attention = new nn.MultiheadAttention(4, 2, { batchFirst: true, addBiasKv: true });
  run("MultiheadAttention", attention, () => [1, 2, 3].map(() => torch.randn([2, 5, 4])));
  const small = {
    dModel: 4,
    nhead: 2,
    dimFeedforward: 6,
    numEncoderLayers: 2,
    numDecoderLayers: 2,
  };
  const two = () => [torch.randn([3, 2, 4]), torch.randn([5, 2, 4])];
  for (const options of [{}, { normFirst: true, batchFirst: true, activation: "gelu" as const }]) {
    const name = `Transformer ${JSON.stringify(options)}`;
    const inputs = options.batchFirst
      ? () => [torch.randn([2, 3, 4]), torch.randn([2, 5, 4])]
      : two;
    run(name, new nn.Transformer({ ...small, ...options }), inputs);
    run(`${name}, evaluating`, new nn.Transformer({ ...small, ...options }).eval(), inputs);
  }

  test("but not what hooks may keep", () => {
    const layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 6 });
    const kept: T[] = [];
    layer.linear1.registerForwardHook((_, __, output) => void kept.push(output));
    layer.self_attn.registerForwardHook((_, __, [output]) => void kept.push(output));
    layer(torch.randn([3, 2, 4]));
    assertEquals(kept.map((one) => one.shape), [[3, 2, 4], [3, 2, 6]]);
  });
});

describe("A stack of copies", () => {
  test("begins with the same weights, which it does not share", () => {
    const layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 6 });
    const stack = new nn.TransformerEncoder(layer, 2, { norm: new nn.LayerNorm(4) });
    const [one, two] = [...stack.layers] as [typeof layer, typeof layer];
    assert(one !== two);
    assert(one instanceof nn.TransformerEncoderLayer);
    assertEquals(one.linear1.weight.toArray(), two.linear1.weight.toArray());
    assert(one.linear1.weight.isLeaf && one.linear1.weight.requiresGrad);
    one.linear1.weight.detach().fill_(0);
    assertEquals(two.linear1.weight.toArray(), layer.linear1.weight.toArray());
    assertEquals([...stack.parameters()].length, 2 * [...layer.parameters()].length + 2);
  });

  test("takes layers of one's own, with all that they hold", () => {
    class Own extends nn.Module<[T], T> {
      norm = new nn.BatchNorm1d(4);
      same = this.norm;
      tail = new nn.Sequential(
        new nn.Linear(4, 4),
        nn.utils.parametrizations.weightNorm(new nn.Linear(4, 4)),
      );
      scale = new nn.Parameter(torch.ones([1]), false);
      steps = { list: [torch.zeros([1])], map: new Map([["a", 1]]) };
      override forward(x: T): T {
        return this.tail(this.norm(x)).mul(this.scale);
      }
    }
    const own = new Own().eval();
    const stack = new nn.TransformerEncoder(own as never, 2);
    const [copy] = [...stack.layers] as unknown as [Own];
    assert(copy instanceof Own && !copy.training);
    assertEquals(Object.keys(copy.stateDict()), Object.keys(own.stateDict()));
    assert(copy.same === copy.norm && copy.norm !== own.norm);
    assert(!copy.scale.requiresGrad);
    assert(copy.steps.list[0] !== own.steps.list[0]);
    assertEquals(copy.steps.map, own.steps.map);
    using x = torch.randn([3, 4]);
    assertEquals(copy(x).toArray(), own(x).toArray());
    copy.norm.running_mean!.fill_(3);
    assertEquals(own.norm.running_mean!.toArray(), [0, 0, 0, 0]);
  });
});
