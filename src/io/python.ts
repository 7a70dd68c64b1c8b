/**
 * Python's values that JavaScript has no twin of, while a pickle is read.
 *
 * @module
 */

/** A tuple, or what is made of one (`torch.Size`). */
export class Tuple {
  readonly kind: "tuple" | "torch.Size";
  readonly items: readonly unknown[];

  /** The items are not copied. */
  constructor(items: readonly unknown[], kind: "tuple" | "torch.Size" = "tuple") {
    this.items = items;
    this.kind = kind;
  }
}

/** A dict, with the class that it had. */
export class Dict {
  readonly kind: "dict" | "OrderedDict" | "Counter";
  readonly entries: Map<unknown, unknown> = new Map();
  /** What the instance's `__dict__` held, such as a state dict's `_metadata`. */
  attributes: Dict | null = null;

  /** An empty one. */
  constructor(kind: "dict" | "OrderedDict" | "Counter" = "dict") {
    this.kind = kind;
  }
}

/** A dtype, device, layout or quantization scheme: what JavaScript calls by its name. */
export class Named {
  readonly type: "dtype" | "device" | "layout" | "qscheme";
  readonly name: string;

  /** `name` without Python's `torch.`. */
  constructor(type: "dtype" | "device" | "layout" | "qscheme", name: string) {
    this.type = type;
    this.name = name;
  }
}

/** Something of Python's that a pickle names. What is not on the list of those is refused. */
export interface Global {
  /** Its full name. */
  readonly global: string;
  /** What a call of it gives; it makes descriptions and nothing else. */
  readonly call?: (args: readonly unknown[]) => unknown;
  /** The dtype of a storage class; `null` for the untyped one. */
  readonly storage?: string | null;
}

/** Whether a value is a {@linkcode Global}. */
export function isGlobal(value: unknown): value is Global {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "global");
}

/** What went wrong in a pickle, without the name of the file. */
export class PickleError extends Error {}

/** A pickle that ends in the middle of a value. */
export class CutPickleError extends PickleError {}

/** How an error calls a value of a pickle. */
export function nameOf(value: unknown): string {
  if (value instanceof Tuple) return `a ${value.kind}`;
  if (value instanceof Dict) return `a ${value.kind}`;
  if (value instanceof Named) return `torch.${value.name}`;
  if (isGlobal(value)) return value.global;
  if (Array.isArray(value)) return "a list";
  if (value === null) return "None";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? "a str" : String(value);
}
