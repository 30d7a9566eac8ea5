"""Pictures that lie between two of the candidate names."""

from dataclasses import dataclass

import pandas as pd

from embedbench.results.results import Results
from embedbench.utils.text import two_decimals

__all__ = ["Between", "between_names"]

_SHOWN = 14
_OF_A_PAIR = 3


@dataclass(frozen=True)
class Between:
    """One picture, the words that it fits, and how well: cosines as texts."""

    image: str
    word: str
    fit: str
    other_word: str
    other_fit: str


def between_names(results: Results) -> tuple[list[Between], int]:
    """Return the pictures that fit two words best, and how many there are in all.

    At most 14, and at most 3 of the same two words.
    """
    if results.words.empty:
        return [], 0
    rows = results.words[results.words["between"].astype(bool)]
    rows = rows.sort_values("other_fit", ascending=False, kind="stable")
    pairs = pd.Series([" ".join(sorted(pair)) for pair in rows[["word", "other_word"]].to_numpy()])
    shown = rows[(pairs.groupby(pairs).cumcount() < _OF_A_PAIR).to_numpy()].head(_SHOWN)
    found = [
        Between(
            str(row["image"]),
            str(row["word"]),
            two_decimals(row["fit"]),
            str(row["other_word"]),
            two_decimals(row["other_fit"]),
        )
        for _, row in shown.iterrows()
    ]
    return found, len(rows)
