"""Values of TorchScript as JSON, for the tests that go through PyTorch.

A tensor is {"$tensor": [shape, dtype, values]}, a dict with keys that are no strings {"$map": [[key, value], ...]}, an
integer beyond 2**53 {"$int": text}, a float that JSON has not {"$float": text}, a complex number {"$complex": [re, im]},
an enum {"$enum": [type, name, value]}; a named tuple is an object, anything else as JSON has it.
"""

import enum
import math

import torch

SAFE = 2**53 - 1


def encode(value):
    if isinstance(value, torch.Tensor):
        flat = value.detach().reshape(-1).tolist()
        return {"$tensor": [list(value.shape), str(value.dtype)[6:], [encode(one) for one in flat]]}
    if isinstance(value, enum.Enum):
        return {"$enum": [type(value).__name__, value.name, encode(value.value)]}
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= SAFE else {"$int": str(value)}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": str(value)}
    if isinstance(value, complex):
        return {"$complex": [value.real, value.imag]}
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: encode(one) for key, one in value.items()}
        return {"$map": [[encode(key), encode(one)] for key, one in value.items()]}
    if hasattr(value, "_fields"):
        return {name: encode(getattr(value, name)) for name in value._fields}
    if isinstance(value, (list, tuple)):
        return [encode(one) for one in value]
    raise TypeError(f"{type(value)} has no JSON form here")


def decode(value):
    if isinstance(value, list):
        return [decode(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "$tensor" in value:
        shape, dtype, values = value["$tensor"]
        return torch.tensor([decode(one) for one in values], dtype=getattr(torch, dtype)).reshape(shape)
    if "$tuple" in value:
        return tuple(decode(one) for one in value["$tuple"])
    if "$map" in value:
        return {decode(key): decode(one) for key, one in value["$map"]}
    return {key: decode(one) for key, one in value.items()}
