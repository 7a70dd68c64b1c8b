import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { spawn } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import process from "node:process";
import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { flambeauHome } from "../ffi/home.ts";
import * as torch from "../mod.ts";
import { type Folder, folder, isDeno, program } from "./support/program.ts";

const { io, jit } = torch;

/** How often the process that saves is killed; a task raises it. */
const KILLS = Number(process.env.FLAMBEAU_TEST_KILLS ?? 6);

const mod = new URL("../mod.ts", import.meta.url).href;

/** Saves tensors of one number in turn, of 1, 2, 3 … as fast as it can, and says when the first is there. */
const saver = (path: string) => `
import * as torch from ${JSON.stringify(mod)};
import process from "node:process";
for (let i = 1;; i++) {
  torch.io.save({ a: torch.full([300_000], i), b: torch.full([7], i) }, ${JSON.stringify(path)});
  if (i === 1) process.stdout.write("ready\\n");
}
`;

async function killedAfter(file: string, milliseconds: number): Promise<void> {
  const args = isDeno ? ["run", "--no-check", "-A", file] : [file];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.on("close", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  await setTimeout(milliseconds);
  child.kill("SIGKILL");
  await ended;
}

/** All ways to save, each to a path. */
const saves: Record<string, (path: string) => void> = {
  save: (path) => io.save({ a: torch.ones([2]) }, path),
  saveSafetensors: (path) => io.saveSafetensors({ a: torch.ones([2]) }, path),
  saveNpy: (path) => io.saveNpy(torch.ones([2]), path),
  saveNpz: (path) => io.saveNpz({ a: torch.ones([2]) }, path),
  "jit.save": (path) => jit.save(jit.compile("def f(x: Tensor):\n  return x").f!, path),
};

function failure(run: () => void): string {
  const error = assertThrows(run) as Error;
  assert(error instanceof torch.TorchError, String(error));
  assertEquals(error.kind, "serialization");
  return error.message;
}

function temporaryFiles(here: Folder): string[] {
  return readdirSync(here.path).filter((name) => name.endsWith(".tmp"));
}

describe("a save", () => {
  test(`that is killed at any of ${KILLS} moments leaves the old file or the new one, whole`, async () => {
    using here = folder();
    const path = here.file("checkpoint.pt");
    writeFileSync(here.file("saver.ts"), saver(path));
    io.save({ a: torch.zeros([300_000]), b: torch.zeros([7]) }, path);
    for (let kill = 0; kill < KILLS; kill++) {
      await killedAfter(here.file("saver.ts"), Math.random() * 40);
      const { a, b } = io.load(path) as { a: torch.Tensor; b: torch.Tensor };
      const value = b.index(0).item() as number;
      assert(torch.equal(a, torch.full([300_000], value)), `${value}`);
      for (const name of temporaryFiles(here)) rmSync(here.file(name));
      assert(value > 0, "The process saved nothing");
    }
  });

  for (const [name, save] of Object.entries(saves)) {
    test(`${name}() gives a new file the umask's mode, and an old one its own`, () => {
      using here = folder();
      const umask = process.umask();
      save(here.file("new"));
      assertEquals(statSync(here.file("new")).mode & 0o777, 0o666 & ~umask);
      writeFileSync(here.file("old"), "old");
      chmodSync(here.file("old"), 0o640);
      save(here.file("old"));
      assertEquals(statSync(here.file("old")).mode & 0o777, 0o640);
      assertEquals(readdirSync(here.path).sort(), ["new", "old"]);
    });

    test(`${name}() through a link writes what the link leads to`, () => {
      using here = folder();
      mkdirSync(here.file("elsewhere"));
      writeFileSync(here.file("elsewhere/target"), "old");
      symlinkSync(here.file("elsewhere/target"), here.file("link"));
      save(here.file("link"));
      assert(readFileSync(here.file("elsewhere/target")).length > 10);
      assertEquals(readdirSync(here.file("elsewhere")), ["target"]);
    });

    test(`${name}() that the file system refuses leaves nothing behind, and says why`, () => {
      using here = folder();
      mkdirSync(here.file("directory"));
      const absent = failure(() => save(here.file("absent/file")));
      assertStringIncludes(absent, `the file ${here.file("absent/file")} could not be written`);
      const directory = failure(() => save(here.file("directory")));
      assertStringIncludes(directory, "no regular file");
      assertStringIncludes(failure(() => save("/dev/null")), "no regular file");
      assertEquals(readdirSync(here.path), ["directory"]);
    });
  }

  test("to a full disk fails with the reason, and leaves the old file and nothing else", async () => {
    using here = folder();
    const path = here.file("big.pt");
    io.save([torch.ones([3])], path);
    const source = `
      import * as torch from MOD;
      try {
        torch.io.save(torch.zeros([1_000_000]), ${JSON.stringify(path)});
      } catch (error) {
        console.log(error.kind, error.message);
      }
    `;
    // A limit on the size of files is the full disk that needs no privileges; the shell ignores its signal for the child.
    writeFileSync(here.file("run.ts"), source.replace("MOD", JSON.stringify(mod)));
    const { stdout } = await limited(here, here.file("run.ts"));
    assertStringIncludes(
      stdout,
      `serialization io.save(): the file ${path} could not be written: `,
    );
    assertEquals(io.load(path)[0].toArray(), [1, 1, 1]);
    assertEquals(readdirSync(here.path).sort(), ["big.pt", "limited.sh", "run.ts"]);
  });

  test("to a directory that may not be written fails, and leaves nothing behind", () => {
    using here = folder();
    mkdirSync(here.file("locked"));
    chmodSync(here.file("locked"), 0o555);
    try {
      const path = here.file("locked/file.pt");
      if (process.getuid?.() === 0) {
        // Root writes anywhere, so the runtime's or the system's refusal is had by other means.
        assertStringIncludes(failure(() => saves.save!("/proc/file.pt")), "could not be written");
      } else {
        assertStringIncludes(failure(() => saves.save!(path)), "could not be written");
      }
      assertEquals(readdirSync(here.file("locked")), []);
    } finally {
      chmodSync(here.file("locked"), 0o755);
    }
  });

  test("needs Deno's permissions for the directory, and leaves nothing behind without them", async () => {
    if (!isDeno) return; // Bun has no permissions.
    using here = folder();
    const source = `
      import * as torch from MOD;
      const attempt = (run) => { try { run(); console.log("done"); } catch (error) { console.log(error.message); } };
      attempt(() => torch.io.save([1, 2], ${JSON.stringify(here.file("allowed.pt"))}));
      attempt(() => torch.io.load(${JSON.stringify(here.file("allowed.pt"))}));
      attempt(() => torch.io.save([1], "/tmp/flambeau-not-allowed.pt"));
    `;
    const always = ["--allow-ffi", "--allow-env", "--allow-sys", `--allow-write=${here.path}`];
    const lines = async (read: string) => {
      const { stdout, stderr, code } = await program(source, { permissions: [...always, read] });
      assertEquals(code, 0, stderr);
      return stdout.split("\n");
    };
    const root = new URL("..", import.meta.url).pathname;
    const home = process.env.FLAMBEAU_LIB ?? flambeauHome();
    const [blind, absent] = await lines(`--allow-read=${root},${home}`);
    // To put a file in the place of another is reading too, to Deno.
    assertStringIncludes(blind!, "allowed.pt could not be written: Requires read access");
    assertStringIncludes(absent!, "allowed.pt could not be read: Requires read access");
    assertEquals(readdirSync(here.path), []);
    const [saved, loaded, elsewhere] = await lines(`--allow-read=${root},${home},${here.path}`);
    assertEquals([saved, loaded], ["done", "done"]);
    assertStringIncludes(
      elsewhere!,
      "flambeau-not-allowed.pt could not be written: Requires write access",
    );
    assertEquals(readdirSync(here.path), ["allowed.pt"]);
  });
});

/** Runs a program that may write files of a megabyte at most. */
async function limited(here: Folder, program: string): Promise<{ stdout: string }> {
  const command = isDeno ? `"${process.execPath}" run --no-check -A` : `"${process.execPath}"`;
  // In a file: Deno rewrites the arguments of a shell that starts Deno.
  const script = here.file("limited.sh");
  writeFileSync(script, `trap '' XFSZ\nulimit -f 1024\nexec ${command} "${program}"\n`);
  const child = spawn("bash", [script]);
  let stdout = "";
  child.stdout.on("data", (text) => stdout += text);
  child.stderr.on("data", (text) => process.stderr.write(text));
  await new Promise((resolve) => child.on("close", resolve));
  return { stdout };
}
