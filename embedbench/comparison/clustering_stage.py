"""All encoders in all spaces: clustered, scored and looked into, one a worker process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from embedbench.analysis.cluster_summary import cluster_tables
from embedbench.analysis.label_free import AugmentedViews, EncoderScores, score_encoder
from embedbench.analysis.pairwise import (
    NO_PAIRS,
    EncoderView,
    disagreement,
    disputed_pairs,
    similarity_of,
)
from embedbench.analysis.projections import (
    explained_variance,
    is_neighbour_embedding,
    null_silhouette,
    project_vectors,
)
from embedbench.analysis.shortcuts import Shortcut, shortcut_probe
from embedbench.analysis.sweep import (
    KCandidate,
    Sweep,
    comparison_rows,
    kmeans_labels_at,
    sweep_encoder,
)
from embedbench.clustering.clusterers import Clusterer
from embedbench.clustering.limits import DEFAULT_LIMIT, SampleLimit
from embedbench.comparison.config import KGrid
from embedbench.comparison.memory import Memory, Size
from embedbench.comparison.tables import elbow_table, partitions_table, similarity_table, stack
from embedbench.encoder import Vectors
from embedbench.errors import EmbedbenchError, InputError
from embedbench.metrics.base import Estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.parallel.pool import Pool
from embedbench.utils.progress import Progress

__all__ = ["AnalysisInputs", "ClusteringAnalysis", "run_clustering_stage"]


@dataclass(frozen=True, eq=False)
class AnalysisInputs:
    """What is to be analysed.

    Attributes:
        images: their names.
        truth: codes of the labels, -1 where not known; None without labels.
        classes: the names of the labels.
        clusterers: each is run in every space.
        spaces: the first one leads: clusters are looked into there.
        plan: which numbers of clusters.
        seeds: the same for every encoder.
        similarity: how well each word fits each image; None without words.
        words: candidate names.
        groups: images of the same number are copies of one another.
        attributes: codes of what should not decide a clustering, by name: see `shortcuts`.
        maps: which planes are drawn: see `embedbench.analysis.projections.PROJECTIONS`.
        limits: up to how many images everything is looked at.
        memory: how much may be taken.
    """

    images: Sequence[str]
    truth: Int[np.ndarray, " images"] | None
    classes: Sequence[str]
    clusterers: Sequence[Clusterer]
    spaces: Sequence[str]
    plan: KGrid
    seeds: Sequence[int]
    similarity: Float[np.ndarray, "images words"] | None
    words: Sequence[str]
    groups: Int[np.ndarray, " images"]
    attributes: dict[str, Int[np.ndarray, " images"]]
    maps: Sequence[str]
    limits: SampleLimit = DEFAULT_LIMIT
    memory: Memory = field(default_factory=Memory.free)

    @property
    def resamples(self) -> PairedBootstrap:
        """The draws of images and seeds, the same wherever they are made."""
        return PairedBootstrap(self.groups, self.seeds[0])

    def size(self, vectors: Mapping[str, Vectors]) -> Size:
        """Return how large it is, with these vectors of the encoders."""
        runs = len(self.clusterers) * len(self.spaces) * len(self.plan.ks) * len(self.seeds)
        return Size(len(self.images), [rows.shape[1] for rows in vectors.values()], runs)


SPREAD_KS = (4, 8, 12, 20)
SPREAD_SEEDS = 3
"""Where no labels say how many clusters there are, encoders are compared at several ks at once."""


@dataclass(frozen=True, eq=False)
class ClusteringAnalysis:
    """What was found.

    Attributes:
        tables: `comparison`, `partitions`, `elbow`, `clusters`, `silhouettes`, `projections`,
            `similarity`, `disagreements`, `shortcuts`, `variance`, as in `Results`.
        shared: the k at which encoders are compared.
        scores: by encoder, clusterer and metric, in the first space at the shared k.
        criteria: of each encoder alone.
        main: each encoder's K-means partitions at the shared k, one a seed.
        labels: each encoder's K-means partitions at several ks.
        disagreement: on each image, how far the encoders disagree about its neighbours.
        errors: why an encoder's vectors could not be clustered.
    """

    tables: dict[str, pd.DataFrame]
    shared: int
    scores: dict[str, dict[str, dict[str, Estimate]]]
    criteria: dict[str, EncoderScores]
    main: dict[str, Int[np.ndarray, "all_seeds images"]]
    labels: dict[str, Int[np.ndarray, "ks seeds images"]]
    disagreement: Float[np.ndarray, " images"]
    errors: dict[str, str]


def run_clustering_stage(
    vectors: dict[str, Vectors],
    copies: dict[str, AugmentedViews | None],
    task: AnalysisInputs,
    progress: Progress,
) -> ClusteringAnalysis:
    """Return the tables of all encoders, from the vectors that each made of the images.

    Args:
        vectors: by encoder, of the images.
        copies: by encoder, of changed images; None where it cannot encode them.
        task: what is to be analysed.
        progress: how it is shown.

    Raises:
        InputError: no encoder's vectors could be clustered.
    """
    jobs = len(vectors) * len(task.spaces)
    steps = 3 * jobs + 3 * len(vectors) + len(vectors) * (len(vectors) - 1) // 2
    with (
        progress.bar("clustering", steps, "steps") as bar,
        Pool(task.memory.workers(jobs, task.size(vectors)), patience=None) as pool,
    ):
        sweeps, errors = _sweep_all(task, vectors, pool, bar.update)
        encoders = [name for name in vectors if name not in errors]
        if not encoders:
            name, error = next(iter(errors.items()))
            raise InputError(f"no encoder's vectors could be clustered; '{name}': {error}")
        lead = {name: sweeps[name, task.spaces[0]] for name in encoders}
        shared = task.plan.shared or _shared_k(list(lead.values()))
        at_shared = partial(kmeans_labels_at, ks=[shared], seeds=task.seeds, limits=task.limits)
        main = {name: at_shared(sweep)[0] for name, sweep in lead.items()}
        ks, seeds = spread_ks(task.plan.ks), task.seeds[:SPREAD_SEEDS]
        labels = {
            name: kmeans_labels_at(sweep, ks, seeds, task.limits) for name, sweep in lead.items()
        }

        def each(function: Callable[..., Any], *arguments: dict[str, Any]) -> list[Any]:
            calls = [(function, task, *(one[name] for one in arguments)) for name in encoders]
            return pool.gather(calls, bar.update)

        rows = pool.gather(
            [
                (_rows, task, vectors[name], space, sweep, shared)
                for (name, space), sweep in sweeps.items()
            ],
            bar.update,
        )
        looks = pool.gather(
            [(_look_into, task, sweep, shared) for sweep in sweeps.values()], bar.update
        )
        at = dict.fromkeys(encoders, shared)
        planes = each(_maps, vectors)
        alone = each(_look_alone, vectors, copies, labels, at)
        criteria: dict[str, EncoderScores] = dict(zip(encoders, alone, strict=True))
        shortcuts = each(_shortcuts, main)
        seen = {
            name: EncoderView(vectors[name], labels[name], criteria[name].neighbours)
            for name in encoders
        }
        pairs = list(combinations(encoders, 2))
        related = pool.gather(
            [(_relate, task, seen[one], seen[other]) for one, other in pairs], bar.update
        )
    by_encoder = [{"encoder": name} for name in encoders]
    by_job = [{"encoder": name, "space": space} for name, space in sweeps]
    both_ways = [
        {"encoder": first, "other": second}
        for one, other in pairs
        for first, second in ((one, other), (other, one))
    ]
    tables = {
        "comparison": stack([table for table, _ in rows], by_job),
        "partitions": partitions_table(sweeps, task.images),
        "elbow": elbow_table(lead),
        "clusters": stack([clusters for clusters, _ in looks], by_job),
        "silhouettes": stack([members for _, members in looks], by_job),
        "projections": stack([points for points, _ in planes], by_encoder),
        "variance": stack([shares for _, shares in planes], by_encoder),
        "similarity": similarity_table(dict(zip(pairs, [one for one, _ in related], strict=True))),
        "disagreements": stack(
            [table for _, two in related for table in two] or [NO_PAIRS], both_ways or [{}]
        ),
        "shortcuts": stack(shortcuts, by_encoder),
    }
    found = zip(sweeps, rows, strict=True)
    return ClusteringAnalysis(
        tables=tables,
        shared=shared,
        scores={name: first for (name, space), (_, first) in found if space == task.spaces[0]},
        criteria=criteria,
        main=main,
        labels=labels,
        disagreement=disagreement([one.neighbours for one in criteria.values()]),
        errors=errors,
    )


def spread_ks(ks: Sequence[int]) -> list[int]:
    """Return the ks of a sweep that lie nearest to 4, 8, 12 and 20, each once."""
    return sorted({min(ks, key=lambda k: abs(k - wanted)) for wanted in SPREAD_KS})


def _sweep_all(
    task: AnalysisInputs, vectors: dict[str, Vectors], pool: Pool, tick: Callable[[int], object]
) -> tuple[dict[tuple[str, str], Sweep], dict[str, str]]:
    """Return the sweeps of the encoders that could be clustered in every space, and the errors."""
    jobs = [(name, space) for name in vectors for space in task.spaces]
    calls = [(_try_sweep, task, vectors[name], space) for name, space in jobs]
    found = dict(zip(jobs, pool.gather(calls, tick), strict=True))
    errors = {name: result for (name, _), result in found.items() if isinstance(result, str)}
    return {job: result for job, result in found.items() if job[0] not in errors}, errors


def _try_sweep(task: AnalysisInputs, vectors: Vectors, space: str) -> Sweep | str:
    plan = task.plan
    try:
        return sweep_encoder(
            vectors, space, task.clusterers, plan.ks, task.seeds, task.truth, plan.choose_from,
            task.limits,
        )  # fmt: skip
    except EmbedbenchError as error:
        return str(error)


def _rows(
    task: AnalysisInputs, vectors: Vectors, space: str, sweep: Sweep, shared: int
) -> tuple[pd.DataFrame, dict[str, dict[str, Estimate]]]:
    candidates = [KCandidate(task.plan.shared_from, shared)]
    if sweep.choice is not None:
        candidates += [KCandidate(name, k) for name, k in sweep.choice.by_criterion().items()]
    seed = task.seeds[0]
    rows, scores = comparison_rows(
        sweep, task.clusterers, candidates, task.truth, task.resamples, seed
    )
    if is_neighbour_embedding(space):
        noise = null_silhouette(vectors, space, task.clusterers, shared, seed, task.limits)
        main = rows["k_from"].isin([task.plan.shared_from, "own"])
        rows["silhouette_noise"] = rows["clusterer"].map(noise).where(main)
    return rows, scores


def _look_alone(
    task: AnalysisInputs,
    vectors: Vectors,
    copies: AugmentedViews | None,
    labels: Int[np.ndarray, "ks seeds images"],
    shared: int,
) -> EncoderScores:
    return score_encoder(
        vectors, copies, task.truth, task.groups, labels, shared, task.seeds[0], task.limits
    )


def _shortcuts(task: AnalysisInputs, labels: Int[np.ndarray, "runs images"]) -> pd.DataFrame:
    found = shortcut_probe(labels, task.attributes, task.seeds[0])
    columns = [field.name for field in fields(Shortcut)]
    return pd.DataFrame([asdict(shortcut) for shortcut in found], columns=columns)


def _relate(
    task: AnalysisInputs, one: EncoderView, other: EncoderView
) -> tuple[dict[str, float], tuple[pd.DataFrame, pd.DataFrame]]:
    splits = (
        disputed_pairs(one, other, task.groups, task.images),
        disputed_pairs(other, one, task.groups, task.images),
    )
    return similarity_of(one, other), splits


def _look_into(task: AnalysisInputs, sweep: Sweep, k: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    return cluster_tables(
        sweep, task.images, k, task.truth, task.classes, task.similarity, task.words
    )


def _maps(task: AnalysisInputs, vectors: Vectors) -> tuple[pd.DataFrame, pd.DataFrame]:
    points = project_vectors(vectors, task.images, task.maps, task.seeds[0], task.limits)
    return points, explained_variance(vectors)


def _shared_k(sweeps: list[Sweep]) -> int:
    """The median of the ks at which each encoder's K-means silhouette is highest."""
    best = []
    for sweep in sweeps:
        assert sweep.choice is not None
        curve = sweep.choice.curve
        best.append(int(curve["k"].iloc[int(np.argmax(curve["silhouette"].fillna(-1)))]))
    return int(np.median(best))
