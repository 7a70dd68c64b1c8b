/**
 * Nodes that a picture shows within the nodes that use them: constants, attribute look-ups, lists of these.
 *
 * @module
 */

import type { Node, Value } from "./graph_types.ts";

const folded = new Set([
  "prim::Constant",
  "prim::GetAttr",
  "prim::ListConstruct",
  "prim::TupleConstruct",
]);

/** How a value that has no vertex of its own reads where it is used. */
export class Folding {
  readonly #byValue: Map<number, Node> = new Map();

  /** Looks for them among nodes and in their blocks. */
  constructor(nodes: readonly Node[]) {
    this.#add(nodes);
  }

  #add(nodes: Iterable<Node>): void {
    for (const node of nodes) {
      if (this.folds(node)) {
        for (const output of node.outputs) this.#byValue.set(output.id, node);
      }
      for (const block of node.blocks) this.#add(block.nodes());
    }
  }

  /** Whether a node is drawn within others. */
  folds(node: Node): boolean {
    return folded.has(node.kind);
  }

  /** The values with a vertex that a value is made of: itself, or a list's elements, or none. */
  uses(value: Value): Value[] {
    const node = this.#byValue.get(value.id);
    if (node === undefined) return [value];
    if (node.kind === "prim::Constant" || node.kind === "prim::GetAttr") return [];
    return node.inputs.flatMap((input) => this.uses(input));
  }

  /** How a value reads: `2.5`, `encoder.weight`, `[1, 2]`; `""` for one that has a vertex. */
  text(value: Value): string {
    const node = this.#byValue.get(value.id);
    if (node === undefined) return "";
    if (node.kind === "prim::Constant") return constantText(node);
    if (node.kind === "prim::GetAttr") return this.#path(node);
    const parts = node.inputs.map((input) => this.text(input)).filter((part) => part !== "");
    return parts.length === 0 ? "" : `[${parts.join(", ")}]`;
  }

  #path(node: Node): string {
    const owner = node.inputs[0] && this.#byValue.get(node.inputs[0].id);
    const name = String(node.attributes.name ?? "");
    return owner?.kind === "prim::GetAttr" ? `${this.#path(owner)}.${name}` : name;
  }
}

function constantText(node: Node): string {
  const value = node.attributes.value;
  if (value === undefined) return "None";
  if (typeof value === "object" && value !== null) return node.outputs[0]?.type ?? "constant";
  return String(value);
}
