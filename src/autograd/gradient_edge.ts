/**
 * Edges of the graph: where the gradient of a tensor arrives.
 *
 * @module
 */

import { check, context, native, scratch } from "../../ffi/mod.ts";
import { showAsText } from "../inspect.ts";
import type { GradFn } from "../tensor/grad_types.ts";
import { describe, handleOf, type Tensor } from "../tensor/tensor.ts";
import { nodeHandle, nodeOf } from "./graph_node.ts";

/**
 * The place in the graph where the gradient of a tensor arrives: a node, and which of the node's outputs the tensor was. Passes take one in
 * place of the tensor, which need not be there any more: {@linkcode backward} and {@linkcode grad} as output or input.
 *
 * It keeps the graph behind it alive, not the tensor's own memory; `dispose()` or `using` lets go at once.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32", requiresGrad: true });
 * using y = x.mul(3);
 * using edge = new torch.autograd.graph.GradientEdge(y.gradFn!, 0);
 * const [gradient] = torch.autograd.grad(y.pow(2).sum(), edge);
 * assertEquals(gradient!.toArray(), [6, 12]);
 * ```
 */
export class GradientEdge implements Disposable {
  /** The node: `gradFn` of the tensor, or the `AccumulateGrad` of a leaf. */
  readonly node: GradFn<Tensor>;
  /** Which of the outputs of the node's op the tensor was; 0 for a leaf. */
  readonly outputNr: number;

  /**
   * @throws {TypeError} If `node` is no node, or `outputNr` no integer.
   */
  constructor(node: GradFn<Tensor>, outputNr: number) {
    nodeHandle(node, "GradientEdge", "node");
    if (!Number.isSafeInteger(outputNr) || outputNr < 0) {
      throw new TypeError(
        `GradientEdge(): argument 'outputNr' must be an integer of at least 0, but got ${
          describe(outputNr)
        }`,
      );
    }
    this.node = node;
    this.outputNr = outputNr;
  }

  /** `"GradientEdge(<MulBackward0>, 0)"`. */
  toString(): string {
    return `GradientEdge(${this.node}, ${this.outputNr})`;
  }

  /** Lets go of the node. */
  dispose(): void {
    this.node.dispose();
  }

  /** {@linkcode dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

showAsText(GradientEdge);

/** The handle of an edge's node, for a call. */
export function edgeHandle(edge: GradientEdge, op: string, argument: string): number {
  return nodeHandle(edge.node, op, argument);
}

/**
 * The edge of the graph at which the gradient of a tensor arrives: `grad(loss, x)` is `grad(loss, getGradientEdge(x))`. With it the tensor
 * itself need not be kept until the backward pass.
 *
 * @param tensor A tensor that requires gradients.
 * @throws {TorchError} If it requires none.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { getGradientEdge } = torch.autograd.graph;
 * const x = torch.tensor([1, 2], { dtype: "float32", requiresGrad: true });
 * const y = x.exp();
 * const z = y.mul(2).sum();
 * using edge = getGradientEdge(y);
 * y.dispose();
 * assertEquals(torch.autograd.grad(z, edge)[0]!.toArray(), [2, 2]);
 * ```
 */
export function getGradientEdge(tensor: Tensor): GradientEdge {
  const op = "getGradientEdge";
  const handle = handleOf(tensor, op, "tensor");
  scratch.receive(check(native.fb_tensor_edge(handle, context), op));
  const [node, number] = [scratch.words[0]!, scratch.words[1]!];
  return new GradientEdge(nodeOf(node)!, number);
}
