/**
 * Runs the programs of `programs.ts`, one a case.
 *
 * @module
 */

import * as torch from "../../mod.ts";
import { child } from "./batches.ts";
import { programs, sourceOf } from "./programs.ts";

const entries = Object.entries(programs);

await child((index, note) => {
  const [name, [body, expected]] = entries[index]!;
  note(name);
  const unit = torch.jit.compile(sourceOf(body));
  try {
    const text = String((unit.f as () => unknown)());
    if (text !== expected) throw new Error(`${name} came to ${text.slice(0, 200)}`);
    return "returned";
  } catch (error) {
    if (!(error instanceof torch.TorchError)) throw error;
    if (expected instanceof RegExp && expected.test(error.message)) return "refused";
    throw new Error(`${name}: ${error.message}`);
  } finally {
    unit.dispose();
  }
});
