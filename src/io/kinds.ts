/**
 * Which class of Python's a loaded array or object had, so that saving it again gives the same.
 *
 * @module
 */

/** A class that JavaScript has no twin of. */
export type Kind = "tuple" | "torch.Size" | "OrderedDict";

const kinds = new WeakMap<object, Kind>();

/** Notes the class of a value. */
export function setKind<T extends object>(value: T, kind: Kind): T {
  kinds.set(value, kind);
  return value;
}

/** The class that was noted. */
export function kindOf(value: object): Kind | undefined {
  return kinds.get(value);
}
