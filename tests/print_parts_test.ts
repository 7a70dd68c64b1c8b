// Tensors that PyTorch prints by the tensors that they are made of. What is expected is what PyTorch 2.13 prints.
import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import * as torch from "../mod.ts";

const cases: [string, () => torch.Tensor, string][] = [
  [
    "sparse",
    () => torch.eye(3).toSparse(),
    [
      "tensor(indices=tensor([[0, 1, 2],",
      "                       [0, 1, 2]]),",
      "       values=tensor([1., 1., 1.]),",
      "       size=(3, 3), nnz=3, layout=torch.sparse_coo)",
    ].join("\n"),
  ],
  [
    "sparse, of other values",
    () => torch.eye(3).toSparse().mul(2.5),
    [
      "tensor(indices=tensor([[0, 1, 2],",
      "                       [0, 1, 2]]),",
      "       values=tensor([2.5000, 2.5000, 2.5000]),",
      "       size=(3, 3), nnz=3, layout=torch.sparse_coo)",
    ].join("\n"),
  ],
  [
    "sparse, without elements",
    () => torch.zeros([3, 3]).toSparse(),
    [
      "tensor(indices=tensor([], size=(2, 0)),",
      "       values=tensor([], size=(0,)),",
      "       size=(3, 3), nnz=0, layout=torch.sparse_coo)",
    ].join("\n"),
  ],
  [
    "CSR",
    () => torch.eye(3, { dtype: "float64" }).toSparseCsr(),
    [
      "tensor(crow_indices=tensor([0, 1, 2, 3]),",
      "       col_indices=tensor([0, 1, 2]),",
      "       values=tensor([1., 1., 1.]), size=(3, 3), nnz=3, dtype=torch.float64,",
      "       layout=torch.sparse_csr)",
    ].join("\n"),
  ],
  [
    "CSC",
    () => torch.eye(3).toSparseCsc(),
    [
      "tensor(ccol_indices=tensor([0, 1, 2, 3]),",
      "       row_indices=tensor([0, 1, 2]),",
      "       values=tensor([1., 1., 1.]), size=(3, 3), nnz=3,",
      "       layout=torch.sparse_csc)",
    ].join("\n"),
  ],
  [
    "BSR",
    () => torch.eye(4).toSparseBsr([2, 2]),
    [
      "tensor(crow_indices=tensor([0, 1, 2]),",
      "       col_indices=tensor([0, 1]),",
      "       values=tensor([[[1., 0.],",
      "                       [0., 1.]],",
      "",
      "                      [[1., 0.],",
      "                       [0., 1.]]]), size=(4, 4), nnz=2,",
      "       layout=torch.sparse_bsr)",
    ].join("\n"),
  ],
  [
    "BSC",
    () => torch.eye(4).toSparseBsc([2, 2]),
    [
      "tensor(ccol_indices=tensor([0, 1, 2]),",
      "       row_indices=tensor([0, 1]),",
      "       values=tensor([[[1., 0.],",
      "                       [0., 1.]],",
      "",
      "                      [[1., 0.],",
      "                       [0., 1.]]]), size=(4, 4), nnz=2,",
      "       layout=torch.sparse_bsc)",
    ].join("\n"),
  ],
  [
    "sparse with a gradient",
    () => torch.eye(3, { requiresGrad: true }).toSparse(),
    [
      "tensor(indices=tensor([[0, 1, 2],",
      "                       [0, 1, 2]]),",
      "       values=tensor([1., 1., 1.]),",
      "       size=(3, 3), nnz=3, layout=torch.sparse_coo, grad_fn=<ToSparseBackward1>)",
    ].join("\n"),
  ],
  [
    "a large sparse one",
    () => torch.eye(2000, { dtype: "int64" }).toSparse(),
    [
      "tensor(indices=tensor([[   0,    1,    2,  ..., 1997, 1998, 1999],",
      "                       [   0,    1,    2,  ..., 1997, 1998, 1999]]),",
      "       values=tensor([1, 1, 1,  ..., 1, 1, 1]),",
      "       size=(2000, 2000), nnz=2000, layout=torch.sparse_coo)",
    ].join("\n"),
  ],
  [
    "quantized",
    () => torch.quantizePerTensor(torch.arange(4).float(), 0.1, 10, "quint8"),
    [
      "tensor([0., 1., 2., 3.], size=(4,), dtype=torch.quint8,",
      "       quantization_scheme=torch.per_tensor_affine, scale=0.1, zero_point=10)",
    ].join("\n"),
  ],
  [
    "quantized by channel",
    () =>
      torch.quantizePerChannel(
        torch.arange(4).float().reshape([2, 2]),
        torch.tensor([0.1, 0.2], { dtype: "float64" }),
        torch.tensor([1, 2]),
        0,
        "qint8",
      ),
    [
      "tensor([[0., 1.],",
      "        [2., 3.]], size=(2, 2), dtype=torch.qint8,",
      "       quantization_scheme=torch.per_channel_affine,",
      "       scale=tensor([0.1000, 0.2000], dtype=torch.float64),",
      "       zero_point=tensor([1, 2]), axis=0)",
    ].join("\n"),
  ],
];

describe("A printed tensor that is made of others", () => {
  for (const [name, make, expected] of cases) {
    test(`is PyTorch's: ${name}`, () => {
      using tensor = make();
      assertEquals(String(tensor), expected);
    });
  }
});
