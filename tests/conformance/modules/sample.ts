/**
 * The recorded samples of modules, as `modules/export.py` writes them.
 *
 * @module
 */

import * as torch from "../../../mod.ts";
import { camelCase } from "../call.ts";
import { type Code, decode, type TensorCode } from "../sample.ts";

/** A module that is an argument of another's constructor, a function of torch.nn.functional, or an object of options. */
export type Maker =
  | { readonly $: "module"; readonly name: string; readonly args: Maker; readonly kwargs: Named }
  | { readonly $: "function"; readonly v: string }
  | { readonly $: "options"; readonly kwargs: Named }
  | readonly Maker[]
  | Code;

type Named = Readonly<Record<string, Maker>>;

/** Arguments: by place what has no default, the rest by name. */
export interface Call {
  readonly args: readonly Maker[];
  readonly kwargs: Named;
}

/** One sample: a module, its call, and what PyTorch computed. */
export interface ModuleSample {
  /** The entry of the database, `nn.Linear`; in the sample of CI only, which holds many. */
  readonly entry?: string;
  readonly dtype: string;
  readonly training: boolean;
  readonly seed: number;
  /** The tensors of all arguments. */
  readonly tensors: readonly TensorCode[];
  readonly make: Call;
  /** The module as PyTorch prints it. */
  readonly text: string;
  /** Parameters and buffers as they were made under the seed. */
  readonly state: Readonly<Record<string, TensorCode>>;
  readonly call: Call;
  readonly result: Code;
  /** Buffers after the call. */
  readonly after: Readonly<Record<string, TensorCode>>;
  /** Gradients of the weighted sum of the result, one for each of `tensors`. */
  readonly grads?: readonly (TensorCode | null)[];
  /** Likewise of the parameters. */
  readonly parameterGrads?: Readonly<Record<string, TensorCode | null>>;
}

type Maked = new (...args: unknown[]) => torch.nn.AnyModule;

/** The class of a name here, `undefined` where there is none. */
export function classOf(entry: string): Maked | undefined {
  return (torch.nn as unknown as Record<string, Maked>)[entry.replace(/^nn\./, "")];
}

/** The arguments as they are passed here: keywords in a trailing options object. */
export function argumentsOf({ args, kwargs }: Call, tensors: readonly torch.Tensor[]): unknown[] {
  const list = args.map((one) => valueOf(one, tensors));
  const named = Object.entries(kwargs);
  if (named.length === 0) return list;
  const options = named.map(([name, one]) => [camelCase(name), valueOf(one, tensors)]);
  return [...list, Object.fromEntries(options)];
}

function valueOf(maker: Maker, tensors: readonly torch.Tensor[]): unknown {
  if (Array.isArray(maker)) return maker.map((one) => valueOf(one, tensors));
  if (typeof maker === "object" && maker !== null && "$" in maker) {
    if (maker.$ === "function") {
      return (torch.nn.functional as Record<string, unknown>)[camelCase(maker.v)];
    }
    if (maker.$ === "options") return argumentsOf({ args: [], kwargs: maker.kwargs }, tensors)[0];
    if (maker.$ === "module") {
      const { name, args, kwargs } = maker;
      return new (classOf(name)!)(
        ...argumentsOf({ args: args as readonly Maker[], kwargs }, tensors),
      );
    }
  }
  return decode(maker as Code, { tensors, steps: [] });
}

/** The sample as text: how the module is made, and called. */
export function textOf(entry: string, { make, call, tensors, training }: ModuleSample): string {
  const show = ({ args, kwargs }: Call) =>
    [...args.map((one) => makerText(one, tensors)), ...optionsText(kwargs, tensors)].join(", ");
  return `new ${entry}(${show(make)})${training ? "" : ".eval()"}(${show(call)})`;
}

function optionsText(kwargs: Named, tensors: readonly TensorCode[]): string[] {
  const named = Object.entries(kwargs);
  if (named.length === 0) return [];
  const list = named.map(([name, one]) => `${camelCase(name)}: ${makerText(one, tensors)}`);
  return [`{ ${list.join(", ")} }`];
}

function makerText(maker: Maker, tensors: readonly TensorCode[]): string {
  if (Array.isArray(maker)) return `[${maker.map((one) => makerText(one, tensors)).join(", ")}]`;
  if (typeof maker !== "object" || maker === null || !("$" in maker)) return JSON.stringify(maker);
  if (maker.$ === "input") return makerText(tensors[maker.v]!, tensors);
  if (maker.$ === "tensor") return `${maker.dtype}[${maker.shape}]`;
  if (maker.$ === "module") return `new nn.${maker.name}(…)`;
  if (maker.$ === "options") return optionsText(maker.kwargs, tensors).join();
  if (maker.$ === "other") return maker.type;
  return "v" in maker ? String(maker.v) : JSON.stringify(maker);
}
