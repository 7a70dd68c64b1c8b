/**
 * What a TorchScript file holds, told without running any of it.
 *
 * @module
 */

import { type DType, dtypeName } from "../../tensor/dtype.ts";
import { withOpened } from "./opened.ts";
import { type Refusal, refusals } from "./policy.ts";

/** A parameter or buffer of a file. */
export interface InspectedTensor {
  /** Its dotted name. */
  readonly name: string;
  /** Its sizes. */
  readonly shape: readonly number[];
  /** Its type, or `null` for one that JavaScript has no name for. */
  readonly dtype: DType | null;
  /** Whether it is trained. */
  readonly requiresGrad: boolean;
}

/** A record of the archive. */
export interface InspectedRecord {
  /** Its name in the archive. */
  readonly name: string;
  /** Its bytes in the file. */
  readonly stored: number;
  /** Its bytes. */
  readonly size: number;
}

/** What {@linkcode inspect} tells. */
export interface Inspection {
  /** What made the file, as far as it says. */
  readonly producer: string;
  /** The version of the file format. */
  readonly version: number;
  /** The bytes of the file. */
  readonly size: number;
  /** The name of the module's class. */
  readonly type: string;
  /** The module's methods, with their schemas. */
  readonly methods: readonly { readonly name: string; readonly schema: string }[];
  /** Parameters, of submodules too. */
  readonly parameters: readonly InspectedTensor[];
  /** Buffers, of submodules too. */
  readonly buffers: readonly InspectedTensor[];
  /** Other attributes, with their TorchScript types. */
  readonly attributes: readonly { readonly name: string; readonly type: string }[];
  /** The ops that the program can reach, in all its methods, functions and classes: `"aten::add.Tensor"`. */
  readonly ops: readonly string[];
  /** Of those, what `jit.load` refuses unless it is allowed. */
  readonly refused: readonly Refusal[];
  /** The records of the archive. */
  readonly records: readonly InspectedRecord[];
  /** What one should know before loading it. */
  readonly warnings: readonly string[];
}

type Row<T extends unknown[]> = T[];
type Described = [
  version: number,
  size: number,
  type: string,
  methods: Row<[string, string]>,
  parameters: Row<[string, number[], number, boolean]>,
  buffers: Row<[string, number[], number, boolean]>,
  attributes: Row<[string, string]>,
  ops: string[],
  records: Row<[string, number, number, boolean]>,
];

/**
 * Looks into a TorchScript file, without running anything of it, and without copying its tensors. The file is verified as
 * `jit.load` does.
 *
 * @param source A path, a file URL, or the bytes.
 * @throws {TorchError} If the file cannot be read, is not TorchScript, or is damaged.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const net = torch.jit.trace(new torch.nn.Linear(4, 2), [torch.zeros([1, 4])]);
 * const found = torch.jit.inspect(torch.jit.serialize(net));
 * assertEquals(found.parameters[0], { name: "weight", shape: [2, 4], dtype: "float32", requiresGrad: true });
 * assertEquals(found.ops, ["aten::linear"]);
 * assertEquals(found.refused, []);
 * ```
 */
export function inspect(source: string | URL | Uint8Array): Inspection {
  return withOpened(source, "jit.inspect", (opened) => {
    const [version, size, type, methods, parameters, buffers, attributes, ops, records] = opened
      .describe(true) as Described;
    const refused = refusals(ops, new Set());
    const names = records.map(([name]) => name);
    return {
      producer: producerOf(names),
      version,
      size,
      type,
      methods: methods.map(([name, schema]) => ({ name, schema })),
      parameters: parameters.map(tensorOf),
      buffers: buffers.map(tensorOf),
      attributes: attributes.map(([name, type]) => ({ name, type })),
      ops,
      refused,
      records: records.map(([name, stored, size]) => ({ name, stored, size })),
      warnings: warningsOf(version, names, ops, refused),
    };
  });
}

function tensorOf(row: [string, number[], number, boolean]): InspectedTensor {
  const [name, shape, code, requiresGrad] = row;
  return { name, shape, dtype: dtypeName(code) ?? null, requiresGrad };
}

// A file does not name its maker: what it has beside the program tells how old the writer is.
function producerOf(names: readonly string[]): string {
  if (names.includes(".data/serialization_id")) return "PyTorch 2.1 or later, or LibTorch of such";
  return names.includes("byteorder") ? "PyTorch 2.0" : "PyTorch 1.x, or another program";
}

function warningsOf(
  version: number,
  names: readonly string[],
  ops: readonly string[],
  refused: readonly Refusal[],
): string[] {
  const warnings = refused.map(({ op, reason }) => `The program can call ${op}, which ${reason}.`);
  if (!names.includes(".data/serialization_id")) {
    warnings.push(
      "The file has no fingerprint of its records, so that one from another file is not noticed.",
    );
  }
  if (version < 3) warnings.push(`The file format, ${version}, is old.`);
  if (names.includes("bytecode.pkl")) {
    warnings.push("It has bytecode for the mobile runtime, which is not looked into nor run here.");
  }
  const random = ops.filter((op) => /^aten::(rand|bernoulli|multinomial|normal|dropout)/.test(op));
  if (random.length > 0) {
    warnings.push(`It draws random numbers: ${random.join(", ")}.`);
  }
  return warnings;
}
