"""Promises of the pictures' record: those on every map first, each with what is known of it."""

import base64
import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedbench.report.page_data.pictures import NOTHING, mapped_pictures, pictures_record
from embedbench.report.page_data.sheets import picture_sheets
from tests.support.example_results import CLASSES, ENCODERS, example_results

RESULTS = example_results()
NAMES = list(RESULTS.images["image"])


def unpacked(record: dict[str, str]) -> list[Any]:
    return list(np.frombuffer(base64.b64decode(record["data"]), record["type"]).tolist())


def test_the_pictures_on_every_map_are_named_in_the_order_of_the_table() -> None:
    assert mapped_pictures(RESULTS) == NAMES
    gone = (RESULTS.projections["image"] == NAMES[3]) & (
        RESULTS.projections["encoder"] == ENCODERS[1]
    )
    fewer = dataclasses.replace(RESULTS, projections=RESULTS.projections[~gone])
    assert mapped_pictures(fewer) == NAMES[:3] + NAMES[4:]
    bare = dataclasses.replace(RESULTS, projections=RESULTS.projections.iloc[:0])
    assert mapped_pictures(bare) == []


def test_of_many_pictures_the_same_sample_is_shown_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("embedbench.report.page_data.pictures.MOST", 7)
    sample = mapped_pictures(RESULTS)
    assert len(sample) == 7 and sample == mapped_pictures(RESULTS)
    assert sample == [name for name in NAMES if name in sample]


def test_a_picture_has_its_label_its_disagreement_and_its_tile() -> None:
    images = RESULTS.images.astype({"truth": object, "thumbnail": object})
    images.loc[0, "truth"], images.loc[1, "thumbnail"] = None, None
    results = dataclasses.replace(RESULTS, images=images)
    record = pictures_record(results, NAMES, picture_sheets(images, NAMES))
    labels = record["labels"]
    codes = unpacked(labels["codes"])
    assert codes[0] == NOTHING
    assert [labels["words"][code] for code in codes[1:]] == list(np.repeat(CLASSES, 10))[1:]
    assert unpacked(record["tiles"])[:3] == [0, NOTHING, 1]
    assert unpacked(record["disagreement"]) == pytest.approx(np.arange(40) / 40)
    assert "domains" not in record


def test_a_run_without_labels_has_none_in_its_page() -> None:
    results = example_results(truth=False)
    images = results.images.drop(columns="disagreement")
    bare = dataclasses.replace(results, images=images)
    record = pictures_record(bare, NAMES, picture_sheets(images, NAMES))
    assert not {"labels", "domains", "disagreement"} & set(record)


def test_numbers_as_domains_are_words() -> None:
    images = RESULTS.images.assign(domain=pd.Series([7, 12] * 20))
    results = dataclasses.replace(RESULTS, images=images)
    record = pictures_record(results, NAMES, picture_sheets(images, NAMES))
    assert record["domains"]["words"] == ["12", "7"]
