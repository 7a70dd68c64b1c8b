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

/** Has Jupyter's Deno kernel show an object of this class by what `show` gives for each MIME type. */
export function showInJupyter(
  type: { readonly prototype: object },
  show: (object: object) => Record<string, unknown>,
): void {
  Object.defineProperty(type.prototype, Symbol.for("Jupyter.display"), {
    value(this: object) {
      return show(this);
    },
    configurable: true,
    writable: true,
  });
}
