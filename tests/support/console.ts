/**
 * What is written to the console, for tests of warnings.
 *
 * @module
 */

/** Runs a function, and gives the warnings that it wrote to the console. */
export function warningsOf(run: () => void): string[] {
  const { warn } = console;
  const lines: string[] = [];
  console.warn = (...values: unknown[]) => void lines.push(values.join(" "));
  try {
    run();
  } finally {
    console.warn = warn;
  }
  return lines;
}
