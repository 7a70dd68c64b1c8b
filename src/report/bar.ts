/**
 * A progress bar: the file that knows `cli-progress`. What is drawn and how the time that is left is reckoned is the library's; when it is drawn,
 * and where, is ours, since a bar may have a curve above it, and a log has no place to draw in.
 *
 * @module
 */

import { duration } from "./number.ts";
import { load } from "./packages.ts";
import type { Screen } from "./screen.ts";

/** A bar under way. */
export interface Bar {
  /** Draws it with `value` done, at `rate`, with `values` behind it. */
  draw(value: number, rate: string, values: string): void;
  /** Draws it for the last time, and leaves it there. */
  stop(value: number, rate: string, values: string): void;
}

/** What does not change about a bar. */
export interface BarOptions {
  /** What stands before it. */
  readonly title: string;
  /** Of how many; `null`: unknown, and no bar. */
  readonly total: number | null;
  /** Milliseconds between two drawings. */
  readonly interval: number;
  /** Where. */
  readonly screen: Screen;
}

interface FormatParams {
  readonly value: number;
  readonly total: number;
  readonly eta: number | string;
}

interface SingleBar {
  start(total: number, value: number, payload: object): void;
  update(value: number, payload: object): void;
  render(): void;
  stop(): void;
  timer: { unref(): void } | null;
}

interface Library {
  readonly SingleBar: new (options: object) => SingleBar;
  readonly Format: {
    Formatter(options: object, params: FormatParams, payload: object): string;
  };
}

/**
 * Starts a bar and draws it.
 *
 * @throws {Error} If the library is nowhere.
 */
export function startBar({ title, total, interval, screen }: BarOptions): Bar {
  const { SingleBar, Format } = load<Library>("cli-progress");
  class OwnBar extends SingleBar {
    // A loop that is never ended must not keep the program alive.
    override render(): void {
      super.render();
      this.timer?.unref();
    }
  }
  const format = (options: object, params: FormatParams, payload: object): string =>
    Format.Formatter(
      { ...options, format: template(params, total, screen.isTTY) },
      params,
      payload,
    );
  const bar = new OwnBar({
    format,
    formatTime: (seconds: unknown) => typeof seconds === "number" ? duration(seconds) : "?",
    terminal: terminalOn(screen),
    fps: 1000 / Math.max(interval, 50),
    barsize: 24,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    synchronousUpdate: false,
    forceRedraw: true,
    etaBuffer: 50,
  });
  const payload = (rate: string, values: string) => ({
    before: title === "" ? "" : `${title}${screen.isTTY ? " " : ": "}`,
    rate,
    values: values === "" ? "" : ` | ${values}`,
  });
  bar.start(total ?? 0, 0, payload("0 it/s", ""));
  return {
    draw(value, rate, values) {
      bar.update(value, payload(rate, values));
      bar.render();
    },
    stop(value, rate, values) {
      bar.update(value, payload(rate, values));
      bar.stop();
    },
  };
}

// A place for each thing: the library fills them in.
function template({ value, eta }: FormatParams, total: number | null, onTerminal: boolean): string {
  const left = total === null || value === 0 || value >= total || typeof eta !== "number"
    ? ""
    : ", {eta_formatted} left";
  const rest = `{duration_formatted}${left}, {rate}{values}`;
  if (total === null) return `{before}{value} | ${rest}`;
  if (!onTerminal) return `{before}{value}/{total} {percentage}% | ${rest}`;
  return `{before}{bar} {percentage}% | {value}/{total} | ${rest}`;
}

// The library's idea of a terminal, over ours, which wipes what it drew before by itself.
function terminalOn(screen: Screen): object {
  const nothing = () => {};
  // A log need not say that nothing is done yet.
  let isSilent = !screen.isTTY;
  return {
    cursorSave: nothing,
    cursorRestore: nothing,
    cursor: nothing,
    cursorTo: nothing,
    clearRight: nothing,
    clearLine: nothing,
    lineWrapping: nothing,
    // Else the library writes only when a timer fires: never in a synchronous loop.
    isTTY: () => true,
    getWidth: () => screen.columns,
    write(line: string) {
      if (!isSilent) screen.draw(line);
      isSilent = false;
    },
    newline: () => screen.end(),
  };
}
