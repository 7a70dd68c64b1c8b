"""Writes PyTorch's own samples of modules, with what PyTorch computes from them.

    python export.py DIRECTORY [--modules PART]

Wants torch 2.13, numpy, hypothesis and expecttest. Takes PyTorch's ModuleInfo database: all samples of float32 and
float64, in training and in evaluation; and, in a folder `more`, those of more.py likewise. For each entry, DIRECTORY gets NAME.jsonl (a header, then a sample a line)
and NAME.bin (the memory of its tensors). The same in every run.
"""

import argparse
import dataclasses
import inspect
import pathlib
import random
import sys
import warnings

import numpy
import torch
from torch.testing._internal.common_modules import module_db

sys.path.append(str(pathlib.Path(__file__).parent.parent))

import more  # noqa: E402
from encode import Blob, dtype_name, dumps, encode, encode_tensor  # noqa: E402

DTYPES = [torch.float32, torch.float64]
SEED = 20261


def remember_arguments(cls):
    """Makes instances say how they were made: for modules that are arguments of others."""
    original = cls.__init__

    def init(self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.made_with = (args, kwargs)

    cls.__init__ = init
    init.__signature__ = inspect.signature(original)


class Inputs:
    """The tensors of a sample, each once, without what computed them."""

    def __init__(self, blob):
        self.blob = blob
        self.given = []
        self.tensors = []
        self.codes = []

    def note(self, tensor):
        for index, known in enumerate(self.given):
            if known is tensor:
                return index
        code = encode_tensor(tensor, self.blob)
        if code["$"] == "other":
            raise NotImplementedError(code["type"])
        fresh = tensor.detach().clone(memory_format=torch.preserve_format)
        if tensor.requires_grad:
            fresh.requires_grad_()
            code["grad"] = True
        self.given.append(tensor)
        self.tensors.append(fresh)
        self.codes.append(code)
        return len(self.codes) - 1

    def encode(self, value):
        if isinstance(value, torch.nn.Module) and hasattr(value, "made_with"):
            args, kwargs = by_rule(type(value), *value.made_with)
            made = {"$": "module", "name": type(value).__name__, "args": self.encode(args)}
            return {**made, "kwargs": {name: self.encode(one) for name, one in kwargs.items()}}
        if isinstance(value, torch.nn.LinearCrossEntropyOptions):
            fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
            return {"$": "options", "kwargs": {name: self.encode(one) for name, one in fields.items()}}
        if callable(value) and getattr(torch.nn.functional, getattr(value, "__name__", " "), None) is value:
            return {"$": "function", "v": value.__name__}
        if isinstance(value, (list, tuple)):
            return [self.encode(one) for one in value]
        return encode(value, lambda tensor: {"$": "input", "v": self.note(tensor)})

    def fresh(self, value):
        """The same value with the tensors of this sample."""
        if isinstance(value, torch.Tensor):
            return self.tensors[self.note(value)]
        if isinstance(value, (list, tuple)):
            return type(value)(self.fresh(one) for one in value)
        return value


def by_rule(cls, args, kwargs):
    """Arguments of a constructor as they are written here: what is required by place, the rest by name."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        parameters = list(inspect.signature(cls.__mro__[1].__init__).parameters.values())[2:]
    named = {one.name: value for one, value in zip(parameters, args)} | kwargs
    plain = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    required = [one.name for one in plain if one.default is one.empty]
    return [named.pop(name) for name in required], named


def forward_by_rule(module, args, kwargs):
    """Likewise of a call: what has no default by place."""
    rest = dict(kwargs)
    names = [one for one in inspect.signature(module.forward).parameters.values()][len(args) :]
    front = [rest.pop(one.name) for one in names if one.default is one.empty and one.name in rest]
    return [*args, *front], rest


def leaves(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [leaf for element in value for leaf in leaves(element)]
    return []


def weighted_sum(tensors):
    """The sum of all elements, with weights, so that no gradient is zero by symmetry."""
    total = 0
    for tensor in tensors:
        weights = (torch.arange(tensor.numel()) % 7 + 1).to(tensor.dtype).div(4)
        total = total + (tensor * weights.reshape(tensor.shape)).sum()
    return total


def optional(tensor, blob):
    return None if tensor is None else encode_tensor(tensor, blob)


def make(info, sample, dtype, training):
    torch.manual_seed(SEED)
    made = sample.constructor_input
    module = info.module_cls(*made.args, **made.kwargs)
    return module.to("cpu").to(dtype).train(training)


def export_sample(info, sample, dtype, training, blob):
    inputs = Inputs(blob)
    module = make(info, sample, dtype, training)
    args, kwargs = by_rule(info.module_cls, sample.constructor_input.args, sample.constructor_input.kwargs)
    line = {"dtype": dtype_name(dtype), "training": training, "seed": SEED}
    line["make"] = {"args": inputs.encode(args), "kwargs": {name: inputs.encode(one) for name, one in kwargs.items()}}
    line["text"] = repr(module)
    line["state"] = {name: encode_tensor(one, blob) for name, one in module.state_dict().items()}
    given, named = forward_by_rule(module, sample.forward_input.args, sample.forward_input.kwargs)
    line["call"] = {"args": inputs.encode(given), "kwargs": {name: inputs.encode(one) for name, one in named.items()}}
    line["tensors"] = inputs.codes
    torch.manual_seed(SEED + 1)
    result = module(*inputs.fresh(given), **{name: inputs.fresh(one) for name, one in named.items()})
    line["result"] = encode(result, lambda tensor: encode_tensor(tensor, blob))
    line["after"] = {name: encode_tensor(one, blob) for name, one in module.named_buffers()}
    outputs = [one for one in leaves(result) if one.requires_grad]
    if outputs:
        weighted_sum(outputs).backward()
        line["grads"] = [optional(one.grad, blob) for one in inputs.tensors]
        line["parameterGrads"] = {name: optional(one.grad, blob) for name, one in module.named_parameters()}
    return line


def samples_of(info, dtype, training):
    torch.manual_seed(SEED)
    numpy.random.seed(SEED)
    random.seed(SEED)
    found = info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)
    return [sample for sample in found if sample.forward_input is not None]


def export_module(info, directory):
    path = directory / info.name
    lines, refused = [], 0
    with open(f"{path}.bin", "wb") as file:
        blob = Blob(file)
        for dtype in DTYPES:
            for training in (True, False):
                for sample in samples_of(info, dtype, training):
                    try:
                        lines.append(dumps(export_sample(info, sample, dtype, training, blob)))
                    except Exception as error:
                        if directory.name == "more":
                            raise error
                        refused += 1  # PyTorch itself has no result
    header = {"entry": info.name, "refused": {"all": refused}}
    with open(f"{path}.jsonl", "w") as file:
        file.write("\n".join([dumps(header), *lines]) + "\n")
    return len(lines), refused


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--modules", default="", help="only entries with this in their name")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    remember_arguments(torch.nn.TransformerEncoderLayer)
    further = arguments.directory / "more"
    further.mkdir(parents=True, exist_ok=True)
    wanted = [info for info in module_db if arguments.modules in info.name]
    counts = [export_module(info, arguments.directory) for info in wanted]
    counts += [export_module(info, further) for info in more.entries() if arguments.modules in info.name]
    total, refused = map(sum, zip(*counts))
    print(f"{total} samples of {len(counts)} modules, {refused} refused, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
