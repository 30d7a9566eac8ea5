"""Shortcuts: how much of a clustering is explained by what should not matter.

A clustering that follows the light, the camera or the folder of the images looks as tidy as one
that follows their content (Geirhos et al. 2020, "Shortcut learning in deep neural networks",
arXiv 2004.07780).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int
from PIL import ImageStat

from embedbench.clustering.partitions import noise_as_singletons
from embedbench.data.images.decoding import open_rgb
from embedbench.metrics.clustering.ami import ExpectedMutualInformation, pairwise_ami
from embedbench.utils.text import two_decimals

__all__ = ["Shortcut", "attribute_words", "attributes", "shortcut_probe", "shortcut_warning"]

Codes = Int[np.ndarray, " images"]
Channels = Float64[np.ndarray, "images 3"]

_LUMA = (0.299, 0.587, 0.114)
_BINS = 5
_SECTORS = 6
_LEAST_SATURATION = 0.1
_ASPECTS = (1 / 1.6, 1 / 1.05, 1.05, 1.6)
_WORDS = {
    "brightness": ("darkest fifth", "dark", "medium", "bright", "brightest fifth"),
    "colour": ("grey", "red", "yellow", "green", "cyan", "blue", "magenta"),
    "size": ("smallest fifth", "small", "medium", "large", "largest fifth"),
    "aspect": ("very tall", "tall", "square", "wide", "very wide"),
}
"""What the codes of an attribute mean, in their order."""

_SAME_FORMAT = {".jpg": ".jpeg", ".tif": ".tiff"}
_DECODED = (32, 32)
"""Thumbnails are decoded this small: their mean colour stays the same."""

_ALARM = 0.05
"""Accepted rate of false alarms per encoder."""

_LEAST_AMI = 0.05
"""The least AMI that is worth a warning."""


@dataclass(frozen=True)
class Shortcut:
    """How much of the partitions of one encoder an attribute explains.

    Attributes:
        attribute: its name.
        ami: the mean adjusted mutual information with the partitions; at most 1, about 0 where
            it explains nothing. Lower is better.
        null: what that mean stays below in 95 % of the permutations of the attribute.
        p: the share of permutations, itself counted as one, that explain as much; above 0 to 1.
    """

    attribute: str
    ami: float
    null: float
    p: float


def attributes(images: pd.DataFrame) -> dict[str, Codes]:
    """Return the attributes that should not matter, as a code for each image, by name.

    An attribute with one value is left out. They are those of `attribute_words`.
    """
    return {name: codes for name, (codes, _) in attribute_words(images).items()}


def attribute_words(images: pd.DataFrame) -> dict[str, tuple[Codes, list[str]]]:
    """Return the attributes that should not matter: a code for each image, and what codes mean.

    An attribute with one value is left out, and so is what a table without thumbnails or sizes
    does not tell. They are:

    - `brightness`: the mean luma of the thumbnail, in quintiles.
    - `colour`: grey where the thumbnail's mean colour has a saturation below 0.1, else its hue:
      red, yellow, green, cyan, blue, magenta. The hue of the mean colour is the mean hue, each
      pixel weighted by its chroma.
    - `size`: the number of pixels, in quintiles.
    - `aspect`: width by height: below 0.625, to 0.95, square to 1.05, to 1.6, wider.
    - `format`: the suffix of the name; jpg is jpeg.
    - `folder`: the folder of the name; left out where it is the known label, in all images or in
      those of one set.

    Args:
        images: a row an image, as `Results.images`: `image`, the name with
            forward slashes; `width`, `height`; `thumbnail`, JPEG bytes; maybe `truth`.
    """
    paths = [PurePosixPath(name) for name in images["image"]]
    suffixes = [path.suffix.lower() for path in paths]
    folders, folder_names = _codes([str(path.parent) for path in paths])
    by_name: dict[str, tuple[Codes, list[str]]] = {}
    if "thumbnail" in images and all(isinstance(one, bytes) and one for one in images["thumbnail"]):
        channels = _mean_colours(images["thumbnail"])
        by_name["brightness"] = _worded("brightness", _equal_parts((channels * _LUMA).sum(axis=1)))
        by_name["colour"] = _worded("colour", _colours(channels))
    if {"width", "height"} <= set(images):
        width, height = images["width"].to_numpy(float), images["height"].to_numpy(float)
        by_name["size"] = _worded("size", _equal_parts(width * height))
        by_name["aspect"] = _worded("aspect", np.digitize(width / height, _ASPECTS))
    by_name["format"] = _codes([_SAME_FORMAT.get(suffix, suffix) for suffix in suffixes])
    if not _folders_are_labels(images, folders):
        by_name["folder"] = (folders, folder_names)
    return {name: found for name, found in by_name.items() if len(np.unique(found[0])) > 1}


def _worded(name: str, codes: Codes) -> tuple[Codes, list[str]]:
    return codes, list(_WORDS[name])


def shortcut_probe(
    assignments: Int[np.ndarray, "runs images"],
    attributes: Mapping[str, Codes],
    seed: int,
    permutations: int = 200,
    within: Codes | None = None,
) -> list[Shortcut]:
    """Return how much of the partitions each attribute explains, in the order of the attributes.

    The null permutes the values of the attribute among the images, in the same way for each
    attribute, and scores them against all runs together. Permuted only `within` images of the
    same code, the values keep their dependence on that code: what the attribute then explains
    beyond the null is not due to the code.

    Args:
        assignments: cluster of each image in each run of one encoder, at least one run; each
            noise image, -1, is a cluster of its own.
        attributes: a code for each image, by name.
        seed: of the permutations.
        permutations: their number; `p` is at least 1 / (permutations + 1).
        within: a code for each image, within which values are permuted; None for among all.

    Raises:
        ValueError: there is no run.
    """
    if not len(assignments):
        raise ValueError("`assignments` must hold at least one run; not 0")
    images = assignments.shape[1]
    among = np.zeros(images, dtype=np.int64) if within is None else within
    strata = [np.flatnonzero(among == code) for code in np.unique(among)]
    partitions = noise_as_singletons(assignments)
    expected = ExpectedMutualInformation(images)
    shortcuts = []
    for name, codes in attributes.items():
        every = np.concatenate([codes[None], _permuted(codes, strata, seed, permutations)])
        ami, *null = pairwise_ami(partitions, every, expected).mean(axis=0).tolist()
        # The last bits depend on the order of a sum.
        as_much = sum(value >= ami - 1e-12 for value in null)
        high = float(np.quantile(null, 0.95)) if null else math.nan
        shortcuts.append(Shortcut(name, ami, high, (1 + as_much) / (1 + permutations)))
    return shortcuts


def _permuted(
    codes: Codes, strata: Sequence[Int[np.ndarray, "..."]], seed: int, permutations: int
) -> Int[np.ndarray, "permutations images"]:
    random = np.random.default_rng(seed)
    permuted = np.tile(codes, (permutations, 1))
    for members in strata:
        permuted[:, members] = random.permuted(permuted[:, members], axis=1)
    return permuted


def shortcut_warning(
    encoder: str,
    shortcuts: Sequence[Shortcut],
    with_labels: float | None,
    with_others: float | None,
) -> str | None:
    """Return a sentence on the attribute that explains too much of a clustering; None if none.

    It explains too much where its AMI is at least 0.05, beyond its null (`p` times the number of
    attributes at most 0.05, after Bonferroni, so that at most one in twenty encoders that follow
    none of them gets a warning), and above the AMI with the labels, or, without labels, with the
    other encoders' partitions, both to two digits. Of several, the highest AMI is reported.

    Args:
        encoder: its name.
        shortcuts: of its partitions.
        with_labels: the AMI of its partitions with the labels; None or nan without labels.
        with_others: their mean AMI with those of the other encoders; None or nan without others.
    """
    if with_labels is not None and not math.isnan(with_labels):
        reference, rival = with_labels, "by the labels"
    elif with_others is not None and not math.isnan(with_others):
        reference, rival = with_others, "as the other encoders do"
    else:
        return None
    # Compare rounded values, so that the sentence never says "0.24 is more than 0.24".
    suspects = [
        shortcut
        for shortcut in shortcuts
        if round(shortcut.ami, 2) > round(reference, 2)
        and shortcut.ami >= _LEAST_AMI
        and shortcut.p * len(shortcuts) <= _ALARM
    ]
    if not suspects:
        return None
    worst = max(suspects, key=lambda shortcut: shortcut.ami)
    return (
        f"{encoder} groups by {worst.attribute} (AMI {two_decimals(worst.ami)}) more than {rival} "
        f"({two_decimals(reference)}): check that its clusters show more than that"
    )


def _mean_colours(thumbnails: Iterable[bytes]) -> Channels:
    """Return the mean red, green and blue of each thumbnail, 0 to 255."""
    means = [ImageStat.Stat(open_rgb(content, _DECODED)).mean for content in thumbnails]
    return np.array(means, dtype=np.float64).reshape(-1, 3)


def _colours(channels: Channels) -> Codes:
    """Return 0 for grey, and 1 to 6 for the hues from red on."""
    red, green, blue = channels.T
    highest, lowest = channels.max(axis=1), channels.min(axis=1)
    hue = np.arctan2(math.sqrt(3) / 2 * (green - blue), red - (green + blue) / 2)
    sector = np.round(hue / (2 * math.pi / _SECTORS)).astype(np.int64) % _SECTORS
    is_grey = highest - lowest < _LEAST_SATURATION * np.maximum(highest, 1)
    return np.where(is_grey, 0, 1 + sector)


def _equal_parts(values: Float64[np.ndarray, " images"]) -> Codes:
    """Return the quintile of each value, from the lowest; equal values stay together."""
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    edges = np.quantile(values, np.arange(1, _BINS) / _BINS)
    return np.searchsorted(edges, values)


def _codes(values: Sequence[str]) -> tuple[Codes, list[str]]:
    words, codes = np.unique(np.asarray(values, dtype=str), return_inverse=True)
    return codes, words.tolist()


def _folders_are_labels(images: pd.DataFrame, folders: Codes) -> bool:
    """Whether the folders of the images, or of those of one set, are their labels."""
    if "truth" not in images:
        return False
    sets = images["set"] if "set" in images else pd.Series("", index=images.index)
    return any(
        _same_split(folders[(sets == name).to_numpy()], images.loc[sets == name, "truth"])
        for name in sets.unique()
    )


def _same_split(codes: Codes, labels: pd.Series) -> bool:
    """Whether the codes split the images of known label as the labels do."""
    has_label = labels.notna().to_numpy()
    kinds = pd.DataFrame({"code": codes[has_label], "label": labels[has_label].to_numpy()})
    pairs = len(kinds.drop_duplicates())
    return pairs > 1 and pairs == kinds["code"].nunique() == kinds["label"].nunique()
