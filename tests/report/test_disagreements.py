"""Promises of the images that encoders see differently."""

import dataclasses

import numpy as np
import pandas as pd

from embedbench.report.disagreements import disputed, splits
from tests.support.example_results import COPIES, ENCODERS, example_results

RESULTS = example_results()


def test_six_ordered_pairs_of_encoders_show_their_six_strongest_pairs() -> None:
    found = splits(RESULTS)
    # The example gives the last ordered pair the strongest pairs of pictures.
    assert [(split.encoder, split.other) for split in found][0] == (ENCODERS[2], ENCODERS[1])
    assert [len(split.pairs) for split in found] == [6] * 6
    images = RESULTS.images["image"]
    assert found[0].pairs[0] == (images[0], images[1])
    more = pd.concat(
        [RESULTS.disagreements, RESULTS.disagreements.assign(encoder="another")], ignore_index=True
    )
    assert len(splits(dataclasses.replace(RESULTS, disagreements=more))) == 6


def test_of_copies_in_dispute_one_is_shown() -> None:
    found = disputed(RESULTS)
    assert found is not None
    assert found.images == RESULTS.images["image"].tolist()[:-13:-1]
    # Images 28 to 39 of 40.
    assert (found.least, found.most) == (70, 98)
    few = dataclasses.replace(RESULTS, images=RESULTS.images.head(COPIES + 1))
    shown = disputed(few)
    assert shown is not None
    assert shown.images == [RESULTS.images["image"][COPIES], RESULTS.images["image"][COPIES - 1]]


def test_one_encoder_disputes_nothing() -> None:
    images = RESULTS.images.assign(disagreement=np.nan)
    assert disputed(dataclasses.replace(RESULTS, images=images)) is None


def test_without_pairs_of_pictures_nothing_is_shown() -> None:
    assert splits(dataclasses.replace(RESULTS, disagreements=RESULTS.disagreements.iloc[:0])) == []


def test_a_run_without_the_column_disputes_nothing() -> None:
    images = RESULTS.images.drop(columns="disagreement")
    assert disputed(dataclasses.replace(RESULTS, images=images)) is None


def test_images_that_all_encoders_see_alike_are_not_in_dispute() -> None:
    images = RESULTS.images.assign(disagreement=[0.0] * 39 + [0.25], group=range(40))
    found = disputed(dataclasses.replace(RESULTS, images=images))
    assert found is not None
    assert found.images == [RESULTS.images["image"][39]]
    assert (found.least, found.most) == (25, 25)
