"""Goes on with a training that Flambeau began, and begins one that Flambeau goes on with: optim_resume.py <folder>

Reads <folder>/here.pt ({"model", "optimizer"} after ten steps there) for each optimizer in <folder>/names.txt, makes ten steps more, and
writes the parameters then as there_<name>.pt; writes begun_<name>.pt after ten steps from the start, and done_<name>.pt after twenty.
"""

import pathlib
import sys

import torch
from torch import nn

folder = pathlib.Path(sys.argv[1])


def make(name):
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    model.load_state_dict(torch.load(folder / "start.pt", weights_only=True))
    options = {"momentum": 0.9} if name in ("SGD", "RMSprop") else {}
    return model, getattr(torch.optim, name)(model.parameters(), lr=0.05, **options)


def steps(model, optimizer, first, last):
    for i in range(first, last):
        x = torch.tensor([[0.1 * i, -0.2, 0.3], [1.0, 0.05 * i, -0.5]])

        def closure():
            optimizer.zero_grad()
            loss = model(x).sub(torch.tensor([[0.5], [-1.0]])).pow(2).mean()
            loss.backward()
            return loss

        optimizer.step(closure)


for name in (folder / "names.txt").read_text().split():
    model, optimizer = make(name)
    steps(model, optimizer, 0, 10)
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, folder / f"begun_{name}.pt")
    steps(model, optimizer, 10, 20)
    torch.save(model.state_dict(), folder / f"done_{name}.pt")
    model, optimizer = make(name)
    here = torch.load(folder / f"here_{name}.pt", weights_only=True)
    model.load_state_dict(here["model"])
    optimizer.load_state_dict(here["optimizer"])
    steps(model, optimizer, 10, 20)
    torch.save(model.state_dict(), folder / f"there_{name}.pt")
