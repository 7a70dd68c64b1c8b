import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import {
  assertRecorded,
  call,
  classOf,
  fileOf,
  messageOf,
  models,
} from "./support/interop_models.ts";

const { jit } = torch;

/** Asserts that a call fails as it does in Python. */
function fails(run: () => unknown, recorded: { class: string; message: string }): void {
  const error = assertThrows(run, torch.TorchError);
  const message = messageOf(recorded);
  // A wrong call is refused by this library, in its own words.
  if (message.includes("is missing value for argument")) {
    return assertStringIncludes(error.message, `missing argument '`);
  }
  assertStringIncludes(error.message, message);
  assertEquals(error.kind, "torchscript");
  const asserted = message.startsWith("AssertionError");
  assertEquals(error.pythonClass, asserted ? "builtins.AssertionError" : classOf(recorded));
  assertStringIncludes(error.torchscriptTrace ?? "", "Traceback of TorchScript");
}

describe("A model that PyTorch made", () => {
  for (const model of models) {
    if (model.missing !== undefined) continue;
    test(`computes here what it computes there: ${model.name}`, async () => {
      const module = jit.load(fileOf(model));
      const results: unknown[] = [];
      for (const step of model.steps!) {
        if (step.error !== undefined) {
          fails(() => call(module, step, results), step.error);
          results.push(null);
          continue;
        }
        const result = call(module, step, results);
        results.push(result);
        await assertRecorded(result, step.result!);
      }
      if (model.parameters !== undefined) {
        assertEquals([...module.namedParameters()].map(([name]) => name), [...model.parameters]);
        assertEquals([...module.namedBuffers()].map(([name]) => name), [...model.buffers!]);
      }
    });
  }

  test("is one of at least sixty, traced and scripted", () => {
    assert(models.length >= 60);
    assert(models.some((model) => model.kind === "trace"));
  });
});
