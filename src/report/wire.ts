/**
 * Protocol buffers without generated code: fields written one after the other, by their numbers. The file that knows `@bufbuild/protobuf`.
 *
 * @module
 */

import { load } from "./packages.ts";

interface BinaryWriter {
  tag(field: number, type: number): BinaryWriter;
  int64(value: number): BinaryWriter;
  double(value: number): BinaryWriter;
  float(value: number): BinaryWriter;
  string(value: string): BinaryWriter;
  bytes(value: Uint8Array): BinaryWriter;
  fork(): BinaryWriter;
  join(): BinaryWriter;
  finish(): Uint8Array<ArrayBuffer>;
}

interface Library {
  readonly BinaryWriter: new () => BinaryWriter;
  readonly WireType: Readonly<Record<"Varint" | "Bit64" | "LengthDelimited" | "Bit32", number>>;
}

/** A message that is being written. */
export class WireMessage {
  readonly #types: Library["WireType"];
  readonly #writer: BinaryWriter;

  /**
   * An empty one.
   *
   * @throws {Error} If the library is nowhere.
   */
  constructor() {
    const { BinaryWriter, WireType } = load<Library>("@bufbuild/protobuf/wire");
    this.#types = WireType;
    this.#writer = new BinaryWriter();
  }

  /** What was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#writer.finish();
  }

  /** A whole number, of 64 bits where it is negative. */
  int(field: number, value: number): void {
    this.#writer.tag(field, this.#types.Varint).int64(value);
  }

  /** A number of 64 bits. */
  double(field: number, value: number): void {
    this.#writer.tag(field, this.#types.Bit64).double(value);
  }

  /** A number of 32 bits; infinite if it is too large for them. */
  float(field: number, value: number): void {
    this.#writer.tag(field, this.#types.Bit32).float(Math.fround(value));
  }

  /** Numbers of 64 bits in one field. */
  doubles(field: number, values: readonly number[]): void {
    this.#writer.tag(field, this.#types.LengthDelimited).fork();
    for (const value of values) this.#writer.double(value);
    this.#writer.join();
  }

  /** A text. */
  text(field: number, value: string): void {
    this.#writer.tag(field, this.#types.LengthDelimited).string(value);
  }

  /** Bytes. */
  bytes(field: number, value: Uint8Array): void {
    this.#writer.tag(field, this.#types.LengthDelimited).bytes(value);
  }

  /** A message in this one. */
  message(field: number, fill: (inner: WireMessage) => void): void {
    this.#writer.tag(field, this.#types.LengthDelimited).fork();
    fill(this);
    this.#writer.join();
  }
}
