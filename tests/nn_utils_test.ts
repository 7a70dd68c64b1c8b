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
  const { name: member, dim, ...rest } = options;
  // The older weight norm takes all by place.
  void member, dim, rest;
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
