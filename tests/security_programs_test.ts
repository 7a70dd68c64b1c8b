import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import * as torch from "../mod.ts";
import { edited, unzip } from "./support/archive.ts";
import { balanced } from "./support/balance.ts";
import { forward, model } from "./support/hostile.ts";
import { folder } from "./support/program.ts";

const { jit } = torch;
const golden = (name: string) =>
  new Uint8Array(readFileSync(new URL(`golden/models/${name}.pt`, import.meta.url)));

/** A golden model with a part of its source replaced, wherever it stands. */
function rewritten(name: string, from: string, to: string): Uint8Array {
  const changes: Record<string, string | null> = {};
  let found = false;
  for (const [record, content] of unzip(golden(name))) {
    if (record.endsWith(".debug_pkl")) changes[record] = null;
    if (!record.endsWith(".py")) continue;
    const text = new TextDecoder().decode(content);
    found ||= text.includes(from);
    changes[record] = text.replaceAll(from, to);
  }
  assert(found, `${name} has ${from}`);
  return edited(golden(name), changes);
}

describe("What a program reaches is found", () => {
  const places: Record<string, [name: string, from: string, to: (call: string) => string]> = {
    "in a hook after forward": ["scripted_hooks", "torch.sub(output, (input)[0])", (call) => call],
    "in a hook before forward": [
      "scripted_hooks",
      "(torch.add((input)[0], 1),)",
      (call) => `(${call},)`,
    ],
    "in what implements an interface": ["interfaces", "torch.mul(x, x)", (call) => call],
    "in a property's getter": [
      "property_of_module",
      "torch.mul(value, 2)",
      (call) => `torch.mul(value, int(torch.numel(${call})))`,
    ],
    "in a submodule": ["submodule_methods", "torch.mul(x, scale)", (call) => call],
  };
  for (const [where, [name, from, to]] of Object.entries(places)) {
    test(where, () => {
      const source = [...unzip(golden(name))].find(([record, content]) =>
        record.endsWith(".py") && new TextDecoder().decode(content).includes(from)
      );
      assert(source !== undefined, `${name} has ${from}`);
      using here = folder();
      const made = here.file("made");
      const call = `torch.from_file(${JSON.stringify(made)}, True, 4)`;
      balanced(() => {
        const error = assertThrows(
          () => jit.load(rewritten(name, from, to(call))),
          torch.TorchError,
        );
        assertStringIncludes(error.message, "aten::from_file");
      });
      assert(!existsSync(made));
    });
  }

  test("in native classes, whose objects a file restores", () => {
    const { ops, refused } = jit.inspect(golden("dynamic_quantized_linear"));
    const restored = "__torch__.torch.classes.quantized.LinearPackedParamsBase.__setstate__";
    assert(ops.includes(restored), ops.join(" "));
    assertEquals(refused, []);
  });
});

describe("A program is refused that calls", () => {
  // What each does on LibTorch 2.13 with the wrong arguments is a signal, or memory of others.
  const calls: Record<string, string> = {
    "aten::set_": "x = torch.set_(x, torch.ones([1]))",
    "aten::as_strided_": "x = torch.as_strided_(x, [9], [1])",
    "aten::_reshape_alias": "x = torch._reshape_alias(x, [9], [1])",
    "aten::sparse_coo_tensor":
      "i = torch.zeros([1, 1], dtype=4)\nx = torch.to_dense(torch.sparse_coo_tensor(i, torch.ones([1]), [1]))",
    "aten::_indices": "x = torch.fill_(torch._indices(torch.to_sparse(x)), 1000000)",
    "aten::crow_indices": "x = torch.fill_(torch.crow_indices(torch.to_sparse_csr(x)), 1000000)",
    "aten::ctc_loss": "x = torch.ctc_loss(x, torch.to(x, 4), [1], [1], 0, 1, False)",
    "aten::segment_reduce":
      'x = torch.segment_reduce(x, "sum", lengths=torch.to(x, 4), unsafe=True)',
    "aten::native_batch_norm": "x, y, z = torch.native_batch_norm(x, x, x, x, x, False, 0.1, 0.1)",
    "aten::max_pool2d_with_indices_backward":
      "x = torch.max_pool2d_with_indices_backward(x, x, [2], [2], [0], [1], False, torch.to(x, 4))",
    "aten::_cummax_helper": "torch._cummax_helper(x, x, torch.to(x, 4), 0)",
    "aten::_convert_indices_from_coo_to_csr":
      "x = torch._convert_indices_from_coo_to_csr(torch.to(x, 4), 3)",
    "aten::_weight_int4pack_mm_for_cpu": "x = torch._weight_int4pack_mm_for_cpu(x, x, 32, x)",
    "aten::fbgemm_pack_gemm_matrix_fp16": "x = torch.fbgemm_pack_gemm_matrix_fp16(x)",
    "aten::mkldnn_rnn_layer":
      "x, h, c, w = torch.mkldnn_rnn_layer(x, x, x, x, x, x, x, False, [], 2, 1, 1, True, False, False, False)",
    "aten::_foreach_neg": "x = torch._foreach_neg([x])[0]",
    "profiler::_record_function_enter":
      'x = torch.fill_(ops.profiler._record_function_enter("x", None), 1)',
    "_test::leaky_relu": "x = ops._test.leaky_relu(x)",
    "mkldnn::_nbytes": "x = torch.add(x, ops.mkldnn._nbytes(x))",
    "prim::id": "x = torch.add(x, ops.prim.id(self))",
  };
  for (const [op, statements] of Object.entries(calls)) {
    test(op, () => {
      balanced(() => {
        const error = assertThrows(() => jit.load(model(forward(statements))), torch.TorchError);
        assertStringIncludes(error.message, `the program can call ${op}`);
      });
    });
  }

  test("a sort by its own comparison", () => {
    const source = `class C:
  a : int
  def __init__(self: __torch__.C) -> NoneType:
    self.a = 1
    return None
  def __lt__(self: __torch__.C, other: __torch__.C) -> bool:
    return True
`;
    const body = "c = __torch__.C.__new__(__torch__.C)\n_0 = (c).__init__()\nl = [c, c]\n" +
      "_1 = torch.sort(l, False)\nx = torch.add(x, (l[0]).a)";
    const error = assertThrows(() => jit.load(model(forward(body), source)), torch.TorchError);
    assertStringIncludes(error.message, "aten::sort.any");
    jit.load(model(forward("l = [2, 1]\n_0 = torch.sort(l, False)"))).dispose();
  });

  test("and one that honest networks are made of is not", () => {
    for (
      const statements of ["x = torch._softmax(x, 0, False)", "x = torch._unsafe_view(x, [-1])"]
    ) {
      jit.load(model(forward(statements))).dispose();
    }
  });
});

describe("What a program calls is checked as what JavaScript calls is", () => {
  const wrong: Record<string, string> = {
    "an LSTM's weights of another size":
      "h = torch.ones([1, 2, 800])\nw = [torch.ones([1, 4]), torch.ones([1, 8]), torch.ones([1]), torch.ones([1])]\n" +
      "y, a, b = torch.lstm(torch.ones([2, 2, 4]), [h, h], w, True, 1, 0., False, False, False)\nx = torch.sum(y)",
    "batch sizes below zero": "s = torch.tensor([2, -1000000], dtype=4)\n" +
      "y, l = torch._pad_packed_sequence(torch.zeros([3, 1]), s, False, 0., 5)\nx = torch.sum(y)",
    "a norm of another size":
      "y = torch._weight_norm(torch.ones([100000, 3]), torch.ones([7, 1]), 0)\nx = torch.sum(y)",
  };
  for (const [what, statements] of Object.entries(wrong)) {
    test(what, async () => {
      using x = torch.ones([2]);
      using script = jit.load(model(forward(statements)));
      assertThrows(() => script(x), torch.TorchError);
      await assertRejects(() => script.runAsync(x), torch.TorchError);
    });
  }

  test("and right ones compute", () => {
    const statements = "h = torch.zeros([1, 2, 3])\n" +
      "w = [torch.zeros([12, 4]), torch.zeros([12, 3]), torch.zeros([12]), torch.zeros([12])]\n" +
      "y, a, b = torch.lstm(torch.ones([2, 2, 4]), [h, h], w, True, 1, 0., False, False, False)\n" +
      "x = torch.sum(y)";
    using x = torch.ones([2]);
    using script = jit.load(model(forward(statements)));
    using y = script(x) as torch.Tensor;
    assertEquals(y.item(), 0);
  });
});

test("A class is refused that names a hook which it does not have, or not yet", () => {
  const names = "__forward_hooks__ = [";
  for (const hook of ['"absent", ', '"forward", "absent", ']) {
    const bytes = rewritten("scripted_hooks", `${names}"after_hook", `, names + hook);
    balanced(() => assertThrows(() => jit.load(bytes), torch.TorchError, "names a hook"));
  }
  const late = `    return (torch.add((input)[0], 1),)\n`;
  const bytes = rewritten("scripted_hooks", late, `${late}  __forward_hooks__ = ["pre_hook", ]\n`);
  balanced(() => assertThrows(() => jit.load(bytes), torch.TorchError));
  jit.load(golden("scripted_hooks")).dispose();
});

test("A sparse tensor of a file loads, but not one whose indices a program could change", () => {
  const u32 = (n: number) => String.fromCharCode(n & 255, n >> 8, 0, 0);
  const text = (value: string) => `X${u32(value.length)}${value}`;
  const dense = (key: string, type: string, sizes: string, strides: string) =>
    `ctorch._utils\n_rebuild_tensor_v2\n((${text("storage")}ctorch\n${type}\n${text(key)}${
      text("cpu")
    }K\x03tQK\x00(${sizes}t(${strides}t\x89ccollections\nOrderedDict\n)RtR`;
  const indices = (key: string) => dense(key, "LongStorage", "K\x01K\x03", "K\x03K\x01");
  const values = dense("1", "FloatStorage", "K\x03", "K\x01");
  // (layout, sizes, requires gradient, indices, values): 1 is the layout of coordinates.
  const sparse = `ctorch._utils\n_rebuild_sparse_tensor\n(K\x01(K\x04t\x89${
    indices("0")
  }${values}tR`;
  const file = (other: string) =>
    edited(model(forward("x = torch.to_dense(self.s)"), "").slice(), {
      "code/__torch__.py": `class PlaceholderModule(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  s : Tensor
  i : Tensor
${forward("x = torch.to_dense(self.s)")}`,
      "data.pkl": Uint8Array.from(
        `\x80\x02c__torch__\nPlaceholderModule\n)\x81}(${text("training")}\x89${
          text("s")
        }${sparse}${text("i")}${other}ub.`,
        (c) => c.charCodeAt(0),
      ),
      "data/0": new Uint8Array(new BigInt64Array([0n, 1n, 3n]).buffer),
      "data/1": new Uint8Array(new Float32Array([1, 2, 3]).buffer),
      "data/2": new Uint8Array(24),
    });
  using x = torch.ones([2]);
  using loaded = jit.load(file(indices("2")));
  using y = loaded(x) as torch.Tensor;
  assertEquals(y.toArray(), [1, 2, 0, 3]);
  const error = assertThrows(() => jit.load(file(indices("0"))), torch.TorchError);
  assertStringIncludes(error.message, "'0' is a part of a sparse tensor and of another tensor");
});

describe("A program that grows without bound when it is compiled is refused", () => {
  const deep = 30;
  const each = (first: string, next: (i: number) => string) =>
    first + Array.from({ length: deep }, (_, i) => next(i)).join("");
  const sources: Record<string, [string, string, string]> = {
    "functions that call the one before twice": [
      each(
        "def f0(x: Tensor) -> Tensor:\n  return torch.add(x, 1)\n",
        (i) =>
          `def f${
            i + 1
          }(x: Tensor) -> Tensor:\n  return torch.add(__torch__.f${i}(x), __torch__.f${i}(x))\n`,
      ),
      `x = __torch__.f${deep}(x)`,
      "comes to more than 300000 operations",
    ],
    "classes that hold the one before twice": [
      each(
        "class T0:\n  a : int\n",
        (i) => `class T${i + 1}:\n  a : __torch__.T${i}\n  b : __torch__.T${i}\n`,
      ),
      `t = unchecked_cast(Optional[__torch__.T${deep}], None)`,
      "when the classes in it are written out",
    ],
    "named tuples that hold the one before twice": [
      each(
        "class T0(NamedTuple):\n  a : int\n",
        (i) => `class T${i + 1}(NamedTuple):\n  a : __torch__.T${i}\n  b : List[__torch__.T${i}]\n`,
      ),
      `t = unchecked_cast(Optional[__torch__.T${deep}], None)`,
      "when the classes in it are written out",
    ],
    "a class that holds itself": [
      "class T(NamedTuple):\n  a : List[__torch__.T]\n",
      "x = x",
      "holds itself",
    ],
  };
  for (const [what, [source, statements, words]] of Object.entries(sources)) {
    test(what, () => {
      const bytes = model(forward(statements), source);
      const started = performance.now();
      balanced(() => {
        for (const run of [jit.load, jit.inspect]) {
          const error = assertThrows(() => run(bytes), torch.TorchError);
          assertStringIncludes(error.message, words);
        }
      });
      // Two to the thirtieth would take minutes.
      assert(performance.now() - started < 30_000);
    });
  }

  test("and memory that a program asks for without measure is an error of the call", () => {
    using script = jit.load(model(forward("x = torch.zeros([1099511627776])")));
    using x = torch.ones([2]);
    assertThrows(() => script(x), torch.TorchError);
  });
});
