/**
 * The profiler: where the time and the memory go.
 *
 * @module
 */

export {
  type ChromeEvent,
  type ChromeTrace,
  Profile,
  profile,
  type ProfileOptions,
  recordFunction,
} from "./profile.ts";
export {
  type EventAverage,
  EventAverages,
  FunctionEvent,
  type KeyAveragesOptions,
  type RecordedRange,
} from "./events.ts";
export type { SortKey, TableOptions } from "./table.ts";
