"""Domains on the page: each alone, whether clusters follow it, and its worst images."""

from collections import Counter
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from embedbench.analysis.robustness.domain_shift import DomainAlignment, alignment_sentence
from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.report.tables import (
    NOTHING,
    Cell,
    Column,
    Row,
    bar,
    comparison_columns,
    format_value,
    has_bar,
    interval_text,
)
from embedbench.results.results import Results
from embedbench.results.views import ranked

__all__ = ["DomainTable", "DomainsPart", "WorstPictures", "domains_part"]

_WITH_LABELS = ("ami", "ari", "accuracy", "knn_accuracy", "retrieval_map", "linear_probe")
_WITHOUT_LABELS = ("stability", "hubness", "intrinsic_dimension", "effective_rank")
_OF_CLUSTERS = {metric.name for metric in METRICS}
_HEADINGS = {"domain": "domain", "other": "minus", "images": "images", "k": "k"}


@dataclass(frozen=True)
class DomainTable:
    """A table: whose clusters it is of, its columns and rows."""

    clusterer: str
    columns: list[Column]
    rows: list[Row]


@dataclass(frozen=True)
class WorstPictures:
    """The images with an encoder's lowest scores, by their names, for each domain."""

    encoder: str
    by_domain: list[tuple[str, list[str]]]


@dataclass(frozen=True)
class DomainsPart:
    """What the page says about domains.

    Attributes:
        sentences: in HTML, every foreign word escaped.
        warnings: on encoders whose clusters follow the domain more than the labels.
        alignment: sentences on the others.
        tables: the metrics of each domain, a table for each clusterer.
        pairs: how metrics move between domains.
        worst: the pictures on which each encoder does worst, the best-ranked encoder first.
        has_truth: whether labels are known.
    """

    sentences: list[Markup]
    warnings: list[Markup]
    alignment: list[Markup]
    tables: list[DomainTable]
    pairs: DomainTable | None
    worst: list[WorstPictures]
    has_truth: bool

    @property
    def images(self) -> set[str]:
        """The names of the images that it shows."""
        return {
            name for pictures in self.worst for _, names in pictures.by_domain for name in names
        }


def domains_part(results: Results) -> DomainsPart | None:
    """Return what the page says about domains; None without any."""
    if results.domains.empty and results.domain_alignment.empty:
        return None
    encoders = ranked(results)
    warnings, sentences = _alignment(results, encoders)
    return DomainsPart(
        sentences=_sentences(results),
        warnings=warnings,
        alignment=sentences,
        tables=_tables(results, encoders),
        pairs=_pairs(results, encoders),
        worst=_worst(results, encoders),
        has_truth=results.has_truth,
    )


def _first(results: Results) -> str:
    return str(results.comparison["clusterer"].iloc[0])


def _sentences(results: Results) -> list[Markup]:
    """Return which domain is hardest, which encoder leads in each, and which were left out."""
    metric, heading = ("ami", "AMI") if results.has_truth else ("stability", "stability")
    table = results.domains
    sentences = []
    rows = table if table.empty else table.dropna(subset=["value"])
    if len(rows):
        rows = rows[(rows["metric"] == metric) & (rows["clusterer"] == _first(results))]
    if len(rows) and rows["domain"].nunique() > 1:
        values = rows.pivot(index="encoder", columns="domain", values="value")
        by = Markup("By {} with {}, each domain alone, ").format(heading, _first(results))
        sentences += [by + _extremes(values)]
        if len(values) > 1 and results.has_truth:
            order = [name for name in ranked(results) if name in values.index]
            leads = [
                Markup("{} on {}").format(_leaders(values.loc[order, domain]), domain)
                for domain in rows["domain"].unique()
            ]
            sentences.append(Markup("Highest measured value: {}.").format(Markup(", ").join(leads)))
    left_out = results.failures[results.failures["what"] == "domain"]
    left_out = left_out.drop_duplicates(["name", "error"])
    sentences += [
        Markup("<strong>{}</strong> was left out: {}.").format(row["name"], row["error"])
        for _, row in left_out.iterrows()
    ]
    return sentences


def _leaders(values: pd.Series) -> Markup:
    """Return the encoders of the highest value, to the two digits that intervals have."""
    rounded = values.round(2)
    names = [str(name) for name in values.index[rounded == rounded.max()]]
    shown = names if len(names) < 3 else [names[0], f"{len(names) - 1} others"]
    return Markup(" and ").join(Markup("<strong>{}</strong>").format(name) for name in shown)


def _extremes(values: pd.DataFrame) -> Markup:
    """Return on which domains the encoders (rows) do best and worst."""
    if (values.max(axis=1) == values.min(axis=1)).all():
        who = "every encoder does" if len(values) > 1 else "the encoder does"
        return Markup("{} equally well on all domains.").format(who)
    pairs = Counter(zip(values.idxmax(axis=1), values.idxmin(axis=1), strict=True))
    (easy, hard), times = pairs.most_common(1)[0]
    if times == len(values):
        who = "every encoder does" if times > 1 else "the encoder does"
    elif times > 1:
        who = f"{times} of {len(values)} encoders do"
    else:
        return Markup("no two encoders agree on the easiest and the hardest domain.")
    return Markup("{} best on <strong>{}</strong> and worst on <strong>{}</strong>.").format(
        who, easy, hard
    )


def _alignment(results: Results, encoders: list[str]) -> tuple[list[Markup], list[Markup]]:
    """Return the warnings, and a sentence on each other encoder."""
    warnings: list[Markup] = []
    sentences: list[Markup] = []
    rows = {str(row["encoder"]): row for _, row in results.domain_alignment.iterrows()}
    if len(rows) > 1 and results.domain_alignment["p"].isna().all():
        text = (
            "No label is in two domains, so nobody can tell whether clusters follow the domain or "
            "the labels."
        )
        return [], [Markup(text)]
    for encoder in (name for name in encoders if name in rows):
        row = rows[encoder]
        alignment = DomainAlignment(
            *(float(row[name]) for name in ("ami", "null", "p", "label_ami"))
        )
        text = alignment_sentence(encoder, alignment)
        sentence = Markup("<strong>{}</strong>{}.").format(encoder, text.removeprefix(encoder))
        (warnings if alignment.is_shortcut else sentences).append(sentence)
    return warnings, sentences


def _tables(results: Results, encoders: list[str]) -> list[DomainTable]:
    """Return a table for each clusterer; the first also has the metrics of the vectors."""
    wanted = [*(_WITH_LABELS if results.has_truth else _WITHOUT_LABELS), "silhouette"]
    tables: list[DomainTable] = []
    if results.domains.empty:
        return tables
    clusterers = [name for name in results.domains["clusterer"].unique() if name]
    for clusterer in clusterers:
        of_vectors = [""] if clusterer == clusterers[0] else []
        rows = results.domains[results.domains["clusterer"].isin([clusterer, *of_vectors])]
        measured_metrics = set(rows.dropna(subset=["value"])["metric"])
        names = [name for name in wanted if name in measured_metrics]
        if not of_vectors:
            names = [name for name in names if name in _OF_CLUSTERS]
        tables.append(_domain_table(str(clusterer), rows, names, encoders))
    return tables


def _domain_table(
    clusterer: str, rows: pd.DataFrame, metrics: list[str], encoders: list[str]
) -> DomainTable:
    """Return a row for each domain and encoder, the encoders of one domain together."""
    cells = {(str(row["domain"]), str(row["encoder"]), str(row["metric"])): row
             for _, row in rows.iterrows()}  # fmt: skip
    table_rows = []
    for index, domain in enumerate(rows["domain"].astype(str).unique()):
        group = rows[rows["domain"] == domain].drop_duplicates("encoder").set_index("encoder")
        for number, encoder in enumerate(name for name in encoders if name in group.index):
            about = [
                encoder,
                domain,
                *(format_value(n, group[n][encoder]) for n in ("images", "k")),
            ]
            numbers = [_cell(name, cells.get((domain, encoder, name))) for name in metrics]
            starts = bool(index and number == 0)
            table_rows.append(Row(encoder, [*map(Cell, about), *numbers], starts))
    return DomainTable(clusterer, _columns(["domain", "images", "k"], metrics), table_rows)


def _columns(about: list[str], metrics: list[str]) -> list[Column]:
    described = [Column(name, _HEADINGS[name], "", "", name in {"images", "k"}) for name in about]
    encoder, *numbers = comparison_columns(["encoder", *metrics])
    return [encoder, *described, *numbers]


def _cell(metric: str, row: pd.Series | None) -> Cell:
    if row is None or pd.isna(row["value"]):
        return Cell(NOTHING)
    low, high = row["low"], row["high"]
    span = bar(row["value"], low, high) if has_bar(metric) else None
    return Cell(format_value(metric, row["value"]), span=span, interval=interval_text(low, high))


def _pairs(results: Results, encoders: list[str]) -> DomainTable | None:
    """Return the differences in the main metrics between two domains; None without a pair."""
    clusterer, table = _first(results), results.domain_pairs
    if table.empty:
        return None
    # Hubness and dimensions depend on how many images there are.
    wanted = [*(_WITH_LABELS if results.has_truth else ["stability"]), "silhouette"]
    rows = table[table["clusterer"].isin([clusterer, ""]) & table["metric"].isin(wanted)]
    if rows.empty:
        return None
    metrics = [name for name in wanted if name in set(rows["metric"])]
    cells = {tuple(str(row[name]) for name in ("domain", "other", "encoder", "metric")): row
             for _, row in rows.iterrows()}  # fmt: skip
    table_rows: list[Row] = []
    pairs = rows[["domain", "other"]].astype(str).drop_duplicates()
    for domain, other in pairs.itertuples(index=False):
        present = rows[(rows["domain"] == domain) & (rows["other"] == other)]["encoder"].unique()
        for number, encoder in enumerate(name for name in encoders if name in set(present)):
            numbers = [_moved(cells.get((domain, other, encoder, name))) for name in metrics]
            about = [Cell(encoder), Cell(domain), Cell(other)]
            table_rows.append(Row(encoder, [*about, *numbers], bool(table_rows and number == 0)))
    return DomainTable(clusterer, _columns(["domain", "other"], metrics), table_rows)


def _moved(row: pd.Series | None) -> Cell:
    """Return a difference, marked where its interval holds 0."""
    if row is None:
        return Cell(NOTHING)
    low, high = row["difference_low"], row["difference_high"]
    near = pd.notna(low) and low <= 0 <= high
    text = f"{row['difference']:+.3f}".replace("+0.000", "0.000").replace("-0.000", "0.000")
    return Cell(text, "near" if near else "", interval=interval_text(low, high))


def _worst(results: Results, encoders: list[str]) -> list[WorstPictures]:
    worst: list[WorstPictures] = []
    if results.worst_images.empty:
        return worst
    for encoder in encoders:
        rows = results.worst_images[results.worst_images["encoder"] == encoder]
        by_domain = [
            (str(domain), group["image"].astype(str).tolist())
            for domain, group in rows.groupby("domain", sort=False)
        ]
        if by_domain:
            worst.append(WorstPictures(encoder, by_domain))
    return worst
