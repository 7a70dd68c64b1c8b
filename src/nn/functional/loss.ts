/**
 * Losses, in all their forms.
 *
 * @module
 */

export * from "./class_loss.ts";
export * from "./margin_loss.ts";
export * from "./number_loss.ts";
