"""Evaluates in PyTorch what examples/digits.ts has saved: python examples/digits_load.py digits.pt"""

import pathlib
import sys

import torch

rows = torch.frombuffer(bytearray((pathlib.Path(__file__).parent / "data" / "digits.bin").read_bytes()), dtype=torch.uint8)
rows = rows.view(-1, 65)[1500:]
model = torch.jit.load(sys.argv[1]).eval()
with torch.no_grad():
    found = model(rows[:, :64].float().div(16).view(-1, 1, 8, 8)).argmax(1)
print(f"{100 * (found == rows[:, 64]).float().mean().item():.2f} % of new digits are right")
