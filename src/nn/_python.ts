/**
 * Values as Python prints them, for the text of modules.
 *
 * @module
 */

/** A number as Python prints a float: `0.5`, `1.0`, `1e-05`, `inf`. */
export function float(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  if (size >= 1e16 || (size < 1e-4 && size > 0)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  const text = Object.is(value, -0) ? "-0" : String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}

/** A boolean: `True`. */
export function bool(value: boolean): string {
  return value ? "True" : "False";
}

/** An integer, or a tuple of some, `None` among them: `3`, `(3,)`, `(3, None)`. */
export function size(value: number | null | readonly (number | null)[]): string {
  return tuple(value, (one) => one === null ? "None" : String(one));
}

/** A float, or a tuple of some. */
export function floats(value: number | null | readonly number[]): string {
  return tuple(value, (one) => one === null ? "None" : float(one));
}

function tuple<T>(value: T | readonly T[], show: (value: T) => string): string {
  if (!Array.isArray(value)) return show(value as T);
  const parts = value.map(show);
  return parts.length === 1 ? `(${parts[0]},)` : `(${parts.join(", ")})`;
}

/** All lines but the first moved to the right. */
export function indented(text: string, by: string = "  "): string {
  return text.replaceAll("\n", `\n${by}`);
}
