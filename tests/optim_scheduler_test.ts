import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { warningsOf } from "./support/console.ts";
import { golden, type Rates, type Schedule } from "./support/optim_golden.ts";

const { optim } = torch;
const lr = optim.lrScheduler;
type Optimizer = torch.optim.AnyOptimizer;
type Scheduler = torch.optim.lrScheduler.LRScheduler;
type Make = (optimizer: Optimizer) => Scheduler;

function plainOptimizer(kind: "SGD" | "Adam" = "SGD"): Optimizer {
  const params = [torch.zeros([1]).requiresGrad_(), torch.zeros([1]).requiresGrad_()];
  const groups = [{ params: [params[0]!] }, { params: [params[1]!], lr: 0.2 }];
  return kind === "SGD"
    ? new optim.SGD(groups, { lr: 0.1, momentum: 0.9 })
    : new optim.Adam(groups, { lr: 0.1 });
}

const required: Record<string, string[]> = {
  StepLR: ["stepSize"],
  MultiStepLR: ["milestones"],
  ExponentialLR: ["gamma"],
  CosineAnnealingLR: ["TMax"],
  CosineAnnealingWarmRestarts: ["T0"],
  CyclicLR: ["baseLr", "maxLr"],
  OneCycleLR: ["maxLr"],
  SWALR: ["swaLr"],
};

const special: Record<string, Make> = {
  "LambdaLR": (o) => new lr.LambdaLR(o, (epoch) => 0.95 ** epoch),
  "LambdaLR of two": (o) =>
    new lr.LambdaLR(o, [(epoch) => 1 / (epoch + 1), (epoch) => 0.5 ** epoch]),
  "MultiplicativeLR": (o) => new lr.MultiplicativeLR(o, (epoch) => 0.9 + 0.01 * epoch),
  "SequentialLR": (o) =>
    new lr.SequentialLR(o, [
      new lr.ConstantLR(o, { factor: 0.1, totalIters: 20 }),
      new lr.LinearLR(o, { startFactor: 0.5, endFactor: 1, totalIters: 4 }),
      new lr.ExponentialLR(o, 0.8),
    ], [3, 9]),
  "ChainedScheduler": (o) =>
    new lr.ChainedScheduler([
      new lr.ConstantLR(o, { factor: 0.1, totalIters: 4 }),
      new lr.ExponentialLR(o, 0.9),
    ]),
  "SequentialLR of cosines": (o) =>
    new lr.SequentialLR(o, [
      new lr.LinearLR(o, { startFactor: 0.1, totalIters: 5 }),
      new lr.CosineAnnealingLR(o, 15),
    ], [5]),
  "SequentialLR of a chain": (o) =>
    new lr.SequentialLR(o, [
      new lr.ChainedScheduler([
        new lr.LinearLR(o, { startFactor: 0.1, totalIters: 4 }),
        new lr.ExponentialLR(o, 0.95),
      ]),
      new lr.StepLR(o, 2),
    ], [7]),
  "SequentialLR of a chain of a sequence": (o) =>
    new lr.SequentialLR(o, [
      new lr.ChainedScheduler([
        new lr.SequentialLR(o, [
          new lr.LinearLR(o, { startFactor: 0.1, totalIters: 2 }),
          new lr.ExponentialLR(o, 0.95),
        ], [2]),
        new lr.ExponentialLR(o, 0.9),
      ]),
      new lr.StepLR(o, 3),
    ], [7]),
};

function maker({ name, options }: Schedule): Make {
  if (special[name]) return special[name];
  const factory =
    (name === "SWALR" ? optim.swaUtils.SWALR : (lr as never)[name]) as unknown as new (
      ...args: unknown[]
    ) => Scheduler;
  const names = required[name] ?? [];
  const rest = Object.fromEntries(Object.entries(options).filter(([key]) => !names.includes(key)));
  return (optimizer) => new factory(optimizer, ...names.map((key) => options[key]), rest);
}

function ratesOf(optimizer: Optimizer): Rates {
  const groups = optimizer.paramGroups as Record<string, unknown>[];
  return {
    lr: groups.map((group) => group.lr as number),
    momentum: groups.map((group) => (group.momentum ?? (group.betas as number[])[0]) as number),
  };
}

function assertRates(actual: Rates, expected: Rates, where: string): void {
  for (const key of ["lr", "momentum"] as const) {
    expected[key].forEach((value, i) => {
      const error = Math.abs(actual[key][i]! - value);
      assert(
        error <= 1e-12 * Math.max(Math.abs(value), 1e-3),
        `${where}: ${key} of group ${i} is ${actual[key][i]}, but PyTorch's ${value}`,
      );
    });
  }
}

function advance(optimizer: Optimizer, scheduler: Scheduler, i: number): void {
  optimizer.step();
  if (scheduler instanceof lr.ReduceLROnPlateau) scheduler.step(golden.plateau[i]!);
  else scheduler.step();
}

// A value of a state dict as the golden file has it.
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, plain(v)]));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  }
  return value === Infinity ? "inf" : value === -Infinity ? "-inf" : value;
}

function assertSame(actual: unknown, expected: unknown, where: string): void {
  if (typeof expected === "number") {
    const error = Math.abs((actual as number) - expected);
    assert(
      error <= 1e-12 * Math.max(1, Math.abs(expected)),
      `${where}: ${actual}, not ${expected}`,
    );
  } else if (typeof expected === "object" && expected !== null) {
    assertEquals(Object.keys(actual as object).sort(), Object.keys(expected).sort(), where);
    for (const [key, value] of Object.entries(expected)) {
      assertSame((actual as Record<string, unknown>)[key], value, `${where}.${key}`);
    }
  } else {
    assertEquals(actual, expected, where);
  }
}

describe("Schedules are PyTorch's", () => {
  for (const one of golden.schedulers) {
    test(`${one.name} of ${one.optimizer} ${JSON.stringify(one.options)}`, () => {
      const optimizer = plainOptimizer(one.optimizer);
      const scheduler = maker(one)(optimizer);
      assertRates(ratesOf(optimizer), one.sequence[0]!, "at first");
      for (let i = 0; i < 20; i++) {
        advance(optimizer, scheduler, i);
        assertRates(ratesOf(optimizer), one.sequence[i + 1]!, `after ${i + 1}`);
        assertEquals(scheduler.getLastLr(), ratesOf(optimizer).lr);
      }
      assertSame(plain(scheduler.stateDict()), one.state, "state");
    });
  }

  for (const [name, expected] of Object.entries(golden.closed)) {
    test(`${name}.step(epoch)`, () => {
      const makes: Record<string, Make> = {
        StepLR: (o) => new lr.StepLR(o, 3, { gamma: 0.5 }),
        MultiStepLR: (o) => new lr.MultiStepLR(o, [2, 5, 5, 9], { gamma: 0.3 }),
        ConstantLR: (o) => new lr.ConstantLR(o),
        LinearLR: (o) => new lr.LinearLR(o),
        ExponentialLR: (o) => new lr.ExponentialLR(o, 0.9),
        PolynomialLR: (o) => new lr.PolynomialLR(o, { totalIters: 8, power: 2 }),
        CosineAnnealingLR: (o) => new lr.CosineAnnealingLR(o, 7),
        CosineAnnealingWarmRestarts: (o) => new lr.CosineAnnealingWarmRestarts(o, 3, { TMult: 2 }),
      };
      const optimizer = plainOptimizer();
      const scheduler = makes[name]!(optimizer);
      [0, 4, 2, 7, 11].forEach((epoch, i) => {
        optimizer.step();
        scheduler.step(epoch);
        const rates = ratesOf(optimizer);
        assertRates(rates, { lr: expected[i]!, momentum: [] }, `at epoch ${epoch}`);
      });
    });
  }
});

describe("A schedule goes on from its state dict", () => {
  for (const one of golden.schedulers) {
    test(`${one.name} ${JSON.stringify(one.options)}`, () => {
      const first = plainOptimizer(one.optimizer);
      const before = maker(one)(first);
      for (let i = 0; i < 8; i++) advance(first, before, i);
      const second = plainOptimizer(one.optimizer);
      const after = maker(one)(second);
      after.loadStateDict(before.stateDict());
      second.loadStateDict(first.stateDict());
      for (let i = 8; i < 20; i++) {
        advance(second, after, i);
        assertRates(ratesOf(second), one.sequence[i + 1]!, `after ${i + 1}`);
      }
    });
  }

  test("that PyTorch made, too", () => {
    for (const one of golden.schedulers.filter(({ name }) => name === "OneCycleLR")) {
      const optimizer = plainOptimizer(one.optimizer);
      const scheduler = maker(one)(optimizer);
      const other = maker(one)(plainOptimizer(one.optimizer));
      other.loadStateDict(one.state);
      for (let i = 0; i < 20; i++) advance(optimizer, scheduler, i);
      assertSame(plain(other.stateDict()), plain(scheduler.stateDict()), "state");
    }
  });
});

describe("Schedulers", () => {
  test("warn when they are stepped before the optimizer", () => {
    const scheduler = new lr.ExponentialLR(plainOptimizer(), 0.5);
    const lines = warningsOf(() => scheduler.step());
    assertEquals(lines.length, 1);
    assert(lines[0]!.includes("before the optimizer's step()"));
  });

  test("ReduceLROnPlateau says whether it counts no epochs now, as PyTorch's in_cooldown does", () => {
    const scheduler = new lr.ReduceLROnPlateau(plainOptimizer(), { patience: 0, cooldown: 2 });
    const seen = [1, 1, 1, 1, 1, 1].map((metric) => {
      scheduler.step(metric);
      return scheduler.inCooldown;
    });
    assertEquals(seen, [false, true, true, false, true, true]);
  });

  test("note no rates that are not numbers", () => {
    const scheduler = new lr.StepLR(plainOptimizer(), 2);
    const before = torch.memory().tensors;
    for (const rates of [torch.zeros([1 << 16]), ["a"], [torch.ones([])], 0.1, null]) {
      assertThrows(
        () => (scheduler as unknown as { noteLr(rates: unknown): void }).noteLr(rates),
        TypeError,
        "StepLR: learning rates must be numbers in an array, but got",
      );
    }
    assert(torch.memory().tensors < before + 10);
    assertThrows(
      () => scheduler.loadStateDict({ ...scheduler.stateDict(), _last_lr: ["a"] }),
      TypeError,
      "StepLR: learning rates must be numbers",
    );
  });

  test("refuse wrong options by name", () => {
    const optimizer = plainOptimizer();
    assertThrows(() => new lr.StepLR({} as Optimizer, 2), TypeError, "'optimizer'");
    assertThrows(() => new lr.StepLR(optimizer, 0), RangeError, "'stepSize'");
    assertThrows(
      () => new lr.MultiStepLR(optimizer, 3 as unknown as number[]),
      TypeError,
      "MultiStepLR(): argument 'milestones' must be iterable, but got 3",
    );
    assertThrows(
      () => new lr.StepLR(optimizer, 2, { gama: 1 } as object),
      TypeError,
      "unknown option 'gama'",
    );
    assertThrows(() => new lr.LinearLR(optimizer, { startFactor: 0 }), RangeError, "'startFactor'");
    assertThrows(() => new lr.OneCycleLR(optimizer, 1), TypeError, "totalSteps");
    assertThrows(() => new lr.OneCycleLR(optimizer, [1, 2, 3], { totalSteps: 3 }), RangeError);
    assertThrows(
      () => new lr.CyclicLR(new optim.Rprop([torch.zeros([1])]), 1, 2),
      RangeError,
      "neither momentum nor betas",
    );
    assertThrows(
      () => new lr.SequentialLR(optimizer, [new lr.ConstantLR(optimizer)], [2]),
      RangeError,
      "milestones",
    );
    const other = new lr.ConstantLR(plainOptimizer());
    assertThrows(
      () => new lr.ChainedScheduler([other], optimizer),
      RangeError,
      "another optimizer",
    );
    assertThrows(
      () => new lr.ChainedScheduler([new lr.ReduceLROnPlateau(optimizer)]),
      TypeError,
      "needs a metric",
    );
    assertThrows(() => new lr.ReduceLROnPlateau(optimizer).step(), TypeError, "'metric'");
    assertThrows(
      () => new lr.MultiStepLR(optimizer, { milestones: [2] } as never),
      TypeError,
      "MultiStepLR(): argument 'milestones' must be iterable, but got an object",
    );
  });

  test("refuse to begin several schedules at a milestone, where PyTorch fails too", () => {
    for (
      const second of [
        (o: Optimizer) => new lr.ChainedScheduler([new lr.ConstantLR(o)]),
        (o: Optimizer) => new lr.SequentialLR(o, [new lr.ConstantLR(o)], []),
      ]
    ) {
      const optimizer = plainOptimizer();
      const all = [new lr.ConstantLR(optimizer), second(optimizer)];
      const schedule = new lr.SequentialLR(optimizer, all, [2]);
      advance(optimizer, schedule, 0);
      assertThrows(
        () => advance(optimizer, schedule, 1),
        TypeError,
        `${all[1]!.name} cannot begin at a milestone of a SequentialLR`,
      );
    }
  });

  test("go on from an epoch only where there is a learning rate to go on from", () => {
    assertThrows(
      () => new lr.StepLR(plainOptimizer(), 2, { lastEpoch: 3 }),
      RangeError,
      "no 'initialLr'",
    );
  });
});
