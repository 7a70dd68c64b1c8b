/**
 * Finds GNU's libstdc++, which LibTorch and so the shim are built against.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { Context } from "./context.ts";
import { SetupError } from "./errors.ts";
import { run, which } from "./process.ts";

/** libstdc++ as the shim is compiled and linked against it. */
export interface Stdcxx {
  /** The directories of its headers, in the order of the search. */
  readonly include: readonly string[];
  /** Its shared library. */
  readonly library: string;
}

/** Finds libstdc++: asks g++, else looks where distributions put it (below `root`). */
export async function findStdcxx(context: Context, root = "/"): Promise<Stdcxx> {
  const found = await askCompiler(context) ?? await lookAround(root);
  if (found) return found;
  throw new SetupError(
    "The shim is compiled against GNU's libstdc++, but neither g++ nor its headers are here: install " +
      `them ("apt-get install g++" on Debian and Ubuntu, "dnf install gcc-c++" on Fedora) and run the ` +
      "set-up again.",
  );
}

async function askCompiler({ env }: Context): Promise<Stdcxx | null> {
  const compiler = await which("g++", env);
  if (!compiler) return null;
  const inC = { ...env, LC_ALL: "C" };
  const search = await run(compiler, ["-E", "-x", "c++", "-v", "/dev/null"], { env: inC });
  const include = [...search.stderr.matchAll(/^ (\/\S*c\+\+\S*)$/gm)].map((match) => match[1]!);
  const named = await run(compiler, ["-print-file-name=libstdc++.so.6"], { env: inC });
  return await existing(include, named.stdout.trim());
}

async function lookAround(root: string): Promise<Stdcxx | null> {
  const headers = join(root, "usr/include/c++");
  const versions = await readdir(headers).catch(() => []);
  const newest = versions.filter((name) => /^\d/.test(name)).sort((a, b) =>
    parseInt(b) - parseInt(a)
  );
  for (const triplet of ["x86_64-linux-gnu", "aarch64-linux-gnu"]) {
    const libraries = ["lib", "lib64"].flatMap((lib) => [
      join(root, "usr", lib, triplet, "libstdc++.so.6"),
      join(root, "usr", lib, "libstdc++.so.6"),
    ]);
    const library = libraries.find((path) => existsSync(path));
    for (const version of library ? newest : []) {
      const target = join(root, "usr/include", triplet, "c++", version);
      const include = [join(headers, version), target, join(headers, version, "backward")];
      if (existsSync(target)) return await existing(include, library!);
    }
  }
  return null;
}

async function existing(include: string[], library: string): Promise<Stdcxx | null> {
  const whole = include.some((directory) => existsSync(join(directory, "vector")));
  // g++ answers the bare name when it does not know the file.
  if (!whole || !isAbsolute(library) || !existsSync(library)) return null;
  return { include, library: await realpath(library) };
}
