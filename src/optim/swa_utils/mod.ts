/**
 * Averages of a model's weights along its training.
 *
 * @module
 */

export { SWALR, type SWALROptions } from "./swalr.ts";
