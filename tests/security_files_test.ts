import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { deflateRawSync } from "node:zlib";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import * as torch from "../mod.ts";
import { crc32, edited, type Lie, placesOf, unzip, zip } from "./support/archive.ts";
import { balanced } from "./support/balance.ts";
import { folder } from "./support/program.ts";

const { jit } = torch;

const bytes = (() => {
  torch.manualSeed(1);
  using net = new torch.nn.Linear(200, 100);
  using x = torch.ones([1, 200]);
  using traced = jit.trace(net, [x]);
  return jit.serialize(traced);
})();

/** Asserts that both ways of loading refuse a file, in these words. */
function refuses(file: Uint8Array, ...words: string[]): void {
  using here = folder();
  writeFileSync(here.file("f.pt"), file);
  balanced(() => {
    for (const source of [file, here.file("f.pt")]) {
      const error = assertThrows(() => jit.load(source), torch.TorchError);
      for (const word of words) assertStringIncludes(error.message, word);
    }
  });
}

test("The archives that these tests make load where nothing is wrong with them", () => {
  const again = zip(unzip(bytes));
  using loaded = jit.load(again);
  assertEquals([...loaded.parameters()].map((tensor) => tensor.shape), [[100, 200], [100]]);
  assertEquals(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});

describe("A damaged record is refused by its name", () => {
  for (const { name, data, size, deflated } of placesOf(bytes)) {
    test(name, () => {
      // The last bits of what is deflated may be padding, which says nothing.
      for (const at of new Set([0, size >> 1, size - (deflated ? 2 : 1)])) {
        const damaged = bytes.slice();
        damaged[data + at]! ^= 4;
        refuses(damaged, "record ", name.slice(0, 9));
      }
    });
  }

  test("unless the file is not to be verified", () => {
    const weights = placesOf(bytes).find(({ size }) => size > 50_000)!;
    const damaged = bytes.slice();
    damaged[weights.data + 3]! ^= 1;
    refuses(damaged, weights.name, "does not have its checksum".replace("does", "its bytes do"));
    using loaded = jit.load(damaged, { verify: false });
    assertEquals(loaded.training, true);
    for (const verify of [1, null, "no"]) {
      assertThrows(() => jit.load(bytes, { verify: verify as never }), TypeError, "'verify'");
    }
  });
});

describe("A file is refused", () => {
  test("that was cut off at any place, or has something after its end or before its beginning", () => {
    for (let part = 0; part < 40; part++) {
      refuses(bytes.subarray(0, Math.floor(bytes.length * part / 40)));
    }
    refuses(bytes.subarray(0, bytes.length - 1));
    refuses(new Uint8Array([...bytes, 0]), "cut off, or something follows it");
    refuses(new Uint8Array([...new Uint8Array([0x50, 0x4b]), ...bytes]));
  });

  test("whose records were put together from two files", () => {
    const other = edited(bytes, {});
    const records = unzip(bytes);
    const weights = [...records.keys()].find((name) => records.get(name)!.length > 50_000)!;
    records.set(weights, records.get(weights)!.map((byte) => byte ^ 1));
    refuses(zip(records), "not the fingerprint of these records");
    jit.load(other).dispose();
  });

  test("that is a zip bomb", () => {
    const records = unzip(bytes);
    const bomb = deflateRawSync(new Uint8Array(80 << 20));
    records.set("code/bomb.py", new Uint8Array(bomb));
    records.delete(".data/serialization_id");
    const lie: Lie = { size: 80 << 20, method: 8, crc: 0 };
    refuses(zip(records, { "code/bomb.py": lie }, true), "code/bomb.py", "zip bomb");
  });

  test("whose compressed record does not come to its size", () => {
    const records = unzip(bytes);
    records.delete(".data/serialization_id");
    const text = new TextEncoder().encode("x = 1\n".repeat(100));
    records.set("code/a.py", new Uint8Array(deflateRawSync(text)));
    for (const size of [599, 601, 6000]) {
      refuses(
        zip(records, { "code/a.py": { size, method: 8, crc: crc32(text) } }, true),
        "code/a.py",
      );
    }
  });

  const lies: Record<string, [Lie, string]> = {
    "with a record that leads out of it": [{ name: "model/../../x" }, "leads out of the archive"],
    "with an absolute name": [{ name: "/etc/x" }, "leads out of the archive"],
    "with a backslash in a name": [{ name: "model/..\\x" }, "character"],
    "with a record outside of its folder": [{ name: "other/x" }, "is not in the archive's folder"],
    "with a record that says it is larger": [
      { size: 1 << 30, stored: 1 << 30 },
      "more than the archive",
    ],
    "with sizes that differ": [{ size: 1000 }, "and says 1000"],
    "with an encrypted record": [{ flags: 1 }, "encrypted"],
    "with an unknown compression": [{ method: 14 }, "compressed by method 14"],
    "with the checksum of other bytes": [{ crc: 1 }, "checksum"],
  };
  for (const [what, [lie, words]] of Object.entries(lies)) {
    test(what, () => {
      refuses(zip([...unzip(bytes), ["x", new Uint8Array(9)]], { x: lie }, true), words);
    });
  }

  test("whose directory says other than the headers before the records", () => {
    const records: [string, Uint8Array][] = [...unzip(bytes), ["x", new Uint8Array(9)]];
    refuses(zip(records, { x: { crc: 7 } }), "has checksum", "in its header");
    refuses(zip(records, { x: { name: "model/y" } }), "another name in its header");
    refuses(zip(records, { x: { method: 8 } }), "has method");
    refuses(zip(records, { x: { offset: 0 } }));
    refuses(zip(records, { x: { offset: 0x7fffffff } }), "past the end");
  });

  test("that calls a record a directory, whose data LibTorch would not read", () => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = view.getUint32(bytes.length - 22 + 16, true);
    for (const { name, size } of placesOf(bytes)) {
      assertEquals(view.getUint32(at, true), 0x02014b50);
      const changed = bytes.slice();
      changed[at + 38]! |= 0x10;
      if (size > 0) refuses(changed, name, "says that it is a directory");
      at += 46 + [28, 30, 32].reduce((sum, field) => sum + view.getUint16(at + field, true), 0);
    }
  });

  test("that has a record twice, or two that differ only in case", () => {
    const records = [...unzip(bytes)];
    refuses(zip([...records, records[0]!]), "is there twice");
    refuses(zip([...records, ["CONSTANTS.pkl", new Uint8Array(4)]]), "is there twice");
  });

  test("whose records overlap or leave a gap", () => {
    const gap = zip([...unzip(bytes), ["x", new Uint8Array(9)]], {
      x: { size: 5, stored: 5, crc: crc32(new Uint8Array(5)) },
    }, true);
    refuses(gap, "belong to no record");
  });

  test("that lacks what a TorchScript file has", () => {
    for (const name of ["data.pkl", "constants.pkl", "version"]) {
      refuses(edited(bytes, { [name]: null }), `no record '${name}'`);
    }
    refuses(edited(bytes, { version: "abc" }), "version");
    refuses(edited(bytes, { "model.json": "{}" }), "model.json");
  });
});

describe("Source that nests absurdly is refused", () => {
  const nested = (text: string) =>
    edited(bytes, { "code/nested.py": `def f(x: Tensor):\n  return ${text}\n` });

  for (const depth of [300, 20_000]) {
    test(`in a file, ${depth} deep, by the record's name`, () => {
      refuses(
        nested("(".repeat(depth) + "x" + ")".repeat(depth)),
        "code/nested.py",
        "line 2",
        "brackets",
      );
      refuses(nested("-".repeat(2 * depth) + "x"), "code/nested.py", "expressions");
      refuses(nested("x" + ".neg()".repeat(2 * depth)), "code/nested.py", "expressions");
      const blocks = Array.from({ length: 300 }, (_, i) => `${" ".repeat(i + 1)}if x:\n`);
      const text = `def f(x):\n${blocks.join("")}${" ".repeat(301)}pass\n`;
      refuses(edited(bytes, { "code/nested.py": text }), "blocks");
    });

    test(`in compile(), define() and type names, ${depth} deep`, () => {
      const text = "(".repeat(depth) + "x" + ")".repeat(depth);
      const error = assertThrows(
        () => jit.compile(`def f(x: Tensor):\n    return ${text}`),
        torch.TorchError,
      );
      assertEquals(error.kind, "torchscript");
      using module = jit.load(bytes);
      assertThrows(
        () => module.define(`def g(self, x: Tensor):\n    return ${text}`),
        torch.TorchError,
      );
      const type = "List[".repeat(depth) + "int" + "]".repeat(depth);
      assertThrows(() => module.registerAttribute("a", [], type), torch.TorchError);
      assertThrows(() => jit.ops.aten!.len!(jit.list(type, [])), torch.TorchError);
      const elifs = "    elif x > 0:\n        x = 1\n".repeat(depth);
      assertThrows(
        () => jit.compile(`def f(x: int):\n    if x > 0:\n        x = 1\n${elifs}    return x`),
        torch.TorchError,
      );
    });
  }

  test("and what nests as programs do compiles", () => {
    const deep = "(".repeat(40) + "x" + ")".repeat(40);
    const long = Array.from({ length: 3000 }, (_, i) => i).join(", ");
    using unit = jit.compile(`
def f(x: Tensor):
    y = [${long}]
    if ${"x is not None and ".repeat(30)}True:
        return ${deep}${" + x".repeat(100)}
    return x`);
    using x = torch.ones([1]);
    assertEquals(unit.f!(x).item(), 101);
  });
});

describe("Pickles that LibTorch's reader would believe are refused", () => {
  const latin = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  const plain = String.fromCharCode(...unzip(bytes).get("data.pkl")!);
  const change = (from: string, to: string) => {
    assertStringIncludes(plain, from);
    return edited(bytes, { "data.pkl": latin(plain.replace(from, to)) });
  };
  // "M" and two bytes is an integer; the storage has 20000 elements, the tensor is [100, 200].
  const [elements, rows, columns] = ["M\x20\x4e", "K\x64", "K\xc8"];

  test("a storage that says it is larger than its record", () => {
    refuses(change(elements, "J\x00\x00\x00\x7f"), "data.pkl", "storage '0' says that it has");
    refuses(change(elements, "J\xff\xff\xff\xff"), "has -1 elements");
    refuses(change(elements, "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"), "says that it has");
  });

  test("a tensor that reaches past its storage", () => {
    refuses(change(rows + columns, "K\x65" + columns), "data.pkl", "reaches past its end");
    refuses(change(rows + columns, "J\xff\xff\xff\xff" + columns), "a size or stride of -1");
    refuses(
      change(rows + columns, "\x8a\x08\0\0\0\0\0\0\0\x40" + columns),
      "larger than any memory",
    );
  });

  test("a storage without a record, and of an unknown type", () => {
    const name = placesOf(bytes).find(({ size }) => size === 80_000)!.name;
    refuses(edited(bytes, { [name]: null }), "has no record");
    refuses(change("FloatStorage", "BloatStorage"), "torch.BloatStorage");
  });

  const head = "\x80\x02";
  const pickles: Record<string, [string, string]> = {
    "nothing": ["", "cut off"],
    "another protocol": ["\x80\x04N.", "protocol 2"],
    "a function of Python's": [`${head}cposix\nsystem\n(X\x02\0\0\0idtR.`, "no module"],
    "an unknown opcode": [`${head}\x95.`, "opcode"],
    "values nested 100,000 deep": [`${head}${"(".repeat(100_000)}${"t".repeat(100_000)}.`, "deep"],
    "a list that holds itself": [`${head}]q\0(h\0e.`, "holds itself"],
    "a list that holds itself within another": [`${head}]q\0(](h\0ee.`, "after it became part"],
    "two to the hundredth elements": [
      `${head}]q\0${
        Array.from({ length: 100 }, (_, i) =>
          `](h${String.fromCharCode(i)}h${String.fromCharCode(i)}eq${String.fromCharCode(i + 1)}`)
          .join("")
      }.`,
      "too often",
    ],
    "a key without a value": [`${head}}(X\x01\0\0\0au.`, "no value"],
    "a mark that is missing": [`${head}t.`, "mark is missing"],
    "a value that was not remembered": [`${head}h\x05.`, "not remembered"],
    "a memory of gigabytes": [`${head}Nr\xff\xff\xff\xff.`, "out of turn"],
    "a call of a number": [`${head}K\0)R.`, "no function"],
    "text longer than the file": [`${head}X\xff\xff\xff\x7fa.`, "cut off"],
  };
  for (const [what, [pickle, words]] of Object.entries(pickles)) {
    test(what, () => {
      for (const name of ["data.pkl", "constants.pkl"]) {
        const file = edited(bytes, { [name]: latin(pickle) });
        words === "no module" ? refuses(file) : refuses(file, name, words);
      }
    });
  }

  test("an attribute that is not of its type", () => {
    const at = plain.indexOf("training");
    const flag = plain.indexOf("\x89", at) < 0 ? "\x88" : plain[
      Math.min(...["\x88", "\x89"].map((c) => plain.indexOf(c, at)).filter((i) => i >= 0))
    ]!;
    const wrong = plain.slice(0, at) + plain.slice(at).replace(flag, "K\x01");
    refuses(
      edited(bytes, { "data.pkl": latin(wrong) }),
      "the attribute 'training'",
      "is not of its type, bool",
    );
  });

  test("places of source text that index past their table", () => {
    const name = [...unzip(bytes).keys()].find((one) => one.endsWith(".debug_pkl"))!;
    const places = [
      `${head}(X\x18\0\0\0FORMAT_WITH_STRING_TABLEt.`,
      `${head}(X\x18\0\0\0FORMAT_WITH_STRING_TABLE)(K\0(](K\x09eK\0K\0tK\0K\0t\x86t\x85t.`,
      `${head}(K\0K\0K\0t\x85.`,
      `${head}K\0.`,
    ];
    for (const place of places) refuses(edited(bytes, { [name]: latin(place) }), name);
  });
});

describe("What is checked is what is loaded", () => {
  test("a file that is no regular one, or empty, is refused", () => {
    using here = folder();
    mkdirSync(here.file("folder"));
    writeFileSync(here.file("empty"), "");
    for (const name of ["folder", "empty"]) {
      assertThrows(() => jit.load(here.file(name)), torch.TorchError, name);
    }
  });

  test("bytes that others may change meanwhile are copied first", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    jit.load(shared).dispose();
    const resizable = new Uint8Array(
      new ArrayBuffer(bytes.length, { maxByteLength: bytes.length * 2 }),
    );
    resizable.set(bytes);
    jit.load(resizable).dispose();
    resizable.buffer.resize(0);
    assertThrows(() => jit.load(resizable), torch.TorchError, "too few");
  });

  test("a file keeps what it had, once loaded", () => {
    using here = folder();
    const path = here.file("f.pt");
    writeFileSync(path, bytes);
    using loaded = jit.load(path);
    truncateSync(path, 0);
    using x = torch.ones([1, 200]);
    using other = jit.load(bytes);
    assertEquals(loaded(x).toArray(), other(x).toArray());
    assert(readFileSync(path).length === 0);
  });
});
