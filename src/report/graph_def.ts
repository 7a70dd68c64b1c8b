/**
 * A TorchScript graph as TensorBoard's graph tab takes it: TensorFlow's `graph.proto`, a node for each operation, grouped by the modules
 * that they belong to.
 *
 * @module
 */

import { encode } from "../../ffi/mod.ts";
import { WireMessage } from "./wire.ts";

/** What is known of a value of a graph. */
export interface GraphValue {
  /** Its name. */
  readonly name: string;
  /** Its type, with the shape where that is known. */
  readonly type: string;
}

/** What is known of a node of a graph. */
export interface GraphOperation {
  /** The operation: `"aten::relu"`. */
  readonly kind: string;
  /** The modules that it belongs to, with slashes between them. */
  readonly scope: string;
  /** What it takes. */
  readonly inputs: readonly GraphValue[];
  /** What it gives. */
  readonly outputs: readonly GraphValue[];
  /** Its attributes. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A graph, as `script.graph` and `module.inlinedGraph` are. */
export interface TracedGraph {
  /** What comes in. */
  readonly inputs: readonly GraphValue[];
  /** What goes out. */
  readonly outputs: readonly GraphValue[];
  /** The operations. */
  nodes(): Iterable<GraphOperation>;
}

const PRODUCER = 22; // The version of TensorFlow's graphs that PyTorch's writer names.

/** The bytes of a `GraphDef`. */
export function graphDef(graph: TracedGraph): Uint8Array {
  const operations = [...graph.nodes()];
  const names = namesOf(graph, operations);
  const message = new WireMessage();
  for (const input of graph.inputs) {
    writeNode(message, names.get(input.name)!, "IO Node", [], input, "");
  }
  for (const one of operations) {
    const [first] = one.outputs;
    if (first === undefined) continue;
    const inputs = one.inputs.map((value) => names.get(value.name) ?? value.name);
    const shown = Object.entries(one.attributes).map(([key, value]) => `${key}: ${String(value)}`);
    writeNode(message, names.get(first.name)!, one.kind, inputs, first, `{${shown.join(", ")}}`);
  }
  graph.outputs.forEach((output, i) => {
    const inputs = [names.get(output.name) ?? output.name];
    writeNode(message, `output/output.${i + 1}`, "IO Node", inputs, output, "");
  });
  message.message(4, (versions) => versions.int(1, PRODUCER));
  return message.finish();
}

// TensorBoard groups nodes by the parts of their names. Several outputs of a node are one there.
function namesOf(
  graph: TracedGraph,
  operations: readonly GraphOperation[],
): Map<string, string> {
  const names = new Map<string, string>();
  for (const { name } of graph.inputs) names.set(name, `input/${name}`);
  for (const { kind, scope, outputs } of operations) {
    const own = `${kind.replace("::", ".")}_${outputs[0]?.name ?? ""}`;
    for (const { name } of outputs) names.set(name, scope === "" ? own : `${scope}/${own}`);
  }
  return names;
}

function writeNode(
  graph: WireMessage,
  name: string,
  op: string,
  inputs: readonly string[],
  output: GraphValue,
  attributes: string,
): void {
  graph.message(1, (node) => {
    node.text(1, name);
    node.text(2, op);
    for (const input of inputs) node.text(3, input);
    const shape = shapeIn(output.type);
    if (shape !== null) writeAttribute(node, "_output_shapes", (value) => writeShape(value, shape));
    if (attributes !== "") {
      writeAttribute(node, "attr", (value) => value.bytes(2, encode(attributes)));
    }
  });
}

function writeAttribute(node: WireMessage, key: string, fill: (value: WireMessage) => void): void {
  node.message(5, (entry) => {
    entry.text(1, key);
    entry.message(2, fill);
  });
}

function writeShape(value: WireMessage, sizes: readonly number[]): void {
  value.message(1, (list) =>
    list.message(7, (shape) => {
      for (const size of sizes) shape.message(2, (dim) => dim.int(1, size));
    }));
}

// `Float(2, 3, strides=[3, 1], …)`
function shapeIn(type: string): number[] | null {
  const found = /^\w+\(((?:\d+, )*)strides=/.exec(type);
  return found === null ? null : found[1]!.split(", ").filter((one) => one !== "").map(Number);
}
