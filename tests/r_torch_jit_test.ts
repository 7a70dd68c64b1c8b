// The tests of R's torch (mlverse/torch, tests/testthat: test-jit-compile.R, test-jit-execute.R, test-jit-ops.R and the one
// of TorchScript in test-nn-rnn.R), by their numbers in the order of those files.
import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import * as torch from "../mod.ts";
import { collectUntil } from "./support/collect.ts";

const { jit, nn } = torch;
type T = torch.Tensor;
const aten = jit.ops.aten!;

const source = `
def fn (x: Tensor):
  return torch.abs(x)

def foo (x):
  return torch.sum(x)
`;

describe("R's test-jit-compile.R", () => {
  test("C1 jit compile works", () => {
    const unit = jit.compile(source);
    assertEquals(unit.fn!(torch.tensor(-1)).item(), 1);
    assertEquals(unit.foo!(torch.tensor([1, 2, 3])).item(), 6);
  });

  test("C2 function are alive even if compilation unit dies", async () => {
    const taken = () => jit.compile(source).fn!;
    let fn: torch.jit.ScriptFunction | null = taken();
    let rounds = 0;
    await collectUntil(() => ++rounds === 2);
    assertEquals(fn(torch.tensor(-1)).item(), 1);
    fn = null;
    rounds = 0;
    await collectUntil(() => ++rounds === 2);
    assertEquals(fn, null);
  });
});

/** What both the test of the executor and that of the ops do in R. */
function runOps(): void {
  const [a, b] = [torch.randn([5, 4]), torch.randn([4, 5])];
  assertEquals(aten.matmul!(a, b).shape, [5, 5]);
  const out = torch.zeros([5, 5]);
  aten.matmul!(a, b, jit.kwargs({ out }));
  assert(torch.equal(out, a.matmul(b)));
  const parts = aten.split!(torch.arange(0, 4), 2, 0) as T[];
  assertEquals(parts.map((one) => one.toArray()), [[0, 1], [2, 3]]);
  const whole = aten.split!(torch.arange(0, 4), 4, 0) as T[];
  assertEquals(whole.map((one) => one.toArray()), [[0, 1, 2, 3]]);
  const m = torch.randn([5, 4]);
  const [q, r] = aten.linalg_qr!(m, "reduced") as [T, T];
  assert(torch.allclose(q.matmul(r), m, { atol: 1e-5 }));
}

describe("R's test-jit-execute.R", () => {
  test("E1 all operators are listed by name", () => {
    const names = Object.keys(aten);
    assert(names.length > 1000);
    assert(names.every((name) => typeof name === "string"));
    assert(names.includes("matmul"));
  });

  test("E2 operator info of aten::matmul", () => {
    assertEquals(aten.matmul!.schemas[0], "aten::matmul(Tensor self, Tensor other) -> Tensor");
  });

  test("E3 execute", () => {
    runOps();
    const [a, b] = [torch.randn([4, 5]), torch.randn([4, 5])];
    assertThrows(() => aten.matmul!(a, b), torch.TorchError, "cannot be multiplied");
    assertThrows(() => aten.matmul!(a, 27), torch.TorchError, "expected Tensor, got number");
  });

  test("E4 all schemas for an op", () => {
    const { schemas } = aten.conv2d!;
    assertEquals(schemas.length, 2);
    assertStringIncludes(schemas[1]!, "str padding");
    assert(!schemas[0]!.includes("str padding"));
    assertEquals(aten.matmul!.schemas.length, 2);
  });
});

describe("R's test-jit-ops.R", () => {
  test("O1 can access ops through jit_ops", () => {
    assertEquals(typeof aten.matmul, "function");
    runOps();
    assert(!("no_such_op" in aten));
    assert(!("no_such_namespace" in jit.ops));
  });

  test("O2 can print ops at all levels", () => {
    assertEquals(Object.prototype.toString.call(jit.ops), "[object jit.ops]");
    assertEquals(Object.prototype.toString.call(jit.ops.sparse), "[object jit.ops.sparse]");
    assertStringIncludes(String(jit.ops.prim!.ChunkSizes), "prim::ChunkSizes(");
    assertStringIncludes(
      String(aten.fft_fft),
      "aten::fft_fft(Tensor self, SymInt? n=None, int dim=-1, str? norm=None) -> Tensor",
    );
  });
});

describe("R's test-nn-rnn.R", () => {
  test("R1 gru can be traced", () => {
    class GRU extends nn.Module<[T], [T, T]> {
      weight_ih_l0 = new nn.Parameter(torch.randn([60, 10]).mul(0.2));
      weight_hh_l0 = new nn.Parameter(torch.randn([60, 20]).mul(0.2));
      bias_ih_l0 = new nn.Parameter(torch.randn([60]));
      bias_hh_l0 = new nn.Parameter(torch.randn([60]));
      override forward(x: T): [T, T] {
        const weights = [
          this.weight_ih_l0,
          this.weight_hh_l0,
          this.bias_ih_l0,
          this.bias_hh_l0,
        ];
        const state = torch.zeros([1, 3, 20]);
        return torch.gru(x, state, weights, true, 1, 0, this.training, false, false) as [T, T];
      }
    }
    const gru = new GRU();
    const traced = jit.trace(gru, [torch.randn([5, 3, 10])], { strict: false });
    const x = torch.randn([7, 3, 10]);
    const [output] = traced(x) as [T, T];
    assertInstanceOf(output, torch.Tensor);
    assert(torch.allclose(output, gru(x)[0], { atol: 1e-5 }));
  });
});
