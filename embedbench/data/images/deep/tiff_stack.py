"""TIFF files as stacks of planes, each of which has bands."""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from io import BufferedIOBase
from typing import Any, cast

import numpy as np
from jaxtyping import Shaped

from embedbench.data.images.deep.raster import check_size
from embedbench.errors import ImageError

__all__ = ["COLOURS", "NO_DATA", "Photometric", "Stack", "open_tiff"]


class Photometric(IntEnum):
    """What the samples of a pixel mean."""

    WHITE_IS_ZERO = 0
    BLACK_IS_ZERO = 1
    RGB = 2
    PALETTE = 3
    MASK = 4
    CMYK = 5
    YCBCR = 6
    LAB = 8
    ICC_LAB = 9


COLOURS: dict[int, int] = {
    Photometric.WHITE_IS_ZERO: 1,
    Photometric.BLACK_IS_ZERO: 1,
    Photometric.RGB: 3,
    Photometric.PALETTE: 1,
    Photometric.MASK: 1,
    Photometric.CMYK: 4,
    Photometric.YCBCR: 3,
    Photometric.LAB: 3,
    Photometric.ICC_LAB: 3,
}
"""Number of samples of a colour, by what they mean."""

NO_DATA = 42113
"""The tag of GDAL with the value of missing pixels."""

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # it reports what it raises


@contextmanager
def open_tiff(file: BufferedIOBase) -> Iterator[Any]:
    """Open a TIFF file as a `tifffile.TiffFile`."""
    import tifffile  # only where there are such files

    with tifffile.TiffFile(cast(Any, file)) as opened:
        yield opened


@dataclass(frozen=True)
class Stack:
    """The first series of images of a file, as planes and bands.

    Attributes:
        series: the series.
        page: its first page, from which the others differ in nothing but their pixels.
        planes: number of planes.
        samples: number of bands of a plane, with opacity.
        channels: number of pages that are the bands of one plane; 1 if the bands are in one page.
    """

    series: Any
    page: Any
    planes: int
    samples: int
    channels: int

    @classmethod
    def of(cls, file: Any) -> "Stack":
        """Return the stack of an open file."""
        series = file.series[0]
        page = series.keyframe
        sizes = dict(zip(series.axes, series.shape, strict=True))
        in_page = "S" in page.axes
        channels = sizes.get("C", 1) if "C" not in page.axes and not in_page else 1
        sides = page.imagelength * page.imagewidth
        planes = math.prod(series.shape) // max(1, sides * page.samplesperpixel * channels)
        return cls(series, page, max(1, planes), page.samplesperpixel * channels, channels)

    @property
    def photometric(self) -> int:
        """What the samples mean, mostly a `Photometric`."""
        return int(self.page.photometric)

    @property
    def bits(self) -> int | tuple[int, ...]:
        """Bits of a sample; of each if they differ."""
        bits: int | tuple[int, ...] = self.page.bitspersample
        return bits

    @property
    def is_big(self) -> bool:
        """Whether the file has the form of those larger than 4 GB."""
        return bool(self.page.parent.is_bigtiff)

    @property
    def alpha(self) -> int | None:
        """The position of the opacity; None if there is none."""
        extras = [int(one) for one in self.page.extrasamples]
        first = self.page.samplesperpixel - len(extras)
        if self.channels > 1 or first < 1:
            return None
        return next((first + n for n, one in enumerate(extras) if one in (1, 2)), None)

    @property
    def is_associated(self) -> bool:
        """Whether the colours are already multiplied with the opacity."""
        extras = [int(one) for one in self.page.extrasamples]
        return next((one for one in extras if one in (1, 2)), 0) == 1

    @property
    def colours(self) -> tuple[int, ...]:
        """The positions of the bands that are no opacity."""
        return tuple(one for one in range(self.samples) if one != self.alpha)

    @property
    def usual(self) -> tuple[int, ...]:
        """The positions of the bands that are drawn unless others are asked for."""
        count = COLOURS.get(self.photometric, 1)
        if count == 1 and self.photometric != Photometric.PALETTE:
            count = 3 if len(self.colours) >= 3 else 1
        return self.colours[:count]

    def read(self, plane: int, size: int) -> Shaped[np.ndarray, "height width samples"]:
        """Return the samples of a plane.

        Args:
            plane: its number, from 0.
            size: of the file, in bytes.
        """
        leading = self.series.axes[: len(self.series.axes) - len(self.page.axes)]
        shape = self.series.shape[: len(leading)]
        order = np.arange(math.prod(shape)).reshape(shape)
        if self.channels > 1:
            order = np.moveaxis(order, leading.index("C"), -1)
        order = order.reshape(-1, self.channels)
        here, within = divmod(plane, max(1, self.planes // len(order)))
        pages = self.series
        if self.series.is_truncated:  # the planes follow one another, behind one header
            check_size(self.page.imagelength, self.page.imagewidth, self.series.nbytes)
            pages = self.series.asarray(maxworkers=1).reshape(-1, *self.page.shape)
        parts = [
            self._samples_last(self._pixels(pages[number], size), within)
            for number in order[here].tolist()
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)

    def _pixels(self, page: Any, size: int) -> Shaped[np.ndarray, "..."]:
        """Return the pixels of a page; ImageError if a part of it is not in the file."""
        if isinstance(page, np.ndarray):
            return page
        self._check_whole(page, size)
        pixels: Shaped[np.ndarray, ...] = page.asarray(maxworkers=1)
        return pixels

    def _check_whole(self, page: Any, size: int) -> None:
        """Raise ImageError if a part of a page is not in the file."""
        if page is None:
            raise ImageError("broken image: a plane of the stack is missing")
        parts = list(zip(page.dataoffsets, page.databytecounts, strict=False))
        if any(offset + count > size for offset, count in parts):
            raise ImageError("broken image: the file is truncated")
        is_sparse = NO_DATA in self.page.tags or self.page.is_gdal or self.page.is_geotiff
        if not parts or (not is_sparse and any(count == 0 for _, count in parts)):
            raise ImageError("broken image: a part of the pixels is missing")

    def _samples_last(
        self, pixels: Shaped[np.ndarray, "..."], within: int
    ) -> Shaped[np.ndarray, "height width samples"]:
        """Return the pixels of one plane of a page, with its samples as the last axis."""
        axes = self.page.axes
        others = [axes.index(one) for one in axes if one not in "YXS"]
        places = np.unravel_index(within, [pixels.shape[one] for one in others]) if others else ()
        for place, number in sorted(zip(others, places, strict=True), reverse=True):
            pixels = pixels.take(int(number), axis=place)
            axes = axes[:place] + axes[place + 1 :]
        if "S" in axes:
            return np.moveaxis(pixels, axes.index("S"), -1)
        return pixels[..., None]
