import { describe, test } from "node:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readLink } from "../ffi/link.ts";
import { projectRoot } from "../ffi/library.ts";
import { assertBack, liveCounts } from "./support/balance.ts";
import * as torch from "../mod.ts";

const { ops, kwargs } = torch.jit;
const aten = ops.aten!;

type T = torch.Tensor;

describe("jit.ops lists what is registered", () => {
  test("namespaces, ops and overloads", () => {
    const namespaces = Object.keys(ops);
    for (const name of ["aten", "prim", "quantized"]) assert(namespaces.includes(name), name);
    const names = Object.keys(aten);
    assert(names.length > 1500, `${names.length} ops`);
    for (const name of ["matmul", "add", "linalg_qr"]) assert(names.includes(name), name);
    assert("matmul" in aten && !("nope" in aten));
    assert("aten" in ops && !("nope" in ops));
  });

  test("what is not registered is an error that says so, and what may have been meant", () => {
    const refused = (read: () => unknown, op: string, ...parts: string[]) => {
      const error = assertThrows(read, torch.TorchError);
      assertEquals([error.op, error.kind], [op, "notImplemented"]);
      for (const part of parts) assertStringIncludes(error.message, part);
    };
    refused(
      () => ops.nons!.foo,
      "jit.ops.nons",
      "no op of a namespace nons is registered",
      "jit.loadLibrary",
    );
    refused(() => ops.atn, "jit.ops.atn", "did you mean aten?");
    refused(
      () => aten.matmull!(torch.ones([2, 2]), torch.ones([2, 2])),
      "jit.ops.aten.matmull",
      "no op named aten::matmull is registered",
      "did you mean matmul?",
    );
    refused(() => aten.batchNorm, "jit.ops.aten.batchNorm", "did you mean batch_norm?");
    refused(() => aten.no_such_op, "jit.ops.aten.no_such_op", "jit.loadLibrary");
  });

  test("JavaScript may ask it for what every object may have", async () => {
    assertEquals(await Promise.resolve(aten), aten);
    assertEquals(JSON.stringify(ops.mkl), "{}");
    const odd = aten as unknown as Record<PropertyKey, unknown>;
    for (const key of [Symbol.iterator, "constructor", "toJSON", "$$typeof", "0", ""]) {
      assertEquals(odd[key], undefined);
    }
  });

  test("schemas as LibTorch writes them", () => {
    assertEquals(aten.matmul!.schemas, [
      "aten::matmul(Tensor self, Tensor other) -> Tensor",
      "aten::matmul.out(Tensor self, Tensor other, *, Tensor(a!) out) -> Tensor(a!)",
    ]);
    assertStringIncludes(aten.conv2d!.schemas[1]!, "str padding");
    assertStringIncludes(
      String(aten.fft_fft),
      "aten::fft_fft(Tensor self, SymInt? n=None, int dim=-1",
    );
    assertEquals(aten.matmul!.name, "aten::matmul");
  });
});

describe("jit.ops calls", () => {
  test("matmul, with out by keyword, and its errors", () => {
    torch.manualSeed(1);
    const a = torch.randn([5, 4]);
    const b = torch.randn([4, 5]);
    assertEquals(aten.matmul!(a, b).shape, [5, 5]);
    const out = torch.zeros([5, 5]);
    aten.matmul!(a, b, kwargs({ out }));
    assert(torch.equal(out, a.matmul(b)));
    const shapes = assertThrows(() => aten.matmul!(b, b), torch.TorchError, "cannot be multiplied");
    assertEquals(shapes.op, "jit.ops.aten.matmul");
    assertThrows(
      () => aten.matmul!(a, 27),
      torch.JitTypeError,
      "argument 'other': expected Tensor, got number",
    );
  });

  test("every overload gets the arguments untouched, so sum(tensor) is found", () => {
    const x = torch.tensor([[1, 2], [3, 4]]);
    assertEquals(aten.sum!(x).item(), 10);
    assertEquals(aten.sum!(x, [0]).toArray(), [4, 6]);
    assertEquals(aten.sum!(x, [1], kwargs({ keepdim: true })).toArray(), [[3], [7]]);
    assertEquals(aten.sum!(x, kwargs({ dtype: "float64" })).dtype, "float64");
  });

  test("ops that only TorchScript has", () => {
    assertEquals(aten.add!("a", "b"), "ab");
    assertEquals(aten.add!(1, 2), 3);
    assertEquals(aten.add!(1.5, 2), 3.5);
    assertEquals(aten.len!("abc"), 3);
    assertEquals(aten.len!([1, 2]), 2);
    assertEquals(aten.format!("{} and {}", 1, "x"), "1 and x");
    assertEquals(aten.complex === undefined, false);
  });

  test("lists and several results", () => {
    const parts = aten.split!(torch.arange(3), 2, 0) as torch.Tensor[];
    assertEquals(parts.map((part) => part.toArray()), [[0, 1], [2]]);
    assertEquals((aten.split!(torch.arange(3), 4, 0) as torch.Tensor[]).length, 1);
    torch.manualSeed(2);
    const m = torch.randn([3, 2]);
    const [q, r] = aten.linalg_qr!(m, "reduced") as torch.Tensor[];
    assert(torch.allclose(q!.matmul(r!), m, 1e-5, 1e-6));
  });

  test("one number stands for a list of fixed length, and a dtype has its name", () => {
    assertEquals(aten.avg_pool2d!(torch.ones([1, 1, 4, 4]), 2).shape, [1, 1, 2, 2]);
    assertEquals(aten.zeros!([2], kwargs({ dtype: "int32" })).dtype, "int32");
    assertThrows(
      () => aten.zeros!([2], kwargs({ dtype: "int33" })),
      torch.JitTypeError,
      "expected a dtype",
    );
  });

  test("errors say what each overload wanted", () => {
    const x = torch.ones([2]);
    assertThrows(() => aten.relu!(), torch.JitTypeError, "missing argument 'self'");
    assertThrows(() => aten.relu!(x, x), torch.JitTypeError, "expected at most 1 arguments, got 2");
    assertThrows(
      () => aten.relu!(x, kwargs({ z: 1 })),
      torch.JitTypeError,
      "unknown keyword argument 'z'",
    );
    assertThrows(() => aten.relu!(kwargs({ self: x }), x), TypeError, "only as the last argument");
    assertThrows(() => aten.relu!(Symbol("x")), TypeError, "argument 0 is Symbol(x)");
    const gone = torch.ones([1]);
    gone.dispose();
    assertThrows(() => aten.relu!(gone), torch.DisposedError);
  });

  test("gradients and traces go through", () => {
    const x = torch.tensor([-1, 2.5], { requiresGrad: true });
    aten.relu!(x).sum().backward();
    assertEquals(x.grad?.toArray(), [0, 1]);
    const traced = torch.jit.trace((y: torch.Tensor) => aten.relu!(y), [torch.ones([2])]);
    assertStringIncludes(String(traced.graph), "aten::relu");
  });

  test("an op that would end the process on what LibTorch does not check is refused", () => {
    const x = torch.ones([2, 3]);
    assertThrows(
      () => aten.native_batch_norm!(x, null, null, null, null, false, 0.1, 1e-5),
      torch.TorchError,
      "running_mean and running_var are needed",
    );
  });

  test("an op that would hardly end with a number is refused", () => {
    using x = torch.tensor([1, -2, 3.5]);
    const range = (ratio: number) =>
      torch.jit.ops.aten!.choose_qparams_optimized!(x, 3, 200, ratio, 8) as unknown as T[];
    // What PyTorch gives.
    torch.scope(() => assertEquals(range(0.5).map((one) => one.item()), [3.5, -2]));
    for (const ratio of [-0.1, 4e18, NaN]) {
      assertThrows(() => range(ratio), torch.TorchError, "ratio must be from 0 to 1, but got");
    }
  });

  test("an op that runs only as a node of a graph is refused", () => {
    const prim = ops.prim!;
    for (
      const name of ["ConstantChunk", "FusionGroup", "DifferentiableGraph", "RequiresGradCheck"]
    ) {
      const error = assertThrows(
        () => prim[name]!(),
        torch.TorchError,
        "runs only as a node of a graph",
      );
      assertEquals(error.kind, "notImplemented");
    }
  });

  test("no handle is left behind", () => {
    const x = torch.ones([2]);
    const before = liveCounts();
    aten.relu!(x).dispose();
    assertThrows(() => aten.matmul!(x, 1));
    assertBack(before);
  });
});

describe("jit.loadLibrary()", () => {
  test("adds the ops of another library", (t) => {
    // LibTorch's wheel brings a library of custom ops for its own tests.
    const link = readLink(projectRoot());
    const folder = link === null ? null : join(link.libtorch, "lib");
    const path = folder === null ? null : join(folder, "libaoti_custom_ops.so");
    if (path === null || !exists(path)) {
      return t.skip("LibTorch's zip brings no library of custom ops");
    }
    torch.jit.loadLibrary(path);
    const x = torch.ones([2]);
    assertEquals(torch.jit.ops.aoti_custom_ops!.custom_add!(x, x).toArray(), [2, 2]);
  });

  test("says why it cannot open one", () => {
    assertThrows(
      () => torch.jit.loadLibrary("/does/not/exist.so"),
      torch.TorchError,
      "could not be opened",
    );
    assertThrows(() => torch.jit.loadLibrary(1 as unknown as string), TypeError, "must be a path");
    const text = join(dirname(projectRoot()), "nothing.so");
    assertThrows(() => torch.jit.loadLibrary(text), torch.TorchError, text);
  });
});

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}
