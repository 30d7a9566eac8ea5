"""What a scan tells of an image; without pandas, for its processes import this alone."""

from collections.abc import Sequence
from typing import Any

from embedbench.data.images.decoding import THUMBNAIL_SIDE, open_rgb, thumbnail, upright_size
from embedbench.data.images.sources import Source, read_verified
from embedbench.errors import ImageError
from embedbench.parallel.quarantine import under_alarm

__all__ = ["NOTHING", "describe_images"]

NOTHING: dict[str, Any] = {"width": 0, "height": 0, "thumbnail": b""}
"""The record of an image that cannot be read."""


def describe_images(items: Sequence[tuple[str, Source]]) -> list[dict[str, Any]]:
    """Return a record of each image, given with its hash: size, thumbnail, or why it has none."""
    return [{"hash": key, **_describe(key, source)} for key, source in items]


def _describe(key: str, source: Source) -> dict[str, Any]:
    """Return the record of an image, and whether it may differ next time (`passing`)."""
    passing = True
    try:
        with under_alarm():
            content = read_verified(source, key)
            passing = False
            return {**_opened(content), "passing": passing}
    except ImageError as error:
        return {**NOTHING, "error": str(error), "passing": passing}


def _opened(content: bytes) -> dict[str, Any]:
    image = open_rgb(content, draft=(2 * THUMBNAIL_SIDE, 2 * THUMBNAIL_SIDE))
    width, height = upright_size(content)
    return {"width": width, "height": height, "thumbnail": thumbnail(image), "error": ""}
