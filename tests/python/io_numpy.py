"""Numpy's side of tests/io_npy_test.ts.

make DIRECTORY    writes arrays for JavaScript to load
check DIRECTORY   asserts what JavaScript saved
"""

import sys

import numpy as np

NAMES = "float64 float32 float16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool complex64 complex128".split()


def array(name):
    return np.array([[1, 2, 0], [3, 0, 5]]).astype(name) * (1 + 2j if name.startswith("complex") else 1)


def make(directory):
    for name in NAMES:
        made = array(name).astype(name)
        np.save(f"{directory}/{name}.npy", made)
        np.save(f"{directory}/{name}-big.npy", made.astype(made.dtype.newbyteorder(">")))
        np.save(f"{directory}/{name}-fortran.npy", np.asfortranarray(made))
    np.save(f"{directory}/scalar.npy", np.array(2.5))
    np.save(f"{directory}/empty.npy", np.zeros((0, 3)))
    np.save(f"{directory}/large-big.npy", np.arange(1_500_000, dtype=">i4").reshape(3, -1))
    with open(f"{directory}/version2.npy", "wb") as file:
        np.lib.format.write_array(file, np.arange(3), version=(2, 0))
    with open(f"{directory}/version3.npy", "wb") as file:
        np.lib.format.write_array(file, np.arange(3), version=(3, 0))
    np.save(f"{directory}/objects.npy", np.array([{}, None]), allow_pickle=True)
    np.save(f"{directory}/strings.npy", np.array(["a"]))
    np.save(f"{directory}/records.npy", np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]))
    np.save(f"{directory}/dates.npy", np.array(["2020-01-01"], dtype="datetime64[D]"))
    np.save(f"{directory}/long.npy", np.array([1], dtype=np.longdouble))
    arrays = {"x": np.arange(6).reshape(2, 3), "ż": np.ones(2, dtype=">f4"), "zeros": np.zeros(10_000)}
    np.savez(f"{directory}/stored.npz", **arrays)
    np.savez_compressed(f"{directory}/deflated.npz", **arrays)


def check(directory):
    for name in NAMES:
        read = np.load(f"{directory}/ours-{name}.npy")
        assert read.dtype == np.dtype(name) and np.array_equal(read, array(name).astype(name)), name
    assert np.load(f"{directory}/ours-scalar.npy").shape == ()
    assert np.load(f"{directory}/ours-empty.npy").shape == (0, 3)
    for kind in ("stored", "deflated"):
        read = np.load(f"{directory}/ours-{kind}.npz")
        assert list(read) == ["x", "ż", "zeros"], list(read)
        assert np.array_equal(read["x"], [[0, 3], [1, 4], [2, 5]])
        assert read["zeros"].shape == (10_000,)


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](sys.argv[2])
