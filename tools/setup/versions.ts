/**
 * The versions that set-up brings, each pinned in this one place (`build.zig` repeats Zig's, and a
 * test holds the two together).
 *
 * @module
 */

/** LibTorch, the one release that the shim is written against. */
export const LIBTORCH_VERSION = "2.13.0";

/** The Zig that compiles the shim. */
export const ZIG_VERSION = "0.17.1";

/** The Deno that the tests fetch when none is there, and the oldest that will do. */
export const DENO: RuntimePin = { name: "deno", version: "2.9.6", oldest: "2.9.0" };

/** The Bun that the tests fetch when none is there, and the oldest that will do. */
export const BUN: RuntimePin = { name: "bun", version: "1.4.5", oldest: "1.4.0" };

/** PyTorch's own index of CPU wheels. */
export const PYTORCH_INDEX = "https://download.pytorch.org/whl/cpu";

/** PyTorch's own archive of LibTorch, for machines without Python. */
export const LIBTORCH_ZIP: string =
  `https://download.pytorch.org/libtorch/cpu/libtorch-shared-with-deps-${LIBTORCH_VERSION}%2Bcpu.zip`;

/** A runtime's npm package, the version fetched, and the oldest accepted. */
export interface RuntimePin {
  /** The npm package, which is also the command. */
  readonly name: "deno" | "bun";
  /** The version fetched. */
  readonly version: string;
  /** The oldest version accepted. */
  readonly oldest: string;
}

/** Whether dotted version `a` is at least `b`, comparing numbers and ignoring any suffix. */
export function atLeast(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => text.split(/[-+]/)[0]!.split(".").map(Number));
  for (let i = 0; i < right!.length; i++) {
    const difference = (left![i] ?? 0) - right![i]!;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
