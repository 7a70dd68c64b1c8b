/**
 * Where somebody speaks in a recording, by the TorchScript model in the wheel of PyPI's `silero-vad`.
 *
 *     pip download --no-deps silero-vad && unzip silero_vad-*.whl silero_vad/data/silero_vad.jit
 *     deno run -A examples/silero_vad.ts silero_vad/data/silero_vad.jit speech.wav
 *
 * With Bun: `bun examples/silero_vad.ts …`. The recording must be a wav file of 16-bit samples at 16 or 8 kHz.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import * as torch from "../mod.ts";

/** A recording. */
export interface Recording {
  /** Samples a second. */
  readonly rate: number;
  /** Samples from -1 to 1, of the mean of all channels. */
  readonly samples: Float32Array<ArrayBuffer>;
}

/** Reads a wav file of 16-bit samples. */
export function readWav(path: string): Recording {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (name(0) !== "RIFF" || name(8) !== "WAVE") throw new Error(`${path} is no wav file`);
  let rate = 0;
  let channels = 0;
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    if (name(at) === "fmt ") {
      channels = view.getUint16(start + 2, true);
      rate = view.getUint32(start + 4, true);
      const bits = view.getUint16(start + 14, true);
      if (bits !== 16) throw new Error(`${path} has samples of ${bits} bits, not of 16`);
    } else if (name(at) === "data" && channels > 0) {
      const count = Math.floor(Math.min(size, bytes.length - start) / 2 / channels);
      const samples = Float32Array.from({ length: count }, (_, i) => {
        let sum = 0;
        for (let c = 0; c < channels; c++) {
          sum += view.getInt16(start + 2 * (i * channels + c), true);
        }
        return sum / channels / 32768;
      });
      return { rate, samples };
    }
    at = start + size + size % 2;
  }
  throw new Error(`${path} has no samples`);
}

/** How likely there is speech in each chunk of 32 milliseconds. */
export function speechProbabilities(model: torch.jit.LoadedModule, wav: Recording): number[] {
  const { rate, samples } = wav;
  if (rate !== 16000 && rate !== 8000) {
    throw new Error(`The model takes 16 or 8 kHz, not ${rate} Hz`);
  }
  const size = rate === 16000 ? 512 : 256;
  const probabilities: number[] = [];
  model.eval();
  // The model remembers what came before, from chunk to chunk.
  model.reset_states();
  using _ = torch.inferenceMode();
  for (let at = 0; at < samples.length; at += size) {
    const padded = new Float32Array(size);
    padded.set(samples.subarray(at, at + size));
    using chunk = torch.fromTypedArray(padded, [1, size]);
    using probability = model(chunk, rate) as torch.Tensor;
    probabilities.push(probability.item() as number);
  }
  return probabilities;
}

if (import.meta.main) {
  const [modelPath, wavPath] = process.argv.slice(2);
  if (modelPath === undefined || wavPath === undefined) {
    console.error("Give the path of silero_vad.jit and the path of a wav file");
    process.exit(2);
  }
  const wav = readWav(wavPath);
  for (const [i, value] of speechProbabilities(torch.jit.load(modelPath), wav).entries()) {
    const bar = "█".repeat(Math.round(value * 40));
    console.log(`${(i * 0.032).toFixed(3).padStart(8)} s  ${value.toFixed(4)}  ${bar}`);
  }
}
