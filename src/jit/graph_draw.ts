/**
 * Graphs as text that drawing tools read: Graphviz's DOT, and Mermaid.
 *
 * Constants and attribute look-ups are drawn into the nodes that use them: as nodes of their own they would tie the
 * whole drawing together by long edges, and hide what flows.
 *
 * @module
 */

import type { Block, Node, Value } from "./graph_types.ts";

interface Source {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly Node[];
}

interface Vertex {
  id: string;
  label: string;
  kind: "input" | "output" | "op";
  /** The submodules that it lies in, outermost first. */
  scope: string[];
}

interface Edge {
  from: string;
  to: string;
  label: string;
}

/** What is drawn: vertices and edges, without the nodes that are folded into others. */
interface Drawing {
  vertices: Vertex[];
  edges: Edge[];
}

const folded = new Set([
  "prim::Constant",
  "prim::GetAttr",
  "prim::ListConstruct",
  "prim::TupleConstruct",
]);

function scopeOf(node: Node): string[] {
  // "__module.encoder/__module.encoder.layers.0": the last part is the innermost.
  const last = node.scope.split("/").at(-1) ?? "";
  const path = last.replace(/^__module\.?/, "");
  return path === "" ? [] : path.split(".");
}

/** How a value that has no vertex of its own reads where it is used. */
class Folding {
  readonly #byValue = new Map<number, Node>();

  constructor(nodes: readonly Node[]) {
    this.#add(nodes);
  }

  #add(nodes: readonly Node[]): void {
    for (const node of nodes) {
      if (folded.has(node.kind)) {
        for (const output of node.outputs) this.#byValue.set(output.id, node);
      }
      for (const block of node.blocks) this.#add(block.nodes);
    }
  }

  has(value: Value): boolean {
    return this.#byValue.has(value.id);
  }

  /** The text of a folded value, and the values that it is made of which are not folded. */
  read(value: Value): { text: string; uses: Value[] } {
    const node = this.#byValue.get(value.id);
    if (node === undefined) return { text: "", uses: [value] };
    if (node.kind === "prim::Constant") return { text: constantText(node), uses: [] };
    if (node.kind === "prim::GetAttr") return { text: this.#attributePath(node), uses: [] };
    const parts = node.inputs.map((input) => this.read(input));
    const text = parts.map((part) => part.text).filter((part) => part !== "").join(", ");
    return { text: text === "" ? "" : `[${text}]`, uses: parts.flatMap((part) => part.uses) };
  }

  #attributePath(node: Node): string {
    const owner = node.inputs[0] && this.#byValue.get(node.inputs[0].id);
    const name = String(node.attributes.name ?? "");
    return owner?.kind === "prim::GetAttr" ? `${this.#attributePath(owner)}.${name}` : name;
  }
}

function constantText(node: Node): string {
  const value = node.attributes.value;
  if (value === undefined) return "None";
  if (typeof value === "object" && value !== null) return node.outputs[0]?.type ?? "constant";
  return String(value);
}

function draw(source: Source): Drawing {
  const drawing: Drawing = { vertices: [], edges: [] };
  const folding = new Folding(source.nodes);
  const makers = new Map<number, string>();
  for (const input of source.inputs) {
    if (input.type.startsWith("__torch__")) continue;
    const id = `in${input.id}`;
    makers.set(input.id, id);
    drawing.vertices.push({
      id,
      label: `${input.name}\n${shortType(input.type)}`,
      kind: "input",
      scope: [],
    });
  }
  drawNodes(source.nodes, "n", drawing, folding, makers);
  source.outputs.forEach((output, i) => {
    const id = `out${i}`;
    drawing.vertices.push({ id, label: "output", kind: "output", scope: [] });
    connect(output, id, drawing, folding, makers);
  });
  return drawing;
}

function drawNodes(
  nodes: readonly Node[],
  prefix: string,
  drawing: Drawing,
  folding: Folding,
  makers: Map<number, string>,
): void {
  nodes.forEach((node, i) => {
    if (folded.has(node.kind)) return;
    const id = `${prefix}${i}`;
    for (const output of node.outputs) makers.set(output.id, id);
    drawing.vertices.push({ id, label: labelOf(node, folding), kind: "op", scope: scopeOf(node) });
    for (const input of node.inputs) connect(input, id, drawing, folding, makers);
    node.blocks.forEach((block, b) =>
      drawBlock(block, id, `${id}_${b}_`, drawing, folding, makers)
    );
  });
}

function drawBlock(
  block: Block,
  owner: string,
  prefix: string,
  drawing: Drawing,
  folding: Folding,
  makers: Map<number, string>,
): void {
  for (const input of block.inputs) makers.set(input.id, owner);
  drawNodes(block.nodes, prefix, drawing, folding, makers);
  for (const output of block.outputs) connect(output, owner, drawing, folding, makers);
}

function connect(
  value: Value,
  to: string,
  drawing: Drawing,
  folding: Folding,
  makers: Map<number, string>,
): void {
  for (const used of folding.has(value) ? folding.read(value).uses : [value]) {
    const from = makers.get(used.id);
    if (from !== undefined) drawing.edges.push({ from, to, label: shortType(used.type) });
  }
}

function labelOf(node: Node, folding: Folding): string {
  const callee = node.kind === "prim::CallMethod" ? `.${String(node.attributes.name)}()` : "";
  const details = node.inputs.map((input) => folding.has(input) ? folding.read(input).text : "")
    .filter((text) => text !== "" && text.length < 40);
  return [node.kind + callee, ...(details.length > 0 ? [details.join(", ")] : [])].join("\n");
}

/** `Float(2, 3, strides=[3, 1], requires_grad=0, device=cpu)` as `Float(2, 3)`. */
function shortType(type: string): string {
  return type.replace(/, strides=\[[^\]]*\]|, requires_grad=\d|, device=[\w:]+/g, "");
}

/** Nested scopes: what lies directly in one, and the scopes within it. */
interface Scope {
  vertices: Vertex[];
  inner: Map<string, Scope>;
}

function scopesOf(vertices: readonly Vertex[]): Scope {
  const root: Scope = { vertices: [], inner: new Map() };
  for (const vertex of vertices) {
    let scope = root;
    for (const part of vertex.scope) {
      let inner = scope.inner.get(part);
      if (inner === undefined) scope.inner.set(part, inner = { vertices: [], inner: new Map() });
      scope = inner;
    }
    scope.vertices.push(vertex);
  }
  return root;
}

const quote = (text: string) =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

const dotStyle = {
  input: 'shape=ellipse, style=filled, fillcolor="#e8f0fe"',
  output: 'shape=ellipse, style=filled, fillcolor="#fef7e0"',
  op: "shape=box, style=rounded",
};

function dotScope(scope: Scope, path: string, indent: string): string[] {
  const lines = scope.vertices.map((one) =>
    `${indent}${one.id} [label=${quote(one.label)}, ${dotStyle[one.kind]}];`
  );
  for (const [name, inner] of scope.inner) {
    const full = path === "" ? name : `${path}.${name}`;
    lines.push(
      `${indent}subgraph ${quote(`cluster_${full}`)} {`,
      `${indent}  label=${quote(full)};`,
    );
    lines.push(...dotScope(inner, full, `${indent}  `), `${indent}}`);
  }
  return lines;
}

/** The graph in Graphviz's DOT language, submodules as boxes. */
export function toDot(source: Source): string {
  const { vertices, edges } = draw(source);
  const lines = dotScope(scopesOf(vertices), "", "  ");
  for (const { from, to, label } of edges) {
    lines.push(`  ${from} -> ${to} [label=${quote(label)}, fontsize=9];`);
  }
  return `digraph {\n  rankdir=TB;\n  node [fontname="sans-serif"];\n${lines.join("\n")}\n}\n`;
}

const mermaidText = (text: string) =>
  `"${
    text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(
      "\n",
      "<br/>",
    )
  }"`;

function mermaidScope(scope: Scope, path: string, indent: string): string[] {
  const lines = scope.vertices.map(({ id, label, kind }) =>
    kind === "op"
      ? `${indent}${id}[${mermaidText(label)}]`
      : `${indent}${id}([${mermaidText(label)}])`
  );
  for (const [name, inner] of scope.inner) {
    const full = path === "" ? name : `${path}.${name}`;
    lines.push(`${indent}subgraph ${`s_${full}`.replaceAll(/\W/g, "_")}[${mermaidText(full)}]`);
    lines.push(...mermaidScope(inner, full, `${indent}  `), `${indent}end`);
  }
  return lines;
}

/** The graph in Mermaid's language, submodules as boxes. */
export function toMermaid(source: Source): string {
  const { vertices, edges } = draw(source);
  const lines = mermaidScope(scopesOf(vertices), "", "  ");
  for (const { from, to } of edges) lines.push(`  ${from} --> ${to}`);
  return `flowchart TB\n${lines.join("\n")}\n`;
}
