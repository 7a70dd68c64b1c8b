"""Writes tests/golden/io: files of the safetensors package (0.8.0), which the tests' environment does not have.

Run it with a Python that has torch 2.13 and safetensors: make_io_golden.py tests/golden/io
"""

import sys

import torch
from safetensors.torch import save_file

names = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool complex64"
names += " float8_e4m3fn float8_e5m2"
directory = sys.argv[1]
dtypes = {name: torch.tensor([[1, 2, 0]]).to(getattr(torch, name)) for name in names.split()}
save_file(dtypes, f"{directory}/dtypes.safetensors", metadata={"format": "pt"})
save_file(
    {
        "scalar": torch.tensor(1.5),
        "empty": torch.zeros(0, 3),
        "with \"quotes\" and ż": torch.arange(4, dtype=torch.int64),
        "b": torch.arange(6, dtype=torch.float32).reshape(2, 3),
        "a": torch.tensor([True, False]),
    },
    f"{directory}/names.safetensors",
)
