"""Writes public_names.json: the names under which PyTorch offers ATen's ops.

Run with a Python that has torch 2.13. The output is the same in every run.

`torch`, `linalg`, `fft`, `special` and `functional` list functions, `methods` and `attributes` what a
Tensor has; each by the name of its op without "aten::". Of nn.functional and torch._C._nn (`nn`) only
those are listed that are the op itself; functional ones that are written in Python are not.
"""

import inspect
import json
import pathlib

import torch

OUTPUT = pathlib.Path(__file__).parent / "public_names.json"

ops = {
    name.split(".")[0][len("aten::"):]
    for name in torch._C._dispatch_get_all_op_names()
    if name.startswith("aten::")
}


def public(module):
    return sorted(name for name in dir(module) if not name.startswith("_") and name in ops)


def prefixed(module, prefix):
    names = (prefix + name for name in dir(module) if not name.startswith("_"))
    return sorted(name for name in names if name in ops)


def is_attribute(name):
    return inspect.isgetsetdescriptor(getattr(torch.Tensor, name))


# Python code in nn.functional that hands its arguments on as they are.
PLAIN = """
celu elu glu group_norm hardsigmoid hardswish hardtanh layer_norm leaky_relu mish relu relu6 rms_norm
selu sigmoid silu tanh threshold log_sigmoid pad smooth_l1_loss mse_loss l1_loss huber_loss
adaptive_avg_pool2d adaptive_avg_pool3d
max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices
max_pool3d_with_indices softmax log_softmax celu_ elu_ soft_margin_loss multilabel_margin_loss
""".split()

functional = torch.nn.functional
names = {
    "torch": public(torch),
    "methods": [name for name in public(torch.Tensor) if not is_attribute(name)],
    "attributes": [name for name in public(torch.Tensor) if is_attribute(name)],
    "linalg": prefixed(torch.linalg, "linalg_"),
    "fft": prefixed(torch.fft, "fft_"),
    "special": prefixed(torch.special, "special_"),
    "functional": [
        name
        for name in public(functional)
        if name in PLAIN or not inspect.isfunction(getattr(functional, name))
    ],
    "nn": public(torch._C._nn),
}
OUTPUT.write_text(json.dumps(names, indent=1) + "\n")
