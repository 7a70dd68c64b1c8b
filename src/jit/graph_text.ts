/**
 * Pictures of graphs as text that drawing tools read: Graphviz's DOT, and Mermaid.
 *
 * @module
 */

import type { Drawing, Vertex } from "./graph_drawing.ts";

/** What lies directly in a box, and the boxes within it. */
interface Contents {
  readonly label: string;
  readonly vertices: Vertex[];
  readonly inner: Map<string, Contents>;
}

function contentsOf(vertices: readonly Vertex[]): Contents {
  const root: Contents = { label: "", vertices: [], inner: new Map() };
  for (const vertex of vertices) {
    let box = root;
    for (const { key, label } of vertex.boxes) {
      let inner = box.inner.get(key);
      if (inner === undefined) {
        box.inner.set(key, inner = { label, vertices: [], inner: new Map() });
      }
      box = inner;
    }
    box.vertices.push(vertex);
  }
  return root;
}

const quote = (text: string) =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

const styles: Record<Vertex["kind"], string> = {
  input: 'shape=ellipse, style=filled, fillcolor="#e8f0fe"',
  output: 'shape=ellipse, style=filled, fillcolor="#fef7e0"',
  op: 'shape=box, style="rounded,filled", fillcolor="#ffffff"',
  module: 'shape=component, style=filled, fillcolor="#e6f4ea"',
  control: 'shape=hexagon, style=filled, fillcolor="#fce8e6"',
  group: 'shape=box, style="rounded,filled,bold", fillcolor="#e6f4ea"',
};

const boxColours = ["#f8f9fa", "#f1f3f4", "#e8eaed"];

function dotBox(contents: Contents, path: string, depth: number): string[] {
  const indent = "  ".repeat(depth + 1);
  const lines = contents.vertices.map((one) =>
    `${indent}${one.id} [label=${quote(one.label)}, ${styles[one.kind]}];`
  );
  for (const [key, inner] of contents.inner) {
    const full = path === "" ? key : `${path}.${key}`;
    const colour = boxColours[depth % boxColours.length]!;
    lines.push(
      `${indent}subgraph ${quote(`cluster_${full}`)} {`,
      `${indent}  label=${
        quote(inner.label)
      }; style="rounded,filled"; color="#9aa0a6"; fillcolor="${colour}";`,
      ...dotBox(inner, full, depth + 1),
      `${indent}}`,
    );
  }
  return lines;
}

/** A drawing in Graphviz's DOT language; `edgeLabels` says whether edges say their types. */
export function dotOf({ vertices, edges }: Drawing, edgeLabels = true): string {
  const lines = dotBox(contentsOf(vertices), "", 0);
  for (const { from, to, label } of edges) {
    const shown = edgeLabels && label !== "Tensor" && label !== "";
    lines.push(`  ${from} -> ${to}${shown ? ` [label=${quote(label)}]` : ""};`);
  }
  const settings = [
    "rankdir=TB;",
    'graph [fontname="Helvetica,Arial,sans-serif", fontsize=12, labeljust=l];',
    'node [fontname="Helvetica,Arial,sans-serif", fontsize=11, margin="0.2,0.08"];',
    'edge [fontname="Helvetica,Arial,sans-serif", fontsize=9, color="#5f6368"];',
  ];
  return `digraph {\n${settings.map((one) => `  ${one}\n`).join("")}${lines.join("\n")}\n}\n`;
}

const mermaidText = (text: string) =>
  `"${
    text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(
      "\n",
      "<br/>",
    )
  }"`;

function mermaidBox(contents: Contents, path: string, indent: string): string[] {
  const lines = contents.vertices.map(({ id, label, kind }) =>
    kind === "input" || kind === "output"
      ? `${indent}${id}([${mermaidText(label)}])`
      : `${indent}${id}[${mermaidText(label)}]`
  );
  for (const [key, inner] of contents.inner) {
    const full = `${path}_${key}`.replaceAll(/\W/g, "_");
    lines.push(
      `${indent}subgraph s${full}[${mermaidText(inner.label)}]`,
      ...mermaidBox(inner, full, `${indent}  `),
      `${indent}end`,
    );
  }
  return lines;
}

/** A drawing in Mermaid's language. */
export function mermaidOf({ vertices, edges }: Drawing): string {
  const lines = mermaidBox(contentsOf(vertices), "", "  ");
  for (const { from, to } of edges) lines.push(`  ${from} --> ${to}`);
  return `flowchart TB\n${lines.join("\n")}\n`;
}
