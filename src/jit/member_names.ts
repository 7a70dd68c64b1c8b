/**
 * Names that the source in a TorchScript file can hold.
 *
 * @module
 */

const keywords: ReadonlySet<string> = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally for from " +
    "global if import in is lambda nonlocal not or pass raise return try while with yield").split(
      " ",
    ),
);

/** Whether a file with a member of this name could be loaded again. */
export function isWritable(name: string): boolean {
  // deno-lint-ignore no-control-regex -- these are what a quoted name cannot hold
  return !keywords.has(name) && !/["\\\u0000-\u001f]/.test(name);
}

/** Refuses a name with which a file could be saved, but not loaded. */
export function requireWritable(name: string, op: string): void {
  if (isWritable(name)) return;
  throw new TypeError(
    `${op}(): a member cannot have the name ${JSON.stringify(name)}: ` +
      (keywords.has(name)
        ? "Python, and so TorchScript's source, keeps the word for itself"
        : "TorchScript's source cannot spell it"),
  );
}
