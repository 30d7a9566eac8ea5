"""What a comparison is asked for: read, checked before any work, and written down."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from embedbench.analysis.cluster_naming import read_words
from embedbench.analysis.inputs import KGrid
from embedbench.analysis.projections import check_projection
from embedbench.clustering.clusterers import Clusterer, parse_clusterer
from embedbench.clustering.estimator import Estimator
from embedbench.clustering.partitions import distinct_rows
from embedbench.clustering.spaces import check_space
from embedbench.comparison.memory import Memory, parse_memory
from embedbench.comparison.options import DEFAULT_K, ComparisonOptions
from embedbench.comparison.verdicts.belief import Asked
from embedbench.data.depth.drawing import Drawing
from embedbench.data.images.corruptions import Corruption, read_corruptions
from embedbench.data.mixing import MixSpec, read_mix
from embedbench.encoder import Encoder, TextEncoder, Vectors
from embedbench.encoders.registry import create_encoders
from embedbench.errors import InputError
from embedbench.results.budget import Budget, read_budget
from embedbench.results.tables.purposes import WORDS, ZERO_SHOT, read_purposes
from embedbench.utils.options import as_list
from embedbench.utils.progress import Progress

__all__ = [
    "ComparisonConfig",
    "choose_ks",
    "k_remarks",
    "parse_k",
    "read_options",
]


@dataclass(frozen=True)
class ComparisonConfig:
    """What was asked for, read.

    Attributes:
        encoders: by name.
        clusterers: each is run in every space.
        spaces: the first one leads.
        k: a range, a number or `truth`.
        seeds: the same for every encoder.
        words: candidate names for clusters.
        copies: number of images to augment; None to leave it to whether there are labels.
        corruptions: what else is done to images or vectors.
        corrupted: of how many images corrupted copies are encoded.
        mix: which images of another kind are mixed in; None for none.
        domain: the column that tells domains apart; None for none.
        purposes: the metric of each purpose; the first one leads.
        maps: which planes are drawn.
        progress: how it is shown.
        memory: how much what is computed may take.
        remarks: what a person should know of how it was read.
        drawing: how deep images are drawn.
        texts: where the texts of the images are; None for none.
        pairs: whether every two encoders are judged side by side.
        budget: what an encoder may cost that is recommended.
        keep_duplicates: whether search may find near-duplicates of a query.
        asked: what is asked of a group of encoders that is named as likely the best.
    """

    encoders: dict[str, Encoder]
    clusterers: tuple[Clusterer, ...]
    spaces: tuple[str, ...]
    k: str
    seeds: tuple[int, ...]
    words: tuple[str, ...]
    copies: int | None
    corruptions: tuple[Corruption, ...]
    corrupted: int
    mix: MixSpec | None
    domain: str | None
    purposes: Mapping[str, str]
    maps: tuple[str, ...]
    progress: Progress
    memory: Memory
    remarks: tuple[str, ...] = field(default=())
    drawing: Drawing = Drawing()
    texts: str | None = None
    pairs: bool = False
    budget: Budget = Budget()
    keep_duplicates: bool = False
    asked: Asked = Asked()

    def check(self) -> None:
        """Raise InputError for what can be known to fail before the images are known."""
        if not self.seeds:
            raise InputError("`seeds` must be at least 1")
        for name, count in (("copies", self.copies), ("corrupted", self.corrupted)):
            if count is not None and count < 0:
                raise InputError(f"`{name}` must be at least 0; not {count}")
        certainty, margin = self.asked.certainty, self.asked.margin
        if not (isinstance(certainty, int | float) and 0 < certainty < 1):
            raise InputError(f"`certainty` must be above 0 and below 1; not {certainty}")
        if not (isinstance(margin, int | float) and 0 <= margin < 1):
            raise InputError(f"`margin` must be at least 0 and below 1; not {margin}")
        if not self.clusterers or not self.spaces:
            raise InputError("a comparison needs a clusterer and a space")
        for space in self.spaces:
            check_space(space)
        for kind in self.maps:
            check_projection(kind)
        metric = self.purposes.get(WORDS, ZERO_SHOT)
        if metric != ZERO_SHOT and not self.texts:
            raise InputError(f"'{metric}' needs texts that describe images: give them by `texts`")
        if self.texts and WORDS not in self.purposes:
            raise InputError("`texts` are for words, which `for` leaves out")
        for what, is_asked in (("names", self.words), ("texts", self.texts)):
            if is_asked and not self.has_text_encoder:
                raise InputError(
                    f"{what} need an encoder that reads texts in the comparison: add -e clip or "
                    "-e conse"
                )

    def record(self) -> dict[str, Any]:
        """Return the options that `run.json` records as they were read, by keyword."""
        return {
            "clusterers": [clusterer.name for clusterer in self.clusterers],
            "spaces": list(self.spaces),
            "seeds": list(self.seeds),
            "names": list(self.words),
            "projections": list(self.maps),
            "purposes": list(self.purposes),
            "memory": f"{self.memory.limit / 10**6:.0f}MB" if self.memory.asked else None,
        }

    @property
    def has_text_encoder(self) -> bool:
        """Whether one of the encoders reads texts."""
        return any(map(self.reads_texts, self.encoders))

    def reads_texts(self, name: str) -> bool:
        """Whether the encoder of this name reads texts as well as images."""
        encoder = self.encoders[name]
        return isinstance(encoder, TextEncoder) and encoder.reads_texts


def read_options(options: ComparisonOptions) -> ComparisonConfig:
    """Return the options, read into objects and checked.

    Raises:
        EmbedbenchError: an option cannot be read or used, or an encoder is missing.
    """
    config = as_config(options, create_encoders(options.encoders))
    config.check()
    if config.has_text_encoder or WORDS not in config.purposes:
        return config
    if options.purposes or next(iter(config.purposes)) == WORDS:
        raise InputError("words need an encoder that reads texts: add -e clip or -e conse")
    others = {name: metric for name, metric in config.purposes.items() if name != WORDS}
    return replace(config, purposes=others)


def as_config(options: ComparisonOptions, encoders: dict[str, Encoder]) -> ComparisonConfig:
    """Return the options of a comparison of these encoders, read into objects."""
    words, remarks = read_words(options.names)
    memory = options.engine.memory
    return ComparisonConfig(
        encoders=encoders,
        clusterers=_read_clusterers(options.clusterers),
        spaces=tuple(dict.fromkeys(options.spaces)),
        k=str(options.k),
        seeds=tuple(range(options.seeds)),
        words=words,
        copies=options.copies,
        corruptions=read_corruptions(as_list(options.corrupt)),
        corrupted=options.corrupted,
        mix=read_mix(options.mix, options.reading.follow_links) if options.mix else None,
        domain=options.domain,
        purposes=read_purposes(as_list(options.purposes), options.metric),
        maps=tuple(dict.fromkeys(options.projections)),
        progress=Progress(options.quiet),
        memory=Memory.free() if memory is None else parse_memory(memory),
        remarks=remarks,
        drawing=options.reading.drawing,
        texts=options.texts,
        pairs=options.pairs,
        budget=read_budget(options.at_least, options.at_most),
        keep_duplicates=options.keep_duplicates,
        asked=Asked(options.certainty, options.margin),
    )


def _read_clusterers(given: Sequence[Any]) -> tuple[Clusterer, ...]:
    clusterers: list[Clusterer] = [
        parse_clusterer(value)
        if isinstance(value, str)
        else Estimator(value, type(value).__name__.lower())
        for value in given
    ]
    if len({clusterer.name for clusterer in clusterers}) < len(clusterers):
        raise InputError("a clusterer is given twice")
    return tuple(clusterers)


_LEAST_IMAGES = 4  # a t-SNE map needs as many
_NUMBER = r"\d{1,1000}"  # Python reads no number of more than 4,300 digits


def choose_ks(
    k: str, images: int, classes: int | None, different: int, vectors: Mapping[str, Vectors]
) -> tuple[KGrid, tuple[str, ...]]:
    """Return which numbers of clusters are tried, and a remark if they were cut.

    There are at most as many clusters as the encoder with the most distinct vectors has; an
    encoder with fewer of them than clusters fails.

    Args:
        k: as for `parse_k`, and so are `images`, `classes` and `different`.
        images: number of images compared.
        classes: number of classes in their labels; None without labels.
        different: number of different images.
        vectors: of each encoder.
    """
    grid = parse_k(k, images, classes, different)
    most = max(distinct_rows(rows, grid.ks[-1]) for rows in vectors.values())
    if most < grid.ks[-1]:
        different = max(2, most)
        grid = parse_k(k, images, classes, different)
    return grid, k_remarks(k, grid, images, different)


def parse_k(k: str, images: int, classes: int | None, different: int | None = None) -> KGrid:
    """Return the plan for `2..20`, `4` or `truth`; a range ends at what the images allow.

    Args:
        k: one of these texts.
        images: number of images compared.
        classes: number of classes in their labels; None without labels.
        different: number of different images; all of them if None.

    Raises:
        InputError: it is none of these, a number or the start of a range is more clusters than
            possible, or `truth` without labels.
    """
    most = min(images - 1, images if different is None else different)
    if images >= _LEAST_IMAGES and most < 2:
        raise InputError(f"all {images} images are the same: there is nothing to compare")
    if most < 2 or images < _LEAST_IMAGES:
        raise InputError(
            f"a comparison needs at least {_LEAST_IMAGES} images, 2 of them different; not {images}"
        )
    if k == "truth":
        if classes is None:
            raise InputError("`k` can be `truth` only with labels; give some, or a range: 2..20")
        return KGrid((_fits(classes, most, images),), classes, "truth", ())
    low, high = _read_range(k)
    if ".." not in k:
        return KGrid((_fits(low, most, images),), low, "given", ())
    ks = tuple(range(_fits(low, most, images), min(high, most) + 1))
    if classes is None or not 2 <= classes <= most:
        return KGrid(ks, None, "shared", ks)
    return KGrid(tuple(sorted({*ks, classes})), classes, "truth", ks)


def k_remarks(k: str, grid: KGrid, images: int, different: int) -> tuple[str, ...]:
    """Return a remark where a range was cut; the default is cut to few images silently.

    Args:
        k: what was asked for.
        grid: its plan.
        images: how many images are compared.
        different: how many of the images differ from each other.
    """
    if ".." not in k:
        return ()
    low, high = _read_range(k)
    last = max(one for one in grid.ks if low <= one <= high)
    if last == high or (k == DEFAULT_K and last == images - 1):
        return ()
    why = f"there are {images} images"
    if different < images - 1:
        why = f"{different} of the {images} images differ from each other"
    return (f"the numbers of clusters {k} were cut to {low}..{last}: {why}",)


def _read_range(k: str) -> tuple[int, int]:
    """Return the ends of a range, or a number twice."""
    match = re.fullmatch(rf"({_NUMBER})(?:\.\.({_NUMBER}))?", k)
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if low > high:
        raise InputError(f"`k` must be a range such as 2..20, a number or `truth`; not '{k}'")
    return low, high


def _fits(k: int, most: int, images: int) -> int:
    if not 2 <= k <= most:
        few = f", {most} of them different" if most < images - 1 else ""
        raise InputError(f"`k` must be between 2 and {most} for {images} images{few}; not {k}")
    return k
