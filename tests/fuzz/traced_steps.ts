/**
 * What random programs are made of: steps that take a tensor of any shape that ends in four, and most others.
 *
 * @module
 */

import * as torch from "../../mod.ts";

const F = torch.nn.functional;
type Tensor = torch.Tensor;

/** What a program is given. */
export interface Given {
  /** What its steps work on, one after the other. */
  readonly x: Tensor;
  /** What some of them take besides. */
  readonly y: Tensor;
  /** A matrix of 4 × 4. */
  readonly weight: Tensor;
  /** Four numbers. */
  readonly bias: Tensor;
}

/** One step: from what was computed so far. */
export type Step = (x: Tensor, given: Given) => Tensor;

/** Steps by name. None makes small differences large, and none depends on the state of the generator. */
export const steps: Readonly<Record<string, Step>> = {
  relu: (x) => x.relu(),
  tanh: (x) => x.tanh(),
  sigmoid: (x) => x.sigmoid(),
  neg: (x) => x.neg(),
  exp: (x) => x.clamp(-3, 3).exp(),
  sqrt: (x) => x.abs().add(1).sqrt(),
  log: (x) => x.abs().add(1).log(),
  erf: (x) => x.erf(),
  pow: (x) => x.clamp(-3, 3).pow(2),
  softmax: (x) => x.softmax(-1),
  logSoftmax: (x) => x.logSoftmax(-1),
  layerNorm: (x) => F.layerNorm(x, [4]),
  linear: (x, { weight, bias }) => F.linear(x, weight, bias),
  matmul: (x, { weight }) => x.matmul(weight),
  "times a number": (x) => x.mul(2),
  "plus a number": (x) => x.add(1.5, { alpha: 2 }),
  "from a number": (x) => torch.rsub(x, 3),
  clamp: (x) => x.clamp(-0.5, 0.5),
  hardtanh: (x) => F.hardtanh(x),
  gelu: (x) => F.gelu(x),
  silu: (x) => F.silu(x),
  hardswish: (x) => F.hardswish(x),
  dropout: (x) => F.dropout(x.sigmoid(), 0, true),
  "a strided copy": (x) => x.transpose(0, -1).contiguous().transpose(0, -1),
  "twice, one above the other": (x) => torch.cat([x, x.mul(3)], 0),
  "halves, joined": (x) => torch.cat(x.chunk(2, -1), -1),
  "parts, joined": (x) => torch.cat([x.narrow(-1, 0, 2), x.narrow(-1, 2, 2)], -1),
  "less its mean": (x) => x.sub(x.mean(-1, { keepdim: true })),
  "by its variance": (x) => x.div(x.var(-1, { correction: 0, keepdim: true }).add(1)),
  where: (x) => torch.where(x.gt(0), x, x.mul(0.1)),
  maximum: (x) => torch.maximum(x, x.mul(0.5)),
  squeeze: (x) => x.unsqueeze(1).squeeze(1),
  addcmul: (x) => torch.addcmul(x, x.tanh(), x.tanh()),
  "in place": (x) => x.clone().mul_(2).add_(1),
  "plus y": (x, { y }) => x.add(y),
  "minus y": (x, { y }) => x.sub(y),
  "times y": (x, { y }) => x.mul(y.clamp(-2, 2)),
  "by y": (x, { y }) => x.div(y.abs().add(1)),
  // No row otherwise, which most do not take.
  "plus its first row, if y is positive": (x, { y }) =>
    x.add(x.narrow(0, 0, 1).relu().index(y.relu().sum().view(1).gt(0.7))),
  "y where it is more": (x, { y }) => torch.maximum(x, y),
  "between x and y": (x, { y }) => x.mul(0.3).add(y.mul(0.7)),
};
