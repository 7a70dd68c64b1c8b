/**
 * How the thread that wants a picture and the worker that lays it out speak.
 *
 * @module
 */

/** What the worker is given. */
export interface LayoutRequest {
  /** Two 32-bit integers, the state and the number of bytes, and then the SVG. */
  readonly shared: SharedArrayBuffer;
  /** The graph in DOT. */
  readonly dot: string;
  /** What to import Graphviz by. */
  readonly library: string;
}

/** The bytes before the SVG. */
export const HEADER = 8;
/** The state at first. */
export const NEW = 0;
/** The state once the worker runs. */
export const STARTED = 1;
/** The state when the SVG is there. */
export const DONE = 2;
/** The state when there is no Graphviz. */
export const ABSENT = 3;
/** The state when Graphviz gave up. */
export const FAILED = 4;
