"""Promises of the purposes: which there are, what each is judged by, and which leads."""

import pytest

from embedbench.errors import InputError
from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.metrics.embedding.catalogue import ENCODER_METRICS
from embedbench.results.tables.purposes import PURPOSES, purpose_of, read_purposes


def test_every_metric_of_a_purpose_is_in_the_catalogue_and_better_if_higher() -> None:
    catalogue = {metric.name: metric for metric in METRICS + ENCODER_METRICS}
    for metrics in PURPOSES.values():
        for name in metrics:
            assert catalogue[name].needs_truth and catalogue[name].direction == 1, name


def test_all_purposes_are_judged_by_their_first_metric_and_clustering_leads() -> None:
    assert list(read_purposes((), None).items()) == [
        ("clustering", "ami"),
        ("search", "retrieval_map"),
        ("classification", "linear_probe"),
        ("words", "zero_shot_accuracy"),
    ]


@pytest.mark.parametrize(
    "words", [["search", "clustering"], "search,clustering", ["search, clustering"]]
)
def test_the_first_purpose_that_is_asked_for_leads(words: list[str] | str) -> None:
    found = read_purposes(words, None)
    assert list(found.items()) == [("search", "retrieval_map"), ("clustering", "ami")]


def test_a_metric_judges_its_purpose_and_lets_it_lead() -> None:
    assert list(read_purposes((), "knn_accuracy").items())[0] == ("classification", "knn_accuracy")
    assert read_purposes(("clustering",), "ari") == {"clustering": "ari"}
    assert purpose_of("r_precision") == "search"


@pytest.mark.parametrize(
    ("words", "metric", "message"),
    [
        (["naming"], None, "there is no purpose 'naming'; there are clustering, search"),
        ([], "silhouette", "no purpose is judged by 'silhouette'; there are ami, ari"),
        (["search"], "ami", "'ami' is a metric of clustering, which `--for` leaves out"),
    ],
)
def test_what_there_is_not_is_refused(words: list[str], metric: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_purposes(words, metric)
