"""Images that fit two of the candidate names."""

from dataclasses import dataclass

import pandas as pd

from embedbench.results.results import Results
from embedbench.utils.text import two_decimals

__all__ = ["AmbiguousImage", "ambiguous_images"]

_SHOWN = 14
_OF_A_PAIR = 3


@dataclass(frozen=True)
class AmbiguousImage:
    """One image, its two best names, and their cosines as texts."""

    image: str
    name: str
    similarity: str
    second_name: str
    second_similarity: str


def ambiguous_images(results: Results) -> tuple[list[AmbiguousImage], int]:
    """Return the images that fit two names best, and the number of all such images.

    Return at most 14 images, and at most 3 for each pair of names.
    """
    if results.zero_shot.empty:
        return [], 0
    rows = results.zero_shot[results.zero_shot["ambiguous"].astype(bool)]
    rows = rows.sort_values("second_similarity", ascending=False, kind="stable")
    pairs = pd.Series(
        ["\0".join(sorted(pair)) for pair in rows[["name", "second_name"]].to_numpy()]
    )
    shown = rows[(pairs.groupby(pairs).cumcount() < _OF_A_PAIR).to_numpy()].head(_SHOWN)
    images = [
        AmbiguousImage(
            str(row["image"]),
            str(row["name"]),
            two_decimals(row["similarity"]),
            str(row["second_name"]),
            two_decimals(row["second_similarity"]),
        )
        for _, row in shown.iterrows()
    ]
    return images, len(rows)
