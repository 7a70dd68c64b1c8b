import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { after, before, describe, test } from "node:test";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";
import { type Folder, folder } from "./support/program.ts";
import { python } from "./support/python.ts";

const { io, jit, nn, TorchError } = torch;

let here: Folder;

before(async () => {
  here = folder();
  await python("io_torch.py", "make", here.path);
});

after(() => here[Symbol.dispose]());

/** Frees all tensors of a loaded value. */
function free(value: unknown, seen: Set<unknown> = new Set()): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof torch.Tensor) return value.dispose();
  const parts = value instanceof Map || value instanceof Set
    ? value.values()
    : Object.values(value);
  for (const part of parts) free(part, seen);
}

/** A module and an optimizer after a step. */
function trained(): Record<string, unknown> {
  const net = new nn.Linear(2, 2);
  const optimizer = new torch.optim.Adam(net.parameters(), { lr: 0.125 });
  net(torch.ones([1, 2])).sum().backward();
  optimizer.step();
  return { trained: net.stateDict(), optimizer: optimizer.stateDict() };
}

/** A function's message. */
function messageOf(run: () => unknown): string {
  const error = assertThrows(run) as Error;
  assert(error instanceof TorchError, String(error));
  return error.message.replaceAll(here.path, "");
}

describe("io.load() of what torch.save wrote", () => {
  for (const file of ["values.pt", "legacy.pt", "protocol4.pt"]) {
    test(`${file}: plain values and containers come as JavaScript's`, () => {
      const v = io.load(here.file(file));
      assertEquals(v.tuple, [1, 2.5, "x", null, true, false, []]);
      assertEquals(v.numbers, [
        ...[0, 255, 256, -1, 65536, -(2 ** 31), 2 ** 31, 2 ** 53 - 1, 2n ** 53n, -(2n ** 70n)],
        ...[0.1, -0],
      ]);
      assertEquals(v.special, [Infinity, -Infinity, NaN]);
      assertEquals([v.text, v.size, v.pair], ["zażółć 🔥 \x00", [2, 3], { re: 1, im: -2 }]);
      assertEquals([v.dtype, v.device, v.layout], ["bfloat16", "cuda:1", "strided"]);
      assertEquals([v.set, v.bytes], [new Set([1, 2]), new Uint8Array([0, 255])]);
      assertEquals(v.bytearray, new TextEncoder().encode("hi"));
      assertEquals(v.ordered, { b: 1, a: [2] });
      assertEquals(v.byNumber, new Map<number, unknown>([[0, 1], [1, { x: 2 }]]));
      assertEquals(Object.getOwnPropertyDescriptor(v, "__proto__")?.value, "harmless");
      assertStrictEquals(v.loop[0], v.loop);
      free(v);
    });

    test(`${file}: tensors keep dtype, strides, sharing, gradient and identity`, () => {
      const v = io.load(here.file(file));
      assertEquals(v.base.toArray(), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]);
      assertEquals(v.transposed.stride(), [1, 4]);
      assertEquals([v.expanded.shape, v.expanded.stride()], [[3], [0]]);
      assertEquals([v.empty.shape, v.scalar.item(), v.meta.device], [[0, 3], 7, "meta"]);
      assertStrictEquals(v.again, v.base);
      v.base.setAt([1], 100);
      assertEquals(v.row.toArray(), [100, 100, 100, 100]);
      assertEquals(v.transposed.index(0).toArray(), [0, 100, 8]);
      assert(v.parameter instanceof nn.Parameter && v.parameter.requiresGrad);
      assert(v.frozen instanceof nn.Parameter && !v.frozen.requiresGrad);
      assert(v.leaf.requiresGrad && !(v.leaf instanceof nn.Parameter));
      assertEquals(v.conjugate.toArray(), [{ re: 1, im: -2 }, { re: 3, im: 1 }]);
      assertEquals(v.imaginary.toArray(), [-2, 1]);
      assertEquals(torch.dequantize(v.quantized).toArray(), [1, 2]);
      assertEquals(torch.dequantize(v.channels).toArray(), [[1, 2], [3, 4]]);
      for (const [dtype, tensor] of Object.entries(v.dtypes as Record<string, torch.Tensor>)) {
        assertEquals<string>(tensor.dtype, dtype);
        const plain = dtype === "complex32" ? torch.viewAsReal(tensor).select(1, 0) : tensor;
        const real = dtype.startsWith("complex") && dtype !== "complex32"
          ? torch.real(plain)
          : plain;
        const expected = dtype === "bool" ? [1, 1, 0] : [1, 2, 0];
        assertEquals(real.to({ dtype: "float32" }).toArray(), expected, dtype);
      }
      free(v);
    });
  }

  test("a state dict fits a module, and an optimizer's keeps its numbers as keys", () => {
    const expected = JSON.parse(readFileSync(here.file("values.json"), "utf8"));
    const net = new nn.Linear(2, 2);
    const state = io.load(pathToFileURL(here.file("state.pt")));
    net.loadStateDict(state);
    assertEquals(net.weight.toArray(), expected.weight);
    assertEquals(Object.keys(state), ["weight", "bias"]);
    const { optimizer } = io.load(readFileSync(here.file("values.pt")));
    assertEquals([...optimizer.state.keys()], [0, 1]);
    assertEquals(optimizer.param_groups[0].betas, [0.9, 0.999]);
  });

  test("frees everything but what it returns", () => {
    balanced(() => {
      const [base, row] = io.load(here.file("tensors.pt"));
      base.dispose();
      assertEquals(row.toArray(), [4, 5, 6, 7]);
      row.dispose();
    });
    balanced(() => {
      const bytes = readFileSync(here.file("tensors.pt"));
      const five = bytes.indexOf(new Uint8Array(new Float32Array([5]).buffer));
      bytes[five + 3]! ^= 1;
      assertEquals(
        messageOf(() => io.load(bytes)),
        "io.load(): the file given as bytes is damaged: the record 'tensors/data/0' is not what was written (its CRC-32 " +
          "differs)",
      );
    });
  });

  test("tells what a file is that it does not read", () => {
    const name = (file: string) => messageOf(() => io.load(here.file(file)));
    assertEquals(
      name("script.pt"),
      "io.load(): /script.pt is a TorchScript program: load it with jit.load()",
    );
    assertEquals(
      name("module.pt"),
      "io.load(): /module.pt is refused: it names torch.nn.modules.linear.Linear, which is not on the list of what data " +
        "of tensors needs",
    );
    assertEquals(
      name("values.json"),
      "io.load(): /values.json is no file of torch.save's: it is neither a zip archive nor a pickle",
    );
    assert(name("absent.pt").startsWith("io.load(): the file /absent.pt could not be read: "));
    assertThrows(() => io.load(3 as unknown as string), TypeError);
    assertThrows(() => io.load(new URL("https://example.org/a.pt")), TypeError);
    assertThrows(() => io.load(here.file("values.pt"), { device: "nowhere" }));
  });
});

describe("io.save()", () => {
  test("is read by torch.load(weights_only=True): what was loaded, and what was made here", async () => {
    const loaded = io.load(here.file("values.pt"));
    io.save(loaded, here.file("saved.pt"));
    const whole = torch.arange(6).reshape([2, 3]);
    io.save({
      tuple: jit.tuple([1, "a"]),
      float: jit.float(1),
      map: new Map<unknown, unknown>([[1, "one"], [null, 2.5]]),
      big: 2n ** 64n,
      ...trained(),
      net: new nn.Linear(2, 2).stateDict(),
      parameter: new nn.Parameter(torch.ones([2])),
      whole,
      view: whole.index(1),
    }, pathToFileURL(here.file("ours.pt")));
    await python("io_torch.py", "check", here.path);
  });

  test("gives back what it was given, and leaves nothing alive", () => {
    balanced(() => {
      using x = torch.tensor([[0, 1, 2], [3, 4, 5]]);
      using view = x.index("...", 1);
      const shared = [1, 2];
      const bytes = io.serialize({ x, view, shared, again: shared, none: undefined, n: -1.5 });
      const back = io.load(bytes);
      assertStrictEquals(back.shared, back.again);
      assertEquals([back.none, back.n], [null, -1.5]);
      assertEquals([back.view.stride(), back.view.toArray()], [[3], [1, 4]]);
      back.x.setAt([0, 1], 9);
      assertEquals(back.view.toArray(), [9, 4]);
      assertEquals(x.toArray(), [[0, 1, 2], [3, 4, 5]]);
      free(back);
    });
  });

  test("sparse coordinates go both ways, and those outside of the shape are refused", async () => {
    balanced(() => {
      const read = io.load(here.file("sparse.pt"));
      using dense = read.toDense();
      assertEquals(dense.toArray(), [[1, 0], [0, 1]]);
      io.save([read], here.file("sparse-ours.pt"));
      const back = io.load(here.file("sparse-ours.pt"));
      using again = back[0].toDense();
      assertEquals(again.toArray(), [[1, 0], [0, 1]]);
      free([read, back]);
    });
    await python("io_torch.py", "sparse", here.path);
    balanced(() => {
      const text = messageOf(() => io.load(here.file("sparse-outside.pt")));
      assert(
        text.includes("/sparse-outside.pt is refused: it has a sparse tensor that is none"),
        text,
      );
    });
  });

  test("a hole in an array is None", () => {
    assertEquals(io.load(io.serialize(Array(3))), [null, null, null]);
  });

  test("the same value gives the same bytes", () => {
    const value = { a: torch.ones([3]), b: [1, "x"] };
    assertEquals(io.serialize(value), io.serialize(value));
  });

  test("names the path to what cannot be saved", () => {
    const message = (value: unknown) => (assertThrows(() => io.serialize(value)) as Error).message;
    assertEquals(
      message({ a: [1, { b: new Date() }] }),
      'io.save(): \'value["a"][1]["b"]\' is an instance of Date, and only tensors, plain containers and plain values ' +
        "are saved (of a module or an optimizer its stateDict())",
    );
    assert(message(new nn.Linear(1, 1)).includes("stateDict()"));
    assert(message([Symbol("x")]).includes("'value[0]'"));
    assert(message("half \ud800").includes("surrogate"));
    assert(message(1n << 3000n).includes("255 bytes"));
    const disposed = torch.ones([1]);
    disposed.dispose();
    assert(message([disposed]).includes("disposed"));
    const x = torch.ones([4]);
    assert(message([x, x.view("int32")]).includes("another dtype"));
    let deep: unknown[] = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    assert(message(deep).includes("nested more than 1000 deep"));
  });
});
