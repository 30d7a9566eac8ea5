"""Inputs of the analysis, shared by all encoders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from embedbench.clustering.clusterers import Clusterer
from embedbench.clustering.limits import DEFAULT_LIMIT, SampleLimit
from embedbench.data.images.corruptions import Corruption
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.results.tables.purposes import read_purposes

__all__ = ["AnalysisInputs", "EvaluationSettings", "KGrid", "Targets"]


@dataclass(frozen=True, eq=False)
class Targets:
    """What is known of the images: class codes, class names, near-duplicate groups.

    Attributes:
        labels: class code of each image, -1 where unknown; None without labels.
        classes: class names, by code.
        groups: near-duplicate group of each image; numbered from 0 without gaps.
        is_query: which images are queries of search, the others being the gallery; None if each
            is a query among all others.
        keeps_duplicates: whether search may find near-duplicates of a query.
    """

    labels: Int[np.ndarray, " images"] | None
    classes: Sequence[str]
    groups: Int[np.ndarray, " images"]
    is_query: Bool[np.ndarray, " images"] | None = None
    keeps_duplicates: bool = False

    def __post_init__(self) -> None:
        """Number the groups from 0; resampling and folds depend on it."""
        groups = np.unique(self.groups, return_inverse=True)[1]
        object.__setattr__(self, "groups", groups)

    @property
    def search_groups(self) -> Int[np.ndarray, " images"]:
        """The group of each image in which search finds nothing for it."""
        return np.arange(len(self.groups)) if self.keeps_duplicates else self.groups

    def take(self, rows: Int[np.ndarray, " rows"] | Bool[np.ndarray, " images"]) -> "Targets":
        """Return the targets of some images: their row numbers, or a mask of all images."""
        labels = None if self.labels is None else self.labels[rows]
        is_query = None if self.is_query is None else self.is_query[rows]
        return replace(self, labels=labels, groups=self.groups[rows], is_query=is_query)

    def unlabelled(self) -> "Targets":
        """Return the same groups without labels."""
        return Targets(None, (), self.groups)

    def categorical(self) -> pd.Categorical | None:
        """Return the label of each image; None without labels."""
        if self.labels is None:
            return None
        codes: list[int] = self.labels.tolist()
        names: pd.CategoricalDtype = pd.CategoricalDtype(list(self.classes))
        return pd.Categorical.from_codes(codes, dtype=names)

    def bootstrap(self, seed: int) -> PairedBootstrap:
        """Return the resamples of the images: the same for every encoder and metric."""
        return PairedBootstrap(self.groups, seed)


@dataclass(frozen=True)
class EvaluationSettings:
    """How a set of images is clustered and measured.

    Attributes:
        clusterers: each is run with every k and seed.
        space: what the clusterers see.
        ks: numbers of clusters, rising.
        seeds: the same for every encoder.
        limit: with more images, quadratic steps use a sample.
    """

    clusterers: Sequence[Clusterer]
    space: str
    ks: Sequence[int]
    seeds: Sequence[int]
    limit: SampleLimit = DEFAULT_LIMIT

    @property
    def k(self) -> int:
        """The number of clusters, where there is only one."""
        (k,) = self.ks
        return k

    @property
    def seed(self) -> int:
        """The first seed: of samples, folds, resamples and whatever else runs once."""
        return self.seeds[0]

    def sample(self, images: int) -> Int[np.ndarray, " sampled"] | None:
        """Return the row numbers of a sample of `images` images; None where all are used."""
        return self.limit.sample(images, self.seed)


@dataclass(frozen=True)
class KGrid:
    """Which numbers of clusters are tried.

    Attributes:
        ks: those of the sweep, rising.
        common_k: the k at which encoders are compared; None if the sweep decides.
        common_k_from: its name in the tables: `truth`, `given` or `shared`.
        choose_from: the ks from which elbow, silhouette and gap choose one for each encoder;
            empty to skip them. The number of classes is not added here: a criterion must not
            know it.
    """

    ks: tuple[int, ...]
    common_k: int | None
    common_k_from: str
    choose_from: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class AnalysisInputs:
    """All that is known before the vectors are analysed.

    Attributes:
        image_names: of the images compared.
        targets: their labels and near-duplicate groups.
        clusterers: each is run in every space.
        spaces: the first one leads: clusters are described there.
        k_grid: which numbers of clusters.
        seeds: the same for every encoder.
        attributes: codes of what should not decide a clustering, by name: see `shortcuts`.
        projections: see `embedbench.analysis.projections.PROJECTIONS`.
        words: candidate names of clusters.
        similarity: how well each word fits each image; None without words.
        domains: domain of each image; None without domains.
        corruptions: of images and of vectors.
        limit: with more images, quadratic steps use a sample.
        remarks: what the reader should know of these inputs.
        text_pairs: rows of an image and of a text that describes it; None without such texts.
        text_obstacle: why labels are not read as words; empty if they are, or are not asked for.
        pairs: whether every two encoders are judged side by side.
        purposes: what encoders are compared for, each with its metric; the first one leads.
        truncate_dims: by encoder, the numbers of leading dimensions that it was trained to be cut
            to; none for the others.
    """

    image_names: Sequence[str]
    targets: Targets
    clusterers: Sequence[Clusterer]
    spaces: Sequence[str]
    k_grid: KGrid
    seeds: Sequence[int]
    attributes: dict[str, Int[np.ndarray, " images"]]
    projections: Sequence[str]
    words: Sequence[str] = ()
    similarity: Float[np.ndarray, "images words"] | None = None
    domains: pd.Categorical | None = None
    corruptions: Sequence[Corruption] = ()
    limit: SampleLimit = DEFAULT_LIMIT
    remarks: Sequence[str] = ()
    text_pairs: Int[np.ndarray, "pairs two"] | None = None
    text_obstacle: str = ""
    pairs: bool = False
    purposes: Mapping[str, str] = field(default_factory=lambda: read_purposes((), None))
    truncate_dims: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def bootstrap(self) -> PairedBootstrap:
        """The resamples of images and seeds, the same wherever they are made."""
        return self.targets.bootstrap(self.seeds[0])

    def settings(self, space: str, ks: Sequence[int]) -> EvaluationSettings:
        """Return how the images are clustered in this space, with these numbers of clusters."""
        return EvaluationSettings(self.clusterers, space, ks, self.seeds, self.limit)
