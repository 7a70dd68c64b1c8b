"""Writes golden/indexing.json: what PyTorch gives for x[indices] and x[indices] = value, x being arange over a shape.

    python make_indexing_golden.py
"""

import json
import pathlib
import random

import torch

random.seed(20)


def number(size):
    return random.randint(-size, size - 1)


def random_slice(size):
    bounds = [random.choice([None, random.randint(-size - 1, size + 1)]) for _ in range(2)]
    return {"slice": [*bounds, random.choice([1, 1, 2, 3])]}


def random_index(shape, dim):
    size = shape[dim]
    kind = random.choice(["int", "slice", "slice", "list", "tensor", "mask", "mask2"])
    if kind == "int":
        return number(size), 1
    if kind == "slice":
        return random_slice(size), 1
    if kind == "list":
        return {"list": [number(size) for _ in range(3)]}, 1
    if kind == "tensor":
        return {"tensor": [[number(size)], [number(size)], [number(size)]]}, 1
    if kind == "mask":
        mask = [False] * size
        for at in random.sample(range(size), min(3, size)):
            mask[at] = True
        return {"list": mask}, 1
    if dim + 1 >= len(shape):
        return random_slice(size), 1
    mask = [[False] * shape[dim + 1] for _ in range(size)]
    for at in random.sample(range(size * shape[dim + 1]), 3):
        mask[at // shape[dim + 1]][at % shape[dim + 1]] = True
    return {"tensor": mask}, 2


def random_case():
    shape = [random.randint(3, 5) for _ in range(random.randint(1, 4))]
    indices = []
    dim = 0
    ellipsis = random.random() < 0.3
    while dim < len(shape) and random.random() < 0.85:
        if random.random() < 0.15:
            indices.append(None)
        index, taken = random_index(shape, dim)
        indices.append(index)
        dim += taken
    if ellipsis:
        indices.insert(random.randint(0, len(indices)), "...") if dim == 0 else indices.append("...")
    if random.random() < 0.1:
        indices.append(random.choice([True, False]))
    return shape, indices


def to_python(index):
    if isinstance(index, dict):
        if "slice" in index:
            return slice(*index["slice"])
        if "list" in index:
            return index["list"]
        return torch.tensor(index["tensor"])
    return ... if index == "..." else index


def evaluate(shape, indices):
    count = 1
    for size in shape:
        count *= size
    x = torch.arange(count).reshape(shape)
    key = tuple(to_python(index) for index in indices)
    result = x[key]
    assigned = x.clone()
    assigned[key] = -1
    case = {
        "shape": shape,
        "indices": indices,
        "resultShape": list(result.shape),
        "result": result.flatten().tolist(),
        "assigned": assigned.flatten().tolist(),
    }
    if result.numel() > 0:
        # Duplicate positions make an assignment of several values ambiguous, so one row serves all.
        row = torch.arange(result.shape[-1]) + 100 if result.dim() else torch.tensor(100)
        duplicates = len(set(case["result"])) != len(case["result"])
        if not duplicates:
            assigned = x.clone()
            assigned[key] = row
            case["rowAssigned"] = assigned.flatten().tolist()
    return case


fixed = [
    ([2, 3, 4], [0]), ([2, 3, 4], [-1]), ([2, 3, 4], [0, 1, 2]), ([2, 3, 4], ["..."]), ([2, 3, 4], []),
    ([2, 3, 4], [None, "...", None]), ([2, 3, 4], ["...", {"list": [0, 3]}]),
    ([2, 3, 4], [{"list": [1, 0]}, {"slice": [None, None, 1]}, {"list": [0, 2]}]),
    ([2, 3, 4], [{"slice": [None, None, 1]}, {"list": [1, 0]}, {"list": [0, 2]}]),
    ([2, 3, 4], [0, {"slice": [None, None, 1]}, {"list": [0, 2]}]), ([5], [{"slice": [10, 20, 1]}]),
    ([5], [{"slice": [-3, None, 2]}]), ([0, 3], [{"slice": [None, None, 1]}, 1]), ([3], [True]), ([3], [False]),
    ([], []), ([], [None]), ([], [True]), ([], ["..."]), ([3, 3], [{"tensor": [[True, False, True]] * 3}]),
]

cases = []
for shape, indices in fixed:
    cases.append(evaluate(shape, indices))
while len(cases) < 220:
    shape, indices = random_case()
    try:
        cases.append(evaluate(shape, indices))
    except IndexError:
        continue  # index tensors whose shapes do not broadcast together
path = pathlib.Path(__file__).parent.parent / "golden" / "indexing.json"
path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
