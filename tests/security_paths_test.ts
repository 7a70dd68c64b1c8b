import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { flambeauHome } from "../ffi/home.ts";
import { readLink } from "../ffi/link.ts";
import * as torch from "../mod.ts";
import { honest } from "./support/hostile.ts";
import { folder, isDeno, program } from "./support/program.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const shim = process.env.FLAMBEAU_LIB ?? "";

// Everything that takes a path, with what it needs.
const reading: Record<string, string> = {
  "jit.load": "jit.load(FILE)",
  "jit.loadAsync": "await jit.loadAsync(FILE)",
  "jit.inspect": "jit.inspect(FILE)",
  "io.load": "torch.io.load(FILE)",
  "io.loadNpy": "torch.io.loadNpy(FILE)",
  "io.loadNpz": "torch.io.loadNpz(FILE)",
  "io.loadSafetensors": "torch.io.loadSafetensors(FILE)",
};
const writing: Record<string, string> = {
  "jit.save": "jit.save(f, FILE)",
  "jit.saveForMobile": "jit.saveForMobile(f, FILE)",
  "jit.saveAsync": "await jit.saveAsync(f, FILE)",
  "io.save": "torch.io.save({ x }, FILE)",
  "io.saveNpy": "torch.io.saveNpy(x, FILE)",
  "io.saveNpz": "torch.io.saveNpz({ x }, FILE)",
  "io.saveSafetensors": "torch.io.saveSafetensors({ x }, FILE)",
  "SummaryWriter": "new torch.report.SummaryWriter(FILE).addScalar('a', 1, 1)",
  "profiler.exportChromeTrace":
    "(await torch.profiler.profile(() => x.add(1))).exportChromeTrace(FILE)",
};
const SET_UP = `import * as torch from MOD;
const { jit } = torch;
const x = torch.ones([2]);
const f = jit.compile("def f(x: Tensor):\\n    return x").f;
const tell = async (name, run) => {
  try { await run(); console.log("@", name, "DONE"); }
  catch (error) { console.log("@", name, "REFUSED", String(error.cause?.name ?? error.name), error.message.replaceAll("\\n", " ")); }
};
`;

/** Runs each of these calls in one program; what came of each. */
async function attempts(
  calls: Record<string, string>,
  file: string,
  permissions: readonly string[],
): Promise<Record<string, string>> {
  const lines = Object.entries(calls).map(([name, call]) =>
    `await tell(${JSON.stringify(name)}, async () => { ${call.replace("FILE", file)}; });`
  );
  const ended = await program(SET_UP + lines.join("\n"), {
    permissions: [`--allow-read=${root}`, "--allow-env", "--allow-ffi", ...permissions],
  });
  const told: Record<string, string> = {};
  for (const line of ended.stdout.split("\n")) {
    const [, name, rest] = /^@ (\S+) (.*)$/.exec(line) ?? [];
    if (name !== undefined) told[name] = rest!;
  }
  assertEquals(Object.keys(told), Object.keys(calls), ended.stderr);
  return told;
}

// Bun has no permissions, and a shim that set-up's note names lies outside of what these programs may read.
describe(
  "Without Deno's permission, as the runtime says it",
  { skip: !isDeno || shim === "" },
  () => {
    test("nothing is read, by whatever function, path, link or URL", async () => {
      using here = folder();
      const path = here.file("m.pt");
      writeFileSync(path, honest);
      const forms = {
        path: JSON.stringify(path),
        url: `new URL(${JSON.stringify(pathToFileURL(path).href)})`,
        outside: JSON.stringify(`${root}tests/../../../../../../../..${path}`),
      };
      for (const file of Object.values(forms)) {
        for (const [name, told] of Object.entries(await attempts(reading, file, []))) {
          assertStringIncludes(`${name} ${told}`, "REFUSED");
          assert(/read access|NotCapable|PermissionDenied/.test(told), `${name}: ${told}`);
        }
      }
    });

    test("nothing is written, and nothing is left behind", async () => {
      using here = folder();
      const file = JSON.stringify(here.file("made"));
      const told = await attempts(writing, file, [`--allow-read=${root},${here.path}`]);
      for (const [name, one] of Object.entries(told)) {
        assertStringIncludes(`${name} ${one}`, "REFUSED");
        assert(/write access|NotCapable|PermissionDenied/.test(one), `${name}: ${one}`);
      }
      assertEquals(readdirSync(here.path), []);
    });

    test("a link within what may be written leads no save out of it", async () => {
      using here = folder();
      const [inside, outside] = [here.file("inside"), here.file("outside")];
      mkdirSync(inside);
      mkdirSync(outside);
      writeFileSync(`${outside}/kept`, "kept");
      symlinkSync(`${outside}/kept`, `${inside}/link`);
      const { SummaryWriter: _, ...savers } = writing;
      await attempts(savers, JSON.stringify(`${inside}/link`), [
        `--allow-read=${root},${inside}`,
        `--allow-write=${inside}`,
      ]);
      assertEquals(readFileSync(`${outside}/kept`, "utf8"), "kept");
      assertEquals(readdirSync(outside), ["kept"]);
    });
  },
);

test("Paths are what the runtime takes for paths: relative ones, links, URLs; others are refused", () => {
  using here = folder();
  const path = here.file("m.pt");
  writeFileSync(path, honest);
  symlinkSync(path, here.file("link.pt"));
  mkdirSync(here.file("a b#c"));
  writeFileSync(here.file("a b#c/ü%.pt"), honest);
  const before = process.cwd();
  process.chdir(here.path);
  try {
    for (
      const source of [
        "m.pt",
        "./m.pt",
        "link.pt",
        "a b#c/../m.pt",
        pathToFileURL(path),
        pathToFileURL(here.file("a b#c/ü%.pt")),
      ]
    ) {
      torch.jit.load(source).dispose();
      assertEquals(torch.jit.inspect(source).size, honest.length);
    }
  } finally {
    process.chdir(before);
  }
  for (const source of [`${path}\0`, "\0", "", new URL("https://example.com/m.pt")]) {
    for (const use of [torch.jit.load, torch.jit.inspect, torch.io.load]) {
      assertThrows(() => use(source as string), TypeError, "path");
    }
    assertThrows(() => torch.jit.loadLibrary(source as string), TypeError, "path");
    using script = torch.jit.load(honest);
    assertThrows(() => torch.jit.save(script, source), TypeError, "path");
  }
  // A library by its bare name is a file of this folder, and not what the system finds elsewhere.
  assertThrows(() => torch.jit.loadLibrary("libm.so.6"), torch.TorchError, process.cwd());
});

test("A model that loops without end in a process of its own is ended, as docs/security.md shows", {
  timeout: 300_000,
}, async () => {
  const page = readFileSync(new URL("../docs/security.md", import.meta.url), "utf8");
  const runner = /```ts runner\.ts\n([\s\S]*?)```/.exec(page)?.[1];
  const limits = /const limits = "(.*?)exec deno run (.*) runner\.ts stranger\.pt"/.exec(page);
  assert(runner !== undefined && limits !== null, "docs/security.md has the example");
  using here = folder();
  using endless = torch.jit.compile(
    "def f(x: Tensor):\n    n = 0\n    while n >= 0:\n        n = n ^ 1\n    return x",
  );
  const models = { "stranger.pt": torch.jit.serialize(endless.f!), "honest.pt": honest };
  for (const [name, bytes] of Object.entries(models)) writeFileSync(here.file(name), bytes);
  writeFileSync(
    here.file("runner.ts"),
    runner.replace('"flambeau"', JSON.stringify(new URL("../mod.ts", import.meta.url).href)),
  );
  // The narrowest flags that the page names; the project itself is read from where it lies.
  const flags = limits[2]!.replace("--allow-read=.", `--allow-read=${here.path},${root}`)
    .replace("$HOME/.cache/flambeau", flambeauHome());
  // As for a user, whose shim set-up's note names.
  const env = { ...process.env };
  if (readLink(root) !== null) delete env.FLAMBEAU_LIB;
  const runtime = isDeno ? `run --no-check ${flags}` : "";
  const run = (model: string, seconds: number) =>
    new Promise<{ signal: string | null; code: number | null; output: string }>((resolve) => {
      const started = spawn("sh", [
        "-c",
        `${limits[1]} exec "$0" ${runtime} runner.ts ${model}`,
        process.execPath,
      ], {
        cwd: here.path,
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      started.stdout.on("data", (part) => output += part);
      started.stderr.on("data", (part) => output += part);
      const timer = setTimeout(() => started.kill("SIGKILL"), seconds * 1000);
      started.on("close", (code, signal) => {
        clearTimeout(timer);
        resolve({ code, signal, output });
      });
    });
  const good = await run("honest.pt", 120);
  assertEquals([good.code, good.output.trim().split("\n").at(-1)], [0, "[2,3.5]"], good.output);
  const bad = await run("stranger.pt", 5);
  assertEquals([bad.signal, bad.output.includes("[")], ["SIGKILL", false], bad.output);
});
