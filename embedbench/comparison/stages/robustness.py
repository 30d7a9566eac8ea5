"""Evaluate all encoders under other conditions: corruption, contamination, single domains."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from embedbench.analysis.cluster_summary import composition
from embedbench.analysis.inputs import AnalysisInputs, EvaluationSettings, Targets
from embedbench.analysis.measurement import Evaluation
from embedbench.analysis.robustness.contamination import contamination_table
from embedbench.analysis.robustness.corruption_effects import (
    CleanBaseline,
    CorruptionEffect,
    clean_baseline,
    corruption_effect,
    noisy_projection,
    noisy_vectors,
)
from embedbench.analysis.robustness.domain_shift import (
    domain_alignment,
    domain_pairs_table,
    domains_table,
    measure_domain,
    worst_images,
)
from embedbench.analysis.robustness.moved_images import moved_images
from embedbench.analysis.robustness.ranking import rank_by_retention
from embedbench.analysis.stored_steps import StoredSteps
from embedbench.clustering.spaces import to_space
from embedbench.comparison.extra_images import CORRUPTED, MIXED, ExtraImages
from embedbench.comparison.memory import Memory
from embedbench.comparison.stages.clustering import ClusteringAnalysis
from embedbench.comparison.tables import stack, stack_by_encoder
from embedbench.data.images.corruptions import Corruption
from embedbench.embedding.result import Embedding
from embedbench.encoder import Vectors
from embedbench.io.store import Store
from embedbench.utils.progress import Progress

__all__ = ["RobustnessTables", "run_robustness_stage"]

Rows = Int[np.ndarray, " sampled"]


@dataclass(frozen=True, eq=False)
class RobustnessTables:
    """Results under other conditions.

    Attributes:
        tables: `composition` and, where asked for, `robustness`, `robustness_ranking`,
            `moved_images`, `contamination`, `domains`, `domain_pairs`, `domain_alignment`,
            `worst_images`, as in `Results`.
        remarks: what the reader should know.
    """

    tables: dict[str, pd.DataFrame]
    remarks: tuple[str, ...] = ()


def run_robustness_stage(
    inputs: AnalysisInputs,
    embeddings: Mapping[str, Embedding],
    extra: ExtraImages,
    clusters: ClusteringAnalysis,
    memory: Memory,
    progress: Progress,
    store: Store | None = None,
) -> RobustnessTables:
    """Evaluate all encoders under the conditions that were asked for.

    Args:
        inputs: of the analysis, with corruptions and domains.
        embeddings: by encoder, of the images and the extra images.
        extra: where corrupted and mixed-in images are in the embeddings.
        clusters: results of the clustering stage.
        memory: decides the number of worker processes.
        progress: how progress is shown.
        store: where results of earlier runs are found, and those of this one kept.
    """
    embeddings = {name: embeddings[name] for name in clusters.criteria}
    tables = {"composition": _composition(inputs, clusters)}
    corruptions = len(inputs.corruptions) if len(extra.rows.get(CORRUPTED, ())) else 0
    is_mixed = len(extra.blocks.get((MIXED,), ())) > 0
    domains = 0 if inputs.domains is None else len(inputs.domains.categories)
    conditions = [
        corruptions + 1 if corruptions else 0,
        int(is_mixed),
        domains + 1 if domains else 0,
    ]
    if not any(conditions):
        return RobustnessTables(tables)
    remarks: tuple[str, ...] = ()
    vectors = {name: embedding.vectors for name, embedding in embeddings.items()}
    processes = memory.processes(len(vectors), inputs, vectors)
    steps = len(vectors) * sum(conditions)
    with progress.bar("other conditions", steps, "steps") as bar, processes as at_work:
        gather = StoredSteps(store, at_work, bar.update).gather
        work = _RobustnessJobs(inputs, embeddings, extra, clusters, gather)
        if corruptions:
            tables |= work.corrupted(extra.rows[CORRUPTED])
        if is_mixed:
            tables["contamination"] = work.contamination()
        if inputs.domains is not None:
            evaluations = work.evaluate_domains(inputs.domains)
            tables |= work.domain_tables(inputs.domains, evaluations)
            remarks = _domain_remarks(inputs.domains, evaluations)
    return RobustnessTables(tables, remarks)


def _composition(inputs: AnalysisInputs, clusters: ClusteringAnalysis) -> pd.DataFrame:
    members = clusters.tables["silhouettes"]
    members = members[members["space"] == inputs.spaces[0]]
    values = {"label": inputs.targets.categorical(), "domain": inputs.domains}
    attributes = {name: value for name, value in values.items() if value is not None}
    return stack_by_encoder(
        {
            str(encoder): composition(rows, attributes)
            for encoder, rows in members.groupby("encoder", sort=False)
        }
    )


def _domain_remarks(
    domains: pd.Categorical, evaluations: Mapping[tuple[str, int], Evaluation | str]
) -> tuple[str, ...]:
    """Return in words which domains could not be evaluated."""
    remarks = {
        f"the domain '{domains.categories[code]}' was not looked at by itself: {reason}"
        for (_, code), reason in evaluations.items()
        if isinstance(reason, str)
    }
    return tuple(sorted(remarks))


@dataclass(frozen=True, eq=False)
class _RobustnessJobs:
    """The calls of the robustness stage, spread over worker processes."""

    inputs: AnalysisInputs
    embeddings: Mapping[str, Embedding]
    extra: ExtraImages
    clusters: ClusteringAnalysis
    gather: Callable[[Mapping[Any, tuple[Any, ...]]], dict[Any, Any]]

    @property
    def settings(self) -> EvaluationSettings:
        """The first space at the common k."""
        return self.inputs.settings(self.inputs.spaces[0], (self.clusters.common_k,))

    def corrupted(self, rows: Rows) -> dict[str, pd.DataFrame]:
        """Return the tables `robustness`, `robustness_ranking`, `moved_images` of these images.

        An encoder that looks its vectors up has no corrupted images, only noise on vectors.
        """
        targets, settings = self.inputs.targets.take(rows), self.settings
        flat = replace(settings, space="raw")
        clean = {name: embedding.vectors[rows] for name, embedding in self.embeddings.items()}
        baselines = self.gather(
            {name: (clean_baseline, vectors, targets, settings) for name, vectors in clean.items()}
        )
        projections: dict[str, CleanBaseline] = {}
        if any(corruption.kind == "plane-noise" for corruption in self.inputs.corruptions):
            projections = self.gather(
                {
                    name: (_projection_baseline, vectors, targets, flat)
                    for name, vectors in clean.items()
                }
            )
        calls: dict[tuple[str, Corruption], tuple[Any, ...]] = {}
        for name, vectors in clean.items():
            for corruption in self.inputs.corruptions:
                key = name, corruption
                if corruption.kind == "plane-noise":
                    points = projections[name].vectors
                    noisy = noisy_projection(points, corruption.severity, settings.seed)
                    calls[key] = (corruption_effect, projections[name], corruption, noisy, flat)
                    continue
                moved = self._corrupted_vectors(name, vectors, corruption)
                if moved is not None:
                    calls[key] = (corruption_effect, baselines[name], corruption, moved, settings)
        effects = self.gather(calls)
        names = [self.inputs.image_names[row] for row in rows]
        by_encoder: dict[str, list[CorruptionEffect]] = {}
        for (name, _), effect in effects.items():
            by_encoder.setdefault(name, []).append(effect)
        return {
            "robustness": stack(
                [effect.table for effect in effects.values()],
                [{"encoder": name} for name, _ in effects],
            ),
            "moved_images": stack(
                [moved_images(effect, calls[key][3], names) for key, effect in effects.items()],
                [{"encoder": name} for name, _ in effects],
            ),
            "robustness_ranking": rank_by_retention(by_encoder, targets.bootstrap(settings.seed)),
        }

    def _corrupted_vectors(
        self, encoder: str, clean: Vectors, corruption: Corruption
    ) -> Vectors | None:
        if corruption.kind == "vector-noise":
            return noisy_vectors(clean, corruption.severity, self.settings.seed)
        return self.extra.vectors(self.embeddings[encoder], (CORRUPTED, corruption.name))

    def contamination(self) -> pd.DataFrame:
        """Return the table `contamination`, of encoders that could encode a mixed-in image."""
        mixed_in = {}
        for name, embedding in self.embeddings.items():
            vectors = self.extra.vectors(embedding, (MIXED,))
            if vectors is not None and np.isfinite(vectors).all(axis=1).any():
                mixed_in[name] = vectors[np.isfinite(vectors).all(axis=1)]
        targets, settings = self.inputs.targets, self.settings
        calls = {
            name: (contamination_table, self.embeddings[name].vectors, extra, targets, settings)
            for name, extra in mixed_in.items()
        }
        return stack_by_encoder(self.gather(calls))

    def evaluate_domains(self, domains: pd.Categorical) -> dict[tuple[str, int], Evaluation | str]:
        """Return every metric of each domain by each encoder, or why there is none."""
        own_classes = self.inputs.k_grid.common_k_from == "truth"
        targets, settings = self.inputs.targets, self.settings
        rest = (settings, own_classes)
        calls = {
            (name, code): (measure_domain, embedding.vectors, targets, domains, code, *rest)
            for name, embedding in self.embeddings.items()
            for code in _codes(domains)
        }
        return self.gather(calls)

    def domain_tables(
        self, domains: pd.Categorical, evaluations: Mapping[tuple[str, int], Evaluation | str]
    ) -> dict[str, pd.DataFrame]:
        """Return the tables `domains`, `domain_pairs`, `domain_alignment`, `worst_images`."""
        inputs, seed = self.inputs, self.settings.seed
        alignments = self.gather(
            {
                name: (domain_alignment, runs, domains, inputs.targets.labels, seed)
                for name, runs in self.clusters.at_common_k.items()
            }
        )
        measured = {
            name: {code: evaluations[name, code] for code in _codes(domains)}
            for name in self.embeddings
        }
        images = (domains, inputs.targets.groups, seed)
        return {
            "domains": stack_by_encoder(
                {name: domains_table(by_code, *images) for name, by_code in measured.items()}
            ),
            "domain_pairs": stack_by_encoder(
                {name: domain_pairs_table(by_code, *images) for name, by_code in measured.items()}
            ),
            "domain_alignment": pd.DataFrame(
                [{"encoder": name} | asdict(alignment) for name, alignment in alignments.items()]
            ),
            "worst_images": stack_by_encoder(
                {
                    name: worst_images(self._per_image(name), domains, inputs.image_names)
                    for name in self.embeddings
                }
            ),
        }

    def _per_image(self, encoder: str) -> Float[np.ndarray, " images"]:
        """Return an encoder's score on each image: by its labels, else its silhouette."""
        retrieval = self.clusters.criteria[encoder].retrieval
        if retrieval is not None:
            return retrieval.average_precision
        rows = self.clusters.tables["silhouettes"]
        rows = rows[(rows["encoder"] == encoder) & (rows["space"] == self.inputs.spaces[0])]
        rows = rows[rows["clusterer"] == rows["clusterer"].iloc[0]]
        silhouettes: Float[np.ndarray, " images"] = rows["silhouette"].to_numpy(np.float64)
        return silhouettes


def _codes(domains: pd.Categorical) -> list[int]:
    """Return the codes of the domains that have images."""
    codes: list[int] = np.unique(domains.codes[domains.codes >= 0]).tolist()
    return codes


def _projection_baseline(
    vectors: Vectors, targets: Targets, settings: EvaluationSettings
) -> CleanBaseline:
    """Return the baseline of the images' points in a t-SNE projection."""
    points = to_space(vectors, "tsne:2", settings.seed)
    return clean_baseline(points, targets, settings, is_projection=True)
