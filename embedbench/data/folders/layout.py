"""What the sub-folders of a folder of images mean: labels, splits, wrappers, or nothing."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from embedbench.data.splits import split_of
from embedbench.utils.text import agreeing, join_names, pluralise

__all__ = ["Layout", "read_layout"]

Parts = tuple[str, ...]

_FOLD = re.compile(r"(?:cv[-_ ]?)?fold[-_ ]?\d+", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_DATE = re.compile(r"(?:19|20)\d\d[-_. ]?(?:0[1-9]|1[0-2])(?:[-_. ]?(?:0[1-9]|[12]\d|3[01]))?")
_MONTH_OR_DAY = re.compile(r"0?[1-9]|[12]\d|3[01]")


@dataclass
class Layout:
    """What the folders of each image say.

    Attributes:
        labels: label of each image, None where its folders say none; None if no folder is a label.
        splits: split of each image; None if no folder is a split.
        remarks: what was taken for a split, and how to say otherwise.
        label_remarks: what was taken for a label, or not, and how to say otherwise.
    """

    labels: list[str | None] | None = None
    splits: list[str | None] | None = None
    remarks: list[str] = field(default_factory=list)
    label_remarks: list[str] = field(default_factory=list)


def read_layout(names: Sequence[str]) -> Layout:
    """Return what the folders of images mean.

    A folder around all others, and one of the same name below each of the others, mean nothing.
    Folders that are all called as splits are splits; what is left of the path is the label, if
    there are at least two.

    Args:
        names: paths of the images below the folder, with forward slashes.
    """
    layout = Layout()
    parents = [tuple(name.split("/")[:-1]) for name in names]
    parents, wrapper = _without_constant_ends(parents)
    layout.splits, parents = _take_splits(parents, layout.remarks)
    if layout.splits:
        parents, _ = _without_constant_ends(parents)
    labels = ["/".join(parent) or None for parent in parents]
    if len(set(labels) - {None}) < 2:
        return layout
    example = join_names([f"'{one}'" for one in sorted({one for one in labels if one})[:3]])
    if _are_dates(parents):
        layout.label_remarks.append(
            f"the folders are dates ({example}) and were not taken for labels; "
            "--labels folder takes them"
        )
        return layout
    layout.labels = labels
    _remark_on_labels(layout, parents, example, wrapper)
    return layout


def _without_constant_ends(parents: list[Parts]) -> tuple[list[Parts], str]:
    """Drop folders around all others, and those of the same name below each of the others."""
    wrapper: list[str] = []
    while all(parents) and len({parent[0] for parent in parents}) == 1:
        wrapper.append(parents[0][0])
        parents = [parent[1:] for parent in parents]
    while True:
        filled = [parent for parent in parents if parent]
        last = {parent[-1] for parent in filled}
        if len(last) != 1 or not any(len(parent) > 1 for parent in filled):
            return parents, "/".join(wrapper)
        parents = [parent[:-1] for parent in parents]


def _take_splits(
    parents: list[Parts], remarks: list[str]
) -> tuple[list[str | None] | None, list[Parts]]:
    """Return the split of each image, and the folders without it."""
    deepest = max(map(len, parents), default=0)
    for level in range(deepest):
        folders = Counter(parent[level] for parent in parents if len(parent) > level)
        splits = {name: split_of(name) for name in folders}
        kinds = {split for split in splits.values() if split}
        folds = all(_FOLD.fullmatch(name) for name in folders) and len(folders) > 1
        others = [name for name, split in splits.items() if not split]
        if not folds and (len(kinds) < 2 or (others and level)):
            continue
        found = [
            (splits[parent[level]] or parent[level]) if len(parent) > level else None
            for parent in parents
        ]
        counts = Counter(one for one in found if one)
        shown = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        remarks.append(
            f"the folders {join_names(sorted(folders))} were taken for "
            f"{'folds' if folds else 'splits'}, not for labels: column `split` ({shown}); "
            "--labels folder takes them as part of the label"
        )
        return found, [(*parent[:level], *parent[level + 1 :]) for parent in parents]
    return None, parents


def _are_dates(parents: list[Parts]) -> bool:
    """Return whether folders are years, or dates, with months and days below them."""
    filled = {parent for parent in parents if parent}
    tops = {parent[0] for parent in filled}
    if not all(_DATE.fullmatch(top) or _YEAR.fullmatch(top) for top in tops):
        return False
    below = {part for parent in filled for part in parent[1:]}
    return all(_MONTH_OR_DAY.fullmatch(part) or _DATE.fullmatch(part) for part in below)


def _remark_on_labels(layout: Layout, parents: list[Parts], example: str, wrapper: str) -> None:
    labels = [one for one in layout.labels or () if one]
    counts = Counter(labels)
    inside = f" in '{wrapper}'" if wrapper else ""
    layout.label_remarks.append(
        f"the folders{inside} were taken for labels: {pluralise(len(counts), 'class')}, such as "
        f"{example}; --labels none ignores them"
    )
    missing = len(parents) - len(labels)
    if missing:
        images = f"{pluralise(missing, 'image')} {agreeing(missing, 'are')}"
        layout.label_remarks.append(f"{images} in no folder of a label")
    if pair := _parallel_trees(parents):
        folders = join_names([f"'{one}'" for one in pair])
        layout.label_remarks.append(
            f"the folders {folders} have the same sub-folders: if they are images and their masks, "
            f"--images {pair[0]} compares these alone; if they are domains, --domain folder "
            "compares them with each other"
        )


def _parallel_trees(parents: list[Parts]) -> list[str]:
    """Return the top folders if all of them have the same sub-folders below."""
    filled = sorted({parent for parent in parents if parent})
    below = {
        top: tuple(parent[1:] for parent in group)
        for top, group in groupby(filled, key=lambda parent: parent[0])
    }
    structures = set(below.values())
    same = len(below) > 1 and len(structures) == 1 and len(next(iter(structures))) > 1
    return list(below) if same else []
