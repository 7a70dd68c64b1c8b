"""Writes tests/golden/data.json: the orders that PyTorch's loaders, samplers and splits give."""

import json
import sys

import torch
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SubsetRandomSampler, WeightedRandomSampler
from torch.utils.data import random_split


def orders(make, passes=2):
    torch.manual_seed(3)
    it = make()
    out = [[x.tolist() if isinstance(x, torch.Tensor) else x for x in it] for _ in range(passes)]
    return {"passes": out, "after": torch.randint(1000, (1,)).item()}


def generator():
    return torch.Generator().manual_seed(11)


rows = list(range(10))
golden = {
    "shuffle": orders(lambda: DataLoader(rows, batch_size=3, shuffle=True)),
    "plain": orders(lambda: DataLoader(rows, batch_size=4)),
    "dropLast": orders(lambda: DataLoader(rows, batch_size=4, shuffle=True, drop_last=True)),
    "generator": orders(lambda: DataLoader(rows, batch_size=3, shuffle=True, generator=generator())),
    "single": orders(lambda: DataLoader(rows, batch_size=None, shuffle=True)),
    "random": orders(lambda: RandomSampler(rows)),
    "more": orders(lambda: RandomSampler(rows, num_samples=23)),
    "fewer": orders(lambda: RandomSampler(rows, num_samples=4, generator=generator())),
    "replacement": orders(lambda: RandomSampler(rows, replacement=True, num_samples=70)),
    "subset": orders(lambda: SubsetRandomSampler([3, 5, 7, 9])),
    "weighted": orders(lambda: WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5, replacement=True)),
    "weightedOnce": orders(lambda: WeightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3, 0.1], 5, replacement=False)),
    "sampler": orders(lambda: DataLoader(rows, batch_size=2, sampler=SubsetRandomSampler([1, 2, 3]))),
    "batchSampler": orders(lambda: DataLoader(rows, batch_sampler=BatchSampler(RandomSampler(rows), 4, True))),
}


def split(lengths):
    return [list(part.indices) for part in random_split(rows, lengths, generator=generator())]


golden["split"] = split([3, 7])
golden["fractions"] = split([0.33, 0.33, 0.34])
with open(sys.argv[1], "w") as file:
    json.dump(golden, file, indent=1)
    file.write("\n")
