/**
 * The main job, end to end: trace, look, save, load, run; and a model that PyTorch made.
 *
 *     deno task demo        or        bun run demo
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as torch from "../mod.ts";

const { jit, nn } = torch;
const folder = mkdtempSync(join(tmpdir(), "flambeau-demo-"));

function title(text: string): void {
  console.log(`\n── ${text} ${"─".repeat(Math.max(0, 70 - text.length))}`);
}

function functions(): void {
  title("A TypeScript function, traced");
  const traced = jit.trace(
    (x: torch.Tensor, w: torch.Tensor) => x.matmul(w).relu().add(1),
    [torch.randn([2, 3]), torch.randn([3, 2])],
  );
  console.log(traced.graph);
  console.log(traced.code);

  const path = join(folder, "function.pt");
  jit.save(traced, path);
  const loaded = jit.load(path);
  console.log("loaded again, on other inputs:");
  console.log(loaded(torch.tensor([[1, -1, 0.5]]), torch.eye(3)));
}

class Net extends nn.Module<[torch.Tensor], torch.Tensor> {
  features = new nn.Sequential(new nn.Conv2d(1, 4, 3), new nn.BatchNorm2d(4), new nn.ReLU());
  dropout = new nn.Dropout(0.5);
  head = new nn.Linear(4 * 6 * 6, 10);

  override forward(x: torch.Tensor): torch.Tensor {
    return this.head(this.dropout(this.features(x).flatten(1)));
  }
}

function modules(): void {
  title("A module, traced: both modes, its parameters under their names");
  torch.manualSeed(0);
  const net = new Net();
  console.log(net);
  const image = torch.randn([1, 1, 8, 8]);
  const traced = jit.trace(net, [image]);
  console.log(traced.code);
  console.log(traced.method("evalforward").graph);

  const path = join(folder, "module.pt");
  traced.save(path);
  const loaded = jit.load(path).eval();
  net.eval();
  const difference = loaded(image).sub(net(image)).abs().max().item();
  console.log(`saved, loaded, run: the largest difference from the module itself is ${difference}`);
}

function fromPyTorch(): void {
  title("A model that PyTorch made: an if, a loop, a tuple, an exception");
  const newton = jit.load(new URL("./models/from_pytorch.pt", import.meta.url));
  console.log(newton.code);
  const [roots, steps] = newton(torch.tensor([4, 2, 9], { dtype: "float32" }));
  console.log(roots, `after ${steps} steps`);
  try {
    newton(torch.tensor([-1.0]));
  } catch (error) {
    console.log("and its own exception:", (error as Error).message);
  }
}

try {
  console.log(`Flambeau ${torch.version.flambeau} on LibTorch ${torch.version.libtorch}`);
  functions();
  modules();
  fromPyTorch();
} finally {
  rmSync(folder, { recursive: true });
}
