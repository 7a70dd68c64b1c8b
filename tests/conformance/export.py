"""Writes PyTorch's own sample inputs, with what PyTorch computes from them.

    python export.py DIRECTORY [--ops PART] [--limit N]

Wants torch 2.13, numpy, hypothesis and expecttest. Takes PyTorch's OpInfo database: all float32 samples, and
at most N (default 24) of each other dtype. For each entry, DIRECTORY gets NAME.jsonl (a header, then a sample
a line) and NAME.bin (the memory of its tensors). The same in every run.
"""

import argparse
import itertools
import pathlib
import random
import re
import warnings

import numpy
import torch
from torch.testing._internal.common_methods_invocations import op_db

from encode import Blob, dumps, encode, encode_tensor
from record import Recorder, leaves

DTYPES = [torch.float32, torch.int64, torch.bool, torch.complex64, torch.bfloat16]
SEED = 20260


def seed_all():
    torch.manual_seed(SEED)
    numpy.random.seed(SEED)
    random.seed(SEED)


def run(function, sample):
    torch.manual_seed(SEED)
    return function(sample.input, *sample.args, **sample.kwargs)


def same(a, b):
    """Whether two results are alike in structure, dtype, shape and value."""
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        try:
            torch.testing.assert_close(a, b, equal_nan=True)
            return True
        except AssertionError:
            return False
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or a != a)


def other_forms(op, sample, result):
    """The method and the in-place method that give the same result."""
    forms = {}
    if not isinstance(sample.input, torch.Tensor):
        return forms
    variants = {"method": op.method_variant, "inplace": op.inplace_variant}
    for form, variant in variants.items():
        name = getattr(variant, "__name__", "")
        if not name or getattr(torch.Tensor, name, None) is not variant:
            continue
        given = sample.input.detach().clone() if form == "inplace" else sample.input
        try:
            torch.manual_seed(SEED)
            if same(variant(given, *sample.args, **sample.kwargs), result):
                forms[form] = name
        except Exception:
            pass  # PyTorch refuses: a result that does not fit the input, for instance
    return forms


def real_sum(tensor):
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor.resolve_conj())
    return tensor.sum()


def gradients(recorder, result, blob):
    """Gradients of the sum of all differentiable results, one for each tensor of the sample."""
    sums = [real_sum(tensor) for tensor, _ in leaves(result) if tensor.requires_grad]
    inputs = [t for t in recorder.tensors if t.requires_grad and t.is_leaf]
    if not sums or not inputs:
        return None
    try:
        found = torch.autograd.grad(sum(sums), inputs, allow_unused=True)
    except RuntimeError:
        return None  # PyTorch has no gradient for this sample
    found = {id(t): g for t, g in zip(inputs, found)}
    return [encode_optional(found.get(id(t)), blob) for t in recorder.tensors]


def encode_optional(tensor, blob):
    return None if tensor is None else encode_tensor(tensor, blob)


def is_test_code(function):
    """Whether a function belongs to PyTorch's tests, not to torch: a lambda around calls of torch."""
    module = getattr(function, "__module__", None) or ""
    return module.startswith("torch.testing") or getattr(function, "__name__", "") == "<lambda>"


def call(op, sample, recorder):
    """The result of a sample; the recorder then has its calls: the one that a user writes, where there is one."""
    torch.manual_seed(SEED)
    if is_test_code(op.op):
        with recorder:
            return op.op(sample.input, *sample.args, **sample.kwargs)
    step = recorder.describe(op.op, (sample.input, *sample.args), sample.kwargs)
    recorder.note(step)
    result = run(op.op, sample)
    recorder.ended(step, result)
    return result


def export_sample(op, sample, blob, autograd):
    recorder = Recorder(blob, op.name)
    result = call(op, sample, recorder)
    line = {"seed": recorder.seed, "steps": recorder.steps, "returns": recorder.returned(result)}
    line["result"] = encode(result, lambda tensor: encode_tensor(tensor, blob))
    if autograd:
        grads = gradients(recorder, result, blob)
        if grads:
            line["grads"] = grads
    for form, name in other_forms(op, sample, result).items():
        step = recorder.form(name, sample)
        line[form] = name if step["args"] == recorder.steps[0]["args"] else step
    line["tensors"] = recorder.codes
    return line


def samples_of(op, dtype, limit):
    """The samples of a dtype, with how many PyTorch itself refuses."""
    if dtype not in op.supported_dtypes("cpu"):
        return
    autograd = dtype == torch.float32 and op.supports_autograd
    seed_all()
    samples = op.sample_inputs("cpu", dtype, requires_grad=autograd)
    yield from ((sample, autograd) for sample in itertools.islice(samples, limit))


def export_dtype(op, dtype, limit, blob, lines):
    refused = 0
    for sample, autograd in samples_of(op, dtype, limit):
        try:
            line = export_sample(op, sample, blob, autograd)
        except Exception:
            refused += 1  # PyTorch itself has no result: an op of another device, for instance
            continue
        lines.append(dumps({"dtype": str(dtype).removeprefix("torch."), **line}))
    return refused


def export_op(op, directory, limit):
    path = directory / re.sub(r"[^\w.]", "_", op.full_name)
    lines, refused = [], {}
    with open(f"{path}.bin", "wb") as file:
        blob = Blob(file)
        for dtype in DTYPES:
            count = None if dtype == torch.float32 else limit
            refused[str(dtype).removeprefix("torch.")] = export_dtype(op, dtype, count, blob, lines)
    header = {"entry": op.full_name, "refused": refused}
    with open(f"{path}.jsonl", "w") as file:
        file.write("\n".join([dumps(header), *lines]) + "\n")
    return len(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--ops", default="", help="only entries with this in their name")
    parser.add_argument("--limit", type=int, default=24, help="samples of each dtype but float32")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    arguments.directory.mkdir(parents=True, exist_ok=True)
    total = 0
    for op in op_db:
        if arguments.ops in op.full_name:
            total += export_op(op, arguments.directory, arguments.limit)
    print(f"{total} samples of {len(op_db)} entries, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
