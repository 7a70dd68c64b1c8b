/** What a Sequential frees between its layers, and what it must not. */
import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced, liveCounts } from "./support/balance.ts";

const { nn } = torch;
type T = torch.Tensor;

function inScope(run: () => void): void {
  balanced(() => torch.scope(run));
}

/** Keeps what it is given and what it gives. */
class Keeper extends nn.Module<[T], T> {
  seen: T[] = [];

  override forward(x: T): T {
    const y = x.mul(2);
    this.seen.push(x, y);
    return y;
  }
}

/** Keeps what it is given, and gives it back. */
class Witness extends nn.Module<[T], T> {
  seen: T | null = null;

  override forward(x: T): T {
    return this.seen = x;
  }
}

function isAlive(x: T): boolean {
  return Number.isFinite(x.sum().item());
}

function layers(): [torch.nn.Linear, torch.nn.ReLU, torch.nn.Linear] {
  torch.manualSeed(3);
  return [new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2)];
}

describe("Sequential", () => {
  test("leaves its result alone alive, of layers of the library's", () => {
    inScope(() => {
      const [first, , last] = layers();
      using net = new nn.Sequential(
        first,
        new nn.ReLU(),
        new nn.Dropout(0.5),
        last,
        new nn.Flatten(),
      );
      const x = torch.ones([3, 4]);
      const before = liveCounts().tensors;
      const y = net(x);
      assertEquals(liveCounts().tensors, before + 1);
      torch.noGrad(() => net(x)).dispose();
      assertEquals(liveCounts().tensors, before + 1);
      assert(isAlive(x) && isAlive(y));
    });
  });

  test("has the gradients of its layers called one by one", () => {
    inScope(() => {
      const [first, relu, last] = layers();
      const x = torch.linspace(-1, 1, 12).view([3, 4]);
      const gradients = (run: () => T) => {
        run().sum().backward();
        const { weight } = first;
        const values = weight.grad!.toArray();
        weight.grad = null;
        return values;
      };
      using net = new nn.Sequential(first, relu, last);
      const expected = gradients(() => last(relu(first(x))));
      assertEquals(gradients(() => net(x)), expected);
    });
  });

  test("gives back an input that no layer changes", () => {
    inScope(() => {
      const x = torch.ones([2, 4]);
      const idle = () => new nn.Dropout(0.5).eval();
      using first = new nn.Linear(4, 4);
      new nn.Sequential(new nn.Identity(), idle(), first)(x);
      new nn.Sequential(new nn.ReLU({ inplace: true }), first, idle(), idle())(x);
      assert(isAlive(x));
    });
  });

  test("frees nothing that another's layer was given, or gave", () => {
    inScope(() => {
      const [first, relu, last] = layers();
      const [keeper, witness] = [new Keeper(), new Witness()];
      using net = new nn.Sequential(first, keeper, relu, witness, last);
      net(torch.ones([2, 4]));
      assert(keeper.seen.length === 2 && keeper.seen.every(isAlive));
      assert(isAlive(witness.seen!));
    });
  });

  test("frees nothing that a hook was shown, or a forward of the caller's", () => {
    inScope(() => {
      const [first, relu, last] = layers();
      const seen: T[] = [];
      relu.registerForwardHook((_module, args, output) => void seen.push(args[0] as T, output));
      const inner = new nn.Tanh();
      inner.forward = (x) => {
        seen.push(x);
        return x.tanh();
      };
      using net = new nn.Sequential(first, relu, inner, last);
      net(torch.ones([2, 4]));
      assertEquals(seen.length, 3);
      assert(seen.every(isAlive));
    });
  });

  test("is traced as before", () => {
    inScope(() => {
      using net = new nn.Sequential(...layers());
      const x = torch.ones([2, 4]);
      using traced = torch.jit.trace(net, [x]);
      assertEquals((traced(x) as T).toArray(), net(x).toArray());
    });
  });
});

describe("a layer of a transformer", () => {
  test("frees nothing of a part whose forward was replaced", () => {
    inScope(() => {
      torch.manualSeed(3);
      using layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 8 });
      const seen: T[] = [];
      const { linear1 } = layer;
      const forward = linear1.forward.bind(linear1);
      linear1.forward = (x: T) => {
        const y = forward(x);
        seen.push(y);
        return y;
      };
      layer.train()(torch.randn([3, 1, 4])).sum().backward();
      assertEquals(seen.length, 1);
      assert(isAlive(seen[0]!));
    });
  });
});
