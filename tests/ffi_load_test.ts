import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { LoadError, TorchError } from "../ffi/errors.ts";
import { projectRoot } from "../ffi/library.ts";
import { readLink } from "../ffi/link.ts";
import { ABI_VERSION, symbols } from "../ffi/symbols.ts";
import { runtimeName } from "../ffi/runtime.ts";
import { thisMachine } from "../tools/setup/context.ts";
import { type Ended, run, which } from "../tools/setup/process.ts";
import { findZig } from "../tools/setup/zig.ts";
import { folder, isDeno, program, type ProgramOptions } from "./support/program.ts";

/** Loads the library, and says how that failed in one line of JSON. */
const LOADS = `
try {
  const torch = await import(MOD);
  console.log(JSON.stringify({ loaded: torch.version.libtorch }));
} catch (error) {
  console.log(JSON.stringify({ name: error.name, message: error.message, op: error.op }));
}
`;

/** Traces, and calls on another thread. */
const BUNDLED = `
import * as torch from MOD;
const traced = torch.jit.trace((x: torch.Tensor) => x.mul(2).add(1), [torch.ones([2])]);
console.log(((await traced.runAsync(torch.tensor([1, 2]))) as torch.Tensor).toArray());
`;

interface Outcome {
  loaded?: string;
  name?: string;
  message?: string;
  op?: string;
}

async function load(options: ProgramOptions): Promise<Outcome> {
  const ended: Ended = await program(LOADS, options);
  assertEquals(ended.code, 0, `The program crashed: ${ended.stderr}`);
  return JSON.parse(ended.stdout);
}

async function assertFails(options: ProgramOptions, ...parts: string[]): Promise<void> {
  const { name, message = "", op } = await load(options);
  assertEquals(name, "LoadError");
  assertEquals(op, "load");
  for (const part of parts) assertStringIncludes(message, part);
  assertMatch(message, /\.$/);
}

const MEND = "Run `deno task setup` (or `bun run setup`) in the folder of Flambeau";

/** A shared library with every function of the shim, and the versions that it is told; null without a C compiler. */
async function fakeShim(path: string, versions: Record<string, number>): Promise<boolean> {
  const functions = Object.entries(symbols).map(([name, { result }]) => {
    const type = { f64: "double", i32: "int", void: "void" }[result];
    return `${type} ${name}(void) { ${type === "void" ? "" : `return ${versions[name] ?? 0};`} }`;
  });
  writeFileSync(`${path}.c`, functions.join("\n"));
  const zig = await findZig(thisMachine());
  const compilers = [await which("cc", process.env), zig?.exe].filter((exe) => exe != null);
  for (const compiler of compilers) {
    const args = ["-shared", "-fPIC", "-nostdlib", "-o", path, `${path}.c`];
    const ended = await run(compiler, compiler === zig?.exe ? ["cc", ...args] : args);
    if (ended.code === 0) return true;
  }
  return false;
}

describe("Loading the library", () => {
  test("succeeds in a process of its own", async () => {
    assertMatch((await load({})).loaded ?? "", /^2\.13\./);
  });

  test("without a set-up lists what was tried, and says how to mend it", async () => {
    using here = folder();
    await assertFails(
      { env: { FLAMBEAU_LIB: undefined, FLAMBEAU_HOME: here.path } },
      "was not found",
      "FLAMBEAU_LIB (not set)",
      here.path,
      MEND,
    );
  });

  test("from a missing file names the file and where its name came from", async () => {
    using here = folder();
    const FLAMBEAU_LIB = here.file("absent.so");
    await assertFails(
      { env: { FLAMBEAU_LIB } },
      FLAMBEAU_LIB,
      "the environment variable FLAMBEAU_LIB",
      "That file does not exist",
      MEND,
    );
  });

  test("from a file that is no library names the file", async () => {
    using here = folder();
    const FLAMBEAU_LIB = here.file("text.so");
    writeFileSync(FLAMBEAU_LIB, "no library");
    await assertFails({ env: { FLAMBEAU_LIB } }, FLAMBEAU_LIB, "could not be opened", MEND);
  });

  test("from a folder fails likewise", async () => {
    using here = folder();
    await assertFails({ env: { FLAMBEAU_LIB: here.path } }, "could not be opened", MEND);
  });

  test("of another ABI says both versions", async (t) => {
    using here = folder();
    const FLAMBEAU_LIB = here.file("abi.so");
    if (!await fakeShim(FLAMBEAU_LIB, { fb_abi_version: 999 })) return t.skip("no C compiler");
    await assertFails(
      { env: { FLAMBEAU_LIB } },
      "has ABI version 999",
      `needs ${ABI_VERSION}`,
      MEND,
    );
  });

  test("compiled against another LibTorch says both versions", async (t) => {
    using here = folder();
    const FLAMBEAU_LIB = here.file("version.so");
    const versions = {
      fb_abi_version: ABI_VERSION,
      fb_libtorch_compiled: 2013000,
      fb_libtorch_loaded: 2009001,
    };
    if (!await fakeShim(FLAMBEAU_LIB, versions)) return t.skip("no C compiler");
    await assertFails(
      { env: { FLAMBEAU_LIB } },
      "was compiled against LibTorch 2.13.0, but LibTorch 2.9.1 was loaded",
      MEND,
    );
  });

  test("that lacks a function of the table fails with a sentence", async (t) => {
    using here = folder();
    const FLAMBEAU_LIB = here.file("old.so");
    const compiler = await which("cc", process.env);
    if (compiler === null) return t.skip("no C compiler");
    writeFileSync(here.file("old.c"), "int fb_abi_version(void) { return 1; }");
    const ended = await run(compiler, ["-shared", "-o", FLAMBEAU_LIB, here.file("old.c")]);
    assertEquals(ended.code, 0, ended.stderr);
    await assertFails({ env: { FLAMBEAU_LIB } }, "could not be opened", FLAMBEAU_LIB, MEND);
  });

  test("on another runtime says which ones there are", () => {
    assertEquals(runtimeName(), isDeno ? "Deno" : "Bun");
    assertThrows(() => runtimeName({}), LoadError, "Flambeau runs on Deno and on Bun");
  });

  test("without --allow-ffi says which permissions are needed", async (t) => {
    if (!isDeno) return t.skip("Bun has no permissions");
    await assertFails(
      { permissions: ["--allow-read", "--allow-env"] },
      "could not be opened",
      "Run Deno with --allow-ffi",
    );
  });

  test("needs no permissions but --allow-ffi, --allow-read and --allow-env", async (t) => {
    if (!isDeno) return t.skip("Bun has no permissions");
    const permissions = ["--allow-ffi", "--allow-read", "--allow-env"];
    assert((await load({ permissions })).loaded);
  });

  test("without a permission at all names those that it takes", async (t) => {
    if (!isDeno) return t.skip("Bun has no permissions");
    // Deno's own child_process grants everything to a Deno that is started with no permission flag.
    await assertFails(
      { permissions: ["--allow-net=localhost"] },
      "was not found",
      "Run Deno with --allow-ffi --allow-read --allow-env",
    );
  });

  test("is found by a bundle through FLAMBEAU_LIB", async () => {
    using here = folder();
    const mod = fileURLToPath(new URL("../mod.ts", import.meta.url));
    writeFileSync(here.file("app.ts"), BUNDLED.replace("MOD", JSON.stringify(mod)));
    const bun = process.env.FLAMBEAU_TEST_BUN!;
    const out = here.file("app.js");
    const built = await run(bun, ["build", here.file("app.ts"), "--target=bun", "--outfile", out]);
    assertEquals(built.code, 0, built.stderr);
    const { FLAMBEAU_LIB: given, ...env } = process.env;
    const FLAMBEAU_LIB = given ?? readLink(projectRoot())!.shim;
    // A bundle for Bun runs on Deno too.
    const args = isDeno ? ["run", "-A", out] : [out];
    const told = await run(process.execPath, args, { env: { ...env, FLAMBEAU_LIB } });
    assertEquals([told.code, told.stdout.trim()], [0, "[ 3, 5 ]"], told.stderr);
    const alone = await run(process.execPath, args, { env });
    assert(alone.code !== 0);
    assertStringIncludes(alone.stderr, "A bundled program finds it by FLAMBEAU_LIB");
  });

  test("is found by a program in another folder, as README.md says", async () => {
    const page = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    using here = folder();
    const mod = fileURLToPath(new URL("../mod.ts", import.meta.url));
    for (const name of ["deno.json", "tsconfig.json"]) {
      const content = new RegExp(`\`\`\`json ${name}\\n([^\`]*)`).exec(page)?.[1];
      assert(content !== undefined, `README.md has ${name}`);
      writeFileSync(here.file(name), content.replace("/path/to/flambeau/mod.ts", mod));
    }
    const source = 'import * as torch from "flambeau"; console.log(torch.ones([2]));';
    writeFileSync(here.file("a.ts"), source);
    const flags = /permissions are `(.*?)`/.exec(page)![1]!.split(" ");
    const args = isDeno ? ["run", "--no-prompt", ...flags, "a.ts"] : ["a.ts"];
    const ended = await run(process.execPath, args, { cwd: here.path, env: { ...process.env } });
    assertEquals(ended.stdout.trim(), "tensor([1., 1.])", ended.stderr);
  });

  test("fails with an error that is a TorchError too", () => {
    const error = new LoadError("No library.");
    assert(error instanceof TorchError);
    assertEquals([error.name, error.kind, error.op], ["LoadError", "value", ""]);
  });
});
