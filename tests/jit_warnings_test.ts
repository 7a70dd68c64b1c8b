import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as torch from "../mod.ts";
import { forward, model } from "./support/hostile.ts";
import { program } from "./support/program.ts";

const { jit } = torch;

function warningsOf(run: () => void): string[] {
  const before = console.warn;
  const seen: string[] = [];
  console.warn = (...args: unknown[]) => void seen.push(args.join(" "));
  try {
    run();
  } finally {
    console.warn = before;
  }
  return seen;
}

describe("what LibTorch warns of in a trace", () => {
  test("is a warning of JavaScript's: a list as strict output", () => {
    const [warning, ...rest] = warningsOf(() =>
      jit.trace((x: torch.Tensor) => [x, x.add(1)], [torch.ones([2])])
    );
    assertStringIncludes(
      warning!,
      "TracerWarning: Encountering a list at the output of the tracer",
    );
    assertStringIncludes(warning!, "{ strict: false }");
    assertEquals(rest, []);
  });

  test("and nothing where strict is off, or a tuple is given", () => {
    const x = torch.ones([2]);
    assertEquals(
      warningsOf(() => jit.trace((y: torch.Tensor) => [y, y], [x], { strict: false })),
      [],
    );
    assertEquals(warningsOf(() => jit.trace((y: torch.Tensor) => jit.tuple([y, y]), [x])), []);
  });
});

const TOO_FEW = "degrees of freedom is <= 0";

/** What a program prints to its two streams, of which `console.warn` writes to one only. */
async function outputOf(body: string): Promise<{ warned: string[]; stderr: string }> {
  const ended = await program(`
    import * as torch from MOD;
    console.warn = (...args) => console.log("@" + JSON.stringify(args.join(" ")));
    const turn = () => new Promise((resolve) => setTimeout(resolve));
    const { jit } = torch;
    ${body}
    await turn();
  `);
  assertEquals(ended.code, 0, ended.stderr);
  const lines = ended.stdout.split("\n").filter((line) => line.startsWith("@"));
  return { warned: lines.map((line) => JSON.parse(line.slice(1))), stderr: ended.stderr };
}

// Which LibTorch gives once a process, or once a thread, only a process of its own can tell.
describe("what LibTorch warns of", () => {
  test("is a warning of JavaScript's, each once, and nothing goes to the error stream", async () => {
    const { warned, stderr } = await outputOf(`
      const one = torch.tensor([1.5]);
      for (let i = 0; i < 3; i++) one.std();
      await turn();
      one.std();
      torch.tensor([1, 2], { dtype: "complex64" }).to({ dtype: "float32" });
    `);
    assertEquals(warned.length, 2, warned.join("\n"));
    assertStringIncludes(warned[0]!, `UserWarning: std(): ${TOO_FEW}`);
    assertStringIncludes(warned[1]!, "UserWarning: Casting complex values to real discards");
    assert(!stderr.includes("Warning"), stderr);
  });

  test("comes after the call, whose results are whole", async () => {
    const { warned } = await outputOf(`
      const warn = console.warn;
      console.warn = (...args) => {
        torch.zeros([100]).add(1);
        warn(...args);
      };
      const [deviation, mean] = torch.stdMean(torch.tensor([1.5]));
      if (!Number.isNaN(deviation.item()) || mean.item() !== 1.5) throw new Error("other results");
    `);
    assertEquals(warned.length, 1, warned.join("\n"));
  });

  test("in source that is compiled, in a file that is loaded, and in a call in the background", async () => {
    const file = model(forward("y = [1, 'a']"));
    const { warned, stderr } = await outputOf(`
      jit.compile("def f(x: Tensor):\\n    return x, [1, 'a']");
      await turn();
      jit.deserialize(Uint8Array.from(${JSON.stringify([...file])}));
      await turn();
      const narrow = jit.compile("def f(x: Tensor):\\n    return torch.var(x)").f;
      await narrow.runAsync(torch.ones([1]));
    `);
    assertEquals(warned.length, 3, warned.join("\n"));
    assertStringIncludes(warned[0]!, "List consists of heterogeneous types");
    assertStringIncludes(warned[1]!, 'File "code/__torch__.py"');
    assertStringIncludes(warned[2]!, `var(): ${TOO_FEW}`);
    assert(!stderr.includes("Warning"), stderr);
  });

  test("in a Worker is the Worker's, which ends as others do", async () => {
    const { warned, stderr } = await outputOf(`
      const source = 'import * as torch from ' + ${"JSON.stringify(MOD)"} + ';' +
        'const seen = []; console.warn = (text) => seen.push(text);' +
        'torch.tensor([1.5]).std();' +
        'setTimeout(() => postMessage(seen));';
      const url = URL.createObjectURL(new Blob([source], { type: "application/javascript" }));
      const worker = new Worker(url, { type: "module" });
      const seen = await new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
      worker.terminate();
      await turn();
      for (const text of seen) console.warn(text);
    `);
    assertEquals(warned.length, 1, stderr);
    assertStringIncludes(warned[0]!, TOO_FEW);
  });
});
