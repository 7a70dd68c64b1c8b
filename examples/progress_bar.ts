/**
 * A progress bar with the rate and what the loop says of itself: a bar on a terminal, a line at the end elsewhere.
 *
 * @module
 */

import process from "node:process";
import cliProgress from "cli-progress";

/** A bar under way. */
export interface ProgressBar {
  /** One step more; `values` stand behind the bar. */
  step(values: Record<string, number>): void;
  /** Ends the bar. */
  stop(): void;
}

/** Starts a bar of `total` steps on standard error. */
export function progressBar(title: string, total: number): ProgressBar {
  const start = performance.now();
  let done = 0;
  let text = "";
  const bar = process.stderr.isTTY
    ? new cliProgress.SingleBar({
      format: `${title} {bar} {value}/{total} {text}`,
      hideCursor: true,
    })
    : null;
  bar?.start(total, 0, { text });
  return {
    step(values) {
      done++;
      const rate = done / (performance.now() - start) * 1000;
      const shown = Object.entries(values).map(([name, value]) => `${name} ${value.toFixed(4)}`);
      text = `${rate.toFixed(0)} it/s, ${shown.join(", ")}`;
      bar?.update(done, { text });
    },
    stop() {
      bar?.stop();
      if (bar === null) process.stderr.write(`${title}: ${done}/${total}, ${text}\n`);
    },
  };
}
