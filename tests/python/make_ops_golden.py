"""Writes tests/golden/ops.json: calls of ops by name, and what PyTorch answers.

Run with a Python that has torch 2.13. The output is the same in every run.

A case is `[name, arguments, options, result]`; the name is the Python one with its namespace, and a call
of `Tensor.name` has the tensor as its first argument. A tensor is `{"dtype", "shape", "data"}` with its
elements in row-major order (nan, inf and -0 as strings, complex numbers as pairs), a dtype
`{"name"}`, a complex number `{"re", "im"}`; options have Flambeau's names.
"""

import json
import math
import pathlib
import re

import torch
import torch.nn.functional

OUTPUT = pathlib.Path(__file__).parent.parent / "golden" / "ops.json"
cases = []


def number(value):
    if isinstance(value, complex):
        return [number(value.real), number(value.imag)]
    if isinstance(value, float):
        if not math.isfinite(value) or (value == 0 and math.copysign(1, value) < 0):
            return str(value)
        return int(value) if value.is_integer() and abs(value) < 2**53 else float(f"{value:.9g}")
    return value


def encode(value):
    if isinstance(value, torch.Tensor):
        data = value.detach().resolve_conj().resolve_neg().contiguous()
        if data.dtype in (torch.float16, torch.bfloat16):
            data = data.float()
        return {
            "dtype": str(value.dtype).removeprefix("torch."),
            "shape": list(value.shape),
            "data": [number(x) for x in data.reshape(-1).tolist()],
        }
    if isinstance(value, torch.dtype):
        return {"name": str(value).removeprefix("torch.")}
    if isinstance(value, complex):
        return {"re": value.real, "im": value.imag}
    if isinstance(value, (list, tuple)):
        return [encode(x) for x in value]
    return number(value)


def camel(name):
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def find(name):
    target = torch
    for part in name.split("."):
        if part != "torch":
            target = getattr(target, part)
    return target


def case(name, *args, **options):
    given = [encode(x) for x in args]
    torch.manual_seed(0)
    result = find(name)(*args, **options)
    cases.append([name, given, {camel(k): encode(v) for k, v in options.items()}, encode(result)])


def both(name, *args, **options):
    """The function and the method."""
    case(f"torch.{name}", *args, **options)
    case(f"Tensor.{name}", *args, **options)


T = torch.tensor
x = T([[0.5, -1.25, 2.0], [3.5, -0.75, 0.25]])
y = T([[1.0, 2.0, -2.0], [0.5, 4.0, -3.0]])
row = T([1.0, -2.0, 3.0])
i = T([[7, -3, 2], [5, 0, -8]])
j = T([[2, 2, 3], [-4, 1, 3]])
b = T([[True, False, True], [False, False, True]])
z = T([1 + 2j, -0.5j, 3 - 1j])
d = x.double()
special = T([float("nan"), float("inf"), float("-inf"), -0.0, 1.0])

# Arithmetic
for name in ("add", "sub", "mul", "div", "maximum", "minimum", "fmod", "remainder", "atan2", "hypot"):
    both(name, x, y)
    case(f"torch.{name}", x, row)
both("add", x, y, alpha=2)
both("add", i, 3)
both("add", i, 0.5)
both("sub", x, y, alpha=0.5)
case("torch.rsub", x, y)
both("mul", x, 2)
both("mul", i, True)
both("div", i, j)
both("div", i, 2)
for mode in ("trunc", "floor", None):
    both("div", i, j, rounding_mode=mode)
    both("div", x, y, rounding_mode=mode)
    both("div", x, 0.3, rounding_mode=mode)
both("floor_divide", i, j)
both("true_divide", i, j)
both("pow", x.abs(), 2)
both("pow", x.abs(), y)
both("pow", i, 2)
case("torch.pow", 2, i)
case("torch.pow", 2.5, row)
both("float_power", i, 2)
both("addcmul", x, y, x, value=0.5)
both("addcdiv", x, y, y, value=2)
both("lerp", x, y, 0.25)
both("lerp", x, y, T(0.5))
both("clamp", x, -1, 1)
both("clamp", x, min=0)
both("clamp", x, max=T(0.5))
both("clamp", x, T(-1.0), T([0.0, 1.0, 2.0]))
both("clamp_min", x, 0)
for name in (
    "abs neg exp log sqrt rsqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh ceil floor round trunc "
    "frac sign sgn reciprocal sigmoid relu erf erfc erfinv lgamma digamma expm1 log1p log2 log10 exp2 square isnan "
    "isinf isfinite isposinf isneginf signbit positive nan_to_num logit i0 deg2rad rad2deg"
).split():
    case(f"torch.{name}", x)
    case(f"torch.{name}", special)
case("Tensor.round", x, decimals=1)
case("Tensor.nan_to_num", special, 1.5, 9, -9)
both("bitwise_and", i, j)
both("bitwise_or", i, 1)
both("bitwise_xor", b, True)
case("torch.bitwise_and", 6, i)
both("bitwise_not", i)
both("bitwise_left_shift", i, 1)
both("logical_and", b, i)
both("logical_not", x)
both("copysign", x, -1)
both("xlogy", x.abs(), y.abs())
both("gcd", i, j)
both("lcm", i, j)
both("cross", x, y)
both("heaviside", x, T(0.5))

# Comparison
for name in ("eq", "ne", "lt", "le", "gt", "ge"):
    both(name, x, 0.5)
    both(name, x, y)
both("equal", x, x)
both("allclose", x, x + 1e-7)
both("isclose", x, x + T([0.0, 1e-7, 1.0]))
both("allclose", special, special, equal_nan=True)
case("torch.isin", i, T([2, 5]))

# Reductions
for name in ("sum", "mean", "prod"):
    source = d if name == "mean" else x
    both(name, source)
    both(name, source, 1)
    both(name, source, dim=0, keepdim=True)
    both(name, source, dtype=torch.float64)
both("sum", x, [0, 1])
both("sum", x, (1,), True, dtype=torch.float64)
both("sum", i)
both("sum", b)
for name in ("amax", "amin"):
    both(name, x)
    both(name, x, 1)
    both(name, x, [0, 1], True)
for name in ("max", "min"):
    both(name, x)
    both(name, x, 1)
    both(name, x, 0, True)
    both(name, x, dim=1, keepdim=True)
    both(name, x, y)
for name in ("argmax", "argmin"):
    both(name, x)
    both(name, x, 1)
    both(name, x, dim=0, keepdim=True)
for name in ("std", "var"):
    both(name, x)
    both(name, x, False)
    both(name, x, 1)
    both(name, x, 1, False)
    both(name, x, dim=1, unbiased=False)
    both(name, x, dim=0, correction=0)
    both(name, x, 1, correction=2, keepdim=True)
    both(name, x, [0, 1])
case("torch.var_mean", x, 1)
case("torch.std_mean", x, dim=[0], keepdim=True)
for name in ("all", "any"):
    both(name, b)
    both(name, b, 1)
    both(name, b, dim=0, keepdim=True)
both("aminmax", x, dim=1)
both("median", x)
both("median", x, 1)
both("nanmedian", special)
both("mode", i, 1)
both("kthvalue", x, 2)
both("logsumexp", x, 1)
both("nansum", special)
both("count_nonzero", b)
both("count_nonzero", b, dim=1)
both("quantile", x, 0.25)
both("quantile", x, T([0.25, 0.75]), dim=1)
both("quantile", x, 0.4, interpolation="nearest")
both("norm", x)
both("norm", x, 1)
case("Tensor.norm", x, 2, 1)
case("Tensor.norm", x, 3, dim=0, keepdim=True)
both("cumsum", x, 1)
both("cumprod", x, 0, dtype=torch.float64)
both("cummax", x, 1)
both("logcumsumexp", x, 1)
both("diff", x)
both("dist", x, y)
both("trace", x[:, :2])
both("bincount", T([0, 1, 1, 3]))
both("histc", x, bins=4, min=-2, max=4)

# Matrices
m = T([[2.0, 0.5, 1.0], [0.5, 3.0, -1.0], [1.0, -1.0, 4.0]])
m2 = m.expand(2, 3, 3) + torch.eye(3) * T([[[0.0]], [[1.0]]])
both("matmul", x, y.t())
both("matmul", x, row)
both("matmul", m2, m)
both("mm", x, m)
both("bmm", m2, m2)
both("mv", x, row)
both("dot", row, row)
both("inner", x, row)
both("outer", row, row)
case("torch.ger", row, row)
both("addmm", x, x, m, beta=0.5, alpha=2)
both("baddbmm", m2, m2, m2)
both("addmv", T([1.0, 2.0]), x, row)
both("addr", m, row, row)
both("kron", x, T([[1.0, 2.0]]))
case("torch.chain_matmul", x, m, m)
case("torch.einsum", "ij,kj->ik", [x, y])
case("torch.einsum", "ij->j", [x])
case("torch.einsum", "bij,bjk->bik", [m2, m2])
case("torch.tensordot", x, y, [[1], [1]])
case("torch.tensordot", x, m, 1)
case("torch.cdist", x, y)
case("torch.block_diag", x, row)
case("torch.cartesian_prod", row, T([1.0, 2.0]))
case("torch.cosine_similarity", x, y)
both("det", m)
both("inverse", m)
both("logdet", m)
both("slogdet", m)
both("cholesky", m)
both("pinverse", x)
both("matrix_power", m, 3)
both("matrix_exp", m)
both("tril", m)
both("triu", m, 1)
both("diag", m)
both("diag", row)
both("diagonal", m, 1)
both("diag_embed", row)
both("diagflat", row, 1)
case("torch.vander", row)
case("torch.linalg.qr", m)
case("torch.linalg.qr", x, mode="complete")
case("torch.linalg.svdvals", x)
case("torch.linalg.solve", m, row)
case("torch.linalg.solve", m, m2)
case("torch.linalg.norm", x)
case("torch.linalg.norm", x, 1)
case("torch.linalg.norm", x, "fro")
case("torch.linalg.norm", x, "nuc")
case("torch.linalg.norm", x, dim=1, keepdim=True)
case("torch.linalg.norm", row, math.inf)
case("torch.linalg.vector_norm", x, 3, dim=0)
case("torch.linalg.matrix_norm", m, "fro")
case("torch.linalg.inv", m)
case("torch.linalg.det", m2)
case("torch.linalg.eigvalsh", m)
case("torch.linalg.cholesky", m)
case("torch.linalg.cholesky", m, upper=True)
case("torch.linalg.matrix_rank", m)
case("torch.linalg.pinv", x)
case("torch.linalg.lstsq", m, m)
case("torch.linalg.cross", x, y)
case("torch.linalg.multi_dot", [x, m, row])
case("torch.linalg.cond", m)
case("torch.linalg.lu_factor", m)
case("torch.linalg.slogdet", m)
case("torch.linalg.vecdot", x, y)
case("torch.linalg.solve_triangular", m.triu(), m, upper=True)

# Shapes
both("reshape", x, [3, 2])
both("reshape", x, [-1])
case("Tensor.view", x, [3, 2])
case("Tensor.view", x, 3, 2)
case("Tensor.view", x, -1)
case("Tensor.reshape", x, 1, 6)
case("Tensor.permute", m2, 2, 0, 1)
both("permute", m2, [2, 0, 1])
case("Tensor.expand", row, 2, 3)
case("Tensor.expand", row, [2, -1])
case("Tensor.repeat", row, 2, 2)
case("Tensor.repeat", row, [2, 1, 1])
case("Tensor.tile", row, 2)
both("tile", row, [2, 2])
case("Tensor.flip", x, 0, 1)
both("flip", x, [1])
both("squeeze", T([[[1.0], [2.0]]]))
both("squeeze", T([[[1.0], [2.0]]]), 0)
both("squeeze", T([[[1.0], [2.0]]]), dim=-1)
both("squeeze", T([[[1.0], [2.0]]]), [0, 2])
both("unsqueeze", x, 1)
both("unsqueeze", x, dim=-1)
both("transpose", x, 0, 1)
both("t", x)
both("swapaxes", m2, 0, 2)
both("movedim", m2, 0, 2)
both("movedim", m2, [0, 1], [1, 2])
both("flatten", m2)
both("flatten", m2, 1)
both("flatten", m2, start_dim=0, end_dim=1)
both("unflatten", x, 1, [3, 1])
both("ravel", x)
both("narrow", x, 1, 1, 2)
both("select", x, 1, 0)
both("unbind", x)
both("unbind", x, 1)
both("split", x, 2, 1)
both("split", x, [1, 2], dim=1)
both("chunk", x, 2, 1)
both("tensor_split", x, 2, dim=1)
both("tensor_split", x, [1], dim=1)
both("hsplit", x, [1])
both("roll", x, 1)
both("roll", x, [1, 1], [0, 1])
both("rot90", x)
both("broadcast_to", row, [2, 3])
both("adjoint", x)
case("torch.atleast_3d", row)
case("torch.stack", [row, row])
case("torch.stack", [row, row], 1)
case("torch.stack", [row, row], dim=1)
case("torch.cat", [x, y])
case("torch.cat", [x, y], 1)
case("torch.cat", [x, i], dim=-1)
for name in ("hstack", "vstack", "dstack", "column_stack"):
    case(f"torch.{name}", [row, row])
case("torch.meshgrid", [row, T([1.0, 2.0])], indexing="ij")
case("torch.meshgrid", [row, T([1.0, 2.0])], indexing="xy")
case("torch.broadcast_tensors", row, x)
case("torch.combinations", row)
both("repeat_interleave", row, 2)
both("repeat_interleave", x, T([1, 2]), dim=0)
case("torch.repeat_interleave", T([1, 2]))

# Selection
case("torch.where", x > 0, x, y)
case("torch.where", x > 0, x, 0)
case("torch.where", x > 0, 1.5, y)
case("torch.where", x > 0, 1, 0)
case("torch.where", x > 0)
case("Tensor.where", x, x > 0, y)
case("Tensor.where", x, x > 0, 0)
both("topk", x, 2)
both("topk", x, 1, 0, False)
both("topk", x, 2, largest=False)
both("sort", x)
both("sort", x, 0)
both("sort", x, dim=1, descending=True)
both("sort", x, stable=True)
both("argsort", x)
both("argsort", x, 0, True)
both("argsort", i, dim=1, stable=True)
both("msort", x)
case("torch.searchsorted", T([1.0, 3.0, 5.0]), T([2.0, 6.0]))
case("torch.searchsorted", T([1.0, 3.0, 5.0]), 3.0, right=True)
case("torch.bucketize", T([2.0, 6.0]), T([1.0, 3.0, 5.0]))
both("gather", x, 1, T([[0, 2], [1, 1]]))
both("scatter", x, 1, T([[0, 2], [1, 0]]), y)
both("scatter", x, 1, T([[0], [1]]), 9.5)
both("scatter", x, 1, T([[0], [1]]), y, reduce="add")
both("scatter_add", x, 1, T([[0, 2], [1, 1]]), y)
both("scatter_reduce", x, 1, T([[0, 2], [1, 1]]), y, "amax")
both("index_select", x, 1, T([2, 0]))
both("index_fill", x, 1, T([0]), 7)
both("index_add", x, 0, T([1]), y[:1])
both("index_copy", x, 0, T([1]), y[:1])
both("masked_select", x, b)
both("masked_fill", x, b, 0)
both("masked_fill", x, b, T(5.0))
both("masked_scatter", x, b, row)
both("take", x, T([0, 5]))
both("take_along_dim", x, T([[1], [0]]), 1)
both("nonzero", b)
both("argwhere", b)
case("torch.unique_consecutive", T([1, 1, 2, 2, 1]))
case("Tensor.unique_consecutive", T([1, 1, 2, 2, 1]), return_inverse=True, return_counts=True)
both("unique", i)
both("unique", i, return_counts=True)
both("unique", b, return_inverse=True)
both("unique", j, dim=1)
case("torch.tril_indices", 3, 3)
both("fmax", special, T(0.0))

# In place
for name, args in {
    "add_": (y,), "sub_": (1,), "mul_": (y,), "div_": (2,), "pow_": (2,), "clamp_": (0, 1), "fill_": (3,), "zero_": (),
    "relu_": (), "exp_": (), "neg_": (), "masked_fill_": (b, 0), "copy_": (y,), "t_": (), "unsqueeze_": (0,),
    "squeeze_": (), "transpose_": (0, 1), "tril_": (), "index_fill_": (1, T([0]), 2), "addcmul_": (y, y),
    "scatter_": (1, T([[0], [1]]), 5), "lerp_": (y, 0.5), "eq_": (y,), "clamp_max_": (0.1,), "cumsum_": (0,),
}.items():
    before = x.clone()
    given = [encode(before)] + [encode(a) for a in args]
    result = getattr(before, name)(*args)
    cases.append([f"Tensor.{name}", given, {}, encode(result)])

# Complex
both("abs", z)
both("angle", z)
both("conj", z)
case("torch.real", z)
case("torch.imag", z)
case("torch.view_as_real", z)
case("torch.view_as_complex", x[:, :2].contiguous())
case("torch.complex", row, row)
case("torch.polar", row.abs(), row)
both("mul", z, 1 + 1j)
both("add", row, 1j)
both("exp", z)
both("isreal", z)
both("sum", z)

# Factories
case("torch.zeros", [2, 3])
case("torch.ones", [2], dtype=torch.int64)
case("torch.full", [2, 2], 7)
case("torch.full", [2], 1.5)
case("torch.full", [2], True)
case("torch.full", [1], 1 + 2j)
case("torch.full", [2], 3, dtype=torch.float64)
case("torch.eye", 2)
case("torch.eye", 2, 3)
case("torch.arange", 5)
case("torch.arange", 2.5)
case("torch.arange", 1, 4)
case("torch.arange", 1, 2, 0.25)
case("torch.arange", 5, 0, -2)
case("torch.arange", 3, dtype=torch.float32)
case("torch.linspace", 0, 1, 5)
case("torch.linspace", 0, 1, steps=3, dtype=torch.float64)
case("torch.logspace", 0, 2, 3)
case("torch.zeros_like", i)
case("torch.ones_like", x, dtype=torch.int32)
case("torch.full_like", x, 2)
case("Tensor.new_zeros", i, [2])
case("Tensor.new_full", x, [2], 3)
case("Tensor.new_ones", x, [2], dtype=torch.bool)
case("torch.hann_window", 4)
case("torch.scalar_tensor", 3.5)

# Random numbers: the same as PyTorch's from the same seed
case("torch.rand", [2, 3])
case("torch.randn", [20])
case("torch.randn", [2], dtype=torch.float64)
case("torch.randint", 10, [5])
case("torch.randint", 5, 10, [5])
case("torch.randperm", 6)
case("torch.rand_like", x)
case("torch.randint_like", x, 9)
case("torch.bernoulli", T([0.2, 0.5, 0.8]))
case("torch.bernoulli", x, 0.5)
case("torch.multinomial", T([0.2, 0.5, 0.3]), 2)
case("torch.normal", T([1.0, 2.0]), T([0.5, 0.1]))
case("torch.normal", 1.0, T([0.5, 0.1]))
case("torch.normal", T([1.0, 2.0]), 0.5)
case("torch.normal", 1.0, 2.0, [3])
case("torch.poisson", T([3.0, 4.0]))
case("torch.dropout", x, 0.5, True)
case("Tensor.uniform_", torch.zeros(3), -1, 1)
case("Tensor.normal_", torch.zeros(3), mean=1, std=0.1)
case("Tensor.exponential_", torch.zeros(3))
case("Tensor.random_", torch.zeros(3), 5)
case("Tensor.random_", torch.zeros(3), 2, 5)
case("Tensor.bernoulli_", torch.zeros(5), 0.3)

# Type promotion
samples = [T([1], dtype=dtype) for dtype in (
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16,
    torch.float32, torch.float64, torch.complex64, torch.complex128)]
for left in samples:
    for right in samples:
        cases.append(["torch.add", [encode(left), encode(right)], {}, encode(left + right)])
        case("torch.promote_types", left.dtype, right.dtype)
    case("torch.mul", left, 2)
    case("torch.mul", left, 0.5)
    case("torch.result_type", left, 2.5)
case("torch.can_cast", torch.float32, torch.int32)
case("torch.is_floating_point", x)
case("torch.is_complex", x)
case("torch.is_nonzero", T(1))
case("torch.numel", x)

# Fourier transforms
case("torch.fft.fft", row)
case("torch.fft.fft", row, norm="ortho")
case("torch.fft.ifft", z)
case("torch.fft.rfft", row)
case("torch.fft.rfft", x, 4, 1)
case("torch.fft.irfft", z)
case("torch.fft.irfft", z, n=3)
case("torch.fft.fft2", x)
case("torch.fft.rfftn", x, dim=[0, 1])
case("torch.fft.fftshift", row)
case("torch.fft.fftfreq", 4)
case("torch.fft.rfftfreq", 4, 0.5)

# Special functions
for name in ("erf", "erfc", "expit", "gammaln", "entr", "log1p", "ndtr", "sinc", "i0e", "bessel_j0", "digamma", "log_ndtr"):
    case(f"torch.special.{name}", x)
case("torch.special.xlogy", 2, y.abs())
case("torch.special.zeta", T([2.0, 3.0]), 1)
case("torch.special.softmax", x, 1)
case("torch.special.logsumexp", x, 1)
case("torch.special.polygamma", 1, x.abs())
case("torch.special.hermite_polynomial_h", row, 3)

# Neural networks
images = torch.arange(32.0).reshape(1, 2, 4, 4) / 10 - 1
kernel = torch.arange(24.0).reshape(3, 2, 2, 2) / 12 - 1
nn = "torch.nn.functional."
case("torch.softmax", x, 1)
case("torch.softmax", x, dim=0, dtype=torch.float64)
case("torch.log_softmax", x, 1)
case("Tensor.softmax", x, -1)
for name in ("relu", "gelu", "silu", "elu", "selu", "celu", "mish", "softplus", "hardtanh", "relu6", "hardswish", "hardsigmoid",
             "leaky_relu", "sigmoid", "tanh", "softshrink", "hardshrink"):
    case(nn + name, x)
case(nn + "gelu", x, approximate="tanh")
case(nn + "leaky_relu", x, 0.2)
case(nn + "elu", x, alpha=0.5)
case(nn + "softplus", x, beta=2)
case(nn + "threshold", x, 0.1, 20)
case(nn + "glu", images, 1)
case(nn + "softmax", x, 1)
case(nn + "log_softmax", x, dim=1)
case(nn + "linear", x, m)
case(nn + "linear", x, m, row)
case(nn + "bilinear", x, y, m.reshape(1, 3, 3))
case(nn + "layer_norm", x, [3])
case(nn + "layer_norm", x, [3], row, row, 0.001)
case(nn + "layer_norm", x, [3], weight=row)
case(nn + "group_norm", images, 2)
case(nn + "rms_norm", x, [3], eps=0.01)
case(nn + "conv2d", images, kernel)
case(nn + "conv2d", images, kernel, row, 2)
case(nn + "conv2d", images, kernel, row, stride=[2, 1], padding=1)
case(nn + "conv2d", images, kernel, padding="same")
case(nn + "conv2d", images, kernel, padding="valid", dilation=2)
case(nn + "conv1d", images[:, :, 0], kernel[:, :, 0], padding=1)
case(nn + "conv_transpose2d", images[:, :1].repeat(1, 3, 1, 1), kernel, stride=2)
case(nn + "max_pool2d", images, 2)
case(nn + "max_pool2d", images, [2, 2], stride=1)
case(nn + "avg_pool2d", images, 2)
case(nn + "avg_pool2d", images, 3, 1, 1, count_include_pad=False)
case(nn + "adaptive_avg_pool2d", images, 2)
case(nn + "adaptive_avg_pool2d", images, [1, 2])
case(nn + "pad", x, [1, 1])
case(nn + "pad", x, [1, 1], value=5)
case(nn + "pad", images, [1, 1, 1, 1], "reflect")
case(nn + "one_hot", T([0, 2, 1]))
case(nn + "one_hot", T([0, 2]), 4)
case(nn + "mse_loss", x, y)
case(nn + "mse_loss", x, y, reduction="none")
case(nn + "l1_loss", x, y, reduction="sum")
case(nn + "smooth_l1_loss", x, y)
case(nn + "huber_loss", x, y, delta=0.5)
case(nn + "scaled_dot_product_attention", m2, m2, m2)
case(nn + "scaled_dot_product_attention", m2, m2, m2, is_causal=True)
case(nn + "pixel_shuffle", images.reshape(1, 8, 2, 2), 2)
case(nn + "pairwise_distance", x, y)
case(nn + "prelu", x, T([0.3]))

lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in cases)
OUTPUT.write_text(f"[\n{lines}\n]\n")
print(len(cases), "cases")
