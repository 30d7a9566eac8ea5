"""The page as a whole: what each section shows, and the file it is written to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from embedbench.plots import drawings, headline_rows
from embedbench.plots.drawings import members_of
from embedbench.plots.style import cluster_colour, cluster_name, encoder_colours, in_order, shorten
from embedbench.report.pictures import EmbeddedFigure, embed_figure, thumbnail_data
from embedbench.report.summary import count, summary
from embedbench.report.tables import (
    Column,
    comparison_columns,
    comparison_table,
    format_value,
    plain_table,
)
from embedbench.results import CRITERIA, Results

__all__ = ["write_report"]

STRIP_PICTURES = 14
ALL_PICTURES_UP_TO = 2000
"""Of more images than this, each cluster shows its first strip only: the file stays small."""


@dataclass(frozen=True)
class Strip:
    """One cluster: its heading, its numbers, its colour, its pictures by their names."""

    heading: str
    size: int
    silhouette: str
    margin: str
    nearest: str
    colour: str
    first: list[str]
    rest: list[str]


@dataclass(frozen=True)
class ClustererPart:
    """One clusterer in an encoder's section."""

    name: str
    figures: list[EmbeddedFigure]
    strips: list[Strip]


@dataclass(frozen=True)
class EncoderPart:
    """One encoder's section; of an encoder that failed, its error alone."""

    name: str
    anchor: str
    colour: str
    error: str
    facts: str
    maps: list[EmbeddedFigure]
    elbow: EmbeddedFigure | None
    clusterers: list[ClustererPart]


def write_report(results: Results, folder: Path) -> Path:
    """Write `folder/report.html`, one file that needs no other and no network, and return it.

    Figures are those in `folder/figures`; what is not there yet is drawn there first.
    """
    embedded = {
        drawing.file: (drawing.encoder, embed_figure(drawing, folder / "figures"))
        for drawing in drawings(results)
        if not drawing.file.endswith("contact_sheet.jpg")
    }
    thumbnails = thumbnail_data(results.images)
    encoders = _encoders(results, embedded)
    used = {
        name
        for encoder in encoders
        for part in encoder.clusterers
        for strip in part.strips
        for name in (*strip.first, *strip.rest)
    }
    page = _template().render(
        title=_title(results),
        subtitle=_subtitle(results),
        summary=summary(results),
        comparison_figure=embedded["comparison.png"][1],
        tables=_comparison(results),
        colours=encoder_colours(results.encoders["encoder"].astype(str)),
        encoder_table=plain_table(_status_first(results.encoders)),
        encoders=encoders,
        # The number is the name of a class in the style sheet: names of files never go there.
        thumbnails={name: number for number, name in enumerate(sorted(used & set(thumbnails)))},
        thumbnail_data=thumbnails,
        failures=plain_table(results.failures),
        command=str(results.run.get("command") or ""),
        record=_flat({k: v for k, v in results.run.items() if k not in {"command", "schema"}}),
        shorten=shorten,
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def _template() -> Template:
    """Return the page's template; what is put into it is escaped."""
    files = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return files.get_template("template.html.j2")


def _title(results: Results) -> str:
    encoders = count(results.comparison["encoder"].nunique(), "encoder")
    source = str(results.run.get("source") or "")
    return f"{encoders} on {PurePath(source).name or source}" if source else f"{encoders} compared"


def _subtitle(results: Results) -> list[str]:
    parts = [count(len(results.images), "image")]
    if results.has_truth and "truth" in results.images:
        parts.append(count(int(results.images["truth"].nunique()), "class"))
    started = str(results.run.get("started") or "")
    try:
        day = datetime.fromisoformat(started)
        parts.append(f"{day.day} {day:%B %Y}")
    except ValueError:
        parts.extend([started] if started else [])
    return parts


def _comparison(results: Results) -> dict[str, Any]:
    table = results.comparison
    headline = headline_rows(results)
    if results.has_truth:
        order = headline["ami"].rank(ascending=False, method="first", na_option="bottom")
        headline = headline.loc[order.sort_values().index]
    first_space = table["space"] == table["space"].iloc[0]
    own_k = table[first_space & table["k_from"].isin(CRITERIA)]
    other_spaces = table[~first_space & ~table["k_from"].isin(CRITERIA)]
    left_out = {"ami_low", "ami_high"} | ({"space"} if first_space.all() else set())
    columns = comparison_columns(
        name for name in results.headline_columns() if name not in left_out
    )
    every = comparison_columns(table.columns)
    return {
        "columns": columns,
        "headline": comparison_table(headline, columns, marked=True),
        "own_k": comparison_table(own_k, columns, marked=False),
        "other_spaces": comparison_table(other_spaces, columns, marked=False),
        "every_column": every,
        "every": comparison_table(table, every, marked=False),
        "meanings": [column for column in columns if column.sentence],
        "other_meanings": [column for column in every if _is_new(column, columns)],
        "compared": results.has_truth,
    }


def _is_new(column: Column, known: list[Column]) -> bool:
    """Whether a column needs a sentence beyond those of the columns known."""
    twin = column.name.endswith("_clustered")
    return bool(column.sentence) and column not in known and not twin


def _encoders(
    results: Results, embedded: Mapping[str, tuple[str | None, EmbeddedFigure]]
) -> list[EncoderPart]:
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    parts = []
    for number, (_, row) in enumerate(results.encoders.iterrows(), start=1):
        name = str(row["encoder"])
        mine = {
            file.split("/")[-1]: found for file, (owner, found) in embedded.items() if owner == name
        }
        failed = row.get("status") == "failed"
        parts.append(
            EncoderPart(
                name=name,
                anchor=f"encoder-{number}",
                colour=colours[name],
                error=format_value("error", row.get("error")) if failed else "",
                facts=_facts(row),
                maps=[found for file, found in mine.items() if file.startswith("map_")],
                elbow=mine.get("elbow.png"),
                clusterers=_clusterers(results, name, mine),
            )
        )
    return parts


def _status_first(encoders: pd.DataFrame) -> pd.DataFrame:
    """Return the table of encoders, status second; errors stand below it."""
    first = [name for name in ("encoder", "status") if name in encoders]
    return encoders[[*first, *encoders.columns.difference([*first, "error"], sort=False)]]


def _facts(row: pd.Series) -> str:
    """Return one line of what is known of an encoder."""
    known = [
        ("dim", "{} dimensions"),
        ("images_per_second", "{} images a second"),
        ("peak_memory_mb", "{} MB of memory"),
        ("parameters", "{} parameters"),
        ("licence", "{}"),
    ]
    found = [(format_value(name, row.get(name)), text) for name, text in known]
    return " · ".join(text.format(value) for value, text in found if value != "–")


def _clusterers(
    results: Results, encoder: str, figures: Mapping[str, EmbeddedFigure]
) -> list[ClustererPart]:
    """Return the parts of an encoder's clusterers; the first has all its pictures."""
    members = members_of(results, encoder)
    clusters = results.clusters[results.clusters["encoder"] == encoder]
    parts: list[ClustererPart] = []
    for number, name in enumerate(members["clusterer"].unique(), start=1):
        mine = [
            found
            for file, found in figures.items()
            if file.startswith((f"silhouette_{number:02d}", f"classes_{number:02d}"))
        ]
        everything = not parts and len(results.images) <= ALL_PICTURES_UP_TO
        rows = members[members["clusterer"] == name].sort_values("medoid_distance", kind="stable")
        table = clusters[clusters["clusterer"] == name].set_index("cluster")
        parts.append(ClustererPart(str(name), mine, _strips(rows, table, everything)))
    return parts


def _strips(members: pd.DataFrame, clusters: pd.DataFrame, everything: bool) -> list[Strip]:
    """Return one strip a cluster, in the order of their numbers, noise last."""
    strips = []
    for cluster in in_order(members["cluster"]):
        names = members.loc[members["cluster"] == cluster, "image"].astype(str).tolist()
        row = clusters.loc[cluster] if cluster in clusters.index else pd.Series(dtype=object)
        name = format_value("name", row.get("name"))
        strips.append(
            Strip(
                heading=cluster_name(cluster, "" if name == "–" else name),
                size=len(names),
                silhouette=format_value("silhouette", row.get("silhouette")),
                margin="" if name == "–" else format_value("name_margin", row.get("name_margin")),
                nearest=_nearest(row) if name == "–" else "",
                colour=cluster_colour(cluster),
                first=names[:STRIP_PICTURES],
                rest=names[STRIP_PICTURES:] if everything else [],
            )
        )
    return strips


def _nearest(cluster: Any) -> str:
    """Return the word that fits a cluster's row best though no good name; "" without words."""
    word = format_value("nearest_word", cluster.get("nearest_word"))
    return "" if word == "–" else word


def _flat(record: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return what the run tells of itself, one line a value, in the order of the names."""
    lines: list[tuple[str, str]] = []
    for key, value in sorted(record.items()):
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            lines += _flat(value, f"{name} · ")
        elif isinstance(value, (list, tuple)):
            lines.append((name, ", ".join(str(part) for part in value)))
        elif value is not None and value != "":
            lines.append((name, str(value)))
    return [(name, text) for name, text in lines if text]
