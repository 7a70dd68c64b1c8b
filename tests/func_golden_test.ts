import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";

type Tensor = torch.Tensor;
type Golden = { shape: number[]; data: number[] } | Golden[];

const { autograd: { functional }, func } = torch;
const { grad, gradAndValue, hessian, jacfwd, jacrev, jvp, vjp, vmap } = func;
const golden: Record<string, Golden> = JSON.parse(
  readFileSync(new URL("./golden/func.json", import.meta.url), "utf8"),
);

/** The numbers of tests/python/make_func_golden.py. */
function data(...shape: number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const flat = Array.from({ length: count }, (_, i) => ((i * 37 + 11) % 101) / 50 - 1);
  return torch.tensor(flat, { dtype: "float64" }).reshape(shape);
}

const mlp = (w: Tensor, b: Tensor, x: Tensor) => x.matmul(w).add(b).tanh();
const loss = (w: Tensor, b: Tensor, x: Tensor, y: Tensor) =>
  torch.nn.functional.mseLoss(mlp(w, b, x), y);
const softmax = (x: Tensor) => x.softmax(-1);
const conv = (x: Tensor, k: Tensor) => torch.nn.functional.conv2d(x, k).relu().sum();

const [w, b, x, y] = [data(3, 2), data(2), data(5, 3), data(5, 2)];
const image = data(4, 1, 2, 6, 6).select(1, 0).unsqueeze(1);
const eye = torch.eye(3, { dtype: "float64" });

const cases: Record<string, () => unknown> = {
  "grad": () => grad(loss)(w, b, x, y),
  "grad by several": () => grad(loss, { argnums: [0, 1] })(w, b, x, y),
  "gradAndValue": () => gradAndValue(loss)(w, b, x, y),
  "gradients of single examples": () =>
    vmap(grad(loss), { inDims: [null, null, 0, 0] })(w, b, x, y),
  "grad of grad": () => vmap(grad(grad((v: Tensor) => v.sin().mul(v.exp()))))(data(7)),
  "vmap with outDims": () => vmap(mlp, { inDims: [null, null, 0], outDims: 1 })(w, b, x),
  "nested vmap": () => {
    const dot = (p: Tensor, q: Tensor) => p.dot(q);
    return vmap(vmap(dot, { inDims: [null, 0] }), { inDims: [0, null] })(x, data(4, 3));
  },
  "vmap of conv": () =>
    vmap(grad(conv, { argnums: 1 }), { inDims: [0, null] })(image, data(3, 2, 3, 3)),
  "vmap of linalg": () =>
    vmap((m: Tensor) => torch.linalg.inv(m.matmul(m.t()).add(eye)))(data(4, 3, 3)),
  "vmap in chunks": () => vmap(softmax, { chunkSize: 2 })(x),
  "vjp": () => vjp(mlp, w, b, x)[1](y),
  "jvp": () => jvp(mlp, [w, b, x], [w.cos(), b.cos(), x.cos()]),
  "jacrev": () => jacrev(softmax)(x.select(0, 0)),
  "jacfwd": () => jacfwd(softmax)(x.select(0, 0)),
  "jacrev by several": () => jacrev(mlp, { argnums: [0, 2] })(w, b, x),
  "jacfwd by several": () => jacfwd(mlp, { argnums: [0, 2] })(w, b, x),
  "hessian": () => hessian(loss)(w, b, x, y),
  "batch of hessians": () => vmap(hessian((v: Tensor) => v.sin().prod()))(x),
  "jacobian": () => functional.jacobian((w, b) => mlp(w, b, x), [w, b]),
  "functional hessian": () => functional.hessian((w, b) => loss(w, b, x, y), [w, b]),
  "functional vjp": () => functional.vjp((w, b) => mlp(w, b, x), [w, b], y),
  "functional jvp": () => functional.jvp((w, b) => mlp(w, b, x), [w, b], [w.cos(), b.cos()]),
  "vhp": () => functional.vhp((w, b) => loss(w, b, x, y), [w, b], [w.cos(), b.cos()]),
  "hvp": () => functional.hvp((w, b) => loss(w, b, x, y), [w, b], [w.cos(), b.cos()]),
};

function assertSame(actual: unknown, expected: Golden, path: string): void {
  if (Array.isArray(expected)) {
    assert(Array.isArray(actual), `${path} is no array`);
    assertEquals(actual.length, expected.length, `${path} has another length`);
    expected.forEach((one, i) => assertSame(actual[i], one, `${path}[${i}]`));
    return;
  }
  assert(actual instanceof torch.Tensor, `${path} is no tensor`);
  assertEquals([actual.dtype, actual.shape], ["float64", expected.shape], path);
  const flat: number[] = actual.detach().reshape([-1]).toArray();
  flat.forEach((value, i) => {
    const other = expected.data[i]!;
    assert(
      Math.abs(value - other) <= 1e-9 * (1 + Math.abs(other)),
      `${path}: ${value}, not ${other}`,
    );
  });
}

describe("What PyTorch computes is computed by", () => {
  assertEquals(Object.keys(cases), Object.keys(golden));
  for (const [name, run] of Object.entries(cases)) {
    test(name, () => assertSame(run(), golden[name]!, name));
  }
});
