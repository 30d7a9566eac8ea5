"""What a paper cites: the one list of references, and which metric or method has which."""

import re
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

__all__ = ["METRIC_REFERENCES", "bibliography", "cite", "cited", "references"]

_FILE = Path(__file__).with_name("references.bib")

METRIC_REFERENCES: Mapping[str, tuple[str, ...]] = {
    "ami": ("vinh2010",),
    "ari": ("hubert1985",),
    "nmi": ("strehl2002",),
    "v_measure": ("rosenberg2007",),
    "homogeneity": ("rosenberg2007",),
    "completeness": ("rosenberg2007",),
    "fowlkes_mallows": ("fowlkes1983",),
    "accuracy": ("kuhn1955",),
    "purity": ("manning2008",),
    "silhouette": ("rousseeuw1987",),
    "silhouette_macro": ("pavlopoulos2024",),
    "silhouette_l2": ("rousseeuw1987",),
    "calinski_harabasz": ("calinski1974",),
    "davies_bouldin": ("davies1979",),
    "stability": ("benhur2002", "vonluxburg2010"),
    "knn_accuracy": ("cover1967",),
    "retrieval_map": ("manning2008",),
    "r_precision": ("manning2008",),
    "linear_probe": ("alain2016",),
    "zero_shot_accuracy": ("radford2021",),
    "text_recall_at_1": ("radford2021",),
    "text_recall_at_5": ("radford2021",),
    "text_recall_at_10": ("radford2021",),
    "neighbour_consensus": ("huh2024",),
    "silhouette_umap": ("lowe2024",),
    "hubness": ("radovanovic2010",),
    "anisotropy": ("ethayarajh2019",),
    "effective_rank": ("roy2007", "garrido2023"),
    "intrinsic_dimension": ("facco2017",),
}
"""The keys of the references of each metric of the catalogues that is not our own."""


@cache
def references() -> Mapping[str, str]:
    """Return every reference in BibTeX by its key."""
    entries = re.split(r"\n(?=@)", _FILE.read_text(encoding="utf-8").rstrip("\n"))
    return {entry[entry.index("{") + 1 : entry.index(",")]: entry.rstrip() for entry in entries}


def cite(*keys: str) -> str:
    r"""Return the `\cite` of references, with the blank before it.

    Raises:
        KeyError: there is no such reference.
    """
    for key in keys:
        references()[key]
    return rf"~\cite{{{','.join(keys)}}}" if keys else ""


def cited(text: str) -> list[str]:
    r"""Return the keys that a text in LaTeX cites by `\cite`, in alphabetical order."""
    return sorted({key for keys in re.findall(r"\\cite\{(.*?)\}", text) for key in keys.split(",")})


def bibliography(keys: Collection[str]) -> str:
    """Return a file of BibTeX with these references, in alphabetical order."""
    return "\n\n".join(references()[key] for key in sorted(keys)) + "\n"
