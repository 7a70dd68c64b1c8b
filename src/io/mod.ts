/**
 * Files of tensors: PyTorch's own, safetensors, and numpy's.
 *
 * @module
 */

export { load, type LoadOptions } from "./load.ts";
export { loadNpy, saveNpy } from "./npy.ts";
export { loadNpz, saveNpz, type SaveNpzOptions } from "./npz.ts";
export {
  inspectSafetensors,
  loadSafetensors,
  type LoadSafetensorsOptions,
  type SafetensorsInfo,
  saveSafetensors,
} from "./safetensors.ts";
export { save, serialize } from "./save.ts";
