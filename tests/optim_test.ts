import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { liveCounts } from "./support/balance.ts";
import {
  golden,
  type GoldenTensor,
  lossOf,
  type Point,
  pointOf,
  type Problem,
  startOf,
  type Trajectory,
} from "./support/optim_golden.ts";

const { optim } = torch;

type AnyOptions = Record<string, unknown>;
type Make = new (params: unknown, options: AnyOptions) => torch.optim.AnyOptimizer;

function make(name: string, params: Problem, options: AnyOptions): torch.optim.AnyOptimizer {
  const factory = (optim as unknown as Record<string, Make>)[name]!;
  if (name === "Muon") return new factory([params.matrix], options);
  if (name === "LBFGS") return new factory(Object.values(params), options);
  const groups = [{ params: [params.matrix, params.late] }, {
    params: [params.vector, params.number],
  }];
  const optimizer = new factory(groups, options);
  optimizer.paramGroups[1]!.lr *= 0.5;
  return optimizer;
}

function stepOnce(optimizer: torch.optim.AnyOptimizer, params: Problem, step: number): void {
  const sign = optimizer.defaults.maximize ? -1 : 1;
  optimizer.step(() => {
    optimizer.zeroGrad();
    const loss = lossOf(params, optimizer instanceof optim.LBFGS ? 11 : step).mul(sign);
    loss.backward();
    return loss;
  });
}

function assertPoint(actual: Point, expected: Point, tolerance: number, where: string): void {
  for (const [name, values] of Object.entries(expected)) {
    values.forEach((value, i) => {
      const error = Math.abs(actual[name]![i]! - value);
      assert(
        error <= tolerance * Math.max(Math.abs(value), 0.1),
        `${where}: ${name}[${i}] is ${actual[name]![i]}, but PyTorch's ${value}`,
      );
    });
  }
}

// Steps of L-BFGS over a short history go where rounding takes them: PyTorch's own are others on a processor with other vector instructions.
function lastSteady(options: AnyOptions): number {
  return "historySize" in options ? 10 : 50;
}

function follow(
  { name, options, ...points }: Trajectory,
  dtype: "float64" | "float32",
  tolerance: number,
): { optimizer: torch.optim.AnyOptimizer; params: Problem } {
  const params = startOf(dtype);
  const optimizer = make(name, params, options);
  for (let step = 1; step <= 50; step++) {
    stepOnce(optimizer, params, step);
    const expected = points[dtype][step];
    if (expected && step <= lastSteady(options)) {
      assertPoint(pointOf(params), expected, tolerance, `after step ${step}`);
    }
  }
  return { optimizer, params };
}

const label = ({ name, options }: Trajectory) => `${name} ${JSON.stringify(options)}`;
const withKernel = new Set(["SGD", "Adam", "AdamW", "Adagrad"]);

describe("The first 50 steps are PyTorch's", () => {
  for (const one of golden.optimizers) {
    test(label(one), () => {
      // Muon computes in bfloat16, whose last bit is 0.8 %; L-BFGS magnifies rounding by its line search.
      const [wide, narrow] = one.name === "Muon"
        ? [1e-3, 1e-3]
        : one.name === "LBFGS"
        ? [1e-7, 1e-4]
        : [1e-11, 1e-6]; // The powers of the two runtimes differ in the last bit.
      follow(one, "float64", wide);
      follow(one, "float32", narrow);
      if (!withKernel.has(one.name)) return;
      const fused = { ...one, options: { ...one.options, fused: true } };
      follow(fused, "float64", 1e-11);
      follow(fused, "float32", 2e-6);
    });
  }
});

interface Dict {
  state: Map<number, Record<string, unknown>>;
  param_groups: Record<string, unknown>[];
}

// What the golden file has of a tensor; a number's dtype counts, its last bits do not.
function assertState(actual: unknown, expected: unknown, tolerance: number, where: string): void {
  if (actual instanceof torch.Tensor) {
    const { dtype, shape, values } = expected as GoldenTensor;
    assertEquals([actual.dtype, actual.shape], [dtype, shape], where);
    const largest = Math.max(...values.map(Math.abs), 1e-3);
    Array.from(actual.reshape([-1]).toTypedArray() as Float32Array).forEach((value, i) => {
      assert(Math.abs(value - values[i]!) <= tolerance * largest, `${where}[${i}]: ${value}`);
    });
  } else if (typeof expected === "number") {
    assert(Math.abs((actual as number) - expected) <= 1e-12, `${where}: ${actual}`);
  } else if (typeof expected === "object" && expected !== null) {
    const entries = actual instanceof Map
      ? Object.fromEntries(actual)
      : actual as Record<string, unknown>;
    assertEquals(Object.keys(entries).sort(), Object.keys(expected).sort(), where);
    for (const [key, value] of Object.entries(expected)) {
      assertState(entries[key], value, tolerance, `${where}.${key}`);
    }
  } else {
    assertEquals(actual, expected, where);
  }
}

// The golden state as Python's tensors would arrive.
function revived(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(revived);
  if ("dtype" in value && "values" in value) {
    const { dtype, shape, values } = value as unknown as GoldenTensor;
    return torch.tensor(values, { dtype }).reshape(shape);
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, revived(one)]));
}

const withState = golden.optimizers.filter(({ state }) => state !== null);

describe("The state dict is PyTorch's", () => {
  for (const one of withState) {
    test(label(one), () => {
      const params = startOf("float32");
      const options = one.name === "Muon" ? one.options : { ...one.options, foreach: true };
      const optimizer = make(one.name, params, options);
      for (let step = 1; step <= 50; step++) stepOnce(optimizer, params, step);
      const dict = optimizer.stateDict() as unknown as Dict;
      for (const group of dict.param_groups) if ("foreach" in group) group.foreach = null;
      const tolerance = one.name === "Muon" ? 1e-2 : 1e-5;
      assertState(dict, one.state, tolerance, "state dict");

      const other = make(one.name, startOf("float32"), one.options);
      other.loadStateDict(revived(one.state) as object);
      assertState(other.stateDict(), one.state, 0, "PyTorch's, loaded");
    });
  }

  test("and Python takes it: parameters are numbered, tensors share the optimizer's memory", () => {
    const w = torch.ones([2]).requiresGrad_();
    const optimizer = new optim.Adam([["weight", w]], { lr: 0.5 });
    w.sum().backward();
    optimizer.step();
    const dict = optimizer.stateDict();
    assertEquals(Object.keys(dict), ["state", "param_groups"]);
    assert(dict.paramGroups === dict.param_groups);
    assertEquals(dict.param_groups[0]!.params, [0]);
    assertEquals(dict.param_groups[0]!.param_names, ["weight"]);
    (dict.state.get(0)!.exp_avg as torch.Tensor).fill_(7);
    assertEquals((optimizer.state.get(w)!.exp_avg as torch.Tensor).toArray(), [7, 7]);
  });
});

describe("An optimizer goes on from its state dict", () => {
  for (const one of golden.optimizers) {
    test(label(one), () => {
      const dtype = one.name === "Muon" ? "float32" : "float64";
      const first = startOf(dtype);
      const before = make(one.name, first, one.options);
      const end = lastSteady(one.options);
      for (let step = 1; step <= end / 2; step++) stepOnce(before, first, step);
      const second = startOf(dtype);
      for (const name of ["matrix", "vector", "late", "number"] as const) {
        torch.noGrad(() => second[name].copy_(first[name]));
      }
      const after = make(one.name, second, one.options);
      after.loadStateDict(before.stateDict());
      for (let step = end / 2 + 1; step <= end; step++) stepOnce(after, second, step);
      const tolerance = one.name === "Muon" ? 1e-2 : one.name === "LBFGS" ? 1e-6 : 1e-11;
      assertPoint(pointOf(second), one[dtype][end]!, tolerance, `after step ${end}`);
    });
  }
});

describe("Optimizers", () => {
  const leaf = (...values: number[]) =>
    torch.tensor(values, { dtype: "float32", requiresGrad: true });

  test("free all that they make but their state", () => {
    for (const { name, options } of golden.optimizers) {
      const params = startOf("float32");
      const optimizer = make(name, params, options);
      for (const param of Object.values(params)) {
        using grad = torch.onesLike(param);
        param.grad = grad;
      }
      const closure = () => 1;
      optimizer.step(closure);
      optimizer.step(closure);
      const { tensors } = liveCounts();
      for (let i = 0; i < 3; i++) optimizer.step(closure);
      optimizer.zeroGrad({ setToNone: false });
      optimizer.zeroGrad();
      // L-BFGS remembers updates, two tensors each.
      const grown = name === "LBFGS" ? 3 * 2 * 3 : 0;
      assert(liveCounts().tensors <= tensors + grown, `${name} left tensors behind`);
      optimizer.dispose();
    }
  });

  test("step under gradients off, and their closures under gradients on", () => {
    const w = leaf(1, 2);
    const optimizer = new optim.SGD([w], { lr: 1 });
    torch.noGrad(() => {
      const loss = optimizer.step(() => {
        assert(torch.isGradEnabled());
        const sum = w.sum();
        sum.backward();
        return sum.item();
      });
      assertEquals(loss, 3);
    });
    assertEquals([w.toArray(), w.isLeaf, w.requiresGrad], [[0, 1], true, true]);
  });

  test("pass over parameters without a gradient", () => {
    const [a, b] = [leaf(1), leaf(1)];
    const optimizer = new optim.Adam([a, b]);
    a.sum().backward();
    optimizer.step();
    assertEquals(b.toArray(), [1]);
    assertEquals([...optimizer.state.keys()].includes(b), false);
  });

  test("clear gradients, or set them to zero", () => {
    const w = leaf(1, 2);
    const optimizer = new optim.SGD([w]);
    w.sum().backward();
    optimizer.zeroGrad({ setToNone: false });
    assertEquals(w.grad!.toArray(), [0, 0]);
    optimizer.zeroGrad();
    assertEquals(w.grad, null);
  });

  test("take groups, and more of them later", () => {
    const [a, b] = [leaf(1), leaf(1)];
    const optimizer = new optim.SGD([{ params: a, lr: 1 }], { lr: 0.5 });
    optimizer.addParamGroup({ params: [b] });
    a.sum().add(b.sum()).backward();
    optimizer.step();
    assertEquals([a.toArray(), b.toArray()], [[0], [0.5]]);
    optimizer.paramGroups[1]!.lr = 0;
    optimizer.step();
    assertEquals(b.toArray(), [0.5]);
  });

  test("call hooks around a step, until they are removed", () => {
    const w = leaf(1);
    const optimizer = new optim.SGD([w]);
    const seen: string[] = [];
    const removers = [
      optimizer.registerStepPreHook(() => void seen.push("before")),
      optimizer.registerStepPostHook(() => void seen.push("after")),
      optim.registerOptimizerStepPreHook(() => void seen.push("before any")),
      optim.registerOptimizerStepPostHook(() => void seen.push("after any")),
    ];
    optimizer.step(() => seen.push("closure"));
    assertEquals(seen, ["before any", "before", "closure", "after", "after any"]);
    for (const remove of removers) remove();
    optimizer.step();
    assertEquals(seen.length, 5);
  });

  test("step gradients of any layout, which a fused kernel would misread", () => {
    const w = torch.ones([1000]).requiresGrad_();
    w.grad = torch.ones([1]).expand([1000]);
    new optim.Adam([w], { lr: 0.5 }).step();
    assert(Math.abs(Number(w.max().item()) - 0.5) < 1e-6);
    assertThrows(() => new optim.Adam([w], { fused: true }).step(), torch.TorchError, "layout");
    const { _fused_sgd_: fused } = torch.jit.ops.aten!;
    const { kwargs } = torch.jit;
    const rest = {
      weight_decay: 0,
      momentum: 0.9,
      lr: 0.1,
      dampening: 0,
      nesterov: false,
      maximize: false,
      is_first_step: false,
    };
    const [a, b] = [torch.ones([1000]), torch.ones([2])];
    assertThrows(() => fused!([a], [b], [a], kwargs(rest)), torch.TorchError, "layout");
    assertThrows(() => fused!([a], [a], [], kwargs(rest)), torch.TorchError, "momentum");
    assertThrows(() => fused!([a], [a, a], [a], kwargs(rest)), torch.TorchError, "length");
  });

  test("leave the number of threads as it was, also after a fused step of small parameters", () => {
    const threads = torch.getNumThreads();
    torch.setNumThreads(2);
    const w = leaf(1, 2);
    w.sum().backward();
    const optimizer = new optim.Adam([w], { fused: true });
    optimizer.step();
    assertEquals(torch.getNumThreads(), 2);
    w.grad = torch.ones([1]).expand([2]);
    assertThrows(() => optimizer.step(), torch.TorchError);
    assertEquals(torch.getNumThreads(), 2);
    torch.setNumThreads(threads);
  });

  test("refuse what they cannot optimize", () => {
    const w = leaf(1);
    const refused = (run: () => unknown, type: typeof TypeError, text: string) =>
      assertThrows(run, type, text);
    refused(() => new optim.SGD(w as never), TypeError, "'params' must be an iterable");
    refused(() => new optim.SGD([]), RangeError, "no parameters");
    refused(() => new optim.SGD([1] as never), TypeError, "'params[0]' must be a Tensor");
    refused(() => new optim.SGD([w.mul(2)]), RangeError, "must be a leaf");
    refused(() => new optim.SGD([w, w]), RangeError, "more than once");
    refused(
      () => new optim.SGD([w], { lr: -1 }),
      RangeError,
      "'lr' must be a number of at least 0",
    );
    refused(() => new optim.SGD([w], { lr: NaN }), RangeError, "'lr'");
    refused(() => new optim.SGD([w], { lr: "1" as never }), TypeError, "'lr'");
    refused(() => new optim.SGD([w], { weight_decay: 1 } as never), TypeError, "unknown option");
    refused(() => new optim.SGD([w], { nesterov: true }), RangeError, "'nesterov'");
    refused(() => new optim.Adam([w], { betas: [0.9, 1] }), RangeError, "'betas[1]'");
    refused(() => new optim.Adam([w], { capturable: true }), RangeError, "'capturable'");
    refused(() => new optim.Adam([w], { differentiable: true }), RangeError, "'differentiable'");
    refused(() => new optim.Adam([w], { fused: true, foreach: true }), RangeError, "both");
    refused(() => new optim.Muon([w]), RangeError, "matrices");
    refused(() => new optim.LBFGS([w]).step(), TypeError, "'closure' is needed");
    refused(() => new optim.SGD([w]).step(1 as never), TypeError, "'closure' must be a function");
    refused(
      () => new optim.SGD([w]).step(() => Promise.reject(new Error("later"))),
      TypeError,
      "'closure' must be synchronous",
    );
    const optimizer = new optim.Adam([w]);
    refused(() => optimizer.loadStateDict({}), TypeError, "'state' and 'param_groups'");
    const two = new optim.Adam([leaf(1), leaf(2)]).stateDict();
    refused(() => optimizer.loadStateDict(two), TypeError, "[1] parameters here, but [2]");
    const longer = leaf(1, 2);
    longer.sum().backward();
    const other = new optim.Adam([longer]);
    other.step();
    refused(() => optimizer.loadStateDict(other.stateDict()), TypeError, "has shape [2]");
    w.dispose();
    refused(() => optimizer.step() as never, torch.DisposedError as never, "disposed");
  });

  test("take complex parameters as pairs of numbers", () => {
    const { Adam, RMSprop, Adagrad } = optim;
    for (const factory of [Adam, RMSprop, Adagrad] as unknown as Make[]) {
      const complex = torch.tensor([{ re: 1, im: -2 }], { requiresGrad: true });
      const real = torch.tensor([[1, -2]], { dtype: "float32", requiresGrad: true });
      for (const param of [complex, real]) {
        const optimizer = new factory([param], { lr: 0.1, foreach: true });
        for (let i = 0; i < 3; i++) {
          optimizer.zeroGrad();
          param.abs().pow(2).sum().backward();
          optimizer.step();
        }
      }
      const pair = torch.viewAsReal(complex.detach()).toArray().flat(2) as number[];
      const expected = real.toArray().flat(2) as number[];
      pair.forEach((value, i) => assert(Math.abs(value - expected[i]!) < 1e-6));
    }
  });
});

describe("Averages of weights", () => {
  const { swaUtils } = optim;

  function averagesOf(
    options: torch.optim.swaUtils.AveragedModelOptions,
    values: number[],
  ): number {
    const model = new torch.nn.Linear(1, 1, { bias: false });
    const averaged = new swaUtils.AveragedModel(model, options);
    for (const value of values) {
      torch.noGrad(() => model.weight.fill_(value));
      averaged.updateParameters(model);
    }
    assertEquals(averaged.nAveraged, values.length);
    return Number(averaged.module.stateDict().weight!.item());
  }

  test("are those of mathematics", () => {
    const values = [1, 5, -3, 7];
    const close = (actual: number, expected: number) =>
      assert(Math.abs(actual - expected) < 1e-6, `${actual}, not ${expected}`);
    const ema = values.slice(1).reduce((mean, value) => 0.8 * mean + 0.2 * value, 1);
    close(averagesOf({}, values), 2.5);
    close(averagesOf({ avgFn: swaUtils.getSwaAvgFn() }, values), 2.5);
    close(averagesOf({ avgFn: swaUtils.getEmaAvgFn(0.8) }, values), ema);
    close(averagesOf({ multiAvgFn: swaUtils.getEmaMultiAvgFn(0.8) }, values), ema);
  });

  test("copy buffers, or average them", () => {
    const model = new torch.nn.BatchNorm1d(1);
    const copies = new swaUtils.AveragedModel(model);
    const means = new swaUtils.AveragedModel(model, { useBuffers: true });
    for (const value of [2, 4]) {
      model.running_mean!.fill_(value);
      copies.updateParameters(model);
      means.updateParameters(model);
    }
    const mean = (one: torch.nn.AnyModule) => one.stateDict()["module.running_mean"]!.item();
    assertEquals([mean(copies), mean(means)], [4, 3]);
    assertEquals(Object.keys(copies.stateDict())[0], "n_averaged");
  });

  test("leave the model alone, and keep names and classes", () => {
    const model = new torch.nn.Sequential(new torch.nn.Linear(2, 3), new torch.nn.ReLU());
    const averaged = new swaUtils.AveragedModel(model);
    averaged.updateParameters(model);
    torch.noGrad(() => model.parameters().next().value!.fill_(9));
    const x = torch.ones([1, 2]);
    assert(averaged(x).shape.join() === "1,3");
    assert(!JSON.stringify(averaged.stateDict()["module.0.weight"]!.toArray()).includes("9,9"));
    assertEquals(String(averaged.module), String(model));
  });

  test("updateBn() computes running statistics anew", async () => {
    const model = new torch.nn.Sequential(new torch.nn.BatchNorm1d(2));
    model.eval();
    torch.manualSeed(3);
    const batches = [torch.randn([8, 2]), torch.randn([8, 2])];
    await swaUtils.updateBn(batches.map((x) => [x, 1] as const), model);
    const norm = [...model.children()][0] as torch.nn.BatchNorm1d;
    const expected = torch.stack(batches).mean([1]).mean([0]);
    assert(torch.allclose(norm.running_mean!, expected, { atol: 1e-6 }));
    assertEquals([model.training, norm.momentum, norm.num_batches_tracked!.item()], [
      false,
      0.1,
      2,
    ]);
  });
});

describe("What is set between steps", () => {
  const leaf = () => torch.ones([2]).requiresGrad_();
  const stepOf = (optimizer: torch.optim.AnyOptimizer, w: torch.Tensor) => {
    w.sum().backward();
    optimizer.step();
  };

  test("must be of the option's type: a learning rate that is no number made all parameters NaN", () => {
    const w = leaf();
    const optimizer = new optim.Adam([w]);
    const group = optimizer.paramGroups[0] as unknown as AnyOptions;
    for (
      const [key, value, said] of [
        ["lr", "0.1", 'a number, but is "0.1"'],
        ["lr", undefined, "a number, but is undefined"],
        ["lr", torch.tensor(0.1), "a number, but is a Tensor"],
        ["betas", 0.9, "an array of 2 numbers, but is 0.9"],
        ["betas", [0.9], "an array of 2 numbers, but is an array"],
        ["amsgrad", 1, "a boolean, but is 1"],
      ] as const
    ) {
      const before = group[key];
      group[key] = value;
      assertThrows(
        () => stepOf(optimizer, w),
        TypeError,
        `Adam.step(): '${key}' of a parameter group must be ${said}`,
      );
      group[key] = before;
    }
    assertEquals(w.toArray(), [1, 1]);
    stepOf(optimizer, w);
    assert(Math.abs(Number(w.sum().item()) - 2 * 0.999) < 1e-6);
  });

  test("may be out of the option's range, as in PyTorch: schedules fall below zero by rounding", () => {
    const w = leaf();
    const optimizer = new optim.SGD([w], { lr: 0.5 });
    optimizer.paramGroups[0]!.lr = -1;
    stepOf(optimizer, w);
    assertEquals(w.toArray(), [2, 2]);
  });

  test("an option that needs more state is refused by the state's name", () => {
    const w = leaf();
    const optimizer = new optim.Adam([w]);
    stepOf(optimizer, w);
    optimizer.paramGroups[0]!.amsgrad = true;
    assertThrows(() => stepOf(optimizer, w), TypeError, "has no 'max_exp_avg_sq'");
  });

  test("parameters must be tensors", () => {
    const w = leaf();
    const optimizer = new optim.SGD([w]);
    optimizer.paramGroups[0]!.params.push("w" as never);
    assertThrows(() => stepOf(optimizer, w), TypeError, 'must hold tensors, but has "w"');
  });

  test("a user's own entries of a group are in the state dict, and come back from it", () => {
    const optimizer = new optim.SGD([leaf()]);
    Object.assign(optimizer.paramGroups[0]!, { name: "decoder", lrScale: 0.5 });
    const dict = torch.io.load(torch.io.serialize(optimizer.stateDict()));
    assertEquals([dict.param_groups[0].name, dict.param_groups[0].lr_scale], ["decoder", 0.5]);
    const other = new optim.SGD([leaf()]);
    other.loadStateDict(dict);
    const group = other.paramGroups[0] as unknown as AnyOptions;
    assertEquals([group.name, group.lrScale], ["decoder", 0.5]);
  });
});
