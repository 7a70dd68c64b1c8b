/**
 * What a model is made of: its layers, their outputs, and how many parameters they have.
 *
 * @module
 */

import { noGrad } from "../autograd/modes.ts";
import { type AnyModule, Module, type RemoveHook } from "../nn/module.ts";
import { Parameter } from "../nn/parameter.ts";
import { itemSize } from "../tensor/dtype.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { bytes, grouped } from "./number.ts";

/** One module of a model. */
export interface LayerSummary {
  /** Its dotted name; empty for the model itself. */
  readonly name: string;
  /** Its class. */
  readonly type: string;
  /** How deep it lies: 0 for the model itself. */
  readonly depth: number;
  /** The shapes of what its first call gave; `null` where it was not called, or no inputs were given. */
  readonly outputShapes: readonly (readonly number[])[] | null;
  /** How many numbers its own parameters hold, without those of modules in it. */
  readonly parameters: number;
}

/** A model, in numbers. */
export interface ModelSummary {
  /** The model and all in it, each module once. */
  readonly layers: readonly LayerSummary[];
  /** How many numbers all parameters hold; one that is used twice counts once. */
  readonly totalParameters: number;
  /** How many of them take gradients. */
  readonly trainableParameters: number;
  /** How many bytes parameters and buffers take. */
  readonly bytes: number;
  /** A table. */
  toString(): string;
}

/**
 * Summarizes a model: layers, shapes of their outputs, parameters. To know the outputs the model is run once on `inputs`,
 * in evaluation mode and without gradients; its mode is as it was then.
 *
 * @param model Any module.
 * @param inputs The arguments of a call; without them the outputs stay unknown.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new torch.nn.Sequential(new torch.nn.Linear(4, 8), new torch.nn.ReLU(), new torch.nn.Linear(8, 2));
 * const summary = torch.report.summary(model, [torch.zeros([1, 4])]);
 * assertEquals(summary.totalParameters, 4 * 8 + 8 + 8 * 2 + 2);
 * assertEquals(summary.layers[1]!.outputShapes, [[1, 8]]);
 * console.log(String(summary));
 * ```
 */
export function summary(model: AnyModule, inputs?: readonly unknown[]): ModelSummary {
  if (!(model instanceof Module)) {
    throw new TypeError(`summary(): argument 'model' must be a Module, but got ${describe(model)}`);
  }
  if (inputs !== undefined && !Array.isArray(inputs)) {
    throw new TypeError(
      `summary(): argument 'inputs' must be an array of the call's arguments, but got ${
        describe(inputs)
      }`,
    );
  }
  const shapes = inputs === undefined ? new Map() : runOnce(model, inputs);
  const layers = layersOf(model, shapes);
  const counts = countAll(model);
  return { layers, ...counts, toString: () => table(layers, counts) };
}

type Shapes = Map<AnyModule, readonly (readonly number[])[]>;

function runOnce(model: AnyModule, inputs: readonly unknown[]): Shapes {
  const shapes: Shapes = new Map();
  const modules = [...model.modules()];
  const modes = modules.map((module) => module.training);
  const removals: RemoveHook[] = modules.map((module) =>
    module.registerForwardHook((one: AnyModule, _: unknown, output: unknown) => {
      if (!shapes.has(one)) shapes.set(one, tensorsIn(output).map(shapeOf));
    })
  );
  try {
    model.eval();
    const output = noGrad(() => model(...inputs));
    for (const tensor of tensorsIn(output)) if (!inputs.includes(tensor)) tensor.dispose();
  } finally {
    for (const remove of removals) remove();
    modules.forEach((module, i) => module.training = modes[i]!);
  }
  return shapes;
}

function tensorsIn(value: unknown): Tensor[] {
  if (isTensor(value)) return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(tensorsIn);
}

function layersOf(model: AnyModule, shapes: Shapes): LayerSummary[] {
  return [...model.namedModules()].map(([name, module]) => ({
    name,
    type: module.typeName(),
    depth: name === "" ? 0 : name.split(".").length,
    outputShapes: shapes.get(module) ?? null,
    parameters: own(module).reduce((sum, parameter) => sum + parameter.numel(), 0),
  }));
}

function own(module: AnyModule): Parameter[] {
  const parameters: Parameter[] = [];
  for (const [, tensor] of module.ownTensors()) {
    if (tensor instanceof Parameter) parameters.push(tensor);
  }
  return parameters;
}

type Counts = Pick<ModelSummary, "totalParameters" | "trainableParameters" | "bytes">;

function countAll(model: AnyModule): Counts {
  const counts = { totalParameters: 0, trainableParameters: 0, bytes: 0 };
  for (const parameter of model.parameters()) {
    counts.totalParameters += parameter.numel();
    if (parameter.requiresGrad) counts.trainableParameters += parameter.numel();
    counts.bytes += parameter.numel() * itemSize(parameter.dtype);
  }
  for (const buffer of model.buffers()) counts.bytes += buffer.numel() * itemSize(buffer.dtype);
  return counts;
}

function table(layers: readonly LayerSummary[], counts: Counts): string {
  const rows = layers.map(({ name, type, depth, outputShapes, parameters }) => [
    `${"  ".repeat(depth)}${type}${name === "" ? "" : ` (${name.split(".").at(-1)})`}`,
    outputShapes?.map((shape) => `[${shape.join(", ")}]`).join(" ") ?? "",
    parameters === 0 ? "" : grouped(parameters),
  ]);
  const head = ["Layer", "Output", "Parameters"];
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]!.length))
  );
  const line = ([name, output, count]: string[]) =>
    `${name!.padEnd(widths[0]!)}  ${output!.padEnd(widths[1]!)}  ${count!.padStart(widths[2]!)}`
      .trimEnd();
  const rule = "─".repeat(widths.reduce((sum, width) => sum + width, 4));
  const { totalParameters, trainableParameters } = counts;
  return [
    ...[line(head), rule, ...rows.map(line), rule],
    `${grouped(totalParameters)} parameters, ${grouped(trainableParameters)} of them trainable; ${
      bytes(counts.bytes)
    } with buffers`,
  ].join("\n");
}
