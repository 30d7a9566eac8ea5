"""All encoders in all spaces: clustered, scored and looked into, one a worker process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from embedbench.cluster import Clusterer
from embedbench.encoder import Vectors
from embedbench.errors import EmbedbenchError, InputError
from embedbench.progress import Progress
from embedbench.settings import KPlan
from embedbench.sweep import Candidate, Sweep, comparison_rows, details, maps, sweep_space
from embedbench.tables import elbow_table, partitions_table, stack
from embedbench.workers import Pool, cores

__all__ = ["Analysis", "Task", "analyse"]


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be analysed.

    Attributes:
        images: their names.
        truth: codes of the labels, -1 where not known; None without labels.
        clusterers: each is run in every space.
        spaces: the first one leads: clusters are looked into there.
        plan: which numbers of clusters.
        seeds: the same for every encoder.
        similarity: how well each word fits each image; None without words.
        words: candidate names.
    """

    images: Sequence[str]
    truth: Int[np.ndarray, " images"] | None
    clusterers: Sequence[Clusterer]
    spaces: Sequence[str]
    plan: KPlan
    seeds: Sequence[int]
    similarity: Float[np.ndarray, "images words"] | None
    words: Sequence[str]


@dataclass(frozen=True, eq=False)
class Analysis:
    """What was found.

    Attributes:
        tables: `comparison`, `partitions`, `elbow`, `clusters`, `silhouettes`, `maps`, as in
            `Results`.
        errors: why an encoder's vectors could not be clustered.
    """

    tables: dict[str, pd.DataFrame]
    errors: dict[str, str]


def analyse(vectors: dict[str, Vectors], task: Task, progress: Progress) -> Analysis:
    """Return the tables of all encoders, from the vectors that each made of the images.

    Raises:
        InputError: no encoder's vectors could be clustered.
    """
    jobs = len(vectors) * len(task.spaces)
    with (
        progress.bar("clustering", 2 * jobs + len(vectors), "steps") as bar,
        Pool(min(cores(), jobs), patience=None) as pool,
    ):
        sweeps, errors = _sweep_all(task, vectors, pool, bar.update)
        encoders = [name for name in vectors if name not in errors]
        if not encoders:
            name, error = next(iter(errors.items()))
            raise InputError(f"no encoder's vectors could be clustered; '{name}': {error}")
        lead = {name: sweeps[name, task.spaces[0]] for name in encoders}
        shared = task.plan.shared or _shared_k(list(lead.values()))
        rows = pool.gather([(_rows, task, sweep, shared) for sweep in sweeps.values()], bar.update)
        looks = pool.gather(
            [(_look_into, task, vectors[name], sweep, shared) for name, sweep in lead.items()],
            bar.update,
        )
    by_encoder = [{"encoder": name} for name in encoders]
    by_job = [{"encoder": name, "space": space} for name, space in sweeps]
    tables = {
        "comparison": stack(rows, by_job),
        "partitions": partitions_table(sweeps, task.images),
        "elbow": elbow_table(lead),
        "clusters": stack([look[0] for look in looks], by_encoder),
        "silhouettes": stack([look[1] for look in looks], by_encoder),
        "maps": stack([look[2] for look in looks], by_encoder),
    }
    return Analysis(tables, errors)


def _sweep_all(
    task: Task, vectors: dict[str, Vectors], pool: Pool, tick: Callable[[int], object]
) -> tuple[dict[tuple[str, str], Sweep], dict[str, str]]:
    """Return the sweeps of the encoders that could be clustered in every space, and the errors."""
    jobs = [(name, space) for name in vectors for space in task.spaces]
    calls = [(_try_sweep, task, vectors[name], space) for name, space in jobs]
    found = dict(zip(jobs, pool.gather(calls, tick), strict=True))
    errors = {name: result for (name, _), result in found.items() if isinstance(result, str)}
    return {job: result for job, result in found.items() if job[0] not in errors}, errors


def _try_sweep(task: Task, vectors: Vectors, space: str) -> Sweep | str:
    plan = task.plan
    try:
        return sweep_space(
            vectors, space, task.clusterers, plan.ks, task.seeds, task.truth, plan.choose_from
        )
    except EmbedbenchError as error:
        return str(error)


def _rows(task: Task, sweep: Sweep, shared: int) -> pd.DataFrame:
    candidates = [Candidate(task.plan.shared_from, shared)]
    if sweep.choice is not None:
        candidates += [Candidate(name, k) for name, k in sweep.choice.by_criterion().items()]
    return comparison_rows(sweep, task.clusterers, candidates, task.seeds[0])


def _look_into(
    task: Task, vectors: Vectors, sweep: Sweep, k: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    clusters, members = details(sweep, task.images, k, task.similarity, task.words)
    return clusters, members, maps(vectors, task.images, task.seeds[0])


def _shared_k(sweeps: list[Sweep]) -> int:
    """The median of the ks at which each encoder's K-means silhouette is highest."""
    best = []
    for sweep in sweeps:
        assert sweep.choice is not None
        curve = sweep.choice.curve
        best.append(int(curve["k"].iloc[int(np.argmax(curve["silhouette"].fillna(-1)))]))
    return int(np.median(best))
