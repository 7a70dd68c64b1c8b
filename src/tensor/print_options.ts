/**
 * The options of tensor printing, which are global as in PyTorch.
 *
 * @module
 */

/** How tensors are printed. The names and meanings are those of `torch.set_printoptions`. */
export interface PrintOptions {
  /** Digits after the point of a floating-point number. Default 4. */
  precision: number;
  /** A tensor of more elements than this is summarized; `Infinity` prints all. Default 1000. */
  threshold: number;
  /** Items that a summary shows at either end of a dimension. Default 3. */
  edgeitems: number;
  /** Characters in a line; rows of a tensor wrap there. Default 80. */
  linewidth: number;
  /** Scientific notation: always, never, or `null` (the default), which decides by the values. */
  sciMode: boolean | null;
}

/** A named set of print options. */
export type PrintProfile = "default" | "short" | "full";

/** What {@linkcode setPrintOptions} takes: a profile, then options that override it. */
export interface PrintOptionChanges extends Partial<PrintOptions> {
  /** Sets all options to a named set first. */
  profile?: PrintProfile;
}

const DEFAULTS: Readonly<PrintOptions> = {
  precision: 4,
  threshold: 1000,
  edgeitems: 3,
  linewidth: 80,
  sciMode: null,
};

const PROFILES: Readonly<Record<PrintProfile, Readonly<PrintOptions>>> = {
  default: DEFAULTS,
  short: { ...DEFAULTS, precision: 2, edgeitems: 2 },
  full: { ...DEFAULTS, threshold: Infinity },
};

let current: Readonly<PrintOptions> = DEFAULTS;

/**
 * Sets how tensors are printed from now on.
 *
 * Options that are not given keep their values. (In PyTorch, `sci_mode` alone is forgotten by a call
 * that does not name it.)
 *
 * @param changes The options to set, by name or as a `profile`.
 * @throws {RangeError} If an option is out of range; nothing is changed then.
 * @throws {TypeError} If `sciMode` is neither a boolean nor null.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * torch.setPrintOptions({ precision: 2 });
 * assertEquals(torch.tensor([1.12345]).toString(), "tensor([1.12])");
 * torch.setPrintOptions({ profile: "default" });
 * assertEquals(torch.tensor([1.12345]).toString(), "tensor([1.1235])");
 * ```
 */
export function setPrintOptions(changes: PrintOptionChanges): void {
  const { profile, ...options } = changes;
  current = mergePrintOptions(profileOptions(profile), options);
}

/** The current options of tensor printing, as a copy that {@linkcode setPrintOptions} accepts. */
export function getPrintOptions(): PrintOptions {
  return { ...current };
}

/** `base` with the defined ones of `changes`, checked. */
export function mergePrintOptions(
  base: Readonly<PrintOptions>,
  changes: Partial<PrintOptions>,
): PrintOptions {
  const merged = {
    precision: changes.precision ?? base.precision,
    threshold: changes.threshold ?? base.threshold,
    edgeitems: changes.edgeitems ?? base.edgeitems,
    linewidth: changes.linewidth ?? base.linewidth,
    // Null has a meaning of its own here.
    sciMode: changes.sciMode === undefined ? base.sciMode : changes.sciMode,
  };
  checkPrintOptions(merged);
  return merged;
}

function profileOptions(profile: PrintProfile | undefined): Readonly<PrintOptions> {
  if (profile === undefined) return current;
  if (!Object.hasOwn(PROFILES, profile)) {
    throw new RangeError(
      `Expected profile to be "default", "short" or "full" but found ${JSON.stringify(profile)}`,
    );
  }
  return PROFILES[profile];
}

function checkPrintOptions(options: PrintOptions): void {
  const { precision, threshold, edgeitems, linewidth, sciMode } = options;
  const { isInteger } = Number;
  // 100 is as far as toFixed() and toExponential() go.
  check(
    isInteger(precision) && precision >= 0 && precision <= 100,
    "precision",
    "an integer from 0 to 100",
    precision,
  );
  check(threshold >= 0, "threshold", "a number from 0", threshold);
  check(isInteger(edgeitems) && edgeitems >= 0, "edgeitems", "an integer from 0", edgeitems);
  check(
    linewidth === Infinity || isInteger(linewidth) && linewidth > 0,
    "linewidth",
    "an integer from 1",
    linewidth,
  );
  if (sciMode !== null && typeof sciMode !== "boolean") {
    throw new TypeError(`Expected sciMode to be a boolean or null but found ${sciMode}`);
  }
}

function check(valid: boolean, name: string, expected: string, found: unknown): void {
  if (!valid) throw new RangeError(`Expected ${name} to be ${expected} but found ${found}`);
}
