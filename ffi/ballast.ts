/**
 * What makes the garbage collector feel native memory.
 *
 * To the collector a tensor is a small object, so that a loop that forgets gigabytes looks harmless to it. Ballast is a buffer
 * that claims the tensor's size or more (the weights in `src/memory/cell.ts`; it holds nothing, and nobody looks at it) and lives as long as the tensor. The runtime
 * counts its bytes, and calls a native deleter when it collects it: in Bun, and here in Deno too, also inside a
 * synchronous loop, where a FinalizationRegistry stays silent.
 *
 * @module
 */

/** Buffers over native memory. */
export interface Buffers {
  /** A buffer that claims `bytes`, and has native code free a page (of `fb_page_new`), whose first word has the address `page`, once it is collected. */
  ballast(page: number, bytes: number): object | null;
  /**
   * A buffer over memory that was freed lately, so that the system has no pages to clear for it: its bytes are of any value,
   * and must be written before anyone sees them. `null` where there is none.
   */
  block(bytes: number): ArrayBuffer | null;
  /**
   * A buffer over memory that a tensor shares (`fb_memory_share`), which lets go of `block` once it is collected. `null` where it
   * could not be made.
   */
  share(address: number, bytes: number, block: number): ArrayBuffer | null;
  /** The native memory at an address, which must stay. */
  view(address: number, bytes: number): ArrayBuffer;
}
