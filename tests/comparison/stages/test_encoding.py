"""Promises of the encoding stage: what is compared are the images that every encoder encoded."""

import numpy as np
import pandas as pd
import pytest

from embedbench import Dataset
from embedbench.comparison.extra_images import ExtraImages
from embedbench.comparison.stages.encoding import EncodedImages, PreparedImages, keep_common
from embedbench.embedding.result import Embedding
from embedbench.encoder import Facts
from embedbench.encoders.record import EncoderRecord
from embedbench.errors import InputError
from embedbench.results.schema import FAILURE_COLUMNS

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


def test_an_image_that_one_encoder_could_not_encode_is_left_out_for_all() -> None:
    encoded = EncodedImages(
        {"one": embedding(4, {1: "too dark"}), "<b>{0}": embedding(4, {3: "%s"})}, {}
    )
    kept = keep_common(prepared(dataset(*"abcd")), encoded, NO_EXTRA)
    images, encoded = kept.images, kept.encoded
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
