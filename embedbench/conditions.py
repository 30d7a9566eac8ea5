"""All encoders under other conditions: corrupted images, images mixed in, domains by themselves."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from jaxtyping import Float, Float32, Int

from embedbench.analyse import Analysis, Task
from embedbench.changes import Changed
from embedbench.corruptions import VECTOR_KINDS, Corruption, noisy_plane, noisy_vectors
from embedbench.criteria import choose_copied
from embedbench.dataset import Dataset
from embedbench.domains import (
    domain_pairs_table,
    domains_table,
    follows,
    measure_domain,
    worst_pictures,
)
from embedbench.download import Fetching, fetch
from embedbench.embed import Embedding, Engine
from embedbench.encoder import Vectors
from embedbench.encoding import Item
from embedbench.held import holds_best
from embedbench.insight import Coded, composition
from embedbench.measure import Measures
from embedbench.mixing import choose_mixed, where_mixed
from embedbench.progress import Progress
from embedbench.request import Request
from embedbench.results import FAILURE_COLUMNS
from embedbench.robustness import (
    Clean,
    Held,
    compare_with_clean,
    measure_clean,
)
from embedbench.spaces import to_space
from embedbench.statistics import Resamples
from embedbench.survey import survey
from embedbench.tables import stack
from embedbench.workers import Pool, cores

__all__ = ["Conditions", "read_conditions", "under_conditions"]

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Conditions:
    """What is looked at beyond the images as they are.

    Attributes:
        corruptions: of images and of vectors.
        rows: the images that corrupted copies are made of.
        items: what is encoded for it beside the images: each corruption's copies together, then
            the mixed-in images.
        mixed: how many images are mixed in.
        remarks: what a person should know.
        vectors: by encoder, what it made of the items; none before they are read.
    """

    corruptions: tuple[Corruption, ...]
    rows: Int[np.ndarray, " sampled"]
    items: list[Item]
    mixed: int
    remarks: tuple[str, ...]
    vectors: Mapping[str, Float32[np.ndarray, "items dim"]]

    @property
    def of_images(self) -> list[Corruption]:
        """The corruptions for which images are encoded."""
        return [one for one in self.corruptions if one.kind not in VECTOR_KINDS]

    def read(
        self, embeddings: Mapping[str, Embedding], start: int, kept: Sequence[int]
    ) -> "Conditions":
        """Return the conditions with the vectors that the encoders made.

        Args:
            embeddings: of which the items are among the others.
            start: where they start there.
            kept: the rows of the images that are compared; the others are left out, and the rows
                renumbered.
        """
        place = {row: number for number, row in enumerate(kept)}
        there = np.array([row in place for row in self.rows.tolist()], dtype=bool)
        every = np.concatenate(
            [np.tile(there, len(self.of_images)), np.ones(self.mixed, dtype=bool)]
        )
        vectors = {
            name: found.others[start:][every]
            for name, found in embeddings.items()
            if len(found.others) > start
        }
        rows = np.array([place[row] for row in self.rows[there].tolist()], dtype=np.int64)
        return replace(self, rows=rows, vectors=vectors)

    def corrupted(self, encoder: str, corruption: Corruption) -> Vectors:
        """Return an encoder's vectors of the copies of one corruption; nan where there is none."""
        start = self.of_images.index(corruption) * len(self.rows)
        rows: Vectors = self.vectors[encoder][start : start + len(self.rows)]
        return rows

    def mixed_in(self, encoder: str) -> Vectors:
        """Return an encoder's vectors of the mixed-in images that it could encode."""
        rows = self.vectors[encoder][len(self.of_images) * len(self.rows) :]
        made: Vectors = rows[np.isfinite(rows).all(axis=1)]
        return made


def read_conditions(
    request: Request, dataset: Dataset, hashes: Sequence[str], engine: Engine, fetching: Fetching
) -> tuple[Conditions, pd.DataFrame]:
    """Return what is to be encoded beside the images, and what of it cannot be read."""
    chosen = choose_copied(hashes, request.corrupted) if request.corruptions else []
    wanted = [one for one in request.corruptions if one.kind not in VECTOR_KINDS]
    copies = [
        Changed(dataset.sources[row], one.name, hashes[row]) for one in wanted for row in chosen
    ]
    items: list[Item] = [(copy.store_key, copy) for copy in copies]
    failures, remarks, mixed = pd.DataFrame(columns=FAILURE_COLUMNS), [], 0
    if request.mix is not None:
        found = choose_mixed(request.mix, len(dataset), request.seeds[0])
        found, missed = fetch(found, fetching)
        found, images, unread = survey(found, engine.store, engine.workers, engine.progress)
        failures = pd.concat([missed, unread], ignore_index=True)
        items += zip(images["hash"], found.sources, strict=True)
        mixed = len(found)
        asked = round(request.mix.share * len(dataset))
        if mixed < asked:
            remarks.append(f"only {mixed} of {asked} images are mixed in: there are no more")
    rows = np.array(chosen, dtype=np.int64)
    return Conditions(request.corruptions, rows, items, mixed, tuple(remarks), {}), failures


def under_conditions(
    vectors: dict[str, Vectors],
    conditions: Conditions,
    images: pd.DataFrame,
    task: Task,
    analysis: Analysis,
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
    how = Measures(task.clusterers, task.spaces[0], analysis.shared, task.seeds)
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
        Pool(min(cores(), len(vectors)), patience=None) as pool,
    ):
        work = _Work(vectors, task, analysis, how, pool, bar.update)
        if conditions.corruptions:
            tables |= work.corrupted(conditions)
        if conditions.mixed:
            tables |= work.mixed(conditions)
        if "domain" in known:
            found, remarks = work.domains(known["domain"])
            tables |= found
    return tables, remarks


def _composition(analysis: Analysis, task: Task, known: Mapping[str, Coded]) -> pd.DataFrame:
    members = analysis.tables["silhouettes"]
    members = members[members["space"] == task.spaces[0]]
    found = [
        (str(encoder), composition(rows, known))
        for encoder, rows in members.groupby("encoder", sort=False)
    ]
    return stack([table for _, table in found], [{"encoder": name} for name, _ in found])


@dataclass(frozen=True, eq=False)
class _Work:
    """The calls of one comparison, spread over worker processes."""

    vectors: dict[str, Vectors]
    task: Task
    analysis: Analysis
    how: Measures
    pool: Pool
    tick: Callable[[int], object]

    def corrupted(self, conditions: Conditions) -> dict[str, pd.DataFrame]:
        """Return `robustness` and `held`; vectors made elsewhere have no corrupted images."""
        rows, seed = conditions.rows, self.task.seeds[0]
        truth = None if self.task.truth is None else self.task.truth[rows]
        groups = np.unique(self.task.groups[rows], return_inverse=True)[1]
        clean = {name: vectors[rows] for name, vectors in self.vectors.items()}
        starts = self._gather(
            {name: (measure_clean, own, truth, groups, self.how) for name, own in clean.items()}
        )
        flat = replace(self.how, space="raw")
        planes: dict[str, Clean] = {}
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
                    calls[name, one] = (compare_with_clean, planes[name], one, noisy, flat)
                    continue
                if one.kind == "vector-noise":
                    moved = noisy_vectors(own, one.severity, seed)
                elif name in conditions.vectors:
                    moved = conditions.corrupted(name, one)
                else:
                    continue
                calls[name, one] = (compare_with_clean, starts[name], one, moved, self.how)
        found = self._gather(calls)
        held: dict[str, list[Held]] = {}
        for (name, _), one in found.items():
            held.setdefault(name, []).append(one)
        return {
            "robustness": stack(
                [one.table for one in found.values()], [{"encoder": name} for name, _ in found]
            ),
            "held": holds_best(held, Resamples(groups, seed)),
        }

    def mixed(self, conditions: Conditions) -> dict[str, pd.DataFrame]:
        """Return `mixed`."""
        truth, groups = self.task.truth, self.task.groups
        found = self._gather(
            {
                name: (where_mixed, own, conditions.mixed_in(name), truth, groups, self.how)
                for name, own in self.vectors.items()
                if name in conditions.vectors and len(conditions.mixed_in(name))
            }
        )
        return {"mixed": stack(list(found.values()), [{"encoder": name} for name in found])}

    def domains(self, domain: Coded) -> tuple[dict[str, pd.DataFrame], list[str]]:
        """Return `domains`, `domain_pairs`, `follows` and `worst`, and remarks."""
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
                name: (follows, labels, domain.codes, task.truth, seed)
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
            "follows": pd.DataFrame(
                [{"encoder": name} | asdict(one) for name, one in following.items()]
            ),
            "worst": stack(
                [
                    worst_pictures(self._per_image(name), domain, task.images)
                    for name in self.vectors
                ],
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
    how: Measures,
    seed: int,
) -> Clean:
    return measure_clean(to_space(vectors, "tsne:2", seed), truth, groups, how, on_plane=True)
