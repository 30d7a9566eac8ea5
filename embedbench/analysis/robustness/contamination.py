"""Mixed-in images: some of another kind, put among those compared, and where they end up."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from jaxtyping import Float32, Int

from embedbench.analysis.inputs import EvaluationSettings
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

_AGAINST_TRUTH = {"ami": ami_score, "ari": ari_score, "accuracy": accuracy_score}

Labels = Int[np.ndarray, "seeds images"]


def contamination_table(
    vectors: Vectors,
    mixed_vectors: Float32[np.ndarray, "mixed dim"],
    truth: Int[np.ndarray, " images"] | None,
    groups: Int[np.ndarray, " images"],
    how: EvaluationSettings,
) -> pd.DataFrame:
    """Return where the mixed-in images end up, and what they do to the clusters of the others.

    Both are clustered together into the k clusters of the images alone: for a cluster of their
    own the mixed-in ones have to take one from the others. HDBSCAN chooses as it likes.

    Columns: `clusterer, quantity, value, low, high`, means over the seeds with their intervals
    over images and seeds. The quantities:

    - `own_cluster`, `noise`, `scattered`: shares of the mixed-in images that are in clusters of
      which more than half is mixed in, that are noise, and that lie in clusters of the others.
      They sum to 1. The interval is over the mixed-in images; there is no doubt of 0 noise where no
      image at all is called so.
    - `ami_change`, `ari_change`, `accuracy_change`, with labels: of the other images against
      their labels, with the mixed-in images less without. nan where labels say nothing.
    - `clean_change`: how far the other images' clusters differ from those without the mixed-in
      ones: 1 - AMI, 0 is not at all, 1 as by chance.
    - `seed_change`: how far they differ between two seeds without any mixed-in image: what of
      `clean_change` chance alone explains. Not there where a clusterer takes no seed.

    nan where the images alone are all in one cluster.

    Args:
        vectors: what the encoder made of the images compared.
        mixed_vectors: what it made of the mixed-in ones, at least one.
        truth: codes of the labels of the images, -1 where not known; None without labels.
        groups: images of the same number are copies of one another.
        how: clusterers, space, k and seeds.

    Raises:
        InputError: the images are too few or too much alike to be clustered.
    """
    k = max(2, min(how.k, max_k(vectors)))
    alone = _labels(vectors, how, k)
    together = _labels(np.concatenate([vectors, mixed_vectors]), how, k)
    own_groups = np.unique(mixed_vectors, axis=0, return_inverse=True)[1]
    resamples = PairedBootstrap(np.unique(groups, return_inverse=True)[1], how.seeds[0])
    of_mixed = PairedBootstrap(own_groups, how.seeds[0])
    rows = []
    for clusterer, labels in together.items():
        where = _where(labels, len(vectors))
        ends = of_mixed.intervals(where)
        if (labels >= 0).all():
            ends["noise"] = (0.0, 0.0)
        found = [(name, score.mean, *ends[name]) for name, score in where.items()]
        clean = labels[:, : len(vectors)]
        found += _changes(alone[clusterer], clean, truth, resamples, how.limits)
        rows += [(clusterer, *row) for row in found]
    return pd.DataFrame(rows, columns=CONTAMINATION_COLUMNS)


def _labels(vectors: Vectors, how: EvaluationSettings, k: int) -> dict[str, Labels]:
    """Return the partitions of each clusterer, one a seed."""
    points = to_space(vectors, how.space, how.seeds[0])
    found = run_clusterers(points, how.clusterers, [k], how.seeds, how.limits)
    names = found.runs["clusterer"]
    return {str(name): found.labels[(names == name).to_numpy()] for name in names.unique()}


def _where(labels: Labels, clean: int) -> dict[str, Estimate]:
    """Return whether each mixed-in image, those after the clean ones, is in a cluster of theirs."""
    own = np.zeros((len(labels), labels.shape[1] - clean))
    for row, seen in zip(labels, own, strict=True):
        mixed = row[clean:]
        for cluster in np.unique(mixed[mixed >= 0]):
            members = mixed == cluster
            seen[members] = members.sum() > (row[:clean] == cluster).sum()
    noise = (labels[:, clean:] < 0).astype(np.float64)
    shares = {"own_cluster": own, "noise": noise, "scattered": 1 - own - noise}
    return {name: mean_estimate(values) for name, values in shares.items()}


def _changes(
    alone: Labels,
    together: Labels,
    truth: Int[np.ndarray, " images"] | None,
    resamples: PairedBootstrap,
    limits: SampleLimit,
) -> Iterator[tuple[str, float, float, float]]:
    """Yield name, value, low and high of what became of the clean images' clusters."""
    before, after = noise_as_singletons(alone), noise_as_singletons(together)
    rows = limits.sample(before.shape[1], resamples.seed)
    if truth is not None:
        for name, score in _AGAINST_TRUTH.items():
            one, other = score(before, truth), score(after, truth)
            moved = resamples.of([one, other])
            change = other.mean - one.mean
            yield f"{name}_change", change, *interval(change, moved[1] - moved[0], -2.0, 2.0)
    kept = _agreement(after, before, rows)
    low, high = interval(kept.mean, resamples.of([kept])[0], -1.0, 1.0)
    yield "clean_change", 1 - kept.mean, 1 - high, 1 - low
    if len(before) > 1:
        kept = _agreement(before, np.roll(before, 1, axis=0), rows)
        low, high = interval(kept.mean, resamples.of([kept])[0], -1.0, 1.0)
        yield "seed_change", 1 - kept.mean, 1 - high, 1 - low


def _agreement(ones: Labels, others: Labels, rows: Int[np.ndarray, " sampled"] | None) -> Estimate:
    """Return the AMI of each seed's two partitions; of many images, that of the sample.

    Where both have much noise, the table of their clusters has a row and a column an image.
    """
    counted = np.arange(ones.shape[1]) if rows is None else rows
    scores = [
        ami_score(one[None, counted], other[counted])
        for one, other in zip(ones, others, strict=True)
    ]
    influence = np.zeros(ones.shape)
    influence[:, counted] = np.concatenate([score.influence for score in scores])
    return Estimate(
        np.concatenate([score.estimates for score in scores]),
        influence,
        np.concatenate([score.smoothing_error for score in scores]),
        len(counted),
    )
