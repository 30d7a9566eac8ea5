"""What a comparison is asked for: read, checked before any work, and written down."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from embedbench.analysis.cluster_naming import read_words
from embedbench.analysis.label_free import COPIES
from embedbench.analysis.projections import check_map
from embedbench.clustering.clusterers import Clusterer, Estimator, parse_clusterer
from embedbench.clustering.spaces import check_space
from embedbench.data.images.corruptions import Corruption, read_corruptions
from embedbench.data.mixing import Mix, read_mix
from embedbench.encoder import Encoder, TextEncoder
from embedbench.encoders.registry import create_all
from embedbench.errors import InputError
from embedbench.memory import Memory, parse_memory
from embedbench.settings import plan_k
from embedbench.utils.progress import Progress

__all__ = ["CORRUPTED", "DEFAULT_MAPS", "Request", "command", "read_request"]

CORRUPTED = 200
"""Of how many images corrupted copies are made where corruptions are asked for."""

DEFAULT_MAPS = ("pca", "tsne")


@dataclass(frozen=True)
class Request:
    """What was asked for, read.

    Attributes:
        encoders: by name.
        clusterers: each is run in every space.
        spaces: the first one leads.
        k: a range, a number or `truth`.
        seeds: the same for every encoder.
        words: candidate names for clusters.
        copies: of how many images lightly changed copies are encoded.
        corruptions: what else is done to images or vectors.
        corrupted: of how many images corrupted copies are encoded.
        mix: which images of another kind are mixed in; None for none.
        domain: the column that tells domains apart; None for none.
        maps: which planes are drawn.
        progress: how it is shown.
        memory: how much what is computed may take.
        remarks: what a person should know of how it was read.
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
    mix: Mix | None
    domain: str | None
    maps: tuple[str, ...]
    progress: Progress
    memory: Memory
    remarks: tuple[str, ...] = field(default=())

    def check(self, images: int, classes: int | None) -> None:
        """Raise InputError for what can be known to fail before any work is done."""
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
            check_map(kind)
        plan_k(self.k, images, classes)
        if self.words and not any(map(self.reads_texts, self.encoders)):
            raise InputError(
                "names need an encoder that reads texts in the comparison: add -e clip or -e conse"
            )

    def record(self) -> dict[str, Any]:
        """Return what was asked for, as it stands in run.json."""
        return {
            "clusterers": [clusterer.name for clusterer in self.clusterers],
            "spaces": list(self.spaces),
            "k": self.k,
            "seeds": list(self.seeds),
            "names": list(self.words),
            "copies": self.copies,
            "domain": self.domain,
            "maps": list(self.maps),
            "memory": f"{self.memory.limit / 10**6:.0f}MB" if self.memory.asked else None,
        }

    def reads_texts(self, name: str) -> bool:
        """Whether the encoder of this name reads texts as well as images."""
        encoder = self.encoders[name]
        return isinstance(encoder, TextEncoder) and encoder.reads_texts


def read_request(
    encoders: Sequence[str | Encoder] | Mapping[str, Encoder],
    clusterers: Sequence[Any],
    spaces: Sequence[str],
    k: str | int,
    seeds: int,
    names: str | Sequence[str],
    copies: int,
    corrupt: Sequence[str],
    corrupted: int,
    mix: str | None,
    domain: str | None,
    maps: Sequence[str],
    progress: Progress,
    memory: str | None,
    follow_links: bool,
) -> Request:
    """Return the request, each of its parts read; see `embedbench.compare` for the arguments.

    Raises:
        EmbedbenchError: a part cannot be read, or an encoder is not there.
    """
    words, remarks = read_words(names)
    return Request(
        encoders=create_all(encoders),
        clusterers=_read_clusterers(clusterers),
        spaces=tuple(dict.fromkeys(spaces)),
        k=str(k),
        seeds=tuple(range(seeds)),
        words=words,
        copies=copies,
        corruptions=read_corruptions(corrupt),
        corrupted=corrupted,
        mix=read_mix(mix, follow_links) if mix else None,
        domain=domain,
        maps=tuple(dict.fromkeys(maps)),
        progress=progress,
        memory=Memory.free() if memory is None else parse_memory(memory),
        remarks=remarks,
    )


def _read_clusterers(given: Sequence[Any]) -> tuple[Clusterer, ...]:
    read: list[Clusterer] = [
        parse_clusterer(one) if isinstance(one, str) else Estimator(one, type(one).__name__.lower())
        for one in given
    ]
    if len({clusterer.name for clusterer in read}) < len(read):
        raise InputError("a clusterer is given twice")
    return tuple(read)


def command(asked: Mapping[str, Any]) -> str:
    """Return the line for a shell that asks for the same."""
    parts = ["embedbench", "run", *asked["sources"]]
    repeated = {
        "-e": asked["encoders"],
        "--clusterer": asked["clusterers"],
        "--space": asked["spaces"],
        "--corrupt": asked["corrupt"],
        "--map": [] if tuple(asked["maps"]) == DEFAULT_MAPS else asked["maps"],
    }
    for word, values in repeated.items():
        parts += [part for value in values for part in (word, value)]
    options = {
        "--labels": asked["labels"],
        "--k": asked["k"],
        "--seeds": len(asked["seeds"]),
        "--names": ",".join(asked["names"]) or None,
        "--limit": asked["limit"],
        "--copies": None if asked["copies"] == COPIES else asked["copies"],
        "--corrupted": asked["corrupted"] if asked["corrupt"] else None,
        "--mix": asked["mix"],
        "--domain": asked["domain"],
        "--memory": asked["memory"],
        "--patience": asked["patience"],
    }
    parts += [
        str(part) for word, value in options.items() if value is not None for part in (word, value)
    ]
    words = ("offline", "allow_local", "follow_links")
    flags = {f"--{word.replace('_', '-')}": asked[word] for word in words}
    return shlex.join([*parts, *(word for word, given in flags.items() if given)])
