/**
 * The text of a progress bar. No library: those that draw bars need a name for Deno that Bun does not know, would cost every program
 * its loading at the start, and own the terminal, which the bar shares with a curve here.
 *
 * @module
 */

/** What a bar shows. */
export interface BarState {
  /** What stands before it. */
  readonly title: string;
  /** How much is done. */
  readonly value: number;
  /** Of how much. */
  readonly total: number;
  /** What stands behind it. */
  readonly rest: string;
}

const WIDTH = 24;

/** A bar's line. */
export function barLine({ title, value, total, rest }: BarState): string {
  const share = total > 0 ? Math.min(value / total, 1) : 1;
  const full = Math.round(share * WIDTH);
  const bar = "█".repeat(full) + "░".repeat(WIDTH - full);
  const before = title === "" ? "" : `${title} `;
  return `${before}${bar} ${Math.floor(share * 100)}% | ${value}/${total} ${rest}`;
}
