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

/** Draws lines in the place of those that it drew before; in a log, one below the other. */
export class Screen {
  readonly #stream: ReportStream;
  readonly #above: (columns: number) => readonly string[];
  #lines = 0;

  /** Nothing is drawn yet. `above` gives what stands above the line that is drawn. */
  constructor(stream: ReportStream, above: (columns: number) => readonly string[]) {
    this.#stream = stream;
    this.#above = above;
  }

  /** Whether it is a terminal, where something can be drawn over. */
  get isTTY(): boolean {
    return this.#stream.isTTY ?? false;
  }

  /** The terminal's width. */
  get columns(): number {
    return this.#stream.columns ?? 80;
  }

  /** Draws. Lines wider than the terminal would take two, so they are cut. */
  draw(line: string): void {
    if (!this.isTTY) return void this.#stream.write(`${line}\n`);
    const lines = [...this.#above(this.columns), line];
    const up = this.#lines > 1 ? `\x1b[${this.#lines - 1}A` : "";
    const fitting = lines.map((one) => one.slice(0, this.columns - 1));
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
