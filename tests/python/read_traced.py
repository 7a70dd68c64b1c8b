"""Reads what tests/jit_trace_members_test.ts saved: a module traced in both modes, and an archive's extra file.

python read_traced.py modes FILE IN.json OUT.json
python read_traced.py extra FILE NAME OUT.json
"""

import json
import sys

import torch


def modes(path: str, given: str) -> dict:
    module = torch.jit.load(path)
    with open(given) as file:
        x = torch.tensor(json.load(file))
    module.eval()
    out = {"whole": module(x).tolist(), "inner": module.inner(x).tolist(), "drop": module.inner.drop(x).tolist()}
    module.train()
    before = module.inner.norm.running_mean.tolist()
    module.inner.norm(x)
    out["moved"] = before != module.inner.norm.running_mean.tolist()
    out["dropped"] = bool((module.inner.drop(torch.ones(1000, 3)) == 0).any())
    return out


def extra(path: str, name: str) -> list:
    files = {name: ""}
    torch.jit.load(path, _extra_files=files)
    return list(files[name])


what, path, argument, out = sys.argv[1:]
with open(out, "w") as file:
    json.dump({"modes": modes, "extra": extra}[what](path, argument), file)
