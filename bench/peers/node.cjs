// The suites on tfjs (WASM) and onnxruntime-node, on Node.js, which is their home: node.cjs SUITE, with NODE_PATH set.
// Times as bench/harness.ts does.
const { join } = require("node:path");
const { createInterface } = require("node:readline");

const SECONDS = Number(process.env.FLAMBEAU_BENCH_SECONDS ?? 0.4);
const ROUND_SECONDS = Math.min(0.004, SECONDS / 20);

function emit(suite, name, system, samples) {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  const row = { suite, case: name, system, median: at(0.5), low: at(0.1), high: at(0.9) };
  console.log(`@row ${JSON.stringify({ ...row, rounds: sorted.length })}`);
}

async function measure(suite, name, system, run) {
  const clock = async (calls) => {
    const start = performance.now();
    await run(calls);
    return (performance.now() - start) / 1e3;
  };
  let calls = 1;
  let taken = await clock(calls);
  const warm = performance.now() + SECONDS * 500;
  do {
    if (taken < ROUND_SECONDS / 2) calls *= 2;
    taken = await clock(calls);
  } while (performance.now() < warm);
  calls = Math.max(1, Math.round(calls * ROUND_SECONDS / Math.max(taken, 1e-9)));
  const samples = [];
  const end = performance.now() + SECONDS * 1e3;
  while (performance.now() < end || samples.length < 5) {
    samples.push(await clock(calls) / calls * 1e9);
  }
  emit(suite, name, system, samples);
}

async function shumai() {
  const tf = require("@tensorflow/tfjs");
  require("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  await tf.ready();
  const system = "tfjs, WASM";
  const loop = (make, step) => async (calls) => {
    let x = make();
    for (let i = 0; i < calls; i++) {
      const next = step(x);
      x.dispose();
      x = next;
    }
    const total = tf.sum(x);
    await total.data();
    total.dispose();
    x.dispose();
  };
  for (const n of [32, 1024, 32768]) {
    const a = tf.randomNormal([n]);
    const run = loop(() => tf.randomNormal([n]), (x) => tf.add(x, a));
    await measure("shumai", `add, ${n} wide`, system, run);
  }
  for (const n of [64, 128, 1024]) {
    // A reflection: products with it keep their length.
    const v = tf.randomNormal([n, 1]);
    const b = tf.sub(
      tf.eye(n),
      tf.div(tf.mul(tf.matMul(v, tf.transpose(v)), 2), tf.sum(tf.square(v))),
    );
    const run = loop(() => tf.randomNormal([n, n]), (x) => tf.matMul(x, b));
    await measure("shumai", `matmul, ${n} × ${n}`, system, run);
  }
  for (const n of [64, 128, 1024]) {
    const w = tf.div(tf.randomNormal([n, n]), n);
    const bias = tf.randomNormal([1, n]);
    const run = loop(() => tf.randomNormal([64, n]), (x) =>
      tf.tidy(() => {
        let y = tf.matMul(x, w);
        for (let j = 0; j < 5; j++) y = tf.add(y, bias);
        return y;
      }));
    await measure("shumai", `hidden layer, 64 × ${n}`, system, run);
  }
}

// Makes rounds as they are asked for, `network, batch N|calls` a line: bench/peer.ts.
async function torchscript() {
  const ort = require("onnxruntime-node");
  const networks = JSON.parse(process.env.FLAMBEAU_BENCH_SHAPES);
  let open = { name: "", session: null };
  const sessionOf = async (name) => {
    if (open.name === name) return open.session;
    await open.session?.release();
    const path = join(process.env.FLAMBEAU_BENCH_NETWORKS, `${name}.onnx`);
    const session = await ort.InferenceSession.create(path, {
      intraOpNumThreads: Number(process.env.FLAMBEAU_BENCH_THREADS),
    });
    open = { name, session };
    return session;
  };
  const inputs = new Map();
  for await (const line of createInterface({ input: process.stdin })) {
    const [title, calls] = line.split("|");
    const [name, batch] = title.split(", batch ");
    const session = await sessionOf(name);
    if (!inputs.has(title)) {
      const dims = [Number(batch), ...networks.find((one) => one.name === name).shape];
      const data = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => Math.random());
      inputs.set(title, new ort.Tensor("float32", data, dims));
    }
    const x = inputs.get(title);
    const start = performance.now();
    for (let i = 0; i < Number(calls); i++) await session.run({ x });
    console.log((performance.now() - start) * 1e6 / Number(calls));
  }
}

async function concurrency() {
  const ort = require("onnxruntime-node");
  const system = "onnxruntime-node";
  const { network, shape, callers } = JSON.parse(process.env.FLAMBEAU_BENCH_CONCURRENCY);
  const path = join(process.env.FLAMBEAU_BENCH_NETWORKS, `${network}.onnx`);
  const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1 });
  const dims = [1, ...shape];
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => Math.random());
  const x = new ort.Tensor("float32", data, dims);
  const call = () => session.run({ x });
  const round = async (width) => {
    const start = performance.now();
    const waits = [];
    const caller = async () => {
      do {
        const asked = performance.now();
        await call();
        waits.push((performance.now() - asked) * 1e6);
      } while (performance.now() < start + SECONDS * 1e3);
    };
    await Promise.all(Array.from({ length: width }, caller));
    return { each: (performance.now() - start) * 1e6 / waits.length, waits };
  };
  const percentile99 = (waits) => waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.99)];
  const lag = async (busy) => {
    const late = [];
    let done = false;
    busy.then(() => done = true);
    while (!done) {
      const asked = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 1));
      late.push(Math.max(0, performance.now() - asked - 1) * 1e6);
    }
    return late;
  };
  for (let i = 0; i < 4; i++) await round(4);
  const single = [];
  const late = [];
  const found = new Map(callers.map((width) => [width, []]));
  for (let i = 0; i < 5; i++) {
    single.push((await round(1)).each);
    for (const [width, rounds] of found) rounds.push(await round(width));
    late.push(await lag(round(Math.max(...callers))));
  }
  emit("concurrency", "one thread, in a loop: a call", system, single);
  for (const [width, rounds] of found) {
    const who = width === 1 ? "1 caller" : `${width} callers`;
    emit(
      "concurrency",
      `${who}: a call's share of the time`,
      system,
      rounds.map(({ each }) => each),
    );
    const name = `${who}: from call to result`;
    emit("concurrency", name, system, rounds.flatMap(({ waits }) => waits));
    const longest = rounds.map(({ waits }) => percentile99(waits));
    emit("concurrency", `${name}, 99th percentile`, system, longest);
  }
  const name = "a timer of 1 ms, late by, while 64 call";
  emit("concurrency", name, system, late.flat());
  emit("concurrency", `${name}, 99th percentile`, system, late.map(percentile99));
}

const suites = { shumai, torchscript, concurrency };
suites[process.argv[2]]?.();
