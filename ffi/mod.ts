/**
 * The seam: the only folder that knows a runtime. Above it are handles (plain numbers), words in a scratch
 * memory, and errors.
 *
 * @module
 */

export * from "./errors.ts";
export {
  anchorBytes,
  ballast,
  collectGarbage,
  collectsLate,
  collectYoung,
  graphWeight,
  heavyWeight,
  libtorchVersion,
  mediumGraphWeight,
  native,
  newBuffer,
  shareMemory,
  smallWeight,
  viewMemory,
  watchJobs,
} from "./library.ts";
export { type HandleKind, releaseForgotten } from "./forgotten.ts";
export type { JobWatcher } from "./jobs.ts";
export { onCall, provideCallback } from "./callback.ts";
export { context, decode, encode, scratch, takeBytes, takeText } from "./scratch.ts";
export { check, checkHandle, nativeError } from "./raise.ts";
export { noticeWarnings } from "./warnings.ts";
export { requireNativeCode } from "./permission.ts";
export { ABI_VERSION } from "./symbols.ts";
