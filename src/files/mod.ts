/**
 * Files: written whole or not at all, read from any place of, and zip archives of both kinds.
 *
 * @module
 */

export {
  bytesSink,
  replaceAtomically,
  replaceAtomicallyAsync,
  type Sink,
  writeAtomically,
} from "./atomic.ts";
export { contentError, fileError, pathOf } from "./path.ts";
export { CHUNK, openSource, type Source } from "./source.ts";
export { isZip, ZipArchive, type ZipEntry } from "./zip_read.ts";
export { ZipWriter } from "./zip_write.ts";
