"""Contamination: cluster the images together with some of another kind; where do these end up?"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from jaxtyping import Float32, Int

from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.clustering.clusterers import max_k, run_clusterers
from embedbench.clustering.limits import SampleLimit
from embedbench.clustering.partitions import noise_as_singletons
from embedbench.clustering.spaces import to_space
from embedbench.encoder import Vectors
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap, interval
from embedbench.metrics.clustering.agreement import accuracy_score, ami_score, ari_score
from embedbench.results.schema import CONTAMINATION_COLUMNS

__all__ = ["contamination_table"]

_AGREEMENT_WITH_LABELS = {"ami": ami_score, "ari": ari_score, "accuracy": accuracy_score}

Assignments = Int[np.ndarray, "seeds images"]


def contamination_table(
    vectors: Vectors,
    mixed_vectors: Float32[np.ndarray, "mixed dim"],
    targets: Targets,
    settings: EvaluationSettings,
) -> pd.DataFrame:
    """Return where the mixed-in images end up, and what they do to the clusters of the others.

    Both are clustered together into the k clusters of the images alone: for a cluster of their
    own the mixed-in ones have to take one from the others. HDBSCAN finds its own number.

    Columns: `clusterer, quantity, value, low, high`, means over the seeds with their intervals
    over images and seeds. The quantities:

    - `own_cluster`, `noise`, `scattered`: shares of the mixed-in images that are in clusters of
      which more than half is mixed in, that are noise, and that lie in clusters of the others.
      They sum to 1. The interval is over the mixed-in images; 0 noise has no uncertainty where no
      image at all is noise.
    - `ami_change`, `ari_change`, `accuracy_change`, with labels: the other images' score against
      their labels, with the mixed-in images less without. nan where the score is not defined.
    - `clean_change`: how far the other images' clusters differ from those without the mixed-in
      ones: 1 - AMI, 0 is not at all, 1 as by chance.
    - `seed_change`: how far they differ between two seeds without any mixed-in image: the part of
      `clean_change` that chance explains. Missing where a clusterer takes no seed.

    nan where the images alone are all in one cluster.

    Args:
        vectors: embeddings of the images compared, one row per image.
        mixed_vectors: embeddings of the mixed-in images, at least one.
        targets: labels and near-duplicate groups of the images compared.
        settings: clusterers, space, k, seeds and limit.

    Raises:
        InputError: the images are too few or too much alike to be clustered.
    """
    settings = replace(settings, ks=(max(2, min(settings.k, max_k(vectors))),))
    alone = _cluster(vectors, settings)
    together = _cluster(np.concatenate([vectors, mixed_vectors]), settings)
    mixed_groups = np.unique(mixed_vectors, axis=0, return_inverse=True)[1]
    resamples = targets.bootstrap(settings.seed)
    mixed_resamples = PairedBootstrap(mixed_groups, settings.seed)
    rows = []
    for clusterer, assignments in together.items():
        shares = _shares(assignments, len(vectors))
        ends = mixed_resamples.intervals(shares)
        if (assignments >= 0).all():
            ends["noise"] = (0.0, 0.0)
        quantities = [(name, share.mean, *ends[name]) for name, share in shares.items()]
        clean = assignments[:, : len(vectors)]
        quantities += _changes(alone[clusterer], clean, targets.labels, resamples, settings.limit)
        rows += [(clusterer, *quantity) for quantity in quantities]
    return pd.DataFrame(rows, columns=CONTAMINATION_COLUMNS)


def _cluster(vectors: Vectors, settings: EvaluationSettings) -> dict[str, Assignments]:
    """Return the partitions of each clusterer, one a seed."""
    points = to_space(vectors, settings.space, settings.seed)
    partitions = run_clusterers(
        points, settings.clusterers, settings.ks, settings.seeds, settings.limit
    )
    names = partitions.runs["clusterer"]
    return {str(name): partitions.labels[(names == name).to_numpy()] for name in names.unique()}


def _shares(assignments: Assignments, clean: int) -> dict[str, Estimate]:
    """Return whether each mixed-in image, those after the clean ones, is in a cluster of theirs."""
    own_cluster = np.zeros((len(assignments), assignments.shape[1] - clean))
    for row, is_own in zip(assignments, own_cluster, strict=True):
        mixed = row[clean:]
        for cluster in np.unique(mixed[mixed >= 0]):
            members = mixed == cluster
            is_own[members] = members.sum() > (row[:clean] == cluster).sum()
    noise = (assignments[:, clean:] < 0).astype(np.float64)
    shares = {"own_cluster": own_cluster, "noise": noise, "scattered": 1 - own_cluster - noise}
    return {name: mean_estimate(values) for name, values in shares.items()}


def _changes(
    alone: Assignments,
    together: Assignments,
    labels: Int[np.ndarray, " images"] | None,
    resamples: PairedBootstrap,
    limit: SampleLimit,
) -> Iterator[tuple[str, float, float, float]]:
    """Yield name, value, low and high of the changes in the clean images' clusters."""
    before, after = noise_as_singletons(alone), noise_as_singletons(together)
    rows = limit.sample(before.shape[1], resamples.seed)
    if labels is not None:
        for name, score in _AGREEMENT_WITH_LABELS.items():
            old, new = score(before, labels), score(after, labels)
            moved = resamples.of([old, new])
            change = new.mean - old.mean
            yield f"{name}_change", change, *interval(change, moved[1] - moved[0], -2.0, 2.0)
    agreement = _agreement(after, before, rows)
    low, high = interval(agreement.mean, resamples.of([agreement])[0], -1.0, 1.0)
    yield "clean_change", 1 - agreement.mean, 1 - high, 1 - low
    if len(before) > 1:
        agreement = _agreement(before, np.roll(before, 1, axis=0), rows)
        low, high = interval(agreement.mean, resamples.of([agreement])[0], -1.0, 1.0)
        yield "seed_change", 1 - agreement.mean, 1 - high, 1 - low


def _agreement(
    ones: Assignments, others: Assignments, rows: Int[np.ndarray, " sampled"] | None
) -> Estimate:
    """Return the AMI of each seed's two partitions; of many images, that of the sample.

    Where both have much noise, their contingency table has nearly a row and a column an image.
    """
    counted = np.arange(ones.shape[1]) if rows is None else rows
    scores = [
        ami_score(left[None, counted], right[counted])
        for left, right in zip(ones, others, strict=True)
    ]
    influence = np.zeros(ones.shape)
    influence[:, counted] = np.concatenate([score.influence for score in scores])
    return Estimate(
        np.concatenate([score.estimates for score in scores]),
        influence,
        np.concatenate([score.smoothing_error for score in scores]),
        len(counted),
    )
