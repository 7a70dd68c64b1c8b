"""PyTorch's side of bench/suites/training.ts: reads "case|optimizer|steps" lines, answers with seconds and mean loss a line."""

import os
import pathlib
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests" / "python"))
from make_training_golden import GPT  # noqa: E402


class ConvNet(nn.Module):
    def __init__(self, channels, size, width):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.out = nn.Linear(2 * width * (size >> 2) ** 2, 10)

    def forward(self, x):
        y = F.max_pool2d(F.relu(self.conv1(x)), 2)
        return self.out(F.max_pool2d(F.relu(self.conv2(y)), 2).flatten(1))


def mlp(inputs, hidden):
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 10))


def images(*shape):
    return torch.rand(shape), torch.randint(10, [shape[0]])


def texts(size, length):
    tokens = torch.randint(56, [size, length + 1])
    return tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()


CASES = {
    "MLP, small": lambda: (mlp(64, 64), images(32, 64)),
    "conv net, small": lambda: (ConvNet(1, 8, 16), images(32, 1, 8, 8)),
    "GPT, small": lambda: (GPT(56, 32, 32, 4, 2), texts(4, 32)),
    "GPT, small, one text": lambda: (GPT(56, 32, 32, 4, 2), texts(1, 32)),
    "MLP, large": lambda: (mlp(1024, 2048), images(512, 1024)),
    "conv net, large": lambda: (ConvNet(3, 32, 64), images(64, 3, 32, 32)),
    "GPT, large": lambda: (GPT(56, 256, 256, 8, 4), texts(8, 256)),
}
OPTIMIZERS = {"SGD": torch.optim.SGD, "AdamW": torch.optim.AdamW}


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
    torch.set_num_threads(int(os.environ["FLAMBEAU_BENCH_THREADS"]))
    training, made = None, None
    for line in sys.stdin:
        case, optimizer, steps = line.strip().split("|")
        if made != (case, optimizer):
            training, made = Training(case, optimizer), (case, optimizer)
        seconds, loss = training.run(int(steps))
        print(f"{seconds} {loss}", flush=True)


if __name__ == "__main__":
    main()
