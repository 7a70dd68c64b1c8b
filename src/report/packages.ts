/**
 * The npm packages that reports are made with, loaded when the first report needs one: a program that makes none runs none of their code.
 *
 * @module
 */

import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";

/** What may be asked for. */
export type PackageName = "cli-progress" | "@bufbuild/protobuf/wire";

// Deno brings the npm packages that it sees imported in sources, so they are here, by their full names, which need no import map: a
// program elsewhere that imports our files has another. Nothing calls these. What Bun brings says package.json; its bundler passes
// over an import that it cannot resolve only inside of a "try".
const imports: Record<PackageName, () => Promise<unknown>> = {
  "cli-progress": async () => {
    try {
      return await import("npm:cli-progress@3.12.0");
    } catch {
      return null;
    }
  },
  "@bufbuild/protobuf/wire": async () => {
    try {
      return await import("npm:@bufbuild/protobuf@2.17.0/wire");
    } catch {
      return null;
    }
  },
};

// Beside our files, then as the user's own program finds it: with a node_modules directory, Deno looks in there only.
function* places(): Generator<string> {
  yield import.meta.url;
  try {
    yield join(process.cwd(), "_.js");
  } catch { /* There is no such directory, or no permission to know it. */ }
}

const loaded = new Map<PackageName, unknown>();

/**
 * Loads a package. Not by `import()`: what draws a bar in a synchronous loop cannot wait.
 *
 * @throws {Error} If the package is nowhere, with what to do.
 */
export function load<P>(name: PackageName): P {
  if (!Object.hasOwn(imports, name)) throw new TypeError(`load(): ${name} is no package of ours`);
  const known = loaded.get(name);
  if (known !== undefined) return known as P;
  let cause: unknown;
  for (const place of places()) {
    try {
      const found = createRequire(place)(name) as P;
      loaded.set(name, found);
      return found;
    } catch (error) {
      cause ??= error;
    }
  }
  const own = name.replace("/wire", "");
  throw new Error(
    `The npm package "${own}" was not found: add it to your project ("deno add npm:${own}" or "bun add ${own}"), ` +
      "or run once with a connection to the registry",
    { cause },
  );
}
