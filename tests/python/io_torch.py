"""PyTorch's side of tests/io_torch_test.ts.

make DIRECTORY    writes values.pt, legacy.pt, protocol4.pt, and values.json: what JavaScript should see
check DIRECTORY   reads saved.pt with weights_only=True, and asserts what it holds
"""

import collections
import json
import sys

import torch


def values():
    base = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    linear = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adam(linear.parameters())
    linear(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    loop = []
    loop.append(loop)
    complex_ = torch.tensor([1 + 2j, 3 - 1j])
    return {
        "base": base,
        "transposed": base.t(),
        "row": base[1],
        "again": base,
        "expanded": torch.ones(1).expand(3),
        "empty": torch.empty(0, 3),
        "scalar": torch.tensor(7),
        "complex": complex_,
        "conjugate": complex_.conj(),
        "imaginary": torch.tensor([1 + 2j, 3 - 1j]).conj().imag,
        "meta": torch.empty(2, 3, device="meta"),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "frozen": torch.nn.Parameter(torch.ones(2), requires_grad=False),
        "leaf": torch.ones(2, requires_grad=True),
        "quantized": torch.quantize_per_tensor(torch.tensor([1.0, 2.0]), 0.5, 2, torch.quint8),
        "channels": torch.quantize_per_channel(
            torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
            torch.tensor([0.5, 0.25], dtype=torch.float64),
            torch.tensor([0, 1]),
            0,
            torch.qint8,
        ),
        "size": torch.Size([2, 3]),
        "tuple": (1, 2.5, "x", None, True, False, ()),
        "numbers": [0, 255, 256, -1, 65536, -(2**31), 2**31, 2**53 - 1, 2**53, -(2**70), 0.1, -0.0],
        "special": [float("inf"), float("-inf"), float("nan")],
        "text": "zażółć 🔥 \x00",
        "pair": complex(1, -2),
        "set": {1, 2},
        "bytes": b"\x00\xff",
        "bytearray": bytearray(b"hi"),
        "dtype": torch.bfloat16,
        "device": torch.device("cuda", 1),
        "layout": torch.strided,
        "ordered": collections.OrderedDict([("b", 1), ("a", [2])]),
        "byNumber": {0: 1, 1: {"x": 2}},
        "__proto__": "harmless",
        "loop": loop,
        "dtypes": {str(d)[6:]: torch.tensor([1, 2, 0]).to(d) for d in dtypes()},
        "state": linear.state_dict(),
        "optimizer": optimizer.state_dict(),
    }


def dtypes():
    names = "float32 float64 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128 complex32 "
    names += "uint16 uint32 uint64 float8_e5m2 float8_e4m3fn float8_e5m2fnuz float8_e4m3fnuz"
    return [getattr(torch, name) for name in names.split()]


def make(directory):
    torch.manual_seed(0)
    made = values()
    torch.save(made, f"{directory}/values.pt")
    torch.save(made, f"{directory}/legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(made, f"{directory}/protocol4.pt", pickle_protocol=4)
    torch.save(made["state"], f"{directory}/state.pt")
    torch.save([made["base"], made["row"]], f"{directory}/tensors.pt")
    torch.jit.script(torch.nn.Linear(1, 1)).save(f"{directory}/script.pt")
    torch.save(torch.nn.Linear(1, 1), f"{directory}/module.pt")
    torch.save(torch.eye(2).to_sparse(), f"{directory}/sparse.pt")
    with open(f"{directory}/values.json", "w") as file:
        json.dump({key: made["state"][key].tolist() for key in made["state"]}, file)


def same(a, b, path="value"):
    assert type(a) is type(b), f"{path}: {type(a)} and {type(b)}"
    if isinstance(a, torch.Tensor):
        assert a.dtype == b.dtype and a.shape == b.shape and a.stride() == b.stride(), path
        assert a.storage_offset() == b.storage_offset(), path
        assert a.requires_grad == b.requires_grad and a.is_conj() == b.is_conj(), path
        if a.is_quantized:
            assert a.qscheme() == b.qscheme(), path
            a, b = a.dequantize(), b.dequantize()
        if not a.is_meta:
            wide = lambda t: t.detach().to(torch.complex128 if t.is_complex() else torch.float64)
            assert torch.equal(wide(a), wide(b)), path
    elif isinstance(a, dict):
        assert list(a) == list(b), f"{path}: {list(a)} and {list(b)}"
        for key in a:
            same(a[key], b[key], f"{path}[{key!r}]")
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), path
        if path != "value['loop']":
            for i, (x, y) in enumerate(zip(a, b)):
                same(x, y, f"{path}[{i}]")
    else:
        assert a == b or a != a, f"{path}: {a!r} and {b!r}"


def check(directory):
    torch.manual_seed(0)
    expected = values()
    # What JavaScript has no value of its own for.
    expected.update({"dtype": "bfloat16", "device": "cuda:1", "layout": "strided", "bytearray": b"hi"})
    expected["optimizer"]["param_groups"][0]["weight_decay"] = 0
    read = torch.load(f"{directory}/saved.pt", weights_only=True)
    same(expected, read)
    assert read["state"]._metadata == expected["state"]._metadata
    assert read["loop"][0] is read["loop"]
    assert read["again"] is read["base"]
    read["base"][1] = 100
    assert read["row"].tolist() == [100] * 4 and read["transposed"][0, 1] == 100
    model = torch.nn.Linear(2, 2)
    model.load_state_dict(read["state"])
    torch.optim.Adam(model.parameters()).load_state_dict(read["optimizer"])
    ours = torch.load(f"{directory}/ours.pt", weights_only=True)
    assert ours["tuple"] == (1, "a") and ours["float"] == 1.0 and type(ours["float"]) is float
    assert ours["map"] == {1: "one", None: 2.5} and ours["big"] == 2**64
    model.load_state_dict(ours["trained"])
    optimizer = torch.optim.Adam(model.parameters())
    optimizer.load_state_dict(ours["optimizer"])
    assert optimizer.param_groups[0]["lr"] == 0.125
    assert optimizer.state[model.weight]["step"] == 1
    assert type(ours["net"]["weight"]) is torch.Tensor
    assert type(ours["parameter"]) is torch.nn.Parameter and ours["parameter"].requires_grad
    assert ours["view"].untyped_storage().data_ptr() == ours["whole"].untyped_storage().data_ptr()


def sparse(directory):
    (read,) = torch.load(f"{directory}/sparse-ours.pt", weights_only=True)
    assert read.layout == torch.sparse_coo and torch.equal(read.to_dense(), torch.eye(2))
    assert read.is_coalesced()
    outside = torch.sparse_coo_tensor([[5], [0]], [1.0], (2, 2), check_invariants=False)
    torch.save(outside, f"{directory}/sparse-outside.pt")


if __name__ == "__main__":
    {"make": make, "check": check, "sparse": sparse}[sys.argv[1]](sys.argv[2])
