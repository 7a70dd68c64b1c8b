import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";
import { folder } from "./support/program.ts";

const { jit, nn } = torch;
type T = torch.Tensor;

/** Two recurrent networks, one after the other, of other sizes, kinds and orders. */
class Recurrent extends nn.Module<[T], T> {
  first = new nn.LSTM(12, 32, { numLayers: 2, batchFirst: true });
  second = new nn.LSTM(32, 8, { bidirectional: true, bias: false });
  override forward(x: T): T {
    const [y] = this.first(x);
    return this.second(y)[0];
  }
}

function recurrent(): { net: Recurrent; traced: torch.jit.LoadedModule } {
  torch.manualSeed(11);
  const net = new Recurrent();
  net.eval();
  return { net, traced: jit.trace(net, [torch.randn([1, 5, 12])]) };
}

function convolution(): torch.jit.LoadedModule {
  torch.manualSeed(12);
  const net = new nn.Sequential(new nn.Conv2d(3, 8, 3), new nn.ReLU());
  return jit.trace(net.eval(), [torch.randn([1, 3, 9, 9])]);
}

describe("An error within a frozen module", () => {
  // LibTorch deletes the methods that it has inlined, and asks them for their names here.
  for (const name of ["freeze", "optimizeForInference"] as const) {
    test(`is thrown: jit.${name}`, () => {
      const net = new nn.Sequential(new nn.LSTM(128, 256, { numLayers: 2, batchFirst: true }));
      const model = jit[name](jit.trace(net.eval(), [torch.randn([1, 32, 128])]));
      for (let i = 0; i < 4; i++) {
        model(torch.zeros([1, 32, 128]));
        assertThrows(
          () => model(torch.zeros([1, 2, 3])),
          torch.TorchError,
          "Expected a weight of shape [1024, 3], but got [1024, 128]",
        );
      }
    });
  }
});

describe("jit.optimizeForInference packs the weights of LSTMs", () => {
  test("once, and the results are the same to the last bit", () => {
    const { net, traced } = recurrent();
    const fast = jit.optimizeForInference(traced);
    torch.noGrad(() => {
      fast.warmUp(torch.randn([1, 5, 12]));
      assertEquals(
        String(fast.graphFor(torch.randn([1, 5, 12]))).match(/flambeau::packed_lstm/g)?.length,
        2,
      );
      for (const shape of [[1, 5, 12], [1, 1, 12], [2, 7, 12], [16, 3, 12]]) {
        const x = torch.randn(shape);
        assert(torch.equal(fast(x), net(x)), `batches of ${shape}`);
        assertEquals(fast(x).stride(), net(x).stride());
      }
    });
    torch.inferenceMode(() => {
      const x = torch.randn([3, 5, 12]);
      assert(torch.equal(fast(x), net(x)));
    });
  });

  test("in bfloat16 too", () => {
    torch.manualSeed(13);
    const net = new Recurrent().bfloat16().eval();
    const x = torch.randn([1, 5, 12]).to("bfloat16");
    const traced = torch.noGrad(() => jit.trace(net, [x]));
    const fast = jit.optimizeForInference(traced);
    torch.noGrad(() => {
      fast.warmUp(x);
      assert(String(fast.graphFor(x)).includes("flambeau::packed_lstm"));
      assert(torch.equal(fast(x), net(x)));
    });
  });

  test("and gives LibTorch's own op what asks for more: gradients, vmap, a trace", () => {
    const { net, traced } = recurrent();
    const fast = jit.optimizeForInference(traced);
    torch.noGrad(() => fast.warmUp(torch.randn([1, 5, 12])));
    const gradient = (model: (x: T) => T) => {
      torch.manualSeed(14);
      const x = torch.randn([2, 5, 12], { requiresGrad: true });
      model(x).sum().backward();
      return x.grad!;
    };
    const optimized = gradient((x) => fast(x));
    assert(torch.allclose(optimized, gradient((x) => net(x)), { rtol: 1e-5, atol: 1e-6 }));
    torch.noGrad(() => {
      const x = torch.randn([2, 5, 12]);
      const each = (model: (x: T) => T) => torch.func.vmap((one: T) => model(one.unsqueeze(0)))(x);
      for (const model of [fast, net]) {
        assertThrows(() => each((x) => model(x)), torch.TorchError, "rule not implemented");
      }
      const again = jit.trace(new nn.Sequential(fast as unknown as torch.nn.Module<[T], T>), [x]);
      assert(torch.equal(again(x), net(x)));
    });
  });

  test("and says what is wrong with an input as before", () => {
    const fast = jit.optimizeForInference(recurrent().traced);
    torch.noGrad(() => {
      fast.warmUp(torch.randn([1, 5, 12]));
      assertThrows(() => fast(torch.randn([5, 12])), torch.TorchError, "of 3 dimensions");
      assertThrows(() => fast(torch.randn([1, 5, 13])), torch.TorchError, "[128, 13]");
      assertThrows(
        () => fast(torch.zeros([1, 5, 12], { dtype: "float64" })),
        torch.TorchError,
        "Double and Float",
      );
      assertThrows(() => fast(torch.zeros([0, 5, 12])), torch.TorchError);
    });
  });

  test("for many callers at once", async () => {
    const { net, traced } = recurrent();
    const fast = jit.optimizeForInference(traced);
    const inputs = Array.from({ length: 12 }, (_, i) => torch.randn([1 + i % 3, 5, 12]));
    const results = await Promise.all(
      inputs.map((x) => torch.noGrad(() => fast.runAsync(x) as Promise<T>)),
    );
    torch.noGrad(() => {
      for (const [i, x] of inputs.entries()) assert(torch.equal(results[i]!, net(x)), `${i}`);
    });
  });

  test("and only of those whose weights are constants", () => {
    torch.manualSeed(15);
    const unit = jit.compile(`
def run(x: Tensor, hx: List[Tensor], weights: List[Tensor]) -> Tensor:
    return torch.lstm(x, hx, weights, False, 1, 0.0, False, False, False)[0]
`);
    const weights = [torch.randn([32, 4]), torch.randn([32, 8])];
    const states = [torch.zeros([1, 2, 8]), torch.zeros([1, 2, 8])];
    torch.noGrad(() => {
      const x = torch.randn([5, 2, 4]);
      for (let i = 0; i < 3; i++) unit.run!(x, states, weights);
      assert(!String(unit.run!.graphFor(x, states, weights)).includes("packed"));
    });
  });

  test("and the module can be saved, and loaded as any other", () => {
    const { net, traced } = recurrent();
    const fast = jit.optimizeForInference(traced);
    const x = torch.randn([2, 5, 12]);
    const loaded = jit.deserialize(fast.serialize());
    torch.noGrad(() => {
      assert(torch.equal(loaded(x), net(x)));
      assert(!String(loaded.graphFor(x)).includes("packed"));
    });
  });

  test("and frees them with the module", () => {
    const { traced } = recurrent();
    balanced(() => {
      torch.scope(() => {
        const fast = jit.optimizeForInference(traced);
        torch.noGrad(() => fast.warmUp(torch.randn([1, 5, 12])));
        fast.dispose();
      });
    });
  });
});

describe("jit.optimizeForInference keeps what it is told to", () => {
  class Two extends nn.Module<[T], T> {
    convolution = new nn.Conv2d(3, 4, 3);
    recurrent = new nn.LSTM(4, 8);
    scale = this.registerBuffer(torch.full([1], 2));
    override forward(x: T): T {
      return this.convolution(x);
    }
    other(x: T): T {
      return this.recurrent(x)[0].mul(this.scale);
    }
  }
  torch.manualSeed(16);
  const net = new Two();
  net.eval();
  const image = torch.randn([1, 3, 9, 9]);
  const text = torch.randn([5, 1, 4]);
  const traced = jit.traceModule(net, { forward: [image], other: [text] });
  const preserve = ["other", "scale", "forward"];

  test("methods, which are optimized too, and attributes", () => {
    const fast = jit.optimizeForInference(traced, { preserve });
    torch.noGrad(() => {
      fast.other.warmUp(text);
      assert(torch.equal(fast.other(text), net.other(text)));
      assert(String(fast.other.graphFor(text)).includes("flambeau::packed_lstm"));
      assert(String(fast.graph).includes("mkldnn_convolution"));
    });
    assertEquals(fast.scale.toArray(), [2]);
  });

  test("and the module that it is given", () => {
    const frozen = jit.freeze(traced, { preserve });
    const before = String(frozen.graph);
    const fast = jit.optimizeForInference(frozen, { preserve });
    assertEquals(String(frozen.graph), before);
    assert(String(fast.graph).includes("mkldnn_convolution"));
  });

  test("and says what is not there", () => {
    assertThrows(
      () => jit.optimizeForInference(traced, { preserve: ["absent"] }),
      torch.TorchError,
      "no method or attribute 'absent'",
    );
  });
});

describe("What jit.optimizeForInference made for this machine", () => {
  const message = "save the module that it was made from";

  test("is not saved, and a file that was there stays", async () => {
    const fast = jit.optimizeForInference(convolution());
    using here = folder();
    const path = here.file("there.pt");
    writeFileSync(path, "what was there");
    assertThrows(() => jit.save(fast, path), Error, message);
    assertThrows(() => fast.serialize(), Error, message);
    await assertRejects(() => jit.saveAsync(fast, path), Error, message);
    assertEquals(readFileSync(path, "utf8"), "what was there");
    const other = here.file("not there.pt");
    assertThrows(() => fast.save(other), Error, message);
    assert(!existsSync(other));
  });

  test("gives the results of what it was made from", () => {
    const traced = convolution();
    const fast = jit.optimizeForInference(traced);
    torch.noGrad(() => {
      for (const batch of [1, 4]) {
        const x = torch.randn([batch, 3, 9, 9]);
        assert(torch.allclose(fast(x), traced(x), { rtol: 1e-4, atol: 1e-5 }));
      }
    });
  });
});
