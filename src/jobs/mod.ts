/**
 * Work on native threads.
 *
 * @module
 */

export { type AsyncOptions, asyncSettings, type AsyncStatus } from "./settings.ts";
export { type JobRequest, splitOptions, startJob } from "./jobs.ts";
export { RunOptions, runOptions, type RunSettings } from "./run_options.ts";
