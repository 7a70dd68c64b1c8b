import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import process from "node:process";
import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";
import { folder } from "./support/program.ts";

const { jit, nn, TorchError } = torch;
type T = torch.Tensor;

/** A function that adds `by`. */
function adder(by: number): torch.jit.ScriptFunction {
  using x = torch.zeros([2]);
  return jit.trace((y: T) => y.add(by), [x], { checkTrace: false });
}

function run(script: (x: T) => T): unknown {
  using x = torch.tensor([1, 2]);
  using y = script(x);
  return y.toArray();
}

describe("save() and load()", () => {
  test("keep what a function computes, by a path, a URL, and bytes", () => {
    using here = folder();
    using add = adder(1);
    const path = here.file("a file.pt");
    jit.save(add, path);
    jit.save(add, pathToFileURL(here.file("by url.pt")));
    for (const source of [path, pathToFileURL(path), readFileSync(path), here.file("by url.pt")]) {
      using loaded = jit.load(source);
      assertEquals(run(loaded), [2, 3]);
    }
    assertEquals(readdirSync(here.path).sort(), ["a file.pt", "by url.pt"]);
  });

  test("are methods of scripts too", () => {
    using here = folder();
    using add = adder(1);
    add.save(here.file("f.pt"));
    using net = new nn.Linear(2, 1);
    using x = torch.ones([1, 2]);
    using traced = jit.trace(net, [x]);
    traced.save(here.file("m.pt"));
    using f = jit.load(here.file("f.pt"));
    using m = jit.load(here.file("m.pt"));
    assertEquals(run(f), [2, 3]);
    assertEquals(m(x).toArray(), net(x).toArray());
  });

  test("leave nothing alive but what was loaded", () => {
    using here = folder();
    using add = adder(1);
    balanced(() => {
      jit.save(add, here.file("f.pt"));
      jit.load(here.file("f.pt")).dispose();
      assertThrows(() => jit.load(here.file("absent.pt")));
      assertThrows(() => jit.deserialize(new Uint8Array(50)));
    });
  });

  test("keep the mode, the parameters and their dtype", () => {
    using x = torch.ones([2, 2], { dtype: "float64" });
    for (const training of [true, false]) {
      using net = new nn.BatchNorm1d(2).double().train(training);
      using traced = jit.trace(net, [x]);
      using loaded = jit.deserialize(jit.serialize(traced));
      assertEquals(loaded.training, training);
      const dtypes = Object.values(loaded.stateDict()).map((tensor) => tensor.dtype);
      assertEquals(dtypes, ["float64", "float64", "float64", "float64", "int64"]);
      assert([...loaded.parameters()].every((parameter) => parameter.requiresGrad));
    }
  });

  test("put extra files in the archive, and take out those that are asked for", () => {
    using add = adder(1);
    const files = {
      "config.json": '{"größe": 3}',
      "notes/read me.txt": "",
      "long.txt": "x".repeat(300_000),
    };
    const bytes = jit.serialize(add, { extraFiles: files });
    const extraFiles = { "config.json": "", "notes/read me.txt": "old", "absent.txt": "old" };
    jit.deserialize(bytes, { extraFiles }).dispose();
    assertEquals(extraFiles["config.json"], files["config.json"]);
    assertEquals(extraFiles["notes/read me.txt"], "");
    assertEquals(extraFiles["absent.txt"], "");
    const long = { "long.txt": "" };
    jit.deserialize(bytes, { extraFiles: long }).dispose();
    assertEquals(long, { "long.txt": files["long.txt"] });
  });

  test("refuse extra files that are no text, and write nothing then", () => {
    using here = folder();
    using add = adder(1);
    const path = here.file("f.pt");
    const extraFiles = { "a.txt": 1 as unknown as string };
    assertThrows(
      () => jit.save(add, path, { extraFiles }),
      TypeError,
      "the extra file 'a.txt' must be",
    );
    assertEquals(readdirSync(here.path), []);
  });

  test("put tensors on a device", () => {
    using net = new nn.Linear(2, 1);
    using traced = jit.trace(net, [torch.ones([1, 2])]);
    const bytes = jit.serialize(traced);
    using loaded = jit.deserialize(bytes, { device: "cpu" });
    assertEquals([...loaded.parameters()].map((parameter) => parameter.device), ["cpu", "cpu"]);
    assertThrows(() => jit.deserialize(bytes, { device: "floppy" }), TorchError, "floppy");
  });

  test("give the same program again and again", () => {
    using add = adder(3);
    let script: { (x: T): T } & Parameters<typeof jit.serialize>[0] = add;
    for (let i = 0; i < 3; i++) script = jit.deserialize(jit.serialize(script));
    assertEquals(run(script), [4, 5]);
  });
});

describe("load() refuses", () => {
  const bytes = (() => {
    using add = adder(1);
    return jit.serialize(add);
  })();

  test("a file that is not there, and a folder", () => {
    using here = folder();
    for (const path of [here.file("absent.pt"), here.path]) {
      const error = assertThrows(() => jit.load(path), TorchError, path);
      assertEquals([error.op, error.kind], ["jit.load", "serialization"]);
      assertStringIncludes(error.message, "could not be read");
      assert(error.cause instanceof Error);
    }
  });

  test("what is no archive: text, nothing, an empty file", () => {
    using here = folder();
    const contents = ["", "text", "x".repeat(1000), "PK", "PK\x03\x04" + "\0".repeat(100)];
    for (const content of contents) {
      writeFileSync(here.file("no.pt"), content, "latin1");
      const error = assertThrows(() => jit.load(here.file("no.pt")), TorchError);
      assertEquals(
        [error.op, error.kind],
        ["jit.load", "serialization"],
        JSON.stringify(content.slice(0, 20)),
      );
      assertStringIncludes(error.message, "no.pt");
    }
  });

  test("an archive cut short at any place", () => {
    for (let part = 1; part < 20; part++) {
      const cut = bytes.subarray(0, Math.floor(bytes.length * part / 20));
      const error = assertThrows(() => jit.deserialize(cut), TorchError);
      assertEquals(error.kind, "serialization", `${part}/20`);
    }
  });

  test("an archive with damaged bytes, or takes no harm from them", () => {
    const expected = [2, 3];
    let refused = 0;
    for (let at = 10; at < bytes.length; at += 97) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0xff;
      try {
        using loaded = jit.deserialize(damaged);
        // A byte that means nothing, such as one of the padding.
        assertEquals(run(loaded), expected);
      } catch (error) {
        assert(error instanceof TorchError, `at ${at}: ${error}`);
        refused++;
      }
    }
    assert(refused > 0);
  });

  test("a zip archive of something else", () => {
    // An empty zip archive: the end record alone.
    const empty = new Uint8Array(22);
    empty.set([0x50, 0x4b, 5, 6]);
    const error = assertThrows(() => jit.deserialize(empty), TorchError);
    assertEquals(error.kind, "serialization");
  });

  test("what is no path and no bytes", () => {
    for (const source of [1, null, undefined, {}, "", "with\0zero", new Float32Array(4)]) {
      assertThrows(() => jit.load(source as never), TypeError, "must be a path or a file URL");
    }
    assertThrows(() => jit.deserialize("path" as never), TypeError, "must be a Uint8Array");
    assertThrows(() => jit.load(new URL("http://localhost/f.pt")), TypeError);
  });

  test("and the next load works", () => {
    assertThrows(() => jit.deserialize(bytes.subarray(0, 100)));
    using loaded = jit.deserialize(bytes);
    assertEquals(run(loaded), [2, 3]);
  });
});

describe("save() that fails", () => {
  test("says why where the folder is not there", () => {
    using here = folder();
    using add = adder(1);
    const path = here.file("absent/f.pt");
    const error = assertThrows(() => jit.save(add, path), TorchError, path);
    assertEquals([error.op, error.kind], ["jit.save", "serialization"]);
    assertStringIncludes(error.message, "could not be written");
    assert(!existsSync(path));
  });

  test("leaves the old file, and no other", () => {
    using here = folder();
    using add = adder(1);
    const path = here.file("f.pt");
    jit.save(add, path);
    const old = readFileSync(path);
    using gone = adder(2);
    gone.dispose();
    assertThrows(() => jit.save(gone, path), torch.DisposedError);
    assertEquals(readFileSync(path), old);
    assertEquals(readdirSync(here.path), ["f.pt"]);
  });

  test("leaves the old file where the folder cannot be written to", (t) => {
    if (process.getuid?.() === 0) return t.skip("root may write anywhere");
    using here = folder();
    using add = adder(1);
    jit.save(add, here.file("f.pt"));
    const old = readFileSync(here.file("f.pt"));
    chmodSync(here.path, 0o500);
    try {
      assertThrows(() => jit.save(adder(2), here.file("f.pt")), TorchError, "could not be written");
    } finally {
      chmodSync(here.path, 0o700);
    }
    assertEquals(readFileSync(here.file("f.pt")), old);
  });

  test("is not able to replace a folder, and leaves nothing beside it", () => {
    using here = folder();
    using add = adder(1);
    using inner = folder();
    assertThrows(() => jit.save(add, inner.path), TorchError, "could not be written");
    assertEquals(readdirSync(here.path), []);
    assert(existsSync(inner.path));
  });

  test("says which folder is not there", () => {
    using here = folder();
    using add = adder(1);
    const path = here.file("absent/f.pt");
    const words = `the folder ${here.file("absent")} is not there, make it first`;
    assertThrows(() => jit.save(add, path), TorchError, words);
    assertEquals(readdirSync(here.path), []);
  });

  test("refuses what is no script", () => {
    using here = folder();
    const wrong: unknown[] = [() => 1, new nn.Linear(1, 1), null, "text", torch.ones([1])];
    for (const script of wrong) {
      assertThrows(
        () => jit.save(script as never, here.file("f.pt")),
        TypeError,
        "trace a function or module first",
      );
      assertThrows(() => jit.serialize(script as never), TypeError, "jit.serialize()");
    }
    using traced = jit.trace(new nn.Linear(1, 1), [torch.ones([1, 1])]);
    assertThrows(
      () => jit.save(traced.method("forward"), here.file("f.pt")),
      TorchError,
      "saved with its module",
    );
    assertEquals(readdirSync(here.path), []);
    using add = adder(1);
    for (const path of [1, null, "", "a\0b"]) {
      assertThrows(() => jit.save(add, path as never), TypeError, "must be a path or a file URL");
    }
  });
});

describe("load()", () => {
  test("says what loads a file of torch.save", () => {
    using here = folder();
    torch.io.save(new nn.Linear(1, 1).stateDict(), here.file("state.pt"));
    const error = assertThrows(() => jit.load(here.file("state.pt")), TorchError);
    assertStringIncludes(error.message, "load it with io.load()");
  });

  test("takes complex numbers as default arguments", () => {
    const source = "def f(x: Tensor, y: complex = 1.5-2.5j):\n    return x + y\n";
    using script = jit.compile(source).f!;
    using loaded = jit.deserialize(jit.serialize(script));
    for (const run of [script, loaded]) {
      using sum = run(torch.ones([1])) as T;
      assertEquals(sum.toArray(), [{ re: 2.5, im: -2.5 }]);
    }
  });
});
