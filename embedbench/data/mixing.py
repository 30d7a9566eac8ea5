"""Choose foreign images to mix into a dataset."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.loading import read_sources
from embedbench.data.options import SourceOptions
from embedbench.errors import InputError

__all__ = ["DIGITS", "MixSpec", "choose_mixed", "read_mix"]

DIGITS = "digits"
"""The source of scikit-learn's handwritten digits, which need no download."""

_DIGIT_SIDE = 64


@dataclass(frozen=True)
class MixSpec:
    """Source and number of the images to mix in.

    Attributes:
        source: as in `read_dataset`, or `digits`.
        share: number of images, as a fraction of the compared images; above 0, at most 1.
        follow_links: follow links out of a folder.
    """

    source: str
    share: float
    follow_links: bool = False


def read_mix(text: str, follow_links: bool = False) -> MixSpec:
    """Parse `SOURCE:SHARE`, which is split at the last colon.

    Args:
        text: source and share.
        follow_links: follow links out of a folder.

    Raises:
        InputError: the text has another form, or the share is not above 0 and at most 1.
    """
    source, _, share = text.rpartition(":")
    if not source:
        raise InputError(
            f"images to mix in must be FOLDER:SHARE, such as {DIGITS}:0.1; not '{text}'"
        )
    try:
        number = float(share)
    except ValueError:
        number = 0.0
    if not 0 < number <= 1:
        raise InputError(
            f"in '{text}', the share must be a number above 0, at most 1; not '{share}'"
        )
    return MixSpec(source, number, follow_links)


def choose_mixed(mix: MixSpec, images: int, seed: int) -> Dataset:
    """Draw the images to mix in, in the order of their source.

    Their names start with `mixed/`. Labels and other columns are dropped, as they do not describe
    the compared images. If the source has too few images, all are used.

    Args:
        mix: source and number of the images.
        images: number of compared images.
        seed: random seed of the sample.

    Raises:
        InputError: the source does not exist or has no images.
    """
    if mix.source == DIGITS:
        whole = _digits()
    else:
        whole = read_sources(mix.source, SourceOptions(follow_links=mix.follow_links))
    chosen = whole.sample(max(1, round(mix.share * images)), seed)
    names = tuple(f"mixed/{name}" for name in chosen.names)
    return Dataset(names, chosen.sources, origin=whole.origin)


def _digits() -> Dataset:
    """Return the 1,797 digits, white on black, enlarged from 8 x 8 to 64 x 64 pixels."""
    from sklearn.datasets import load_digits  # reads a file

    sources = []
    for pixels in load_digits().images:
        small = Image.fromarray((pixels * (255 / 16)).round().astype(np.uint8))
        content = io.BytesIO()
        small.resize((_DIGIT_SIDE, _DIGIT_SIDE), Image.Resampling.BICUBIC).save(content, "PNG")
        sources.append(content.getvalue())
    names = tuple(f"{DIGITS}/{number:04d}.png" for number in range(len(sources)))
    return Dataset(names, tuple(sources), origin=DIGITS)
