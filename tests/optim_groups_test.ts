import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { optim } = torch;

const leaf = () => torch.tensor([1, -2], { dtype: "float32", requiresGrad: true });
const names = [
  "Adadelta",
  "Adafactor",
  "Adagrad",
  "Adam",
  "AdamW",
  "Adamax",
  "ASGD",
  "LBFGS",
  "Muon",
  "NAdam",
  "RAdam",
  "RMSprop",
  "Rprop",
  "SGD",
] as const;

type Make = new (params: unknown, options?: object) => torch.optim.AnyOptimizer;
const classOf = (name: string) => (optim as unknown as Record<string, Make>)[name]!;
const matrix = () => torch.tensor([[1, -2], [3, 4]], { dtype: "float32", requiresGrad: true });

function stepped(name: string, lr: number | torch.Tensor): number[] {
  const w = matrix();
  const optimizer = new (classOf(name))([w], { lr });
  for (let i = 0; i < 3; i++) {
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = w.square().sum();
      loss.backward();
      return loss;
    });
  }
  return w.flatten().toArray() as number[];
}

describe("Entries of a group that the optimizer does not know", () => {
  for (const name of names) {
    test(`${name} refuses them by name, with its options`, () => {
      assertThrows(
        () => new (classOf(name))([{ params: [matrix()], learningRate: 0.5 }]),
        TypeError,
        `${name}: unknown option 'learningRate'; its options are lr`,
      );
    });
  }

  test("a group that is added later is held to the same", () => {
    const optimizer = new optim.SGD([leaf()]);
    assertThrows(
      () => optimizer.addParamGroup({ params: leaf(), weight_decay: 0.1 } as never),
      TypeError,
      "unknown option 'weight_decay'",
    );
    assertEquals(optimizer.paramGroups.length, 1);
  });

  test("the error says where the user's own go", () => {
    assertThrows(
      () => new optim.SGD([{ params: leaf(), lrScale: 0.5 } as never]),
      TypeError,
      "what is your own, set on 'optimizer.paramGroups[i]' afterwards",
    );
  });

  test("a name is kept, printed and saved, as in PyTorch", () => {
    const optimizer = new optim.SGD([{ params: leaf(), name: "decoder" }, { params: leaf() }]);
    assertEquals(optimizer.paramGroups.map((group) => group.name), ["decoder", undefined]);
    assert(String(optimizer).includes('name: "decoder"'));
    assertEquals(optimizer.stateDict().paramGroups[0]!.name, "decoder");
    assertThrows(
      () => new optim.SGD([{ params: leaf(), name: 1 } as never]),
      TypeError,
      "'name' of a parameter group must be a string, but got 1",
    );
  });
});

describe("A learning rate that is a tensor", () => {
  for (const name of names) {
    test(`${name} steps as with the number`, () => {
      // 0.125 is the same number in float32.
      assertEquals(stepped(name, torch.tensor(0.125)), stepped(name, 0.125));
      assertEquals(
        stepped(name, torch.tensor([0.125], { dtype: "float64" })),
        stepped(name, 0.125),
      );
    });
  }

  test("is read at each step: PyTorch's w after lr.fill_", () => {
    const w = leaf();
    const lr = torch.tensor(0.5);
    const optimizer = new optim.SGD([w], { lr });
    const step = () => {
      optimizer.zeroGrad();
      w.sum().backward();
      optimizer.step();
    };
    step();
    assertEquals(w.toArray(), [0.5, -2.5]);
    lr.fill_(0.25);
    step();
    assertEquals(w.toArray(), [0.25, -2.75]);
  });

  test("is a number in the group, and filled when that is set", () => {
    const lr = torch.tensor(0.5, { requiresGrad: true });
    const optimizer = new optim.Adam([{ params: leaf(), lr }, { params: leaf() }], { lr: 0.25 });
    const [one, two] = optimizer.paramGroups;
    assertEquals([one!.lr, two!.lr, optimizer.defaults.lr], [0.5, 0.25, 0.25]);
    one!.lr /= 2;
    assertEquals(lr.item(), 0.25);
    assertThrows(
      () => one!.lr = "0.1" as never,
      TypeError,
      `'lr' of a parameter group must be set to a number, but got "0.1"`,
    );
    assertEquals(lr.item(), 0.25);
  });

  test("of the defaults is the one of all groups, and a schedule fills it", () => {
    const lr = torch.tensor(0.5);
    const optimizer = new optim.SGD([{ params: leaf() }, { params: leaf() }], { lr });
    const schedule = new optim.lrScheduler.ExponentialLR(optimizer, 0.5);
    optimizer.step();
    schedule.step();
    assertEquals([lr.item(), ...schedule.getLastLr()], [0.25, 0.25, 0.25]);
    assertEquals(optimizer.paramGroups.map((group) => group.initialLr), [0.5, 0.5]);
  });

  test("is a tensor in the state dict, as PyTorch's, and a loaded one fills it", () => {
    const lr = torch.tensor(0.5);
    const optimizer = new optim.SGD([leaf()], { lr });
    const dict = optimizer.stateDict();
    const saved = dict.paramGroups[0]!.lr as torch.Tensor;
    assertEquals([saved.shape.length, saved.item()], [0, 0.5]);
    const copy = torch.io.load(torch.io.serialize(dict));
    lr.fill_(0.125);
    optimizer.loadStateDict(copy);
    assertEquals([lr.item(), optimizer.paramGroups[0]!.lr], [0.5, 0.5]);
    const other = new optim.SGD([leaf()]);
    other.loadStateDict(copy);
    assertEquals(other.paramGroups[0]!.lr, 0.5);
  });

  test("outlasts the scope that it was made in", () => {
    const w = leaf();
    const optimizer = torch.scope(() => new optim.SGD([w], { lr: torch.tensor(0.5) }));
    assertEquals(optimizer.paramGroups[0]!.lr, 0.5);
  });

  test("must have one number, be real, not negative, and not disposed", () => {
    for (
      const [lr, said] of [
        [
          torch.tensor([0.1, 0.2]),
          "SGD: 'lr' must be a number or a tensor of one number, but the tensor has 2",
        ],
        [torch.tensor(1, { dtype: "int64" }), "of a floating-point dtype, but the tensor's is"],
        [torch.tensor(-0.5), "SGD: 'lr' must be a number of at least 0, but got -0.5"],
      ] as const
    ) {
      assertThrows(() => new optim.SGD([leaf()], { lr }), Error, said);
      assertThrows(() => new optim.SGD([{ params: leaf(), lr }]), Error, said);
    }
    const lr = torch.tensor(0.5);
    const optimizer = new optim.SGD([leaf()], { lr });
    lr.dispose();
    assertThrows(
      () => optimizer.step(),
      torch.DisposedError,
      "SGD: the tensor that was given as 'lr' was disposed",
    );
  });
});

describe("A parameter that changed under its optimizer", () => {
  const gradOf = (model: torch.nn.Linear, dtype: "float32" | "float64") =>
    model(torch.ones([1, 2], { dtype })).sum().backward();

  // PyTorch: "expected dtype float for `end` but got dtype double" of these, and no error of the others.
  for (const name of ["Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adafactor"]) {
    test(`${name} says that its state has the dtype of before`, () => {
      const model = new torch.nn.Linear(2, 2);
      const optimizer = new (classOf(name))(model.namedParameters());
      gradOf(model, "float32");
      optimizer.step();
      optimizer.zeroGrad();
      model.to("float64");
      gradOf(model, "float64");
      const error = assertThrows(() => optimizer.step(), torch.TorchError);
      assert(
        error.message.startsWith(
          `${name}.step(): parameter 'weight' of group 0 is float64, but its state '`,
        ) && error.message.includes("is float32: the parameter was converted"),
        error.message,
      );
      optimizer.loadStateDict(optimizer.stateDict());
      const before = model.weight.clone();
      optimizer.step();
      assert(!torch.equal(before, model.weight));
    });
  }

  test("LBFGS says so too, and passes on what its closure throws", () => {
    torch.manualSeed(0);
    const model = new torch.nn.Linear(2, 2);
    // One iteration does not reach the minimum, where a step would end before it reads its state.
    const optimizer = new optim.LBFGS(model.parameters(), { maxIter: 1 });
    const step = (dtype: "float32" | "float64") =>
      optimizer.step(() => {
        optimizer.zeroGrad();
        const loss = model(torch.ones([1, 2], { dtype })).square().sum();
        loss.backward();
        return loss;
      });
    step("float32");
    model.to("float64");
    assertThrows(() => step("float64"), torch.TorchError, "LBFGS.step(): parameter 0 of group 0");
    const mine = assertThrows(() => step("float32"), torch.TorchError);
    assert(!mine.message.startsWith("LBFGS"), mine.message);
    optimizer.loadStateDict(optimizer.stateDict());
    step("float64");
  });

  for (const name of ["SGD", "Adagrad", "Adadelta", "RMSprop", "Rprop", "ASGD"]) {
    test(`${name} steps on with its state of before, as in PyTorch`, () => {
      const model = new torch.nn.Linear(2, 2);
      const optimizer = new (classOf(name))(
        model.parameters(),
        name === "SGD" ? { momentum: 0.5 } : {},
      );
      gradOf(model, "float32");
      optimizer.step();
      optimizer.zeroGrad();
      model.to("float64");
      gradOf(model, "float64");
      optimizer.step();
      const state = Object.values(optimizer.state.get(model.weight)!);
      for (const one of state) if (one instanceof torch.Tensor) assertEquals(one.dtype, "float32");
    });
  }

  for (const name of names) {
    test(`${name} names itself, and says that the parameter was disposed`, () => {
      const model = new torch.nn.Linear(2, 2, { bias: false });
      const optimizer = new (classOf(name))(model.parameters());
      const dict = optimizer.stateDict();
      gradOf(model, "float32");
      model.dispose();
      let calls = 0;
      for (
        const [method, call] of [
          ["step", () => optimizer.step(() => calls++)],
          ["zeroGrad", () => optimizer.zeroGrad()],
          ["zeroGrad", () => optimizer.zeroGrad({ setToNone: false })],
          ["loadStateDict", () => optimizer.loadStateDict(dict)],
        ] as const
      ) {
        const error = assertThrows(
          call,
          torch.DisposedError,
          `${name}.${method}(): parameter 0 of group 0 was disposed, perhaps with its module`,
        );
        assert(error instanceof torch.TorchError && error.op === method);
      }
      assertEquals(calls, 0);
    });
  }

  test("nothing is stepped where one of the parameters was disposed", () => {
    const [one, two] = [leaf(), leaf()];
    const optimizer = new optim.SGD([{ params: one }, { params: two }], { lr: 1 });
    one.sum().backward();
    two.dispose();
    assertThrows(() => optimizer.step(), torch.DisposedError, "parameter 0 of group 1");
    assertEquals(one.toArray(), [1, -2]);
  });
});

describe("Hooks of state dicts", () => {
  test("are called in order, around making and loading, and a prepended one first", () => {
    const optimizer = new optim.SGD([leaf()]);
    const seen: string[] = [];
    const note = (what: string) => () => void seen.push(what);
    const removers = [
      optimizer.registerStateDictPreHook(note("pre")),
      optimizer.registerStateDictPreHook(note("pre first"), { prepend: true }),
      optimizer.registerStateDictPostHook(note("post")),
      optimizer.registerStateDictPostHook(note("post first"), { prepend: true }),
      optimizer.registerLoadStateDictPreHook(note("load")),
      optimizer.registerLoadStateDictPreHook(note("load first"), { prepend: true }),
      optimizer.registerLoadStateDictPostHook(note("loaded")),
      optimizer.registerLoadStateDictPostHook(note("loaded first"), { prepend: true }),
    ];
    optimizer.loadStateDict(optimizer.stateDict());
    assertEquals(
      seen,
      ["pre", "post", "load", "loaded"].flatMap((one) => [`${one} first`, one]),
    );
    for (const remove of removers) remove();
    optimizer.loadStateDict(optimizer.stateDict());
    assertEquals(seen.length, 8);
  });

  test("see the optimizer as it is then", () => {
    const optimizer = new optim.SGD([leaf()], { lr: 0.5 });
    optimizer.registerStateDictPreHook((one) => void (one.paramGroups[0]!.lr = 0.25));
    const dict = optimizer.stateDict();
    assertEquals(dict.paramGroups[0]!.lr, 0.25);
    const other = new optim.SGD([leaf()], { lr: 1 });
    let loaded = 0;
    other.registerLoadStateDictPostHook((one) => void (loaded = one.paramGroups[0]!.lr));
    other.loadStateDict(dict);
    assertEquals(loaded, 0.25);
  });

  test("must be functions, with options that are known", () => {
    const optimizer = new optim.SGD([leaf()]);
    assertThrows(() => optimizer.registerStateDictPreHook(1 as never), TypeError, "a function");
    assertThrows(
      () => optimizer.registerLoadStateDictPostHook(() => {}, { first: true } as never),
      TypeError,
      "registerLoadStateDictPostHook(): unknown option 'first'",
    );
    assertThrows(
      () => optimizer.registerStateDictPostHook(() => {}, { prepend: 1 } as never),
      TypeError,
      "'prepend' must be a boolean, but got 1",
    );
  });
});
