/**
 * The running example of R torch's article "TorchScript", in TypeScript: trace a function, trace a module of linear, relu,
 * linear, look at the graphs, save, load, run; and what tracing cannot see.
 *
 *     deno run -A examples/torchscript.ts        or        bun examples/torchscript.ts
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as torch from "../mod.ts";

const { jit, nn } = torch;
const folder = mkdtempSync(join(tmpdir(), "flambeau-article-"));
torch.manualSeed(1);

// A function. The trace holds the ops that ran on the example input.
const relu = jit.trace((x: torch.Tensor) => torch.relu(x), [torch.tensor([-1, 0, 1.5])]);
console.log(relu.graph);
console.log(relu(torch.randn([3])));

// A module. Parameters stay parameters, and submodules stay submodules with a forward of their own.
class Net extends nn.Module<[torch.Tensor], torch.Tensor> {
  linear1 = new nn.Linear(10, 10);
  linear2 = new nn.Linear(10, 1);
  override forward(x: torch.Tensor): torch.Tensor {
    return this.linear2(nn.functional.relu(this.linear1(x)));
  }
}
const net = new Net();
const traced = jit.trace(net, [torch.randn([3, 10])]);
console.log(traced.graph);
console.log(traced.method("forward").inlinedGraph);
console.log(traced(torch.randn([3, 10])));

// Limit 1: control flow is fixed as it went with the example: here, ten rows.
const rowSums = jit.trace((x: torch.Tensor) => torch.stack(x.unbind(0).map((row) => row.sum())), [
  torch.randn([10, 5, 5]),
]);
console.log(rowSums(torch.randn([10, 5, 5])).shape);
try {
  rowSums(torch.randn([11, 5, 5]));
} catch (error) {
  console.log((error as Error).message);
}

// Limit 2, lifted: a traced module behaves by its mode, as the module does, in the saved file too.
const dropout = jit.trace(new nn.Dropout(), [torch.ones([5])]);
console.log("training:", dropout.train()(torch.ones([5])));
console.log("evaluating:", dropout.eval()(torch.ones([5])));

// Limit 3: what goes in and comes out of a trace are tensors, and arrays, tuples, objects of them.
try {
  jit.trace((x: torch.Tensor, y: number) => x.add(y), [torch.tensor([1]), 1]);
} catch (error) {
  console.log((error as Error).message);
}

// Source in TorchScript's own language keeps its control flow.
const unit = jit.compile(`
def fn(x: Tensor):
    if bool(x.sum() > 0):
        return x
    return torch.relu(x)
`);
console.log(unit.fn!(torch.tensor([-1, 0, 0.5])));

// Files: what is saved here loads in Python and C++, and what they save loads here.
const path = join(folder, "net.pt");
jit.save(traced, path);
const loaded = jit.load(path);
const x = torch.randn([3, 10]);
console.log("the same after loading:", torch.equal(loaded(x), traced(x)));
rmSync(folder, { recursive: true });
