"""Types of the models that make_interop_models.py makes: Python knows those of a file by these."""

import enum
from typing import List, NamedTuple

import torch
from torch import Tensor


class Point(NamedTuple):
    x: Tensor
    y: int


class Box(NamedTuple):
    label: str
    score: float
    corner: Point


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


class Ratio(enum.Enum):
    HALF = 0.5
    DOUBLE = 2.0


@torch.jit.script
class Counter:
    def __init__(self, start: int, name: str):
        self.count = start
        self.name = name
        self.history: List[float] = [float(start)]

    def increase(self, by: int = 1) -> int:
        self.count += by
        self.history.append(float(self.count))
        return self.count

    def describe(self) -> str:
        return self.name + ":" + str(self.count)


@torch.jit.script
class Accumulator:
    def __init__(self, size: int):
        self.total = torch.zeros([size])

    def add(self, x: Tensor) -> Tensor:
        self.total = self.total + x
        return self.total


@torch.jit.script
def use_enums(color: Color, level: Level, ratio: Ratio) -> bool:
    """Only what a script uses is known as an enum."""
    return color == color and level == level and ratio == ratio
