"""Values of TorchScript in JSON: what make_interop_models.py records and compare_interop_models.py reads."""

import enum
import math

import torch

DTYPES = {
    name: getattr(torch, name)
    for name in "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128".split()
}


class Ref:
    """An argument that is the result of an earlier step."""

    def __init__(self, step):
        self.step = step


def dtype_name(dtype):
    return str(dtype).removeprefix("torch.")


def number(value):
    """A float that JSON can hold."""
    return value if math.isfinite(value) else repr(value)


def whole(value):
    """An int that JavaScript reads exactly."""
    return value if abs(value) < 2**53 else str(value)


def encode_tensor(tensor):
    plain = tensor.detach()
    name = dtype_name(plain.dtype)
    if plain.is_complex():
        data = [number(x) for x in torch.view_as_real(plain.resolve_conj()).double().flatten().tolist()]
    elif plain.is_floating_point():
        data = [number(x) for x in plain.double().flatten().tolist()]
    else:
        data = [int(x) if name == "bool" else whole(x) for x in plain.flatten().tolist()]
    made = {"tensor": name, "shape": list(plain.shape), "data": data}
    if tensor.requires_grad and tensor.is_leaf:
        made["requiresGrad"] = True
    return made


def encode(value):
    """A value with its type, by what it is in Python."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, enum.Enum):
        return {"enum": [type(value).__name__, value.name, encode(value.value)]}
    if isinstance(value, int):
        return {"int": whole(value)}
    if isinstance(value, float):
        return {"float": number(value)}
    if isinstance(value, complex):
        return {"complex": [number(value.real), number(value.imag)]}
    if isinstance(value, torch.Tensor):
        return encode_tensor(value)
    if isinstance(value, torch.dtype):
        return {"dtype": dtype_name(value)}
    if isinstance(value, torch.device):
        return {"device": str(value)}
    if type(value).__name__ == "Future":
        return {"future": encode(value.wait())}
    if isinstance(value, list):
        return {"list": [encode(one) for one in value]}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {"named": [[name, encode(getattr(value, name))] for name in value._fields]}
    if isinstance(value, tuple):
        return {"tuple": [encode(one) for one in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(key), encode(one)] for key, one in value.items()]}
    if isinstance(value, Ref):
        return {"ref": value.step}
    return {"object": [type(value).__name__, [[k, encode(v)] for k, v in vars(value).items()]]}


def decode(value, results=(), enums=None):
    """The value that `encode` wrote. Enum members are looked up in `enums`, by class."""
    if not isinstance(value, dict):
        return value
    kind, body = next(iter(value.items()))
    if kind == "tensor":
        return decode_tensor(value)
    if kind == "int":
        return int(body)
    if kind == "float":
        return float(body)
    if kind == "complex":
        return complex(float(body[0]), float(body[1]))
    if kind == "dtype":
        return DTYPES[body]
    if kind == "device":
        return torch.device(body)
    if kind == "list":
        return [decode(one, results, enums) for one in body]
    if kind == "tuple":
        return tuple(decode(one, results, enums) for one in body)
    if kind == "named":
        return tuple(decode(one, results, enums) for _, one in body)
    if kind == "dict":
        return {decode(key, results, enums): decode(one, results, enums) for key, one in body}
    if kind == "ref":
        return results[body]
    if kind == "enum":
        return getattr(enums[body[0]], body[1])
    raise TypeError(f"A value of the unknown kind {kind}")


def decode_tensor(value):
    shape, data, dtype = value["shape"], value["data"], DTYPES[value["tensor"]]
    if dtype.is_complex:
        pairs = torch.tensor([float(x) for x in data], dtype=torch.float64)
        made = torch.view_as_complex(pairs.reshape([*shape, 2])).to(dtype)
    elif dtype.is_floating_point:
        made = torch.tensor([float(x) for x in data], dtype=torch.float64).reshape(shape).to(dtype)
    else:
        made = torch.tensor([int(x) for x in data], dtype=torch.int64).reshape(shape).to(dtype)
    return made.requires_grad_() if value.get("requiresGrad") else made


def difference(a, b, path="result"):
    """What differs between two encoded values, None for nothing."""
    if isinstance(a, dict) and isinstance(b, dict):
        if list(a) != list(b):
            return f"{path}: {list(a)} against {list(b)}"
        pairs = [(key, a[key], b[key]) for key in a]
    elif isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            return f"{path}: {len(a)} elements against {len(b)}"
        pairs = list(zip(range(len(a)), a, b))
    elif isinstance(a, (int, float)) and isinstance(b, (int, float)) and not isinstance(a, bool):
        return None if close(float(a), float(b)) else f"{path}: {a} against {b}"
    else:
        return None if a == b and type(a) is type(b) else f"{path}: {a!r} against {b!r}"
    found = (difference(x, y, f"{path}.{key}") for key, x, y in pairs)
    return next((one for one in found if one), None)


def close(x, y):
    return x == y or (math.isnan(x) and math.isnan(y)) or abs(x - y) <= 1e-5 + 1e-4 * abs(y)
