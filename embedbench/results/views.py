"""Rows of `Results` that several readers need."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pandas as pd

from embedbench.errors import InputError
from embedbench.results.results import Results
from embedbench.results.schema import K_CRITERIA
from embedbench.utils.text import safe_names

__all__ = [
    "MEASURED",
    "assignments",
    "chosen_k",
    "encoder_named",
    "fastest",
    "fastest_of",
    "headline_pairs",
    "headline_rows",
    "members_of",
    "neighbours",
    "ranked",
    "space_names",
    "started",
    "timings_of",
    "with_timings",
]


def chosen_k(elbow: pd.DataFrame, criterion: str) -> int | None:
    """Return the k that a criterion chose for one encoder; None if it found no clear k."""
    chosen = elbow.loc[[criterion in str(text).split(",") for text in elbow["chosen"]], "k"]
    return int(chosen.iloc[0]) if len(chosen) else None


def space_names(results: Results) -> dict[str, str]:
    """Return the file prefix of the figures of each space but the first."""
    return {space: f"space_{name}" for space, name in safe_names(results.spaces[1:]).items()}


def headline_rows(results: Results) -> pd.DataFrame:
    """Return the rows that compare encoders: the first space, at the shared k."""
    rows = results.comparison
    shared = (rows["space"] == rows["space"].iloc[0]) & ~rows["k_from"].isin(K_CRITERIA)
    headline: pd.DataFrame = rows[shared].drop_duplicates(["encoder", "clusterer"])
    return headline


def ranked(results: Results) -> list[str]:
    """Return the encoders that were compared, by their ranks; those without one last."""
    names = results.comparison["encoder"].astype(str).unique().tolist()
    if "rank" not in results.encoders:
        return names
    ranks = results.encoders.set_index("encoder")["rank"].astype(float)
    return [str(name) for name in ranks.reindex(names).sort_values(kind="stable").index]


def members_of(results: Results, encoder: str, space: str | None = None) -> pd.DataFrame:
    """Return the images of an encoder's main partitions, with their labels and thumbnails.

    Args:
        results: the comparison.
        encoder: the encoder of the partitions.
        space: the space that was clustered; the first one if None.
    """
    rows = results.silhouettes[results.silhouettes["encoder"] == encoder]
    rows = rows[rows["space"] == (space or results.spaces[0])]
    columns = [name for name in ("image", "truth", "thumbnail") if name in results.images]
    images = results.images[columns].drop_duplicates("image")
    return rows.drop(columns=["encoder", "space"]).merge(images, on="image", how="left")


def encoder_named(results: Results, name: str) -> str:
    """Return the whole name of an encoder, which may be given without its model: `timm`.

    Raises:
        InputError: there is no such encoder, or there are several.
    """
    names = results.encoders["encoder"].astype(str).tolist()
    if name in names:
        return name
    found = [one for one in names if one.startswith((f"{name}:", f"{name},"))]
    if len(found) == 1:
        return found[0]
    told = f"'{name}' may be {' or '.join(found)}" if found else f"no encoder '{name}'"
    raise InputError(told if found else f"{told}; there are: {', '.join(names)}")


def assignments(
    results: Results, encoder: str, clusterer: str | None = None, space: str | None = None
) -> pd.DataFrame:
    """Return the cluster of each image.

    Args:
        results: the comparison.
        encoder: whose vectors were clustered; see `encoder_named`.
        clusterer: the first one if None.
        space: that was clustered; the first one if None.

    Returns:
        A row for each image: `image`, `cluster` (-1 is noise), `name` of the cluster where it has
        one, `label` where it is known, `silhouette`.

    Raises:
        InputError: there are no such clusters.
    """
    encoder = encoder_named(results, encoder)
    clusterer = clusterer or str(results.comparison["clusterer"].iloc[0])
    space = space or results.spaces[0]
    rows = members_of(results, encoder, space)
    rows = rows[rows["clusterer"] == clusterer]
    if rows.empty:
        known = results.silhouettes[results.silhouettes["encoder"] == encoder]
        pairs = known[["clusterer", "space"]].astype(str).drop_duplicates()
        told = ", ".join(f"{one} in {where}" for one, where in pairs.itertuples(index=False))
        raise InputError(
            f"no clusters of '{encoder}' by '{clusterer}' in '{space}'; there are: {told or 'none'}"
        )
    named = results.clusters
    named = named[(named["encoder"] == encoder) & (named["clusterer"] == clusterer)]
    named = named[named["space"] == space]
    names = dict(zip(named["cluster"], named["name"], strict=True))
    labels = rows["truth"] if "truth" in rows else None
    table = pd.DataFrame(
        {
            "image": rows["image"].astype(str),
            "cluster": rows["cluster"],
            "name": rows["cluster"].map(names),
            "label": labels,
            "silhouette": rows["silhouette"],
        }
    )
    return table.reset_index(drop=True)


def neighbours(results: Results, image: str, encoder: str | None = None) -> pd.DataFrame:
    """Return the nearest other images of one image, by cosine.

    Args:
        results: the comparison.
        image: its name.
        encoder: whose vectors; those of all if None.

    Returns:
        Rows of the table `nearest` without `image`: `encoder, rank, neighbour, similarity`.

    Raises:
        InputError: there is no such image or encoder, or its neighbours were not kept.
    """
    if image not in set(results.images["image"].astype(str)):
        raise InputError(f"no image is named '{image}'")
    rows = results.nearest[results.nearest["image"].astype(str) == image]
    if encoder is not None:
        rows = rows[rows["encoder"] == encoder_named(results, encoder)]
    if rows.empty:
        of = f" by '{encoder}'" if encoder else ""
        raise InputError(f"the neighbours of '{image}'{of} are not in these results")
    return rows.drop(columns="image").reset_index(drop=True)


HEADLINE_METRIC = "ami"


def headline_pairs(results: Results) -> pd.DataFrame:
    """Return the rows of `Results.pairwise` for the AMI of the first clusterer."""
    pairs = results.pairwise
    if pairs.empty:
        return pairs
    first = results.comparison["clusterer"].iloc[0]
    headline: pd.DataFrame = pairs[
        (pairs["clusterer"] == first) & (pairs["metric"] == HEADLINE_METRIC)
    ]
    return headline


MEASURED = ("images_per_second", "latency_ms", "load_seconds", "peak_memory_mb")
"""What is measured of each encoder."""


def with_timings(results: Results) -> pd.DataFrame:
    """Return `Results.encoders` with a column for each of `MEASURED`; nan where not known."""
    columns = {
        name: results.encoders["encoder"].map(timings_of(results, name)).astype(float)
        for name in MEASURED
    }
    return results.encoders.assign(**columns)


def timings_of(results: Results, quantity: str) -> dict[str, float]:
    """Return a quantity that was measured once for each encoder, of those that have it."""
    rows = results.timings
    of_encoders = (rows["encoder"] != "") & (rows["clusterer"] == "")
    rows = rows[of_encoders & (rows["quantity"] == quantity)]
    return dict(zip(rows["encoder"].astype(str), rows["value"].astype(float), strict=True))


def started(results: Results) -> datetime | None:
    """Return when the run started; None where it is not known."""
    rows = results.timings
    times = rows.loc[(rows["quantity"] == "started") & (rows["encoder"] == ""), "value"]
    if times.empty:
        return None
    try:
        return datetime.fromtimestamp(float(times.iloc[0]), UTC)
    except (ValueError, OverflowError, OSError):  # a run folder may come from others
        return None


def fastest(results: Results) -> str | None:
    """Return the fastest of the encoders that the verdict names; None where no speed is known."""
    return fastest_of(results.run["verdict"]["group"], timings_of(results, "images_per_second"))


def fastest_of(group: Sequence[str], speeds: Mapping[str, float]) -> str | None:
    """Return the encoder of a group with the highest speed; None where no speed is known."""
    known = [name for name in group if name in speeds]
    return max(known, key=speeds.__getitem__) if known else None
