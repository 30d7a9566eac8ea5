"""Promises of the stages of a comparison: a failure is a row, and all else goes on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedbench import compare
from embedbench.encoder import Encoder, TextEncoder
from embedbench.errors import InputError

MakeEncoder = Callable[..., Encoder]
QUICK: dict[str, Any] = {"copies": 0, "projections": ["pca"]}
"""For tests of neither copies nor maps."""


def test_a_failing_encoder_is_a_row_and_the_others_are_compared(
    photographs: Path, colour_encoder: MakeEncoder, shared_store: Path
) -> None:
    @dataclass(frozen=True)
    class Wrong(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            raise ValueError("no luck")

    encoders = {"wrong": Wrong(), "colour": colour_encoder()}
    results = compare(photographs, encoders, k="3", seeds=1, store=shared_store, **QUICK)
    assert results.encoders["status"].tolist() == ["failed", "ok"]
    assert results.encoders["error"].tolist() == ["ValueError: no luck", ""]
    assert set(results.comparison["encoder"]) == {"colour"}
    assert results.failures[["what", "name"]].to_numpy().tolist() == [["encoder", "wrong"]]


def test_no_encoder_at_all_is_an_error(photographs: Path) -> None:
    @dataclass(frozen=True)
    class Wrong(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            raise ValueError("no luck")

    with pytest.raises(InputError, match="no encoder could be used; 'wrong': Value"):
        compare(photographs, {"wrong": Wrong()})


def test_the_next_encoder_names_the_clusters_where_the_first_failed(photographs: Path) -> None:
    @dataclass(frozen=True)
    class Colours(TextEncoder):
        fails: bool = False

        def encode_batch(self, images: Any) -> np.ndarray:
            if self.fails:
                raise ValueError("no luck")
            return np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])

        def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
            names = ("red", "green", "blue")
            return np.array([[name in text for name in names] for text in texts], np.float32)

    encoders = {"first": Colours(fails=True), "second": Colours()}
    results = compare(photographs, encoders, k="3", seeds=1, names="red,green,blue", **QUICK)
    assert results.run["naming_encoder"] == "second"
    kmeans = results.clusters[results.clusters["clusterer"] == "kmeans"]
    assert [medoid.split("/")[0] for medoid in kmeans["medoid"]] == kmeans["name"].tolist()
