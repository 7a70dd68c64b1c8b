/**
 * Classes whose instances only the library makes, out of what native code tells.
 *
 * @module
 */

const told = new WeakSet<object>();

/** Marks what native code told, for the constructor that takes it. */
export function toldByNative<T>(value: T): T {
  told.add(value as object);
  return value;
}

/** Throws unless the constructor was given what {@linkcode toldByNative} marked: it is called by the library itself. */
export function checkTold(value: unknown, name: string, maker: string): void {
  if (typeof value === "object" && value !== null && told.has(value)) return;
  throw new TypeError(`${name} objects are not made with new: use ${maker}`);
}
