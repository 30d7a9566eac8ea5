"""Where encoders see the images differently: pairs of pictures, and the images in dispute."""

from dataclasses import dataclass

from embedbench.results.results import Results

__all__ = ["Dispute", "Split", "disputed", "splits"]

SPLITS = 6
PAIRS_OF_A_SPLIT = 6
DISPUTED = 12


@dataclass(frozen=True)
class Split:
    """Pairs of pictures, by their names, that `encoder` puts together and `other` apart."""

    encoder: str
    other: str
    pairs: list[tuple[str, str]]


@dataclass(frozen=True)
class Dispute:
    """The images on which encoders disagree most, and how far, in percent."""

    images: list[str]
    least: int
    most: int


def splits(results: Results) -> list[Split]:
    """Return the six ordered pairs of encoders with the strongest pairs of pictures, six each."""
    table = results.disagreements
    if table.empty:
        return []
    strongest = table.sort_values("strength", ascending=False, kind="stable")
    all_splits = []
    for (encoder, other), rows in strongest.groupby(["encoder", "other"], sort=False):
        first = rows.head(PAIRS_OF_A_SPLIT)
        pairs = list(zip(first["image"].astype(str), first["partner"].astype(str), strict=True))
        all_splits.append(Split(str(encoder), str(other), pairs))
    return all_splits[:SPLITS]


def disputed(results: Results) -> Dispute | None:
    """Return the twelve images on which encoders disagree most, of copies one; None if none."""
    images = results.images
    if "disagreement" not in images or not (images["disagreement"] > 0).any():
        return None
    rows = images[images["disagreement"] > 0]
    rows = rows.sort_values("disagreement", ascending=False, kind="stable")
    if "group" in rows:
        rows = rows.drop_duplicates("group")
    rows = rows.head(DISPUTED)
    shares = (100 * rows["disagreement"]).round().astype(int)
    return Dispute(rows["image"].astype(str).tolist(), int(shares.min()), int(shares.max()))
