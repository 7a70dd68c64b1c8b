/**
 * The worker that has Graphviz lay a graph out.
 *
 * @module
 */

import { workerData } from "node:worker_threads";
import { ABSENT, DONE, FAILED, HEADER, type LayoutRequest, STARTED } from "./layout_protocol.ts";

const { shared, dot, library } = workerData as LayoutRequest;
const header = new Int32Array(shared, 0, HEADER / 4);

// Deno knows the plain name from this project's import map only; a program elsewhere that imports our files has another.
const FULL_NAME = "npm:@viz-js/viz@3.31.0";

async function graphviz(): Promise<typeof import("@viz-js/viz")> {
  try {
    return await import(library);
  } catch {
    return await import(FULL_NAME);
  }
}

function setState(state: number): void {
  Atomics.store(header, 0, state);
  Atomics.notify(header, 0);
}

setState(STARTED);
const viz = await graphviz().then(({ instance }) => instance()).catch(() => null);
if (viz === null) {
  setState(ABSENT);
} else {
  try {
    const svg = new TextEncoder().encode(viz.renderString(dot, { format: "svg" }));
    new Uint8Array(shared, HEADER).set(svg);
    header[1] = svg.length;
    setState(DONE);
  } catch {
    setState(FAILED);
  }
}
