"""Domains: parts of the images, such as photographs and sketches, each measured by itself."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Float, Float64, Int

from embedbench.analysis.cluster_summary import Coded
from embedbench.analysis.inputs import EvaluationSettings
from embedbench.analysis.measurement import Evaluation, evaluate_clusters
from embedbench.analysis.shortcuts import shortcut_probe
from embedbench.clustering.partitions import noise_as_singletons
from embedbench.encoder import Vectors
from embedbench.errors import InputError
from embedbench.metrics.bootstrap import PairedBootstrap, interval
from embedbench.metrics.clustering.ami import pairwise_ami
from embedbench.utils.text import two_decimals

__all__ = [
    "DomainAlignment",
    "LEAST_PICTURES",
    "alignment_sentence",
    "domain_alignment",
    "domain_pairs_table",
    "domains_table",
    "measure_domain",
    "worst_images",
]

LEAST_PICTURES = 8
"""A domain of fewer pictures, copies of one another aside, is not clustered."""

_ALARM = 0.05
"""How often the domain may explain more than its null where it explains nothing."""

_LEAST_AMI = 0.05
"""What explains less of a clustering is hardly followed."""

Codes = Int[np.ndarray, " images"]

_VALUES = ["domain", "images", "k", "clusterer", "metric", "value", "low", "high"]
_PAIRS = ["domain", "other", "clusterer", "metric", "difference", "difference_low",
          "difference_high"]  # fmt: skip
_WORST = ["domain", "image", "score"]


@dataclass(frozen=True)
class DomainAlignment:
    """How far the clusters of one encoder follow the domain instead of the content.

    All AMIs are means over the partitions; the more clusters there are for each domain, the
    further the highest that they can reach lies below 1.

    Attributes:
        ami: of the clusters with the domain; at most 1, about 0 where they have nothing to do
            with it. Lower is better.
        null: what that stays below in 95 % of cases by chance: the domains dealt anew among the
            images of each label, or among all where no labels are known. nan where no label has
            images of two domains: then it cannot be told which of both is followed.
        p: the share of deals, itself counted as one, that give as much; above 0 to 1. nan as
            above.
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
        # To the two digits that are told, lest it says that 0.24 is more than 0.24.
        return math.isnan(self.label_ami) or round(self.ami, 2) > round(self.label_ami, 2)


def measure_domain(
    vectors: Vectors,
    truth: Codes | None,
    groups: Codes,
    domain: Codes,
    code: int,
    how: EvaluationSettings,
    own_classes: bool = False,
) -> Evaluation | str:
    """Return every metric of one domain's images, clustered by themselves, or why there is none.

    Args:
        vectors: what an encoder made of all images.
        truth: codes of the labels, -1 where not known; None without labels.
        groups: images of the same number are copies of one another.
        domain: of each image, -1 where not known.
        code: the domain's.
        how: clusterers, space, k and seeds.
        own_classes: whether k is the number of known labels in the domain, where there are two
            or more, instead of that in `how`.
    """
    inside = domain == code
    pictures = len(np.unique(groups[inside]))
    if pictures < LEAST_PICTURES:
        return f"{pictures} different images are too few to cluster; {LEAST_PICTURES} are needed"
    labels = None if truth is None else truth[inside]
    classes = 0 if labels is None else len(np.unique(labels[labels >= 0]))
    k = classes if own_classes and classes > 1 else how.k
    try:
        return evaluate_clusters(vectors[inside], labels, groups[inside], replace(how, k=k))
    except InputError as error:
        return str(error)


def domains_table(
    measured: Mapping[int, Evaluation | str], domain: Coded, groups: Codes, seed: int
) -> pd.DataFrame:
    """Return every metric of every domain that could be measured, by one encoder.

    Columns: `domain`, its name; `images`, how many; `k`, the clusters asked for; `clusterer`, ""
    for metrics of the vectors alone; `metric, value, low, high`: the interval is over images and
    seeds, nan where it is not known.

    Args:
        measured: by code, from `measure_domain`.
        domain: of each image.
        groups: images of the same number are copies of one another.
        seed: of the draws: those of a domain are the same for every encoder.
    """
    rows = []
    for code, found in _found(measured).items():
        drawn = _replicates(found, domain.codes, groups, code, seed)
        images = int((domain.codes == code).sum())
        for (clusterer, metric), value in found.values.items():
            low, high = float("nan"), float("nan")
            if (clusterer, metric) in drawn:
                score = found.scores[clusterer, metric]
                low, high = interval(value, drawn[clusterer, metric], score.low, 1.0)
            name = str(domain.names[code])
            rows.append((name, images, found.k, clusterer, metric, value, low, high))
    return pd.DataFrame(rows, columns=_VALUES)


def domain_pairs_table(
    measured: Mapping[int, Evaluation | str], domain: Coded, groups: Codes, seed: int
) -> pd.DataFrame:
    """Return how each metric of one encoder moves between each two domains, each pair once.

    Columns: `domain, other`, the names; `clusterer, metric`; `difference`, the first domain's
    value less the other's; `difference_low, difference_high`, its interval, nan where it is not
    known. The images of two domains are drawn independently. Metrics that one of both lacks
    have no row.

    Args: as for `domains_table`.
    """
    found = _found(measured)
    drawn = {code: _replicates(one, domain.codes, groups, code, seed)
             for code, one in found.items()}  # fmt: skip
    rows = []
    for one, other in combinations(found, 2):
        names = (str(domain.names[one]), str(domain.names[other]))
        for key, value in found[one].values.items():
            difference = value - found[other].values.get(key, float("nan"))
            if math.isnan(difference):
                continue
            low, high = float("nan"), float("nan")
            if key in drawn[one] and key in drawn[other]:
                low, high = interval(difference, drawn[one][key] - drawn[other][key])
            rows.append((*names, *key, difference, low, high))
    return pd.DataFrame(rows, columns=_PAIRS)


def _found(measured: Mapping[int, Evaluation | str]) -> dict[int, Evaluation]:
    return {code: one for code, one in measured.items() if isinstance(one, Evaluation)}


def _replicates(
    found: Evaluation, domain: Codes, groups: Codes, code: int, seed: int
) -> dict[tuple[str, str], Float64[np.ndarray, " resamples"]]:
    """Return what each score is in each resample of the domain's images."""
    # Two domains of the same size would have the same images drawn by the same seed.
    own = int(np.random.SeedSequence([seed, code]).generate_state(1)[0])
    numbered = np.unique(groups[domain == code], return_inverse=True)[1]
    values = PairedBootstrap(numbered, own).of(list(found.scores.values()))
    return dict(zip(found.scores, values, strict=True))


def domain_alignment(
    labels: Int[np.ndarray, "runs images"],
    domain: Codes,
    truth: Codes | None,
    seed: int,
) -> DomainAlignment:
    """Return how far the partitions of one encoder follow the domain.

    Domain and label may go together, as where the sketches are mostly of dogs. Where labels are
    known, chance therefore deals the domains anew only among images of the same label, and among
    those without a label. Images of no known domain are left out.

    Args:
        labels: the cluster of each image in each run, at least one run; -1 is noise, of which
            each image is a cluster of its own.
        domain: of each image, -1 where not known.
        truth: codes of the labels, -1 where not known; None without labels.
        seed: of the deals.

    Raises:
        ValueError: there is no run.
    """
    known = domain >= 0
    within = None if truth is None else truth[known]
    found = shortcut_probe(labels[:, known], {"domain": domain[known]}, seed, within=within)[0]
    label_ami = float("nan")
    if truth is not None and (truth >= 0).any():
        told = labels[:, truth >= 0]
        label_ami = float(pairwise_ami(noise_as_singletons(told), truth[None, truth >= 0]).mean())
    if within is not None and _goes_together(domain[known], within):
        return DomainAlignment(found.ami, float("nan"), float("nan"), label_ami)
    return DomainAlignment(found.ami, found.null, found.p, label_ami)


def _goes_together(domain: Codes, within: Codes) -> bool:
    """Whether the images of each label are of one domain, so that no deal changes anything."""
    return all(len(np.unique(domain[within == code])) < 2 for code in np.unique(within))


def alignment_sentence(encoder: str, found: DomainAlignment) -> str:
    """Return in words whether an encoder's clusters follow the domain."""
    if math.isnan(found.p):
        return (
            f"{encoder}: whether its clusters follow the domain (AMI {two_decimals(found.ami)}) "
            f"or the labels ({two_decimals(found.label_ami)}) cannot be told, for no label is in "
            "two domains"
        )
    numbers = f"(AMI {two_decimals(found.ami)}, by chance up to {two_decimals(found.null)})"
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
    per_image: Float[np.ndarray, " images"], domain: Coded, images: Sequence[str], count: int = 12
) -> pd.DataFrame:
    """Return the pictures on which each domain does worst: `domain, image, score`, lowest first.

    Args:
        per_image: a score of each image, higher is better, nan where it has none: the average
            precision with labels (`Neighbourhood.average_precision`), else the silhouette. A
            picture of score 1, the highest, is none of the worst.
        domain: of each image.
        images: their names.
        count: how many of each domain.
    """
    rows = []
    for code, name in enumerate(domain.names):
        inside = np.flatnonzero((domain.codes == code) & (per_image < 1))
        lowest = inside[np.argsort(per_image[inside], kind="stable")][:count]
        rows += [(str(name), images[row], float(per_image[row])) for row in lowest]
    return pd.DataFrame(rows, columns=_WORST)
