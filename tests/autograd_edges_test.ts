import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { autograd } = torch;
const { GradientEdge, getGradientEdge, incrementVersion, registerMultiGradHook } = autograd.graph;

const leaf = (...values: number[]) =>
  torch.tensor(values, { dtype: "float32", requiresGrad: true });
const lists = (all: (torch.Tensor | null)[]) => all.map((one) => one && one.toArray());

describe("Edges of the graph", () => {
  // The expected values are PyTorch's, of the same calls.
  const made = () => {
    const [x, w] = [leaf(1, 2), leaf(3, 4)];
    const y = x.mul(w);
    return { x, w, y, z: y.pow(2).sum() };
  };

  test("are inputs of grad, also where a leaf's gradient arrives", () => {
    const { x, w, y, z } = made();
    assertEquals(
      lists(autograd.grad(z, [getGradientEdge(y), getGradientEdge(w), x])),
      [[6, 16], [6, 32], [18, 64]],
    );
  });

  test("are outputs, and inputs of backward", () => {
    const { x, w, y } = made();
    const edge = getGradientEdge(y);
    autograd.backward(edge, torch.ones([2]), {
      retainGraph: true,
      inputs: [getGradientEdge(x)],
    });
    assertEquals([x.grad!.toArray(), w.grad], [[3, 4], null]);
    autograd.backward([edge], [torch.ones([2])], { inputs: w });
    assertEquals([x.grad!.toArray(), w.grad!.toArray()], [[3, 4], [1, 2]]);
    const { z, x: other } = made();
    assertEquals(lists(autograd.grad(getGradientEdge(z), other)), [[18, 64]]);
  });

  test("name the output of an op that has several", () => {
    const x = leaf(5, 7);
    const parts = x.unbind();
    const edge = getGradientEdge(parts[1]!);
    assertEquals([edge.node.name, edge.outputNr], ["UnbindBackward0", 1]);
    const product = parts[0]!.mul(parts[1]!);
    assertEquals(lists(autograd.grad(product, edge, { retainGraph: true })), [5]);
    const same = new GradientEdge(parts[1]!.gradFn!, 1);
    assertEquals(lists(autograd.grad(product, same)), [5]);
    assertEquals(String(same), "GradientEdge(<UnbindBackward0>, 1)");
  });

  test("keep the graph, not the tensor", () => {
    balanced(() => {
      using x = leaf(1, 2);
      using y = x.exp();
      using doubled = y.mul(2);
      using z = doubled.sum();
      using edge = getGradientEdge(y);
      assertEquals(edge.node.name, "ExpBackward0");
      y.dispose();
      doubled.dispose();
      const [gradient] = autograd.grad(z, edge);
      assertEquals(gradient!.toArray(), [2, 2]);
      gradient!.dispose();
      using other = getGradientEdge(x);
      assertEquals([other.node.name, other.outputNr], ["torch::autograd::AccumulateGrad", 0]);
    });
  });

  test("take derivatives of higher order", () => {
    const x = leaf(3);
    using edge = getGradientEdge(x);
    const [first] = autograd.grad(x.pow(3).sum(), edge, { createGraph: true });
    const [second] = autograd.grad(first!.sum(), edge);
    assertEquals([first!.toArray(), second!.toArray()], [[27], [18]]);
  });

  test("that took no part are refused, or null", () => {
    const { z } = made();
    const unused = getGradientEdge(leaf(1));
    const keep = { retainGraph: true };
    assertThrows(
      () => autograd.grad(z, unused, keep),
      torch.TorchError,
      "appears to not have been used in the graph",
    );
    assertEquals(
      autograd.grad(z, unused, { ...keep, allowUnused: true }),
      [
        null,
      ],
    );
    assertThrows(
      () => autograd.grad(z, unused, { ...keep, materializeGrads: true }),
      torch.TorchError,
      "'materializeGrads' cannot be used where an input is a GradientEdge",
    );
  });

  test("are refused with a sentence where they do not fit", () => {
    const { x, y } = made();
    const edge = getGradientEdge(y);
    const said = (
      call: () => unknown,
      text: string,
      // deno-lint-ignore no-explicit-any -- of whatever class
      type: new (...args: any[]) => Error = Error,
    ) => assertThrows(call, type, text);
    said(() => autograd.backward(edge), "grad can be implicitly created only for scalar outputs");
    said(
      () => autograd.grad(edge, x, { gradOutputs: torch.ones([3]) }),
      "Mismatch in shape: grad_output[0] has a shape of [3] and output[0] has a shape of [2].",
    );
    said(
      () => autograd.grad(edge, x, { gradOutputs: torch.ones([2], { dtype: "complex64" }) }),
      "both grad_output and output are required to have the same dtype",
    );
    said(
      () => autograd.grad(new GradientEdge(y.gradFn!, 7), x, { gradOutputs: torch.ones([2]) }),
      "outputs[0] is an edge to input 7 of MulBackward0, which has 1",
    );
    said(
      () => getGradientEdge(torch.ones([2])),
      "It is not possible to get the gradient edge for a Tensor that does not require gradients",
    );
    said(() => getGradientEdge(3 as never), "argument 'tensor' must be a Tensor", TypeError);
    said(() => new GradientEdge({} as never, 0), "'node' must be a node of the graph", TypeError);
    said(() => new GradientEdge(y.gradFn!, -1), "'outputNr' must be an integer", TypeError);
    said(() => autograd.grad(edge, []), "argument 'inputs' must not be empty", RangeError);
    said(() => autograd.grad("a" as never, x), "argument 'outputs' must be", TypeError);
    edge.dispose();
    said(() => autograd.backward(edge), "the node was disposed", torch.DisposedError);
  });
});

describe("registerMultiGradHook()", () => {
  test("calls once a pass, when all gradients that it computes are there", () => {
    const [a, b] = [leaf(1, 1), leaf(1, 1)];
    const c = a.mul(b);
    const seen: unknown[] = [];
    using handle = registerMultiGradHook([a, b, c], (all) => void seen.push(lists(all)));
    assertThrows(
      () => autograd.grad(c.sum(), a, { retainGraph: true }),
      torch.TorchError,
      "waits for a leaf, which autograd.grad() does not run",
    );
    autograd.grad(c.sum(), c, { retainGraph: true });
    c.sum().backward({ retainGraph: true });
    assertEquals(seen, [[null, null, [1, 1]], [[1, 1], [1, 1], [1, 1]]]);
    handle.remove();
    c.sum().backward();
    assertEquals(seen.length, 2);
  });

  test("in mode any with the first alone", () => {
    const [a, b] = [leaf(1, 1), leaf(1, 1)];
    const seen: unknown[] = [];
    using _ = registerMultiGradHook(
      [a, b, torch.ones([1])],
      (gradient) => void seen.push(gradient.toArray()),
      "any",
    );
    for (let pass = 0; pass < 2; pass++) a.mul(b).mul(3).sum().backward();
    assertEquals(seen, [[3, 3], [3, 3]]);
  });

  test("hears of leaves that later ops use, and of passes within passes", () => {
    const [a, b] = [leaf(2), leaf(3)];
    const seen: unknown[] = [];
    using _ = registerMultiGradHook([a, b], (all) => void seen.push(lists(all)));
    a.mul(b).sum().backward();
    const outer = a.mul(b).mul(2);
    outer.registerHook(() => torch.enableGrad(() => a.mul(5).sum().backward()));
    outer.sum().backward();
    assertEquals(seen, [[[3], [2]], [[5], null], [[6], [4]]]);
  });

  test("hands on what the function throws, and goes on after passes that failed", () => {
    const [a, b] = [leaf(2), leaf(3)];
    let calls = 0;
    using _ = registerMultiGradHook([a, b], () => {
      if (++calls === 1) throw new RangeError("mine");
    });
    assertThrows(() => a.mul(b).sum().backward(), RangeError, "mine");
    const failing = b.mul(1);
    using other = failing.registerHook(() => {
      throw new Error("on the way");
    });
    for (let i = 0; i < 100; i++) {
      assertThrows(() => a.mul(2).add(failing).sum().backward({ retainGraph: true }), Error);
    }
    other.remove();
    a.mul(b).sum().backward();
    assertEquals(calls, 2);
  });

  test("lives as long as its tensors", () => {
    balanced(() => {
      using a = leaf(1);
      using b = a.mul(2);
      registerMultiGradHook([a, b], (all) => all.forEach((one) => one?.dispose()));
      using c = b.sum();
      c.backward();
      a.grad = null;
    });
  });

  test("refuses what it cannot use", () => {
    const a = leaf(1);
    assertThrows(
      () => registerMultiGradHook([a, torch.ones([1])], () => {}),
      torch.TorchError,
      "cannot register a hook on a tensor that doesn't require gradient",
    );
    assertThrows(
      () => registerMultiGradHook([a], () => {}, "some" as never),
      RangeError,
      `argument 'mode' must be "all" or "any", but got "some"`,
    );
    assertThrows(() => registerMultiGradHook([a], 1 as never), TypeError, "must be a function");
    assertThrows(() => registerMultiGradHook([1 as never], () => {}), TypeError, "tensors[0]");
    using _ = registerMultiGradHook([a], (async () => {}) as never);
    assertThrows(() => a.sum().backward(), TypeError, "must be synchronous");
  });
});

describe("incrementVersion()", () => {
  test("makes a pass fail that saved what was before", () => {
    const x = leaf(1, 2);
    const [one, two] = [torch.ones([2]), torch.ones([2])];
    const y = x.mul(one).add(x.mul(two)).sum();
    incrementVersion([one]);
    assertThrows(
      () => y.backward(),
      torch.TorchError,
      "modified by an inplace operation",
    );
    const z = x.mul(one).sum();
    z.backward();
    assertEquals(x.grad!.toArray()[0], 1);
  });

  test("passes over tensors of inference mode, and refuses what is none", () => {
    incrementVersion(torch.inferenceMode(() => torch.ones([2])));
    assertThrows(() => incrementVersion(1 as never), TypeError, "argument 'tensor'");
    assert(true);
  });
});
