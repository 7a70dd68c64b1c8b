/**
 * A TorchScript graph, to look at.
 *
 * @module
 */

import { showAsText } from "../inspect.ts";

/** A value of a graph: an input, or a node's output. */
export interface Value {
  /** Its number within the graph. */
  readonly id: number;
  /** The name that the graph's text gives it, without the `%`. */
  readonly name: string;
  /** Its type: `"Tensor"`, `"Float(3, strides=[1], requires_grad=0, device=cpu)"`. */
  readonly type: string;
}

/** A block within a node: a branch of an `if`, the body of a loop. */
export interface Block {
  /** The block's inputs. */
  readonly inputs: readonly Value[];
  /** The block's outputs. */
  readonly outputs: readonly Value[];
  /** The block's nodes, in order. */
  readonly nodes: readonly Node[];
}

/** One operation of a graph. */
export interface Node {
  /** The operation: `"aten::relu"`, `"prim::Constant"`. */
  readonly kind: string;
  /** The submodule that it belongs to, or `""`. */
  readonly scope: string;
  /** What it reads. */
  readonly inputs: readonly Value[];
  /** What it makes. */
  readonly outputs: readonly Value[];
  /** Its constants by name. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Its blocks. */
  readonly blocks: readonly Block[];
  /** Where the source has it, as text, or `""`. */
  readonly sourceRange: string;
  /** The op's schema, or `""` where it has none. */
  readonly schema: string;
}

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
