/**
 * Holds the modules against PyTorch's own samples: every entry of its ModuleInfo database, called by our names.
 *
 *     deno run -A tests/conformance/modules/run.ts [--data DIRECTORY] [--only PART] [--docs FILE] [--golden]
 *     bun tests/conformance/modules/run.ts ...
 *
 * As `../run.ts` does it for ops; `--docs` writes the part about modules of docs/conformance.md.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { flambeauHome } from "../../../ffi/home.ts";
import { pathsIn, refusedIn, runAll } from "../batches.ts";
import { exportSamples, OTHER_PROCESSORS, write } from "../exported.ts";
import { GOLDEN, writeGolden } from "../golden.ts";
import { countsBy, failuresOf, percent, replacePart } from "../report.ts";
import { documentation, totalOf } from "./report.ts";

const WORKER = new URL("./worker.ts", import.meta.url);

function main(): number {
  const { values } = parseArgs({
    options: {
      data: { type: "string", default: join(flambeauHome(), "conformance_modules") },
      only: { type: "string", default: "" },
      docs: { type: "string" },
      golden: { type: "boolean", default: false },
    },
  });
  exportSamples(values.data, ["modules/export.py", "modules/more.py", "encode.py"]);
  const paths = pathsIn(values.data, values.only);
  const further = pathsIn(join(values.data, "more"), values.only);
  const results = runAll(paths, {}, WORKER);
  const more = runAll(further, {}, WORKER);
  if (values.docs) {
    const page = existsSync(values.docs) ? readFileSync(values.docs, "utf8") : "";
    write(
      values.docs,
      replacePart(page, "modules", documentation(results, more, refusedIn(paths))),
    );
  }
  if (values.golden) {
    const all = [...paths, ...further];
    const others = OTHER_PROCESSORS.map((env) => runAll(all, env, WORKER));
    writeGolden(GOLDEN.modules, [...results, ...more], others);
  }
  for (const { entry, failed, of, reasons } of failuresOf([...results, ...more])) {
    process.stdout.write(`${entry}: ${failed} of ${of} failed: ${reasons[0]!.reason}\n`);
  }
  for (const [name, list] of Object.entries({ module_db: results, "more.py": more })) {
    const total = totalOf(countsBy(list, ({ dtype }) => dtype, []));
    process.stdout.write(
      `${name}: ${total.passed} passed, ${total.failed} failed, ${total.notApplicable} not applicable (${
        percent(total)
      })\n`,
    );
  }
  return [...results, ...more].some(({ reason }) => reason?.startsWith("crashed")) ? 1 : 0;
}

process.exitCode = main();
