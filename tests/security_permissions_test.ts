import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import process from "node:process";
import * as torch from "../mod.ts";
import { folder, isDeno, program } from "./support/program.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const shim = process.env.FLAMBEAU_LIB ?? "";
const model = (() => {
  using x = torch.zeros([2]);
  using script = torch.jit.trace((x: torch.Tensor) => x.add(1), [x]);
  return torch.jit.serialize(script);
})();

/** Runs a program that may read the project, what is in `read`, and open native code: nothing else. */
async function confined(source: string, read: string[] = [], more: string[] = []): Promise<string> {
  const ended = await program(source, {
    permissions: [
      `--allow-read=${[root, ...read].join(",")}`,
      "--allow-env",
      "--allow-ffi",
      ...more,
    ],
  });
  return ended.stdout + ended.stderr;
}

const HEAD = "import * as torch from MOD;\nconst { jit } = torch;\n";
const attempt = (call: string) =>
  `${HEAD}try { ${call}; console.log("DONE"); } catch (error) { console.log("REFUSED", error.name, error.message); }`;

// Bun has no permissions, and a shim that set-up's note names lies outside of what these programs may read.
describe("Without Deno's permission", { skip: !isDeno || shim === "" }, () => {
  test("to read, no file is read: load, inspect, by a path and by a URL", async () => {
    using here = folder();
    writeFileSync(here.file("m.pt"), model);
    const path = JSON.stringify(here.file("m.pt"));
    for (
      const call of [
        `jit.load(${path})`,
        `jit.inspect(${path})`,
        `jit.load(new URL("file://" + ${path}))`,
      ]
    ) {
      const refused = await confined(attempt(call));
      assertStringIncludes(refused, "REFUSED TorchError");
      assertStringIncludes(refused, "could not be read");
    }
    assertStringIncludes(await confined(attempt(`jit.load(${path})`), [here.path]), "DONE");
  });

  test("to write, no file is written: save of functions and modules", async () => {
    using here = folder();
    const path = JSON.stringify(here.file("m.pt"));
    const make = "const f = jit.compile('def f(x: Tensor):\\n    return x').f";
    for (
      const call of [`jit.save(f, ${path})`, `f.save(${path})`, `jit.saveForMobile(f, ${path})`]
    ) {
      const refused = await confined(attempt(`${make}; ${call}`), [here.path]);
      assertStringIncludes(refused, "REFUSED TorchError");
      assert(!existsSync(here.file("m.pt")));
    }
    const written = await confined(attempt(`${make}; f.save(${path})`), [here.path], [
      `--allow-write=${here.path}`,
    ]);
    assertStringIncludes(written, "DONE");
    assert(readFileSync(here.file("m.pt")).length > 500);
  });

  test("to open native code, no library is opened", async () => {
    const source = attempt('jit.loadLibrary("/lib/x86_64-linux-gnu/libm.so.6")');
    const ended = await program(source, {
      permissions: ["--allow-read", "--allow-env", "--allow-ffi", "--deny-ffi=/lib"],
    });
    assertStringIncludes(ended.stdout, "REFUSED TorchError");
    assertStringIncludes(ended.stdout, "--allow-ffi");
  });

  test("a program in a file reads and writes nothing either", async () => {
    using here = folder();
    const secret = here.file("secret");
    writeFileSync(secret, "0123456789abcdef");
    const code = `def f():\\n    return torch.from_file(${
      JSON.stringify(secret).replaceAll('"', "'")
    }, False, 16, dtype=0)`;
    const source = `${HEAD}const bytes = jit.serialize(jit.compile("${code}").f);\n` +
      'try { console.log(jit.load(bytes)().toArray()); } catch (error) { console.log("REFUSED", error.message); }';
    const output = await confined(source);
    assertStringIncludes(output, "REFUSED");
    assertStringIncludes(output, "aten::from_file");
  });
});

test("The example of docs/security.md runs a stranger's model in a process of its own", async () => {
  const page = readFileSync(new URL("../docs/security.md", import.meta.url), "utf8");
  const source = /```ts runner\.ts\n([\s\S]*?)```/.exec(page)?.[1];
  assert(source !== undefined, "docs/security.md has the example");
  using here = folder();
  writeFileSync(here.file("stranger.pt"), model);
  const ended = await program(
    source.replace('"flambeau"', "MOD").replace(
      "process.argv[2]",
      JSON.stringify(here.file("stranger.pt")),
    ),
    isDeno && shim !== ""
      ? { permissions: [`--allow-read=${root},${here.path}`, "--allow-env", "--allow-ffi"] }
      : {},
  );
  assertEquals(ended.stdout.trim().split("\n").at(-1), "[2,3.5]", ended.stderr);
});
