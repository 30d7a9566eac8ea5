"""What is asked of an exporter, and what it wrote."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from embedbench.vectors import Vectors

__all__ = ["Exported", "Request"]


@dataclass(frozen=True)
class Request:
    """What is asked of an exporter.

    Attributes:
        out: file, folder or address to write to; None for the tool's own place.
        name: of the experiment, project or dataset in the tool.
        encoders: encoders to export, in the order of the run.
        clusterer: whose clusters; None for the first one.
        link: whether pictures are linked instead of copied.
        vectors: vectors by encoder, row i of image i; none for those that have none.
    """

    out: str | None = None
    name: str = "embedbench"
    encoders: tuple[str, ...] = ()
    clusterer: str | None = None
    link: bool = False
    vectors: Mapping[str, Vectors] = field(default_factory=dict)


@dataclass(frozen=True)
class Exported:
    """What an exporter wrote.

    Attributes:
        to: the exporter.
        place: file, folder, address or dataset that holds it now.
        written: numbers of what was written, by noun, such as `images`.
        skipped: why an image was left out, by its name.
        next: a command that opens it; empty if there is none.
    """

    to: str
    place: str
    written: Mapping[str, int]
    skipped: Mapping[str, str] = field(default_factory=dict)
    next: str = ""

    def record(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return asdict(self)
