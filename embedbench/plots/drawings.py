"""Which figures a comparison has, and from which rows each is drawn."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from embedbench.plots.charts import (
    agreement_figure,
    classes_figure,
    elbow_figure,
    silhouette_chart,
    silhouette_figure,
)
from embedbench.plots.maps import contact_sheet, map_figure, picture_map
from embedbench.plots.ranks import WITNESSES, ranks_figure, witnesses_figure
from embedbench.plots.similarity import similarity_figure
from embedbench.plots.style import encoder_colours, safe_names, save, shorten
from embedbench.results import CRITERIA, Results

__all__ = [
    "Drawing",
    "draw_figures",
    "drawings",
    "headline_rows",
    "members_of",
    "ranked",
]

MAP_TITLES = {"pca": "PCA", "tsne": "t-SNE"}


@dataclass(frozen=True)
class Drawing:
    """One figure to be.

    Attributes:
        file: where it goes in the folder `figures`.
        title: what it shows, for people who cannot see it.
        encoder: whose it is; None if it is of all.
        draw: makes it.
        photographic: whether it holds pictures.
    """

    file: str
    title: str
    encoder: str | None
    draw: Callable[[], Figure]
    photographic: bool = False


def draw_figures(results: Results, folder: Path) -> None:
    """Write every figure under `folder/figures`, a folder for each encoder.

    Charts are PNG, pictures JPEG. Silhouettes, and clusters against classes, are drawn for each
    clusterer; maps and contact sheets for the first clusterer only.
    """
    for drawing in drawings(results):
        save(drawing.draw(), folder / "figures" / drawing.file)


def drawings(results: Results) -> list[Drawing]:
    """Return the figures that these results have, in the order of the report."""
    found = [*_comparison(results), *_sureness(results), *_similarity(results)]
    folders = safe_names(results.encoders["encoder"].astype(str).tolist())
    colours = encoder_colours(folders)
    for encoder, folder in folders.items():
        members = members_of(results, encoder)
        found += _elbow(results, encoder, folder, colours[encoder])
        found += _maps(results, encoder, folder, members)
        found += _partitions(encoder, folder, members)
    return found


def headline_rows(results: Results) -> pd.DataFrame:
    """Return the rows that compare encoders: the first space, at the shared k."""
    rows = results.comparison
    shared = (rows["space"] == rows["space"].iloc[0]) & ~rows["k_from"].isin(CRITERIA)
    found: pd.DataFrame = rows[shared].drop_duplicates(["encoder", "clusterer"])
    return found


def ranked(results: Results) -> list[str]:
    """Return the encoders that were compared, by their ranks; those without one last."""
    names = results.comparison["encoder"].astype(str).unique().tolist()
    if "rank" not in results.encoders:
        return names
    ranks = results.encoders.set_index("encoder")["rank"].astype(float)
    return [str(name) for name in ranks.reindex(names).sort_values(kind="stable").index]


def members_of(results: Results, encoder: str) -> pd.DataFrame:
    """Return the images of an encoder's main partitions with what is known of each image."""
    rows = results.silhouettes[results.silhouettes["encoder"] == encoder]
    columns = [name for name in ("image", "truth", "thumbnail") if name in results.images]
    known = results.images[columns].drop_duplicates("image")
    return rows.drop(columns="encoder").merge(known, on="image", how="left")


def _comparison(results: Results) -> Iterator[Drawing]:
    rows = headline_rows(results)
    if results.has_truth:
        draw = partial(agreement_figure, rows)
        yield Drawing("comparison.png", "agreement of every encoder with the labels", None, draw)
    else:
        draw = partial(silhouette_chart, rows)
        yield Drawing("comparison.png", "silhouette of every clusterer by encoder", None, draw)


def _sureness(results: Results) -> Iterator[Drawing]:
    """Ranks where labels are known, else the two witnesses; nothing where there is no number."""
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    names = ranked(results)
    if results.has_truth and "rank" in results.encoders:
        ranks = results.encoders.set_index("encoder").reindex(names).dropna(subset=["rank"])
        if len(ranks):
            clusterer = shorten(str(results.comparison["clusterer"].iloc[0]))
            title = f"Rank by AMI, {clusterer}: dots as measured, lines what other images may give"
            draw = partial(ranks_figure, ranks.reset_index(), colours, title)
            yield Drawing("ranks.png", "rank of every encoder with its interval", None, draw)
    elif not results.has_truth:
        rows = results.criteria[results.criteria["criterion"].isin(WITNESSES)]
        if rows["value"].notna().any():
            draw = partial(witnesses_figure, rows, names, colours)
            title = "clusters kept and consensus of every encoder with what chance gives"
            yield Drawing("witnesses.png", title, None, draw)


def _similarity(results: Results) -> Iterator[Drawing]:
    if len(results.similarity):
        draw = partial(similarity_figure, results.similarity)
        yield Drawing("similarity.png", "how alike each two encoders are", None, draw)


def _elbow(results: Results, encoder: str, folder: str, colour: str) -> Iterator[Drawing]:
    rows = results.elbow[results.elbow["encoder"] == encoder]
    if len(rows) > 1:
        draw = partial(elbow_figure, rows, encoder, colour)
        title = f"inertia, silhouette and gap over the number of clusters, {encoder}"
        yield Drawing(f"{folder}/elbow.png", title, encoder, draw)


def _maps(results: Results, encoder: str, folder: str, members: pd.DataFrame) -> Iterator[Drawing]:
    if members.empty:
        return
    first = members["clusterer"].iloc[0]
    mine = members[members["clusterer"] == first]
    names = _cluster_names(results, encoder, first)
    places = results.maps[results.maps["encoder"] == encoder]
    for kind in sorted(places["map"].unique(), reverse=True):
        points = mine.merge(places.loc[places["map"] == kind, ["image", "x", "y"]], on="image")
        title = f"{MAP_TITLES.get(kind, kind)} map, {first}, {shorten(encoder, 50)}"
        draw = partial(map_figure, points, names, title)
        yield Drawing(f"{folder}/map_{kind}.png", title, encoder, draw)
        if "thumbnail" in points:
            draw = partial(picture_map, points, title)
            file = f"{folder}/map_{kind}_pictures.jpg"
            yield Drawing(file, f"{title}, as pictures", encoder, draw, photographic=True)
    if "thumbnail" in mine:
        title = f"Clusters of {first}, {shorten(encoder, 60)}"
        draw = partial(contact_sheet, mine, names, title)
        yield Drawing(f"{folder}/contact_sheet.jpg", title, encoder, draw, photographic=True)


def _partitions(encoder: str, folder: str, members: pd.DataFrame) -> Iterator[Drawing]:
    clusterers = members["clusterer"].astype(str)
    for clusterer, name in safe_names(clusterers.tolist()).items():
        rows = members[clusterers == clusterer]
        title = f"Silhouettes, {shorten(clusterer)}"
        draw = partial(silhouette_figure, rows, title)
        yield Drawing(f"{folder}/silhouette_{name}.png", f"{title}, {encoder}", encoder, draw)
        if "truth" in rows and rows["truth"].notna().any():
            title = f"Clusters and classes, {shorten(clusterer)}"
            draw = partial(classes_figure, rows["cluster"], rows["truth"], title)
            yield Drawing(f"{folder}/classes_{name}.png", f"{title}, {encoder}", encoder, draw)


def _cluster_names(results: Results, encoder: str, clusterer: str) -> dict[int, str]:
    rows = results.clusters
    rows = rows[(rows["encoder"] == encoder) & (rows["clusterer"] == clusterer)]
    named = rows.dropna(subset=["name"])
    return dict(zip(named["cluster"].astype(int), named["name"].astype(str), strict=True))
