import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { readWav, speechProbabilities } from "../examples/silero_vad.ts";
import { flambeauHome } from "../ffi/home.ts";
import * as torch from "../mod.ts";
import { folder } from "./support/program.ts";
import { python } from "./support/python.ts";

test("The example of Silero's voice detector computes what the Python package does", {
  timeout: 300_000,
}, async (t) => {
  using here = folder();
  await python("silero_vad.py", join(flambeauHome(), "silero-vad"), here.path);
  const { reason, model, expected } = JSON.parse(readFileSync(here.file("result.json"), "utf8"));
  if (reason !== undefined) return t.skip(reason);
  using module = torch.jit.load(model);
  const found = speechProbabilities(module, readWav(here.file("speech.wav")));
  assertEquals(found.length, expected.length);
  found.forEach((value, i) => assertAlmostEquals(value, expected[i], 1e-5));
  assert(Math.max(...found) > 0.2 && Math.min(...found) < 0.05, "There is speech and silence");
});
