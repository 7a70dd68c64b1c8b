import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as torch from "flambeau";
import { assertBack, liveCounts } from "./support/balance.ts";
import { settled } from "./support/collect.ts";

const { jit } = torch;
const turn = (ms = 0) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const unit = jit.compile(`
def echo(x: int) -> int:
    return x

def spin(n: int) -> int:
    x = 0
    for i in range(n):
        x += i % 7
    return x

def double(x: Tensor) -> Tensor:
    return x * 2

def positive(x: Tensor) -> Tensor:
    if bool(x.sum() > 0):
        raise ValueError("the sum is positive")
    return x

def grow(n: int) -> Tensor:
    return torch.ones([n]) + 1

def records() -> bool:
    return torch.ones([1]).requires_grad_().mul(2).requires_grad

def sorry(x: Tensor) -> Tensor:
    raise ValueError("the fork is sorry")

def promised(x: Tensor) -> Tuple[Tensor, Future[Tensor]]:
    return x + 1, torch.jit.fork(sorry, x)

def kept(x: Tensor) -> Tuple[Tensor, Future[Tensor]]:
    return x + 1, torch.jit.fork(double, x)

def endless(x: Tensor) -> List[Any]:
    all: List[Any] = [x]
    all.append(all)
    return all

def forked(n: int) -> Tensor:
    return torch.jit.wait(torch.jit.fork(grow, n))

def grown(n: int) -> Future[Tensor]:
    return torch.jit.fork(grow, n)

def files(x: Tensor) -> Dict[str, List[Tensor]]:
    return {"a": [x, x + 1], "b": []}
`);

async function idle(): Promise<void> {
  while (torch.asyncSettings().running + torch.asyncSettings().abandoned > 0) await turn(5);
}

describe("runAsync", () => {
  it("gives what the call gives, in the order asked for by each promise", async () => {
    const { echo, files } = unit;
    await settled();
    const before = liveCounts();
    const all = await Promise.all(Array.from({ length: 500 }, (_, i) => echo!.runAsync(i)));
    assertEquals(all, all.map((_, i) => i));
    using x = torch.tensor([1.5, 2]);
    const made = await files!.runAsync(x) as { a: torch.Tensor[]; b: torch.Tensor[] };
    assertEquals([made.a.map((y) => y.toArray()), made.b], [[[1.5, 2], [2.5, 3]], []]);
    made.a.forEach((y) => y.dispose());
    x.dispose();
    assertBack(before);
  });

  it("runs methods and modules, and single ops", async () => {
    torch.manualSeed(3);
    using net = new torch.nn.Sequential(new torch.nn.Linear(3, 4), new torch.nn.ReLU());
    using x = torch.randn([2, 3]);
    using model = jit.trace(net, [x]);
    using expected = net(x);
    using one = await model.runAsync(x) as torch.Tensor;
    using two = await model.forward.call(model, x) as torch.Tensor;
    assertEquals(one.toArray(), expected.toArray());
    assertEquals(two.toArray(), expected.toArray());
    using product = await jit.ops.aten!.matmul!.runAsync(x, torch.ones([3, 1])) as torch.Tensor;
    using sum = x.sum([1], { keepdim: true });
    assert(torch.allclose(product, sum));
  });

  it("rejects where the call returns but its result cannot be had, and keeps nothing of it", async () => {
    const { promised, endless, kept } = unit;
    await settled();
    const before = liveCounts();
    using x = torch.ones([3]);
    const bad = [[promised!, "the fork is sorry"], [endless!, "contains itself"]] as const;
    for (const [call, why] of bad) {
      assertThrows(() => call(x), torch.TorchError, why);
      await assertRejects(() => call.runAsync(x), torch.TorchError, why);
    }
    const [one, later] = await kept!.runAsync(x) as [torch.Tensor, Promise<torch.Tensor>];
    const two = await later;
    assertEquals([one.toArray(), two.toArray()], [[2, 2, 2], [2, 2, 2]]);
    for (const y of [one, two, x]) y.dispose();
    assertBack(before);
  });

  it("rejects with what the call would throw", async () => {
    const error = await assertRejects(
      () => unit.positive!.runAsync(torch.ones([2])),
      torch.TorchError,
      "the sum is positive",
    );
    assertEquals(error.pythonClass, "builtins.ValueError");
    assertMatch(error.torchscriptTrace!, /raise ValueError/);
    await assertRejects(() => unit.echo!.runAsync("a"), torch.JitTypeError, "argument 'x'");
    await assertRejects(() => unit.double!.runAsync(), torch.TorchError);
    const gone = torch.ones([1]);
    gone.dispose();
    await assertRejects(() => unit.double!.runAsync(gone), torch.DisposedError);
    // The next call on the same thread is whole again.
    assertEquals(await unit.echo!.runAsync(1), 1);
  });

  it("holds its inputs, which may be disposed meanwhile", async () => {
    const inputs = Array.from({ length: 50 }, (_, i) => torch.full([1000], i));
    const running = inputs.map((x) => unit.double!.runAsync(x));
    inputs.forEach((x) => x.dispose());
    const sums = (await Promise.all(running)).map((y: torch.Tensor) => y.sum().item());
    assertEquals(sums, sums.map((_, i) => 2000 * i));
  });

  it("takes the grad mode along", async () => {
    const [outside, inside] = await Promise.all([
      unit.records!.runAsync(),
      torch.noGrad(() => unit.records!.runAsync()),
    ]);
    assertEquals([outside, inside], [true, false]);
  });

  it("lets gradients flow through its result", async () => {
    using x = torch.tensor([1, 2], { dtype: "float32", requiresGrad: true });
    const y = await unit.double!.runAsync(x) as torch.Tensor;
    y.sum().backward();
    assertEquals(x.grad!.toArray(), [2, 2]);
  });

  it("belongs to the scope that called it", async () => {
    await settled();
    const before = liveCounts().tensors;
    const sum = await torch.scope(async () => {
      const x = torch.ones([4]);
      const parts = await Promise.all([unit.double!.runAsync(x), unit.double!.runAsync(x)]);
      return torch.add(parts[0] as torch.Tensor, parts[1] as torch.Tensor);
    });
    assertEquals(sum.toArray(), [4, 4, 4, 4]);
    assertEquals(liveCounts().tensors, before + 1);
    sum.dispose();
  });

  it("keeps the event loop free", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await unit.spin!.runAsync(3_000_000);
    clearInterval(timer);
    assert(turns >= 3, `${turns} turns`);
  });

  it("is refused while tracing", async () => {
    let inner: Promise<unknown> | undefined;
    jit.trace(
      (x: torch.Tensor) => {
        inner = unit.double!.runAsync(x);
        inner.catch(() => {});
        return x.add(1);
      },
      [torch.ones([1])],
      { checkTrace: false },
    );
    await assertRejects(() => inner!, torch.TorchError, "cannot be traced");
  });
});

interface Stateful {
  total: torch.Tensor;
  weight: torch.Tensor;
  add: torch.jit.ScriptFunction;
  put: torch.jit.ScriptFunction;
  read: torch.jit.ScriptFunction;
  pull: torch.jit.ScriptFunction;
}

function stateful(): Stateful & torch.jit.ScriptModule {
  const made = jit.trace(new torch.nn.Linear(2, 2), [torch.ones([1, 2])]);
  made.registerAttribute("total", torch.zeros([1]), "Tensor");
  made.registerAttribute("last", [0], "List[int]");
  made.define(`
def add(self, n: int) -> int:
    for i in range(n):
        self.total = self.total + 1
    return n

def put(self, value: int) -> int:
    self.last.append(value)
    return self.last[-2]

def pull(self, x):
    x.sum().backward()
    return self.total
`);
  return made as unknown as Stateful & torch.jit.ScriptModule;
}

describe("a program that sets attributes of its module", () => {
  it("runs once at a time on it, and loses nothing", async () => {
    const model = stateful();
    const calls = Array.from({ length: 200 }, () => model.add.runAsync(500));
    let seen = 0;
    for (let i = 0; i < 100; i++) {
      // Between two calls, whoever looks, and whoever calls.
      seen += model.total.item() as number % 500;
      model.add(500);
      await turn();
    }
    assertEquals(seen, 0);
    await Promise.all(calls);
    assertEquals(model.total.toArray(), [300 * 500]);
    model.total = torch.zeros([1]);
    await model.add.runAsync(3);
    assertEquals(model.total.toArray(), [3]);
  });

  it("runs in the order in which it was called, without the calls that were aborted", async () => {
    const model = stateful();
    const control = new AbortController();
    const options = jit.runOptions({ signal: control.signal });
    const busy = model.add.runAsync(20_000);
    const calls = Array.from({ length: 50 }, (_, i) => model.put.runAsync(i + 1));
    const aborted = Array.from({ length: 20 }, () => model.put.runAsync(-1, options));
    const later = Array.from({ length: 50 }, (_, i) => model.put.runAsync(i + 51));
    control.abort();
    const ends = await Promise.allSettled(aborted);
    assert(ends.every((one) => one.status === "rejected"));
    assertEquals(await Promise.all([...calls, ...later]), Array.from({ length: 100 }, (_, i) => i));
    await busy;
  });

  it("leaves the threads to others while its calls wait for each other", async () => {
    const model = stateful();
    const { threads } = torch.asyncSettings();
    torch.asyncSettings({ threads: 2 });
    try {
      const ends: string[] = [];
      const note = (name: string) => () => ends.push(name);
      const first = model.add.runAsync(100_000).then(note("first"));
      const rest = Array.from({ length: 20 }, () => model.add.runAsync(1).then(note("rest")));
      assertEquals(torch.asyncSettings().queued + torch.asyncSettings().running, 21);
      const other = unit.echo!.runAsync(1).then(note("other"));
      await Promise.all([first, ...rest, other]);
      assertEquals(ends.slice(0, 3), ["other", "first", "rest"]);
      assertEquals(model.total.toArray(), [100_020]);
    } finally {
      torch.asyncSettings({ threads });
    }
  });

  it("is out of the queue when a call that waits for its turn is aborted", async () => {
    const model = stateful();
    const control = new AbortController();
    const busy = model.add.runAsync(50_000);
    const options = jit.runOptions({ signal: control.signal });
    const waiting = Array.from({ length: 10 }, () => model.add.runAsync(1, options));
    const late = model.add.runAsync(1, jit.runOptions({ deadline: 1 }));
    const last = model.add.runAsync(5);
    const all = Promise.allSettled([...waiting, late]);
    await turn();
    control.abort();
    const ends = await all;
    assert(ends.every((one) => one.status === "rejected"));
    await Promise.all([busy, last]);
    assertEquals(model.total.toArray(), [50_005]);
    assertEquals(torch.asyncSettings().queued, 0);
  });

  it("may be called by a function that it calls itself", () => {
    const model = stateful();
    const x = torch.ones([2], { requiresGrad: true });
    x.registerHook((grad) => {
      model.add(7);
      return grad;
    });
    assertEquals(model.pull(x).toArray(), [7]);
  });
});

describe("an attribute that is set while calls read it", () => {
  it("is the one or the other", async () => {
    const model = stateful();
    model.define(`
def read(self, n: int) -> int:
    k = 0
    for i in range(n):
        k += self.weight.size(0)
    return k
`);
    // The program that sets none is not made to wait for turns.
    const plain = jit.trace(new torch.nn.Linear(2, 2), [torch.ones([1, 2])]);
    plain.define(`
def read(self, n: int) -> int:
    k = 0
    for i in range(n):
        k += self.weight.size(0)
    return k
`);
    for (const one of [model, plain as unknown as Stateful]) {
      for (let round = 0; round < 5; round++) {
        let done = false;
        const calls = Promise.all([one.read.runAsync(100_000), one.read.runAsync(100_000)]);
        calls.finally(() => done = true);
        while (!done) {
          for (let i = 0; i < 100; i++) {
            using weight = torch.ones([2, 2]);
            one.weight = weight;
          }
          await turn();
        }
        assertEquals(await calls, [200_000, 200_000]);
      }
    }
  });
});

describe("a module's structure", () => {
  it("does not change while calls of it, or of what it is a part of, are in flight", async () => {
    const outer = new torch.nn.Sequential(new torch.nn.Linear(2, 2), new torch.nn.ReLU());
    const model = jit.trace(outer, [torch.ones([1, 2])]);
    model.define(`
def spin(self, n: int) -> int:
    x = 0
    for i in range(n):
        x += i % 7
    return x
`);
    const child = Reflect.get(model, "0") as torch.jit.ScriptModule;
    const other = jit.trace(new torch.nn.Linear(2, 2), [torch.ones([1, 2])]);
    const changes: Record<string, (module: torch.jit.ScriptModule) => void> = {
      registerAttribute: (module) => module.registerAttribute("name", 3, "int"),
      registerBuffer: (module) => module.registerBuffer("mean", torch.ones([1])),
      registerParameter: (module) => module.registerParameter("scale", torch.ones([1])),
      registerModule: (module) => module.registerModule("inner", other),
      registerConstant: (module) => module.registerConstant("size", 7),
      define: (module) => module.define("def one(self) -> int:\n    return 1\n"),
    };
    const call = model.method("spin").runAsync(1_000_000);
    for (const change of Object.values(changes)) {
      for (const module of [model, child]) {
        assertThrows(() => change(module), torch.TorchError, "1 call of runAsync");
      }
    }
    // It is no part of what is called.
    other.registerAttribute("name", 3, "int");
    assertEquals(typeof await call, "number");
    for (const change of Object.values(changes)) {
      for (const module of [model, child]) change(module);
    }
    assertEquals(child.method("one")(), 1);
  });
});

describe("jit.runOptions", () => {
  it("has a signal that takes a waiting call out of the queue, and leaves a running one unheard", async () => {
    const { threads } = torch.asyncSettings();
    const busy = Array.from({ length: threads }, () => unit.spin!.runAsync(2_000_000));
    const control = new AbortController();
    const options = jit.runOptions({ signal: control.signal });
    const waiting = unit.echo!.runAsync(1, options);
    const running = unit.spin!.runAsync(1_000_000, options);
    control.abort(new RangeError("no more"));
    await assertRejects(() => waiting, RangeError, "no more");
    await assertRejects(() => running, RangeError, "no more");
    await assertRejects(() => unit.echo!.runAsync(1, options), RangeError, "no more");
    await Promise.all(busy);
    await idle();
    assertEquals(await unit.echo!.runAsync(5), 5);
  });

  it("has a deadline, after which other calls still have all threads", async () => {
    const { threads } = torch.asyncSettings();
    const late = Array.from(
      { length: threads + 1 },
      () => unit.spin!.runAsync(8_000_000, jit.runOptions({ deadline: 10 })),
    );
    for (const one of late) await assertRejects(() => one, torch.TorchError, "deadline of 10 ms");
    assertEquals(await unit.echo!.runAsync(2), 2);
    await idle();
    assertEquals(torch.asyncSettings().threads, threads);
  });

  it("has deadlines further away than a timer can be", async () => {
    for (const deadline of [2 ** 31, 1e15, Infinity]) {
      const options = jit.runOptions({ deadline });
      assertEquals(typeof await unit.spin!.runAsync(2_000_000, options), "number");
    }
  });

  it("bounds the memory that a call may hold", async () => {
    const error = await assertRejects(
      () => unit.grow!.runAsync(1_000_000, jit.runOptions({ maxBytes: 1_000_000 })),
      torch.TorchError,
      "may hold 1000000 bytes",
    );
    assertEquals(error.kind, "outOfMemory");
    using small = await unit.grow!.runAsync(
      10,
      jit.runOptions({ maxBytes: 1_000_000 }),
    ) as torch.Tensor;
    assertEquals(small.numel(), 10);
  });

  it("bounds what a call forks as well", async () => {
    for (const name of ["forked", "grown"]) {
      const error = await assertRejects(
        () => unit[name]!.runAsync(1_000_000, jit.runOptions({ maxBytes: 1_000_000 })),
        torch.TorchError,
        "may hold 1000000 bytes",
      );
      assertEquals(error.kind, "outOfMemory");
      const options = jit.runOptions({ maxBytes: 1_000_000 });
      using small = await unit[name]!.runAsync(10, options) as torch.Tensor;
      assertEquals(small.toArray(), Array(10).fill(2));
    }
  });

  it("refuses nonsense", () => {
    assertThrows(() => jit.runOptions({ deadline: -1 }), RangeError, "'deadline'");
    assertThrows(() => jit.runOptions({ maxBytes: "1" as never }), TypeError, "'maxBytes'");
    assertThrows(() => jit.runOptions({ signal: {} as never }), TypeError, "'signal'");
  });
});

describe("asyncSettings", () => {
  it("bounds the queue: one more is rejected, and those before are not lost", async () => {
    const { queueLimit, threads } = torch.asyncSettings();
    torch.asyncSettings({ queueLimit: 3, threads: 1 });
    try {
      const calls = Array.from({ length: 10 }, () => unit.spin!.runAsync(300_000));
      const ended = await Promise.allSettled(calls);
      const rejected = ended.filter((one) => one.status === "rejected");
      assert(rejected.length >= 6, `${rejected.length}`);
      assertMatch((rejected[0] as PromiseRejectedResult).reason.message, /3 calls wait already/);
      assert(ended[0]!.status === "fulfilled");
    } finally {
      torch.asyncSettings({ queueLimit, threads });
    }
  });

  it("refuses nonsense", () => {
    for (const threads of [0, -1, 1.5, NaN, "2" as never]) {
      assertThrows(() => torch.asyncSettings({ threads }), RangeError, "'threads'");
    }
  });
});

describe("jit.loadAsync and jit.saveAsync", () => {
  it("save and load as save and load do, extra files too", async () => {
    const here = mkdtempSync(join(tmpdir(), "flambeau-jobs-"));
    try {
      const path = join(here, "model.pt");
      using model = jit.trace(new torch.nn.Linear(3, 2), [torch.ones([1, 3])]);
      await jit.saveAsync(model, path, { extraFiles: { note: "hello" } });
      assertEquals(readdirSync(here), ["model.pt"]);
      const extraFiles = { note: "" };
      using loaded = await jit.loadAsync(path, { extraFiles });
      assertEquals(extraFiles.note, "hello");
      const x = torch.randn([5, 3]);
      assertEquals(loaded(x).toArray(), model(x).toArray());
      using fn = jit.trace((x: torch.Tensor) => x.mul(3), [torch.ones([1])]);
      await jit.saveAsync(fn, path);
      assertEquals(jit.load(path)(torch.tensor([2])).toArray(), [6]);

      writeFileSync(path, "no archive at all, but long enough to be looked at");
      await assertRejects(() => jit.loadAsync(path), torch.TorchError, "no TorchScript file");
      await assertRejects(() => jit.loadAsync(join(here, "none.pt")), torch.TorchError, "none.pt");
      await assertRejects(
        () => jit.saveAsync(fn, join(here, "no", "model.pt")),
        torch.TorchError,
        "could not be written",
      );
      assertEquals(readdirSync(here), ["model.pt"]);
    } finally {
      rmSync(here, { recursive: true });
    }
  });

  it("load bytes on another thread, whatever becomes of them meanwhile", async () => {
    using model = jit.trace(new torch.nn.Linear(3, 2), [torch.ones([1, 3])]);
    const bytes = jit.serialize(model);
    const loading = jit.loadAsync(bytes);
    bytes.fill(0);
    let done = false;
    loading.then(() => done = true);
    for (let i = 0; i < 100; i++) await null;
    assert(!done, "It was loaded without the event loop having had a turn");
    using loaded = await loading;
    const x = torch.randn([5, 3]);
    assertEquals(loaded(x).toArray(), model(x).toArray());
    await assertRejects(() => jit.loadAsync(bytes), torch.TorchError, "no TorchScript file");
    const cut = jit.serialize(model).subarray(0, 1000);
    await assertRejects(() => jit.loadAsync(cut), torch.TorchError, "cut off");
  });
});
