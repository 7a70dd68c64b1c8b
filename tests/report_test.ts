import { chmodSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";
import { folder, program } from "./support/program.ts";

const { nn, report } = torch;

/** A stream that keeps what is written to it. */
class Kept {
  text = "";
  readonly isTTY: boolean;
  readonly columns = 100;
  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.text += text;
  }
  /** What a terminal shows in the end: each drawing is wiped by the next. */
  get shown(): string {
    return this.text.split("\x1b[0J").at(-1)!;
  }
}

describe("progress()", () => {
  test("hands on the items, and shows a bar with rate and values on a terminal", () => {
    const stream = new Kept(true);
    const steps = torch.progress([1, 2, 3], {
      title: "epoch 1",
      stream,
      interval: 0,
      unit: "batch",
    });
    const seen: number[] = [];
    for (const x of steps) {
      seen.push(x);
      steps.set({ loss: x / 8, lr: "1e-3" });
    }
    assertEquals(seen, [1, 2, 3]);
    assert(
      /^epoch 1 █{24} 100% \| 3\/3 \| 0s, [\d.e+]+ batch\/s \| loss 0\.3750 \| lr 1e-3\n$/.test(
        stream.shown,
      ),
      stream.shown,
    );
    assertEquals(stream.text.split("\x1b[0J").length, 1 + 1 + 3 + 1);
    assertStringIncludes(stream.text, "epoch 1 ████████░░░░░░░░░░░░░░░░ 33% | 1/3");
  });

  test("writes a line now and then elsewhere, and one at the end", () => {
    const stream = new Kept(false);
    for (const _ of torch.progress(Array(1000).fill(0), { stream })) { /* nothing */ }
    assert(/^1000\/1000 100% \| \d+s, [\d.e+]+ it\/s\n$/.test(stream.text), stream.text);
    const often = new Kept(false);
    for (const _ of torch.progress(Array(4), { stream: often, interval: 0 })) { /* nothing */ }
    assertEquals(often.text.trim().split("\n").length, 5);
    assert(!often.text.includes("\x1b"));
  });

  test("counts what has no length, awaits, and is quiet when told so", async () => {
    const stream = new Kept(false);
    async function* three() {
      yield* [1, 2, 3];
    }
    const steps = torch.progress(three(), { stream });
    for await (const _ of steps) { /* nothing */ }
    assert(stream.text.startsWith("3 | 0s, "), stream.text);
    assertThrows(() => [...torch.progress(three(), { stream })], TypeError, "for await");
    assertThrows(() => torch.progress(3 as never), TypeError, "must be iterable");
    const quiet = new Kept(true);
    for (const _ of torch.progress([1], { stream: quiet, quiet: true })) { /* nothing */ }
    assertEquals(quiet.text, "");
    const loader = new torch.data.DataLoader([1, 2, 3], { batchSize: 2 });
    const loading = new Kept(false);
    for (const batch of torch.progress(loader, { stream: loading })) batch.dispose();
    assert(loading.text.startsWith("2/2 100%"), loading.text);
  });

  test("ends when its loop is left", () => {
    const stream = new Kept(true);
    let closed = false;
    function* source() {
      try {
        yield* [1, 2, 3];
      } finally {
        closed = true;
      }
    }
    assertThrows(
      () => {
        for (const _ of torch.progress(source(), { stream, total: 3 })) throw new Error("mine");
      },
      Error,
      "mine",
    );
    assert(closed && stream.text.endsWith("\n"));
  });

  test("draws a live curve above the bar", () => {
    const stream = new Kept(true);
    const curve = new report.LossCurve();
    const steps = torch.progress(Array(50).fill(0), { stream, curve, interval: 0 });
    let step = 0;
    for (const _ of steps) steps.set({ loss: Math.exp(-step++ / 10) });
    const lines = stream.shown.trimEnd().split("\n");
    assert(lines.length > 10, stream.shown);
    assert(lines.at(-1)!.includes("100% | 50/50"));
    // Every drawing goes up by as many lines as the one before had.
    assertStringIncludes(stream.text, `\r\x1b[${lines.length - 1}A\x1b[0J`);
    assertEquals(curve.series[0]!.values.length, 50);
  });
});

describe("The npm packages of reports", () => {
  test("are found by a program elsewhere, which has no import map of ours", async () => {
    using here = folder();
    const { stdout, stderr } = await program(`
      import * as torch from MOD;
      import { statSync } from "node:fs";
      for (const _ of torch.progress([1, 2], { title: "far away" })) { /* nothing */ }
      using writer = new torch.report.SummaryWriter(${JSON.stringify(here.path)});
      const before = statSync(writer.path).size;
      writer.addScalar("loss", 1, 0);
      console.log(before > 40, statSync(writer.path).size - before);
    `);
    assertStringIncludes(stderr, "far away: 2/2 100% | ");
    // 16 bytes around each event; in it the time, 9, and "loss" with its value, 6 + 5, within two messages.
    assertEquals(stdout.trim(), "true 40");
  });

  test("have the versions of the import map and of package.json, by their full names", () => {
    const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
    const { imports } = JSON.parse(read("deno.json"));
    const { dependencies } = JSON.parse(read("package.json"));
    const named = [
      ...read("src/report/packages.ts").matchAll(/import\("npm:(.+)@([\d.]+)(\/\w+)?"\)/g),
    ];
    assertEquals(named.length, 2);
    for (const [, name, version] of named) {
      assertEquals([name, imports[name!]], [name, `npm:${name}@${version}`]);
      assertEquals([name, dependencies[name!]], [name, version]);
    }
  });
});

describe("LossCurve", () => {
  const curve = new report.LossCurve();
  for (let i = 0; i < 500; i++) {
    curve.add({
      train: 2 * Math.exp(-i / 100),
      ...(i % 50 === 0 ? { "test <&>": 2.5 - i / 500 } : {}),
    });
  }

  test("is drawn as text within its size, whatever it holds", () => {
    const lines = curve.toText({ width: 50, height: 10 }).split("\n");
    assertStringIncludes(lines[0]!, "train");
    assert(lines.length === 1 + 10 + 2, lines.join("\n"));
    assert(Math.max(...lines.map((line) => line.length)) < 70);
    assertEquals(new report.LossCurve().toText(), "(no points yet)");
    for (const values of [[1, 1], [NaN, 1, 2], [1, Infinity, 3], [1e-9, 1e9]]) {
      const odd = new report.LossCurve();
      for (const value of values) odd.add({ odd: value });
      assert(odd.toText().length > 0 && odd.toSVG().length > 0);
      assert(!odd.toSVG().includes("NaN") && !odd.toSVG().includes("Infinity"));
    }
  });

  test("is drawn as SVG: a line each, from corner to corner, with round numbers at the axes", () => {
    const svg = curve.toSVG({ title: "Loss", width: 640, height: 360 });
    const lines = [...svg.matchAll(/<polyline [^>]*points="([^"]*)"/g)].map(([, points]) =>
      points!.split(" ")
    );
    assertEquals(lines.map((points) => points.length), [500, 10]);
    assertEquals(lines[0]!.map((point) => Number(point.split(",")[0])).at(0), 64);
    assertEquals(lines[0]!.map((point) => Number(point.split(",")[0])).at(-1), 624);
    const heights = lines.flat().map((point) => Number(point.split(",")[1]));
    assertEquals([Math.min(...heights), Math.max(...heights)], [32, 324]);
    for (const tick of ["0", "100", "400", "1", "2", "Loss", "test &lt;&amp;&gt;"]) {
      assertStringIncludes(svg, `>${tick}</text>`);
    }
    const log = curve.toSVG({ log: true });
    assertStringIncludes(log, ">0.1000</text>");
  });

  test("is saved whole", () => {
    using here = folder();
    curve.save(here.file("loss.svg"));
    assertEquals(readFileSync(here.file("loss.svg"), "utf8"), curve.toSVG());
    assertEquals(readdirSync(here.path), ["loss.svg"]);
  });

  test("refuses what is no number", () => {
    assertThrows(() => new report.LossCurve().add({ a: "1" as never }), TypeError, "'values.a'");
    assertThrows(() => new report.LossCurve().add({ a: 1 }, NaN), TypeError, "'step'");
  });
});

/** The records of an event file. */
function records(path: string | URL): Uint8Array[] {
  const bytes = readFileSync(path);
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = Number(bytes.readBigUInt64LE(at));
    found.push(new Uint8Array(bytes.subarray(at, at + 16 + size)));
    at += 16 + size;
  }
  return found;
}

type Field = [number: number, value: Uint8Array | null];

/** The fields of a message of protocol buffers; `null` for what is a number. */
function fields(message: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = message[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const type = tag % 8;
    const size = type === 1 ? 8 : type === 5 ? 4 : type === 2 ? varint() : 0;
    if (type === 0) varint();
    found.push([Math.floor(tag / 8), type === 2 ? message.subarray(at, at + size) : null]);
    at += size;
  }
  return found;
}

function bytesIn(message: readonly Field[], field: number): Uint8Array[] {
  return message.flatMap(([number, value]) => number === field && value !== null ? [value] : []);
}

describe("SummaryWriter", () => {
  test("writes the very bytes of PyTorch's writer: numbers, histograms, texts, checksums", () => {
    using here = folder();
    using writer = new report.SummaryWriter(here.file("runs/a"));
    for (let step = 0; step < 3; step++) {
      writer.addScalar("loss/train", 1 / (step + 1), step, { wallTime: 1700000000.5 + step });
    }
    writer.addScalar("large step", -2.5, 2 ** 40, { wallTime: 1700000001 });
    const values = [-1.5, 0, 0.25, 0.25, 3, 1e-30];
    writer.addHistogram("weights", values, 5, { wallTime: 1700000002 });
    using zero = torch.zeros([1]);
    writer.addHistogram("zero", zero, 6, { wallTime: 1700000003 });
    writer.addText("notes", "# ż\nsome *text*", 7, { wallTime: 1700000004 });
    const expected = records(new URL("./golden/events.tfevents", import.meta.url));
    const actual = records(writer.path);
    assertEquals(actual.length, expected.length);
    // The first tells when the file was made.
    for (let i = 1; i < expected.length; i++) assertEquals(actual[i], expected[i], `record ${i}`);
    assertEquals(actual[0]!.slice(21, -4), expected[0]!.slice(21, -4));
  });

  test("adds a traced graph: nodes in the boxes of their modules, with shapes", () => {
    using here = folder();
    using writer = new report.SummaryWriter(here.path);
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU());
    using x = torch.ones([4, 2]);
    using script = torch.jit.trace(net, [x]);
    writer.addGraph(script);
    const [, event] = records(writer.path);
    const graph = fields(bytesIn(fields(event!.subarray(12, -4)), 4)[0]!);
    const nodes = bytesIn(graph, 1).map((node) => {
      const inner = fields(node);
      const text = (field: number) =>
        bytesIn(inner, field).map((one) => new TextDecoder().decode(one));
      return { name: text(1)[0]!, op: text(2)[0]!, inputs: text(3), attributes: text(5) };
    });
    const names = nodes.map(({ name }) => name);
    assertEquals(new Set(names).size, names.length);
    const linear = nodes.find(({ op }) => op === "aten::linear")!;
    const relu = nodes.find(({ op }) => op === "aten::relu")!;
    assert(linear.name.startsWith("0/aten.linear_"), linear.name);
    assert(relu.name.startsWith("1/aten.relu_"), relu.name);
    assertEquals(relu.inputs, [linear.name]);
    assertEquals([nodes.at(-1)!.name, nodes.at(-1)!.inputs], ["output/output.1", [relu.name]]);
    for (const { inputs } of nodes) for (const one of inputs) assert(names.includes(one), one);
    // The shape: two dimensions, of sizes 4 and 3.
    const [shape] = relu.attributes.filter((one) => one.includes("_output_shapes"));
    assert(shape!.endsWith("\x12\x02\x08\x04\x12\x02\x08\x03"), JSON.stringify(shape));
    assertThrows(() => writer.addGraph(net as never), TypeError, "'script'");
    assertThrows(() => writer.addGraph(null as never), TypeError, "'script'");
  });

  test("adds files, and says what is wrong", () => {
    using here = folder();
    for (let i = 0; i < 2; i++) new report.SummaryWriter(here.path).close();
    assertEquals(readdirSync(here.path).length, 2);
    const writer = new report.SummaryWriter(here.path);
    using one = torch.tensor(0.5);
    balanced(() => {
      writer.addScalar("a", one, 0);
      writer.addHistogram("a", one, 0);
    });
    assertThrows(() => writer.addScalar("", 1, 0), TypeError, "'tag'");
    assertThrows(() => writer.addScalar("a", "1" as never, 0), TypeError, "'value'");
    assertThrows(() => writer.addScalar("a", 1, 0.5), TypeError, "'step'");
    assertThrows(() => writer.addHistogram("a", [], 0), RangeError, "at least one");
    assertThrows(() => writer.addHistogram("a", [NaN], 0), RangeError, "finite");
    assertThrows(() => writer.addText("a", 1 as never), TypeError, "'text'");
    writer.close();
    writer.close();
    assertThrows(() => writer.addScalar("a", 1, 0), TypeError, "was closed");
    mkdirSync(here.file("x"));
    chmodSync(here.file("x"), 0o755);
    assertThrows(
      () => new report.SummaryWriter("/proc/nowhere/at/all"),
      torch.TorchError,
      "could not be written",
    );
  });
});

describe("summary()", () => {
  class Net extends nn.Module<[torch.Tensor], torch.Tensor> {
    conv = new nn.Conv2d(1, 4, 3);
    norm = new nn.BatchNorm2d(4);
    head = new nn.Sequential(new nn.Flatten(), new nn.Linear(16, 2));
    override forward(x: torch.Tensor): torch.Tensor {
      return this.head(this.norm(this.conv(x)));
    }
  }

  test("tells layers, output shapes and parameter counts, and leaves the model as it was", () => {
    const net = new Net();
    net.head.train(false);
    net.conv.requiresGrad_(false);
    const before = net.norm.runningMean!.toArray();
    using x = torch.ones([2, 1, 4, 4]);
    const summary = report.summary(net, [x]);
    const rows = summary.layers.map((
      one,
    ) => [one.name, one.type, one.outputShapes?.[0], one.parameters]);
    assertEquals<unknown>(rows, [
      ["", "Net", [2, 2], 0],
      ["conv", "Conv2d", [2, 4, 2, 2], 40],
      ["norm", "BatchNorm2d", [2, 4, 2, 2], 8],
      ["head", "Sequential", [2, 2], 0],
      ["head.0", "Flatten", [2, 16], 0],
      ["head.1", "Linear", [2, 2], 34],
    ]);
    assertEquals([summary.totalParameters, summary.trainableParameters], [82, 42]);
    assertEquals(summary.bytes, 82 * 4 + 8 * 4 + 8);
    assertEquals([net.training, net.head.training, net.norm.training], [true, false, true]);
    assertEquals(net.norm.runningMean!.toArray(), before);
  });

  test("is a table", () => {
    const text = String(report.summary(new nn.Sequential(new nn.Linear(1000, 2), new nn.ReLU())));
    assertEquals(
      text,
      [
        "Layer         Output  Parameters",
        "────────────────────────────────",
        "Sequential",
        "  Linear (0)               2,002",
        "  ReLU (1)",
        "────────────────────────────────",
        "2,002 parameters, 2,002 of them trainable; 8.01 kB with buffers",
      ].join("\n"),
    );
    assertThrows(() => report.summary({} as never), TypeError, "must be a Module");
    assertThrows(
      () => report.summary(new nn.ReLU(), torch.ones([1]) as never),
      TypeError,
      "an array",
    );
  });

  test("takes its hooks away when the model fails", () => {
    const net = new Net();
    using wrong = torch.ones([1, 3]);
    assertThrows(() => report.summary(net, [wrong]), torch.TorchError);
    assert(net.training && net.norm.training);
  });
});
