import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import * as torch from "flambeau";
import { liveCounts } from "./support/balance.ts";
import { settled } from "./support/collect.ts";

const live = () => liveCounts().tensors;
const turn = (ms = 0) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe("torch.scope", () => {
  it("frees what was made and not returned", () => {
    using x = torch.ones([3]);
    const before = live();
    const y = torch.scope(() => x.mul(2).add(1).exp());
    assertEquals(live(), before + 1);
    assert(!y.isDisposed && !x.isDisposed);
    y.dispose();
  });

  it("lets returned tensors survive at any depth", () => {
    const before = live();
    class Holder {
      tensor = torch.ones([1]);
      other = { deep: [[torch.ones([2])]] };
    }
    const made = torch.scope(() => {
      torch.ones([9]);
      const loop: Record<string, unknown> = {
        map: new Map([["a", new Set([torch.ones([3])])]]),
        holder: new Holder(),
        fields: Object.assign([torch.ones([4])], { extra: torch.ones([5]) }),
      };
      loop.self = loop;
      return loop;
    });
    assertEquals(live(), before + 5);
    torch.scope(() => made);
    assertEquals(live(), before + 5);
    const holder = made.holder as Holder;
    assertEquals(holder.other.deep[0]![0]!.toArray(), [1, 1]);
    const set = [...(made.map as Map<string, Set<torch.Tensor>>).values()][0]!;
    const fields = made.fields as torch.Tensor[] & { extra: torch.Tensor };
    for (const one of [...set, ...fields, fields.extra, holder.tensor, holder.other.deep[0]![0]!]) {
      one.dispose();
    }
    assertEquals(live(), before);
  });

  it("hands returned tensors to the scope around", () => {
    const before = live();
    torch.scope(() => {
      const inner = torch.scope(() => torch.scope(() => torch.ones([2]).add(1)));
      assertEquals(inner.toArray(), [2, 2]);
      return 1;
    });
    assertEquals(live(), before);
  });

  it("frees everything when the function throws, sync or async", async () => {
    await settled();
    const before = live();
    assertThrows(
      () =>
        torch.scope(() => {
          torch.ones([2]).add(1);
          throw new RangeError("mine");
        }),
      RangeError,
      "mine",
    );
    assertEquals(live(), before);
    await assertRejects(
      () =>
        torch.scope(async () => {
          torch.ones([2]).add(1);
          await turn();
          torch.ones([2]);
          throw new RangeError("mine too");
        }),
      RangeError,
      "mine too",
    );
    assertEquals(live(), before);
  });

  it("keeps what keep() was called with, and parameters and buffers", () => {
    const before = live();
    const held: torch.Tensor[] = [];
    let module: torch.nn.BatchNorm1d | undefined;
    torch.scope(() => {
      held.push(torch.keep(torch.ones([2]).add(1)));
      torch.keep({ deep: [held[0]] });
      module = new torch.nn.BatchNorm1d(3);
    });
    assertEquals(held[0]!.toArray(), [2, 2]);
    assertEquals(module!.runningMean!.toArray(), [0, 0, 0]);
    torch.scope(() => held[0]);
    held[0]!.dispose();
    module!.dispose();
    assertEquals(live(), before);
  });

  it("leaves tensors of concurrent async scopes alone", async () => {
    await settled();
    const before = live();
    const sums = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        torch.scope(async () => {
          let x = torch.full([4], i);
          for (let step = 0; step < 5; step++) {
            await turn(i % 3);
            x = x.add(1);
          }
          return x;
        })),
    );
    assertEquals(sums.map((x) => x.sum().item()), sums.map((_, i) => 4 * (i + 5)));
    torch.scope(() => sums.map((x) => x.dispose()));
    assert(live() - before <= 200);
  });

  it("does not mind tensors that were disposed inside, nor a great many of them", () => {
    const before = live();
    torch.scope(() => {
      for (let i = 0; i < 5000; i++) torch.ones([1]).dispose();
      using _ = torch.ones([2]);
      return null;
    });
    assertEquals(live(), before);
  });

  it("does not free what a task makes after the scope has ended", async () => {
    let late: Promise<torch.Tensor> | undefined;
    torch.scope(() => {
      late = turn(5).then(() => torch.ones([2]));
    });
    await turn(10);
    const tensor = await late!;
    assert(!tensor.isDisposed);
    tensor.dispose();
  });

  it("returns what is not a tensor, and runs no getter", () => {
    let ran = 0;
    const value = {
      get tensor() {
        ran++;
        return 1;
      },
    };
    assertEquals(torch.scope(() => 7), 7);
    torch.scope(() => {
      torch.ones([1]);
      return value;
    });
    assertEquals(ran, 0);
    const long = torch.scope(() => {
      torch.ones([1]);
      return new Array(300_000).fill(0);
    });
    assertEquals(long.length, 300_000);
  });

  it("frees everything where what is returned, or thrown, cannot be looked through", async () => {
    await settled();
    const before = live();
    const refusing = () =>
      new Proxy({}, {
        ownKeys() {
          throw new RangeError("not mine");
        },
      });
    const make = () => {
      torch.ones([2]).add(1);
      return refusing();
    };
    assertThrows(() => torch.scope(make), RangeError, "not mine");
    // What the function threw is not hidden by what looking through it throws.
    const thrown = refusing();
    const caught = await torch.scope(async () => {
      torch.ones([2]);
      await turn();
      throw thrown;
    }).catch((error: unknown) => error);
    assert(caught === thrown);
    assertEquals(live(), before);
    class Silent extends Map<string, torch.Tensor> {
      override [Symbol.iterator](): never {
        throw new RangeError("iterated");
      }
    }
    const map = torch.scope(() => new Silent().set("a", torch.ones([2])));
    assertEquals(map.get("a")!.toArray(), [1, 1]);
    map.get("a")!.dispose();
    assertEquals(live(), before);
  });

  it("refuses what is no function", () => {
    assertThrows(() => torch.scope(1 as never), TypeError, "argument 'fn' must be a function");
  });
});
