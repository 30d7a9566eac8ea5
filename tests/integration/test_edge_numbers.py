"""Whole runs at the edges: few different pictures, values that overflow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench import compare
from embedbench.encoder import LookupEncoder
from embedbench.errors import InputError

pytestmark = pytest.mark.usefixtures("one_core")

QUICK: dict[str, Any] = {
    "clusterers": ["kmeans"], "copies": 0, "projections": ["pca"], "seeds": 1, "labels": "none",
}  # fmt: skip


@dataclass(frozen=True)
class Drawn(LookupEncoder):
    """Vectors of noise, each as often as it takes; one value may be changed."""

    different: int = 1000
    value: float | None = None
    dim: int = 8

    def lookup(self, names: Sequence[str]) -> np.ndarray:
        vectors = np.random.default_rng(0).normal(size=(len(names), self.dim)).astype(np.float32)
        vectors = vectors[np.arange(len(names)) % self.different]
        if self.value is not None:
            vectors[1, 2] = self.value
        return vectors


def pictures(folder: Path, count: int, different: int) -> Path:
    """Write pictures of noise, of which some are files of the same bytes."""
    folder.mkdir()
    for number in range(count):
        random = np.random.default_rng(number % different)
        pixels = random.integers(0, 256, (16, 16, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:03d}.png")
    return folder


# `copies_by_low_dimensions` of the cases
@pytest.mark.parametrize("dims", [(2,), (3, 4)])
def test_an_encoder_of_few_dimensions_makes_no_copies(tmp_path: Path, dims: Sequence[int]) -> None:
    """Among 40 points on a line or a circle some are always near, as the cosine goes."""
    folder = pictures(tmp_path / "photos", 40, 39)
    found = compare(folder, {f"in {dim}": Drawn(dim=dim) for dim in dims}, k="3", **QUICK)
    assert found.images["group"].tolist() == [*range(39), 0]
    assert found.run["dataset"]["duplicates"] == pytest.approx(1 / 40)
    assert found.run["remarks"] == [
        "1 of the 40 images is a copy of another: 1 by their bytes, 0 by how they look at "
        "32 x 32 pixels; copies count as one image in resamples and folds, and are not neighbours "
        "of each other"
    ]


@pytest.mark.parametrize(
    ("count", "different", "k", "last", "why"),
    [
        (160, 20, "18..24", 20, "20 of the 160 images differ from each other"),
        (30, 30, "27..50", 29, "there are 30 images"),
    ],
)
def test_a_range_of_k_is_cut_to_what_the_pictures_allow(
    tmp_path: Path, count: int, different: int, k: str, last: int, why: str
) -> None:
    folder = pictures(tmp_path / "photos", count, different)
    found = compare(folder, {"a": Drawn(different)}, k=k, **QUICK)
    assert found.elbow["k"].tolist() == list(range(last - 2, last + 1))
    cut = f"the numbers of clusters {k} were cut to {last - 2}..{last}: {why}"
    assert cut in found.run["remarks"]
    assert found.failures.empty


def test_it_is_cut_to_the_distinct_vectors_of_the_encoder_with_the_most(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "photos", 30, 30)
    found = compare(folder, {"five": Drawn(5), "three": Drawn(3)}, k="3..9", **QUICK)
    assert found.elbow["k"].max() == 5 and "were cut to 3..5" in found.run["remarks"][0]
    assert found.failures["name"].tolist() == ["three"]
    assert "3 of them different" in found.failures["error"][0]


def test_a_single_k_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "photos", 30, 30)
    with pytest.raises(InputError, match="between 2 and 5 for 30 images, 5 of them different; not"):
        compare(folder, {"five": Drawn(5)}, k="9", **QUICK)


def test_a_value_that_is_not_finite_is_a_row_with_a_reason(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "photos", 12, 12)
    broken = {str(value): Drawn(value=value) for value in (np.inf, -np.inf, np.nan)}
    found = compare(folder, {"a": Drawn()} | broken, k="3", **QUICK)
    assert found.failures["name"].tolist() == list(broken)
    assert found.failures["error"].eq("it returned values that are not finite").all()
    assert found.encoders["status"].tolist() == ["ok", *["failed"] * 3]


def test_a_value_whose_square_overflows_is_a_row_with_a_reason(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "photos", 12, 12)
    encoders = {"a": Drawn(), "b": Drawn(value=3e38)}
    found = compare(folder, encoders, k="3", spaces=("raw",), **QUICK)
    assert found.failures[["what", "name", "stage"]].to_numpy().tolist() == [
        ["encoder", "b", "cluster"]
    ]
    assert "length 3.0e+38" in found.failures["error"][0]
    for table in (found.comparison, found.elbow, found.label_free, found.encoders):
        numbers = table.select_dtypes("number").to_numpy(dtype=float, na_value=np.nan)
        assert not np.isinf(numbers).any()
