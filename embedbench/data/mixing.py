"""Images to mix in: which, and how many."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.loading import read_dataset
from embedbench.errors import InputError

__all__ = ["DIGITS", "MixSpec", "choose_mixed", "read_mix"]

DIGITS = "digits"
"""Stands for scikit-learn's handwritten digits, which need no download."""


_DIGIT_SIDE = 64


@dataclass(frozen=True)
class MixSpec:
    """What is mixed in.

    Attributes:
        source: what `read_dataset` reads, or `digits`.
        share: how many, as a share of the images compared; above 0, at most 1.
        follow_links: whether links that lead out of the source are followed.
    """

    source: str
    share: float
    follow_links: bool = False


def read_mix(text: str, follow_links: bool = False) -> MixSpec:
    """Return the mix that `SOURCE:SHARE` describes; the last colon parts the two.

    Raises:
        InputError: it has another form, or the share is not above 0 and at most 1.
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
    """Return the images to mix in: a seeded sample, in the order of their source.

    Their names start with `mixed/`; what is known of them is left out, for it says nothing of
    the images compared. There are fewer where the source has no more.

    Args:
        mix: which, and how many.
        images: how many are compared.
        seed: of the sample.

    Raises:
        InputError: there is no such source, or no image in it.
    """
    if mix.source == DIGITS:
        whole = _digits()
    else:
        whole = read_dataset(mix.source, mix.follow_links)
    chosen = whole.sample(max(1, round(mix.share * images)), seed)
    names = tuple(f"mixed/{name}" for name in chosen.names)
    return Dataset(names, chosen.sources, origin=whole.origin)


def _digits() -> Dataset:
    """Return the 1,797 digits, white on black, enlarged from 8 to 64 pixels a side."""
    from sklearn.datasets import load_digits  # reads a file

    sources = []
    for pixels in load_digits().images:
        small = Image.fromarray((pixels * (255 / 16)).round().astype(np.uint8))
        content = io.BytesIO()
        small.resize((_DIGIT_SIDE, _DIGIT_SIDE), Image.Resampling.BICUBIC).save(content, "PNG")
        sources.append(content.getvalue())
    names = tuple(f"{DIGITS}/{number:04d}.png" for number in range(len(sources)))
    return Dataset(names, tuple(sources), origin=DIGITS)
