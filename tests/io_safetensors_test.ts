import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";
import { folder } from "./support/program.ts";

const { io } = torch;

/** A file that Python's safetensors wrote: tests/python/make_io_golden.py. */
function golden(name: string): string {
  return fileURLToPath(new URL(`./golden/io/${name}.safetensors`, import.meta.url));
}

function free(tensors: Record<string, torch.Tensor>): void {
  for (const tensor of Object.values(tensors)) tensor.dispose();
}

/** A file of a header and so many bytes. */
function file(header: unknown, bytes = 0): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const made = new Uint8Array(8 + json.length + bytes);
  new DataView(made.buffer).setBigUint64(0, BigInt(json.length), true);
  made.set(json, 8);
  return made;
}

function refusal(bytes: Uint8Array): string {
  const error = assertThrows(() => io.loadSafetensors(bytes)) as Error;
  assert(error instanceof torch.TorchError, String(error));
  return error.message.replace("io.loadSafetensors(): the file given as bytes is ", "");
}

describe("safetensors", () => {
  test("of Python's are loaded, in every dtype that the format and PyTorch share", () => {
    const tensors = io.loadSafetensors(golden("dtypes"));
    assertEquals(Object.keys(tensors).length, 16);
    for (const [dtype, tensor] of Object.entries(tensors)) {
      assertEquals<unknown>([tensor.dtype, tensor.shape], [dtype, [1, 3]]);
      const real = dtype === "complex64" ? torch.real(tensor) : tensor;
      assertEquals(real.double().toArray(), [dtype === "bool" ? [1, 1, 0] : [1, 2, 0]], dtype);
    }
    const names = io.loadSafetensors(readFileSync(golden("names")));
    assertEquals(names.scalar!.item(), 1.5);
    assertEquals(names.empty!.shape, [0, 3]);
    assertEquals(names['with "quotes" and ż']!.toArray(), [0, 1, 2, 3]);
  });

  test("of ours are the very bytes of Python's", () => {
    using here = folder();
    for (const [name, metadata] of [["dtypes", { format: "pt" }], ["names", undefined]] as const) {
      const tensors = io.loadSafetensors(golden(name));
      const reversed = Object.fromEntries(Object.entries(tensors).reverse());
      io.saveSafetensors(reversed, here.file(name), metadata);
      assertEquals(
        new Uint8Array(readFileSync(here.file(name))),
        new Uint8Array(readFileSync(golden(name))),
        name,
      );
      free(tensors);
    }
  });

  test("tell what they hold without being loaded, and give single tensors", () => {
    const info = io.inspectSafetensors(golden("names"));
    assertEquals(info.metadata, {});
    assertEquals(info.tensors.b, { dtype: "float32", shape: [2, 3] });
    assertEquals(io.inspectSafetensors(golden("dtypes")).metadata, { format: "pt" });
    assertEquals(Object.keys(io.loadSafetensors(golden("names"), { names: ["b"] })), ["b"]);
    assertThrows(() => io.loadSafetensors(golden("names"), { names: ["c"] }), RangeError);
  });

  test("hold what views, conjugates and gradients show, and leave nothing alive", () => {
    using here = folder();
    balanced(() => {
      using x = torch.tensor([[1, 2], [3, 4]], { dtype: "float32", requiresGrad: true });
      using t = x.t();
      using part = x.index(1);
      using z = torch.tensor([{ re: 1, im: 2 }]);
      using conj = z.conj();
      io.saveSafetensors(new Map([["t", t], ["part", part], ["conj", conj]]), here.file("a"));
      const back = io.loadSafetensors(here.file("a"));
      assertEquals(back.t!.toArray(), [[1, 3], [2, 4]]);
      assertEquals(back.part!.toArray(), [3, 4]);
      assertEquals(back.conj!.toArray(), [{ re: 1, im: -2 }]);
      assertEquals(back.t!.requiresGrad, false);
      free(back);
    });
  });

  test("a name may be any string", () => {
    using here = folder();
    const tensors = Object.fromEntries([["", torch.ones([1])], ["a.b", torch.ones([2])]]);
    Object.defineProperty(tensors, "__proto__", { value: torch.ones([3]), enumerable: true });
    io.saveSafetensors(tensors, here.file("a"));
    const back = io.loadSafetensors(here.file("a"));
    assertEquals(Object.keys(back).sort(), ["", "__proto__", "a.b"]);
    assertEquals(Object.getPrototypeOf(back), Object.prototype);
  });

  test("what is no tensor, and what the format has not, is refused by name", () => {
    using here = folder();
    const message = (tensors: unknown, metadata?: unknown) =>
      (assertThrows(() =>
        io.saveSafetensors(tensors as never, here.file("a"), metadata as never)
      ) as Error)
        .message.replace("io.saveSafetensors(): ", "");
    const x = torch.ones([2]);
    assertEquals(message({ a: 1 }), "argument 'tensors[\"a\"]' must be a Tensor, but got 1");
    assert(message({ a: x.to("complex128") }).includes("complex128, which the format has not"));
    assert(message({ __metadata__: x }).includes("keeps for itself"));
    assert(message({ a: torch.eye(2).toSparse() }).includes("must be a dense tensor"));
    assert(message({ a: x }, { a: 1 }).includes("'metadata[\"a\"]' must be a string"));
    assert(message([x]).includes("must be an object of tensors by name"));
    assertThrows(() => io.loadSafetensors(here.file("a")), torch.TorchError); // none was left
  });

  test("a header that lies is refused with the reason", () => {
    const f32 = (shape: unknown, ...offsets: number[]) => ({
      dtype: "F32",
      shape,
      data_offsets: offsets,
    });
    assertEquals(refusal(new Uint8Array(3)), "no safetensors file: it has 3 bytes");
    assertEquals(
      refusal(new Uint8Array(9).fill(255)),
      "no safetensors file: its header of 18446744073709552000 bytes is absurd",
    );
    assertEquals(refusal(file("{}").subarray(0, 9)), "no safetensors file: its header is cut off");
    for (const text of ["", "{", "[]", "1", " {}", "\ufeff{}"]) {
      assert(refusal(file(text)).includes("header"));
    }
    assert(refusal(file("[".repeat(1_000_000))).includes("header"));
    assert(refusal(file({ a: f32([1], 0, 4), b: f32([1], 2, 6) }, 6)).includes("overlaps"));
    assert(refusal(file({ a: f32([1], 4, 8) }, 8)).includes("gap"));
    assert(refusal(file({ a: f32([1], 0, 4) }, 3)).includes("cut off"));
    assert(refusal(file({ a: f32([1], 0, 4) }, 5)).includes("belong to no tensor"));
    assert(refusal(file({ a: f32([2], 0, 4) }, 4)).includes("does not have 4 bytes"));
    assert(
      refusal(file({ a: f32([2 ** 40, 2 ** 40], 0, 4) }, 4)).includes("does not have 4 bytes"),
    );
    assert(refusal(file({ a: f32([-1], 0, 4) }, 4)).includes("nothing of use"));
    assert(refusal(file({ a: f32([1.5], 0, 6) }, 6)).includes("nothing of use"));
    assert(
      refusal(file({ a: { dtype: "F31", shape: [], data_offsets: [0, 4] } }, 4)).includes('"F31"'),
    );
    assert(refusal(file({ a: null })).includes("nothing of use"));
    assert(refusal(file({ __metadata__: { a: 1 } })).includes("metadata"));
    assertEquals(io.loadSafetensors(file({})), {});
  });

  test("a file that was cut anywhere is refused", () => {
    using here = folder();
    const whole = readFileSync(golden("names"));
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(here.file("cut"), whole.subarray(0, length));
      assertThrows(() => io.loadSafetensors(here.file("cut")), torch.TorchError);
    }
  });
});
