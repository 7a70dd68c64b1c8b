/**
 * Random programs, traced and called with whatever comes: each call gives what eager mode gives, gradients too, or is refused
 * where the trace has the sizes of its example in it; and a fused program gives, or refuses, what the same does unfused.
 *
 * @module
 */

import process from "node:process";
import * as torch from "../../mod.ts";
import { shareNothing } from "../../src/memory/sharing.ts";
import { collectUntil } from "../support/collect.ts";
import { child } from "./batches.ts";
import { pick, type Random, random } from "./random.ts";
import { type Given, type Step, steps } from "./traced_steps.ts";

const { jit } = torch;
type Tensor = torch.Tensor;

const CALLS = 24;
const EXAMPLES = [[2, 4], [3, 4], [2, 3, 4]];
const SHAPES_OF_X = [[2, 4], [3, 4], [1, 4], [0, 4], [2, 3, 4], [4], [5, 4], [2, 2], [2, 5], []];
const SHAPES_OF_Y = [[4], [2, 4], [1, 4], [3, 4], [], [2, 1], [0], [5]];
const DTYPES: torch.DType[] = ["float64", "int64", "bfloat16", "bool"];
// What fused kernels and the order of sums may differ by after nine steps; of bfloat16, whose numbers have eight bits, more.
const TOLERANCE = 0.01;
const COARSE = 0.1;

const seed = Number(process.argv[5]);
shareNothing();
torch.setNumThreads(1);

interface Call {
  readonly shapes: readonly [number[], number[]];
  readonly dtype: torch.DType;
  readonly strided: boolean;
  /** Which of the four need a gradient. */
  readonly needs: readonly boolean[];
  readonly mode: "with gradients" | "without";
}

function draw(next: Random, example: number[]): Call {
  const chance = (percent: number) => next(100) < percent;
  return {
    shapes: [
      chance(60) ? example : pick(next, SHAPES_OF_X),
      chance(60) ? [4] : pick(next, SHAPES_OF_Y),
    ],
    dtype: chance(85) ? "float32" : pick(next, DTYPES),
    strided: chance(15),
    needs: [chance(50), chance(40), chance(40), chance(40)],
    mode: chance(70) ? "with gradients" : "without",
  };
}

function make(shape: number[], call: Call): Tensor {
  const made = torch.randn(shape).to(call.dtype);
  if (!call.strided || shape.length < 2) return made;
  return made.transpose(0, -1).contiguous().transpose(0, -1);
}

type Program = (x: Tensor, y: Tensor, weight: Tensor, bias: Tensor) => Tensor;

/** The result and the gradients, or the error. */
function outcomeOf(program: Program, values: Tensor[], call: Call): (Tensor | null)[] | Error {
  const given = values.map((value, i) => {
    const own = value.detach();
    return call.needs[i] && own.dtype.includes("float") ? own.requiresGrad_() : own;
  });
  const run = () => {
    const y = program(...given as [Tensor, Tensor, Tensor, Tensor]);
    if (!torch.isGradEnabled() || !y.requiresGrad) return [y.detach()];
    y.float().mul(0.5).sum().backward();
    return [y.detach(), ...given.map((one) => one.grad)];
  };
  try {
    return call.mode === "without" ? torch.noGrad(run) : run();
  } catch (error) {
    if (error instanceof torch.TorchError) return error;
    throw error;
  }
}

function compare(
  eager: (Tensor | null)[],
  traced: (Tensor | null)[],
  dtype: torch.DType,
): void {
  const tolerance = dtype === "bfloat16" ? COARSE : TOLERANCE;
  for (let i = 0; i < Math.max(eager.length, traced.length); i++) {
    const [a, b] = [eager[i] ?? null, traced[i] ?? null];
    const what = i === 0 ? "the result" : `the gradient of argument ${i - 1}`;
    if ((a === null) !== (b === null)) {
      throw new Error(`${what} is ${b === null ? "" : "not "}null`);
    }
    if (a === null || b === null) continue;
    if (String(a.shape) !== String(b.shape) || a.dtype !== b.dtype) {
      throw new Error(
        `${what} is of shape [${b.shape}] and ${b.dtype}, not [${a.shape}] and ${a.dtype}`,
      );
    }
    const options = { rtol: tolerance, atol: tolerance, equalNan: true };
    if (!torch.allclose(a.double(), b.double(), options)) {
      throw new Error(`${what} is off by ${a.double().sub(b.double()).abs().max().item()}`);
    }
  }
}

function judge(
  eager: (Tensor | null)[] | Error,
  traced: (Tensor | null)[] | Error,
  call: Call,
  asTraced: boolean,
): string {
  if (eager instanceof Error && traced instanceof Error) return "refused by both";
  if (eager instanceof Error || traced instanceof Error) {
    if (!asTraced) return "refused by one, for other shapes";
    const how = eager instanceof Error
      ? `eager: ${eager.message}`
      : `traced: ${(traced as Error).message}`;
    throw new Error(`refused by one, ${how}`);
  }
  if (!asTraced && String(eager[0]!.shape) !== String(traced[0]!.shape)) {
    return "of the example's shape";
  }
  compare(eager, traced, call.dtype);
  return "the same";
}

/** A fused program against the same unfused, which has the same sizes in it. */
function judgeFused(unfused: (Tensor | null)[] | Error, fused: typeof unfused, call: Call): void {
  if (unfused instanceof Error && fused instanceof Error) return;
  if (unfused instanceof Error) throw new Error(`refused unfused alone: ${unfused.message}`);
  if (fused instanceof Error) throw new Error(`refused fused alone: ${fused.message}`);
  compare(unfused, fused, call.dtype);
}

const tally: Record<string, number> = {};

function run(index: number, note: (text: string) => void): string {
  const next = random(seed * 31 + index * 7919);
  torch.manualSeed(index);
  const names = Array.from({ length: 2 + next(8) }, () => pick(next, Object.keys(steps)));
  const program: Program = (x, y, weight, bias) => {
    const given: Given = { x, y, weight, bias };
    return names.reduce((value, name) => (steps[name] as Step)(value, given), x);
  };
  const example = pick(next, EXAMPLES);
  const fused = next(2) === 0;
  const parameters = [torch.randn([4, 4]), torch.randn([4])] as const;
  const title = `${names.join(", ")} of [${example}]${fused ? ", fused" : ""}`;
  note(title);
  const trace = () => jit.trace(program, [torch.randn(example), torch.ones([4]), ...parameters]);
  const traced = trace();
  const unfused = fused ? trace() : null;
  try {
    for (let i = 0; i < CALLS; i++) {
      const call = draw(next, example);
      const values = [...call.shapes.map((shape) => make(shape, call)), ...parameters];
      const asTraced = String(call.shapes) === String([example, [4]]);
      note(`${title}; call ${i}: ${JSON.stringify(call)}`);
      const eager = outcomeOf(program, values, call);
      const plain = unfused && outcomeOf(unfused as Program, values, call);
      jit.enableOnednnFusion(fused);
      const own = outcomeOf(traced as Program, values, call);
      jit.enableOnednnFusion(false);
      try {
        if (plain) judgeFused(plain, own, call);
        const what = judge(eager, own, call, asTraced);
        tally[what] = (tally[what] ?? 0) + 1;
      } catch (error) {
        throw new Error(
          `${title}; call ${i}, ${JSON.stringify(call)}: ${(error as Error).message}`,
        );
      }
    }
    return fused ? "fused" : "not fused";
  } finally {
    jit.enableOnednnFusion(false);
    traced.dispose();
    unfused?.dispose();
  }
}

await child(
  (index, note) => torch.scope(() => run(index, note)),
  async () => {
    if (await collectUntil(() => torch.memory().tensors <= 64)) return null;
    return `${torch.memory().tensors} tensors are left alive`;
  },
  tally,
);
