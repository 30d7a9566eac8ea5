"""Cluster and score all encoders in all spaces, spread over worker processes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from embedbench.analysis.cluster_summary import cluster_tables
from embedbench.analysis.inputs import AnalysisInputs
from embedbench.analysis.k_selection import SPREAD_SEEDS, spread_ks
from embedbench.analysis.label_free import AugmentedViews, EncoderScores, score_encoder
from embedbench.analysis.pairwise import NO_PAIRS, EncoderView, compare_encoders, disagreement
from embedbench.analysis.projections import explained_variance, project_vectors
from embedbench.analysis.shortcuts import shortcut_probe
from embedbench.analysis.stored_steps import StoredSteps
from embedbench.analysis.sweep import Sweep, choose_k, kmeans_assignments_at, try_sweep
from embedbench.comparison.memory import Memory
from embedbench.comparison.stages.group_numbers import GroupNumbers, choose_groups, look_into_groups
from embedbench.comparison.stages.purpose_steps import purpose_calls, purpose_tables, search_table
from embedbench.comparison.tables import (
    elbow_table,
    neighbours_table,
    partitions_table,
    rows_of_encoder,
    shortcuts_table,
    similarity_table,
    stack,
    stack_by_encoder,
    stack_by_job,
)
from embedbench.encoder import Vectors
from embedbench.errors import InputError
from embedbench.io.store import Store
from embedbench.metrics.base import Estimate
from embedbench.utils.progress import Progress

__all__ = ["ClusteringAnalysis", "run_clustering_stage"]

Calls = Mapping[Any, tuple[Any, ...]]
Job = tuple[str, str]
"""An encoder and a space."""


@dataclass(frozen=True, eq=False)
class ClusteringAnalysis:
    """Results of clustering all encoders.

    Attributes:
        tables: by the fields of `Results`.
        common_k: the k at which encoders are compared.
        scores: by encoder, clusterer and metric, in the first space at the common k.
        criteria: the scores of each encoder by itself.
        at_common_k: each encoder's K-means partitions at the common k, one a seed.
        assignments: each encoder's K-means partitions at several ks.
        disagreement: how far the encoders disagree about the neighbours of each image.
        errors: why an encoder's vectors could not be clustered.
        groups: the number of groups without labels.
    """

    tables: dict[str, pd.DataFrame]
    common_k: int
    scores: dict[str, dict[str, dict[str, Estimate]]]
    criteria: dict[str, EncoderScores]
    at_common_k: dict[str, Int[np.ndarray, "all_seeds images"]]
    assignments: dict[str, Int[np.ndarray, "ks seeds images"]]
    disagreement: Float[np.ndarray, " images"]
    errors: dict[str, str]
    groups: GroupNumbers = GroupNumbers((), None)


def run_clustering_stage(
    inputs: AnalysisInputs,
    vectors: Mapping[str, Vectors],
    augmented: Mapping[str, AugmentedViews | None],
    memory: Memory,
    progress: Progress,
    store: Store | None = None,
    decided: Callable[["ClusteringAnalysis"], object] = lambda _: None,
    scored: Callable[[pd.DataFrame], object] = lambda _: None,
) -> ClusteringAnalysis:
    """Cluster, score and compare all encoders: first what decides, then what describes them.

    Args:
        inputs: of the analysis.
        vectors: by encoder, one row per image.
        augmented: by encoder, vectors of changed images; None where it has none.
        memory: decides the number of worker processes.
        progress: how progress is shown.
        store: where results of earlier runs are found, and those of this one kept.
        decided: called with the analysis once all is known that a verdict needs.
        scored: called with the table `comparison` as soon as it is known.

    Raises:
        InputError: no encoder's vectors could be clustered.
    """
    jobs, encoders = len(vectors) * len(inputs.spaces), len(vectors)
    steps = 3 * jobs + 4 * encoders + encoders * (encoders - 1) // 2
    steps += sum(map(len, purpose_calls(inputs, vectors, vectors, 2).values()))
    if inputs.k_grid.choose_from:
        steps += 1 + encoders + encoders * (encoders - 1) // 2 + 2 * jobs
    processes = memory.processes(jobs, inputs, vectors)
    with progress.bar("clustering", steps, "steps") as bar, processes as at_work:
        work = _ClusteringJobs(inputs, vectors, StoredSteps(store, at_work, bar.update).gather)
        sweeps, errors = work.sweep()
        leading = {name: sweeps[name, inputs.spaces[0]] for name in vectors if name not in errors}
        if not leading:
            name, error = next(iter(errors.items()))
            raise InputError(f"no encoder's vectors could be clustered; '{name}': {error}")
        groups = choose_groups(inputs, leading, work.gather)
        common_k = inputs.k_grid.common_k or groups.shared
        at_common_k = {
            name: kmeans_assignments_at(sweep, [common_k], inputs.seeds, inputs.limit)[0]
            for name, sweep in leading.items()
        }
        ks, seeds = spread_ks(inputs.k_grid.ks), inputs.seeds[:SPREAD_SEEDS]
        assignments = {
            name: kmeans_assignments_at(sweep, ks, seeds, inputs.limit)
            for name, sweep in leading.items()
        }
        comparison, scores = work.compare(sweeps, common_k)
        scored(comparison)
        criteria = work.score(augmented, assignments, common_k)
        analysis = ClusteringAnalysis(
            tables={"comparison": comparison}
            | work.relate(assignments, criteria)
            | search_table(inputs, criteria),
            common_k=common_k,
            scores=scores,
            criteria=criteria,
            at_common_k=at_common_k,
            assignments=assignments,
            disagreement=disagreement([one.neighbours for one in criteria.values()]),
            errors=errors,
            groups=groups,
        )
        decided(analysis)
        similarity = analysis.tables["similarity"]
        groups = look_into_groups(groups, inputs, leading, similarity, work.gather)
        sweeps, tables = work.describe(sweeps, at_common_k, common_k)
        leading = {name: sweeps[name, inputs.spaces[0]] for name in leading}
        if inputs.k_grid.choose_from:
            comparison, _ = work.compare(sweeps, common_k, comparison)
    tables["comparison"] = comparison
    tables["partitions"] = partitions_table(sweeps, inputs.image_names)
    tables["elbow"] = groups.with_curve(elbow_table(leading))
    neighbours = {name: one.neighbours for name, one in criteria.items()}
    tables["nearest"] = neighbours_table(neighbours, inputs.image_names)
    return replace(analysis, tables=analysis.tables | tables, groups=groups)


@dataclass(frozen=True, eq=False)
class _ClusteringJobs:
    """The calls of the clustering stage, spread over worker processes."""

    inputs: AnalysisInputs
    vectors: Mapping[str, Vectors]
    gather: Callable[[Calls], dict[Any, Any]]

    def sweep(self) -> tuple[dict[Job, Sweep], dict[str, str]]:
        """Return the sweeps of encoders that could be clustered in every space, and errors."""
        inputs = self.inputs
        labels, grid = inputs.targets.labels, inputs.k_grid
        settings = {space: inputs.settings(space, grid.ks) for space in inputs.spaces}
        calls = {
            (name, space): (try_sweep, vectors, labels, settings[space])
            for name, vectors in self.vectors.items()
            for space in inputs.spaces
        }
        sweeps = self.gather(calls)
        errors = {name: sweep for (name, _), sweep in sweeps.items() if isinstance(sweep, str)}
        return {job: sweep for job, sweep in sweeps.items() if job[0] not in errors}, errors

    def compare(
        self, sweeps: Mapping[Job, Sweep], common_k: int, known: pd.DataFrame | None = None
    ) -> tuple[pd.DataFrame, dict[str, dict[str, dict[str, Estimate]]]]:
        """Return the table `comparison`, and the scores in the first space by encoder.

        Args:
            sweeps: by encoder and space, with or without the ks that the criteria choose.
            common_k: the k at which encoders are compared.
            known: the table without the rows of those ks, if it was made before.
        """
        inputs, vectors = self.inputs, self.vectors
        calls = {
            (name, space): (
                rows_of_encoder, inputs, vectors[name], space, sweep, common_k,
                None if known is None
                else known[(known["encoder"] == name) & (known["space"] == space)],
            )
            for (name, space), sweep in sweeps.items()
        }  # fmt: skip
        results = self.gather(calls)
        first = inputs.spaces[0]
        scores = {name: results[name, space][1] for name, space in results if space == first}
        return stack_by_job({job: table for job, (table, _) in results.items()}), scores

    def describe(
        self,
        sweeps: Mapping[Job, Sweep],
        at_common_k: Mapping[str, Int[np.ndarray, "runs images"]],
        common_k: int,
    ) -> tuple[dict[Job, Sweep], dict[str, pd.DataFrame]]:
        """Return the sweeps with the ks that the criteria choose, and the tables that describe.

        All is asked at once, the longest first: what there is to do rarely divides into the
        number of processes.
        """
        inputs, vectors, seeds = self.inputs, self.vectors, self.inputs.seeds
        choose_from = inputs.k_grid.choose_from
        images = (inputs.image_names, common_k, inputs.targets, inputs.words, inputs.similarity)
        maps = (inputs.image_names, inputs.projections, seeds[0], inputs.limit)
        steps: dict[str, dict[Any, tuple[Any, ...]]] = {
            "choice": {
                job: (choose_k, sweep, choose_from, seeds)
                for job, sweep in sweeps.items()
                if choose_from
            },
            "maps": {name: (project_vectors, vectors[name], *maps) for name in at_common_k},
            "clusters": {job: (cluster_tables, sweep, *images) for job, sweep in sweeps.items()},
            "variance": {name: (explained_variance, vectors[name]) for name in at_common_k},
            "shortcuts": {
                name: (shortcut_probe, runs, inputs.attributes, seeds[0])
                for name, runs in at_common_k.items()
            },
        }
        steps |= purpose_calls(inputs, vectors, at_common_k, common_k)
        results = self.gather(
            {(step, key): call for step, calls in steps.items() for key, call in calls.items()}
        )
        of = {step: {key: results[step, key] for key in calls} for step, calls in steps.items()}
        clusters = of["clusters"].items()
        return (
            {job: replace(sweep, choice=of["choice"].get(job)) for job, sweep in sweeps.items()},
            {
                "clusters": stack_by_job({job: table for job, (table, _) in clusters}),
                "silhouettes": stack_by_job({job: members for job, (_, members) in clusters}),
                "projections": stack_by_encoder(of["maps"]),
                "variance": stack_by_encoder(of["variance"]),
                "shortcuts": shortcuts_table(of["shortcuts"]),
            }
            | purpose_tables(of, inputs, vectors),
        )

    def score(
        self,
        augmented: Mapping[str, AugmentedViews | None],
        assignments: Mapping[str, Int[np.ndarray, "ks seeds images"]],
        common_k: int,
    ) -> dict[str, EncoderScores]:
        """Return the scores of each encoder by itself."""
        settings = self.inputs.settings(self.inputs.spaces[0], (common_k,))
        targets = self.inputs.targets
        # With labels the criteria without them decide nothing, unless they are asked for.
        with_chance = targets.labels is None or any(augmented.values())
        rest = (settings, with_chance)
        calls = {
            name: (score_encoder, self.vectors[name], augmented[name], targets, runs, *rest)
            for name, runs in assignments.items()
        }
        return self.gather(calls)

    def relate(
        self,
        assignments: Mapping[str, Int[np.ndarray, "ks seeds images"]],
        criteria: Mapping[str, EncoderScores],
    ) -> dict[str, pd.DataFrame]:
        """Return the tables `similarity` and `disagreements` of all pairs of encoders."""
        views = {
            name: EncoderView(self.vectors[name], runs, criteria[name].neighbours)
            for name, runs in assignments.items()
        }
        images = (self.inputs.targets.groups, self.inputs.image_names)
        calls = {
            (left, right): (compare_encoders, views[left], views[right], *images)
            for left, right in combinations(views, 2)
        }
        relations = self.gather(calls)
        disputed = [table for _, *both in relations.values() for table in both]
        both_ways = [
            {"encoder": first, "other": second}
            for left, right in relations
            for first, second in ((left, right), (right, left))
        ]
        return {
            "similarity": similarity_table(
                {pair: relation[0] for pair, relation in relations.items()}
            ),
            "disagreements": stack(disputed or [NO_PAIRS], both_ways or [{}]),
        }
