/**
 * What `console.log` shows of an object, in Deno and in Bun.
 *
 * @module
 */

/** Makes both runtimes show an object of this class as its `toString()`. */
export function showAsText(type: { readonly prototype: object }): void {
  // Node's protocol, which Bun follows, and Deno's.
  for (const key of ["Deno.customInspect", "nodejs.util.inspect.custom"]) {
    Object.defineProperty(type.prototype, Symbol.for(key), {
      value(this: object) {
        return String(this).trimEnd();
      },
      configurable: true,
      writable: true,
    });
  }
}
