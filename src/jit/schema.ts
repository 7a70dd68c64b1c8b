/**
 * What a script function takes and gives.
 *
 * @module
 */

import { checkTold } from "../_made.ts";

/** One argument of a script function. */
export interface SchemaArgument {
  /** Its name, for keywords. */
  readonly name: string;
  /** Its type as TorchScript writes it: `"Tensor"`, `"List[int]"`, `"Optional[float]"`. */
  readonly type: string;
  /** Whether it can be given by name only. */
  readonly kwargOnly: boolean;
  /** Its default as TorchScript writes it, `null` for none. */
  readonly default: string | null;
}

/** One result of a script function. */
export interface SchemaReturn {
  /** Its name, mostly empty. */
  readonly name: string;
  /** Its type. */
  readonly type: string;
}

/** A type of the program's own that a signature speaks of. */
export interface TypeDefinition {
  /** The type as the signature writes it. */
  readonly type: string;
  /** What it is. */
  readonly kind: "NamedTuple" | "Enum" | "Class" | "Module";
  /** Its fields, or an enum's members. */
  readonly fields: readonly { readonly name: string; readonly type: string }[];
}

/** The signature of a script function or method, without `self`. */
export class Schema {
  /** The function's name. */
  readonly name: string;
  /** Its arguments. */
  readonly arguments: readonly SchemaArgument[];
  /** Its results; TorchScript functions have one. */
  readonly returns: readonly SchemaReturn[];
  /** The named tuples, enums and classes among its types. */
  readonly definitions: readonly TypeDefinition[];
  readonly #text: string;

  /** `value` is what fb_callable_schema wrote, `text` LibTorch's own print. */
  constructor(value: unknown, text: string) {
    checkTold(value, "Schema", "the schema of a script function");
    const [name, args, returns, definitions] = value as [
      string,
      [string, string, boolean, string | null][],
      [string, string][],
      [string, TypeDefinition["kind"], [string, string][]][],
    ];
    this.name = name;
    this.arguments = args.map(([name, type, kwargOnly, fallback]) => ({
      name,
      type,
      kwargOnly,
      default: fallback,
    }));
    this.returns = returns.map(([name, type]) => ({ name, type }));
    this.definitions = definitions.map(([type, kind, fields]) => ({
      type,
      kind,
      fields: fields.map(([name, type]) => ({ name, type })),
    }));
    this.#text = text;
  }

  /** As PyTorch prints it: `forward(__torch__.Net self, Tensor x) -> Tensor`. */
  toString(): string {
    return this.#text;
  }
}
