/**
 * What containers share that hold parameters.
 *
 * @module
 */

import { notTheBase } from "../../_arguments.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import { type Buffer, Parameter } from "../parameter.ts";

/** Parameters by name. */
export abstract class ParameterContainer extends Module<never, never> {
  /** The parameters by name. */
  protected held: Map<string, Parameter> = new Map();

  /** Holds nothing yet. */
  constructor() {
    notTheBase(
      new.target,
      ParameterContainer,
      "nn.ParameterContainer",
      "nn.ParameterList and nn.ParameterDict",
    );
    super();
  }

  /** A tensor as a parameter; one that is none becomes one that shares its memory. */
  protected parameterOf(value: Tensor, op: string): Parameter {
    if (value instanceof Parameter) return value;
    if (isTensor(value)) return new Parameter(value);
    throw new TypeError(
      `${op}(): argument 'value' must be a Parameter or a Tensor, but got ${describe(value)}`,
    );
  }

  /** The parameters, and those in fields of a subclass. */
  override *ownTensors(): Generator<[string, Parameter | Buffer | null]> {
    yield* this.held;
    yield* super.ownTensors();
  }

  /** Puts another tensor in a parameter's place. */
  protected override assignTensor(name: string, tensor: Parameter | Buffer): void {
    if (this.held.has(name)) this.held.set(name, tensor as Parameter);
    else super.assignTensor(name, tensor);
  }

  /** What PyTorch calls the type of a parameter. */
  protected abstract typeOf(parameter: Parameter): string;

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return [...this.held].map(([name, parameter]) =>
      `  (${name}): Parameter containing: [${this.typeOf(parameter)} of size ${
        shapeOf(parameter).join("x")
      }]`
    ).join("\n");
  }
}
