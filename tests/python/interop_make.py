"""Makes models in PyTorch, traced and scripted, with calls of them and what comes out: `interop_make.py folder`.

`folder/models.json` lists them: [{name, file, state, parameters, text, calls: [{method, training, seed, inputs, keywords,
output}], extra}].
"""

import enum
import json
import pathlib
import sys
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import nn

from interop_values import encode

folder = pathlib.Path(sys.argv[1])
models = []


def call(module, *inputs, method="forward", training=None, seed=0, **keywords):
    if training is not None:
        module.train(training)
    torch.manual_seed(seed)
    given = {"method": method, "training": training, "seed": seed, "inputs": [encode(one) for one in inputs]}
    given["keywords"] = {name: encode(value) for name, value in keywords.items()}
    given["output"] = encode(getattr(module, method)(*inputs, **keywords))
    return given


def add(name, script, calls, extra=None):
    """`calls` makes them from the script, which is saved first: a call may change its state."""
    extra = extra or {}
    torch.jit.save(script, str(folder / f"{name}.pt"), _extra_files=extra)
    entry = {"name": name, "file": f"{name}.pt", "extra": extra}
    module = isinstance(script, torch.jit.ScriptModule)
    entry["state"] = list(script.state_dict()) if module else []
    entry["parameters"] = [key for key, _ in script.named_parameters()] if module else []
    entry["calls"] = calls(script)
    models.append(entry)


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.5))
        self.features = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.3)
        )
        self.head = nn.Linear(4 * 4 * 4, 3)

    def forward(self, x):
        return self.head(self.features(x).flatten(1)) * self.scale


def conv_calls(script):
    x = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    return [call(script, x, training=mode, seed=5) for mode in (False, True, False)]


torch.manual_seed(0)
add("traced_conv_net", torch.jit.trace(ConvNet().eval(), torch.randn(1, 1, 8, 8)), lambda m: conv_calls(m)[:1])
add("scripted_conv_net", torch.jit.script(ConvNet()), conv_calls, extra={"labels.txt": "ä\nb\nc"})


def traced(x: torch.Tensor, y: torch.Tensor):
    return (x @ y).relu(), {"sum": (x + 1).sum()}


add(
    "traced_function",
    torch.jit.trace(traced, (torch.ones(2, 3), torch.ones(3, 2)), strict=False),
    lambda f: [call(f, torch.arange(6.0).reshape(2, 3) - 2, torch.ones(3, 2), method="__call__")],
)


class Point(NamedTuple):
    x: torch.Tensor
    label: str


class Nested(NamedTuple):
    points: List[Point]
    count: int


class Color(enum.Enum):
    RED = 1
    GREEN = 2


@torch.jit.script
class Counter:
    def __init__(self, start: int):
        self.value = start
        self.names: List[str] = []

    def add(self, n: int, name: str = "more") -> int:
        self.value += n
        self.names.append(name)
        return self.value


class Everything(nn.Module):
    limits: Dict[str, int]
    maybe: Optional[torch.Tensor]

    def __init__(self):
        super().__init__()
        self.limits = {"low": -1, "high": 2**60}
        self.maybe = None
        self.names = ["a", "b"]
        self.rate = 0.25
        self.flag = True
        self.register_buffer("offset", torch.arange(3))

    def forward(self, x: torch.Tensor, times: int = 2, by: float = 1.5) -> torch.Tensor:
        for _ in range(times):
            x = x * by
        if bool(x.sum() > 100):
            x = x - 100
        return x + self.offset

    @torch.jit.export
    def scalars(self, i: int, f: float, s: str, b: bool) -> Tuple[int, float, str, bool]:
        return i * 2, f / 2, s + "!", not b

    @torch.jit.export
    def large(self, i: int) -> int:
        return i + 1

    @torch.jit.export
    def lists(self, xs: List[int], rows: List[List[float]]) -> List[float]:
        total: List[float] = []
        for row in rows:
            total.append(sum(row) + float(len(xs)))
        return total

    @torch.jit.export
    def dicts(self, d: Dict[str, torch.Tensor], k: Dict[int, str]) -> Tuple[Dict[str, torch.Tensor], Dict[int, str]]:
        out: Dict[str, torch.Tensor] = {}
        for key, value in d.items():
            out[key + "'"] = value * 2
        k[7] = "seven"
        return out, k

    @torch.jit.export
    def optional(self, x: Optional[torch.Tensor], n: Optional[int] = None) -> Optional[int]:
        if x is None:
            return n
        return x.numel()

    @torch.jit.export
    def point(self, p: Point) -> Nested:
        return Nested([Point(p.x + 1, p.label.upper()), p], 2)

    @torch.jit.export
    def color(self, c: Color) -> Color:
        if c == Color.RED:
            return Color.GREEN
        return Color.RED

    @torch.jit.export
    def a_color(self) -> Color:
        return Color.RED

    @torch.jit.export
    def counter(self, start: int) -> Counter:
        return Counter(start)

    @torch.jit.export
    def count(self, counter: Counter, n: int) -> int:
        return counter.add(n)

    @torch.jit.export
    def special(self) -> Tuple[float, float, complex]:
        return float("inf"), float("-inf"), complex(1.0, -2.0)

    @torch.jit.export
    def fails(self, n: int) -> int:
        if n > 3:
            raise ValueError(f"{n} is more than three")
        return n


def everything_calls(m):
    x = torch.tensor([1.0, 2.0, 3.0])
    return [
        call(m, x),
        call(m, x, 10),
        call(m, x, 1, by=-2.0),
        call(m, x, by=0.5, times=3),
        call(m, 21, 3.0, "hey", False, method="scalars"),
        call(m, 2**60, method="large"),
        call(m, 2**53 - 2, method="large"),
        call(m, [1, 2], [[1.5], [2.0, 3.25], []], method="lists"),
        call(m, {"a": x, "b": x[:1]}, {1: "one"}, method="dicts"),
        call(m, None, method="optional"),
        call(m, None, 5, method="optional"),
        call(m, x, 5, method="optional"),
        call(m, Point(x, "label"), method="point"),
        call(m, method="special"),
        call(m, 3, method="fails"),
        # A value of the language's own stands for one that JSON has not.
        {"method": "a_color", "inputs": [], "keywords": {}, "output": {"$enum": ["Color", "RED", 1]}},
    ]


add("everything", torch.jit.script(Everything()), everything_calls)


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])

    def forward(self, x: torch.Tensor, depth: int) -> torch.Tensor:
        for i, layer in enumerate(self.layers):
            if i < depth:
                x = layer(x)
        while bool(x.abs().max() > 1):
            x = x / 2
        return x


torch.manual_seed(2)
rows = torch.tensor([[3.0, -4.0]])
add("branching", torch.jit.script(Branching()), lambda m: [call(m, rows * 10, depth) for depth in range(4)])
(folder / "models.json").write_text(json.dumps(models), encoding="utf-8")
