"""Writes tests/golden/nn_utils.gz: what torch.nn.init and torch.nn.utils do, as PyTorch does it.

Run with a Python that has torch 2.13. The output is the same in every run.

`init` holds calls that fill a tensor: the function, its arguments by Flambeau's names, shape and dtype, whether it draws from
a generator of its own, and the values under `SEED`. `modules` holds what is done to a layer: calls, and the text, the state,
the output, the gradients and the state after each; then perhaps a call that takes it back, and the state after that.
"""

import gzip
import json
import math
import pathlib
import re

import numpy
import torch
import torch.nn.utils.prune
from torch import nn

OUTPUT = pathlib.Path(__file__).parent.parent / "golden" / "nn_utils.gz"
SEED = 17

INIT = [
    ("uniform_", [3, 5], {}),
    ("uniform_", [3, 5], {"a": -1, "b": 3}),
    ("normal_", [3, 5], {"mean": 2, "std": 0.5}),
    ("normal_", [4, 5], {}),
    ("constant_", [2, 2], {"val": 0.3}),
    ("ones_", [2, 2], {}),
    ("zeros_", [2, 2], {}),
    ("eye_", [2, 3], {}),
    ("dirac_", [4, 2, 3], {"groups": 2}),
    ("dirac_", [2, 3, 3, 2], {}),
    ("dirac_", [3, 2, 1, 2, 3], {}),
    ("xavierUniform_", [3, 5], {}),
    ("xavierUniform_", [3, 5, 2], {"gain": 2.5}),
    ("xavierNormal_", [3, 5], {"gain": 0.5}),
    ("kaimingUniform_", [3, 5], {}),
    ("kaimingUniform_", [3, 5, 2], {"a": 0.2, "mode": "fan_out"}),
    ("kaimingUniform_", [3, 5], {"nonlinearity": "tanh"}),
    ("kaimingNormal_", [3, 5], {"mode": "fan_out", "nonlinearity": "relu"}),
    ("kaimingNormal_", [3, 5], {"a": 1}),
    ("truncNormal_", [4, 5], {}),
    ("truncNormal_", [4, 5], {"std": 3.0, "a": -1.0, "b": 1.0}),
    ("truncNormal_", [4, 5], {"mean": 1.0, "std": 0.02, "a": 0.98, "b": 1.04}),
    ("truncNormal_", [4, 5], {"mean": 0.0, "std": 1.0, "a": 1.5, "b": 3.0}),
    ("orthogonal_", [3, 5], {}),
    ("orthogonal_", [5, 3], {"gain": 2.0}),
    ("orthogonal_", [4, 2, 3], {}),
    ("sparse_", [5, 3], {"sparsity": 0.5, "std": 0.1}),
]

LINEAR = ("Linear", [4, 3], {})
CONV = ("Conv2d", [2, 3, 2], {})
TRANSPOSED = ("ConvTranspose1d", [3, 2, 2], {})

# The layer, what is done to it, the shape of its input, and what takes it back.
MODULES = [
    (LINEAR, [("weightNorm", [], {})], [2, 4], ("removeWeightNorm", [], {})),
    (CONV, [("weightNorm", ["weight", 1], {})], [1, 2, 4, 4], ("removeWeightNorm", ["weight"], {})),
    (LINEAR, [("weightNorm", ["weight", None], {})], [2, 4], None),
    (LINEAR, [("spectralNorm", [], {})], [2, 4], ("removeSpectralNorm", [], {})),
    (CONV, [("spectralNorm", [], {"nPowerIterations": 3, "dim": 1})], [1, 2, 4, 4], ("removeSpectralNorm", [], {})),
    (TRANSPOSED, [("spectralNorm", [], {})], [1, 3, 4], None),
    (LINEAR, [("parametrizations.weightNorm", [], {})], [2, 4], ("parametrize.removeParametrizations", ["weight"], {})),
    (CONV, [("parametrizations.weightNorm", [], {"dim": 1})], [1, 2, 4, 4], None),
    (LINEAR, [("parametrizations.weightNorm", [], {"dim": None})], [2, 4], None),
    (LINEAR, [("parametrizations.spectralNorm", [], {})], [2, 4],
     ("parametrize.removeParametrizations", ["weight"], {})),
    (LINEAR, [("parametrizations.spectralNorm", [], {"name": "bias"})], [2, 4], None),
    (TRANSPOSED, [("parametrizations.spectralNorm", [], {"nPowerIterations": 2})], [1, 3, 4],
     ("parametrize.removeParametrizations", ["weight"], {"leaveParametrized": False})),
    (LINEAR, [("parametrizations.orthogonal", [], {})], [2, 4], ("parametrize.removeParametrizations", ["weight"], {})),
    (LINEAR, [("parametrizations.orthogonal", [], {"orthogonalMap": "cayley"})], [2, 4], None),
    (LINEAR, [("parametrizations.orthogonal", [], {"orthogonalMap": "matrix_exp"})], [2, 4], None),
    (LINEAR, [("parametrizations.orthogonal", [], {"useTrivialization": False})], [2, 4], None),
    (("Linear", [3, 3], {}), [("parametrizations.orthogonal", [], {})], [2, 3], None),
    (("Linear", [3, 4], {}), [("parametrizations.orthogonal", [], {"orthogonalMap": "householder"})], [2, 3], None),
    (LINEAR, [("parametrizations.spectralNorm", [], {}), ("parametrizations.weightNorm", [], {"name": "bias"})],
     [2, 4], ("parametrize.removeParametrizations", ["bias"], {})),
    (LINEAR, [("prune.identity", ["weight"], {})], [2, 4], ("prune.remove", ["weight"], {})),
    (LINEAR, [("prune.l1Unstructured", ["weight", 0.4], {})], [2, 4], ("prune.remove", ["weight"], {})),
    (LINEAR, [("prune.l1Unstructured", ["bias", 1], {})], [2, 4], None),
    (LINEAR, [("prune.randomUnstructured", ["weight", 5], {})], [2, 4], None),
    (CONV, [("prune.randomStructured", ["weight", 2, 0], {})], [1, 2, 4, 4], None),
    (CONV, [("prune.lnStructured", ["weight", 0.5, 2, 1], {})], [1, 2, 4, 4], ("prune.remove", ["weight"], {})),
    (CONV, [("prune.lnStructured", ["weight", 1, math.inf, -1], {})], [1, 2, 4, 4], None),
    (LINEAR, [("prune.l1Unstructured", ["weight", 3], {}), ("prune.randomUnstructured", ["weight", 0.5], {}),
              ("prune.lnStructured", ["weight", 1, 1, 0], {}), ("prune.lnStructured", ["weight", 1, 2, 1], {})],
     [2, 4], ("prune.remove", ["weight"], {})),
]


def encode(tensor):
    dense = tensor.detach()
    short = (lambda one: float(str(numpy.float32(one)))) if dense.dtype == torch.float32 else (lambda one: one)
    return {"tensor": [list(dense.shape), str(dense.dtype)[6:], [short(one) for one in dense.reshape(-1).tolist()]]}


def snake(name):
    return re.sub("([A-Z])", r"_\1", name).lower()


def keywords(options):
    return {snake(name): value for name, value in options.items()}


def init(name, shape, options, dtype, own):
    torch.manual_seed(SEED)
    tensor = torch.full(shape, 7, dtype=getattr(torch, dtype)).requires_grad_()
    given = keywords(options)
    if own:
        given["generator"] = torch.Generator().manual_seed(SEED + 1)
    getattr(nn.init, snake(name))(tensor, **given)
    return {"name": name, "options": options, "dtype": dtype, "own": own, "values": encode(tensor)}


def inits():
    plain = {"constant_", "ones_", "zeros_", "eye_", "dirac_"}
    for name, shape, options in INIT:
        yield init(name, shape, options, "float32", False)
        yield init(name, shape, options, "float64", False)
        if name not in plain:
            yield init(name, shape, options, "float32", True)


def run(module, call):
    name, args, options = call
    function = nn.utils
    for part in snake(name).split("."):
        function = getattr(function, part)
    function(module, *args, **keywords(options))


def state(module):
    return {name: encode(value) for name, value in module.state_dict().items()}


def module(layer, calls, shape, back):
    torch.manual_seed(SEED)
    name, args, options = layer
    made = getattr(nn, name)(*args, **keywords(options))
    found = {"layer": name, "args": args, "options": options, "calls": calls, "shape": shape}
    for call in calls:
        run(made, call)
    found.update(text=repr(made), state=state(made))
    x = torch.randn(shape).requires_grad_()
    for _ in range(2):
        output = made(x)
    (output * torch.arange(output.numel(), dtype=output.dtype).cos().view_as(output)).sum().backward()
    found.update(input=encode(x), output=encode(output), after=state(made), inputGradient=encode(x.grad))
    found["gradients"] = {n: encode(p.grad) for n, p in made.named_parameters()}
    if back is not None:
        run(made, back)
        found.update(back=back, end=state(made), parameters=[n for n, _ in made.named_parameters()])
    return found


text = json.dumps({
    "seed": SEED,
    "init": list(inits()),
    "modules": [module(*one) for one in MODULES],
}, separators=(",", ":")).replace("Infinity", '"Infinity"')
OUTPUT.write_bytes(gzip.compress(text.encode(), mtime=0))
