"""Writes tests/golden/events.tfevents by PyTorch's SummaryWriter, over TensorBoard 2.21.

Run it with a Python that has torch 2.13 and tensorboard: make_events_golden.py tests/golden
"""

import os
import sys
import tempfile

import numpy as np
from torch.utils.tensorboard import SummaryWriter

with tempfile.TemporaryDirectory() as directory:
    writer = SummaryWriter(directory)
    for step in range(3):
        writer.add_scalar("loss/train", 1 / (step + 1), step, walltime=1700000000.5 + step)
    writer.add_scalar("large step", -2.5, 2**40, walltime=1700000001)
    writer.add_histogram("weights", np.array([-1.5, 0, 0.25, 0.25, 3, 1e-30]), 5, walltime=1700000002)
    writer.add_histogram("zero", np.array([0.0]), 6, walltime=1700000003)
    writer.add_text("notes", "# ż\nsome *text*", 7, walltime=1700000004)
    writer.close()
    (name,) = os.listdir(directory)
    os.rename(f"{directory}/{name}", f"{sys.argv[1]}/events.tfevents")
