"""Writes tests/golden/print.json: tensors, and the text that PyTorch prints for them.

Run with a Python that has torch 2.13. The output is the same in every run.

A case holds `shape`, `dtype`, what differs from the defaults of `options` (print options by
Flambeau's names), `defaultDtype`, `device`, `requiresGrad` and `gradFn`, and the `expected` text.
Its elements are either `data`, in row-major order (nan, inf, -0 and large integers as strings,
complex numbers as pairs), or `sequence`: [factor, modulus, offset, divisor], which stands for
(index * factor % modulus - offset) / divisor.
"""

import json
import math
import pathlib

import torch

OUTPUT = pathlib.Path(__file__).parent.parent / "golden" / "print.json"
SAFE = 2**53 - 1
NAN, INF = math.nan, math.inf

cases = []


def encode(value):
    if isinstance(value, complex):
        return [encode(value.real), encode(value.imag)]
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        if value == 0 and math.copysign(1, value) < 0:
            return "-0"
        return int(value) if value.is_integer() and abs(value) <= SAFE else value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > SAFE:
        return str(value)
    return value


def print_options(options):
    names = {"sciMode": "sci_mode"}
    torch.set_printoptions(profile="default")
    torch.set_printoptions(**{names.get(k, k): v for k, v in options.items()})


def add(name, tensor, sequence=None, default_dtype=None, **options):
    case = {"name": name, "shape": list(tensor.shape), "dtype": str(tensor.dtype)[6:]}
    if sequence:
        case["sequence"] = sequence
    elif tensor.device.type != "meta":
        plain = tensor.detach()
        if plain.dtype.is_floating_point:
            plain = plain.double()
        case["data"] = [encode(v) for v in plain.reshape(-1).tolist()]
    if options:
        case["options"] = options
    if tensor.device.type != "cpu":
        case["device"] = str(tensor.device)
    if tensor.requires_grad:
        case["requiresGrad"] = True
    if tensor.grad_fn is not None:
        case["gradFn"] = tensor.grad_fn.name()
    if default_dtype is not None:
        case["defaultDtype"] = str(default_dtype)[6:]
        torch.set_default_dtype(default_dtype)
    print_options(options)
    case["expected"] = repr(tensor)
    torch.set_default_dtype(torch.float32)
    cases.append(case)


def sequence(name, shape, dtype, recipe, **options):
    factor, modulus, offset, divisor = recipe
    index = torch.arange(math.prod(shape), dtype=torch.float64)
    values = (torch.remainder(index * factor, modulus) - offset) / divisor
    tensor = values.to(dtype).reshape(shape)
    assert torch.equal(tensor.double().reshape(-1), values), name
    add(name, tensor, recipe, **options)


def randn(*shape, scale=1.0, dtype=torch.float32):
    values = torch.randn(shape, generator=generator, dtype=torch.float64)
    return (values * scale).to(dtype)


generator = torch.Generator().manual_seed(20240531)
FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
INTEGERS = [torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8]
COMPLEX = [torch.complex64, torch.complex128]
OTHERS = [torch.uint16, torch.uint32, torch.uint64, torch.float8_e4m3fn, torch.float8_e5m2]


def dtypes():
    for dtype in FLOATS:
        add(f"{dtype} scalar", torch.tensor(3.14159, dtype=dtype))
        add(f"{dtype} vector", randn(5, dtype=dtype))
        add(f"{dtype} matrix", randn(3, 4, scale=30, dtype=dtype))
        add(f"{dtype} whole numbers", torch.tensor([1, -20, 0, 300], dtype=dtype))
        info = torch.finfo(dtype)
        add(f"{dtype} limits", torch.tensor([info.max, info.tiny, info.min, info.eps], dtype=dtype))
        if dtype != torch.float64:
            add(f"{dtype} under default float64", torch.ones(2, dtype=dtype), default_dtype=torch.float64)
    for dtype in INTEGERS + OTHERS:
        low, high = (-9, 9) if dtype.is_signed else (0, 9)
        values = torch.linspace(low, high, 7, dtype=torch.float64).to(dtype)
        add(f"{dtype} vector", values)
        add(f"{dtype} scalar", torch.tensor(7).to(dtype))
        if not dtype.is_floating_point:
            info = torch.iinfo(dtype)
            add(f"{dtype} limits", torch.tensor([[info.min, 0], [1, info.max]], dtype=dtype))
    add("bool scalar", torch.tensor(True))
    add("bool vector pads True", torch.tensor([True, False, True]))
    add("bool matrix of True only", torch.ones(2, 3, dtype=torch.bool))
    add("bool wide row", torch.arange(40) % 3 == 0)
    add("float64 is default", randn(3, dtype=torch.float64), default_dtype=torch.float64)
    add("complex128 is default", randn(3, dtype=torch.complex128), default_dtype=torch.float64)
    add("complex64 is not default", randn(3, dtype=torch.complex64), default_dtype=torch.float64)
    add("float16 is default", randn(3, dtype=torch.float16), default_dtype=torch.float16)
    add("int64 under default float64", torch.arange(3), default_dtype=torch.float64)


def complexes():
    for dtype in COMPLEX:
        values = torch.view_as_complex(randn(2, 3, 2, dtype=dtype.to_real()))
        add(f"{dtype} scalar", values[0, 0])
        add(f"{dtype} matrix", values)
    mixed = [complex(1, -0.0), complex(-0.0, 2), complex(NAN, INF), complex(-INF, NAN), complex(0, -INF)]
    add("complex specials", torch.tensor(mixed))
    add("complex whole", torch.tensor([1 + 2j, -30 - 4j, 5j]))
    add("complex parts of different notation", torch.tensor([1e-7 + 2j, 3 + 4j]))
    add("complex real fraction, imaginary whole", torch.tensor([0.5 + 2j, 1.25 - 4j]))
    add("complex wraps", torch.view_as_complex(randn(17, 2, scale=100)))
    add("complex sci", torch.view_as_complex(randn(2, 3, 2)), sciMode=True)
    add("complex zero", torch.zeros(2, 2, dtype=torch.complex64))
    add("complex empty", torch.zeros(0, dtype=torch.complex64))
    add("complex half", torch.tensor([1 + 2j, 0.5 - 1j]).to(torch.complex32))
    add("complex summary", torch.view_as_complex(randn(30, 2)), threshold=10)


def shapes():
    for shape in [(0,), (0, 3), (3, 0), (2, 0, 4)]:
        add(f"empty {shape}", torch.zeros(shape))
    for dtype in [torch.int64, torch.bool, torch.float64, torch.float16]:
        add(f"empty {dtype}", torch.zeros(0, dtype=dtype))
    add("empty int32 matrix", torch.zeros(0, 5, dtype=torch.int32))
    add("empty float64, the default", torch.zeros(0, dtype=torch.float64), default_dtype=torch.float64)
    for shape in [(1,), (1, 1), (1, 1, 1), (2, 3, 2), (2, 1, 2, 2), (1, 2, 1, 2, 1)]:
        add(f"shape {shape}", randn(*shape))
        add(f"integers of shape {shape}", torch.arange(math.prod(shape)).reshape(shape))
    for length in [7, 8, 9, 10, 11, 25]:
        add(f"row of {length}", randn(length, scale=10))
    add("wide matrix", randn(2, 20))
    add("wide cube", randn(2, 2, 12))
    add("wide integers", torch.arange(100, 160).reshape(2, 30))
    add("narrow lines", randn(3, 5), linewidth=30)
    add("lines too narrow for an element", randn(2, 3), linewidth=5)
    add("wide lines", randn(2, 20), linewidth=200)


def summaries():
    sequence("long arange", (1001,), torch.int64, [1, 2000, 0, 1])
    sequence("arange at the threshold", (1000,), torch.int64, [1, 2000, 0, 1], linewidth=200)
    sequence("long floats", (5000,), torch.float32, [7919, 10007, 5000, 64])
    sequence("long whole floats", (5000,), torch.float64, [7919, 10007, 5000, 1])
    sequence("summary of a matrix", (100, 200), torch.float32, [7919, 10007, 5000, 64])
    sequence("summary of rows", (2000, 2), torch.int32, [7919, 10007, 5000, 1])
    sequence("summary of columns", (2, 2000), torch.float32, [7919, 10007, 5000, 4])
    sequence("summary of a cube", (20, 30, 40), torch.float32, [7919, 10007, 5000, 64])
    sequence("summary of a mixed cube", (2, 100, 6), torch.int64, [7919, 10007, 5000, 1])
    sequence("summary of 4 dimensions", (8, 2, 9, 10), torch.float32, [7919, 10007, 5000, 1024])
    sequence("summary in sci", (40, 40), torch.float64, [7919, 10007, 5000, 1048576])
    sequence("widths ignore what is left out", (2001,), torch.int64, [1, 1000000, 1000, 1])
    sequence("threshold 5", (10,), torch.int64, [1, 20, 0, 1], threshold=5)
    sequence("threshold 0 with short dimensions", (2, 3), torch.int64, [1, 20, 0, 1], threshold=0)
    sequence("threshold 0 scalar", (), torch.int64, [1, 20, 0, 1], threshold=0)
    sequence("edgeitems 1", (9, 9), torch.float32, [7, 100, 50, 4], threshold=5, edgeitems=1)
    sequence("edgeitems 5", (12, 12), torch.float32, [7, 100, 50, 4], threshold=5, edgeitems=5)
    sequence("edgeitems wrap", (5000,), torch.float32, [7919, 10007, 5000, 64], edgeitems=10)
    sequence("edgeitems 0 vector", (10,), torch.float32, [7, 100, 50, 4], threshold=5, edgeitems=0)
    sequence("edgeitems 0 cube", (3, 3, 3), torch.int32, [7, 100, 50, 1], threshold=5, edgeitems=0)
    sequence("edgeitems 0 unsummarized", (3,), torch.float32, [7, 100, 50, 4], edgeitems=0)
    sequence("edgeitems 0 scalar", (), torch.float32, [7, 100, 50, 4], threshold=0, edgeitems=0)
    sequence("short profile", (40, 40), torch.float32, [7919, 10007, 5000, 64], profile="short")
    sequence("full profile", (1100,), torch.int64, [1, 20, 0, 1], profile="full")
    sequence("bool summary", (2000,), torch.bool, [1, 2, 0, 1])


def numbers():
    add("nan", torch.tensor(NAN))
    add("inf", torch.tensor([INF, -INF]))
    add("nan and whole", torch.tensor([NAN, 1, -2]))
    add("nan and fraction", torch.tensor([NAN, 1.5, -INF]))
    add("nan and zero", torch.tensor([NAN, 0]))
    add("inf beside long numbers", torch.tensor([INF, 123456.5, -INF, NAN]))
    add("nan in sci", torch.tensor([NAN, 1e-8, INF, -INF, 0]))
    add("zeros", torch.zeros(2, 2))
    add("negative zero", torch.tensor(-0.0))
    add("negative zeros", torch.tensor([-0.0, 0.0, 1.5]))
    add("negative zero beside whole", torch.tensor([-0.0, 0.0, 2]))
    add("negative zero in sci", torch.tensor([-0.0, 1e-9]))
    add("rounds to negative zero", torch.tensor([-0.00012, 0.04]), precision=2)
    add("sci of zeros", torch.zeros(3), sciMode=True)
    add("sci of whole", torch.tensor([1.0, 20, 300]), sciMode=True)
    add("sci of fractions", randn(2, 3), sciMode=True)
    add("no sci of a wide range", torch.tensor([1e-7, 1, 12345678]), sciMode=False)
    add("no sci of large whole", torch.tensor([1e10, -1e20, 3e22, 1e30]), sciMode=False)
    add("no sci of large and fraction", torch.tensor([1e25, 0.5], dtype=torch.float64), sciMode=False)
    add("ratio 1000", torch.tensor([1.0, 1000]))
    add("ratio above 1000", torch.tensor([1.0, 1001]))
    add("1e8", torch.tensor([1e8, 9e7]))
    add("above 1e8", torch.tensor([100000008.0, 9e7]))
    add("1e-4 in float64", torch.tensor([1e-4, 2e-4], dtype=torch.float64))
    add("1e-4 in float32, which is less", torch.tensor([1e-4, 2e-4]))
    add("huge range", torch.tensor([1e-300, 1e300, -1e-308], dtype=torch.float64))
    add("exponents of three digits", torch.tensor([1e-100, 5e-324, 1.5e200], dtype=torch.float64))
    add("subnormals", torch.tensor([1e-45, 3e-42]))
    half = torch.tensor([0.5, 1.5, 2.5, 3.5, -0.5, -2.5])
    add("ties at 0 digits", half, precision=0)
    add("ties at 0 digits in sci", half, precision=0, sciMode=True)
    add("ties with carry in sci", torch.tensor([9.5, 95.0, 8.5, 25, 250, 35]), precision=0, sciMode=True)
    odd = torch.arange(1, 17, 2)
    add("ties at 1 digit", odd / 4, precision=1)
    add("ties at 2 digits", odd / 8, precision=2)
    add("ties at 3 digits", -odd / 16, precision=3)
    add("ties at 4 digits", odd / 32)
    add("ties at 4 digits in sci", torch.tensor([100005.0, 100015.0, 1000050, 12345.5]), sciMode=True)
    add("ties at 4 digits in sci, fractions", odd / 32 + 1, sciMode=True)
    large = torch.tensor([1000050, 1000150, 100015e8, 1.00005e20, 1.00015e22], dtype=torch.float64)
    add("ties above the precision", large, sciMode=True)
    add("not quite ties", torch.tensor([0.05, 0.15, 0.25, 0.35, 2.675], dtype=torch.float64), precision=1)
    add("precision 10", randn(4, dtype=torch.float64), precision=10)
    add("precision 20", torch.tensor([0.1, 1 / 3], dtype=torch.float64), precision=20)
    add("precision 50 in sci", torch.tensor([0.1], dtype=torch.float64), precision=50, sciMode=True)
    add("precision 1", randn(3, 3), precision=1)
    add("many magnitudes", 10.0 ** torch.arange(-20, 20, dtype=torch.float64))
    add("large int64", torch.tensor([2**53 + 1, -(2**62), 5]))


def suffixes():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    add("requires_grad", x)
    add("grad_fn of add", x + 1)
    add("grad_fn of mul", x * x)
    add("grad_fn of sum", x.sum())
    add("grad_fn and dtype", x.double())
    add("grad_fn of complex", torch.complex(x, x))
    wide = randn(8).requires_grad_()
    add("suffix wraps", wide)
    add("suffix wraps with grad_fn", wide * 2)
    add("suffixes wrap one by one", (wide.double() * 2)[:6])
    for width in range(74, 84):
        # Finds the width at which the suffix goes to the next line, to the character.
        add(f"suffix at line width {width}", wide[:5] + 1, linewidth=width)
    add("two suffixes in narrow lines", torch.ones(2, dtype=torch.float64).requires_grad_(), linewidth=25)
    add("suffix after many rows", randn(3, 3).requires_grad_() * 2)
    add("empty with grad", torch.zeros(0, 3, requires_grad=True))
    add("empty with everything", torch.zeros(2, 0, dtype=torch.float64, requires_grad=True).exp())
    add("meta", torch.empty(2, 3, device="meta"))
    add("meta scalar of int64", torch.empty((), dtype=torch.int64, device="meta"))
    add("meta vector of complex", torch.empty(4, dtype=torch.complex64, device="meta"))
    add("meta with grad", torch.empty(4, 0, device="meta", requires_grad=True))


def main():
    for part in [dtypes, complexes, shapes, summaries, numbers, suffixes]:
        part()
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names), "names are to be unique"
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    OUTPUT.write_text(f'{{ "torch": "{torch.__version__.split("+")[0]}", "cases": [\n{lines}\n] }}\n')
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
