import { assertAlmostEquals, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import * as torch from "../mod.ts";
import { liveCounts } from "./support/balance.ts";

const { functional } = torch.nn;
type Call = (...args: unknown[]) => torch.Tensor | torch.Tensor[];
const untyped = functional as unknown as Record<string, Call>;
const one = () => torch.ones([1, 2, 6, 6]);
const values = () => torch.tensor([[0.5, 1.5], [2.5, 3.5]]);
const places = () => torch.tensor([[0, 1]]);

/** A valid call of each function: what tells how it is called, and that it frees what it makes. */
const calls: Record<string, () => unknown[]> = {
  adaptiveAvgPool2d: () => [one(), [null, 3]],
  adaptiveAvgPool3d: () => [one(), [1, null, 3]],
  adaptiveMaxPool1d: () => [values(), 1],
  adaptiveMaxPool2d: () => [one(), 3],
  adaptiveMaxPool3d: () => [one(), [1, 2, null], true],
  affineGrid: () => [torch.ones([1, 2, 3]), [1, 1, 4, 4]],
  alphaDropout: () => [values(), { p: 0.25, training: true }],
  batchNorm: () => [values(), null, null, null, null, true],
  binaryCrossEntropy: () => [torch.rand([2, 2]), torch.rand([2, 2]), { weight: torch.ones([2]) }],
  binaryCrossEntropyWithLogits:
    () => [values(), torch.rand([2, 2]), { posWeight: torch.ones([2]) }],
  cosineEmbeddingLoss: () => [values(), values(), torch.ones([2])],
  crossEntropy: () => [values(), torch.tensor([0, 1]), { labelSmoothing: 0.25 }],
  ctcLoss: () => [torch.zeros([4, 1, 3]), torch.tensor([[1, 2]]), [4], [2]],
  dropout: () => [values()],
  dropout1d: () => [values(), 0.25],
  dropout2d: () => [one(), { training: false }],
  dropout3d: () => [one()],
  embedding: () => [places(), values(), { maxNorm: 1 }],
  embeddingBag: () => [places(), values(), { mode: "sum", perSampleWeights: torch.rand([1, 2]) }],
  featureAlphaDropout: () => [one(), 0.5, true],
  fold: () => [torch.ones([1, 4, 1]), 2, 2],
  fractionalMaxPool2d: () => [one(), 2, { outputRatio: 0.5 }],
  fractionalMaxPool3d: () => [one(), 1, { outputSize: [1, 2, 2], returnIndices: true }],
  gaussianNllLoss: () => [values(), values(), 0.5, { full: true }],
  gridSample: () => [one(), torch.zeros([1, 3, 3, 2]), { mode: "nearest" }],
  gumbelSoftmax: () => [values(), { hard: true }],
  hingeEmbeddingLoss: () => [values(), torch.ones([2, 2])],
  huberLoss: () => [values(), torch.ones([2, 2]), { weight: torch.ones([2, 2]) }],
  instanceNorm: () => [one()],
  interpolate: () => [one(), { scaleFactor: 0.5, mode: "bicubic", antialias: true }],
  klDiv: () => [values(), torch.rand([2, 2]), { reduction: "batchmean" }],
  l1Loss: () => [values(), torch.ones([2, 2]), { weight: torch.ones([2, 2]) }],
  linearCrossEntropy: () => [values(), torch.ones([3, 2]), torch.tensor([0, 2])],
  localResponseNorm: () => [one(), 2],
  logsigmoid: () => [values()],
  lpPool1d: () => [values(), -Infinity, 2],
  lpPool2d: () => [one(), 2, 3],
  lpPool3d: () => [one(), 1.5, 1],
  marginRankingLoss: () => [torch.ones([2]), torch.zeros([2]), torch.ones([2])],
  maxPool1d: () => [values(), 2],
  maxPool2d: () => [one(), 2, { returnIndices: true }],
  maxPool3d: () => [one(), 2],
  maxUnpool1d: () => [torch.tensor([[1.5]]), torch.tensor([[1]]), 2],
  maxUnpool2d: () => [torch.ones([1, 1, 1]), torch.tensor([[[3]]]), 2, { outputSize: [3, 3] }],
  maxUnpool3d: () => [torch.ones([1, 1, 1, 1]), torch.tensor([[[[7]]]]), 2],
  mseLoss: () => [values(), torch.ones([2, 2]), { weight: torch.ones([2, 2]) }],
  multiHeadAttentionForward: () => [
    ...[torch.rand([3, 1, 4]), torch.rand([5, 1, 4]), torch.rand([5, 1, 4]), 4, 2],
    ...[torch.rand([12, 4]), torch.rand([12]), torch.rand([1, 1, 4]), torch.rand([1, 1, 4])],
    ...[true, 0.5, torch.rand([4, 4]), null],
    {
      attnMask: torch.ones([3, 5]),
      keyPaddingMask: torch.tensor([[true, ...Array(4).fill(false)]]),
    },
  ],
  multiMarginLoss: () => [values(), torch.tensor([0, 1]), { p: 2 }],
  multilabelSoftMarginLoss: () => [values(), torch.ones([2, 2]), { weight: torch.ones([2]) }],
  nllLoss: () => [values(), torch.tensor([0, 1])],
  normalize: () => [values(), { p: 1 }],
  poissonNllLoss: () => [values(), torch.ones([2, 2]), { full: true }],
  rrelu: () => [values(), { training: true }],
  smoothL1Loss: () => [values(), torch.ones([2, 2]), { beta: 0 }],
  softmin: () => [values(), -1, { dtype: "float64" }],
  softsign: () => [values()],
  tanhshrink: () => [values()],
  tripletMarginLoss: () => [values(), values(), torch.ones([2, 2]), { swap: true }],
  tripletMarginWithDistanceLoss: () => [values(), values(), torch.ones([2, 2]), { swap: true }],
  unfold: () => [one(), 2],
  upsample: () => [one(), { size: 3 }],
  upsampleBilinear: () => [one(), { scaleFactor: 2 }],
  upsampleNearest: () => [one(), { size: [2, 3] }],
};

function disposeAll(value: unknown): void {
  if (value instanceof torch.Tensor) value.dispose();
  else if (Array.isArray(value)) value.forEach(disposeAll);
  else if (typeof value === "object" && value !== null) Object.values(value).forEach(disposeAll);
}

describe("Every function", () => {
  for (const name of Object.keys(calls)) {
    it(`${name}() leaves no tensor behind but its results`, () => {
      const before = liveCounts().tensors;
      const args = calls[name]!();
      const given = liveCounts().tensors;
      const result = untyped[name]!(...args);
      const made = [result].flat().filter((part) => part !== null).length;
      assertEquals(liveCounts().tensors, given + made);
      disposeAll([result, args]);
      assertEquals(liveCounts().tensors, before);
    });

    it(`${name}() refuses nonsense by name, and keeps nothing`, () => {
      const call = untyped[name]!;
      const args = calls[name]!();
      const given = liveCounts().tensors;
      const fails = (message: string, ...wrong: unknown[]) => {
        const error = assertThrows(() => call(...wrong), Error);
        assertEquals(error.message.startsWith(`${name}(): `), true, error.message);
        assertEquals(error.message.includes(message), true, error.message);
      };
      fails("must be a Tensor");
      fails("must be a Tensor", 1, ...args.slice(1));
      fails("unknown option 'nonsense'", ...args.slice(0, 1), { nonsense: 1 });
      fails("must be the last argument", args[0], { nonsense: 1 }, 2, 3);
      const disposed = torch.ones([1]);
      disposed.dispose();
      assertThrows(() => call(disposed, ...args.slice(1)), torch.DisposedError);
      assertEquals(liveCounts().tensors, given);
      disposeAll(args);
    });
  }
});

describe("Arguments", () => {
  it("are taken by place and by name alike", () => {
    const x = torch.randn([1, 2, 6, 6]);
    const byPlace = functional.maxPool2d(x, 3, 2, 1, 1, true);
    const byName = functional.maxPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true });
    const allNamed = untyped.maxPool2d!(x, {
      kernelSize: 3,
      stride: 2,
      padding: 1,
      ceilMode: true,
    });
    assertEquals(byPlace.toArray(), byName.toArray());
    assertEquals(byPlace.toArray(), (allNamed as torch.Tensor).toArray());
    assertEquals(functional.maxPool2d(x, 3, null).shape, [1, 2, 2, 2]);
  });

  it("are not taken twice, nor too many of them", () => {
    const x = values();
    assertThrows(
      () => untyped.rrelu!(x, 0.5, { lower: 0.5 }),
      TypeError,
      "rrelu(): argument 'lower' was given twice, also in the options",
    );
    assertThrows(() => untyped.softsign!(x, 1), TypeError, "softsign(): takes at most 1 argument");
  });

  const refused: [string, unknown[], string][] = [
    [
      "mseLoss",
      [values(), values(), { reduction: "avg" }],
      "'reduction' must be one of none, mean",
    ],
    ["dropout", [values(), 1.5], "'p' must be a probability from 0 to 1, but got 1.5"],
    ["multiMarginLoss", [values(), torch.tensor([0, 1]), 3], "'p' must be 1 or 2, but got 3"],
    ["tripletMarginLoss", [values(), values(), values(), 0], "'margin' must be above 0, but got 0"],
    ["embedding", [places(), values(), 2], "'paddingIdx' must be from -2 to 1, but got 2"],
    ["embeddingBag", [torch.tensor([0]), values()], "'offsets' must be a Tensor"],
    ["maxUnpool1d", [values(), values(), 2, { outputSize: [9] }], "'outputSize[0]' must be from 3"],
    ["interpolate", [one(), {}], "needs either argument 'size' or 'scaleFactor'"],
    ["interpolate", [one(), 3, { mode: "linear" }], `'mode' "linear" does not fit 2 spatial`],
    ["interpolate", [one(), 3, { alignCorners: true }], "'alignCorners' has no meaning for mode"],
    ["binaryCrossEntropy", [values(), torch.ones([2])], "'target' must have the shape [2, 2]"],
    ["unfold", [one(), [2, 2, 2]], "'kernelSize' must have 2 elements, but got 3"],
    ["unfold", [one(), 1.5], "'kernelSize' must be an integer, but got 1.5"],
    ["gaussianNllLoss", [values(), values(), -1], "'var' must be not negative, but got -1"],
    ["affineGrid", [values(), [1, 1, 2, 2]], "'theta' must be a tensor of 3 dimensions"],
    ["fractionalMaxPool2d", [one(), 2, { outputRatio: 2 }], "'outputRatio' must be above 0"],
    ["batchNorm", [torch.ones([1, 2]), null, null, { training: true }], "more than one value"],
    ["instanceNorm", [torch.ones([2, 2, 1])], "more than one value a channel"],
  ];
  for (const [name, args, message] of refused) {
    it(`${name}() says: ${message}`, () => {
      const error = assertThrows(() => untyped[name]!(...args), Error);
      assertEquals(error.message.startsWith(`${name}(): `), true, error.message);
      assertEquals(error.message.includes(message), true, error.message);
    });
  }
});

describe("Pooling", () => {
  it("with returnIndices gives a tuple with names", () => {
    const x = torch.tensor([[[1, 5, 2, 7]]]).float();
    const result = functional.maxPool1d(x, 2, { returnIndices: true });
    assertEquals(result.length, 2);
    const [output, indices] = result;
    assertStrictEquals(result.output, output);
    assertStrictEquals(result.indices, indices);
    assertEquals([output.toArray(), indices.toArray()], [[[[5, 7]]], [[[1, 3]]]]);
    const again = functional.maxPool1dWithIndices(x, 2);
    assertEquals(again.indices.toArray(), indices.toArray());
    assertEquals(functional.adaptiveMaxPool1d(x, 1, true).indices.item(), 3);
  });

  it("is undone by maxUnpool", () => {
    const x = torch.tensor([[[1, 5, 2, 7, 3]]]).float();
    const { output, indices } = functional.maxPool1d(x, 2, { returnIndices: true });
    assertEquals(functional.maxUnpool1d(output, indices, 2).toArray(), [[[0, 5, 0, 7]]]);
    const whole = functional.maxUnpool1d(output, indices, 2, { outputSize: [1, 1, 5] });
    assertEquals(whole.toArray(), [[[0, 5, 0, 7, 0]]]);
  });

  it("of random places is the same from the same samples", () => {
    const x = torch.randn([1, 2, 8, 8]);
    const options = { outputSize: 3, _randomSamples: torch.rand([1, 2, 2]) };
    const first = functional.fractionalMaxPool2d(x, 2, options);
    assertEquals(first.toArray(), functional.fractionalMaxPool2d(x, 2, options).toArray());
  });
});

describe("Losses", () => {
  const x = torch.tensor([1, 2, 4]).float();
  const y = torch.tensor([1, 4, 8]).float();

  it("are reduced by mean, sum or not at all", () => {
    assertEquals(functional.mseLoss(x, y, { reduction: "none" }).toArray(), [0, 4, 16]);
    assertEquals(functional.mseLoss(x, y, "sum").item(), 20);
    assertAlmostEquals(Number(functional.mseLoss(x, y).item()), 20 / 3, 1e-6);
  });

  it("with weights have a weighted mean", () => {
    const weight = torch.tensor([1, 1, 2]).float();
    assertEquals(functional.l1Loss(x, y, { weight }).item(), 2.5);
    assertEquals(functional.l1Loss(x, y, { weight, reduction: "sum" }).item(), 10);
  });

  it("of klDiv divide by the batch where asked to", () => {
    const input = torch.zeros([2, 3]);
    const target = torch.full([2, 3], Math.E);
    const sum = Number(functional.klDiv(input, target, { reduction: "sum" }).item());
    const mean = Number(functional.klDiv(input, target, "batchmean").item());
    assertAlmostEquals(mean, sum / 2, 1e-5);
  });

  it("take a distance of one's own", () => {
    const options = {
      distanceFunction: (a: torch.Tensor, b: torch.Tensor) => a.sub(b).abs().sum([-1]),
    };
    const [a, b, c] = [torch.zeros([1, 2]), torch.ones([1, 2]), torch.full([1, 2], 1.25)];
    assertEquals(functional.tripletMarginWithDistanceLoss(a, b, c, options).item(), 0.5);
  });

  it("give gradients through what was freed on the way", () => {
    const input = torch.tensor([3, 5], { requiresGrad: true, dtype: "float32" });
    const loss = functional.mseLoss(input, torch.tensor([1, 1]).float(), {
      reduction: "sum",
      weight: torch.tensor([1, 10]).float(),
    });
    loss.backward();
    assertEquals(input.grad?.toArray(), [4, 80]);
  });
});

describe("Attention", () => {
  const eye = torch.eye(2);
  const x = torch.tensor([[1, 0], [0, 1]]).float();
  const attend = (options: Parameters<typeof functional.multiHeadAttentionForward>[13]) =>
    functional.multiHeadAttentionForward(
      ...[
        x,
        x,
        x,
        2,
        1,
        torch.cat([eye, eye, eye]),
        null,
        null,
        null,
        false,
        0,
        eye,
        null,
      ] as const,
      options,
    );

  it("gives the output with its weights, or null where they are not wanted", () => {
    const [output, weights] = attend({});
    const [again, none] = attend({ needWeights: false });
    const share = 1 / (1 + Math.exp(-Math.SQRT1_2));
    assertAlmostEquals(weights!.toArray()[0][0], share, 1e-6);
    assertAlmostEquals(output.toArray()[0][0], share, 1e-6);
    assertAlmostEquals(again.toArray()[0][0], share, 1e-6);
    assertStrictEquals(none, null);
  });

  it("looks at nothing that a mask hides", () => {
    const [, weights] = attend({ attnMask: torch.tensor([[false, true], [false, false]]) });
    assertEquals(weights!.toArray()[0], [1, 0]);
    const [, padded] = attend({ keyPaddingMask: torch.tensor([true, false]) });
    assertEquals(padded!.toArray(), [[0, 1], [0, 1]]);
  });

  it("refuses masks of another shape", () => {
    assertThrows(
      () => attend({ attnMask: torch.ones([3, 2]) }),
      RangeError,
      "multiHeadAttentionForward(): argument 'attnMask' must be of shape [2, 2]",
    );
  });
});

describe("Dropout", () => {
  it("is on by default where it is in PyTorch", () => {
    const x = torch.ones([64]);
    assertEquals(functional.dropout(x).eq(0).any().item(), true);
    assertEquals(functional.alphaDropout(x).toArray(), x.toArray());
  });

  it("changes the input where asked to", () => {
    const x = torch.ones([8]);
    const result = functional.dropout(x, { p: 1, inplace: true });
    assertEquals(x.toArray(), new Array(8).fill(0));
    assertEquals(result.toArray(), x.toArray());
  });
});

describe("Embeddings", () => {
  it("shorten long rows in place, for maxNorm", () => {
    const table = torch.tensor([[3, 4], [6, 8]]).double();
    const rows = functional.embedding(torch.tensor([0]), table, { maxNorm: 1 });
    const [x, y] = rows.toArray()[0];
    assertAlmostEquals(x * x + y * y, 1, 1e-5);
    assertEquals(table.index(1).toArray(), [6, 8]);
  });

  it("in bags are summed, averaged, or the largest", () => {
    const table = torch.tensor([[1, 8], [3, 4]]).float();
    const bag = (mode: "sum" | "mean" | "max") =>
      functional.embeddingBag(places(), table, { mode });
    assertEquals(bag("sum").toArray(), [[4, 12]]);
    assertEquals(bag("mean").toArray(), [[2, 6]]);
    assertEquals(bag("max").toArray(), [[3, 8]]);
    const offsets = torch.tensor([0, 1]);
    const rows = functional.embeddingBag(torch.tensor([1, 0]), table, { offsets });
    assertEquals(rows.toArray(), [[3, 4], [1, 8]]);
  });
});

describe("Forms that PyTorch's Python code adds to ops", () => {
  it("nonzero() gives a tensor for each dimension", () => {
    const x = torch.tensor([[0, 5], [7, 0]]);
    const [rows, columns] = x.nonzero({ asTuple: true });
    assertEquals([rows!.toArray(), columns!.toArray()], [[0, 1], [1, 0]]);
    assertEquals(x.nonzero().toArray(), [[0, 1], [1, 0]]);
  });

  it("norm() knows fro and nuc", () => {
    const x = torch.tensor([[3, 0], [0, 4]]).double();
    assertEquals(x.norm("fro").item(), 5);
    assertAlmostEquals(Number(torch.norm(x, "nuc").item()), 7);
    assertEquals(x.norm("fro", [0], true).toArray(), [[3, 4]]);
    assertEquals(x.norm().item(), 5);
    assertEquals(torch.norm(x, { p: 1, dim: 0 }).toArray(), [3, 4]);
  });

  it("cdist() takes its mode by name", () => {
    const x = torch.tensor([[0, 0], [3, 4]]).float();
    const mode = "donot_use_mm_for_euclid_dist";
    assertEquals(torch.cdist(x, x, { computeMode: mode }).toArray(), [[0, 5], [5, 0]]);
    assertThrows(
      () => torch.cdist(x, x, 2, "mm" as typeof mode),
      TypeError,
      "cdist(): argument 'computeMode' must be one of",
    );
  });

  it("to() takes PyTorch's arguments by place, and a memory format", () => {
    const x = torch.ones([1, 2, 3, 4]);
    const options = { memoryFormat: "channels_last" } as const;
    assertEquals(torch.to(x, "float64", false, true, options).stride(), [24, 1, 8, 2]);
    assertEquals(torch.to(x, "cpu", "int32", false, false).dtype, "int32");
    assertEquals(torch.to(x, x) === x, true);
    assertEquals(torch.to(x, "float32", false, true) === x, false);
    assertThrows(() => torch.to(x, "float64", 1 as never), TypeError, "'nonBlocking' must be");
  });

  it("a name picks the overload that has it beside what stands in a place", () => {
    const { arange, repeatInterleave } = torch as unknown as Record<string, typeof untyped.fold>;
    assertEquals((arange!(1, { end: 3 }) as torch.Tensor).toArray(), [1, 2]);
    const x = torch.tensor([5, 6]);
    const repeated = repeatInterleave!(x, { repeats: 2 }) as torch.Tensor;
    assertEquals(repeated.toArray(), [5, 5, 6, 6]);
  });
});
