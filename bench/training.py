"""Trains the models of bench/training.ts in PyTorch's eager mode: reads "<case> <steps>" lines, answers with seconds a line."""

import pathlib
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests" / "python"))
from make_training_golden import GPT  # noqa: E402


def mlp(inputs, hidden, outputs):
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


def images(size, inputs):
    return torch.rand(size, inputs), torch.randint(10, [size])


def texts(size, length):
    tokens = torch.randint(56, [size, length + 1])
    return tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()


CASES = {
    "MLP, small": lambda: (mlp(64, 64, 10), images(32, 64)),
    "MLP, large": lambda: (mlp(1024, 2048, 10), images(512, 1024)),
    "GPT, small": lambda: (GPT(56, 32, 32, 4, 2), texts(4, 32)),
    "GPT, large": lambda: (GPT(56, 256, 256, 8, 4), texts(8, 256)),
}
OPTIMIZERS = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW}


class Training:
    def __init__(self, case, optimizer):
        torch.manual_seed(0)
        self.model, (self.x, self.y) = CASES[case]()
        self.optimizer = OPTIMIZERS[optimizer](self.model.parameters(), lr=1e-3)

    def run(self, steps):
        model, optimizer, x, y = self.model, self.optimizer, self.x, self.y
        total = 0.0
        start = time.perf_counter()
        for _ in range(steps):
            optimizer.zero_grad()
            output = model(x)
            loss = F.cross_entropy(output.view(-1, output.shape[-1]), y.view(-1))
            loss.backward()
            optimizer.step()
            total += loss.item()
        return time.perf_counter() - start, total / steps


def main():
    torch.set_num_threads(2)
    made = {}
    for line in sys.stdin:
        case, optimizer, steps = line.strip().split("|")
        training = made.setdefault((case, optimizer), None) or Training(case, optimizer)
        made[case, optimizer] = training
        seconds, loss = training.run(int(steps))
        print(f"{seconds} {loss}", flush=True)


if __name__ == "__main__":
    main()
