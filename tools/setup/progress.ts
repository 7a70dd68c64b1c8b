/**
 * Progress on standard error: a bar on a terminal, a line now and then elsewhere. The one file that
 * knows cli-progress.
 *
 * @module
 */

import process from "node:process";
import cliProgress from "cli-progress";

/** Where the set-up says what it does. */
export interface Report {
  /** Prints one line. */
  line(text: string): void;
  /** Starts a bar that counts to `total`. */
  bar(title: string, total: number, unit: "MB" | "files" | "runs"): Bar;
}

/** One bar under way. */
export interface Bar {
  /** Moves the bar to `value`. */
  update(value: number): void;
  /** Ends the bar, filled unless the work failed. */
  stop(done: boolean): void;
}

/** Reports on standard error. */
export const report: Report = {
  line: (text) => void process.stderr.write(text + "\n"),
  bar: startBar,
};

/** Reports nothing, for tests. */
export const silent: Report = {
  line() {},
  bar: () => ({ update() {}, stop() {} }),
};

function startBar(title: string, total: number, unit: "MB" | "files" | "runs"): Bar {
  const bar = new cliProgress.SingleBar({
    format: `${title} [{bar}] {percentage}% | {value}/{total} ${unit} | {duration_formatted}`,
    stream: process.stderr,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 10_000,
    forceRedraw: true,
  }, cliProgress.Presets.legacy);
  bar.start(total, 0);
  return {
    update: (value) => bar.update(Math.min(Math.round(value), total)),
    stop(done) {
      if (done) bar.update(total);
      bar.stop();
    },
  };
}
