/**
 * The Python that the tests compare against: a virtual environment in the cache, with the PyTorch
 * whose LibTorch the shim is linked to.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { flambeauHome, tryGetEnv } from "../../ffi/home.ts";
import type { Context } from "./context.ts";
import { SetupError } from "./errors.ts";
import { requireSpace } from "./files.ts";
import type { Libtorch } from "./libtorch.ts";
import { findPip, type Pip, pipFailure, pipInstall } from "./pip.ts";
import { run, tail } from "./process.ts";
import { LIBTORCH_VERSION, PYTORCH_INDEX } from "./versions.ts";

const ENVIRONMENT_MEGABYTES = 220;
const NEEDED_MEGABYTES = 500;

/** A Python that can import torch, and the environment variables it needs for that. */
export interface TestPython {
  /** The interpreter. */
  readonly exe: string;
  /** Variables to set beside the inherited ones. */
  readonly env: Readonly<Record<string, string>>;
}

/** A virtual environment. */
export interface Environment {
  /** Its directory. */
  readonly directory: string;
  /** Its interpreter. */
  readonly python: string;
}

/**
 * The Python that `deno task test` set up, for a test that starts it. Works for a test that is run
 * singly too, once the whole suite has run.
 */
export function pythonForTests(): TestPython {
  const exe = tryGetEnv("FLAMBEAU_TEST_PYTHON");
  if (exe) return { exe, env: { PYTHONPATH: tryGetEnv("PYTHONPATH") ?? "" } };
  try {
    return JSON.parse(readFileSync(noteFile(flambeauHome()), "utf8"));
  } catch {
    throw new SetupError(
      'No Python with PyTorch is set up for the tests: run "deno task setup --tests" once.',
    );
  }
}

/** Makes the environment with what `tests/python/requirements.txt` pins, unless it is there. */
export async function ensureEnvironment(context: Context): Promise<Environment> {
  const pip = await findPip(context);
  if (!pip) {
    throw new SetupError(
      "The tests compare with PyTorch, but no Python with pip is on PATH: install Python 3 with pip and " +
        "venv, and run the tests again.",
    );
  }
  const requirements = join(context.root, "tests", "python", "requirements.txt");
  const hash = createHash("sha256").update(await readFile(requirements)).update(pip.pythonVersion);
  const directory = join(context.home, "python", hash.digest("hex").slice(0, 12));
  const environment = { directory, python: join(directory, ...interpreter()) };
  // Not staged elsewhere and moved: its scripts hold its path. A mark says that it is whole.
  const mark = join(directory, "whole");
  if (existsSync(mark)) return environment;
  await rm(directory, { recursive: true, force: true });
  await requireSpace(context, NEEDED_MEGABYTES, "Python's packages for the tests");
  await makeEnvironment(context, pip, directory);
  await install(context, environment, ["-r", requirements], "Python's packages for the tests");
  await writeFile(mark, "");
  return environment;
}

/** Makes `environment` able to import torch, and notes how. */
export async function ensureTorch(
  context: Context,
  environment: Environment,
  libtorch: Libtorch,
): Promise<TestPython> {
  const exe = environment.python;
  const candidates: TestPython[] = [{ exe, env: { PYTHONPATH: "" } }];
  if (libtorch.pythonPath) candidates.unshift({ exe, env: { PYTHONPATH: libtorch.pythonPath } });
  for (const candidate of candidates) {
    if (await hasTorch(context, candidate)) return await noted(context, candidate);
  }
  const args = ["--extra-index-url", PYTORCH_INDEX, `torch==${LIBTORCH_VERSION}+cpu`];
  await install(context, environment, args, `PyTorch ${LIBTORCH_VERSION} for the tests`);
  return await noted(context, { exe, env: { PYTHONPATH: "" } });
}

async function hasTorch(context: Context, { exe, env }: TestPython): Promise<boolean> {
  const script = "import torch; print(torch.__version__)";
  const { code, stdout } = await run(exe, ["-c", script], { env: { ...context.env, ...env } });
  return code === 0 && stdout.startsWith(LIBTORCH_VERSION);
}

async function noted(context: Context, python: TestPython): Promise<TestPython> {
  const file = noteFile(context.home);
  await writeFile(`${file}.${process.pid}`, JSON.stringify(python) + "\n");
  await rename(`${file}.${process.pid}`, file);
  return python;
}

async function makeEnvironment(context: Context, pip: Pip, directory: string): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const { code, stdout, stderr } = await run(pip.python, ["-m", "venv", directory], {
    env: context.env,
  });
  if (code === 0) return;
  throw new SetupError(
    `${pip.python} could not make a virtual environment for the tests: install Python's venv module ` +
      `("apt-get install python3-venv" on Debian and Ubuntu) and run the tests again.\n` +
      tail(stdout + stderr),
  );
}

async function install(
  context: Context,
  { directory, python }: Environment,
  args: readonly string[],
  title: string,
): Promise<void> {
  const pip = { python, pythonVersion: "", version: "" };
  const megabytes = ENVIRONMENT_MEGABYTES;
  const ended = await pipInstall(context, pip, { args, directory, title, megabytes });
  if (ended.code !== 0) throw pipFailure(title, ended);
}

function interpreter(): string[] {
  return process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];
}

function noteFile(home: string): string {
  return join(home, "python", "tests.json");
}
