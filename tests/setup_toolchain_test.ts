import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { PROJECT_ROOT } from "../tools/setup/context.ts";
import { SetupError } from "../tools/setup/errors.ts";
import { withLock } from "../tools/setup/lock.ts";
import { ensureEnvironment } from "../tools/setup/python.ts";
import { ensureRuntime, findRuntime } from "../tools/setup/runtimes.ts";
import { findStdcxx } from "../tools/setup/stdcxx.ts";
import { atLeast, BUN, DENO, ZIG_VERSION } from "../tools/setup/versions.ts";
import { ensureZig, findZig } from "../tools/setup/zig.ts";
import { install, machine, put } from "./setup/machine.ts";

describe("Zig", () => {
  test("on PATH is used when it is the pinned version", async () => {
    using here = machine();
    const exe = install(here, "zig", `echo ${ZIG_VERSION}`);
    assertEquals(await findZig(here), { exe, version: ZIG_VERSION, source: "PATH" });
  });

  test("of another version is refused, naming both, when pip cannot bring the right one", async () => {
    using here = machine();
    install(here, "zig", "echo 0.15.2");
    const error = await assertRejects(() => ensureZig(here), SetupError);
    assertEquals(
      error.message,
      `The shim is built with Zig ${ZIG_VERSION}, but the zig on PATH is 0.15.2, and there is no Python ` +
        `with pip to fetch it: put Zig ${ZIG_VERSION} on PATH, or install Python 3 with pip, and run the ` +
        "set-up again.",
    );
  });

  test("that is nowhere, with no pip, ends in a sentence", async () => {
    using here = machine();
    await assertRejects(
      () => ensureZig(here),
      SetupError,
      "but no zig is on PATH, and there is no Python",
    );
  });

  test("has one version in build.zig, build.zig.zon and the set-up", () => {
    const read = (name: string) => readFileSync(join(PROJECT_ROOT, name), "utf8");
    assertStringIncludes(read("build.zig"), `const required_zig = "${ZIG_VERSION}";`);
    assertStringIncludes(read("build.zig.zon"), `.minimum_zig_version = "${ZIG_VERSION}"`);
  });
});

describe("libstdc++", () => {
  test("is what g++ says", async () => {
    using here = machine();
    const include = join(here.directory, "include/c++/12");
    put(join(include, "vector"), "");
    const library = put(join(here.directory, "libstdc++.so.6"), "");
    install(
      here,
      "g++",
      `case "$1" in -E) echo " ${include}" >&2; echo " /usr/include" >&2 ;; *) echo ${library} ;; esac`,
    );
    assertEquals(await findStdcxx(here), { include: [include], library });
  });

  test("is found without g++, the newest headers first", async () => {
    using here = machine();
    const usr = join(here.directory, "usr");
    for (const version of ["9", "12"]) {
      put(join(usr, "include/c++", version, "vector"), "");
      mkdirSync(join(usr, "include/x86_64-linux-gnu/c++", version), { recursive: true });
    }
    const library = put(join(usr, "lib/x86_64-linux-gnu/libstdc++.so.6"), "");
    const found = await findStdcxx(here, here.directory);
    assertEquals(found.library, library);
    assertEquals(found.include[0], join(usr, "include/c++/12"));
  });

  test("that is nowhere ends in a sentence that names the package", async () => {
    using here = machine();
    const error = await assertRejects(() => findStdcxx(here, here.directory), SetupError);
    assertStringIncludes(error.message, '"apt-get install g++"');
  });
});

describe("Runtimes for the tests", () => {
  test("are the one that runs, else what PATH has, when new enough", async () => {
    using here = machine();
    const [own, other] = process.versions.bun ? [BUN, DENO] : [DENO, BUN];
    assertEquals((await findRuntime(here, own))?.source, "running");
    install(here, other.name, "echo 0.9.0");
    assertEquals(await findRuntime(here, other), null);
    install(here, other.name, `echo ${other.oldest}`);
    assertEquals((await findRuntime(here, other))?.source, "PATH");
  });

  test("are fetched by npm into the cache", async () => {
    using here = machine();
    const other = process.versions.bun ? DENO : BUN;
    install(
      here,
      "npm",
      `while [ "$1" != --prefix ]; do shift; done
       /bin/mkdir -p "$2/node_modules/.bin"
       printf '#!/bin/sh\\necho ${other.version}\\n' > "$2/node_modules/.bin/${other.name}"
       /bin/chmod +x "$2/node_modules/.bin/${other.name}"`,
    );
    const { version, source } = await ensureRuntime(here, other);
    assertEquals({ version, source }, { version: other.version, source: "cache" });
  });

  test("that neither PATH nor npm has end in a sentence", async () => {
    using here = machine();
    const other = process.versions.bun ? DENO : BUN;
    await assertRejects(() => ensureRuntime(here, other), SetupError, "no npm");
  });

  test("are compared by number", () => {
    assert(atLeast("2.10.0", "2.9.0"));
    assert(atLeast("2.9.0+abc", "2.9.0"));
    assert(!atLeast("2.8.9", "2.9.0"));
  });
});

describe("Python for the tests", () => {
  test("without pip ends in a sentence", async () => {
    using here = machine();
    await assertRejects(() => ensureEnvironment(here), SetupError, "no Python with pip is on PATH");
  });
});

describe("withLock()", () => {
  test("lets one set-up work at a time", async () => {
    using here = machine();
    let inside = 0;
    const work = () =>
      withLock(here, async () => {
        assertEquals(++inside, 1);
        await here.pause(5);
        inside--;
      });
    await Promise.all([work(), work(), work()]);
    assertStringIncludes(here.lines.join(), "Another set-up is at work");
  });

  test("passes over the lock of a set-up that was killed, and clears what it left", async () => {
    using here = machine();
    // No process has this number: it is above Linux's largest.
    put(join(here.home, "setup.lock"), `99999999 ${hostname()}`);
    const left = put(join(here.home, "staging/part-1/half"), "");
    assertEquals(await withLock(here, () => Promise.resolve("done")), "done");
    assert(!existsSync(left));
  });
});
