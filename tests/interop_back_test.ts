import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { fileOf, models } from "./support/interop_models.ts";
import { type Folder, folder } from "./support/program.ts";
import { python } from "./support/python.ts";

const { jit } = torch;

const runnable = models.filter((model) => model.missing === undefined);
let here: Folder;
let report: Record<string, string | null>;

// One Python for all: most of its time is its start.
before(async () => {
  here = folder();
  for (const model of runnable) {
    using module = jit.load(fileOf(model));
    jit.save(module, here.file(`${model.name}.pt`));
  }
  writeFileSync(here.file("cases.json"), JSON.stringify(runnable));
  await python("compare_interop_models.py", here.path);
  report = JSON.parse(readFileSync(here.file("report.json"), "utf8"));
});

after(() => here?.[Symbol.dispose]());

describe("A model of PyTorch that is loaded and saved here", () => {
  for (const { name } of runnable) {
    test(`computes the same in PyTorch: ${name}`, () => assertEquals(report[name], null));
  }
});
