/**
 * Flambeau: TorchScript, and the tensor library under it, for Deno and Bun.
 *
 * ```ts
 * import * as torch from "flambeau";
 *
 * const traced = torch.jit.trace((x: torch.Tensor) => x.relu().add(1), [torch.zeros([3])]);
 * console.log(traced.graph);
 * console.log(traced(torch.tensor([-1, 0.5, 2])));
 * ```
 *
 * @module
 */

export * from "./src/tensor/mod.ts";
export * from "./src/ops/mod.ts";
export * from "./src/memory/mod.ts";
export {
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  type ModeGuard,
  noGrad,
  setGradEnabled,
} from "./src/autograd/modes.ts";
export * as autograd from "./src/autograd/mod.ts";
export * as func from "./src/func/mod.ts";
export { type AsyncOptions, asyncSettings, type AsyncStatus } from "./src/jobs/mod.ts";
export { receive, type Ticket, transfer, type TransferOptions } from "./src/jit/transfer.ts";
export * as jit from "./src/jit/mod.ts";
export * as profiler from "./src/profiler/mod.ts";
export * as nn from "./src/nn/mod.ts";
export * as optim from "./src/optim/mod.ts";
export * as data from "./src/data/mod.ts";
export * as io from "./src/io/mod.ts";
export * as report from "./src/report/mod.ts";
export * as utils from "./src/utils/mod.ts";
export {
  type Progress,
  progress,
  type ProgressCurve,
  type ProgressOptions,
  type ReportStream,
} from "./src/report/mod.ts";
export {
  DisposedError,
  JitTypeError,
  LoadError,
  TorchError,
  type TorchErrorDetails,
  type TorchErrorKind,
  TraceCheckError,
} from "./ffi/errors.ts";
export { version, type Versions } from "./src/version.ts";
