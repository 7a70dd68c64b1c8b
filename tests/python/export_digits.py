"""Writes examples/data/digits.bin from scikit-learn's digits: 1,797 rows of 64 pixels (0 to 16) and the digit, a byte each.

Run with a Python that has scikit-learn (1.9.1 wrote the committed file). examples/data/README.md names source and licence.
"""

import pathlib

import numpy
from sklearn.datasets import load_digits

OUTPUT = pathlib.Path(__file__).parents[2] / "examples" / "data" / "digits.bin"

digits = load_digits()
rows = numpy.concatenate([digits.data, digits.target[:, None]], axis=1)
rows.astype(numpy.uint8).tofile(OUTPUT)
