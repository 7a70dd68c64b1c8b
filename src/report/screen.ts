/**
 * A few lines at the end of a terminal that are drawn again and again.
 *
 * @module
 */

/** Where progress is written: `process.stderr`, or something that looks like it. */
export interface ReportStream {
  /** Whether it is a terminal. */
  readonly isTTY?: boolean;
  /** The terminal's width. */
  readonly columns?: number;
  /** Writes text. */
  write(text: string): unknown;
}

/** Draws lines in the place of those that it drew before. */
export class Screen {
  readonly #stream: ReportStream;
  #lines = 0;

  /** Nothing is drawn yet. */
  constructor(stream: ReportStream) {
    this.#stream = stream;
  }

  /** The terminal's width. */
  get columns(): number {
    return this.#stream.columns ?? 80;
  }

  /** Draws. Lines wider than the terminal would take two, so they are cut. */
  draw(lines: readonly string[]): void {
    const up = this.#lines > 1 ? `\x1b[${this.#lines - 1}A` : "";
    const fitting = lines.map((line) => line.slice(0, this.columns - 1));
    // One write, so that nothing is seen half drawn.
    this.#stream.write(`${this.#lines > 0 ? "\r" : ""}${up}\x1b[0J${fitting.join("\n")}`);
    this.#lines = lines.length;
  }

  /** Leaves what was drawn, and goes on below it. */
  end(): void {
    if (this.#lines > 0) this.#stream.write("\n");
    this.#lines = 0;
  }
}
