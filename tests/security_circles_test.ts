/** A program can make a list that contains itself; LibTorch's recursion follows it until the stack, and the process, ends. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";
import { folder } from "./support/program.ts";

const { jit } = torch;
const REFUSED = "is more than 500 deep, or contains itself";

const unit = jit.compile(`
def circle(x: Tensor) -> List[Any]:
    all: List[Any] = [x]
    all.append(all)
    return all

def grown(x: Tensor, n: int) -> List[Any]:
    all: List[Any] = [x]
    for i in range(n):
        all.append(i)
    return all

def size(x: Tensor) -> int:
    all: List[Any] = [x]
    all.append(all)
    return len(all)

def format(x: Tensor) -> str:
    all: List[Any] = [x]
    all.append(all)
    return "{}".format(all)

def text(x: Tensor) -> str:
    all: Dict[str, Any] = {"x": x}
    all["all"] = all
    return str(all)

def shown(x: Tensor) -> str:
    all: List[Any] = [x, [1, 2]]
    return "{} {}".format(all, 3)
`);

/** A module whose method `close` makes its lists contain themselves. */
function module(): torch.jit.LoadedModule {
  using net = new torch.nn.Linear(2, 2);
  using x = torch.ones([1, 2]);
  const made = jit.trace(net, [x]);
  made.registerAttribute("list", [], "List[Any]");
  made.registerAttribute("dict", {}, "Dict[str, Any]");
  made.define(`
def close(self) -> int:
    self.list.append([self.list])
    self.dict["list"] = self.list
    return len(self.list)
`);
  return made as torch.jit.LoadedModule;
}

describe("What contains itself", () => {
  it("is a value like others within a program, however often it is optimized", () => {
    using x = torch.ones([2]);
    for (let i = 0; i < 4; i++) assertEquals(unit.size!(x), 2);
    for (let i = 0; i < 4; i++) {
      const [first, ...rest] = unit.grown!(x, 3) as [torch.Tensor, ...number[]];
      assertEquals([first.toArray(), rest], [[1, 1], [0, 1, 2]]);
    }
  });

  for (const name of ["circle", "format", "text"]) {
    it(`is refused where it would be followed: ${name}`, async () => {
      using x = torch.ones([2]);
      for (let i = 0; i < 4; i++) {
        assertThrows(() => unit[name]!(x), torch.TorchError, REFUSED);
        await assertRejects(() => unit[name]!.runAsync(x), torch.TorchError, REFUSED);
      }
    });
  }

  it("does not keep what does not from being written", () => {
    using x = torch.ones([2]);
    for (let i = 0; i < 2; i++) {
      assertEquals(unit.shown!(x), "[ 1\n 1\n[ CPUFloatType{2} ], [1, 2]] 3");
    }
  });

  it("is refused as what a module holds, before the module is followed", async () => {
    using here = folder();
    using script = module();
    using whole = script.clone();
    script.close!();
    balanced(() => {
      const uses: (() => unknown)[] = [
        () => jit.serialize(script),
        () => jit.save(script, here.file("a.pt")),
        () => script.clone(),
        () => jit.freeze(script.eval()),
        () => jit.optimizeForInference(script.eval()),
        () => script.list,
        () => script.dict,
      ];
      for (const use of uses) assertThrows(use, torch.TorchError, REFUSED);
    });
    await assertRejects(() => jit.saveAsync(script, here.file("b.pt")), torch.TorchError, REFUSED);
    jit.save(whole, here.file("c.pt"));
    using back = jit.load(here.file("c.pt"));
    assertEquals(back.list, []);
  });
});
