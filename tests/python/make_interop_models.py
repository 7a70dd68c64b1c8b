"""Makes tests/golden/models: TorchScript files as PyTorch writes them, and what they compute.

    python make_interop_models.py
"""

import io
import json
import math
import sys
import warnings
from pathlib import Path
from typing import Any, Dict, Final, List, Optional, Tuple, Union

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from interop_json import Ref, encode
from interop_types import Accumulator, Box, Color, Counter, Level, Point, Ratio

warnings.filterwarnings("ignore")
HERE = Path(__file__).resolve().parent
MODELS = HERE.parent / "golden" / "models"


# ---- Helpers ----


def script(fn_or_module):
    return torch.jit.script(fn_or_module)


def function(fn):
    return torch.jit.script(fn)


def fill(module):
    """Parameters of simple values, the same in every version of PyTorch."""
    index = 0
    for tensor in [*module.parameters(), *module.buffers()]:
        if not tensor.is_floating_point():
            continue
        n = tensor.numel()
        values = torch.sin(torch.arange(n, dtype=torch.float64) * 0.7 + index)
        with torch.no_grad():
            tensor.copy_((values * 0.5).reshape(tensor.shape))
        index += 1
    for one in module.modules():
        if isinstance(one, nn.modules.batchnorm._BatchNorm):
            one.running_var.fill_(1.25)
    return module


def ramp(*shape, scale=0.1, offset=-0.5):
    n = 1
    for size in shape:
        n *= size
    return (torch.arange(n, dtype=torch.float64) * scale + offset).float().reshape(shape)


class Step:
    def __init__(self, *args, method="forward", train=None, kw=None, seed=None):
        self.args, self.method, self.train, self.kw, self.seed = args, method, train, kw or {}, seed


BUILDERS = {}


def model(name=None):
    def register(builder):
        BUILDERS[name or builder.__name__] = builder
        return builder

    return register


def simple(name, make, *steps):
    BUILDERS[name] = lambda: (make(), list(steps))


# ---- Traced ----


simple("trace_function", lambda: torch.jit.trace(lambda x: x.relu() * 2, torch.zeros(3)),
       Step(torch.tensor([-1.0, 0.0, 2.5])), Step(ramp(2, 3)))


@model()
def trace_two_arguments():
    def f(x, y):
        return x @ y, x + 1

    return torch.jit.trace(f, (ramp(2, 3), ramp(3, 2))), [Step(ramp(2, 3), ramp(3, 4)), Step(ramp(1, 3), ramp(3, 1))]


@model()
def trace_mlp():
    net = fill(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2)))
    return torch.jit.trace(net, ramp(1, 4)), [Step(ramp(3, 4)), Step(ramp(1, 4))]


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 2, 3, stride=2)
        self.fc = nn.Linear(2, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn(self.conv1(x))), 2)
        x = self.conv2(x).mean([2, 3])
        return F.log_softmax(self.fc(x), dim=1)


@model()
def trace_conv_batch_norm_eval():
    return torch.jit.trace(fill(ConvNet()).eval(), ramp(1, 1, 8, 8, scale=0.03)), [Step(ramp(2, 1, 8, 8, scale=0.02))]


@model()
def script_conv_batch_norm():
    x = ramp(2, 1, 8, 8, scale=0.02)
    return script(fill(ConvNet())), [
        Step(x, train=False), Step(x, train=True), Step(x, train=True), Step(x, train=False)]


@model()
def trace_containers():
    def f(pair, table):
        a, (b, c) = pair
        return {"sum": a + b + c, "product": table["x"] * table["y"]}

    inputs = ((ramp(2), (ramp(2), ramp(2))), {"x": ramp(2), "y": ramp(2)})
    traced = torch.jit.trace(f, inputs, strict=False)
    return traced, [Step((ramp(3), (ramp(3), ramp(3))), {"x": ramp(3), "y": ramp(3, scale=1)})]


@model()
def trace_list_output():
    return torch.jit.trace(lambda x: [x, x + 1, [x * 2]][:2], ramp(2), strict=False), [Step(ramp(3))]


class Coder(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 2)

    def forward(self, x):
        return self.decode(self.encode(x))

    def encode(self, x):
        return self.inner(x).tanh()

    def decode(self, y):
        return y @ self.inner.weight


@model()
def trace_module_methods():
    net = fill(Coder())
    traced = torch.jit.trace_module(net, {"forward": ramp(1, 3), "encode": ramp(1, 3), "decode": ramp(1, 2)})
    return traced, [Step(ramp(2, 3)), Step(ramp(2, 3), method="encode"), Step(ramp(2, 2), method="decode")]


@torch.jit.script
def clipped(x: Tensor, limit: float):
    if bool(x.abs().max() > limit):
        return x * (limit / x.abs().max())
    return x


@model()
def trace_around_script():
    return torch.jit.trace(lambda x: clipped(x, 1.0) + 1, ramp(3)), [
        Step(torch.tensor([0.5, -0.25])), Step(torch.tensor([4.0, -2.0]))]


class Residual(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.body(x))


@model()
def trace_residual_net():
    net = fill(nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), Residual(4), Residual(4), nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    return torch.jit.trace(net.eval(), ramp(1, 3, 9, 9, scale=0.01)), [Step(ramp(2, 3, 11, 11, scale=0.002))]


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(1, 2, 3, padding=1)
        self.middle = nn.Conv2d(2, 4, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(4, 2, 2, stride=2)
        self.out = nn.Conv2d(4, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = F.relu(self.down(x))
        b = self.up(F.relu(self.middle(a)))
        if b.shape != a.shape:
            b = F.interpolate(b, size=[a.size(2), a.size(3)], mode="bilinear", align_corners=False)
        return torch.sigmoid(self.out(torch.cat([a, b], dim=1)))


@model()
def script_unet():
    return script(fill(UNet())), [Step(ramp(1, 1, 8, 8, scale=0.02)), Step(ramp(1, 1, 7, 5, scale=0.02))]


# ---- Control flow ----


@model()
def branch_on_value():
    def f(x: Tensor) -> Tensor:
        if bool(x.sum() > 0):
            return x * 2
        elif x.numel() == 1:
            return x - 1
        else:
            return -x

    return function(f), [Step(ramp(3, offset=1.0)), Step(-ramp(3, offset=1.0)), Step(torch.tensor([-2.0]))]


@model()
def while_loop():
    def f(n: int) -> Tuple[int, int]:
        steps = 0
        highest = n
        while n != 1:
            if n % 2 == 0:
                n = n // 2
            else:
                n = 3 * n + 1
            highest = max(highest, n)
            steps += 1
        return steps, highest

    return function(f), [Step(27), Step(1), Step(97)]


@model()
def break_and_continue():
    def f(values: List[int], limit: int) -> List[int]:
        kept: List[int] = []
        for value in values:
            if value < 0:
                continue
            if value > limit:
                break
            kept.append(value * value)
        return kept

    return function(f), [Step([1, -2, 3, 50, 4], 10), Step([], 10), Step([-1], 0)]


@model()
def nested_loops():
    def f(x: Tensor) -> Tensor:
        out = torch.zeros_like(x)
        for i in range(x.size(0)):
            for j in range(i, x.size(1), 2):
                out[i, j] = x[i, j] * (i + 1) + j
        return out

    return function(f), [Step(ramp(3, 5)), Step(ramp(1, 2))]


@model()
def loop_over_time():
    class Smooths(nn.Module):
        def forward(self, x: Tensor, decay: float = 0.5) -> Tensor:
            state = torch.zeros_like(x[0])
            outputs: List[Tensor] = []
            for frame in x:
                state = state * decay + frame
                outputs.append(state)
            return torch.stack(outputs)

    return script(Smooths()), [Step(ramp(4, 2)), Step(ramp(3, 2), kw={"decay": 0.25}), Step(ramp(6, 1), 1.0)]


@model()
def early_return():
    def f(x: Tensor, times: int) -> Tensor:
        for i in range(times):
            x = x + 1
            if bool(x.max() > 5):
                return x * 100
        return x

    return function(f), [Step(ramp(2), 3), Step(ramp(2, offset=3.0), 30)]


@model()
def ternary_and_chained():
    def f(a: int, b: int, c: int) -> Tuple[bool, int, bool]:
        return a < b < c, a if a > b else b, not (a == b or b == c)

    return function(f), [Step(1, 2, 3), Step(3, 2, 1), Step(2, 2, 2)]


# ---- Containers ----


@model()
def list_of_strings():
    def f(words: List[str], sep: str) -> Tuple[str, List[str]]:
        return sep.join(words), [word.upper() for word in words]

    return function(f), [Step(["a", "b", "Grüße"], "-"), Step([], ","), Step(["🔥"], "")]


@model()
def list_of_ints():
    def f(xs: List[int]) -> Tuple[int, int, int, List[int]]:
        ys = xs.copy()
        ys.sort(reverse=True)
        return sum(xs), min(xs), max(xs), ys[:2]

    return function(f), [Step([3, 1, 2]), Step([-5, 2**53 + 1])]


@model()
def list_of_floats_and_bools():
    def f(xs: List[float], keep: List[bool]) -> Tuple[List[float], List[bool]]:
        out: List[float] = []
        for x, k in zip(xs, keep):
            if k:
                out.append(x / 2)
        return out, [not k for k in keep]

    return function(f), [Step([1.0, 2.5, 3.0], [True, False, True]), Step([], [])]


@model()
def list_of_lists():
    def f(rows: List[List[int]]) -> Tuple[List[List[int]], int]:
        total = 0
        out: List[List[int]] = []
        for i, row in enumerate(rows):
            total += sum(row)
            out.append([v * (i + 1) for v in row])
        return out, total

    return function(f), [Step([[1, 2], [], [3]]), Step([])]


@model()
def list_of_lists_of_tensors():
    def f(groups: List[List[Tensor]]) -> List[Tensor]:
        return [torch.cat(group).sum(0) for group in groups]

    return function(f), [Step([[ramp(1, 2), ramp(2, 2)], [ramp(3, 2)]])]


@model()
def list_of_tuples():
    def f(pairs: List[Tuple[str, int]]) -> Dict[str, int]:
        out: Dict[str, int] = {}
        for name, count in pairs:
            out[name] = out.get(name, 0) + count
        return out

    return function(f), [Step([("a", 1), ("b", 2), ("a", 3)]), Step([])]


@model()
def dict_of_tensors():
    def f(xs: Dict[str, Tensor]) -> Dict[str, Tensor]:
        return {"first " + key: value.cumsum(0) for key, value in xs.items()}

    return function(f), [Step({"a": ramp(2), "b": ramp(3)}), Step({"__proto__": ramp(1)}), Step({})]


@model()
def dict_of_ints_to_floats():
    def f(xs: Dict[int, float]) -> Tuple[Dict[int, float], List[int]]:
        out: Dict[int, float] = {}
        for key in xs:
            out[key + 1] = xs[key] * 2
        return out, list(xs.keys())

    return function(f), [Step({1: 0.5, -7: 2.0}), Step({})]


@model()
def dict_of_floats_to_strings():
    def f(xs: Dict[float, str]) -> Dict[float, str]:
        out: Dict[float, str] = {}
        for key, value in xs.items():
            out[key / 2] = value + "!"
        return out

    return function(f), [Step({0.5: "half", 3.0: "three"})]


@model()
def dict_of_bools():
    def f(xs: Dict[bool, int]) -> Dict[bool, int]:
        out: Dict[bool, int] = {}
        for key, value in xs.items():
            out[not key] = value
        return out

    return function(f), [Step({True: 1, False: 0}), Step({False: 5})]


@model()
def dict_of_tensor_keys():
    def f(keys: List[Tensor]) -> Dict[Tensor, int]:
        out: Dict[Tensor, int] = {}
        for i, key in enumerate(keys):
            out[key] = i
        return out

    return function(f), [Step([ramp(2), ramp(1)])]


@model()
def dict_with_tensor_keys_given():
    def f(table: Dict[Tensor, str]) -> Tuple[List[Tensor], List[str]]:
        return list(table.keys()), list(table.values())

    return function(f), [Step({ramp(2): "a", ramp(1): "b"})]


@model()
def dict_of_nested_containers():
    def f(xs: Dict[str, List[Dict[int, Tuple[float, Tensor]]]]) -> Dict[str, float]:
        out: Dict[str, float] = {}
        for key, tables in xs.items():
            total = 0.0
            for table in tables:
                for number, (scale, tensor) in table.items():
                    total += number * scale * float(tensor.sum())
            out[key] = total
        return out

    return function(f), [Step({"a": [{1: (2.0, ramp(2)), 2: (0.5, ramp(3))}, {}], "b": []})]


@model()
def empty_containers():
    def f() -> Tuple[List[int], List[Tensor], Dict[str, int], Dict[int, str], Tuple[()]]:
        a: List[int] = []
        b: List[Tensor] = []
        c: Dict[str, int] = {}
        d: Dict[int, str] = {}
        e = ()
        return a, b, c, d, e

    return function(f), [Step()]


@model()
def optional_tensor():
    class Masks(nn.Module):
        def forward(self, x: Tensor, mask: Optional[Tensor] = None) -> Optional[Tensor]:
            if mask is None:
                return None
            return x.masked_fill(mask, -1.0)

    return script(Masks()), [Step(ramp(3)), Step(ramp(3), None), Step(ramp(3), torch.tensor([True, False, True]))]


@model()
def optional_nested():
    def f(xs: List[Optional[int]], y: Optional[List[Optional[float]]], z: Dict[str, Optional[str]]
          ) -> Tuple[List[Optional[int]], Optional[List[Optional[float]]], Dict[str, Optional[str]]]:
        return xs, y, z

    return function(f), [
        Step([1, None, 3], None, {"a": None, "b": "x"}), Step([], [None, 0.5], {}), Step([None], [], {"c": None})]


@model()
def union_values():
    def f(x: Union[int, str, List[int]]) -> str:
        if isinstance(x, int):
            return "int " + str(x)
        elif isinstance(x, str):
            return "str " + x
        else:
            return "list " + str(len(x))

    return function(f), [Step(3), Step("three"), Step([1, 2, 3])]


@model()
def union_result():
    def f(kind: int) -> Union[int, float, Tensor, Dict[str, int]]:
        if kind == 0:
            return 7
        elif kind == 1:
            return 0.5
        elif kind == 2:
            return torch.ones([2])
        else:
            return {"a": 1}

    return function(f), [Step(0), Step(1), Step(2), Step(3)]


@model()
def any_value():
    def f(x: Any) -> str:
        if isinstance(x, int):
            return "int"
        elif isinstance(x, float):
            return "float"
        elif isinstance(x, str):
            return "str"
        elif isinstance(x, Tensor):
            return "Tensor"
        elif isinstance(x, List[int]):
            return "List[int]"
        elif isinstance(x, Tuple[int, str]):
            return "Tuple[int, str]"
        else:
            return "something else"

    return function(f), [
        Step(1), Step(0.5), Step("a"), Step(ramp(1)), Step([1, 2]), Step((1, "a")), Step(None), Step(True)]


@model()
def any_result():
    def f(x: Any, times: int) -> List[Any]:
        out: List[Any] = []
        for _ in range(times):
            out.append(x)
        return out

    return function(f), [Step(1, 2), Step("a", 1), Step(ramp(2), 2), Step(None, 1)]


@model()
def named_tuples():
    def f(box: Box, boxes: List[Box]) -> Tuple[Box, float]:
        total = box.score
        for one in boxes:
            total += one.score * one.corner.y
        return Box(box.label + "'", total, Point(box.corner.x * 2, box.corner.y + 1)), total

    point = Point(ramp(2), 3)
    return function(f), [Step(Box("a", 0.5, point), [Box("b", 1.5, point), Box("c", 2.0, point)]),
                         Step(Box("", -1.0, point), [])]


@model()
def nested_tuples():
    def f(x: Tuple[int, Tuple[str, Tuple[Tensor, bool]]]) -> Tuple[Tuple[bool, Tensor], str]:
        a, (b, (c, d)) = x
        return (not d, c + a), b + str(a)

    return function(f), [Step((2, ("ab", (ramp(2), True))))]


# ---- Enums and classes ----


@model()
def enum_results():
    def f(warm: bool) -> Color:
        if warm:
            return Color.RED
        return Color.GREEN

    return function(f), [Step(True), Step(False)]


class WithEnum(nn.Module):
    def __init__(self):
        super().__init__()
        self.level = Level.HIGH

    def forward(self, color: Color, level: Optional[Level] = None) -> Tuple[str, int, Color, List[Level]]:
        used = self.level if level is None else level
        return color.value, used.value, color, [used, Level.LOW]


simple("enum_arguments", lambda: script(WithEnum()), Step(Color.RED), Step(Color.GREEN, Level.LOW))


@model()
def enum_keys_of_floats():
    def f(ratio: Ratio, x: Tensor) -> Tensor:
        if ratio == Ratio.HALF:
            return x * ratio.value
        return x * (ratio.value + 1)

    return function(f), [Step(Ratio.HALF, ramp(2)), Step(Ratio.DOUBLE, ramp(2))]


class UsesClass(nn.Module):
    def forward(self, xs: List[Tensor]) -> Tuple[Tensor, str]:
        sums = Accumulator(2)
        counter = Counter(0, "n")
        for x in xs:
            sums.add(x)
            counter.increase()
        return sums.total, counter.describe()


simple("script_class_inside", lambda: script(UsesClass()), Step([ramp(2), ramp(2, offset=1.0)]), Step([]))


class MakesInstances(nn.Module):
    def __init__(self):
        super().__init__()
        self.kept = Counter(100, "kept")

    def forward(self, start: int) -> Counter:
        return Counter(start, "made")

    @torch.jit.export
    def bump(self, counter: Counter, by: int = 5) -> Tuple[int, str, List[float]]:
        counter.increase(by)
        return counter.count, counter.describe(), counter.history

    @torch.jit.export
    def keep(self) -> int:
        return self.kept.increase(2)

    @torch.jit.export
    def several(self, n: int) -> Dict[str, List[Counter]]:
        return {"all": [Counter(i, "c") for i in range(n)]}


@model()
def script_class_instances():
    return script(MakesInstances()), [
        Step(3), Step(Ref(0), method="bump"), Step(7), Step(Ref(2), 10, method="bump"), Step(method="keep"),
        Step(method="keep"), Step(2, method="several")]


# ---- Exceptions ----


@model()
def raises():
    def f(kind: str, n: int) -> int:
        if kind == "value":
            raise ValueError("n is " + str(n))
        elif kind == "index":
            return [1, 2, 3][n]
        elif kind == "key":
            return {"a": 1}[kind]
        elif kind == "runtime":
            raise RuntimeError("This cannot go on")
        elif kind == "not implemented":
            raise NotImplementedError("Nobody wrote this")
        elif kind == "division":
            return 10 // n
        return n

    return function(f), [Step("value", 3), Step("index", 5), Step("key", 0), Step("runtime", 0),
                         Step("not implemented", 0), Step("none", 7), Step("index", 1)]


@model()
def asserts():
    def f(x: Tensor) -> Tensor:
        assert x.dim() == 2, f"Expected two dimensions, got {x.dim()}"
        assert x.size(0) > 1
        return x.t()

    return function(f), [Step(ramp(2, 3)), Step(ramp(3)), Step(ramp(1, 3))]


class Inner(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.numel() == 0:
            raise ValueError("empty input")
        return x.view(2, -1)


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) + 1


simple("raises_in_submodule", lambda: script(Outer()), Step(ramp(4)), Step(ramp(0)), Step(ramp(3)))


@model()
def shape_mismatch():
    return script(fill(nn.Linear(3, 2))), [Step(ramp(2, 3)), Step(ramp(2, 4))]


# ---- Modules of modules ----


class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(3, 3) for _ in range(3)])
        self.heads = nn.ModuleDict({"mean": nn.Linear(3, 1), "var": nn.Sequential(nn.Linear(3, 1), nn.Softplus())})

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        for i, layer in enumerate(self.layers):
            x = layer(x).relu() + i
        out: Dict[str, Tensor] = {}
        for name, head in self.heads.items():
            out[name] = head(x)
        return out


simple("module_list_and_dict", lambda: script(fill(Listed())), Step(ramp(2, 3)))


class Tree(nn.Module):
    def __init__(self, depth: int):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.children_ = nn.ModuleList([Tree(depth - 1) for _ in range(2)] if depth > 0 else [])

    def forward(self, x: Tensor) -> Tensor:
        x = self.linear(x)
        for child in self.children_:
            x = x + child(x).tanh()
        return x


simple("module_tree", lambda: script(fill(Tree(2))), Step(ramp(2, 2)))


class Methods(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Coder()

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder.decode(self.encoder.encode(x))

    @torch.jit.export
    def embed(self, x: Tensor, scale: float = 1.0) -> Tensor:
        return self.encoder.encode(x) * scale

    @torch.jit.export
    def size(self) -> int:
        return self.encoder.inner.weight.numel()


@model()
def exported_methods():
    return script(fill(Methods())), [
        Step(ramp(2, 3)), Step(ramp(2, 3), method="embed"), Step(ramp(2, 3), method="embed", kw={"scale": 2.0}),
        Step(method="size")]


class ExportsInside(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 2

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale

    @torch.jit.export
    def shift(self, x: Tensor) -> Tensor:
        return x + self.scale


class Holds(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = ExportsInside()

    def forward(self, x: Tensor) -> Tensor:
        return self.part.shift(self.part(x))


simple("submodule_methods", lambda: script(Holds()), Step(ramp(2)), Step(ramp(2), method="part.shift"),
       Step(ramp(2), method="part.forward"))


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.b = self.a
        self.again = nn.Parameter(torch.ones(2))
        self.same = self.again

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.a(x)) * self.again + self.same


simple("shared_submodule", lambda: script(fill(Shared())), Step(ramp(2, 2)))


class Counting(nn.Module):
    seen: List[int]
    names: Dict[str, int]

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros([], dtype=torch.int64))
        self.register_buffer("mean", torch.zeros(2))
        self.seen = []
        self.names = {}

    def forward(self, x: Tensor) -> Tuple[int, Tensor]:
        self.calls += 1
        self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
        self.seen.append(x.size(0))
        self.names["call " + str(int(self.calls))] = x.size(0)
        return int(self.calls), self.mean

    @torch.jit.export
    def history(self) -> Tuple[List[int], Dict[str, int]]:
        return self.seen, self.names

    @torch.jit.export
    def reset(self):
        self.calls.zero_()
        self.seen.clear()


simple("buffers_that_change", lambda: script(Counting()), Step(ramp(2, 2)), Step(ramp(3, 2)), Step(method="history"),
       Step(method="reset"), Step(ramp(1, 2)), Step(method="history"))


@torch.jit.interface
class Activation(nn.Module):
    def apply_to(self, x: Tensor) -> Tensor:
        pass


class Halves(nn.Module):
    def apply_to(self, x: Tensor) -> Tensor:
        return x / 2

    def forward(self, x: Tensor) -> Tensor:
        return self.apply_to(x)


class Squares(nn.Module):
    def apply_to(self, x: Tensor) -> Tensor:
        return x * x

    def forward(self, x: Tensor) -> Tensor:
        return self.apply_to(x)


class UsesInterface(nn.Module):
    activation: Activation

    def __init__(self):
        super().__init__()
        self.activation = Squares()

    def forward(self, x: Tensor) -> Tensor:
        return self.activation.apply_to(x) + 1


simple("interfaces", lambda: script(UsesInterface()), Step(ramp(3)))


class Constants(nn.Module):
    depth: Final[int] = 3
    names: Final[List[str]]
    __constants__ = ["ratio"]

    def __init__(self):
        super().__init__()
        self.names = ["a", "b"]
        self.ratio = 0.25
        self.flag = True
        self.pair = (1, "x")

    def forward(self, x: Tensor) -> Tuple[Tensor, str, int, bool]:
        for _ in range(self.depth):
            x = x * self.ratio
        return x, self.names[1] + self.pair[1], self.depth, self.flag


simple("constants_and_attributes", lambda: script(Constants()), Step(ramp(2)))


class WithHooks(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2


def pre_hook(self, input: Tuple[Tensor]) -> Tuple[Tensor]:
    return (input[0] + 1,)


def after_hook(self, input: Tuple[Tensor], output: Tensor) -> Tensor:
    return output - input[0]


@model()
def scripted_hooks():
    inner = WithHooks()
    inner.register_forward_pre_hook(pre_hook)
    inner.register_forward_hook(after_hook)
    return script(nn.Sequential(inner, nn.ReLU())), [Step(ramp(3))]


class WithProperty(nn.Module):
    def __init__(self):
        super().__init__()
        self.value = 1.5

    @property
    def twice(self) -> float:
        return self.value * 2

    def forward(self, x: Tensor) -> Tensor:
        return x + self.twice


simple("property_of_module", lambda: script(WithProperty()), Step(ramp(2)))


class WithUnused(nn.Module):
    def forward(self, x: Tensor, debug: bool = False) -> Tensor:
        if debug:
            self.report(x)
        return x

    @torch.jit.unused
    def report(self, x: Tensor):
        print(x)


simple("unused_method_raises", lambda: script(WithUnused()), Step(ramp(2)), Step(ramp(2), True))


# ---- Arguments ----


@model()
def defaults_of_every_type():
    class Defaults(nn.Module):
        def forward(self, a: int = 3, b: float = 2.0, c: str = "text", d: bool = True, e: Optional[int] = None,
                    g: Tuple[int, int] = (1, 2)) -> Tuple[int, float, str, bool, Optional[int], Tuple[int, int]]:
            return a, b, c, d, e, g

    return script(Defaults()), [Step(), Step(1, kw={"c": "x"}), Step(kw={"e": 5, "d": False, "g": (3, 4)}),
                         Step(1, 1.5, "y", False, 2, (0, 0)), Step(1, kw={"b": 7.0})]


@model()
def keyword_only():
    def f(x: Tensor, *, scale: float, bias: float) -> Tensor:
        return x * scale + bias

    return function(f), [Step(ramp(2), kw={"bias": 1.0, "scale": -1.0}), Step(ramp(2), kw={"bias": 0.5, "scale": 2.0})]


@model()
def integers():
    def f(a: int, b: int) -> Tuple[int, int, int, int, float]:
        return a + b, a * b, a // b, a % b, a / b

    return function(f), [Step(7, 2), Step(-7, 2), Step(2**53 + 1, 1), Step(-(2**62), 3)]


@model()
def floats():
    def f(a: float, b: float) -> Tuple[float, float, float, bool]:
        return a * b, a**b, math.sqrt(abs(a)), a == a

    return function(f), [Step(2.0, 3.0), Step(0.5, -1.0), Step(float("inf"), 1.0), Step(float("nan"), 1.0), Step(-0.0, 1.0)]


@model()
def booleans():
    def f(a: bool, b: bool) -> Tuple[bool, bool, bool, int]:
        return a and b, a or b, a != b, int(a) + int(b)

    return function(f), [Step(True, False), Step(True, True)]


@model()
def strings():
    def f(text: str, n: int) -> Tuple[str, int, List[str], bool, str, str]:
        return (text.strip().replace("a", "o"), len(text), text.split(" "), text.startswith("a"), text[1:3],
                "{}-{}".format(text, n))

    return function(f), [Step("a banana ", 3), Step("", 0), Step("two words", -1)]


@model()
def complex_scalars():
    def f(a: complex, b: complex) -> Tuple[complex, complex, List[complex]]:
        return a + b, a * b, [a, b]

    return function(f), [Step(1 + 2j, -0.5 + 1j), Step(complex(2, 0), 1j)]


@model()
def complex_tensors():
    def f(x: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        y = torch.fft.fft(x)
        return y, y.abs(), torch.view_as_real(y * y.conj())

    return function(f), [Step(ramp(4)), Step(torch.tensor([1 + 2j, -1j]))]


@model()
def devices():
    def f(x: Tensor, device: torch.device) -> Tuple[Tensor, torch.device, str, bool]:
        y = x.to(device)
        return y + 1, y.device, device.type, device == x.device

    return function(f), [Step(ramp(2), torch.device("cpu"))]


@model()
def dtypes():
    class Casts(nn.Module):
        def forward(self, x: Tensor, dtype: torch.dtype = torch.float64) -> Tuple[Tensor, bool]:
            return x.to(dtype) + 1, x.dtype == dtype

    return script(Casts()), [Step(ramp(2)), Step(ramp(2), torch.int32), Step(ramp(2), torch.float32), Step(ramp(2), torch.complex64)]


@model()
def dtype_of_every_kind():
    def f(x: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        return x.half(), x.to(torch.bfloat16), x.double(), x.char(), x.byte(), x.short(), x > 0

    return function(f), [Step(torch.tensor([0.5, 1.0, 100.0]))]


@model()
def scalar_from_tensor():
    def f(x: Tensor) -> Tuple[int, float, bool, List[int], int]:
        return int(x.sum()), float(x.mean()), bool(x.any()), x.shape, x.dim()

    return function(f), [Step(ramp(2, 3, scale=1.0)), Step(torch.zeros(1))]


@model()
def number_argument():
    def f(x: Tensor, by: float) -> Tuple[Tensor, Tensor]:
        return torch.add(x, x, alpha=by), x.clamp(min=-by, max=by)

    return function(f), [Step(ramp(4), 0.25), Step(ramp(4), 2.0)]


@model()
def returns_nothing():
    def f(x: Tensor):
        x += 1

    return function(f), [Step(ramp(2))]


@model()
def in_place_change():
    def f(x: Tensor) -> Tensor:
        x[0] = 9
        x[1:] *= 2
        return x

    return function(f), [Step(ramp(3))]


@model()
def slices():
    def f(x: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        return x[1:, ::2], x[..., -1], x[:, None], x[x > 0], x[torch.tensor([1, 0])]

    return function(f), [Step(ramp(3, 4))]


@model()
def functions_that_call():
    def double(x: Tensor) -> Tensor:
        return x * 2

    def quadruple(x: Tensor) -> Tensor:
        return scripted_double(scripted_double(x))

    global scripted_double
    scripted_double = torch.jit.script(double)
    return function(quadruple), [Step(ramp(2))]


@model()
def formatted_strings():
    def f(x: int, y: float, name: str) -> str:
        return f"{name}={x}, {y}" + " %s" % name

    return function(f), [Step(3, 0.5, "n")]


@model()
def autograd_inside():
    def f(x: Tensor) -> Optional[Tensor]:
        y = (x * x * x).sum()
        return torch.autograd.grad([y], [x])[0]

    return function(f), [Step(ramp(3).requires_grad_())]


@model()
def seeded_random():
    def f(n: int) -> Tuple[Tensor, Tensor]:
        return torch.rand([n]), torch.randn([n])

    return function(f), [Step(4, seed=3), Step(2, seed=4)]


# ---- Futures ----


@model()
def fork_and_wait():
    def work(x: Tensor, n: int) -> Tensor:
        for _ in range(n):
            x = x + 1
        return x

    def f(x: Tensor) -> Tuple[Tensor, Tensor]:
        a = torch.jit.fork(scripted_work, x, 3)
        b = torch.jit.fork(scripted_work, x, 5)
        return torch.jit.wait(a), torch.jit.wait(b)

    global scripted_work
    scripted_work = torch.jit.script(work)
    return function(f), [Step(ramp(2))]


@model()
def returned_future():
    def slow(x: Tensor) -> Tensor:
        return (x @ x).relu()

    def f(x: Tensor) -> torch.jit.Future[Tensor]:
        return torch.jit.fork(scripted_slow, x)

    global scripted_slow
    scripted_slow = torch.jit.script(slow)
    return function(f), [Step(ramp(2, 2))]


@model()
def returned_futures_in_list():
    def part(x: Tensor, i: int) -> Tuple[Tensor, int]:
        return x * i, i

    def f(x: Tensor) -> List[torch.jit.Future[Tuple[Tensor, int]]]:
        out: List[torch.jit.Future[Tuple[Tensor, int]]] = []
        for i in range(3):
            out.append(torch.jit.fork(scripted_part, x, i))
        return out

    global scripted_part
    scripted_part = torch.jit.script(part)
    return function(f), [Step(ramp(2))]


# ---- Layers ----


class Recurrent(nn.Module):
    def __init__(self, rnn: nn.Module):
        super().__init__()
        self.rnn = rnn
        self.out = nn.Linear(4, 2)


class LSTMModel(Recurrent):
    def forward(self, x: Tensor, state: Optional[Tuple[Tensor, Tensor]] = None) -> Tuple[Tensor, Tuple[Tensor, Tensor]]:
        y, state = self.rnn(x, state)
        return self.out(y), state


class GRUModel(Recurrent):
    def forward(self, x: Tensor, state: Optional[Tensor] = None) -> Tuple[Tensor, Tensor]:
        y, state = self.rnn(x, state)
        return self.out(y), state


@model()
def lstm():
    net = script(fill(LSTMModel(nn.LSTM(3, 4, num_layers=2))))
    return net, [Step(ramp(5, 1, 3)), Step(ramp(2, 1, 3), (ramp(2, 1, 4), ramp(2, 1, 4, scale=0.2)))]


@model()
def gru():
    net = script(fill(GRUModel(nn.GRU(3, 2, batch_first=True, bidirectional=True))))
    return net, [Step(ramp(2, 5, 3)), Step(ramp(1, 2, 3), ramp(2, 1, 2))]


@model()
def trace_gru():
    return torch.jit.trace(fill(nn.GRU(3, 4)), ramp(5, 1, 3), strict=False), [Step(ramp(5, 1, 3)), Step(ramp(3, 1, 3))]


@model()
def lstm_cell_loop():
    class Cells(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.LSTMCell(2, 3)

        def forward(self, x: Tensor) -> List[Tensor]:
            h = torch.zeros(x.size(1), 3)
            c = torch.zeros(x.size(1), 3)
            out: List[Tensor] = []
            for i in range(x.size(0)):
                h, c = self.cell(x[i], (h, c))
                out += [h]
            return out

    return script(fill(Cells())), [Step(ramp(3, 2, 2))]


@model()
def transformer_encoder():
    layer = nn.TransformerEncoderLayer(4, 2, dim_feedforward=8, dropout=0.0, batch_first=True)
    net = fill(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)).eval()
    return torch.jit.trace(net, ramp(1, 3, 4), check_trace=False), [Step(ramp(2, 3, 4))]


@model()
def script_transformer_layer():
    net = fill(nn.TransformerEncoderLayer(4, 2, dim_feedforward=8, dropout=0.0))
    mask = torch.triu(torch.ones(3, 3, dtype=torch.bool), diagonal=1)
    return script(net), [Step(ramp(3, 1, 4), mask, train=True), Step(ramp(3, 2, 4), train=False)]


@model()
def multihead_attention():
    class Attend(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(4, 2)

        def forward(self, q: Tensor, k: Tensor) -> Tuple[Tensor, Optional[Tensor]]:
            return self.attention(q, k, k)

    return script(fill(Attend())), [Step(ramp(2, 1, 4), ramp(3, 1, 4))]


@model()
def embeddings():
    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.words = nn.Embedding(10, 3, padding_idx=0)
            self.bag = nn.EmbeddingBag(10, 3, mode="sum")
            self.norm = nn.LayerNorm(3)

        def forward(self, ids: Tensor) -> Tuple[Tensor, Tensor]:
            return self.norm(self.words(ids)), self.bag(ids)

    return script(fill(Words())), [Step(torch.tensor([[1, 2, 0], [9, 9, 3]])), Step(torch.tensor([[10]]))]


@model()
def dropout_modes():
    return script(nn.Sequential(nn.Dropout(0.5), nn.Identity())), [
        Step(torch.ones(6), train=True, seed=1), Step(torch.ones(6), train=False, seed=1)]


@model()
def norms_and_pools():
    net = nn.Sequential(nn.Conv1d(2, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.GELU(), nn.InstanceNorm1d(4), nn.AvgPool1d(2),
                        nn.ELU(), nn.Flatten(), nn.LazyLinear(2))
    net(ramp(1, 2, 8))
    return script(fill(net)), [Step(ramp(2, 2, 8, scale=0.3))]


@model()
def dynamic_quantized_linear():
    torch.backends.quantized.engine = "fbgemm" if "fbgemm" in torch.backends.quantized.supported_engines else "qnnpack"
    net = fill(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))).eval()
    quantized = torch.ao.quantization.quantize_dynamic(net, {nn.Linear}, dtype=torch.qint8)
    return script(quantized), [Step(ramp(2, 4)), Step(ramp(1, 4, scale=1.0))]


@model()
def quantized_tensors():
    def f(x: Tensor) -> Tuple[Tensor, Tensor, float, int]:
        q = torch.quantize_per_tensor(x, 0.1, 10, torch.quint8)
        return q.dequantize(), q.int_repr(), q.q_scale(), q.q_zero_point()

    return function(f), [Step(ramp(4))]


@model()
def buffers_of_every_dtype():
    class Buffers(nn.Module):
        def __init__(self):
            super().__init__()
            for name, value in [("narrow", torch.tensor([0.5, 1.5]).half()), ("small", torch.tensor([-3, 3], dtype=torch.int8)),
                                ("mask", torch.tensor([True, False])), ("wave", torch.tensor([1j, 2 - 1j])),
                                ("brain", torch.tensor([3.0, 4.0]).bfloat16()), ("wide", torch.tensor([2**60, -1]))]:
                self.register_buffer(name, value)

        def forward(self) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
            return self.narrow, self.small, self.mask, self.wave, self.brain, self.wide

    return script(Buffers()), [Step()]


# ---- Files ----


@model()
def frozen():
    return torch.jit.freeze(script(fill(ConvNet()).eval())), [Step(ramp(2, 1, 8, 8, scale=0.02))]


@model()
def frozen_preserved():
    net = script(fill(Methods()).eval())
    return torch.jit.freeze(net, preserved_attrs=["embed"]), [Step(ramp(2, 3)), Step(ramp(2, 3), method="embed")]


@model()
def with_extra_files():
    return script(fill(nn.Linear(2, 1))), [Step(ramp(2, 2))]


@model()
def traced_from_script_submodule():
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.scripted = script(Gate())
            self.linear = nn.Linear(2, 2)

        def forward(self, x):
            return self.linear(self.scripted(x))

    return torch.jit.trace(fill(Mixed()), ramp(1, 2)), [Step(ramp(2, 2)), Step(ramp(2, 2, offset=5.0))]


class Gate(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if bool(x.mean() > 1):
            return x / x.mean()
        return x


@model()
def custom_op():
    library = torch.library.Library("flambeau_missing", "DEF")
    library.define("blur(Tensor x, int size) -> Tensor")
    library.impl("blur", lambda x, size: x * size, "CPU")
    KEPT.append(library)

    def f(x: Tensor) -> Tensor:
        return torch.ops.flambeau_missing.blur(x, 3) + 1

    return function(f), []


KEPT = []


# ---- Recording ----


def portable(data):
    """The archive without the places in PyTorch's own sources, which hold paths of this machine."""
    reader = torch._C.PyTorchFileReader(io.BytesIO(data))
    out = io.BytesIO()
    writer = torch._C.PyTorchFileWriter(out)
    local = [str(path).encode() for path in (sys.prefix, HERE, Path.home(), Path(torch.__file__).parent)]
    for name in reader.get_all_records():
        if name in ("version", "byteorder") or name.startswith(".data/"):
            continue
        content = reader.get_record(name)
        if name.endswith(".debug_pkl") and any(path in content for path in local):
            continue
        if any(path in content for path in local):
            raise RuntimeError(f"{name} holds a path")
        writer.write_record(name, content, len(content))
    writer.write_end_of_file()
    return out.getvalue()


def short_paths():
    """Has TorchScript note the places in sources without the path of this machine."""
    original = torch._sources.get_source_lines_and_file

    def short(obj, message=None):
        lines, first, path = original(obj, message)
        parts = Path(path).parts
        return lines, first, "/".join(parts[parts.index("torch"):]) if "torch" in parts else parts[-1]

    torch._sources.get_source_lines_and_file = short
    torch.jit.frontend.get_source_lines_and_file = short


def run(loaded, steps):
    recorded, results = [], []
    for step in steps:
        if step.train is not None:
            loaded.train(step.train)
        if step.seed is not None:
            torch.manual_seed(step.seed)
        args = [results[one.step] if isinstance(one, Ref) else one for one in step.args]
        entry = {"method": step.method, "args": [encode(one) for one in step.args]}
        if step.kw:
            entry["kwargs"] = [[name, encode(one)] for name, one in step.kw.items()]
        if step.train is not None:
            entry["train"] = step.train
        if step.seed is not None:
            entry["seed"] = step.seed
        target = loaded
        for part in step.method.split("."):
            target = getattr(target, part)
        try:
            result = target(*args, **step.kw)
            entry["result"] = encode(result)
            results.append(result)
        except Exception as error:
            results.append(None)
            entry["error"] = describe(error)
        recorded.append(entry)
    return recorded


def describe(error):
    lines = str(error).rstrip().splitlines()
    # "builtins.ValueError: n is 3" where a script raised, the failed op's own words else.
    return {"class": type(error).__name__, "message": lines[-1] if lines else ""}


def main():
    short_paths()
    MODELS.mkdir(parents=True, exist_ok=True)
    for old in MODELS.glob("*.pt"):
        old.unlink()
    recorded = []
    for name, build in BUILDERS.items():
        torch.manual_seed(0)
        made, steps = build()
        buffer = io.BytesIO()
        extra = {"notes.txt": "made in Python", "config.json": '{"a": 1}'} if name == "with_extra_files" else {}
        torch.jit.save(made, buffer, _extra_files=extra)
        data = portable(buffer.getvalue())
        (MODELS / f"{name}.pt").write_bytes(data)
        entry = {"name": name, "kind": "trace" if name.startswith("trace") else "script"}
        if extra:
            entry["extraFiles"] = extra
        if name == "custom_op":
            entry["missing"] = "flambeau_missing::blur"
            recorded.append(entry)
            continue
        loaded = torch.jit.load(io.BytesIO(data))
        entry["steps"] = run(loaded, steps)
        # Python makes no instances of classes that it knows from a file only.
        if any("class" in step.get("error", {}) and "is not found" in step["error"]["message"] or
               "Unknown reference" in step.get("error", {}).get("message", "") for step in entry["steps"]):
            entry["steps"] = run(made, steps)
            entry["pythonLoads"] = False
        if isinstance(loaded, torch.nn.Module):
            entry["parameters"] = [key for key, _ in loaded.named_parameters()]
            entry["buffers"] = [key for key, _ in loaded.named_buffers()]
        recorded.append(entry)
    with open(MODELS / "expected.json", "w", encoding="utf8", newline="\n") as file:
        file.write(f'{{ "torch": "{torch.__version__.split("+")[0]}", "models": [\n')
        lines = [json.dumps(one, ensure_ascii=False) for one in recorded]
        file.write("  " + ",\n  ".join(lines) + "\n] }\n")
    print(len(recorded), "models,", sum(p.stat().st_size for p in MODELS.iterdir()), "bytes")


if __name__ == "__main__":
    main()
