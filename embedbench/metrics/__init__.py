"""Metrics: what they are called and mean, and all of them for all partitions at once."""

from embedbench.metrics.catalogue import METRICS, Metric
from embedbench.metrics.encoder_catalogue import ENCODER_METRICS
from embedbench.metrics.evaluation import evaluate, noise_as_singletons

__all__ = ["ENCODER_METRICS", "METRICS", "Metric", "evaluate", "noise_as_singletons"]
