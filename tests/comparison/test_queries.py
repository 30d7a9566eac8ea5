"""Promises of queries: who they are, what they may find, and that it is said."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedbench import Dataset, compare
from embedbench.comparison.queries import IS_QUERY, with_queries
from embedbench.errors import InputError
from tests.conftest import write_photographs

NAMES = ("queries/a/1.png", "queries/b/2.png", "gallery/a/3.png", "gallery/queries.png")


def dataset(**columns: list[Any]) -> Dataset:
    table = pd.DataFrame(columns, index=range(len(NAMES)))
    return Dataset(NAMES, (b"",) * len(NAMES), table)


@pytest.mark.parametrize(
    ("queries", "cells"),
    [
        ("asked", [True, True, False, False]),
        ("asked", ["yes", "Y", "no", None]),
        ("asked", ["query", "query", "gallery", "gallery"]),
        ("asked", [1.0, 1.0, 0.0, np.nan]),
        ("asked=test", ["test", "test", "train", None]),
        ("asked=2", [2, 2, 1, 1]),
        ("queries", ["a", "b", "c", "d"]),
        ("queries/", ["a", "b", "c", "d"]),
    ],
)
def test_a_column_a_value_or_a_folder_tells_the_queries(queries: str, cells: list[Any]) -> None:
    found = with_queries(dataset(asked=cells), queries)
    assert found.table[IS_QUERY].tolist() == [True, True, False, False]
    assert found.remarks[-1] == "2 images are queries, 2 images the gallery"


def test_a_folder_deeper_down_and_one_query_alone_are_told() -> None:
    found = with_queries(dataset(), "queries/a")
    assert found.table[IS_QUERY].tolist() == [True, False, False, False]
    assert found.remarks[-1] == "1 image is a query, 3 images the gallery"
    assert with_queries(dataset(), None).table.empty


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ("nowhere", r"must be a column \(asked\), COLUMN=VALUE, or a folder of the source; not"),
        ("asked", "must hold yes or no; not 'maybe': --queries asked=maybe takes the images"),
        ("asked=none", "makes no image a query"),
    ],
)
def test_what_tells_no_query_is_refused(queries: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        with_queries(dataset(asked=["yes", "maybe", "no", "no"]), queries)
    with pytest.raises(InputError, match="makes every image a query"):
        with_queries(dataset(asked=[1, 1, 1, 1]), "asked")


def test_search_asks_the_queries_alone_and_answers_from_the_gallery(
    tmp_path: Path, colour_encoder: Any
) -> None:
    """Of 12 pictures of each colour in the gallery, a query of its colour finds all."""
    write_photographs(tmp_path / "photos" / "gallery")
    write_photographs(tmp_path / "photos" / "queries", seed=1, count=2)
    encoders = {"colour": colour_encoder(), "finer": colour_encoder(side=3)}
    results = compare(
        tmp_path / "photos", encoders, labels="parent", queries="queries", k="3", seeds=1,
        projections=["pca"],
    )  # fmt: skip
    search = results.search.set_index(["encoder", "metric"])
    assert search["queries"].eq(6).all() and search["unanswered"].eq(0).all()
    assert search["value"]["colour", "precision_at_10"] == 1
    assert search["value"]["colour", "recall_at_10"] == pytest.approx(10 / 12)
    purposes = results.purposes.set_index(["purpose", "encoder"])
    assert purposes["value"]["search", "colour"] == 1
    harmonic = np.sum(1 / np.arange(1, 37))
    chance = (harmonic + 11 / 35 * (36 - harmonic)) / 36
    assert purposes["chance"]["search", "colour"] == pytest.approx(chance)
    assert results.images[IS_QUERY].sum() == 6
    assert "6 images are queries, 36 images the gallery" in results.run["remarks"]


def test_queries_that_are_in_the_gallery_are_told_and_do_not_find_themselves(
    tmp_path: Path, colour_encoder: Any
) -> None:
    """The first two pictures of the first colour are those of the gallery."""
    write_photographs(tmp_path / "photos" / "gallery")
    write_photographs(tmp_path / "photos" / "queries", count=2)
    results = compare(
        tmp_path / "photos", {"colour": colour_encoder()}, labels="parent", queries="queries",
        k="3", seeds=1, projections=["pca"],
    )  # fmt: skip
    told = [one for one in results.run["remarks"] if "near-duplicate in the gallery" in one]
    assert told == [
        "2 queries have a near-duplicate in the gallery, which is left out of their answers"
    ]
    recall = results.search.set_index("metric")["value"]["recall_at_10"]
    assert recall == pytest.approx((2 * 10 / 11 + 4 * 10 / 12) / 6)


def test_near_duplicates_are_found_where_they_are_kept(tmp_path: Path, colour_encoder: Any) -> None:
    """As before, two of the six queries are in the gallery."""
    write_photographs(tmp_path / "photos" / "gallery")
    write_photographs(tmp_path / "photos" / "queries", count=2)
    encoders = {"colour": colour_encoder(), "finer": colour_encoder(side=3)}
    quick: dict[str, Any] = {"k": "3", "seeds": 1, "projections": ["pca"], "labels": "parent"}
    results = compare(
        tmp_path / "photos", encoders, queries="queries", keep_duplicates=True, **quick
    )
    assert results.run["keep_duplicates"] and "--keep-duplicates" in results.run["command"]
    assert (
        "2 queries have a near-duplicate in the gallery, which may be among their answers"
        in (results.run["remarks"])
    )
    search = results.search.set_index(["encoder", "metric"])["value"]
    assert search["colour", "recall_at_10"] == pytest.approx(10 / 12)
    harmonic = np.sum(1 / np.arange(1, 37))
    chance = results.purposes.set_index("purpose")["chance"]["search"]
    assert chance.tolist() == pytest.approx([(harmonic + 11 / 35 * (36 - harmonic)) / 36] * 2)
    results = compare(tmp_path / "photos", encoders, keep_duplicates=True, **quick)
    assert "search may find near-duplicates: 4 images have one" in results.run["remarks"]
