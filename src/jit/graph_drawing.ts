/**
 * What a picture of a graph has: vertices within submodules and blocks, and edges.
 *
 * Constants and attribute look-ups are drawn into the nodes that use them: as nodes of their own they would tie the
 * whole drawing together by long edges, and hide what flows.
 *
 * @module
 */

import { Folding } from "./graph_folding.ts";
import type { Block, Node, Value } from "./graph_types.ts";

/** Characters of a line within a vertex. */
const LONGEST = 40;

/** A graph, as far as it is drawn. */
export interface DrawnGraph {
  /** Its inputs. */
  readonly inputs: readonly Value[];
  /** Its outputs. */
  readonly outputs: readonly Value[];
  /** Its nodes. */
  readonly nodes: readonly Node[];
}

/** A box around vertices: a submodule, or a block of a loop or branch. */
export interface Box {
  /** What tells it from others within the same box. */
  readonly key: string;
  /** What stands on it. */
  readonly label: string;
}

/** One thing drawn. */
export interface Vertex {
  readonly id: string;
  readonly label: string;
  readonly kind: "input" | "output" | "op" | "module" | "control" | "group";
  /** The boxes that it lies in, outermost first. */
  readonly boxes: readonly Box[];
}

/** What flows from one vertex to another. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/** All that is drawn. */
export interface Drawing {
  readonly vertices: Vertex[];
  readonly edges: Edge[];
}

/** `Float(2, 3, strides=[3, 1], requires_grad=0, device=cpu)` as `Float(2, 3)`. */
function shortType(type: string): string {
  return type.replace(/, strides=\[[^\]]*\]|, requires_grad=\d|, device=[\w:]+/g, "");
}

/** `__torch__.torch.nn.modules.linear.___torch_mangle_3.Linear` as `Linear`. */
function className(type: string): string {
  return type.split(".").at(-1)!;
}

function submodules(node: Node): Box[] {
  // A trace writes "__module.encoder/__module.encoder.layers.0": the last part is the innermost.
  const path = (node.scope.split("/").at(-1) ?? "").replace(/^__module\.?/, "");
  if (path === "") return [];
  const parts = path.split(".");
  return parts.map((key, i) => ({ key, label: parts.slice(0, i + 1).join(".") }));
}

/** Finds the vertices and edges of a graph. */
export function drawingOf(graph: DrawnGraph): Drawing {
  return new Draughtsman(graph).drawing;
}

class Draughtsman {
  readonly drawing: Drawing = { vertices: [], edges: [] };
  readonly #folding: Folding;
  /** The vertex that each value comes from. */
  readonly #makers: Map<number, string> = new Map();

  constructor(graph: DrawnGraph) {
    this.#folding = new Folding(graph.nodes);
    for (const input of graph.inputs) {
      if (input.type.startsWith("__torch__")) continue;
      const id = `in${input.id}`;
      this.#makers.set(input.id, id);
      const label = `${input.name}\n${shortType(input.type)}`;
      this.drawing.vertices.push({ id, label, kind: "input", boxes: [] });
    }
    this.#nodes(graph.nodes, "n", []);
    graph.outputs.forEach((output, i) => {
      const id = `out${i}`;
      this.drawing.vertices.push({ id, label: "output", kind: "output", boxes: [] });
      this.#connect(output, id);
    });
  }

  #nodes(nodes: readonly Node[], prefix: string, around: readonly Box[]): void {
    nodes.forEach((node, i) => {
      if (!this.#folding.folds(node)) this.#node(node, `${prefix}${i}`, around);
    });
  }

  #node(node: Node, id: string, around: readonly Box[]): void {
    const boxes = [...around, ...submodules(node)];
    this.drawing.vertices.push({ id, ...this.#face(node), boxes });
    for (const input of node.inputs) this.#connect(input, id);
    for (const output of node.outputs) this.#makers.set(output.id, id);
    if (node.blocks.length > 0) this.#blocks(node, id, boxes);
  }

  // What a loop or branch gives has a vertex of its own below its blocks, so that all flows downward.
  #blocks(node: Node, id: string, boxes: readonly Box[]): void {
    const end = `${id}_end`;
    node.blocks.forEach((block, i) => {
      const box = { key: `${id}_${i}`, label: blockLabel(node, i) };
      this.#block(block, id, end, `${id}_${i}_`, [...boxes, box]);
    });
    const name = node.kind.replace("prim::", "").toLowerCase();
    this.drawing.vertices.push({ id: end, label: `end of ${name}`, kind: "control", boxes });
    for (const output of node.outputs) this.#makers.set(output.id, end);
    if (!this.drawing.edges.some((edge) => edge.to === end)) {
      this.drawing.edges.push({ from: id, to: end, label: "" });
    }
  }

  #block(block: Block, begin: string, end: string, prefix: string, boxes: readonly Box[]): void {
    for (const input of block.inputs) this.#makers.set(input.id, begin);
    const { vertices, edges } = this.drawing;
    const [before, first] = [edges.length, vertices.length];
    this.#nodes([...block.nodes()], prefix, boxes);
    // The block belongs below the node that decides about it.
    const led = edges.slice(before).some((edge) => edge.from === begin);
    if (vertices.length > first && !led) {
      edges.push({ from: begin, to: vertices[first]!.id, label: "" });
    }
    for (const output of block.outputs) this.#connect(output, end);
  }

  #connect(value: Value, to: string): void {
    for (const used of this.#folding.uses(value)) {
      const from = this.#makers.get(used.id);
      if (from !== undefined) {
        this.drawing.edges.push({ from, to, label: shortType(used.type) });
      }
    }
  }

  #face(node: Node): { label: string; kind: Vertex["kind"] } {
    const name = String(node.attributes.name ?? "");
    if (node.kind === "prim::CallMethod") {
      const path = this.#folding.text(node.inputs[0]!);
      const type = className(node.inputs[0]!.type);
      return { label: `${path === "" ? "self" : path}\n${type}.${name}()`, kind: "module" };
    }
    if (node.blocks.length > 0) return { label: node.kind, kind: "control" };
    const module = submodules(node).at(-1)?.label;
    const details = node.inputs.map((input) => this.#folding.text(input))
      .filter((text) => text !== "" && text.length < LONGEST)
      .map((text) =>
        module !== undefined && text.startsWith(`${module}.`) ? text.slice(module.length + 1) : text
      );
    return { label: [node.kind, ...wrapped(details)].join("\n"), kind: "op" };
  }
}

/** Texts with commas between, in lines that are not too long. */
function wrapped(texts: readonly string[]): string[] {
  const lines: string[] = [];
  texts.forEach((text, i) => {
    const part = i < texts.length - 1 ? `${text},` : text;
    const last = lines.at(-1);
    if (last === undefined || last.length + part.length >= LONGEST) lines.push(part);
    else lines[lines.length - 1] = `${last} ${part}`;
  });
  return lines;
}

function blockLabel(node: Node, index: number): string {
  if (node.kind === "prim::If") return index === 0 ? "if so" : "if not";
  return node.kind === "prim::Loop" ? "each time" : `block ${index}`;
}
