"""Promises of the stages of a comparison: a failure is a row, and all else goes on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedbench import Dataset, compare
from embedbench.comparison.extra_images import ExtraImages
from embedbench.comparison.pipeline import EncodedImages, PreparedImages, keep_common
from embedbench.embedding.embed import Embedding
from embedbench.encoder import Encoder, Facts, TextEncoder
from embedbench.encoders.record import EncoderRecord
from embedbench.errors import InputError
from embedbench.results.schema import FAILURE_COLUMNS

MakeEncoder = Callable[..., Encoder]
QUICK: dict[str, Any] = {"copies": 0, "projections": ["pca"]}
"""For tests of neither copies nor maps."""

NO_EXTRA = ExtraImages((), {}, {})


def dataset(*labels: str | None) -> Dataset:
    names = tuple(f"{number}.png" for number in range(len(labels)))
    return Dataset(names, (b"",) * len(names), pd.DataFrame({"truth": labels}, dtype=object))


def prepared(images: Dataset) -> PreparedImages:
    table = pd.DataFrame(
        {"image": images.names, "hash": [f"{row:02d}" for row in range(len(images))]}
    )
    return PreparedImages(images, table, pd.DataFrame(columns=FAILURE_COLUMNS))


def embedding(images: int, failures: dict[int, str]) -> Embedding:
    """Row i holds i, or nan where the image failed."""
    vectors = np.arange(images, dtype=np.float32)[:, None].repeat(2, axis=1)
    vectors[list(failures)] = np.nan
    return Embedding(
        vectors, vectors[:0], vectors[:0], failures, EncoderRecord("", (), Facts()), images
    )


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


def test_an_image_that_one_encoder_could_not_encode_is_left_out_for_all() -> None:
    encoded = EncodedImages(
        {"one": embedding(4, {1: "too dark"}), "<b>{0}": embedding(4, {3: "%s"})}, {}
    )
    images, encoded, _ = keep_common(prepared(dataset(*"abcd")), encoded, NO_EXTRA)
    assert images.dataset.names == ("0.png", "2.png")
    assert images.table["truth"].tolist() == ["a", "c"]
    for vectors in encoded.vectors.values():
        assert vectors[:, 0].tolist() == [0, 2]
    assert images.failures.to_numpy().tolist() == [
        ["image", "1.png", "encode: one", "too dark"],
        ["image", "3.png", "encode: <b>{0}", "%s"],
    ]


def test_where_no_image_is_left_there_is_an_error() -> None:
    encoded = EncodedImages(
        {"one": embedding(2, {0: "cut off"}), "other": embedding(2, {1: "cut off"})}, {}
    )
    with pytest.raises(InputError, match="no image could be encoded by every encoder"):
        keep_common(prepared(dataset("a", "b")), encoded, NO_EXTRA)


@pytest.mark.parametrize(
    ("labels", "classes"), [("aab", 2), (["a", "b", None], 2), (["a", None, None], None)]
)
def test_classes_are_counted_where_two_images_have_a_label(
    labels: list[str | None], classes: int | None
) -> None:
    assert dataset(*labels).class_count == classes
