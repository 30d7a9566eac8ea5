"""What a comparison is asked for: read, checked before any work, and written down."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from embedbench.analysis.cluster_naming import read_words
from embedbench.analysis.inputs import KGrid
from embedbench.analysis.projections import check_projection
from embedbench.clustering.clusterers import Clusterer, parse_clusterer
from embedbench.clustering.estimator import Estimator
from embedbench.clustering.spaces import check_space
from embedbench.comparison.memory import Memory, parse_memory
from embedbench.comparison.options import DEFAULT_K, ComparisonOptions
from embedbench.data.depth.drawing import Drawing
from embedbench.data.images.corruptions import Corruption, read_corruptions
from embedbench.data.mixing import MixSpec, read_mix
from embedbench.encoder import Encoder, TextEncoder
from embedbench.encoders.registry import create_encoders
from embedbench.errors import InputError
from embedbench.utils.options import as_list
from embedbench.utils.progress import Progress

__all__ = ["ComparisonConfig", "parse_k", "read_options"]


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
        copies: number of images to augment.
        corruptions: what else is done to images or vectors.
        corrupted: of how many images corrupted copies are encoded.
        mix: which images of another kind are mixed in; None for none.
        domain: the column that tells domains apart; None for none.
        maps: which planes are drawn.
        progress: how it is shown.
        memory: how much what is computed may take.
        remarks: what a person should know of how it was read.
        drawing: how deep images are drawn.
    """

    encoders: dict[str, Encoder]
    clusterers: tuple[Clusterer, ...]
    spaces: tuple[str, ...]
    k: str
    seeds: tuple[int, ...]
    words: tuple[str, ...]
    copies: int
    corruptions: tuple[Corruption, ...]
    corrupted: int
    mix: MixSpec | None
    domain: str | None
    maps: tuple[str, ...]
    progress: Progress
    memory: Memory
    remarks: tuple[str, ...] = field(default=())
    drawing: Drawing = Drawing()

    def check(self) -> None:
        """Raise InputError for what can be known to fail before the images are known."""
        if not self.seeds:
            raise InputError("`seeds` must be at least 1")
        for name, count in (("copies", self.copies), ("corrupted", self.corrupted)):
            if count < 0:
                raise InputError(f"`{name}` must be at least 0; not {count}")
        if not self.clusterers or not self.spaces:
            raise InputError("a comparison needs a clusterer and a space")
        for space in self.spaces:
            check_space(space)
        for kind in self.maps:
            check_projection(kind)
        if self.words and not any(map(self.reads_texts, self.encoders)):
            raise InputError(
                "names need an encoder that reads texts in the comparison: add -e clip or -e conse"
            )

    def record(self) -> dict[str, Any]:
        """Return the options that `run.json` records as they were read, by keyword."""
        return {
            "clusterers": [clusterer.name for clusterer in self.clusterers],
            "spaces": list(self.spaces),
            "seeds": list(self.seeds),
            "names": list(self.words),
            "projections": list(self.maps),
            "memory": f"{self.memory.limit / 10**6:.0f}MB" if self.memory.asked else None,
        }

    def reads_texts(self, name: str) -> bool:
        """Whether the encoder of this name reads texts as well as images."""
        encoder = self.encoders[name]
        return isinstance(encoder, TextEncoder) and encoder.reads_texts


def read_options(options: ComparisonOptions) -> ComparisonConfig:
    """Return the options, read into objects and checked.

    Raises:
        EmbedbenchError: an option cannot be read or used, or an encoder is missing.
    """
    words, remarks = read_words(options.names)
    memory = options.engine.memory
    config = ComparisonConfig(
        encoders=create_encoders(options.encoders),
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
        maps=tuple(dict.fromkeys(options.projections)),
        progress=Progress(options.quiet),
        memory=Memory.free() if memory is None else parse_memory(memory),
        remarks=remarks,
        drawing=options.reading.drawing,
    )
    config.check()
    return config


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


def parse_k(k: str, images: int, classes: int | None, different: int | None = None) -> KGrid:
    """Return the plan for `2..20`, `4` or `truth`.

    Args:
        k: one of these texts.
        images: number of images compared.
        classes: number of classes in their labels; None without labels.
        different: number of different files among the images; all of them if None.

    Raises:
        InputError: it is none of these, more clusters than possible, or `truth` without labels.
    """
    most = min(images - 1, images if different is None else different)
    if most < 2 or images < _LEAST_IMAGES:
        raise InputError(
            f"a comparison needs at least {_LEAST_IMAGES} images, 2 of them different; not {images}"
        )
    if k == "truth":
        if classes is None:
            raise InputError("`k` can be `truth` only with labels; give some, or a range: 2..20")
        return KGrid((_fits(classes, most, images),), classes, "truth", ())
    if re.fullmatch(r"\d+", k):
        return KGrid((_fits(int(k), most, images),), int(k), "given", ())
    match = re.fullmatch(r"(\d+)\.\.(\d+)", k)
    if not match or int(match[1]) > int(match[2]):
        raise InputError(f"`k` must be a range such as 2..20, a number or `truth`; not '{k}'")
    low, high = (int(part) for part in match.groups())
    if k == DEFAULT_K:
        high = min(high, most)
    ks = tuple(range(_fits(low, most, images), _fits(high, most, images) + 1))
    if classes is None or not 2 <= classes <= most:
        return KGrid(ks, None, "shared", ks)
    return KGrid(tuple(sorted({*ks, classes})), classes, "truth", ks)


def _fits(k: int, most: int, images: int) -> int:
    if not 2 <= k <= most:
        raise InputError(f"`k` must be between 2 and {most} for {images} images; not {k}")
    return k
