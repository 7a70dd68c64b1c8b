/** What a loop forgets is freed in passing, where the engine can: marking the whole heap takes a core from the kernels. */

import { assert, assertEquals } from "@std/assert";
import { it } from "node:test";
import { isDeno, program } from "./support/program.ts";

const GPT = new URL("../examples/gpt_model.ts", import.meta.url).href;
const skip = isDeno ? false : "JavaScriptCore collects in another way, and says nothing of it";

it(
  "V8 scavenges what a training loop forgets, and hardly ever marks the heap",
  { skip },
  async () => {
    const { code, stdout, stderr } = await program(
      `
    import * as torch from MOD;
    import { GPT } from ${JSON.stringify(GPT)};
    torch.manualSeed(0);
    const model = new GPT({ vocabulary: 56, length: 32, width: 32, heads: 4, layers: 2 });
    const optimizer = new torch.optim.SGD(model.parameters(), { lr: 1e-3 });
    const x = torch.randint(56, [4, 32]);
    for (let i = 0; i < 1500; i++) {
      optimizer.zeroGrad();
      torch.nn.functional.crossEntropy(model(x).view(-1, 56), x.view(-1)).backward();
      optimizer.step();
    }
    console.log("peak", torch.memory().peakBytes);
    `,
      { permissions: ["-A", "--v8-flags=--trace-gc"] },
    );
    assertEquals([code, stderr], [0, ""]);
    const count = (kind: RegExp) => stdout.match(kind)?.length ?? 0;
    const [scavenges, marked] = [count(/ms: Scavenge/g), count(/Mark-Compact/g)];
    assert(scavenges >= 10, `${scavenges} scavenges`);
    assert(marked <= 4, `marked ${marked} times, scavenged ${scavenges} times`);
    // A step makes half a megabyte. Where the heap was marked, what a hundred steps had made was held.
    const peak = Number(/peak (\d+)/.exec(stdout)?.[1]);
    assert(peak > 1e5 && peak < 48e6, `the peak is ${peak}`);
  },
);

it(
  "and what a loop over small tensors leaves behind, once it has done so for a while",
  { skip },
  async () => {
    const { code, stdout, stderr } = await program(
      `
    import * as torch from MOD;
    const a = torch.randn([1024]);
    for (let round = 0; round < 240; round++) {
      if (round === 40) console.log("from here");
      torch.noGrad(() => {
        let b = a.add(a);
        for (let i = 0; i < 6000; i++) {
          const next = b.add(a);
          b.dispose();
          b = next;
        }
      });
      await new Promise((done) => setTimeout(done, 5));
    }
    console.log("claimed", Deno.memoryUsage().external);
    `,
      { permissions: ["-A", "--v8-flags=--trace-gc"] },
    );
    assertEquals([code, stderr], [0, ""]);
    const later = stdout.slice(stdout.indexOf("from here"));
    const count = (kind: RegExp) => later.match(kind)?.length ?? 0;
    const [scavenges, marked] = [count(/ms: Scavenge/g), count(/Mark-Compact/g)];
    assert(scavenges >= 100, `${scavenges} scavenges`);
    const claimed = Number(/claimed (\d+)/.exec(stdout)?.[1]);
    assert(claimed > 4e8, `${claimed} bytes are claimed`);
    // Without the claims that stay, up to one collection in thirty marked the heap.
    assert(marked * 80 <= scavenges, `marked ${marked} times, scavenged ${scavenges} times`);
  },
);
