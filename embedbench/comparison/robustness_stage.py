"""All encoders under other conditions: corrupted images, images mixed in, domains by themselves."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from embedbench.analysis.cluster_summary import Coded, composition
from embedbench.analysis.inputs import EvaluationSettings
from embedbench.analysis.robustness.contamination import contamination_table
from embedbench.analysis.robustness.corruption_effects import (
    CleanBaseline,
    CorruptionEffect,
    clean_baseline,
    corruption_effect,
    noisy_plane,
    noisy_vectors,
)
from embedbench.analysis.robustness.domain_shift import (
    domain_alignment,
    domain_pairs_table,
    domains_table,
    measure_domain,
    worst_images,
)
from embedbench.analysis.robustness.ranking import rank_by_retention
from embedbench.clustering.spaces import to_space
from embedbench.comparison.clustering_stage import AnalysisInputs, ClusteringAnalysis
from embedbench.comparison.extra_images import Conditions
from embedbench.comparison.tables import stack
from embedbench.data.images.corruptions import Corruption
from embedbench.encoder import Vectors
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.parallel.pool import Pool
from embedbench.utils.progress import Progress

__all__ = ["run_robustness_stage"]

Key = TypeVar("Key", bound=Hashable)


def run_robustness_stage(
    vectors: dict[str, Vectors],
    conditions: Conditions,
    images: pd.DataFrame,
    task: AnalysisInputs,
    analysis: ClusteringAnalysis,
    progress: Progress,
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Return the tables that were asked for beside the comparison, as in `Results`, and remarks.

    Args:
        vectors: by encoder, of the images.
        conditions: what else was encoded.
        images: the table of the images, with a column `domain` where domains were asked for.
        task: what is analysed.
        analysis: what was found of the images as they are.
        progress: how it is shown.
    """
    vectors = {name: vectors[name] for name in analysis.criteria}
    how = EvaluationSettings(
        task.clusterers, task.spaces[0], analysis.shared, task.seeds, task.limits
    )
    known = {"label": Coded(task.truth, task.classes)} if task.truth is not None else {}
    if "domain" in images:
        codes, names = pd.factorize(images["domain"], sort=True)
        known["domain"] = Coded(codes.astype(np.int64), [str(name) for name in names])
    remarks: list[str] = []
    tables = {"composition": _composition(analysis, task, known)}
    if not (conditions.corruptions or conditions.mixed or "domain" in known):
        return tables, []
    domains = len(known["domain"].names) + 1 if "domain" in known else 0
    changed = len(conditions.corruptions) + 1 if conditions.corruptions else 0
    steps = len(vectors) * (changed + (conditions.mixed > 0) + domains)
    with (
        progress.bar("other conditions", steps, "steps") as bar,
        Pool(task.memory.workers(len(vectors), task.size(vectors)), patience=None) as pool,
    ):
        work = _RobustnessJobs(vectors, task, analysis, how, pool, bar.update)
        if conditions.corruptions:
            tables |= work.corrupted(conditions)
        if conditions.mixed:
            tables |= work.mixed(conditions)
        if "domain" in known:
            found, remarks = work.domains(known["domain"])
            tables |= found
    return tables, remarks


def _composition(
    analysis: ClusteringAnalysis, task: AnalysisInputs, known: Mapping[str, Coded]
) -> pd.DataFrame:
    members = analysis.tables["silhouettes"]
    members = members[members["space"] == task.spaces[0]]
    found = [
        (str(encoder), composition(rows, known))
        for encoder, rows in members.groupby("encoder", sort=False)
    ]
    return stack([table for _, table in found], [{"encoder": name} for name, _ in found])


@dataclass(frozen=True, eq=False)
class _RobustnessJobs:
    """The calls of one comparison, spread over worker processes."""

    vectors: dict[str, Vectors]
    task: AnalysisInputs
    analysis: ClusteringAnalysis
    how: EvaluationSettings
    pool: Pool
    tick: Callable[[int], object]

    def corrupted(self, conditions: Conditions) -> dict[str, pd.DataFrame]:
        """Return `robustness` and `robustness_ranking`, without vectors made elsewhere."""
        rows, seed = conditions.rows, self.task.seeds[0]
        truth = None if self.task.truth is None else self.task.truth[rows]
        groups = np.unique(self.task.groups[rows], return_inverse=True)[1]
        clean = {name: vectors[rows] for name, vectors in self.vectors.items()}
        starts = self._gather(
            {name: (clean_baseline, own, truth, groups, self.how) for name, own in clean.items()}
        )
        flat = replace(self.how, space="raw")
        planes: dict[str, CleanBaseline] = {}
        if any(one.kind == "plane-noise" for one in conditions.corruptions):
            planes = self._gather(
                {
                    name: (_measure_plane, own, truth, groups, flat, seed)
                    for name, own in clean.items()
                }
            )
        calls: dict[tuple[str, Corruption], tuple[Any, ...]] = {}
        for name, own in clean.items():
            for one in conditions.corruptions:
                if one.kind == "plane-noise":
                    noisy = noisy_plane(planes[name].vectors, one.severity, seed)
                    calls[name, one] = (corruption_effect, planes[name], one, noisy, flat)
                    continue
                if one.kind == "vector-noise":
                    moved = noisy_vectors(own, one.severity, seed)
                elif name in conditions.vectors:
                    moved = conditions.corrupted(name, one)
                else:
                    continue
                calls[name, one] = (corruption_effect, starts[name], one, moved, self.how)
        found = self._gather(calls)
        held: dict[str, list[CorruptionEffect]] = {}
        for (name, _), one in found.items():
            held.setdefault(name, []).append(one)
        return {
            "robustness": stack(
                [one.table for one in found.values()], [{"encoder": name} for name, _ in found]
            ),
            "robustness_ranking": rank_by_retention(held, PairedBootstrap(groups, seed)),
        }

    def mixed(self, conditions: Conditions) -> dict[str, pd.DataFrame]:
        """Return `contamination`."""
        truth, groups = self.task.truth, self.task.groups
        found = self._gather(
            {
                name: (contamination_table, own, conditions.mixed_in(name), truth, groups, self.how)
                for name, own in self.vectors.items()
                if name in conditions.vectors and len(conditions.mixed_in(name))
            }
        )
        return {"contamination": stack(list(found.values()), [{"encoder": name} for name in found])}

    def domains(self, domain: Coded) -> tuple[dict[str, pd.DataFrame], list[str]]:
        """Return `domains`, `domain_pairs`, `domain_alignment` and `worst_images`, and remarks."""
        task, seed = self.task, self.task.seeds[0]
        own_classes = task.plan.shared_from == "truth"
        codes = np.unique(domain.codes[domain.codes >= 0]).tolist()
        found = self._gather(
            {
                (name, code): (
                    measure_domain, own, task.truth, task.groups, domain.codes, code, self.how,
                    own_classes,
                )
                for name, own in self.vectors.items()
                for code in codes
            }
        )  # fmt: skip
        following = self._gather(
            {
                name: (domain_alignment, labels, domain.codes, task.truth, seed)
                for name, labels in self.analysis.main.items()
            }
        )
        by_encoder: list[dict[str, str]] = [{"encoder": name} for name in self.vectors]
        measured = [{code: found[name, code] for code in codes} for name in self.vectors]
        remarks = {
            f"the domain '{domain.names[code]}' was not looked at by itself: {one}"
            for (_, code), one in found.items()
            if isinstance(one, str)
        }
        tables = {
            "domains": stack(
                [domains_table(one, domain, task.groups, seed) for one in measured], by_encoder
            ),
            "domain_pairs": stack(
                [domain_pairs_table(one, domain, task.groups, seed) for one in measured], by_encoder
            ),
            "domain_alignment": pd.DataFrame(
                [{"encoder": name} | asdict(one) for name, one in following.items()]
            ),
            "worst_images": stack(
                [worst_images(self._per_image(name), domain, task.images) for name in self.vectors],
                by_encoder,
            ),
        }
        return tables, sorted(remarks)

    def _per_image(self, encoder: str) -> Float[np.ndarray, " images"]:
        """Return how well an encoder does on each image: by its labels, else its silhouette."""
        precision = self.analysis.criteria[encoder].neighbours.average_precision
        if precision is not None:
            return precision
        rows = self.analysis.tables["silhouettes"]
        rows = rows[(rows["encoder"] == encoder) & (rows["space"] == self.task.spaces[0])]
        rows = rows[rows["clusterer"] == rows["clusterer"].iloc[0]]
        silhouettes: Float[np.ndarray, " images"] = rows["silhouette"].to_numpy(np.float64)
        return silhouettes

    def _gather(self, calls: Mapping[Key, tuple[Any, ...]]) -> dict[Key, Any]:
        """Return the result of each call, by its key."""
        return dict(zip(calls, self.pool.gather(list(calls.values()), self.tick), strict=True))


def _measure_plane(
    vectors: Vectors,
    truth: Int[np.ndarray, " images"] | None,
    groups: Int[np.ndarray, " images"],
    how: EvaluationSettings,
    seed: int,
) -> CleanBaseline:
    return clean_baseline(to_space(vectors, "tsne:2", seed), truth, groups, how, on_plane=True)
