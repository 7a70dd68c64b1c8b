/**
 * Tables and charts of what `run.ts` measured.
 *
 * @module
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Found, Results } from "./run.ts";
import { chartOf } from "./chart.ts";

const titles: Record<string, [title: string, says: string]> = {
  dispatch: [
    "Small ops",
    "One thread; each result is disposed in the loop. *C++* is a loop over LibTorch as it comes, in the same process; *C++, our allocator* " +
    "the same loop with the memory that Flambeau gives LibTorch, which is kept by size when it is freed: what is above 1 there is the way there " +
    "and back.",
  ],
  shumai: [
    "shumai's workloads",
    "Additions, products of matrices, and a hidden layer with five additions, each on the result of the last (the products are by a reflection, so that they keep their length); as many threads as " +
    "cores, in turns with PyTorch. tfjs-node and shumai are not measured: tfjs-node's installation fetches a library from storage.googleapis.com, which the machine " +
    "could not reach (`getaddrinfo ENOTFOUND`), and shumai's installs but does not load without ArrayFire (`libafcpu.so.3: cannot open " +
    "shared object file`). What shumai's own README says, on an Apple M1 Pro, shumai against tfjs-node: additions 624.78, 460.01 and 57.93 " +
    "thousand a second, 3.2, 4.8 and 1.4 times tfjs-node; products 43, 518.7 and 2,147.8 GFlop/s, 1.5, 8.8 and 6.7 times; hidden layers " +
    "41.34, 24.55 and 2.72 thousand a second, 2.5, 2.9 and 2.8 times. Those are its figures, of another machine; they were not reproduced.",
  ],
  torchscript: [
    "TorchScript",
    "The same networks and weights: traced by PyTorch for Flambeau, C++ and PyTorch, exported to ONNX for onnxruntime-node. " +
    "*scripted* is the file as it is, *frozen* and *optimized* are `jit.freeze` and `jit.optimizeForInference`, *fused* is `jit.freeze` with " +
    "`jit.enableOnednnFusion(true)`, and *fused, bfloat16* the same with the network in bfloat16 between a float32 input and output, " +
    "which is less exact, and for which onnxruntime on a CPU has nothing. onnxruntime optimizes always: it runs its float32 network " +
    "beside each of these. *optimized, bfloat16* is there for the LSTM, whose weights `jit.optimizeForInference` packs. Rounds of all take turns. " +
    "C++ is the same program in a loop in C++: where it too is above onnxruntime, LibTorch is. Without gradients; as many threads as cores.",
  ],
  training: [
    "Training",
    "A step: zero the gradients, forward, cross entropy, backward, optimizer, the loss as a number. The same programs with the same seed " +
    "(the losses are compared), in turns with PyTorch's eager mode; nothing is disposed in the loop. After 2,000 steps or 12 seconds, both sides " +
    "together: in the first, compilers and the moving of hot code take some. As many threads as cores.",
  ],
  concurrency: [
    "Many callers of one model",
    "The transformer above, one input at a time, fused by oneDNN's graph compiler here and in PyTorch, and on one thread each: by `runAsync` here, by a ThreadPoolExecutor with a " +
    "thread a core in PyTorch, by `session.run` in onnxruntime-node. Each caller awaits its result before it asks for the next. What a call takes of " +
    "the time is the reverse of the throughput, to be held against the first row.",
  ],
  transfer: [
    "TypedArrays",
    "float32; one thread. *memcpy* is a plain copy in C++ from the same memory to the other array's, again and again; *memcpy to new " +
    "memory* into memory from malloc, which is freed again and so is the same each time; *memcpy to cold memory* into 64 MB, one part " +
    "after the other, as where a collector brings memory back. An array that is there is `torch.fromTypedArray(array).copy_(x)`, of " +
    "which the first part is done once.",
  ],
  memory: [
    "Lifetimes",
    "float32 tensors of one element; memory is of so many more, once as many are there; the peak is of a process with a loop of ten ops and a backward " +
    "pass on 4 MB tensors, the runtime and LibTorch included. Python frees as the last name goes, so that its figure is the same for all three.",
  ],
  load: [
    "Loading",
    "`jit.load` of 250 MB from the system's cache of files: with every record checked and the program looked through, as it is by default; " +
    "without looking through the program; and as LibTorch loads by itself (*unverified*).",
  ],
  start: ["Start", "A process from its start to the first result of an op, whole."],
};

/** Writes the page and its charts. */
export function writeReport(results: Results, root: string): void {
  const page = join(root, "docs", "benchmarks.md");
  const before = readText(page);
  const charts = join(root, "docs", "benchmarks");
  mkdirSync(charts, { recursive: true });
  const parts = Object.keys(titles).flatMap((suite) => {
    const rows = results.rows.filter((row) => row.suite === suite);
    if (rows.length === 0) return [];
    writeFileSync(join(charts, `${suite}.svg`), chartOf(rows));
    return [section(suite, rows, results)];
  });
  const notes = /<!-- notes -->[^]*<!-- end of notes -->/.exec(before)?.[0] ??
    "<!-- notes -->\n<!-- end of notes -->";
  writeFileSync(page, [head(results), notes, ...parts].join("\n\n") + "\n");
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function head({ machine }: Results): string {
  const facts = Object.entries(machine).map(([name, value]) => `| ${name} | ${value} |`);
  return `# Benchmarks

\`deno task bench\` measures all of this (\`deno task bench dispatch\` one suite, \`deno task bench dispatch bun\` one runtime of it), keeps
the figures in [bench/results.json](../bench/results.json), and writes this page and its charts. Medians over rounds, with the 10th and
90th percentile in small print. How to make one's own program fast: [performance.md](performance.md).

| | |
|---|---|
${facts.join("\n")}`;
}

function section(suite: string, rows: readonly Found[], results: Results): string {
  const [title, says] = titles[suite]!;
  const systems = [...new Set(rows.map(({ system }) => system))].sort(byRank);
  const cases = [...new Set(rows.map((row) => row.case))];
  const others = systems.filter((system) => !system.startsWith("Flambeau"));
  const lines = cases.map((name) => {
    const of = (system: string) => rows.filter((row) => row.case === name && row.system === system);
    const cells = systems.map((system) => timeCell(of(system)));
    const ratios = others.map((system) => ratioCell(name, rows, system));
    return `| ${[name, ...cells, ...ratios].join(" | ")} |`;
  });
  const heads = ["", ...systems, ...others.map((system) => `÷ ${system}`)];
  return `## ${title}

${says} The last columns are Flambeau's time divided by the other's, on Deno / on Bun: below 1 Flambeau is faster. ${
    whenMeasured(suite, results)
  }

![${title}](benchmarks/${suite}.svg)

| ${heads.join(" | ")} |
|${heads.map(() => "---").join("|")}|
${lines.join("\n")}`;
}

function byRank(a: string, b: string): number {
  const rank = (system: string) =>
    system.startsWith("Flambeau") ? 0 : system.startsWith("C++") ? 1 : 2;
  return rank(a) - rank(b) || a.localeCompare(b);
}

// C++ is measured in both processes: what stands in the table is the mean of the two.
function timeCell(rows: readonly Found[]): string {
  if (rows.length === 0) return "";
  const mean = (pick: (row: Found) => number) =>
    rows.reduce((sum, row) => sum + pick(row), 0) / rows.length;
  const [median, low, high] = [
    mean((row) => row.median),
    mean((row) => row.low),
    mean((row) => row.high),
  ];
  const text = rows[0]!.unit === "bytes" ? bytesText : timeText;
  return `${text(median)} <sub>${text(low)} – ${text(high)}</sub>`;
}

// What took turns in one process is held against the round beside it; other processes' medians against each other.
function ratioCell(name: string, rows: readonly Found[], other: string): string {
  const own = rows.filter((row) => row.case === name && row.system.startsWith("Flambeau"));
  const theirs = rows.filter((row) => row.case === name && row.system === other);
  if (theirs.length === 0 || own.length === 0) return "";
  return own.map((row) => (row.ratios?.[other] ?? row.median / theirs[0]!.median).toFixed(2))
    .join(" / ");
}

function whenMeasured(suite: string, { runs }: Results): string {
  const own = Object.entries(runs).filter(([name]) => name.startsWith(`${suite} `));
  if (own.length === 0) return "";
  const dates = own.map(([, { date }]) => date).sort();
  const loads = own.map(([, { load }]) => load);
  return `Measured from ${dates[0]} to ${dates.at(-1)} (UTC), the machine's load before each run ${
    Math.min(...loads).toFixed(1)
  } to ${Math.max(...loads).toFixed(1)}.`;
}

function bytesText(bytes: number): string {
  for (const [unit, size] of [["MB", 2 ** 20], ["kB", 2 ** 10]] as const) {
    if (bytes >= size) return `${(bytes / size).toPrecision(3)} ${unit}`;
  }
  return `${bytes.toFixed(0)} bytes`;
}

function timeText(nanoseconds: number): string {
  for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]] as const) {
    if (nanoseconds >= size) return `${(nanoseconds / size).toPrecision(3)} ${unit}`;
  }
  return `${nanoseconds.toFixed(nanoseconds < 10 ? 1 : 0)} ns`;
}
