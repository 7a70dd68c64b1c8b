/**
 * Graphs as pictures. Graphviz lays them out, in a worker that this thread waits for: its start is asynchronous, and a
 * graph that would take too long can be given up.
 *
 * @module
 */

import process from "node:process";
import type { Worker } from "node:worker_threads";
import { collapse } from "./graph_collapse.ts";
import type { Drawing } from "./graph_drawing.ts";
import { rowsOf } from "./graph_rows.ts";
import { dotOf } from "./graph_text.ts";
import { DONE, FAILED, HEADER, type LayoutRequest, NEW, STARTED } from "./layout_protocol.ts";

/** The most vertices that are drawn one by one, and how many are left when that took too long. */
const LIMITS = [500, 60];
const SECONDS = 8;
const START_SECONDS = 10;
/** Above this, edges do not say their types: they would hide the rest. */
const LABELLED = 150;
const LARGEST = 32 << 20;

/** The drawing as SVG; as plain rows where it cannot be laid out. */
export function svgOf(drawing: Drawing): string {
  for (const limit of LIMITS) {
    const small = collapse(drawing, limit);
    const svg = layOut(dotOf(small, small.vertices.length <= LABELLED));
    if (svg === null) return rowsOf(small);
    if (svg !== "") return svg;
  }
  return rowsOf(collapse(drawing, LIMITS[0]!));
}

let isAbsent = false;

/** Graphviz's SVG; `""` where that is too much for it, `null` where there is no Graphviz, or no worker is allowed. */
function layOut(dot: string): string | null {
  if (isAbsent) return null;
  const shared = new SharedArrayBuffer(LARGEST);
  const state = new Int32Array(shared, 0, HEADER / 4);
  const worker = startWorker({ shared, dot, library: findGraphviz() });
  // This thread turns no events while it waits, so a worker that fails to load is known by its silence.
  Atomics.wait(state, 0, NEW, worker === null ? 0 : START_SECONDS * 1000);
  const answer = state[0] === STARTED && Atomics.wait(state, 0, STARTED, SECONDS * 1000);
  worker?.terminate();
  if (answer === "timed-out" || state[0] === FAILED) return "";
  isAbsent = state[0] !== DONE;
  if (isAbsent) return null;
  // A copy, since a decoder refuses shared memory.
  const svg = new TextDecoder().decode(new Uint8Array(shared, HEADER, state[1]).slice());
  // What a page or notebook shows within itself has no prologue.
  return svg.slice(svg.indexOf("<svg"));
}

// Where this thread finds it, since Bun's workers fetch no packages.
function findGraphviz(): string {
  try {
    return import.meta.resolve("@viz-js/viz");
  } catch {
    return "@viz-js/viz";
  }
}

function startWorker(request: LayoutRequest): Worker | null {
  try {
    // Not imported, since every program would pay for it at its start.
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    const worker = new Worker(new URL("./layout_worker.ts", import.meta.url), {
      workerData: request,
    });
    worker.on("error", () => {});
    return worker;
  } catch {
    return null;
  }
}
