/**
 * TensorBoard's event files: records of protocol buffers, each with two checksums. The messages are TensorFlow's
 * `event.proto`, `summary.proto` and `tensor.proto`, of which these few fields are needed.
 *
 * @module
 */

import { WireMessage } from "./wire.ts";

/** A histogram of TensorBoard's. */
export interface HistogramSummary {
  readonly min: number;
  readonly max: number;
  readonly num: number;
  readonly sum: number;
  readonly sumSquares: number;
  /** The right ends of the buckets. */
  readonly limits: readonly number[];
  /** How many values are in each. */
  readonly counts: readonly number[];
}

/** One value of a summary. */
export type SummaryValue =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly histogram: HistogramSummary }
  | { readonly tag: string; readonly text: string };

const FILE_VERSION = "brain.Event:2";
const WRITER = "tensorboard.summary.writer.event_file_writer";
const STRING = 7; // DT_STRING

/** The first event of a file. */
export function headerEvent(wallTime: number): Uint8Array<ArrayBuffer> {
  return event(wallTime, 0, (message) => {
    message.text(3, FILE_VERSION);
    message.message(10, (source) => source.text(1, WRITER));
  });
}

/** An event with one value. */
export function summaryEvent(
  wallTime: number,
  step: number,
  value: SummaryValue,
): Uint8Array<ArrayBuffer> {
  return event(wallTime, step, (message) => {
    message.message(5, (summary) => summary.message(1, (one) => writeValue(one, value)));
  });
}

/** An event with a graph. */
export function graphEvent(wallTime: number, graph: Uint8Array): Uint8Array<ArrayBuffer> {
  return event(wallTime, 0, (message) => message.bytes(4, graph));
}

function event(
  wallTime: number,
  step: number,
  fill: (message: WireMessage) => void,
): Uint8Array<ArrayBuffer> {
  const message = new WireMessage();
  message.double(1, wallTime);
  if (step !== 0) message.int(2, step);
  fill(message);
  return message.finish();
}

// Fields in the order of their numbers, as every other writer has them.
function writeValue(message: WireMessage, value: SummaryValue): void {
  message.text(1, "text" in value ? `${value.tag}/text_summary` : value.tag);
  if ("scalar" in value) {
    message.float(2, value.scalar);
  } else if ("histogram" in value) {
    message.message(5, (one) => writeHistogram(one, value.histogram));
  } else {
    message.message(8, (tensor) => writeText(tensor, value.text));
    message.message(9, (metadata) => metadata.message(1, (plugin) => plugin.text(1, "text")));
  }
}

// A zero is not written, but for the negative one.
function writeHistogram(message: WireMessage, histogram: HistogramSummary): void {
  const { min, max, num, sum, sumSquares, limits, counts } = histogram;
  [min, max, num, sum, sumSquares].forEach((value, i) => {
    if (!Object.is(value, 0)) message.double(i + 1, value);
  });
  message.doubles(6, limits);
  message.doubles(7, counts);
}

function writeText(message: WireMessage, text: string): void {
  message.int(1, STRING);
  message.message(2, (shape) => shape.message(2, (dim) => dim.int(1, 1)));
  message.text(8, text);
}

// ---- Records ----

/** An event as it lies in the file: its length, the length's checksum, the event, its checksum. */
export function record(event: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16 + event.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(event.length), true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  bytes.set(event, 12);
  view.setUint32(12 + event.length, masked(event), true);
  return bytes;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

// CRC-32C, rotated and offset: a checksum of data that itself holds checksums would be weak.
function masked(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 255]! ^ (crc >>> 8);
  crc = (crc ^ 0xffffffff) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
