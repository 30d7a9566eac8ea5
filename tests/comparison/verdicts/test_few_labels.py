"""Promises of the labels so far: a verdict as by all labels, and no end before it is sure."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from embedbench.comparison.verdicts.belief import Asked
from embedbench.comparison.verdicts.few_labels import Scores, Standing, standing, with_likely
from embedbench.comparison.verdicts.labels import Verdict
from embedbench.comparison.verdicts.signals import Signals
from embedbench.metrics.ranking import rank_by
from embedbench.results.results import Results
from embedbench.results.schema import CANNOT_TELL, LIKELY, NONE_BETTER, TOO_FEW
from embedbench.results.tables.purposes import CLUSTERING
from tests.support.example_results import ENCODERS, example_results

RANDOM = np.random.default_rng(0)
CLASSES = 4


def results_of(wrong: dict[str, float], images: int = 240) -> tuple[Results, dict[str, str]]:
    """A run without labels whose encoders misplace these shares of the images, and the labels."""
    base, names = example_results(truth=False), [f"{row:03d}.jpg" for row in range(images)]
    truth = RANDOM.integers(CLASSES, size=images)
    rows = base.comparison[base.comparison["encoder"] == ENCODERS[0]].iloc[:1]
    partitions = []
    for encoder, share in wrong.items():
        is_wrong = RANDOM.permutation(images) < share * images
        clusters = np.where(is_wrong, RANDOM.integers(CLASSES, size=images), truth)
        own = {"image": names, "encoder": encoder, "cluster": clusters, "seed": 0}
        partitions.append(pd.DataFrame(own | {"k": rows["k"].iloc[0]}))
    table = pd.concat(partitions).assign(
        space=rows["space"].iloc[0], clusterer=rows["clusterer"].iloc[0]
    )
    found = replace(
        base,
        images=pd.DataFrame({"image": names, "group": np.arange(images)}),
        comparison=pd.concat([rows.assign(encoder=encoder) for encoder in wrong]),
        partitions=table,
    )
    return found, {name: f"class {code}" for name, code in zip(names, truth, strict=True)}


def judged(results: Results, labels: dict[str, str]) -> Standing:
    return standing(results, labels, len(results.images) - len(labels), Asked())


def first(labels: dict[str, str], count: int) -> dict[str, str]:
    return dict(list(labels.items())[:count])


def test_without_two_different_labels_nothing_is_said_of_the_encoders() -> None:
    results, labels = results_of({"a": 0.0, "b": 0.5})
    assert judged(results, {}).sentences == ("No labels so far.",)
    one = judged(results, {"000.jpg": "cat", "001.jpg": "cat"})
    assert one.sentences == ("2 labels so far, all the same: it takes another one.",)
    assert not one.is_settled
    few = judged(results, first(labels, 3))
    assert few.labels == 3 and few.sentences[0].startswith("There are too few pictures")


def test_a_clear_winner_settles_it() -> None:
    results, labels = results_of({"a": 0.6, "b": 0.0, "c": 0.7})
    found = judged(results, first(labels, 60))
    assert found.is_settled and found.sentences[0] == "b is the best here, by the labels."


def test_the_lead_is_that_of_scikit_learn_and_the_next_dozens_are_estimated() -> None:
    results, labels = results_of({"a": 0.10, "b": 0.22, "c": 0.9})
    some = first(labels, 48)
    found = judged(results, some)
    truth = list(some.values())
    ami = [
        adjusted_mutual_info_score(truth, rows["cluster"].iloc[:48])
        for _, rows in results.partitions.groupby("encoder")
    ]
    assert not found.is_settled
    assert (
        f"a is ahead of b by {ami[0] - ami[1]:.2f}: if it stays so, about " in found.sentences[-1]
    )
    assert found.sentences[-1].endswith(" more labels will show it.")


def test_encoders_that_no_label_tells_apart_yet_are_no_tie() -> None:
    """On 24 pictures both agree everywhere: on others they may differ in one of eight."""
    results, labels = results_of({"a": 0.0, "b": 0.0})
    found = judged(results, first(labels, 24))
    assert not found.is_settled
    assert "a and b come to the same so far" in found.sentences[-1]
    assert judged(results, labels).is_settled  # all 240: within 3 / 240
    assert "as good as each other, within 0.02" in judged(results, labels).sentences[-1]


@pytest.mark.parametrize("copies", [1, 3])
def test_copies_of_a_picture_are_one_label(copies: int) -> None:
    results, labels = results_of({"a": 0.1, "b": 0.3}, 60)
    results = replace(results, images=results.images.assign(group=np.arange(60) // copies))
    assert judged(results, labels).labels == 60 // copies


def test_labels_that_fit_no_encoder_are_told_so_far() -> None:
    results, labels = results_of({"a": 1.0, "b": 1.0})
    found = judged(results, first(labels, 24))
    assert found.sentences[0] == "So far, no AMI is higher than chance gives."


def test_where_no_picture_is_left_more_labels_are_not_advised() -> None:
    results, labels = results_of({"a": 0.1, "b": 0.2}, 30)
    last = standing(results, labels, 0, Asked()).sentences[-1]
    assert last.endswith("; there is no picture left to tell them apart.")


def with_likely_of(
    values: list[float], moved: float, labels: int, answer: str, measured: bool = True
) -> tuple[pd.DataFrame, Verdict]:
    """The verdict of four encoders, of which the signals put the first far ahead."""
    names, size = tuple("abcd"), len(values)
    signals = np.array([[0.95, 0.5, 0.4, 0.3], [0.6, 0.2, 0.15, 0.1]])
    if not measured:
        signals = np.full((2, 4), np.nan)
    random = np.random.default_rng(1)
    resampled = np.array(values)[:, None] + moved * random.normal(size=(size, 300))
    ranks = rank_by(names, values, resampled)
    group = names if answer == "tied" else ()
    return with_likely(
        ranks,
        Verdict("labels", answer, group, ("Because.",)),
        Signals(names, signals, signals, np.zeros((2, 4)), np.eye(4), 100),
        Scores(values, resampled, CLUSTERING, "AMI", labels),
        Asked(),
    )


def test_of_those_tied_the_likely_are_told() -> None:
    ranks, found = with_likely_of([0.5, 0.45, 0.2, 0.1], 0.1, 40, "tied")
    assert (found.answer, found.group) == ("tied", tuple("abcd"))
    because, told = found.reasons
    assert because == "Because." and re.match(r"a( is| and b are) likely enough: ", told)
    assert ranks["probability"].idxmax() == "a" and ranks["probability"]["d"] < 0.05


@pytest.mark.parametrize("answer", [TOO_FEW, CANNOT_TELL, NONE_BETTER])
def test_few_labels_and_the_signals_name_what_is_likely(answer: str) -> None:
    _, found = with_likely_of([0.5, 0.45, 0.2, 0.1], 0.2, 20, answer)
    assert (found.basis, found.answer, found.group[0]) == ("labels", LIKELY, "a")
    assert "together with the two signals" in found.reasons[0]


@pytest.mark.parametrize(
    ("labels", "answer", "measured"),
    [
        (9, TOO_FEW, True),  # too few for any
        (20, TOO_FEW, False),  # nothing but few labels
        (200, NONE_BETTER, True),  # enough to know it
        (20, "best", True),
    ],
)
def test_otherwise_the_verdict_by_labels_stays(labels: int, answer: str, measured: bool) -> None:
    _, found = with_likely_of([0.5, 0.45, 0.2, 0.1], 0.2, labels, answer, measured)
    assert found.answer == answer and found.reasons == ("Because.",)


def test_where_an_interval_is_not_known_no_probability_is_told() -> None:
    unknown = [0.5, 0.45, 0.2, float("nan")]
    ranks, found = with_likely_of(unknown, 0.1, 40, "tied")
    assert found == Verdict("labels", "tied", tuple("abcd"), ("Because.",))
    assert "probability" not in ranks
