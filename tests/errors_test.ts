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
    message: /^to\(\): Could not run 'aten::\w+' with arguments from the 'CUDA' backend\.$/,
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
