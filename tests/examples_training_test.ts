import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { pythonForTests } from "../tools/setup/python.ts";
import { folder, isDeno } from "./support/program.ts";

function pathOf(name: string): string {
  return fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
}

function ended(exe: string, args: string[], env: Record<string, string> = {}): string {
  const all = { ...process.env, NO_COLOR: "1", ...env };
  const { status, stdout, stderr, error } = spawnSync(exe, args, { encoding: "utf8", env: all });
  assertEquals(status, 0, `${error ?? ""} ${stderr}`);
  return stdout;
}

function run(name: string, ...args: string[]): string {
  const path = pathOf(name);
  return ended(process.execPath, [...(isDeno ? ["run", "-A", path] : [path]), ...args]);
}

/** Runs an example in the runtime that does not run this test. */
function runElsewhere(name: string, ...args: string[]): string {
  const path = pathOf(name);
  return isDeno
    ? ended(process.env.FLAMBEAU_TEST_BUN ?? "bun", [path, ...args])
    : ended(process.env.FLAMBEAU_TEST_DENO ?? "deno", ["run", "-A", path, ...args]);
}

function shareIn(line: string): number {
  return Number(/([\d.]+) %/.exec(line)![1]);
}

describe("The training examples run", { timeout: 300_000 }, () => {
  test("digits.ts: trained, saved, and loaded here, in the other runtime and in Python", {
    timeout: 300_000,
  }, () => {
    using here = folder();
    const path = here.file("digits.pt");
    const shown = run("digits.ts", path);
    assertStringIncludes(shown, "(conv2): Conv2d(16, 32, kernel_size=(3, 3)");
    const right = /[\d.]+ % of new digits are right\n/.exec(shown)![0];
    assert(shareIn(right) > 80, right);
    assertStringIncludes(shown, `${right.slice(0, right.indexOf(" %"))} % after loading`);
    assertEquals(runElsewhere("digits.ts", "--load", path), right);
    const { exe, env } = pythonForTests();
    const python = ended(exe, ["-B", "-W", "ignore", pathOf("digits_load.py"), path], env);
    assertEquals(python, right);
  });

  test("gpt.ts: learns, and goes on from a line", { timeout: 300_000 }, () => {
    const shown = run("gpt.ts", "40", "When in");
    assertStringIncludes(shown, "111232 parameters, 4912 characters of 55 kinds");
    const loss = Number(/loss ([\d.]+) a character; 4.01 is chance/.exec(shown)![1]);
    assert(loss < 3, `loss ${loss}`);
    assert(shown.split("\n").slice(2).join("\n").length >= 200);
  });

  test("fine_tune.ts: a loaded model learns, but for its frozen layers", {
    timeout: 300_000,
  }, () => {
    const shown = run("fine_tune.ts");
    assertStringIncludes(shown, "frozen: hidden.weight, hidden.bias");
    assertStringIncludes(shown, "frozen layers changed: false");
    const [loaded, tuned, again] = shown.split("\n").filter((line) => line.includes("%")).map(
      shareIn,
    ) as [number, number, number];
    assert(loaded < 60 && tuned > 75, shown);
    assertEquals(again, tuned);
  });
});
