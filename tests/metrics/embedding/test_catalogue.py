"""Promises of the catalogue of metrics of vectors."""

import numpy as np
import pytest

from embedbench.analysis.inputs import Targets
from embedbench.analysis.measurement import evaluate_vectors
from embedbench.metrics.base import Metric
from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.metrics.embedding.catalogue import ENCODER_METRICS
from embedbench.results.tables.purposes import PURPOSES, WORDS


def test_no_two_metrics_have_the_same_name_or_heading() -> None:
    every = (*METRICS, *ENCODER_METRICS)
    assert len({metric.name for metric in every}) == len(every)
    assert len({metric.heading for metric in every}) == len(every)


@pytest.mark.parametrize("metric", ENCODER_METRICS, ids=lambda metric: metric.name)
def test_a_metric_has_a_heading_a_source_a_sentence_and_a_range(metric: Metric) -> None:
    assert metric.heading and metric.source
    assert metric.sentence[0].isupper() and metric.sentence.endswith(".")
    assert metric.direction in (-1, 0, 1)
    assert metric.low < metric.high


def test_the_metrics_with_labels_are_those_that_are_computed_of_labels() -> None:
    vectors = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    targets = Targets(np.arange(30) % 2, "ab", np.arange(30))
    *_, scores, numbers = evaluate_vectors(vectors, targets, 0)
    with_labels = {metric.name for metric in ENCODER_METRICS if metric.needs_truth}
    assert with_labels == set(scores) | set(PURPOSES[WORDS])
    assert set(numbers) <= {metric.name for metric in ENCODER_METRICS if not metric.needs_truth}
