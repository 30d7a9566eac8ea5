"""Which figures a comparison has, and from which rows each is drawn."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from embedbench.analysis.projections import PROJECTIONS
from embedbench.report.charts.robustness import main_curve
from embedbench.report.looks import MAP_TITLES, encoder_colours
from embedbench.report.plots.aligned import aligned_figure, highlights, variance_figure
from embedbench.report.plots.charts import (
    agreement_figure,
    classes_figure,
    elbow_figure,
    silhouette_chart,
    silhouette_figure,
)
from embedbench.report.plots.domains import composition_figure, domains_figure
from embedbench.report.plots.figure_spec import FigureSpec
from embedbench.report.plots.maps import contact_sheet, map_figure, picture_map
from embedbench.report.plots.ranks import pareto_figure, ranks_figure, signals_figure
from embedbench.report.plots.robustness import contamination_figure, curves_figure
from embedbench.report.plots.similarity import similarity_figure
from embedbench.results.purposes import leading_rows, metric_heading, quality_and_speed
from embedbench.results.results import Results
from embedbench.results.schema import NEIGHBOUR_RETENTION, SIGNALS
from embedbench.results.views import (
    headline_rows,
    members_of,
    ranked,
    space_names,
)
from embedbench.utils.text import safe_names, shorten

__all__ = ["figure_specs"]


def figure_specs(results: Results) -> list[FigureSpec]:
    """Return the figures that these results have, those of all encoders first."""
    specs = [*_comparison(results), *_sureness(results), *_pareto(results)]
    specs += [*_similarity(results), *_together(results), *_conditions(results)]
    folders = safe_names(results.encoders["encoder"].astype(str).tolist())
    colours = encoder_colours(folders)
    for encoder, folder in folders.items():
        members = members_of(results, encoder)
        specs += _elbow(results, encoder, folder, colours[encoder])
        specs += _maps(results, encoder, folder, members)
        specs += _partitions(encoder, folder, members)
        for space, name in space_names(results).items():
            specs += _other_space(results, encoder, f"{folder}/{name}", space)
    return specs


def _comparison(results: Results) -> Iterator[FigureSpec]:
    rows = headline_rows(results)
    draw, title = partial(silhouette_chart, rows), "silhouette of every clusterer by encoder"
    if results.has_truth:
        draw, title = partial(agreement_figure, rows), "agreement of every encoder with the labels"
    yield FigureSpec("comparison.png", title, None, draw)


def _sureness(results: Results) -> Iterator[FigureSpec]:
    """Yield the ranks with labels, else the two signals; nothing where there is no number."""
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    names = ranked(results)
    if results.has_truth and "rank" in results.encoders:
        ranks = results.encoders.set_index("encoder").reindex(names).dropna(subset=["rank"])
        if len(ranks):
            clusterer = shorten(str(results.comparison["clusterer"].iloc[0]))
            title = f"Rank by AMI, {clusterer}, with 95 % intervals"
            draw = partial(ranks_figure, ranks.reset_index(), colours, title)
            title = "rank of every encoder with its interval"
            yield FigureSpec("ranks.png", title, None, draw)
    elif not results.has_truth:
        rows = results.label_free[results.label_free["criterion"].isin(SIGNALS)]
        if rows["value"].notna().any():
            draw = partial(signals_figure, rows, names, colours)
            title = "cluster retention and consensus of every encoder with the value by chance"
            yield FigureSpec("signals.png", title, None, draw)


def _pareto(results: Results) -> Iterator[FigureSpec]:
    """Yield the metric that leads against speed, where both are known of two encoders."""
    points = quality_and_speed(results)
    if len(points) > 1:
        metric = metric_heading(str(leading_rows(results)["metric"].iloc[0]))
        colours = encoder_colours(results.encoders["encoder"].astype(str))
        draw = partial(pareto_figure, points, colours, metric)
        yield FigureSpec("pareto.png", f"{metric} of every encoder against its speed", None, draw)


def _similarity(results: Results) -> Iterator[FigureSpec]:
    if len(results.similarity):
        draw = partial(similarity_figure, results.similarity)
        title = "how alike each two encoders are"
        yield FigureSpec("similarity.png", title, None, draw)


def _together(results: Results) -> Iterator[FigureSpec]:
    """Yield the maps of all encoders side by side, by label or by the first one's clusters."""
    encoders = [name for name in ranked(results) if name in set(results.projections["encoder"])]
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    if len(results.variance):
        draw = partial(variance_figure, results.variance, colours)
        title = "share of the variance in the first principal components of every encoder"
        yield FigureSpec("variance.png", title, None, draw)
    if len(encoders) < 2:
        return
    members = members_of(results, encoders[0])
    members = members[members["clusterer"] == members["clusterer"].iloc[0]]
    codes, coloured = members["cluster"], f"clusters of {shorten(encoders[0], 40)}"
    if "truth" in members and members["truth"].notna().any():
        codes, coloured = pd.Series(pd.factorize(members["truth"], sort=True)[0]), "labels"
    code_of = dict(zip(members["image"].astype(str), codes.astype(int), strict=True))
    images = results.images.set_index("image")
    # Of many images a sample lies on the maps.
    followed = highlights(members[members["image"].isin(results.projections["image"])])
    shown = {name: images["thumbnail"][name] for name in followed} if "thumbnail" in images else {}
    projections = results.projections.set_index("encoder").loc[encoders].reset_index()
    for kind in sorted(projections["projection"].unique(), reverse=True):
        title = f"{MAP_TITLES.get(kind, kind)}, rotated to match, by {coloured}"
        draw = partial(
            aligned_figure, projections[projections["projection"] == kind], code_of, shown, title
        )
        yield FigureSpec(
            f"maps_{kind}.jpg", f"{title}: all encoders", None, draw, photographic=True
        )


def _conditions(results: Results) -> Iterator[FigureSpec]:
    """Yield the charts of corruptions, contamination and domains; each only if it was measured."""
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    if len(results.robustness):
        clusterer, metric = main_curve(results.robustness)
        shown = [(clusterer, metric)] + [("", NEIGHBOUR_RETENTION)] * (
            metric != NEIGHBOUR_RETENTION
        )
        for clusterer, metric in shown:
            draw = partial(curves_figure, results.robustness, colours, clusterer, metric)
            heading = "AMI" if metric == "ami" else metric.replace("_", " ").capitalize()
            title = f"{heading} over the severity of each corruption"
            yield FigureSpec(f"robustness_{metric}.png", title, None, draw)
    if len(results.contamination):
        draw = partial(contamination_figure, results.contamination, colours)
        yield FigureSpec("contamination.png", "where the mixed-in images end up", None, draw)
    if len(results.domains):
        rows = results.domains.set_index("encoder").loc[
            [name for name in ranked(results) if name in set(results.domains["encoder"])]
        ]
        clusterer = str(results.comparison["clusterer"].iloc[0])
        draw = partial(domains_figure, rows.reset_index(), colours, clusterer)
        yield FigureSpec("domains.png", "every encoder on every domain alone", None, draw)
    rows = results.composition[results.composition["by"] == "domain"]
    folders = safe_names(results.encoders["encoder"].astype(str).tolist())
    for encoder, encoder_rows in rows.groupby("encoder", sort=False):
        first = str(encoder_rows["clusterer"].iloc[0])
        title = f"Clusters of {shorten(first, 16)} and domains, {shorten(str(encoder), 26)}"
        draw = partial(composition_figure, encoder_rows[encoder_rows["clusterer"] == first], title)
        yield FigureSpec(f"domains_{folders[str(encoder)]}.png", title, None, draw)


def _elbow(results: Results, encoder: str, folder: str, colour: str) -> Iterator[FigureSpec]:
    rows = results.elbow[results.elbow["encoder"] == encoder]
    if len(rows) > 1:
        draw = partial(elbow_figure, rows, encoder, colour)
        title = f"inertia, silhouette and gap over the number of clusters, {encoder}"
        yield FigureSpec(f"{folder}/elbow.png", title, encoder, draw)


def _maps(
    results: Results, encoder: str, folder: str, members: pd.DataFrame
) -> Iterator[FigureSpec]:
    if members.empty:
        return
    first = members["clusterer"].iloc[0]
    assignments = members[members["clusterer"] == first]
    names = _cluster_names(results, encoder, first)
    projections = results.projections[results.projections["encoder"] == encoder]
    for kind in sorted(projections["projection"].unique(), reverse=True):
        points = assignments.merge(
            projections.loc[projections["projection"] == kind, ["image", "x", "y"]], on="image"
        )
        title = f"{MAP_TITLES.get(kind, kind)} map, {first}, {shorten(encoder, 50)}"
        if len(points) < len(assignments):
            title += f", {len(points):,} of {len(assignments):,} images"
        shares = _shares(results, encoder) if kind == "pca" else None
        draw = partial(map_figure, points, names, title, shares)
        yield FigureSpec(f"{folder}/map_{kind}.png", title, encoder, draw)
        if "thumbnail" in points:
            draw = partial(picture_map, points, title)
            file = f"{folder}/map_{kind}_pictures.jpg"
            yield FigureSpec(file, f"{title}, as pictures", encoder, draw, photographic=True)
    if "thumbnail" in assignments:
        title = f"Clusters of {first}, {shorten(encoder, 60)}"
        draw = partial(contact_sheet, assignments, names, title)
        yield FigureSpec(f"{folder}/contact_sheet.jpg", title, encoder, draw, photographic=True)


def _partitions(encoder: str, folder: str, members: pd.DataFrame) -> Iterator[FigureSpec]:
    clusterers = members["clusterer"].astype(str)
    for clusterer, name in safe_names(clusterers.tolist()).items():
        rows = members[clusterers == clusterer]
        title = f"Silhouettes, {shorten(clusterer)}"
        draw = partial(silhouette_figure, rows, title)
        yield FigureSpec(f"{folder}/silhouette_{name}.png", f"{title}, {encoder}", encoder, draw)
        if "truth" in rows and rows["truth"].notna().any():
            title = f"Clusters and classes, {shorten(clusterer)}"
            draw = partial(classes_figure, rows["cluster"], rows["truth"], title)
            yield FigureSpec(f"{folder}/classes_{name}.png", f"{title}, {encoder}", encoder, draw)


def _other_space(results: Results, encoder: str, file: str, space: str) -> Iterator[FigureSpec]:
    """Yield the map and the silhouettes of the clusters found in another space."""
    members = members_of(results, encoder, space)
    if members.empty:
        return
    first = members["clusterer"].iloc[0]
    assignments = members[members["clusterer"] == first]
    kind = next((kind for kind, plane in PROJECTIONS.items() if plane == space), None)
    projections = results.projections[
        (results.projections["encoder"] == encoder) & (results.projections["projection"] == kind)
    ]
    title = f"Clusters found in {space}, {first}, {shorten(encoder, 50)}"
    if len(projections):
        points = assignments.merge(projections[["image", "x", "y"]], on="image")
        draw = partial(map_figure, points, {}, title)
        yield FigureSpec(f"{file}_map.png", title, encoder, draw)
        if "thumbnail" in points:
            draw = partial(picture_map, points, title)
            yield FigureSpec(
                f"{file}_pictures.jpg", f"{title}, as pictures", encoder, draw, photographic=True
            )
    draw = partial(silhouette_figure, assignments, f"Silhouettes in {space}, {shorten(first)}")
    title = f"Silhouettes in {space}, {first}, {encoder}"
    yield FigureSpec(f"{file}_silhouettes.png", title, encoder, draw)


def _shares(results: Results, encoder: str) -> tuple[float, float] | None:
    """Return the shares of the variance along the two axes of an encoder's PCA map."""
    rows = results.variance[results.variance["encoder"] == encoder]
    shares = rows.sort_values("component")["share"].astype(float).tolist()[:2]
    return (shares[0], shares[1]) if len(shares) == 2 else None


def _cluster_names(results: Results, encoder: str, clusterer: str) -> dict[int, str]:
    rows = results.clusters[results.clusters["space"] == results.spaces[0]]
    rows = rows[(rows["encoder"] == encoder) & (rows["clusterer"] == clusterer)]
    named = rows.dropna(subset=["name"])
    return dict(zip(named["cluster"].astype(int), named["name"].astype(str), strict=True))
