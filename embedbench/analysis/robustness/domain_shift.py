"""Domains: parts of the images, such as photographs and sketches, each evaluated by itself."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Float, Float64, Int

from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.analysis.measurement import Evaluation, evaluate_clusters
from embedbench.analysis.shortcuts import shortcut_probe
from embedbench.clustering.partitions import noise_as_singletons
from embedbench.encoder import Vectors
from embedbench.errors import InputError
from embedbench.metrics.bootstrap import interval
from embedbench.metrics.clustering.ami import pairwise_ami
from embedbench.utils.text import two_decimals

__all__ = [
    "DomainAlignment",
    "LEAST_IMAGES",
    "alignment_sentence",
    "domain_alignment",
    "domain_pairs_table",
    "domains_table",
    "measure_domain",
    "worst_images",
]

LEAST_IMAGES = 8
"""A domain of fewer images, duplicates counted once, is not clustered."""

_ALARM = 0.05
"""Accepted rate of false alarms."""

_LEAST_AMI = 0.05
"""Below this AMI, clusters hardly follow the domain."""

Codes = Int[np.ndarray, " images"]

_VALUES = ["domain", "images", "k", "clusterer", "metric", "value", "low", "high"]
_PAIRS = ["domain", "other", "clusterer", "metric", "difference", "difference_low",
          "difference_high"]  # fmt: skip
_WORST = ["domain", "image", "score"]


@dataclass(frozen=True)
class DomainAlignment:
    """How far the clusters of one encoder follow the domain instead of the content.

    All AMIs are means over the partitions; the more clusters there are for each domain, the
    lower the highest value that they can reach.

    Attributes:
        ami: of the clusters with the domain; at most 1, about 0 where they are independent.
            Lower is better.
        null: the 95 % quantile of that by chance: the domains permuted among the images of each
            label, or among all where no labels are known. nan where no label has images of two
            domains: then domain and label cannot be distinguished.
        p: the share of permutations, itself counted as one, that give as much; above 0 to 1. nan
            as above.
        label_ami: of the clusters with the labels; nan where none are known.
    """

    ami: float
    null: float
    p: float
    label_ami: float

    @property
    def is_shortcut(self) -> bool:
        """Whether the clusters follow the domain beyond chance, and more than known labels."""
        if not (self.p <= _ALARM and self.ami >= _LEAST_AMI):
            return False
        # Compare rounded values, so that the sentence never says "0.24 is more than 0.24".
        return math.isnan(self.label_ami) or round(self.ami, 2) > round(self.label_ami, 2)


def measure_domain(
    vectors: Vectors,
    targets: Targets,
    domains: pd.Categorical,
    code: int,
    settings: EvaluationSettings,
    own_classes: bool = False,
) -> Evaluation | str:
    """Return every metric of one domain's images, clustered by themselves, or why there is none.

    Args:
        vectors: embeddings, one row per image.
        targets: labels and near-duplicate groups.
        domains: domain of each image.
        code: of the domain, in `domains`.
        settings: clusterers, space, k, seeds and limit.
        own_classes: whether k is the number of known labels in the domain, where there are two
            or more, instead of that in `settings`.
    """
    inside = domains.codes == code
    subset = targets.take(inside)
    different = len(np.unique(subset.groups))
    if different < LEAST_IMAGES:
        return f"{different} different images are too few to cluster; {LEAST_IMAGES} are needed"
    classes = 0 if subset.labels is None else len(np.unique(subset.labels[subset.labels >= 0]))
    k = classes if own_classes and classes > 1 else settings.k
    try:
        return evaluate_clusters(vectors[inside], subset, replace(settings, ks=(k,)))
    except InputError as error:
        return str(error)


def domains_table(
    measured: Mapping[int, Evaluation | str], domains: pd.Categorical, groups: Codes, seed: int
) -> pd.DataFrame:
    """Return every metric of every domain that could be evaluated, by one encoder.

    Columns: `domain`, its name; `images`, their number; `k`, the number of clusters given;
    `clusterer`, "" for metrics of the vectors alone; `metric, value, low, high`: the interval is
    over images and seeds, nan where it is not known.

    Args:
        measured: by code, from `measure_domain`.
        domains: domain of each image.
        groups: near-duplicate group of each image.
        seed: of the resamples: those of a domain are the same for every encoder.
    """
    rows = []
    for code, evaluation in _evaluated(measured).items():
        replicates = _replicates(evaluation, domains, groups, code, seed)
        images = int((domains.codes == code).sum())
        name = str(domains.categories[code])
        for (clusterer, metric), value in evaluation.values.items():
            low, high = float("nan"), float("nan")
            if (clusterer, metric) in replicates:
                least = evaluation.scores[clusterer, metric].low
                low, high = interval(value, replicates[clusterer, metric], least, 1.0)
            rows.append((name, images, evaluation.k, clusterer, metric, value, low, high))
    return pd.DataFrame(rows, columns=_VALUES)


def domain_pairs_table(
    measured: Mapping[int, Evaluation | str], domains: pd.Categorical, groups: Codes, seed: int
) -> pd.DataFrame:
    """Return how each metric of one encoder changes between each two domains, each pair once.

    Columns: `domain, other`, the names; `clusterer, metric`; `difference`, the first domain's
    value less the other's; `difference_low, difference_high`, its interval, nan where it is not
    known. The images of two domains are resampled independently. Metrics that one of both lacks
    have no row.

    Args: as for `domains_table`.
    """
    evaluated = _evaluated(measured)
    replicates = {
        code: _replicates(evaluation, domains, groups, code, seed)
        for code, evaluation in evaluated.items()
    }
    rows = []
    for first, second in combinations(evaluated, 2):
        names = (str(domains.categories[first]), str(domains.categories[second]))
        for key, value in evaluated[first].values.items():
            difference = value - evaluated[second].values.get(key, float("nan"))
            if math.isnan(difference):
                continue
            low, high = float("nan"), float("nan")
            if key in replicates[first] and key in replicates[second]:
                low, high = interval(difference, replicates[first][key] - replicates[second][key])
            rows.append((*names, *key, difference, low, high))
    return pd.DataFrame(rows, columns=_PAIRS)


def _evaluated(measured: Mapping[int, Evaluation | str]) -> dict[int, Evaluation]:
    return {
        code: evaluation
        for code, evaluation in measured.items()
        if isinstance(evaluation, Evaluation)
    }


def _replicates(
    evaluation: Evaluation, domains: pd.Categorical, groups: Codes, code: int, seed: int
) -> dict[tuple[str, str], Float64[np.ndarray, " resamples"]]:
    """Return the value of each score in each resample of the domain's images."""
    # With the same seed, two domains of the same size would be resampled alike.
    domain_seed = int(np.random.SeedSequence([seed, code]).generate_state(1)[0])
    resamples = Targets(None, (), groups[domains.codes == code]).bootstrap(domain_seed)
    values = resamples.of(list(evaluation.scores.values()))
    return dict(zip(evaluation.scores, values, strict=True))


def domain_alignment(
    assignments: Int[np.ndarray, "runs images"],
    domains: pd.Categorical,
    labels: Codes | None,
    seed: int,
) -> DomainAlignment:
    """Return how far the partitions of one encoder follow the domain.

    Domain and label may be related, for example if most sketches show dogs. With labels, the null
    therefore permutes the domains only among images of the same label, and among those without a
    label. Images of unknown domain are left out.

    Args:
        assignments: cluster of each image in each run, at least one run; each noise image, -1,
            is a cluster of its own.
        domains: domain of each image.
        labels: class code of each image, -1 where unknown; None without labels.
        seed: of the permutations.

    Raises:
        ValueError: there is no run.
    """
    has_domain = domains.codes >= 0
    codes = np.asarray(domains.codes[has_domain], dtype=np.int64)
    within = None if labels is None else labels[has_domain]
    probe = shortcut_probe(assignments[:, has_domain], {"domain": codes}, seed, within=within)[0]
    label_ami = float("nan")
    if labels is not None and (labels >= 0).any():
        labelled = noise_as_singletons(assignments[:, labels >= 0])
        label_ami = float(pairwise_ami(labelled, labels[None, labels >= 0]).mean())
    if within is not None and _goes_together(codes, within):
        return DomainAlignment(probe.ami, float("nan"), float("nan"), label_ami)
    return DomainAlignment(probe.ami, probe.null, probe.p, label_ami)


def _goes_together(domains: Codes, within: Codes) -> bool:
    """Whether the images of each label are of one domain, so that no permutation matters."""
    return all(len(np.unique(domains[within == code])) < 2 for code in np.unique(within))


def alignment_sentence(encoder: str, found: DomainAlignment) -> str:
    """Return in words whether an encoder's clusters follow the domain."""
    if math.isnan(found.p):
        return (
            f"{encoder}: whether its clusters follow the domain (AMI {two_decimals(found.ami)}) "
            f"or the labels ({two_decimals(found.label_ami)}) cannot be told, for no label is in "
            "two domains"
        )
    if found.p > _ALARM and found.null < 0:
        return (
            f"{encoder}: its clusters follow the domain no better than chance "
            f"(AMI {two_decimals(found.ami)})"
        )
    chance = two_decimals(max(found.null, 0.0))
    numbers = f"(AMI {two_decimals(found.ami)}, by chance up to {chance})"
    if found.p > _ALARM:
        return f"{encoder}: its clusters do not follow the domain beyond chance {numbers}"
    if found.ami < _LEAST_AMI:
        return f"{encoder}: its clusters hardly follow the domain {numbers}"
    sentence = f"{encoder}: its clusters follow the domain {numbers}"
    if math.isnan(found.label_ami):
        return sentence
    rest = "more than the labels" if found.is_shortcut else "but not more than the labels"
    return f"{sentence} {rest} ({two_decimals(found.label_ami)})"


def worst_images(
    per_image: Float[np.ndarray, " images"],
    domains: pd.Categorical,
    image_names: Sequence[str],
    count: int = 12,
) -> pd.DataFrame:
    """Return the images on which each domain does worst: `domain, image, score`, lowest first.

    Args:
        per_image: a score of each image, higher is better, nan where it has none: the average
            precision with labels (`Retrieval.average_precision`), else the silhouette. An
            image with score 1, the highest, is never listed.
        domains: domain of each image.
        image_names: of the images.
        count: the most for each domain.
    """
    rows = []
    for code, name in enumerate(domains.categories):
        inside = np.flatnonzero((domains.codes == code) & (per_image < 1))
        lowest = inside[np.argsort(per_image[inside], kind="stable")][:count]
        rows += [(str(name), image_names[row], float(per_image[row])) for row in lowest]
    return pd.DataFrame(rows, columns=_WORST)
