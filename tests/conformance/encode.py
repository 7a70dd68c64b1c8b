"""Values of Python as JSON beside one binary blob, for tests/conformance/sample.ts.

Numbers, strings, booleans, None and lists are themselves; everything else is an object with a key "$".
"""

import hashlib
import json
import math

import torch

# What JSON, read by JavaScript, cannot hold as a number.
SAFE_INTEGER = 2**53 - 1


class Blob:
    """The bytes of all tensors of a file, each content once."""

    def __init__(self, file):
        self.file = file
        self.size = 0
        self.places = {}

    def add(self, data):
        """Writes bytes unless they are there, and returns where."""
        key = hashlib.blake2b(data, digest_size=16).digest()
        if key not in self.places:
            padding = -self.size % 16
            self.file.write(b"\0" * padding + data)
            self.places[key] = self.size + padding
            self.size += padding + len(data)
        return self.places[key]


def dtype_name(dtype):
    return str(dtype).removeprefix("torch.")


def why_not_plain(tensor):
    """What keeps a tensor from being described by dtype, sizes, strides and memory; None for nothing."""
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter):
        return type(tensor).__name__
    if tensor.is_nested:
        return "nested tensor"
    if tensor.layout != torch.strided:
        return f"{str(tensor.layout).removeprefix('torch.')} tensor"
    if tensor.is_quantized:
        return "quantized tensor"
    if tensor.device.type != "cpu":
        return f"tensor on device {tensor.device.type}"
    return None


def encode_tensor(tensor, blob):
    """A tensor as the memory that it spans, and how it lies in it."""
    reason = why_not_plain(tensor)
    if reason:
        return {"$": "other", "type": reason}
    conjugate = tensor.is_conj()
    plain = tensor.detach().resolve_neg()
    if plain._is_zerotensor():
        plain = torch.zeros(plain.shape, dtype=plain.dtype)  # a gradient without memory
    plain = plain.conj() if conjugate else plain
    memory, offset = memory_of(plain)
    data = memory.view(torch.uint8).numpy().tobytes()
    code = {"$": "tensor", "dtype": dtype_name(plain.dtype), "shape": list(plain.shape)}
    if memory.numel() != plain.numel() or not plain.is_contiguous():
        code["strides"] = list(plain.stride())
    if offset:
        code["offset"] = offset
    if conjugate:
        code["conj"] = True
    return {**code, "at": blob.add(data), "bytes": len(data)}


def memory_of(tensor):
    """The memory of a tensor as one dimension, and where the tensor begins in it.

    The whole of it where that is little (as_strided reaches beyond the tensor), else what the tensor spans.
    """
    storage = tensor.untyped_storage().nbytes() // tensor.element_size()
    if storage <= 4096 // tensor.element_size():
        return tensor.as_strided((storage,), (1,), 0), tensor.storage_offset()
    last = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride()))
    return tensor.as_strided((last + 1 if tensor.numel() else 0,), (1,)), 0


def encode_number(value):
    if isinstance(value, complex):
        return {"$": "complex", "re": encode_number(value.real), "im": encode_number(value.imag)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$": "float", "v": str(value)}
    if isinstance(value, int) and abs(value) > SAFE_INTEGER:
        return {"$": "int", "v": str(value)}
    return value


def encode(value, tensor):
    """Any value; `tensor` encodes the tensors in it."""
    if isinstance(value, torch.Tensor):
        return tensor(value)
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float, complex)) and type(value) in (int, float, complex):
        return encode_number(value)
    if isinstance(value, (list, tuple)):
        return [encode(element, tensor) for element in value]
    return encode_word(value)


def encode_word(value):
    """What is written as a word in JavaScript, or has no form there."""
    if isinstance(value, torch.dtype):
        return {"$": "word", "v": dtype_name(value)}
    if isinstance(value, (torch.layout, torch.memory_format)):
        return {"$": "word", "v": str(value).removeprefix("torch.")}
    if isinstance(value, torch.device):
        return {"$": "word", "v": str(value)}
    if isinstance(value, slice):
        parts = [value.start, value.stop, value.step]
        if all(part is None or type(part) is int for part in parts):
            return {"$": "slice", "v": parts}
    if value is Ellipsis:
        return {"$": "word", "v": "..."}
    if hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return encode_number(value.item())  # a scalar of NumPy
    return {"$": "other", "type": "function" if callable(value) else type(value).__name__}


def dumps(value):
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
