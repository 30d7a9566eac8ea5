"""Promises of the catalogue of metrics of partitions."""

import numpy as np
import pytest

from embedbench.metrics.base import Metric
from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.metrics.clustering.evaluate import evaluate

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(size=(30, 4)).astype(np.float32)
LABELS = RANDOM.integers(-1, 4, (6, 30))
SCORES = evaluate(POINTS, LABELS, RANDOM.integers(0, 3, 30))[0]


def test_the_catalogue_describes_every_column_of_an_evaluation() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    assert set(names) - set(SCORES.columns) == {"stability", "silhouette_l2"}
    assert set(SCORES.columns) <= set(names)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_has_a_heading_a_source_a_sentence_and_a_range(metric: Metric) -> None:
    assert metric.heading and metric.source
    assert metric.sentence[0].isupper() or metric.sentence[0].isdigit()
    assert metric.sentence.endswith(".")
    assert metric.direction in (-1, 0, 1)
    assert metric.low < metric.high


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_the_numbers_lie_in_the_declared_range(metric: Metric) -> None:
    if metric.name not in ("stability", "silhouette_l2"):
        assert SCORES[metric.name].between(metric.low, metric.high).all()


def test_the_metrics_that_need_truth_are_absent_without_it() -> None:
    without = set(evaluate(POINTS, LABELS, None)[0].columns)
    assert {metric.name for metric in METRICS if metric.needs_truth} == set(SCORES) - without
