import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { jit, nn } = torch;
type T = torch.Tensor;

test("oneDNN's graph compiler takes part once it is switched on, and gives the same results", () => {
  torch.manualSeed(3);
  const net = new nn.Sequential(new nn.Conv2d(3, 8, 3), new nn.ReLU(), new nn.Conv2d(8, 4, 3));
  const x = torch.randn([2, 3, 9, 9]);
  const frozen = jit.freeze(jit.trace(net.eval(), [x]));
  torch.noGrad(() => {
    const plain = frozen(x);
    assert(!String(frozen.graphFor(x)).includes("oneDNNFusionG"));
    assertEquals(jit.onednnFusionEnabled(), false);
    jit.enableOnednnFusion(true);
    try {
      assertEquals(jit.onednnFusionEnabled(), true);
      frozen.warmUp(x);
      assert(String(frozen.graphFor(x)).includes("oneDNNFusionG"));
      assert(torch.allclose(frozen(x), plain, { rtol: 1e-4, atol: 1e-5 }));
      // Another shape runs unfused.
      assertEquals(frozen(torch.ones([1, 3, 11, 7])).shape, [1, 4, 7, 3]);
    } finally {
      jit.enableOnednnFusion(false);
    }
    assertEquals(jit.onednnFusionEnabled(), false);
    frozen.warmUp(x);
    assert(!String(frozen.graphFor(x)).includes("oneDNNFusionG"));
  });
});

/** A fused model, once warm, and what it is to agree with. */
function fused<A extends T[]>(net: torch.nn.Module<A, T>, ...inputs: A): (...args: A) => T {
  const frozen = jit.freeze(jit.trace(net.eval(), inputs));
  jit.enableOnednnFusion(true);
  frozen.warmUp(...inputs);
  assert(String(frozen.graphFor(...inputs)).includes("oneDNNFusionG"));
  return (...args) => frozen(...args);
}

/** Runs without gradients and with the compiler. */
function withFusion(run: () => void): void {
  try {
    torch.noGrad(run);
  } finally {
    jit.enableOnednnFusion(false);
  }
}

describe("A fused model", () => {
  test("refuses as ever what it cannot take, and its kernels never get it", () =>
    withFusion(() => {
      torch.manualSeed(4);
      const net = new nn.Sequential(new nn.Linear(8, 8), new nn.GELU(), new nn.Linear(8, 2));
      const model = fused(net, torch.randn([2, 8]));
      const hostile = [
        torch.randn([]),
        torch.zeros([0]),
        torch.randn([2, 9]),
        torch.randn([2, 1]),
        torch.randn([3, 56]),
      ];
      // The executor watches the first, and makes kernels for what it saw.
      for (let i = 0; i < 4; i++) {
        for (const x of hostile) {
          assertThrows(() => model(x), torch.TorchError, x.dim() === 0 ? "at least 1D" : "multipl");
        }
        for (const shape of [[2, 8], [3, 8], [8], [0, 8], [1, 3, 8]]) {
          const x = torch.randn(shape);
          assert(torch.allclose(model(x), net(x), { rtol: 1e-4, atol: 1e-5 }), `${shape}`);
        }
      }
    }));

  test("goes on after shapes that failed, and after what has no memory", () =>
    withFusion(() => {
      torch.manualSeed(5);
      const net = new nn.Sequential(new nn.Conv1d(3, 8, 3), new nn.ReLU());
      const model = fused(net, torch.randn([1, 3, 9]));
      for (let i = 0; i < 3; i++) {
        for (const shape of [[3, 9], [1, 1, 3, 9], [1, 4, 9], [1, 3, 1], []]) {
          assertThrows(() => model(torch.randn(shape)), torch.TorchError);
        }
        assertThrows(() => model(torch.zeros([1, 3, 9], { device: "meta" })), torch.TorchError);
        for (const length of [9, 10, 63]) {
          const x = torch.randn([1, 3, length]);
          assert(torch.allclose(model(x), net(x), { rtol: 1e-4, atol: 1e-5 }), `${length}`);
        }
      }
    }));

  test("is right for every layout, whatever ran unfused before a kernel", () =>
    withFusion(() => {
      torch.manualSeed(6);
      const net = new nn.Sequential(
        new nn.Conv2d(4, 4, 3, { groups: 4, padding: 1 }),
        new nn.Hardswish(),
        new nn.Conv2d(4, 4, 1),
      );
      const model = fused(net, torch.randn([1, 4, 8, 8]));
      const inputs = [
        torch.randn([8, 8, 4, 1]).permute([3, 2, 1, 0]),
        torch.randn([1, 1, 1, 1]).expand([1, 4, 8, 8]),
        torch.randn([1, 8, 8, 4]).permute([0, 3, 1, 2]),
        torch.randn([1, 4, 8, 8]),
      ];
      for (let i = 0; i < 3; i++) {
        for (const [j, x] of inputs.entries()) {
          assert(torch.allclose(model(x), net(x), { rtol: 1e-4, atol: 1e-5 }), `input ${j}`);
        }
      }
    }));

  test("keeps numbers beside integers, and for floats that come later", () =>
    withFusion(() => {
      const run = (x: T, y: T): T => x.mul(0.3).add(y.mul(0.7)).sub(0.5).softmax(-1);
      const traced = jit.trace(run, [torch.zeros([3, 4]), torch.zeros([4])]);
      torch.manualSeed(9);
      const integers = torch.randint(-9, 9, [3, 4]);
      for (
        const [x, y] of [
          [integers, torch.randint(-9, 9, [4])],
          [torch.randn([3, 4]), torch.randn([4])],
          [torch.randn([3, 4]).double(), torch.randn([4]).double()],
          [integers.gt(0), torch.randn([4])],
        ] as const
      ) {
        for (let i = 0; i < 3; i++) {
          const found = traced(x, y) as T;
          const expected = run(x, y);
          assertEquals(found.dtype, expected.dtype);
          assert(torch.allclose(found, expected, { rtol: 1e-5, atol: 1e-6 }), `${x.dtype}`);
        }
      }
    }));

  test("may take an argument twice", () =>
    withFusion(() => {
      torch.manualSeed(11);
      const runs: ((x: T, y: T) => T)[] = [
        (x, y) => x.add(y).add(y).tanh(),
        (x, y) => x.mul(y).mul(y).relu(),
        (x, y) => x.add(y).tanh().maximum(x).sub(y).neg(),
        (x, y) => x.softmax(-1).mul(x.sigmoid()).add(x).mul(y),
      ];
      jit.enableOnednnFusion(true);
      for (const [i, run] of runs.entries()) {
        const traced = jit.trace(run, [torch.zeros([2, 4]), torch.zeros([4])]);
        for (const rows of [2, 2, 2, 5, 5, 2]) {
          const [x, y] = [torch.randn([rows, 4]), torch.randn([4])];
          const found = traced(x, y) as T;
          assert(torch.allclose(found, run(x, y), { rtol: 1e-4, atol: 1e-5 }), `function ${i}`);
        }
      }
    }));

  test("is right about rows beside more dimensions", () =>
    withFusion(() => {
      torch.manualSeed(12);
      const run = (x: T, y: T, z: T): T => x.abs().add(1).log().div(z).mul(y);
      const rows = () =>
        [torch.randn([2, 3, 4]), torch.randn([4]), torch.rand([4]).add(1)] as const;
      jit.enableOnednnFusion(true);
      const traced = jit.trace(run, [...rows()]);
      for (let i = 0; i < 4; i++) {
        const inputs = rows();
        const found = traced(...inputs) as T;
        assert(torch.allclose(found, run(...inputs), { rtol: 1e-4, atol: 1e-5 }));
      }
    }));

  test("leaves a program alone that takes no tensor", () =>
    withFusion(() => {
      const sources = ["(): return None", "(): return torch.ones(2)", "(n: int): return n + 1"];
      for (const source of sources) {
        const unit = jit.compile(`def f${source}\n`);
        jit.enableOnednnFusion(true);
        for (let i = 0; i < 4; i++) {
          const result = source.includes("int") ? unit.f!(jit.int(i)) : unit.f!();
          if (result instanceof torch.Tensor) assertEquals(result.toArray(), [1, 1]);
          else assertEquals(result, source.includes("int") ? i + 1 : null);
        }
        unit.dispose();
      }
    }));

  test("normalizes without weights", () =>
    withFusion(() => {
      torch.manualSeed(9);
      const f = (x: torch.Tensor) => nn.functional.layerNorm(x.tanh(), [4]);
      const traced = jit.trace(f, [torch.randn([2, 4])]);
      jit.enableOnednnFusion(true);
      for (let i = 0; i < 4; i++) {
        const x = torch.randn([2, 4]);
        const normal = traced(x);
        assert(torch.allclose(normal, f(x), { rtol: 1e-4, atol: 1e-5 }));
        assert(normal.mean(-1).abs().max().item() as number < 1e-5);
      }
    }));

  test("takes tensors without dimensions, and gives such", () =>
    withFusion(() => {
      torch.manualSeed(13);
      const F = nn.functional;
      const programs: ((x: T, y: T, w: T) => T)[] = [
        (x, y) => x.add(y).relu(),
        (x, y, w) => F.linear(x.matmul(w), w).add(y),
        (x, y, w) => F.linear(x.matmul(w), w).tanh().add(y.mul(0.7)),
        (x, y) => x.sum().mul(0.5).tanh().mul(y),
        (_, y) => y.mul(2).exp(),
      ];
      for (const [i, program] of programs.entries()) {
        const w = torch.randn([4, 4]);
        const traced = jit.trace(program, [torch.randn([2, 4]), torch.randn([]), w]);
        jit.enableOnednnFusion(true);
        for (let n = 0; n < 4; n++) {
          const [x, y] = [torch.randn([2, 4]), torch.randn([])];
          const [found, right] = [traced(x, y, w) as T, program(x, y, w)];
          assertEquals(found.shape, right.shape, `program ${i}`);
          assert(torch.allclose(found, right, { rtol: 1e-4, atol: 1e-5 }), `program ${i}`);
        }
        jit.enableOnednnFusion(false);
      }
    }));

  test("takes numbers that come of tensors, each used twice on the way", () =>
    withFusion(() => {
      const squares = "    z = z * z\n".repeat(60);
      const source = `def f(x, y):\n    z = y * 2\n${squares}    return x.relu() * int(z)\n`;
      const unit = jit.compile(source);
      jit.enableOnednnFusion(true);
      for (let i = 0; i < 4; i++) {
        const found = unit.f!(torch.tensor([-1.5, 2.5]), torch.tensor(0.5)) as T;
        assertEquals(found.toArray(), [0, 2.5]);
      }
      unit.dispose();
    }));

  test("goes on where one of two kernels in a row cannot run", () =>
    withFusion(() => {
      torch.manualSeed(14);
      // How many rows are picked decides what the second kernel gets, beside what the first one hands on.
      const program = (x: T, y: T, picked: T, w: T, b: T) =>
        nn.functional.linear(x.matmul(w), w, b).add(y.relu().index(picked.ne(0))).relu();
      const [x, y] = [torch.randn([2, 4]), torch.randn([3, 4])];
      const parameters = [torch.randn([4, 4]), torch.randn([4])] as const;
      const two = torch.tensor([true, false, true]);
      const one = torch.tensor([false, true, false]);
      jit.enableOnednnFusion(true);
      const traced = jit.trace(program, [x, y, two, ...parameters]);
      for (const picked of [two, two, two, one, two, one]) {
        const found = traced(x, y, picked, ...parameters) as T;
        const right = program(x, y, picked, ...parameters);
        assert(torch.allclose(found, right, { rtol: 1e-4, atol: 1e-5 }));
      }
      const graph = String(traced.graphFor(x, y, two, ...parameters));
      assertEquals(graph.match(/= prim::oneDNNFusionGroup/g)?.length, 2, graph);
    }));

  test("is one with the numbers of a trace's sizes in it", () =>
    withFusion(() => {
      torch.manualSeed(10);
      const net = new nn.TransformerEncoderLayer(16, 2, { dimFeedforward: 32, batchFirst: true });
      const frozen = jit.freeze(jit.trace(net.eval(), [torch.randn([2, 5, 16])]));
      jit.enableOnednnFusion(true);
      const x = torch.randn([2, 5, 16]);
      frozen.warmUp(x);
      assert(String(frozen.graphFor(x)).includes("oneDNNFusionG"));
      assert(torch.allclose(frozen(x), net(x), { rtol: 1e-4, atol: 1e-5 }));
    }));

  test("takes a tensor in oneDNN's layout for no result of a kernel", () =>
    withFusion(() => {
      torch.manualSeed(7);
      const net = new nn.Sequential(new nn.Conv2d(3, 8, 3), new nn.ReLU());
      const model = fused(net, torch.randn([1, 3, 9, 9]));
      const x = torch.randn([1, 3, 9, 9]);
      for (let i = 0; i < 3; i++) {
        const y = model(x.toMkldnn());
        assert(torch.allclose(y.toDense(), net(x), { rtol: 1e-4, atol: 1e-5 }));
      }
    }));
});

test("A program that is trained runs as it did while the graph compiler is on", () => {
  torch.manualSeed(8);
  class Net extends nn.Module<[T], T> {
    a = new nn.Conv2d(4, 4, 3, { padding: 1 });
    b = new nn.Conv2d(4, 4, 1);
    override forward(x: T): T {
      return this.a(x).add(this.b(x)).relu().mul(this.b(x)).sigmoid();
    }
  }
  const net = new Net();
  const traced = jit.trace(net, [torch.randn([1, 4, 6, 6])]);
  jit.enableOnednnFusion(true);
  try {
    for (let i = 0; i < 4; i++) {
      const x = torch.randn([1, 4, 6, 6]).requiresGrad_();
      const y = x.detach().requiresGrad_();
      traced(x).sum().backward();
      net(y).sum().backward();
      assert(torch.allclose(x.grad!, y.grad!, { rtol: 1e-4, atol: 1e-5 }));
    }
  } finally {
    jit.enableOnednnFusion(false);
  }
});

test("What an op does not implement is said without the interpreter's report", () => {
  const net = new nn.Sequential(new nn.Conv2d(3, 4, 3));
  const traced = jit.trace(net.eval(), [torch.randn([1, 3, 9, 9])]);
  const error = assertThrows(
    () => traced(torch.ones([1, 3, 9, 9]).to("bool")),
    torch.TorchError,
    "not implemented for 'Bool'",
  );
  assert(!error.message.includes("interpreter"), error.message);
});

test("enableOnednnFusion takes a boolean", () => {
  assertThrows(
    () => jit.enableOnednnFusion(1 as unknown as boolean),
    TypeError,
    "must be a boolean",
  );
});
