/**
 * Nodes of the autograd graph.
 *
 * @module
 */

import {
  check,
  context,
  DisposedError,
  native,
  nativeError,
  releaseForgotten,
  scratch,
  takeText,
} from "../../ffi/mod.ts";
import type { GradFn, HookHandle } from "../tensor/grad_types.ts";
import { describe, handleOf, type Tensor } from "../tensor/tensor.ts";
import { answer, asGradient, Call, serve, tensorsAt } from "./_host.ts";
import { asHook, attach } from "./hooks.ts";

const registry = new FinalizationRegistry((handle: number) => releaseForgotten("node", handle));

type Gradients = (Tensor | null)[];
type Replacement = readonly (Tensor | null)[] | Tensor | null | undefined | void;

class GraphNode implements GradFn<Tensor> {
  #handle: number;

  constructor(handle: number) {
    this.#handle = handle;
    registry.register(this, handle, this);
  }

  /** The handle of what is a node, for a call. */
  static handleOf(node: unknown, op: string, argument: string): number {
    if (typeof node === "object" && node !== null && #handle in node) {
      return (node as GraphNode).#use(op);
    }
    throw new TypeError(
      `${op}(): argument '${argument}' must be a node of the graph, such as gradFn, but got ${
        describe(node)
      }`,
    );
  }

  #use(op: string): number {
    if (this.#handle !== 0) return this.#handle;
    throw new DisposedError(`${op}(): the node was disposed`, { op, kind: "value" });
  }

  get name(): string {
    return takeText(check(native.fb_node_name(this.#use("name"), context), "name"));
  }

  get nextFunctions(): readonly (readonly [GradFn<Tensor> | null, number])[] {
    const op = "nextFunctions";
    scratch.receive(check(native.fb_node_next(this.#use(op), context), op));
    // All words are read first: making an object may call native code.
    const [count, ...words] = scratch.words.slice(0, 1 + 2 * scratch.words[0]!);
    return Array.from({ length: count! }, (_, i) => [nodeOf(words[2 * i]!), words[2 * i + 1]!]);
  }

  get savedTensors(): Gradients {
    const op = "savedTensors";
    const handle = this.#use(op);
    scratch.receive(check(native.fb_node_saved(handle, context), op));
    return tensorsAt(0)[0];
  }

  get variable(): Tensor | null {
    return this.name === "torch::autograd::AccumulateGrad" ? this.savedTensors[0]! : null;
  }

  registerHook(hook: (gradInputs: Gradients, gradOutputs: Gradients) => Replacement): HookHandle {
    const handle = this.#use("registerHook");
    const run = asHook(hook, "registerHook");
    return attach(run, "registerHook", (id) => native.fb_node_hook(handle, id, false));
  }

  registerPrehook(hook: (gradOutputs: Gradients) => Replacement): HookHandle {
    const handle = this.#use("registerPrehook");
    const run = asHook(hook, "registerPrehook");
    return attach(run, "registerPrehook", (id) => native.fb_node_hook(handle, id, true));
  }

  toString(): string {
    return `<${this.name}>`;
  }

  dispose(): void {
    if (this.#handle === 0) return;
    registry.unregister(this);
    native.fb_node_release(this.#handle);
    this.#handle = 0;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The handle of a node, for a call; throws for what is none, or was disposed. */
export function nodeHandle(node: unknown, op: string, argument: string): number {
  return GraphNode.handleOf(node, op, argument);
}

/** A node by its handle, which it takes over; `null` for 0. */
export function nodeOf(handle: number): GradFn<Tensor> | null {
  return handle === 0 ? null : new GraphNode(handle);
}

/** The node that made a tensor, or `null` for a leaf. */
export function gradFnOf(tensor: Tensor): GradFn<Tensor> | null {
  const handle = native.fb_tensor_node(handleOf(tensor, "gradFn", "self"));
  if (handle < 0) throw nativeError("gradFn");
  return nodeOf(handle);
}

// Leaves what a hook of a node returned: nothing, a tensor, or a list of them.
function leave(result: Replacement): void {
  if (result === null || result === undefined) return answer([], "backward", -1);
  const list = Array.isArray(result) ? result as Gradients : [result as Tensor];
  const gradients = list.map((one) => asGradient(one, "backward", "a hook of a node"));
  answer(gradients, "backward", gradients.length);
}

serve<(gradOutputs: Gradients) => Replacement>(Call.nodePrehook, (hook) => {
  leave(hook(tensorsAt(0)[0]));
});

serve<(gradInputs: Gradients, gradOutputs: Gradients) => Replacement>(Call.nodeHook, (hook) => {
  const [gradInputs, end] = tensorsAt(0);
  const [gradOutputs] = tensorsAt(end);
  leave(hook(gradInputs, gradOutputs));
});
