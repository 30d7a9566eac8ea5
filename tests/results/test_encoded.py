"""Promises of the vectors in a run folder: they come back, or what is wrong is told."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embedbench.results.encoded import Encoded

RANDOM = np.random.default_rng(0)
NAMES = ("b/../<x>", "a", "B/../<x>")
"""An order of their own, letters that no file name has, and two that differ in case."""

IMAGES = {
    name: RANDOM.normal(size=(5, size)).astype(np.float32) for size, name in enumerate(NAMES, 2)
}
TEXTS = {"a": RANDOM.normal(size=(3, 3)).astype(np.float32)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    nothing = {"b/../<x>": np.empty((0, 2), np.float32)}
    Encoded(IMAGES, TEXTS, nothing, b"origin").write(tmp_path / "vectors")
    return tmp_path / "vectors"


def test_vectors_come_back_as_they_were(folder: Path) -> None:
    found = Encoded.read(folder, NAMES, 5)
    for name, vectors in IMAGES.items():
        np.testing.assert_array_equal(found.images[name], vectors)
    np.testing.assert_array_equal(found.texts["a"], TEXTS["a"])
    assert set(found.texts) == {"a"} and not found.others and found.origin == b"origin"
    assert all(file.parent == folder for file in folder.iterdir())


def test_numpy_reads_them_in_the_order_of_names(folder: Path) -> None:
    files = sorted(file.name for file in folder.glob("*.npy"))
    assert files == ["01_B_x.npy", "02_a.npy", "02_a.texts.npy", "03_b_x.npy"]
    np.testing.assert_array_equal(np.load(folder / "02_a.npy"), IMAGES["a"])


def _missing(folder: Path) -> None:
    (folder / "02_a.npy").unlink()


def _cut(folder: Path) -> None:
    file = folder / "02_a.npy"
    file.write_bytes(file.read_bytes()[:-8])


def _pickled(folder: Path) -> None:
    np.save(folder / "02_a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)


def _of_other_images(folder: Path) -> None:
    np.save(folder / "02_a.npy", IMAGES["a"][:4])


def _of_other_numbers(folder: Path) -> None:
    np.save(folder / "02_a.npy", IMAGES["a"].astype(np.float64))


def _no_origin(folder: Path) -> None:
    (folder / "origin.npz").unlink()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_missing, "vectors/02_a.npy is missing"),
        (_cut, "vectors/02_a.npy is damaged"),
        (_pickled, "vectors/02_a.npy is damaged"),
        (_of_other_images, "vectors/02_a.npy holds something else"),
        (_of_other_numbers, "vectors/02_a.npy holds something else"),
        (_no_origin, "vectors/origin.npz is missing"),
    ],
)
def test_a_file_that_is_not_whole_is_named(
    folder: Path, change: Callable[[Path], None], told: str
) -> None:
    change(folder)
    with pytest.raises(ValueError, match=told):
        Encoded.read(folder, NAMES, 5)
