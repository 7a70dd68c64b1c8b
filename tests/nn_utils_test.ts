import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";
import { assertValue, given, type Json } from "./support/module_golden.ts";

const { nn } = torch;
type T = torch.Tensor;
type Call = [name: string, args: Json[], options: Record<string, Json>];

/** As tests/python/make_nn_utils_golden.py writes it. */
interface Golden {
  seed: number;
  init: {
    name: string;
    options: Record<string, Json>;
    dtype: torch.DType;
    own: boolean;
    values: Json;
  }[];
  modules: {
    layer: string;
    args: Json[];
    options: Record<string, Json>;
    calls: Call[];
    text: string;
    state: Record<string, Json>;
    input: Json;
    output: Json;
    after: Record<string, Json>;
    inputGradient: Json;
    gradients: Record<string, Json>;
    back?: Call;
    end: Record<string, Json>;
    parameters: string[];
  }[];
}

const golden: Golden = JSON.parse(
  gunzipSync(readFileSync(new URL("./golden/nn_utils.gz", import.meta.url))).toString("utf8"),
);

// deno-lint-ignore no-explicit-any -- functions and classes by name
type Named = any;

describe("nn.init gives PyTorch's values for the same seed", () => {
  for (const { name, options, dtype, own, values } of golden.init) {
    const more = own ? ", a generator" : "";
    test(`${name} ${JSON.stringify(options)} ${dtype}${more}`, () => {
      const [shape] = (values as { tensor: [number[]] }).tensor;
      const tensor = torch.full(shape, 7, { dtype }).requiresGrad_();
      const { val, groups, sparsity, ...named } = options;
      const first = [val, groups, sparsity].filter((one) => one !== undefined);
      const generator = own ? new torch.Generator().manualSeed(golden.seed + 1) : null;
      const given = { ...named, ...(generator ? { generator } : {}) };
      const last = Object.keys(given).length > 0 ? [given] : [];
      torch.manualSeed(golden.seed);
      balanced(() => {
        assertStrictEquals((nn.init as Named)[name](tensor, ...first, ...last), tensor);
      });
      // Factorizations may round otherwise on another processor.
      assertValue(tensor, values, name === "orthogonal_" ? 1e-6 : 0, name);
    });
  }
});

describe("nn.init", () => {
  test("knows PyTorch's gains", () => {
    const { calculateGain } = nn.init;
    assertEquals([calculateGain("linear"), calculateGain("sigmoid"), calculateGain("selu")], [
      1,
      1,
      3 / 4,
    ]);
    assertAlmostEquals(calculateGain("tanh"), 5 / 3);
    assertAlmostEquals(calculateGain("leaky_relu"), Math.sqrt(2 / (1 + 0.01 ** 2)));
    assertThrows(() => calculateGain("gelu" as never), TypeError, 'but got "gelu"');
    assertThrows(() => calculateGain("leaky_relu", "1" as never), TypeError, "'param'");
  });

  test("takes arguments by place too, and refuses what cannot be", () => {
    using x = torch.empty([2, 2]);
    torch.manualSeed(1);
    using one = nn.init.uniform_(x, -1, 0).clone();
    torch.manualSeed(1);
    assertEquals(nn.init.uniform_(x, { a: -1, b: 0 }).toArray(), one.toArray());
    assertThrows(
      () => nn.init.xavierUniform_(torch.empty([2])),
      RangeError,
      "at least 2 dimensions",
    );
    assertThrows(() => nn.init.eye_(torch.empty([2])), RangeError, "nn.init.eye_()");
    assertThrows(() => nn.init.dirac_(torch.empty([3, 2, 2]), 2), RangeError, "a divisor of 3");
    assertThrows(() => nn.init.sparse_(x, 2), RangeError, "'sparsity'");
    assertThrows(() => nn.init.truncNormal_(x, { a: 2, b: 1 }), RangeError, "'b'");
    assertThrows(() => nn.init.uniform_(1 as never), TypeError, "must be a Tensor");
    assertThrows(() => nn.init.kaimingUniform_(x, { mode: "fan" as never }), TypeError, "fan_in");
    assertThrows(() => nn.init.normal_(x, { sdt: 1 } as never), TypeError, "unknown option 'sdt'");
    assertThrows(() => nn.init.normal_(x, { generator: 1 as never }), TypeError, "a Generator");
  });
});

function call(module: torch.nn.AnyModule, [name, args, options]: Call): unknown {
  const path = name.split(".");
  const fn = path.reduce((space: Named, part) => space[part], nn.utils);
  const positional = args.map((one) => one === "Infinity" ? Infinity : one);
  return fn(module, ...positional, ...(Object.keys(options).length > 0 ? [options] : []));
}

function assertState(
  module: torch.nn.AnyModule,
  expected: Record<string, Json>,
  path: string,
): void {
  const state = module.stateDict();
  assertEquals(Object.keys(state), Object.keys(expected), path);
  for (const [name, value] of Object.entries(expected)) {
    assertValue(state[name], value, 1e-5, `${path}: ${name}`);
  }
}

describe("nn.utils does to a layer what PyTorch's does", () => {
  golden.modules.forEach((sample) => {
    const { layer, args, options, calls, text, state, input, output, after, end } = sample;
    const what = calls.map(([name, given, named]) => `${name}(${given}) ${JSON.stringify(named)}`);
    test(`${layer}: ${what.join(", ")}`, () => {
      torch.manualSeed(golden.seed);
      const type = (nn as Named)[layer];
      const module: torch.nn.Module<[T], T> = new type(
        ...args,
        ...(Object.keys(options).length > 0 ? [options] : []),
      );
      for (const one of calls) assertStrictEquals(call(module, one), module);
      assertEquals(String(module), text);
      assertState(module, state, "after the calls");
      const x = (given(input, []) as T).detach().requiresGrad_();
      module(x);
      const y = module(x);
      assertValue(y, output, 1e-5, "output");
      assertState(module, after, "after forward");
      y.mul(torch.arange(0, y.numel()).float().cos().viewAs(y)).sum().backward();
      assertValue(x.grad, sample.inputGradient, 1e-5, "the gradient of the input");
      const parameters = [...module.namedParameters()];
      assertEquals(parameters.map(([name]) => name), Object.keys(sample.gradients));
      for (const [name, parameter] of parameters) {
        assertValue(parameter.grad, sample.gradients[name]!, 1e-5, `the gradient of ${name}`);
      }
      if (!sample.back) return;
      assertStrictEquals(call(module, sample.back), module);
      assertState(module, end, "at the end");
      assertEquals([...module.namedParameters()].map(([name]) => name), sample.parameters);
      assert(!String(module).includes("Parametrized") || calls.length > 1);
    });
  });
});

describe("nn.utils: gradients", () => {
  /** Two parameters whose gradients are 3, 0 and, in float64, 4. */
  function learned(): T[] {
    const one = torch.ones([2], { requiresGrad: true });
    const two = torch.ones([1], { dtype: "float64", requiresGrad: true });
    one.mul(torch.tensor([3, 0])).sum().add(two.mul(4).sum()).backward();
    return [one, two, torch.ones([1], { requiresGrad: true })];
  }
  const gradients = (list: T[]) => list.flatMap((one) => (one.grad?.toArray() ?? []) as number[]);

  for (const foreach of [null, false, true]) {
    test(`are scaled to a norm, with foreach ${foreach}`, () => {
      const list = learned();
      assertEquals(nn.utils.clipGradNorm_(list, 1, { foreach }).item(), 5);
      gradients(list).forEach((one, i) => assertAlmostEquals(one, [0.6, 0, 0.8][i]!, 1e-6));
      assertEquals(nn.utils.clipGradNorm_(learned(), 10, { foreach, normType: 1 }).item(), 7);
      const kept = learned();
      assertEquals(
        nn.utils.clipGradNorm_(kept.values(), 10, { foreach, normType: Infinity }).item(),
        4,
      );
      assertEquals(gradients(kept), [3, 0, 4]);
    });

    test(`are cut to a value, with foreach ${foreach}`, () => {
      const list = learned();
      nn.utils.clipGradValue_(list, 3.5, { foreach });
      assertEquals(gradients(list), [3, 0, 3.5]);
    });
  }

  test("leave nothing behind, and may be none", () => {
    const list = learned();
    balanced(() => {
      nn.utils.clipGradNorm_(list, 1).dispose();
      nn.utils.clipGradValue_(list, 1);
    });
    assertEquals(nn.utils.clipGradNorm_([], 1).item(), 0);
    assertEquals(nn.utils.getTotalNorm(torch.tensor([3, 4]).float()).item(), 5);
  });

  test("that are not finite are refused on demand", () => {
    const x = torch.ones([1], { requiresGrad: true });
    x.mul(Infinity).sum().backward();
    const strict = { errorIfNonfinite: true };
    assertThrows(() => nn.utils.clipGradNorm_(x, 1, strict), RangeError, "is not finite");
    assertEquals(x.grad!.toArray(), [Infinity]);
    assertThrows(() => nn.utils.clipGradNorm_([1] as never, 1), TypeError, "an iterable of");
    assertThrows(() => nn.utils.clipGradNorm_(x, "1" as never), TypeError, "'maxNorm'");
  });
});

describe("nn.utils: parameters as a vector", () => {
  test("come and go in order", () => {
    const [one, two] = [new nn.Linear(3, 2), new nn.Linear(3, 2)];
    const vector = nn.utils.parametersToVector(one.parameters());
    const { weight } = two;
    nn.utils.vectorToParameters(vector, two.parameters());
    assertStrictEquals(two.weight, weight);
    assertEquals([weight.toArray(), two.bias!.toArray()], [
      one.weight.toArray(),
      one.bias!.toArray(),
    ]);
    assert(weight.requiresGrad);
    const few = torch.zeros([7]);
    assertThrows(
      () => nn.utils.vectorToParameters(few, two.parameters()),
      RangeError,
      "at least 8",
    );
  });
});

describe("nn.utils: fusion", () => {
  test("refuses modules that are training", () => {
    const [conv, norm] = [new nn.Conv1d(1, 1, 1), new nn.BatchNorm1d(1).eval()];
    assertThrows(() => nn.utils.fuseConvBnEval(conv, norm), TypeError, "evaluation mode");
    conv.eval();
    const bare = new nn.BatchNorm1d(1, { trackRunningStats: false }).eval();
    assertThrows(() => nn.utils.fuseConvBnEval(conv, bare), TypeError, "no running statistics");
  });

  test("fuses transposed convolutions, without bias too, and leaves the originals alone", () => {
    torch.manualSeed(2);
    const conv = new nn.ConvTranspose1d(2, 3, 2, { bias: false }).eval();
    const norm = new nn.BatchNorm1d(3).train();
    norm(torch.randn([4, 3, 5]));
    norm.eval();
    const x = torch.randn([2, 2, 4]);
    const expected = norm(conv(x));
    const fused = nn.utils.fuseConvBnEval(conv, norm, true);
    assert(torch.allclose(fused(x), expected, { atol: 1e-6 }));
    assertEquals([conv.bias, fused.bias!.shape], [null, [3]]);
  });
});

describe("nn.utils.parametrize", () => {
  const { parametrize } = nn.utils;

  class Double extends nn.Module<[T], T> {
    override forward(x: T): T {
      return x.mul(2);
    }
    rightInverse(x: T): T {
      return x.div(2);
    }
  }
  class Plus extends nn.Module<[T], T> {
    override forward(x: T): T {
      return x.add(1);
    }
  }

  test("computes from what learns, assigns, and takes one after the other", () => {
    const layer = new nn.Linear(2, 1, { bias: false });
    const { weight } = layer;
    const values = weight.toArray();
    parametrize.registerParametrization(layer, "weight", new Double());
    assertEquals(layer.weight.toArray(), values);
    assertStrictEquals([...layer.parameters()][0], weight);
    layer.weight = torch.tensor([[4, 6]]).float() as torch.nn.Parameter;
    assertEquals([weight.toArray(), layer.weight.toArray()], [[[2, 3]], [[4, 6]]]);
    parametrize.registerParametrization(layer, "weight", new Plus());
    assertEquals(layer.weight.toArray(), [[5, 7]]);
    assertThrows(
      () => layer.weight = torch.zeros([1, 2]) as torch.nn.Parameter,
      TypeError,
      "does not implement 'rightInverse'",
    );
    assertEquals(
      String(layer),
      "ParametrizedLinear(\n  in_features=2, out_features=1, bias=False\n  (parametrizations): ModuleDict(\n" +
        "    (weight): ParametrizationList(\n      (0): Double()\n      (1): Plus()\n    )\n  )\n)",
    );
    assertEquals(parametrize.typeBeforeParametrizations(layer), "Linear");
    assert(layer instanceof nn.Linear);
    layer(torch.ones([1, 2])).sum().backward();
    assertEquals(weight.grad!.toArray(), [[2, 2]]);
    parametrize.removeParametrizations(layer, "weight");
    assertStrictEquals(layer.weight, weight);
    assertEquals([weight.toArray(), String(layer).startsWith("Linear(")], [[[5, 7]], true]);
    assert(!parametrize.isParametrized(layer));
  });

  test("takes state dicts of the older weight norm", () => {
    const older = new nn.Sequential(nn.utils.weightNorm(new nn.Linear(2, 2)));
    const newer = new nn.Sequential(nn.utils.parametrizations.weightNorm(new nn.Linear(2, 2)));
    newer.loadStateDict(older.stateDict());
    using x = torch.randn([1, 2]);
    assertEquals(newer(x).toArray(), older(x).toArray());
  });

  test("parametrizes buffers, and what a module has under several names", () => {
    const norm = new nn.BatchNorm1d(1);
    parametrize.registerParametrization(norm, "running_mean", new Double());
    assertEquals(norm.running_mean!.toArray(), [0]);
    assert(Object.keys(norm.stateDict()).includes("parametrizations.running_mean.original"));
    const to = new nn.BatchNorm1d(1);
    parametrize.transferParametrizationsAndParams(norm, to);
    assert(parametrize.isParametrized(to, "running_mean"));
  });

  test("computes once while cached", () => {
    let runs = 0;
    class Counting extends nn.Module<[T], T> {
      override forward(x: T): T {
        runs++;
        return x.mul(1);
      }
    }
    const layer = parametrize.registerParametrization(
      new nn.Linear(1, 1),
      "weight",
      new Counting(),
    );
    runs = 0;
    parametrize.cached(() => [layer.weight, layer.weight]);
    assertEquals(runs, 1);
    assertThrows(() => parametrize.cached(() => assert(false)));
    void [layer.weight, layer.weight];
    assertEquals(runs, 3);
  });

  test("refuses changes of dtype and shape, and names that there are not", () => {
    class Wide extends nn.Module<[T], T> {
      override forward(x: T): T {
        return x.double();
      }
    }
    const layer = new nn.Linear(2, 2);
    const put = (name: string, one: torch.nn.utils.parametrize.Parametrization, unsafe = false) =>
      parametrize.registerParametrization(layer, name, one, { unsafe });
    assertThrows(() => put("weight", new Wide()), TypeError, "{ unsafe: true } permits it");
    assertThrows(() => put("weights", new Plus()), TypeError, "no parameter or buffer 'weights'");
    assertThrows(() => put("weight", 1 as never), TypeError, "must be a Module");
    put("weight", new Wide(), true);
    assertEquals(layer.weight.dtype, "float64");
    assertThrows(
      () => parametrize.removeParametrizations(layer, "bias"),
      TypeError,
      "not parametrized",
    );
    const normed = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 2));
    assertThrows(
      () => parametrize.removeParametrizations(normed, "weight", { leaveParametrized: false }),
      TypeError,
      "computed from several",
    );
    const line = new nn.Linear(1, 1);
    assertThrows(
      () => nn.utils.parametrizations.orthogonal(line, { name: "bias" }),
      RangeError,
      "at least 2 dimensions",
    );
    assertThrows(() => nn.utils.weightNorm(line, "weight", 5), RangeError, "'dim'");
    assertThrows(() => nn.utils.removeWeightNorm(line), TypeError, "not normalized");
    assertThrows(() => nn.utils.spectralNorm(line, { nPowerIterations: 0 }), RangeError, "above 0");
    nn.utils.weightNorm(line);
    assertThrows(() => nn.utils.weightNorm(line), TypeError, "normalized already");
  });
});

describe("nn.utils.prune", () => {
  const { prune } = nn.utils;
  // A negative number times 0 is -0, as in PyTorch.
  const values = (weight: T) => weight.add(0).toArray();

  test("prunes several as one, further, and takes it back", () => {
    const [one, two] = [new nn.Linear(2, 2, { bias: false }), new nn.Linear(2, 1, { bias: false })];
    one.weight.detach().copy_(torch.tensor([[1, -6], [3, 4]]));
    two.weight.detach().copy_(torch.tensor([[-2, 5]]));
    const all: [torch.nn.AnyModule, string][] = [[one, "weight"], [two, "weight"]];
    prune.globalUnstructured(all, prune.L1Unstructured, { amount: 0.5 });
    assertEquals([values(one.weight), values(two.weight)], [[[0, -6], [0, 4]], [[0, 5]]]);
    prune.globalUnstructured(all, prune.L1Unstructured, { amount: 1 });
    assertEquals([values(one.weight), values(two.weight)], [[[0, -6], [0, 0]], [[0, 5]]]);
    one(torch.ones([1, 2])).sum().backward();
    assertEquals([...one.parameters()][0]!.grad!.toArray(), [[0, 1], [0, 0]]);
    assert(prune.isPruned(one));
    prune.remove(one, "weight");
    assert(!prune.isPruned(one) && one.weight instanceof nn.Parameter);
    assertEquals(values(one.weight), [[0, -6], [0, 0]]);
  });

  test("masks tensors without a module, by scores too", () => {
    const x = torch.tensor([1, 2, 3, 4]).float();
    const scores = torch.tensor([4, 3, 2, 1]).float();
    assertEquals(new prune.L1Unstructured(0.5).prune(x).toArray(), [0, 0, 3, 4]);
    const byScores = new prune.L1Unstructured(2).prune(x, { importanceScores: scores });
    assertEquals(byScores.toArray(), [1, 2, 0, 0]);
    const layer = new nn.Linear(2, 2);
    prune.customFromMask(layer, "bias", torch.tensor([1, 0]));
    assertEquals((values(layer.bias!) as number[])[1], 0);
  });

  test("refuses amounts, dimensions and names that there are not", () => {
    const layer = new nn.Linear(2, 2);
    assertThrows(() => prune.l1Unstructured(layer, "weight", 5), RangeError, "at most 4");
    assertThrows(() => prune.l1Unstructured(layer, "weight", -1), RangeError, "'amount'");
    assertThrows(() => prune.l1Unstructured(layer, "w", 1), TypeError, "no parameter or buffer");
    assertThrows(() => prune.lnStructured(layer, "bias", 1, 2, 0), RangeError, "2 dimensions");
    assertThrows(() => prune.lnStructured(layer, "weight", 1, 2, 2), RangeError, "'dim'");
    assertThrows(() => prune.remove(layer, "weight"), TypeError, "is not pruned");
    assertEquals(Object.keys(layer.stateDict()), ["weight", "bias"]);
  });
});
