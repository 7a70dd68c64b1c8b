import { ABI_VERSION, libtorchVersion } from "../ffi/mod.ts";

/** Versions of this library and of what it runs on. */
export interface Versions {
  /** This library's version. */
  readonly flambeau: string;
  /** LibTorch's, as loaded: `"2.13.0"`. */
  readonly libtorch: string;
  /** The version of the C ABI between the two. */
  readonly abi: number;
}

/** The versions in use. */
export const version: Versions = { flambeau: "0.1.0", libtorch: libtorchVersion, abi: ABI_VERSION };
