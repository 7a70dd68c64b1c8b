"""Writes tests/golden/func.json: transforms of torch.func and torch.autograd.functional, as PyTorch computes them.

    python tests/python/make_func_golden.py tests/golden/func.json
"""

import json
import sys

import torch
from torch.autograd import functional
from torch.func import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, vjp, vmap


def data(*shape):
    """Numbers that JavaScript makes the same way: tests/func_golden_test.ts."""
    count = 1
    for size in shape:
        count *= size
    flat = [((i * 37 + 11) % 101) / 50 - 1 for i in range(count)]
    return torch.tensor(flat, dtype=torch.float64).reshape(shape)


def mlp(w, b, x):
    return torch.tanh(x @ w + b)


def loss(w, b, x, y):
    return torch.nn.functional.mse_loss(mlp(w, b, x), y)


def softmax(x):
    return torch.softmax(x, -1)


def conv(x, k):
    return torch.nn.functional.conv2d(x, k).relu().sum()


w, b, x, y = data(3, 2), data(2), data(5, 3), data(5, 2)
image, kernel = data(4, 1, 2, 6, 6)[:, 0], data(3, 2, 3, 3)

results = {
    "grad": grad(loss)(w, b, x, y),
    "grad by several": grad(loss, argnums=(0, 1))(w, b, x, y),
    "gradAndValue": grad_and_value(loss)(w, b, x, y),
    "gradients of single examples": vmap(grad(loss), in_dims=(None, None, 0, 0))(w, b, x, y),
    "grad of grad": vmap(grad(grad(lambda v: (v.sin() * v.exp()))))(data(7)),
    "vmap with outDims": vmap(mlp, in_dims=(None, None, 0), out_dims=1)(w, b, x),
    "nested vmap": vmap(vmap(torch.dot, in_dims=(None, 0)), in_dims=(0, None))(x, data(4, 3)),
    "vmap of conv": vmap(grad(conv, argnums=1), in_dims=(0, None))(image[:, None], kernel),
    "vmap of linalg": vmap(lambda m: torch.linalg.inv(m @ m.T + torch.eye(3, dtype=m.dtype)))(data(4, 3, 3)),
    "vmap in chunks": vmap(softmax, chunk_size=2)(x),
    "vjp": vjp(mlp, w, b, x)[1](y),
    "jvp": jvp(mlp, (w, b, x), (w.cos(), b.cos(), x.cos())),
    "jacrev": jacrev(softmax)(x[0]),
    "jacfwd": jacfwd(softmax)(x[0]),
    "jacrev by several": jacrev(mlp, argnums=(0, 2))(w, b, x),
    "jacfwd by several": jacfwd(mlp, argnums=(0, 2))(w, b, x),
    "hessian": hessian(loss)(w, b, x, y),
    "batch of hessians": vmap(hessian(lambda v: v.sin().prod()))(x),
    "jacobian": functional.jacobian(lambda w, b: mlp(w, b, x), (w, b)),
    "functional hessian": functional.hessian(lambda w, b: loss(w, b, x, y), (w, b)),
    "functional vjp": functional.vjp(lambda w, b: mlp(w, b, x), (w, b), y),
    "functional jvp": functional.jvp(lambda w, b: mlp(w, b, x), (w, b), (w.cos(), b.cos())),
    "vhp": functional.vhp(lambda w, b: loss(w, b, x, y), (w, b), (w.cos(), b.cos())),
    "hvp": functional.hvp(lambda w, b: loss(w, b, x, y), (w, b), (w.cos(), b.cos())),
}


def plain(value):
    if isinstance(value, torch.Tensor):
        return {"shape": list(value.shape), "data": value.detach().reshape(-1).tolist()}
    return [plain(one) for one in value]


with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump({name: plain(value) for name, value in results.items()}, file, separators=(",", ":"))
    file.write("\n")
