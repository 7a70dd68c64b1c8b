"""The suites on PyTorch's Python: pytorch.py SUITE. Times as bench/harness.ts does."""

import json
import os
import subprocess
import sys
import time
import warnings

warnings.simplefilter("ignore")
SECONDS = float(os.environ.get("FLAMBEAU_BENCH_SECONDS", "0.4"))
ROUND_SECONDS = min(0.004, SECONDS / 20)


THREADS = os.environ.get("FLAMBEAU_BENCH_THREADS")


def threads():
    """As many threads as the others take."""
    import torch

    if THREADS:
        torch.set_num_threads(int(THREADS))


def emit(suite, name, system, samples, unit=None):
    samples = sorted(samples)
    at = lambda part: samples[min(len(samples) - 1, int(len(samples) * part))]
    row = {"suite": suite, "case": name, "system": system, "median": at(0.5), "low": at(0.1), "high": at(0.9)}
    more = {"unit": unit} if unit else {}
    print("@row " + json.dumps({**row, "rounds": len(samples), **more}), flush=True)


def measure(suite, name, run, system="PyTorch"):
    def clock(calls):
        start = time.perf_counter()
        run(calls)
        return time.perf_counter() - start

    calls, taken = 1, clock(1)
    end = time.perf_counter() + SECONDS / 2
    while True:
        if taken < ROUND_SECONDS / 2:
            calls *= 2
        taken = clock(calls)
        if time.perf_counter() >= end:
            break
    calls = max(1, round(calls * ROUND_SECONDS / max(taken, 1e-9)))
    samples = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(samples) < 5:
        samples.append(clock(calls) / calls * 1e9)
    emit(suite, name, system, samples)


def answer(workloads):
    """Makes rounds as they are asked for, `name|calls` a line: bench/peer.ts. Answers with nanoseconds a call."""
    for line in sys.stdin:
        name, calls = line.rstrip("\n").split("|")
        run = workloads[name]
        start = time.perf_counter()
        run(int(calls))
        print((time.perf_counter() - start) / int(calls) * 1e9, flush=True)


def repeated(body):
    """Does `body()` so often: a loop of Python's own, as a user writes it."""

    def run(calls):
        for _ in range(calls):
            body()

    return run


def dispatch():
    import torch

    torch.set_num_threads(1)
    cases = {}
    for graded, suffix in [(False, ""), (True, ", with gradients")]:
        for name, body in small_ops(graded).items():
            cases[name + suffix] = repeated(body)
    answer(cases)


def small_ops(graded):
    import torch

    one = torch.ones(1, requires_grad=graded)
    square = torch.ones(32, 32, requires_grad=graded)

    def chain():
        y = one + one
        for i in range(9):
            y = torch.relu(y) if i % 2 == 0 else torch.add(y, one)

    return {
        "add, 1 element": lambda: torch.add(one, one),
        "matmul, 32 × 32": lambda: torch.matmul(square, square),
        "relu, 1 element": lambda: torch.relu(one),
        "view, 1 element": lambda: one.view(-1),
        "item()": lambda: one.item(),
        "a chain of 10 ops, 1 element": chain,
    }


def shumai():
    import torch

    threads()

    def add(n):
        a = torch.randn(n)

        def run(calls):
            b = torch.randn(n)
            for _ in range(calls):
                b = b + a
            b.sum().item()

        return run

    def product(n):
        # A reflection: products with it keep their length.
        v = torch.randn(n, 1)
        b = torch.eye(n) - 2 * (v @ v.t()) / v.square().sum()

        def run(calls):
            c = torch.randn(n, n)
            for _ in range(calls):
                c = c @ b
            c.sum().item()

        return run

    def hidden(n):
        w, bias = torch.randn(n, n) / n, torch.randn(1, n)

        def run(calls):
            x = torch.randn(64, n)
            for _ in range(calls):
                x = x @ w
                for _ in range(5):
                    x = x + bias
            x.sum().item()

        return run

    with torch.no_grad():
        answer({
            **{f"add, {n} wide": add(n) for n in (32, 1024, 32768)},
            **{f"matmul, {n} × {n}": product(n) for n in (64, 128, 1024)},
            **{f"hidden layer, 64 × {n}": hidden(n) for n in (64, 128, 1024)},
        })


VARIANTS = {
    "scripted": (".pt", "eval"),
    "frozen": (".pt", "freeze"),
    "optimized": (".pt", "optimize_for_inference"),
    "fused": (".plain.pt", "freeze"),
    "fused, bfloat16": (".bf16.pt", "freeze"),
    "optimized, bfloat16": (".bf16.pt", "optimize_for_inference"),
}


class Networks(dict):
    """`name, batch N, variant` to what does it so often. Those of one network and batch are held: networks are large."""

    def __missing__(self, title):
        import torch
        from networks import make

        name, batch, variant = title.split(", ", 2)
        if any(not other.startswith(f"{name}, {batch}, ") for other in self):
            self.clear()
        module, shape = make(name)
        x = torch.randn(int(batch.removeprefix("batch ")), *shape)
        if variant != "eager":
            file, how = VARIANTS[variant]
            module = torch.jit.load(os.path.join(os.environ["FLAMBEAU_BENCH_NETWORKS"], name + file)).eval()
            if how != "eval":
                module = getattr(torch.jit, how)(module)
        torch.jit.enable_onednn_fusion(variant.startswith("fused"))
        for _ in range(3):
            module(x)
        self[title] = repeated(lambda: module(x))
        return self[title]


def torchscript():
    import torch

    threads()
    with torch.no_grad():
        answer(Networks())


def concurrency():
    import concurrent.futures
    import threading

    import torch

    plan = json.loads(os.environ["FLAMBEAU_BENCH_CONCURRENCY"])
    torch.set_num_threads(1)
    path = os.path.join(os.environ["FLAMBEAU_BENCH_NETWORKS"], plan["network"] + ".plain.pt")
    x = torch.randn(1, *plan["shape"])
    torch.jit.enable_onednn_fusion(True)
    with torch.no_grad():
        module = torch.jit.freeze(torch.jit.load(path).eval())
        repeated(lambda: module(x))(8)
    pool = concurrent.futures.ThreadPoolExecutor(int(os.environ["FLAMBEAU_BENCH_THREADS"]))

    def call():
        with torch.no_grad():
            module(x)

    def round(width):
        """Callers that each await a result before they ask for the next: (ns a call, ns from call to result)."""
        start = time.perf_counter()
        waits, left, done = [], [width], threading.Event()
        lock = threading.Lock()

        def ask():
            asked = time.perf_counter()
            pool.submit(call).add_done_callback(lambda _: answered(asked))

        def answered(asked):
            now = time.perf_counter()
            waits.append((now - asked) * 1e9)
            if now < start + SECONDS:
                return ask()
            with lock:
                left[0] -= 1
                if left[0] == 0:
                    done.set()

        for _ in range(width):
            ask()
        done.wait()
        return (time.perf_counter() - start) * 1e9 / len(waits), waits

    def alone():
        start, calls = time.perf_counter(), 0
        while time.perf_counter() < start + SECONDS:
            call()
            calls += 1
        return (time.perf_counter() - start) * 1e9 / calls

    for _ in range(4):
        round(8)
    single, found = [], {width: [] for width in plan["callers"]}
    for _ in range(5):
        single.append(alone())
        for width, rounds in found.items():
            rounds.append(round(width))
    emit("concurrency", "one thread, in a loop: a call", "PyTorch", single)
    for width, rounds in found.items():
        who = "1 caller" if width == 1 else f"{width} callers"
        emit("concurrency", f"{who}: a call's share of the time", "PyTorch", [each for each, _ in rounds])
        emit("concurrency", f"{who}: from call to result", "PyTorch", [wait for _, waits in rounds for wait in waits])
        longest = [sorted(waits)[int(len(waits) * 0.99)] for _, waits in rounds]
        emit("concurrency", f"{who}: from call to result, 99th percentile", "PyTorch", longest)

    def empty(calls):
        for _ in range(calls):
            pool.submit(lambda: None).result()

    measure("concurrency", "an empty function, to and fro", empty)


def memory():
    import gc

    import torch

    def resident():
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    freed, lives = [], []
    end = time.perf_counter() + SECONDS * 4
    while time.perf_counter() < end:
        all = [torch.zeros(1) for _ in range(2000)]
        start = time.perf_counter()
        while all:
            all.pop()
        middle = time.perf_counter()
        for _ in range(20000):
            torch.zeros(1)
        freed.append((middle - start) / 2000 * 1e9)
        lives.append((time.perf_counter() - middle) / 20000 * 1e9)
    emit("memory", "to dispose a tensor", "PyTorch", freed)
    emit("memory", "to make it and dispose it at once", "PyTorch", lives)
    linear, x, kept = torch.nn.Linear(1, 1), torch.zeros(1, 1), []
    for name, count, make in (
        ("a tensor of one element", 200000, lambda: torch.zeros(1)),
        ("an nn.Linear(1, 1)", 20000, lambda: torch.nn.Linear(1, 1)),
        ("a traced nn.Linear(1, 1)", 500, lambda: torch.jit.trace(linear, x, check_trace=False)),
    ):
        kept.append([make() for _ in range(count)])
        before = resident()
        kept.append([make() for _ in range(count)])
        emit("memory", f"memory of {name}", "PyTorch", [(resident() - before) / count], "bytes")
    # Python frees as the last name goes: what disposes and what forgets is one program there.
    peaks = [peak_apart() for _ in range(3)]
    for how in ("disposed", "forgotten, in a loop that awaits", "forgotten, in a synchronous loop"):
        emit("memory", f"peak of a training loop, {how}", "PyTorch", peaks, "bytes")


def peak_apart():
    return int(subprocess.run([sys.executable, __file__, "peak"], check=True, capture_output=True).stdout)


def peak():
    import torch

    weight = torch.randn(1024, 1024, requires_grad=True)
    x = torch.randn(1024, 1024)
    for _ in range(40):
        y = x
        for _ in range(5):
            y = (y * weight).relu()
        y.mean().backward()
        weight.grad.zero_()
    with open("/proc/self/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    print(int(lines["VmHWM"].split()[0]) * 1024)


def start():
    code = "import torch; assert (torch.ones(1) + 1).item() == 2"
    times = []
    for i in range(8):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        if i > 1:
            times.append((time.perf_counter() - begin) * 1e9)
    emit("start", "a process to its first result", "PyTorch", times)


if __name__ == "__main__":
    suite = globals().get(sys.argv[1])
    if suite is not None:
        suite()
