"""Colours and edges: the baseline that no learned encoder may lose to. Nothing is learned.

Sources: colour histograms, Swain and Ballard 1991, "Color Indexing"; histograms of oriented
gradients, Dalal and Triggs 2005. Both as scikit-image and NumPy compute them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from embedbench.encoder import Encoder, Facts, Vectors

__all__ = ["PixelsEncoder"]

_SIDE = 128
_BINS = 32

Pixels = UInt8[np.ndarray, "height width channels"]


@dataclass(frozen=True)
class PixelsEncoder(Encoder):
    """Colours and edges, nothing learned: the baseline that no encoder may lose to.

    Each image is squeezed to 128 x 128. Colours: the share of pixels in 32 parts each of hue,
    saturation and value, as its square root, so that the distance is Hellinger's. Edges: 9
    directions in cells of 16 x 16 pixels, in blocks of 2 x 2 cells. Each of the two has length 1,
    but that an image of one colour has no edges.
    """

    libraries: ClassVar[tuple[str, ...]] = ("scikit-image", "pillow")

    def prepare(self, image: Image.Image) -> Pixels:
        """Return the image at 128 x 128, whatever its shape was."""
        return np.asarray(image.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR))

    def encode_batch(self, images: Sequence[Pixels]) -> Vectors:
        """Return 96 numbers of colour and 1764 of edges, one row an image."""
        rows = [np.concatenate([_colours(image), _edges(image)]) for image in images]
        return np.stack(rows).astype(np.float32)

    def facts(self) -> Facts:
        """Return that there are no parameters."""
        return Facts(parameters=0)


def _colours(image: Pixels) -> Float[np.ndarray, " dim"]:
    from skimage.color import rgb2hsv

    channels = rgb2hsv(image).reshape(-1, 3).T
    counts = [np.histogram(channel, bins=_BINS, range=(0, 1))[0] for channel in channels]
    return np.asarray(np.sqrt(np.concatenate(counts) / channels.size))


def _edges(image: Pixels) -> Float[np.ndarray, " dim"]:
    from skimage.color import rgb2gray
    from skimage.feature import hog

    edges: Float[np.ndarray, " dim"] = hog(
        rgb2gray(image), orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2)
    )
    return edges / (np.linalg.norm(edges) or 1.0)
