"""Match the names in a table to images by the longest ending of their paths that is unique."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from embedbench.utils.formats import without_suffix

__all__ = ["Matches", "match_names"]

Parts = tuple[str, ...]

_DRIVE = re.compile(r"^[A-Za-z]:(?=[/\\])")


@dataclass
class Matches:
    """The image of each name, and what is in doubt.

    Attributes:
        rows: row of the image by name; names without an image, or in doubt, are not there.
        several: by name, two of the images that it fits equally well.
        clashes: by image, two of the names that fit it equally well.
    """

    rows: dict[str, int] = field(default_factory=dict)
    several: dict[str, tuple[str, str]] = field(default_factory=dict)
    clashes: dict[str, tuple[str, str]] = field(default_factory=dict)


def match_names(names: Iterable[str], images: Sequence[str], folder: str = "") -> Matches:
    """Match names to images.

    Names may have backslashes, a drive, `./`, another root, composed or decomposed accents, and may
    leave out folders at the start. They match in three steps, each with what the steps before it
    left: as they are; without the suffix of the image file; in any case. In each step a name
    matches the image that is written as it is, else that of the same path, else the image with the
    longest common ending, if it is the whole of one of both paths. An image that has a name is not
    matched again. At last, names match images whose first folders are other ones, if these are the
    same for all of them.

    Args:
        names: names in a table, or parts of paths; not empty.
        images: unique names of the images, with forward slashes between folders; a backslash may
            also be a part of a file's name.
        folder: the folder that these are relative to, which names may contain.
    """
    found, left = Matches(), list(dict.fromkeys(names))
    for step in (_parts, _without_suffix, _without_case):
        if left:
            left = _Step(images, folder, step, found).match(left)
    if left:
        _Step(images, folder, _without_suffix, found).match_other_root(left)
    return found


def _parts(name: str) -> Parts:
    """Return the components of a path, in composed Unicode."""
    if not name.isascii():
        name = unicodedata.normalize("NFC", name)
    pieces = _DRIVE.sub("", name.strip()).replace("\\", "/").split("/")
    return tuple(piece for piece in pieces if piece not in ("", "."))


def _without_suffix(name: str) -> Parts:
    parts = _parts(name)
    return (*parts[:-1], without_suffix(parts[-1])) if parts else ()


def _without_case(name: str) -> Parts:
    return tuple(part.casefold() for part in _without_suffix(name))


class _Step:
    """Images by the last component of their paths, as one step sees them."""

    def __init__(
        self, images: Sequence[str], folder: str, parts_of: Callable[[str], Parts], found: Matches
    ) -> None:
        self.images, self.parts_of, self.found = images, parts_of, found
        self.taken = set(found.rows.values())
        self.above = (
            tuple(map(str.casefold, _parts(folder)))
            if parts_of is _without_case
            else (_parts(folder))
        )
        self.row_of = {image: row for row, image in enumerate(images)}
        self.by_ending: dict[Parts, list[tuple[int, Parts]]] = {}
        for row, image in enumerate(images):
            parts = parts_of(image)
            for ending in {parts, parts[-2:], parts[-1:]}:
                self.by_ending.setdefault(ending, []).append((row, parts))

    def match(self, names: list[str]) -> list[str]:
        """Match names; return those that are neither matched nor in doubt."""
        fitting: dict[int, list[tuple[int, str]]] = {}
        left = []
        for name in names:
            parts = self.parts_of(name)
            lengths = {row: self._common(parts, other) for row, other in self._candidates(parts)}
            best = [row for row, n in lengths.items() if n and n == max(lengths.values())]
            if len(best) > 1 and self.row_of.get(name) in best:
                best = [self.row_of[name]]
            if len(best) > 1:
                self.found.several[name] = (self.images[best[0]], self.images[best[1]])
            elif best and best[0] not in self.taken:
                fitting.setdefault(best[0], []).append((lengths[best[0]], name))
            else:
                left.append(name)
        for row, named in fitting.items():
            left += self._assign(row, named)
        return left

    def _candidates(self, parts: Parts) -> list[tuple[int, Parts]]:
        """Return the images of the same path; else those of the same two, or one, last parts."""
        same_ending = self.by_ending.get(parts, [])
        same = [(row, other) for row, other in same_ending if other == parts]
        return same or self.by_ending.get(parts[-2:], []) or self.by_ending.get(parts[-1:], [])

    def _common(self, parts: Parts, image: Parts) -> int:
        """Return the length of the common ending; 0 if it is the whole of neither path."""
        if parts == image:
            return len(self.above) + len(image) + 1
        length = _common_ending(parts, (*self.above, *image))
        return length if length == len(parts) or length >= len(image) else 0

    def _assign(self, row: int, named: list[tuple[int, str]]) -> list[str]:
        """Give an image the name with the longest common ending; return the others."""
        longest = max(length for length, _ in named)
        best = [name for length, name in named if length == longest]
        if len({self.parts_of(name) for name in best}) > 1:
            self.found.clashes[self.images[row]] = (best[0], best[1])
        else:
            self.found.rows.update(dict.fromkeys(best, row))
        return [name for length, name in named if length < longest]

    def match_other_root(self, names: list[str]) -> None:
        """Match names whose first folders are other ones, if these are the same for all."""
        found: dict[str, int] = {}
        roots: set[tuple[Parts, Parts]] = set()
        for name in names:
            parts = self.parts_of(name)
            lengths: Mapping[int, tuple[int, Parts]] = {
                row: (_common_ending(parts, other), other)
                for row, other in self._candidates(parts)
                if row not in self.taken
            }
            longest = max((length for length, _ in lengths.values()), default=0)
            best = [row for row, (length, _) in lengths.items() if length == longest]
            if len(best) == 1:
                other = lengths[best[0]][1]
                found[name] = best[0]
                roots.add((parts[: len(parts) - longest], other[: len(other) - longest]))
        if len(roots) == 1 and len(set(found.values())) == len(found):
            self.found.rows.update(found)


def _common_ending(first: Parts, second: Parts) -> int:
    length = 0
    for one, other in zip(reversed(first), reversed(second), strict=False):
        if one != other:
            break
        length += 1
    return length
