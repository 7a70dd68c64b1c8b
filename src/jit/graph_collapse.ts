/**
 * Drawings that are small enough to read and to lay out: what is deep is drawn as one.
 *
 * @module
 */

import type { Drawing, Edge, Vertex } from "./graph_drawing.ts";

/** The drawing with at most about `limit` vertices: submodules from a depth on are one vertex each, then runs of ops. */
export function collapse(drawing: Drawing, limit: number): Drawing {
  if (drawing.vertices.length <= limit) return drawing;
  const depths = drawing.vertices.map(({ boxes }) => boxes.length);
  for (let depth = depths.reduce((a, b) => Math.max(a, b), 0) - 1; depth >= 0; depth--) {
    const collapsed = grouped(drawing, (vertex) => byBox(vertex, depth));
    if (collapsed.vertices.length <= limit) return collapsed;
  }
  const flat = grouped(drawing, (vertex) => byBox(vertex, 0));
  const size = Math.ceil(flat.vertices.length / limit);
  const places = new Map(flat.vertices.map((vertex, i) => [vertex, Math.floor(i / size)]));
  return grouped(flat, (vertex) => {
    if (vertex.kind === "input" || vertex.kind === "output") return null;
    return { id: `run${places.get(vertex)}`, label: "", boxes: [] };
  });
}

interface Group {
  id: string;
  label: string;
  boxes: Vertex["boxes"];
}

function byBox(vertex: Vertex, depth: number): Group | null {
  const box = vertex.boxes[depth];
  if (box === undefined) return null;
  const path = vertex.boxes.slice(0, depth + 1).map(({ key }) => key).join("_");
  return {
    id: `g_${path.replaceAll(/\W/g, "_")}`,
    label: box.label,
    boxes: vertex.boxes.slice(0, depth),
  };
}

function grouped(drawing: Drawing, groupOf: (vertex: Vertex) => Group | null): Drawing {
  const members = new Map<string, { group: Group; vertices: Vertex[] }>();
  const idOf = new Map<string, string>();
  const order: (Vertex | string)[] = [];
  for (const vertex of drawing.vertices) {
    const group = groupOf(vertex);
    idOf.set(vertex.id, group?.id ?? vertex.id);
    if (group === null) {
      order.push(vertex);
    } else if (members.has(group.id)) {
      members.get(group.id)!.vertices.push(vertex);
    } else {
      members.set(group.id, { group, vertices: [vertex] });
      order.push(group.id);
    }
  }
  const vertices = order.map((one) => typeof one === "string" ? asOne(members.get(one)!) : one);
  return { vertices, edges: joined(drawing.edges, idOf) };
}

function asOne({ group, vertices }: { group: Group; vertices: Vertex[] }): Vertex {
  if (vertices.length === 1) return { ...vertices[0]!, id: group.id, boxes: group.boxes };
  const count = `${vertices.length} operations`;
  const detail = group.label === "" ? commonest(vertices) : group.label;
  return { id: group.id, label: `${detail}\n${count}`, kind: "group", boxes: group.boxes };
}

function commonest(vertices: readonly Vertex[]): string {
  const counts = new Map<string, number>();
  for (const { label } of vertices) {
    const name = label.split("\n")[0]!;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, 3).map(([name, count]) => count > 1 ? `${name} × ${count}` : name);
  return [...shown, ...(sorted.length > 3 ? ["…"] : [])].join("\n");
}

function joined(edges: readonly Edge[], idOf: ReadonlyMap<string, string>): Edge[] {
  const found = new Map<string, Edge>();
  for (const edge of edges) {
    const from = idOf.get(edge.from)!;
    const to = idOf.get(edge.to)!;
    if (from !== to) found.set(`${from} ${to}`, { from, to, label: edge.label });
  }
  return [...found.values()];
}
