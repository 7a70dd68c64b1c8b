import { join } from "node:path";
import { describe, test } from "node:test";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { SetupError } from "../tools/setup/errors.ts";
import { ensureLibtorch, findLibtorch, libtorchVersion } from "../tools/setup/libtorch.ts";
import { install, type Machine, machine, put, putLibtorch } from "./setup/machine.ts";

/** A Python that has torch in `torch`, and a pip that does what `pip` says. */
function installPython(here: Machine, { torch = "", pip = "exit 1" }): void {
  install(
    here,
    "python3",
    `case "$1 $2 $3" in
      "-m pip --version") echo "pip 23.2.1 from somewhere (python 3.11)" ;;
      "-m pip install") shift 3; ${pip} ;;
      *) [ -n "${torch}" ] && echo "${torch}" ;;
    esac`,
  );
}

/** A pip that puts a LibTorch of that version into --target, if the requirement matches. */
function pipWith(here: Machine, version: string, requirement: string): string {
  const made = putLibtorch(join(here.directory, "wheel/torch"), version);
  return `for last; do target="$previous"; case "$previous" in --target) t="$last";; esac; previous="$last"; done
    echo "$last" >> ${here.directory}/asked
    [ "$last" = "${requirement}" ] || { echo "ERROR: No matching distribution found for $last" >&2; exit 1; }
    /bin/mkdir -p "$t" && /bin/cp -r ${made} "$t/torch"`;
}

describe("findLibtorch()", () => {
  test("prefers LIBTORCH, then PyTorch's, then the cache", async () => {
    using here = machine();
    const { env, directory } = here;
    const cached = putLibtorch(join(here.home, "libtorch/wheel-2.13.0/torch"), "2.13.0");
    const inPython = putLibtorch(join(directory, "site/torch"), "2.13.0");
    const own = putLibtorch(join(directory, "own"), "2.13.0");
    installPython(here, { torch: inPython });

    const fromCache = await findLibtorch(here);
    assertEquals(fromCache?.directory, cached);
    assertEquals(fromCache?.pythonPath, join(here.home, "libtorch/wheel-2.13.0"));
    env.LIBTORCH_USE_PYTORCH = "1";
    assertEquals((await findLibtorch(here))?.directory, inPython);
    env.LIBTORCH = own;
    assertEquals((await findLibtorch(here))?.directory, own);
  });

  test("finds nothing on a new machine", async () => {
    using here = machine();
    assertEquals(await findLibtorch(here), null);
  });

  test("refuses another version, naming both", async () => {
    using here = machine();
    here.env.LIBTORCH = putLibtorch(join(here.directory, "own"), "2.5.1");
    const error = await assertRejects(() => findLibtorch(here), SetupError);
    assertEquals(
      error.message,
      `Flambeau needs LibTorch 2.13.0, but ${here.env.LIBTORCH} (named by LIBTORCH) holds LibTorch 2.5.1. ` +
        "Correct LIBTORCH, or unset it to let the set-up fetch LibTorch 2.13.0.",
    );
  });

  test("refuses a directory that holds no LibTorch", async () => {
    using here = machine();
    here.env.LIBTORCH = here.directory;
    await assertRejects(() => findLibtorch(here), SetupError, "it should hold include/ and lib/");
  });

  test("says so when Python is asked and has no torch, or is not there", async () => {
    using here = machine();
    here.env.LIBTORCH_USE_PYTORCH = "1";
    await assertRejects(() => findLibtorch(here), SetupError, "no python3 is on PATH");
    installPython(here, {});
    await assertRejects(() => findLibtorch(here), SetupError, "has no torch: run ");
  });
});

describe("libtorchVersion()", () => {
  test("reads build-version when the headers name none", async () => {
    using here = machine();
    put(join(here.directory, "include/x.h"), "");
    put(join(here.directory, "lib/x.so"), "");
    put(join(here.directory, "build-version"), "2.4.0+cu121\n");
    assertEquals(await libtorchVersion(here.directory), "2.4.0");
  });
});

describe("ensureLibtorch() with pip", () => {
  test("puts the CPU wheel into the cache, whole", async () => {
    using here = machine();
    installPython(here, { pip: pipWith(here, "2.13.0", "torch==2.13.0+cpu") });
    const libtorch = await ensureLibtorch(here);
    assertEquals(libtorch.directory, join(here.home, "libtorch/wheel-2.13.0/torch"));
    assertEquals(libtorch.version, "2.13.0");
  });

  test("takes the plain version where the CPU one is not to be had", async () => {
    using here = machine();
    installPython(here, { pip: pipWith(here, "2.13.0", "torch==2.13.0") });
    assertEquals((await ensureLibtorch(here)).version, "2.13.0");
  });

  test("says what to do when no index can be reached", async () => {
    using here = machine();
    const pip = 'echo "NewConnectionError ... ERROR: No matching distribution found" >&2; exit 1';
    installPython(here, { pip });
    const error = await assertRejects(() => ensureLibtorch(here), SetupError);
    assertStringIncludes(error.message, "connect this machine to the network");
    assertEquals(await findLibtorch(here), null);
  });

  test("says what to do when the disk fills up", async () => {
    using here = machine();
    installPython(here, { pip: 'echo "OSError: [Errno 28] No space left on device" >&2; exit 1' });
    await assertRejects(
      () => ensureLibtorch(here),
      SetupError,
      "the disk is full: free some space",
    );
  });
});
