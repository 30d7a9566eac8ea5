"""The sections of the page: which there are, in their order, and what each of them lacks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from embedbench.report.page_data.sharing import without_places
from embedbench.results.results import Results

__all__ = ["Section", "sections_of", "sections_of_tables"]

_HEADINGS = {
    "comparison": "Comparison",
    "purposes": "For what",
    "sure": "Uncertainty",
    "with-labels": "With labels",
    "without-labels": "Without labels",
    "why": "Why they differ",
    "shortcuts": "Shortcuts",
    "maps": "Maps",
    "clusters": "Clusters",
    "ambiguous": "Ambiguous",
    "robustness": "Robustness",
    "domains": "Domains",
    "encoders": "Encoders",
    "skipped": "Skipped",
    "repeat": "Repeat",
}
"""The sections in their order with labels; each is a file in `templates/sections/`."""

_FIRST_WITHOUT_LABELS = ("sure", "clusters", "maps", "why")
"""Without labels the comparison says little: what decides goes first, and the groups."""

_TABLES = {
    "purposes": (
        "purposes",
        "search",
        "search_answers",
        "words",
        "concatenations",
        "few_shot",
        "sizes",
    ),
    "sure": ("pairwise",),
    "without-labels": ("label_free",),
    "why": ("similarity", "disagreements"),
    "shortcuts": ("shortcuts",),
    "maps": ("projections", "variance", "nearest"),
    "clusters": ("silhouettes", "partitions", "clusters"),
    "ambiguous": ("zero_shot",),
    "robustness": ("robustness", "robustness_ranking", "moved_images", "contamination"),
    "domains": ("domains", "domain_pairs", "domain_alignment", "worst_images", "composition"),
    "encoders": ("timings", "elbow"),
    "skipped": ("failures",),
}
"""The tables that a section shows, beside those that no page can do without."""


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes:
        name: its file in `templates/sections/`, and its address.
        heading: what the menu calls it.
        lacks: why tables that it shows could not be read, one text each.
        is_empty: whether nothing is left of it.
    """

    name: str
    heading: str
    lacks: Sequence[str] = ()
    is_empty: bool = False


def sections_of(
    results: Results, empty: Collection[str], lacking: Mapping[str, str]
) -> list[Section]:
    """Return the sections that there are, in their order.

    Args:
        results: the comparison.
        empty: names of the sections that have nothing to show.
        lacking: why tables could not be read, by their names; a section that is empty for that
            stays, to say so.
    """
    first: Sequence[str] = () if results.has_truth else _FIRST_WITHOUT_LABELS
    if results.comparison["encoder"].nunique() == 1:
        first = ("clusters", "maps")
    sections = []
    for name in dict.fromkeys([*first, *_HEADINGS]):
        tables = [table for table in _TABLES.get(name, ()) if table in lacking]
        lacks = [without_places(lacking[table]) for table in tables]
        if lacks or name not in empty:
            sections.append(Section(name, _HEADINGS[name], lacks, name in empty))
    return sections


def sections_of_tables(tables: Collection[str]) -> dict[str, str]:
    """Return the heading of the section that shows a table, by the table's name."""
    return {
        table: _HEADINGS[name]
        for name, shown in _TABLES.items()
        for table in shown
        if table in tables
    }
