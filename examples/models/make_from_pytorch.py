"""Makes from_pytorch.pt, a scripted model with an if and a loop, and prints what it computes.

    python make_from_pytorch.py
"""

import pathlib

import torch
from torch import Tensor, nn


class Newton(nn.Module):
    """Square roots by Newton's method, as many steps as the input needs."""

    def __init__(self):
        super().__init__()
        self.register_buffer("tolerance", torch.tensor(1e-6))

    def forward(self, x: Tensor, max_steps: int = 50) -> tuple[Tensor, int]:
        if bool((x < 0).any()):
            raise ValueError("the square root of a negative number is not real")
        guess = torch.ones_like(x)
        steps = 0
        while steps < max_steps and bool((guess * guess - x).abs().max() > self.tolerance):
            guess = (guess + x / guess) / 2
            steps += 1
        return guess, steps


path = pathlib.Path(__file__).with_name("from_pytorch.pt")
model = torch.jit.script(Newton())
model.save(str(path))
print(model(torch.tensor([4.0, 2.0, 9.0])))
