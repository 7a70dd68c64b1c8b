/**
 * What a graph is made of.
 *
 * @module
 */

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
  /** The block's nodes in order, without those of inner blocks. */
  nodes(): Iterable<Node>;
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
