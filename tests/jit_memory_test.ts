import process from "node:process";
import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { folder, program } from "./support/program.ts";

// A process of its own, whose peak nothing else has raised.
const source = `
import { readFileSync, statSync } from "node:fs";
import process from "node:process";
import * as torch from MOD;
const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
const path = process.env.LARGE_FILE;
const net = torch.noGrad(() => new torch.nn.Linear(4000, 4000, { bias: false }));
const script = torch.jit.trace(net, [torch.zeros([1, 4000])], { checkTrace: false, respectMode: false });
net.dispose();
const start = peak();
script.save(path);
const saved = peak();
const again = torch.jit.load(path);
const loaded = peak();
const size = statSync(path).size / 2 ** 20;
console.log(JSON.stringify({ size, save: (saved - start) / size, load: (loaded - saved) / size }));
again.dispose();
`;

const onLinux = process.platform === "linux"
  ? {}
  : { skip: "the peak of a process is read from Linux's /proc" };

describe("A large model", () => {
  test("is saved without a copy of it in memory, and loaded without three", onLinux, async () => {
    using here = folder();
    const { code, stdout, stderr } = await program(source, {
      env: { LARGE_FILE: here.file("large.pt") },
    });
    assertEquals(code, 0, stderr);
    const { size, save, load } = JSON.parse(stdout);
    assert(size > 60, `The model has ${size} MB only`);
    assert(save < 0.3, `Saving took ${save} times the file's size`);
    // The tensors themselves, and what is mapped while they are read.
    assert(load < 2.3, `Loading took ${load} times the file's size`);
  });
});
