import { describe, test } from "node:test";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { jit, TorchError } = torch;

/** Something that fails in native code, and what the error says of it. */
interface Failure {
  readonly run: () => unknown;
  readonly kind: torch.TorchErrorKind;
  readonly op: string;
  readonly message: RegExp;
}

const script = jit.compile(`
def reshapes(x: Tensor) -> Tensor:
    return x.view([7])

def calls(x: Tensor) -> Tensor:
    return reshapes(x) + 1

def raises(n: int) -> int:
    if n < 0:
        raise ValueError("n is negative")
    if n == 0:
        raise RuntimeError("n is " + str(n))
    assert n > 1, "n is too small"
    return n

def picks(n: int) -> int:
    return [1, 2][n]
`);

// Taken once, so that the counts of live objects below are not about them.
for (const name of script.names) script.function(name);

function onTensors(run: (...tensors: torch.Tensor[]) => unknown, ...shapes: number[][]) {
  return () => {
    const tensors = shapes.map((shape) => torch.zeros(shape));
    try {
      run(...tensors);
    } finally {
      for (const tensor of tensors) tensor.dispose();
    }
  };
}

const failures: Record<string, Failure> = {
  "an index out of range": {
    run: onTensors((x) => x!.select(0, 5), [2]),
    kind: "index",
    op: "select",
    message: /^select\(\): index 5 out of range for tensor of size \[2\] at dimension 0$/,
  },
  "shapes that do not fit": {
    run: onTensors((x, y) => x!.matmul(y!), [2, 3], [2, 3]),
    kind: "value",
    op: "matmul",
    message: /^matmul\(\): mat1 and mat2 shapes cannot be multiplied \(2x3 and 2x3\)$/,
  },
  "a dtype that does not fit": {
    run: onTensors((x) => {
      using grad = torch.zeros([2], { dtype: "float64" });
      x!.grad = grad;
    }, [2]),
    kind: "type",
    op: "grad",
    message: /expected Float, got Double$/,
  },
  "an op that a dtype does not have": {
    run: onTensors((x) => x!.bitwiseNot(), [2]),
    kind: "notImplemented",
    op: "bitwiseNot",
    message: /not implemented for 'Float'$/,
  },
  "a device that is not there": {
    run: onTensors((x) => x!.to({ device: "cuda:0" }), [2]),
    kind: "notImplemented",
    op: "to",
    message:
      /^to\(\): Could not run 'aten::\w+' with arguments from the 'CUDA' backend: this LibTorch computes on the "cpu" only$/,
  },
  "memory that is not there": {
    run: () => torch.empty([2 ** 45]),
    kind: "outOfMemory",
    op: "empty",
    message: /^empty\(\): can't allocate memory: 140737488355328 bytes were asked for/,
  },
  "an op that fails in a script": {
    run: onTensors((x) => script.calls!(x!), [2]),
    kind: "torchscript",
    op: "calls",
    message: /^calls\(\): shape '\[7\]' is invalid for input of size 2$/,
  },
  "an exception that a script raises": {
    run: () => script.raises!(-1),
    kind: "torchscript",
    op: "raises",
    message: /^raises\(\): n is negative$/,
  },
  "an assertion of a script": {
    run: () => script.raises!(1),
    kind: "torchscript",
    op: "raises",
    message: /^raises\(\): AssertionError: n is too small$/,
  },
  "source that does not parse": {
    run: () => jit.compile("def f(x:\n    return x\n"),
    kind: "torchscript",
    op: "jit.compile",
    message: /^jit\.compile\(\): /,
  },
  "source with an unknown name": {
    run: () => jit.compile("def f(x):\n    return y\n"),
    kind: "torchscript",
    op: "jit.compile",
    message: /undefined value y[\s\S]*line 2/,
  },
  "bytes that are no archive": {
    run: () => jit.deserialize(new Uint8Array(100)),
    kind: "serialization",
    op: "jit.load",
    message: /^jit\.load\(\): this is no TorchScript file/,
  },
};

describe("A TorchError", () => {
  for (const [name, { run, kind, op, message }] of Object.entries(failures)) {
    test(`of ${name} has its kind, its op and one sentence`, () => {
      balanced(() => {
        const error = assertThrows(run, TorchError);
        assertEquals(error.kind, kind);
        assertEquals(error.op, op);
        assertEquals(error.name, "TorchError");
        assertMatch(error.message, message);
        assert(!/frame #\d|Exception raised from|\.cpp:\d/.test(error.message), error.message);
      });
    });

    test(`of ${name} leaves the next call working`, () => {
      assertThrows(run);
      using x = torch.tensor([1, 2]);
      using y = x.add(1);
      assertEquals(y.toArray(), [2, 3]);
    });
  }

  test("has a native backtrace, read when asked for", () => {
    const error = assertThrows(failures["shapes that do not fit"]!.run, TorchError);
    assertMatch(error.nativeBacktrace, /frame #0/);
    assertEquals(error.nativeBacktrace, error.nativeBacktrace);
  });

  test("keeps its own backtrace when a later failure follows", () => {
    const first = assertThrows(failures["shapes that do not fit"]!.run, TorchError);
    const second = assertThrows(failures["an index out of range"]!.run, TorchError);
    assert(first.nativeBacktrace !== second.nativeBacktrace);
    assertMatch(first.nativeBacktrace, /frame #0/);
  });

  test("has an empty backtrace once many failures have passed, and none where there was no native code", () => {
    const first = assertThrows(failures["shapes that do not fit"]!.run, TorchError);
    for (let i = 0; i < 20; i++) assertThrows(failures["an index out of range"]!.run);
    assertEquals(first.nativeBacktrace, "");
    assertEquals(new TorchError("Mine.").nativeBacktrace, "");
  });

  test("of a script has TorchScript's traceback through every call", () => {
    const error = assertThrows(failures["an op that fails in a script"]!.run, TorchError);
    assertMatch(error.torchscriptTrace ?? "", /in calls[\s\S]*reshapes\(x\) \+ 1[\s\S]*<--- HERE/);
  });

  test("of a script names the Python class that it raised", () => {
    const error = assertThrows(() => script.raises!(-1), TorchError);
    assertEquals(error.pythonClass, "builtins.ValueError");
    const other = assertThrows(() => script.raises!(0), TorchError, "n is 0");
    assertEquals(other.pythonClass, "builtins.RuntimeError");
    assertEquals(script.raises!(2), 2);
  });

  test("of anything else has no traceback and no Python class", () => {
    const error = assertThrows(failures["shapes that do not fit"]!.run, TorchError);
    assertEquals([error.torchscriptTrace, error.pythonClass], [null, null]);
  });

  test("is an Error with a stack that leads to the caller", () => {
    const error = assertThrows(failures["shapes that do not fit"]!.run, TorchError);
    assert(error instanceof Error);
    assertMatch(error.stack ?? "", /errors_test/);
  });

  test("keeps what it is made from", () => {
    const cause = new Error("underneath");
    const error = new TorchError("Mine.", { op: "mine", kind: "type", cause });
    assertEquals([error.op, error.kind, error.cause], ["mine", "type", cause]);
  });

  test("can be told from its subclasses", () => {
    for (const type of ["DisposedError", "LoadError", "TraceCheckError", "JitTypeError"] as const) {
      const error = new torch[type]("Mine.");
      assert(error instanceof TorchError);
      assertEquals(error.name, type);
    }
  });
});

describe("A wrong JavaScript value", () => {
  test("is refused before native code, with the op, the argument and the value found", () => {
    using x = torch.zeros([2]);
    const wrong = (value: unknown) => () => x.matmul(value as torch.Tensor);
    assertThrows(wrong("text"), TypeError, "matmul(): argument 'other' must be a Tensor");
    assertThrows(wrong(null), TypeError, "but got null");
    assertThrows(wrong([]), TypeError, "but got an array");
  });

  test("that looks like a tensor is refused too", () => {
    const fake = Object.create(torch.Tensor.prototype);
    assertThrows(() => fake.add(1), TypeError);
    assertThrows(() => fake.shape, TypeError);
    assertThrows(() => new (torch.Tensor as unknown as new () => unknown)(), TypeError);
  });

  test("out of range is a RangeError", () => {
    assertThrows(() => torch.empty([2 ** 60]), RangeError);
    using x = torch.zeros([2, 3]);
    assertThrows(() => x.size(2), RangeError, "must be from -2 to 1, but got 2");
    assertThrows(() => x.stride(-3), RangeError);
  });
});

describe("A message of LibTorch's", () => {
  test("comes without the dump of the tensor that it speaks of", () => {
    const weight = torch.ones([2], { requiresGrad: true });
    const { message } = assertThrows(
      () => jit.trace((x: torch.Tensor) => x.mul(weight), [torch.ones([2])]),
      TorchError,
    );
    assertEquals(
      message,
      "mul(): Cannot insert a Tensor that requires grad as a constant. " +
        "Consider making it a parameter or input, or detaching the gradient",
    );
  });

  test("and without the place in LibTorch's own source where an assertion failed", () => {
    const error = assertThrows(() => torch.empty([2], { dtype: "quint8" }).sum(), TorchError);
    assert(!error.message.includes("INTERNAL ASSERT"), error.message);
    assert(!error.message.includes(".cpp"), error.message);
  });
});

const net = new torch.nn.Linear(3, 1);
const matrix = torch.ones([2, 3]);
const leaf = torch.ones([2], { requiresGrad: true });

// What a newcomer does, and the words of the sentence that help.
const advice: Record<string, readonly [run: () => unknown, words: string]> = {
  "the name of a dtype of Python's": [
    () => torch.zeros([1], { dtype: "float" as never }),
    'but got "float", which is called "float32" here',
  ],
  "a dtype's name in Python's module": [
    () => matrix.to("torch.int64" as never),
    'which is called "int64" here',
  ],
  "a misspelt dtype": [() => matrix.to({ dtype: "flaot32" as never }), "there are uint8, int8,"],
  "a device of another library": [
    () => matrix.to("gpu"),
    'expected a device such as "cpu", got "gpu"',
  ],
  "a device that this LibTorch has not": [
    () => torch.zeros([1], { device: "cuda" }),
    'this LibTorch computes on the "cpu" only',
  ],
  "an array in a tensor's place": [() => matrix.matmul([1] as never), "a Tensor, but got an array"],
  "a TypedArray in a tensor's place": [
    () => matrix.matmul(new Int32Array(2) as never),
    "a Tensor, but got an Int32Array",
  ],
  "a promise in a tensor's place": [
    () => net(Promise.resolve(matrix) as never),
    "a Tensor, but got a Promise, which is to be awaited first",
  ],
  "a promise among the arguments of overloads": [
    () => matrix.add(Promise.resolve(matrix) as never),
    "got (a Tensor, a Promise, which is to be awaited first)",
  ],
  "the number of many elements": [() => matrix.item(), "toArray() gives them all"],
  "gradients of integers": [
    () => torch.tensor([1, 2], { requiresGrad: true }),
    'whole numbers make an int64 tensor, { dtype: "float32" } another',
  ],
  "gradients of what takes none": [
    () => matrix.sum().backward(),
    "make what is derived by with { requiresGrad: true }",
  ],
  "gradients of many elements": [() => leaf.mul(2).backward(), "reduce it with sum() or mean()"],
  "a change of a leaf in place": [() => leaf.add_(1), "do it within torch.noGrad()"],
  "a second pass": [
    () => {
      const loss = leaf.mul(leaf).sum();
      loss.backward();
      loss.backward();
    },
    "Give the first backward() { retainGraph: true } if",
  ],
  "a leaf that takes no part": [
    () => torch.autograd.grad(leaf.sum(), torch.ones([1], { requiresGrad: true })),
    "Give { allowUnused: true } if",
  ],
  "the mean of integers": [() => torch.tensor([1, 2]).mean(), "float() converts it"],
  "integers for a layer": [
    () => net(torch.tensor([[1, 2, 3]])),
    "to({ dtype }) converts one to the other's",
  ],
  "fractions as classes": [
    () => torch.nn.functional.crossEntropy(torch.ones([2, 3]), torch.tensor([0, 1.5])),
    "long() converts it",
  ],
  "fractions as places": [() => new torch.nn.Embedding(3, 2)(matrix), "long() converts it"],
  "an object as output of a trace": [
    () => jit.trace((x: torch.Tensor) => ({ x }), [matrix]),
    "give { strict: false } to allow",
  ],
  "no output of a trace": [
    () => jit.trace((x: torch.Tensor) => void x.add(1), [matrix]),
    "is a return missing?",
  ],
  "an array as inputs of methods": [
    () => jit.traceModule(net, [matrix] as never),
    "must be an object such as { forward: [x] }, but got an array",
  ],
  "a method to keep that is not there": [
    () => jit.freeze(jit.trace(net, [matrix]).eval(), { preserve: ["encode"] }),
    "has no method or attribute 'encode'",
  ],
};

describe("A wrong call", () => {
  for (const [name, [run, words]] of Object.entries(advice)) {
    test(`with ${name} is told what to do`, () => {
      const error = assertThrows(run, Error);
      assertEquals(error.message.includes(words), true, error.message);
    });
  }

  test("keeps what a program raised as its author worded it", () => {
    const unit = jit.compile(
      "def f(x: int):\n    raise ValueError('pass strict=False to trace()')\n",
    );
    assertThrows(() => unit.f!(1), TorchError, "f(): pass strict=False to trace()");
  });
});

describe("classes that only the library makes", () => {
  const make = (Class: unknown) => new (Class as new (...args: unknown[]) => unknown)([], "", {});
  test("refuse new, and say what gives one", () => {
    assertThrows(() => make(jit.Graph), TypeError, "Graph objects are not made with new");
    assertThrows(() => make(jit.Schema), TypeError, "Schema objects are not made with new");
    assertThrows(() => make(torch.profiler.Profile), TypeError, "use torch.profiler.profile()");
  });
});
