/**
 * A TorchScript graph, to look at.
 *
 * @module
 */

import { showAsText } from "../inspect.ts";
import { toDot, toMermaid } from "./graph_draw.ts";
import type { Node, Value } from "./graph_types.ts";

export type { Block, Node, Value } from "./graph_types.ts";

type RawNode = [
  string,
  string,
  number[],
  number[],
  Record<string, unknown>,
  RawBlock[],
  string,
  string,
];
type RawBlock = [number[], number[], RawNode[]];

/** The operations of a script function, as LibTorch has them. */
export class Graph {
  /** The graph's inputs; a method's first is `self`. */
  readonly inputs: readonly Value[];
  /** The graph's outputs. */
  readonly outputs: readonly Value[];
  readonly #nodes: readonly Node[];
  readonly #text: string;

  /** `value` is what fb_callable_graph wrote, `text` LibTorch's own print. */
  constructor(value: unknown, text: string) {
    const [inputs, outputs, values, nodes] = value as [
      number[],
      number[],
      [string, string][],
      RawNode[],
    ];
    const all = values.map(([name, type], id): Value => ({ id, name, type }));
    this.inputs = inputs.map((id) => all[id]!);
    this.outputs = outputs.map((id) => all[id]!);
    this.#nodes = nodes.map((node) => nodeOf(node, all));
    this.#text = text;
  }

  /** The nodes in order, without those of inner blocks. */
  *nodes(): Generator<Node> {
    yield* this.#nodes;
  }

  /**
   * The graph in Graphviz's DOT language, submodules as boxes.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertStringIncludes } from "@std/assert";
   *
   * const traced = torch.jit.trace((x: torch.Tensor) => x.relu(), [torch.zeros([3])]);
   * assertStringIncludes(traced.graph.toDot(), "aten::relu");
   * ```
   */
  toDot(): string {
    return toDot({ inputs: this.inputs, outputs: this.outputs, nodes: this.#nodes });
  }

  /** The graph in Mermaid's language, submodules as boxes: what Markdown pages draw. */
  toMermaid(): string {
    return toMermaid({ inputs: this.inputs, outputs: this.outputs, nodes: this.#nodes });
  }

  /** As PyTorch prints it. */
  toString(): string {
    return this.#text;
  }
}

showAsText(Graph);

function nodeOf(raw: RawNode, values: readonly Value[]): Node {
  const [kind, scope, inputs, outputs, attributes, blocks, sourceRange, schema] = raw;
  return {
    kind,
    scope,
    inputs: inputs.map((id) => values[id]!),
    outputs: outputs.map((id) => values[id]!),
    attributes,
    blocks: blocks.map(([inputs, outputs, nodes]) => ({
      inputs: inputs.map((id) => values[id]!),
      outputs: outputs.map((id) => values[id]!),
      nodes: nodes.map((node) => nodeOf(node, values)),
    })),
    sourceRange,
    schema,
  };
}
