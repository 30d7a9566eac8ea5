"""Promises of the same comparison again: nothing is computed, and nothing stale is given back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedbench import compare
from embedbench.comparison import api
from embedbench.comparison.unchanged import unchanged_results
from embedbench.encoder import Encoder
from embedbench.results.reading import read_results
from embedbench.results.results import Results

MakeEncoder = Callable[..., Encoder]


class Analysed(Exception):
    """The analysis began."""


@pytest.fixture
def again(
    tmp_path: Path,
    photographs: Path,
    colour_encoder: MakeEncoder,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Results]:
    """Return the comparison of the photographs, which must not be analysed again."""
    settings: dict[str, Any] = {
        "encoders": {"colour": colour_encoder(), "mean": colour_encoder(side=3)},
        "k": "3",
        "seeds": 1,
        "copies": 0,
        "projections": ["pca"],
        "out": tmp_path / "run",
        "store": tmp_path / "store",
    }
    compare(photographs, **settings)

    def analyse(*_: object) -> None:
        raise Analysed

    monkeypatch.setattr(api, "analyse_comparison", analyse)
    return lambda **other: compare(photographs, **settings | other)


def contents(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_the_same_again_computes_nothing_and_gives_the_same(
    tmp_path: Path, again: Callable[..., Results]
) -> None:
    before = contents(tmp_path / "run")
    results = again()
    assert contents(tmp_path / "run") == before
    pd.testing.assert_frame_equal(
        results.comparison, read_results(tmp_path / "run").comparison, check_exact=True
    )
    assert results.run["verdict"]["basis"] == "labels"


@pytest.mark.parametrize(
    "other", [{"k": "2"}, {"seeds": 2}, {"limit": 7}, {"clusterers": ["agglomerative"]}]
)
def test_other_options_are_another_comparison(
    again: Callable[..., Results], other: dict[str, Any]
) -> None:
    with pytest.raises(Analysed):
        again(**other)


def test_one_encoder_more_or_other_vectors_are_another_comparison(
    again: Callable[..., Results], colour_encoder: MakeEncoder
) -> None:
    with pytest.raises(Analysed):
        again(encoders={"colour": colour_encoder(), "mean": colour_encoder(side=4)})
    with pytest.raises(Analysed):
        again(encoders={"colour": colour_encoder()})


def test_other_labels_images_or_names_are_another_comparison(
    tmp_path: Path, again: Callable[..., Results]
) -> None:
    first, other = sorted(path for path in (tmp_path / "photographs").iterdir() if path.is_dir())[
        :2
    ]
    image = next(first.iterdir())
    image.rename(other / f"moved_{image.name}")
    with pytest.raises(Analysed):
        again()
    (other / f"moved_{image.name}").rename(image)
    again()
    image.unlink()
    with pytest.raises(Analysed):
        again()


@pytest.mark.parametrize("name", ["comparison.csv", "report.html", "run.json", "SHA256SUMS"])
def test_a_folder_that_somebody_changed_is_made_again(
    tmp_path: Path, again: Callable[..., Results], name: str
) -> None:
    file = tmp_path / "run" / name
    content = file.read_bytes()
    for changed in (content + b" ", b""):
        file.write_bytes(changed)
        with pytest.raises(Analysed):
            again()
    if name != "run.json":  # without it the folder is no run folder, and is refused
        file.unlink()
        with pytest.raises(Analysed):
            again()


def test_what_a_person_put_beside_the_results_stays(
    tmp_path: Path, again: Callable[..., Results]
) -> None:
    (tmp_path / "run" / "notes.txt").write_text("mine")
    again()
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"


class Halves:
    """A clusterer of somebody else, whose code may change."""

    def fit_predict(self, vectors: np.ndarray) -> np.ndarray:
        return np.arange(len(vectors)) % 2


def test_with_a_clusterer_of_somebody_else_all_is_computed_again(
    tmp_path: Path, photographs: Path, colour_encoder: MakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {
        "encoders": {"colour": colour_encoder()}, "clusterers": [Halves()], "k": "3", "seeds": 1,
        "copies": 0, "projections": ["pca"], "out": tmp_path / "run", "store": tmp_path / "store",
    }  # fmt: skip
    assert compare(photographs, **settings).run["made_of"] is None

    def analyse(*_: object) -> None:
        raise Analysed

    monkeypatch.setattr(api, "analyse_comparison", analyse)
    with pytest.raises(Analysed):
        compare(photographs, **settings)


def test_no_folder_and_a_folder_of_something_else_hold_no_results(tmp_path: Path) -> None:
    assert unchanged_results(tmp_path / "none", "0" * 32) is None
    assert unchanged_results(tmp_path, "0" * 32) is None
    assert unchanged_results(tmp_path, None) is None
