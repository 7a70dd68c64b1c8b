/**
 * A TorchScript graph, to look at.
 *
 * @module
 */

import { checkTold } from "../_made.ts";
import { showAsText, showInJupyter } from "../inspect.ts";
import { type Drawing, drawingOf } from "./graph_drawing.ts";
import { svgOf } from "./graph_svg.ts";
import { dotOf, mermaidOf } from "./graph_text.ts";
import type { Block, Node, Value } from "./graph_types.ts";

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
    checkTold(value, "Graph", "the graph of a traced or compiled function");
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
    return dotOf(this.#drawing());
  }

  /** The graph in Mermaid's language, submodules as boxes: what Markdown pages draw. */
  toMermaid(): string {
    return mermaidOf(this.#drawing());
  }

  /**
   * The graph as a picture, top down, submodules as boxes by their names. `module.graph` draws each submodule that is
   * called as one; `module.inlinedGraph` what goes on in them. Constants and parameters stand in the nodes that use
   * them. Above 500 nodes, what lies deep is drawn as one. Graphviz (`@viz-js/viz`) lays it out, in a worker, which
   * takes some tenths of a second; where it is not there, or takes longer than 8 s, the picture has plain rows.
   * Jupyter shows a graph like this by itself.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertMatch } from "@std/assert";
   *
   * const net = torch.jit.trace(new torch.nn.Linear(4, 2), [torch.zeros([1, 4])]);
   * assertMatch(net.graph.toSVG(), /^<svg [^]*aten::linear[^]*<\/svg>\s*$/);
   * ```
   */
  toSVG(): string {
    return svgOf(this.#drawing());
  }

  #drawing(): Drawing {
    return drawingOf({ inputs: this.inputs, outputs: this.outputs, nodes: this.#nodes });
  }

  /** As PyTorch prints it. */
  toString(): string {
    return this.#text;
  }
}

showAsText(Graph);
showInJupyter(Graph, (graph) => ({
  "text/plain": String(graph),
  "image/svg+xml": (graph as Graph).toSVG(),
}));

function nodeOf(raw: RawNode, values: readonly Value[]): Node {
  const [kind, scope, inputs, outputs, attributes, blocks, sourceRange, schema] = raw;
  return {
    kind,
    scope,
    inputs: inputs.map((id) => values[id]!),
    outputs: outputs.map((id) => values[id]!),
    attributes,
    blocks: blocks.map((block) => blockOf(block, values)),
    sourceRange,
    schema,
  };
}

function blockOf([inputs, outputs, nodes]: RawBlock, values: readonly Value[]): Block {
  const made = nodes.map((node) => nodeOf(node, values));
  return {
    inputs: inputs.map((id) => values[id]!),
    outputs: outputs.map((id) => values[id]!),
    nodes: () => made.values(),
  };
}
