import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { assertEquals, assertStringIncludes } from "@std/assert";

/** Runs an example in the runtime that runs this test. */
function run(name: string): string {
  const path = fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
  const args = "Deno" in globalThis ? ["run", "-A", path] : [path];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assertEquals(status, 0, stderr);
  return stdout;
}

describe("The examples run", () => {
  test("demo.ts: a function, a module, and a model that PyTorch made", () => {
    const shown = run("demo.ts");
    assertStringIncludes(shown, "aten::matmul(%x, %w)");
    assertStringIncludes(shown, "(head): Linear(in_features=144, out_features=10, bias=True)");
    assertStringIncludes(shown, "the largest difference from the module itself is 0\n");
    // What PyTorch printed when it made the model: see examples/models/make_from_pytorch.py.
    assertStringIncludes(shown, "tensor([2.0000, 1.4142, 3.0000]) after 5 steps");
    assertStringIncludes(shown, "the square root of a negative number is not real");
  });

  test("torchscript.ts: the running example of R torch's article", () => {
    const shown = run("torchscript.ts");
    assertStringIncludes(shown, 'prim::CallMethod[name="forward"](%linear1, %x)');
    assertStringIncludes(shown, "Expected 10 elements in a list but found 11");
    assertStringIncludes(shown, "evaluating: tensor([1., 1., 1., 1., 1.])");
    assertStringIncludes(shown, "the same after loading: true");
  });
});
