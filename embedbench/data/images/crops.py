"""Images that are a part of another: a box in a picture."""

import io
import math
from dataclasses import dataclass

from embedbench.data.images.decoding import open_rgb
from embedbench.data.images.sources import PackedImage, Source, is_elsewhere, read_source
from embedbench.errors import ImageError

__all__ = ["CroppedImage"]


@dataclass(frozen=True)
class CroppedImage(PackedImage):
    """A box in a picture, without loss: its pixels as a PNG file.

    Attributes:
        source: the picture.
        box: left, top, width and height in pixels of the upright picture; pixels that it covers in
            part are in it, and what is outside the picture is not.
    """

    source: Source
    box: tuple[float, float, float, float]

    def read(self, most: int) -> bytes:
        """Return the bytes of the PNG file, as in `PackedImage`."""
        picture = open_rgb(read_source(self.source))
        left, top, width, height = self.box
        corners = (
            max(0, math.floor(left)),
            max(0, math.floor(top)),
            min(picture.width, math.ceil(left + width)),
            min(picture.height, math.ceil(top + height)),
        )
        if corners[0] >= corners[2] or corners[1] >= corners[3]:
            raise ImageError(
                f"its box is outside the picture of {picture.width} x {picture.height} pixels"
            )
        content = io.BytesIO()
        picture.crop(corners).save(content, "PNG", compress_level=1)
        return content.getvalue()[:most]

    @property
    def is_elsewhere(self) -> bool:
        """Whether the picture is at an address."""
        return is_elsewhere(self.source)
