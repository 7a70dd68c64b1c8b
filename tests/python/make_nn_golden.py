"""Writes tests/golden/nn.json: layers of torch.nn, with the weights, outputs and text that PyTorch gives them.

Run with a Python that has torch 2.13. The output is the same in every run.

A case holds the `layer`, its `args` and `options` (by Flambeau's names), the `state` right after it was made under
`SEED`, the `shape` of the input (drawn by randn under `SEED + 1`), whether it is `training`, the `output`, the
`after` state where the call changed it, and the `text` that print() shows.
"""

import json
import math
import pathlib

import torch
from torch import nn

OUTPUT = pathlib.Path(__file__).parent.parent / "golden" / "nn.json"
SEED = 17

NAMES = {
    "paddingMode": "padding_mode",
    "trackRunningStats": "track_running_stats",
}

CONV = [4, 6, 3]
IMAGE = [2, 4, 7, 6]

CASES = [
    ("Linear", [3, 4], {}, [2, 3], True),
    ("Linear", [3, 4], {"bias": False}, [5, 2, 3], True),
    ("Linear", [3, 1], {}, [3], False),
    ("Linear", [0, 2], {}, [2, 0], True),
    ("Conv2d", CONV, {}, IMAGE, True),
    ("Conv2d", CONV, {}, IMAGE[1:], True),
    ("Conv2d", [4, 6, [3, 2]], {"stride": [2, 1], "padding": [1, 2], "dilation": [1, 2]}, IMAGE, True),
    ("Conv2d", CONV, {"bias": False, "groups": 2}, IMAGE, True),
    ("Conv2d", [4, 8, 1], {"groups": 4, "stride": 2}, IMAGE, True),
    ("Conv2d", CONV, {"padding": "same"}, IMAGE, True),
    ("Conv2d", [4, 6, [4, 3]], {"padding": "same", "dilation": 2}, IMAGE, True),
    ("Conv2d", CONV, {"padding": "valid"}, IMAGE, True),
    ("Conv2d", CONV, {"padding": 2, "paddingMode": "reflect"}, IMAGE, True),
    ("Conv2d", CONV, {"padding": [2, 1], "paddingMode": "replicate"}, IMAGE, True),
    ("Conv2d", CONV, {"padding": [1, 2], "paddingMode": "circular", "stride": 2}, IMAGE, True),
    ("Conv2d", [4, 6, [4, 3]], {"padding": "same", "paddingMode": "reflect"}, IMAGE, True),
    ("BatchNorm1d", [3], {}, [4, 3], True),
    ("BatchNorm1d", [3], {}, [4, 3], False),
    ("BatchNorm1d", [3], {}, [2, 3, 5], True),
    ("BatchNorm1d", [3], {"eps": 0.1, "momentum": 0.5}, [4, 3], True),
    ("BatchNorm1d", [3], {"momentum": None}, [4, 3], True),
    ("BatchNorm1d", [3], {"affine": False}, [4, 3], True),
    ("BatchNorm1d", [3], {"bias": False}, [4, 3], True),
    ("BatchNorm1d", [3], {"trackRunningStats": False}, [4, 3], False),
    ("BatchNorm2d", [4], {}, IMAGE, True),
    ("BatchNorm2d", [4], {}, IMAGE, False),
    ("BatchNorm2d", [4], {"eps": 1e-3, "affine": False, "trackRunningStats": False}, IMAGE, True),
    ("ReLU", [], {}, [2, 3], True),
    ("ReLU", [], {"inplace": True}, [2, 3], True),
    ("Dropout", [0.3], {}, [2, 3], False),
    ("Dropout", [0.0], {}, [2, 3], True),
    ("Flatten", [], {}, [2, 3, 4], True),
    ("Flatten", [0, 1], {}, [2, 3, 4], True),
]


def encode(tensor):
    def number(value):
        return value if isinstance(value, int) or math.isfinite(value) else str(value)

    values = [number(value) for value in tensor.detach().reshape(-1).tolist()]
    return {"shape": list(tensor.shape), "dtype": str(tensor.dtype)[6:], "values": values}


def state(layer):
    return {name: encode(tensor) for name, tensor in layer.state_dict().items()}


def tupled(value):
    return tuple(value) if isinstance(value, list) else value


def make(layer, args, options):
    keywords = {NAMES.get(name, name): tupled(value) for name, value in options.items()}
    return getattr(nn, layer)(*map(tupled, args), **keywords)


def case(layer, args, options, shape, training):
    torch.manual_seed(SEED)
    module = make(layer, args, options).train(training)
    found = {"layer": layer, "args": args, "options": options, "shape": shape, "training": training}
    found["text"] = repr(module)
    found["state"] = state(module)
    torch.manual_seed(SEED + 1)
    x = torch.randn(shape)
    # Twice: the second call sees what the first one left in the running statistics.
    module(x.clone())
    found["output"] = encode(module(x.clone()))
    found["after"] = state(module)
    if found["after"] == found["state"]:
        del found["after"]
    return found


def network():
    torch.manual_seed(SEED)
    net = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU()),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(8, 3, bias=False),
    )
    return {"text": repr(net), "state": state(net), "parameters": [n for n, _ in net.named_parameters()]}


golden = {"seed": SEED, "cases": [case(*one) for one in CASES], "network": network()}
OUTPUT.write_text(json.dumps(golden) + "\n", encoding="utf-8")
