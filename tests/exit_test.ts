/**
 * How processes end: none hangs, none crashes, each with the exit code that it should have.
 */

import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { program } from "./support/program.ts";

// Far below what the spinning calls take, with room for a slow machine.
const LIMIT_MS = 20_000;

// `spin(LONG)` runs for minutes.
const START = `
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import * as torch from MOD;
const LONG = 3_000_000_000;
const SPIN = \`
def spin(n: int) -> int:
    x = 0
    for i in range(n):
        x += i % 7
    return x
\`;
const { spin } = torch.jit.compile(SPIN);
torch.ones([3]).add(1);
`;

// A Worker of the same library, which posts a message, and then goes on.
const worker = (rest: string) => `
import { writeFileSync } from "node:fs";
const file = new URL("./worker.ts", import.meta.url);
writeFileSync(
  file,
  \`import * as torch from \${JSON.stringify(MOD)};
const { spin } = torch.jit.compile(\${JSON.stringify(SPIN)});
const held = torch.ones([1000]);
self.onmessage = () => {};
\${${JSON.stringify(rest)}}\`,
);
const worker = new Worker(file, { type: "module" });
worker.onerror = (event) => console.log("worker failed:", event.message);
await new Promise((resolve) => worker.onmessage = resolve);
`;

const IDLE = `self.postMessage("ready"); setInterval(() => held.add(1), 5);`;
const BUSY = `spin.runAsync(3_000_000_000); setTimeout(() => self.postMessage("ready"), 100);`;

const LENDING = `
const { sums } = torch.jit.compile(\`
def sums(x, n: int):
    y = x.sum()
    for i in range(n):
        y = y + x.sum()
    return y
\`);
const lent = torch.fromTypedArray(new Float32Array(4 << 20));
sums.runAsync(lent, 1_000_000);
setTimeout(() => self.postMessage("ready"), 50);`;

interface Ending {
  readonly source: string;
  readonly code: number;
  /** What stderr must hold. */
  readonly says?: string;
}

const ENDINGS: Readonly<Record<string, Ending>> = {
  "a normal end": { source: `console.log("end");`, code: 0 },
  "a normal end after calls that were awaited": {
    source:
      `await Promise.all(Array.from({ length: 50 }, () => spin.runAsync(1000))); console.log("end");`,
    code: 0,
  },
  "a normal end waits for a call that nobody awaits": {
    source: `spin.runAsync(1_000_000).then(() => console.log("end"));`,
    code: 0,
  },
  "process.exit": { source: `console.log("end"); process.exit(3);`, code: 3 },
  "an uncaught error": {
    source: `console.log("end"); throw new Error("broken on purpose");`,
    code: 1,
    says: "broken on purpose",
  },
  "a rejection that nobody handles": {
    source: `console.log("end"); await spin.runAsync("x");`,
    code: 1,
    says: "spin",
  },
  "process.exit while calls run and wait": {
    source: `for (let i = 0; i < 20; i++) spin.runAsync(LONG); await sleep(50);
console.log("end"); process.exit(3);`,
    code: 3,
  },
  "process.exit as soon as a call is queued": {
    source: `spin.runAsync(LONG); console.log("end"); process.exit(3);`,
    code: 3,
  },
  "an uncaught error while a call runs": {
    source: `spin.runAsync(LONG); await sleep(50);
console.log("end"); throw new Error("broken on purpose");`,
    code: 1,
    says: "broken on purpose",
  },
  "an uncaught error in a timer while a call runs": {
    source: `spin.runAsync(LONG);
setTimeout(() => { console.log("end"); throw new Error("broken on purpose"); }, 50);`,
    code: 1,
    says: "broken on purpose",
  },
  "a normal end while a call runs on after its deadline": {
    source:
      `await spin.runAsync(LONG, torch.jit.runOptions({ deadline: 20 })).catch((error) => console.log("end"));`,
    code: 0,
  },
  "a code that was set, while a call runs on after its deadline": {
    source:
      `await spin.runAsync(LONG, torch.jit.runOptions({ deadline: 20 })).catch((error) => console.log("end"));
process.exitCode = 5;`,
    code: 5,
  },
  "process.exit while an aborted call runs on": {
    source: `const stop = new AbortController();
const call = spin.runAsync(LONG, torch.jit.runOptions({ signal: stop.signal }));
await sleep(50);
stop.abort(new Error("enough"));
await call.catch((error) => console.log("end"));
process.exit(3);`,
    code: 3,
  },
  "a normal end while an aborted call runs on": {
    source: `const stop = new AbortController();
const call = spin.runAsync(LONG, torch.jit.runOptions({ signal: stop.signal }));
await sleep(50);
stop.abort(new Error("enough"));
await call.catch((error) => console.log("end"));`,
    code: 0,
  },
  "process.exit while a Worker works": {
    source: worker(IDLE) + `console.log("end"); process.exit(3);`,
    code: 3,
  },
  "an uncaught error while a Worker works": {
    source: worker(IDLE) + `console.log("end"); throw new Error("broken on purpose");`,
    code: 1,
    says: "broken on purpose",
  },
  "process.exit while a Worker's call runs": {
    source: worker(BUSY) + `console.log("end"); process.exit(3);`,
    code: 3,
  },
  "a Worker that is terminated while its call runs": {
    source: worker(BUSY) +
      `worker.terminate(); await sleep(1500); console.log("end"); process.exit(3);`,
    code: 3,
  },
  "process.exit just after a Worker was terminated whose call reads memory that it lent": {
    source: worker(LENDING) + `worker.terminate(); console.log("end"); process.exit(3);`,
    code: 3,
  },
  "a normal end after a Worker was terminated whose call reads memory that it lent": {
    source: worker(LENDING) + `worker.terminate(); console.log("end");`,
    code: 0,
  },
  "process.exit while such a Worker works": {
    source: worker(LENDING) + `console.log("end"); process.exit(3);`,
    code: 3,
  },
  "a normal end after a Worker was terminated": {
    source: worker(IDLE) + `worker.terminate(); console.log("end");`,
    code: 0,
  },
};

describe("a process ends", () => {
  for (const [name, { source, code, says = "" }] of Object.entries(ENDINGS)) {
    test(name, { timeout: LIMIT_MS * 2 }, async () => {
      const start = performance.now();
      const ended = await program(START + source);
      const took = performance.now() - start;
      assertEquals(ended.code, code, `${ended.stdout}\n${ended.stderr}`);
      assertStringIncludes(ended.stdout, "end");
      assertStringIncludes(ended.stderr, says);
      assert(took < LIMIT_MS, `It took ${took} ms`);
    });
  }
});
