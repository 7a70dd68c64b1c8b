/**
 * Which runtime this is.
 *
 * @module
 */

import process from "node:process";
import { LoadError } from "./errors.ts";

/** The runtime whose global object this is; throws where it is another one than these. */
export function runtimeName(globals: object = globalThis): "Deno" | "Bun" {
  if ("Deno" in globals) return "Deno";
  if ("Bun" in globals) return "Bun";
  throw new LoadError(
    `Flambeau runs on Deno and on Bun, and this is neither (Node.js ${process.version}?): start the program with ` +
      "`deno run -A` or with `bun`.",
    { op: "load", kind: "internal" },
  );
}
