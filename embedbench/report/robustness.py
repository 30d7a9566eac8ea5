"""Corrupted and mixed-in images on the page: robustness ranking, costs, contamination."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.metrics.embedding.catalogue import ENCODER_METRICS
from embedbench.report.tables import NOTHING, Cell, Column, Row, bar, interval_text
from embedbench.results.results import Results

__all__ = ["RobustnessPart", "robustness_part"]

_RANKING = {
    "retention": "neighbour retention",
    "cluster_changes": "change cluster",
    "ami_clean": "AMI, clean",
    "ami": "AMI, corrupted",
    "ami_change": "change in AMI",
}
_WITH_LABELS = ("ami", "ari", "accuracy", "knn_accuracy", "retrieval_map", "linear_probe")
_WITHOUT_LABELS = ("silhouette", "stability", "hubness", "intrinsic_dimension")
_SHARES = ("neighbour_retention", "cluster_changes")
_CONTAMINATION = {
    "own_cluster": "in clusters of their own",
    "noise": "called noise",
    "scattered": "in clusters of the others",
    "ami_change": "change in AMI of the others",
    "clean_change": "change in the others' clusters",
    "seed_change": "change by the seed alone",
}
_HEADINGS = {metric.name: metric.heading for metric in METRICS + ENCODER_METRICS} | {
    "cluster_changes": "cluster changes"
}
_BARS = {"retention", "cluster_changes", "ami", "own_cluster", "noise", "scattered"}


@dataclass(frozen=True)
class RobustnessPart:
    """What the page says about corrupted and mixed-in images.

    Attributes:
        sentences: in HTML, every foreign word escaped.
        ranking: columns and rows of how robust each encoder is, the most robust first.
        kinds: the neighbour retention under each kind, the mean over its severities.
        strongest: the change of the main metrics at the highest severity of each kind.
        clusterer: the clusterer of those numbers.
        contamination: where mixed-in images end up; without rows where none were mixed in.
        has_truth: whether labels are known.
    """

    sentences: list[Markup]
    ranking: tuple[list[Column], list[Row]]
    kinds: tuple[list[Column], list[Row]]
    strongest: tuple[list[Column], list[Row]]
    clusterer: str
    contamination: tuple[list[Column], list[Row]]
    has_truth: bool


def robustness_part(results: Results) -> RobustnessPart | None:
    """Return what the page says about corrupted and mixed-in images; None without any."""
    table, ranking = results.robustness, results.robustness_ranking
    mixed = results.contamination
    if table.empty and mixed.empty:
        return None
    encoders = _encoders(ranking, table, mixed)
    clusterers = [name for name in table["clusterer"].astype(str).unique() if name]
    first = clusterers[0] if clusterers else ""
    sentences = [
        *_most_robust(ranking),
        *_best_on_corrupted(ranking, first),
        *_costs(table),
        *_contamination(mixed),
    ]
    return RobustnessPart(
        sentences=sentences,
        ranking=_ranking_table(ranking),
        kinds=_kinds_table(table, encoders),
        strongest=_strongest_table(table, encoders, first),
        clusterer=first,
        contamination=_contamination_table(mixed, encoders),
        has_truth=bool(
            (table["metric"] == "ami").any() or (mixed["quantity"] == "ami_change").any()
        ),
    )


def _encoders(*tables: pd.DataFrame) -> list[str]:
    """Return the encoders, the most robust first."""
    return list(dict.fromkeys(str(name) for table in tables for name in table["encoder"]))


def _bold(names: Sequence[str]) -> Markup:
    bold = [Markup("<strong>{}</strong>").format(name) for name in names]
    return Markup(" and ").join(filter(None, [Markup(", ").join(bold[:-1]), *bold[-1:]]))


def _percent(share: Any) -> str:
    return f"{100 * float(share):.0f} %"


def _most_robust(ranking: pd.DataFrame) -> Iterator[Markup]:
    if ranking.empty:
        return
    first = ranking.iloc[0]
    names = ranking.loc[ranking["tied_with_best"].eq(True), "encoder"].astype(str).tolist()
    ends = f"{100 * first['retention_low']:.0f} to {_percent(first['retention_high'])}"
    retention = Markup("{} of its ten nearest images (95 % interval {})").format(
        _percent(first["retention"]), ends
    )
    if len(names) > 1:
        form = Markup(
            "{} are <strong>tied</strong> as most robust. A corrupted image keeps, with {}, {}."
        )
        yield form.format(_bold(names), first["encoder"], retention)
    elif names:
        behind = Markup("; with the next encoder, {}, {}").format(
            _bold([str(ranking.iloc[1]["encoder"])]), _percent(ranking.iloc[1]["retention"])
        )
        form = Markup("{} is <strong>most robust</strong>: a corrupted image keeps {}{}.")
        yield form.format(_bold(names), retention, behind)
    else:
        yield Markup("With {}, a corrupted image keeps {}.").format(
            _bold([str(first["encoder"])]), retention
        )


def _best_on_corrupted(ranking: pd.DataFrame, clusterer: str) -> Iterator[Markup]:
    """Say which encoder groups the corrupted images best; it need not be the most robust one."""
    if ranking.empty or ranking["ami"].isna().all():
        return
    best = ranking.iloc[int(ranking["ami"].astype(float).argmax())]
    names = ranking.loc[ranking["ami_tied_with_best"].eq(True), "encoder"].astype(str).tolist()
    numbers = Markup("the mean AMI with {} is {:.2f}, and {:.2f} on the clean images").format(
        clusterer, best["ami"], best["ami_clean"]
    )
    if len(names) > 1:
        form = Markup("On the corrupted images, {} are tied as best; for {}, {}.")
        yield form.format(_bold(names), best["encoder"], numbers)
    elif names:
        form = Markup("On the corrupted images, {} groups best: {}.")
        yield form.format(_bold(names), numbers)
    else:
        yield Markup("On the corrupted images, {}.").format(numbers)


def _costs(table: pd.DataFrame) -> Iterator[Markup]:
    """Say which kind costs most and which least, by the median of the encoders."""
    rows = table[table["metric"] == "neighbour_retention"].dropna(subset=["value"])
    means = rows.groupby(["corruption", "encoder"], sort=False)["value"].mean()
    medians = {
        str(kind): float(group.median()) for kind, group in means.groupby(level=0, sort=False)
    }
    if len(medians) > 1:
        worst, least = min(medians, key=medians.__getitem__), max(medians, key=medians.__getitem__)
        form = Markup(
            "{} costs most: images keep {} of their nearest images{}. {} costs least: {}."
        )
        by = " (median of the encoders)" if rows["encoder"].nunique() > 1 else ""
        yield form.format(
            worst.capitalize(),
            _percent(medians[worst]),
            by,
            least.capitalize(),
            _percent(medians[least]),
        )


def _contamination(mixed: pd.DataFrame) -> Iterator[Markup]:
    """Say which encoders separate most and fewest of the mixed-in images, first clusterer."""
    if mixed.empty:
        return
    clusterer = str(mixed["clusterer"].iloc[0])
    rows = mixed[mixed["clusterer"] == clusterer]
    shares = rows.pivot(index="encoder", columns="quantity", values="value")
    apart = (shares["own_cluster"] + shares["noise"]).dropna()
    if apart.empty:
        return
    most, least = str(apart.idxmax()), str(apart.idxmin())
    form = Markup("{} separates {} of the mixed-in images with {}")
    sentence = form.format(clusterer, _percent(apart[most]), _bold([most]))
    if apart[least] < apart[most]:
        sentence += Markup(" and {} with {}").format(_percent(apart[least]), _bold([least]))
    yield sentence + Markup("; the remaining ones are in clusters of the other images.")


def _column(name: str, heading: str) -> Column:
    return Column(name, heading, "", "", name not in {"encoder", "corruption", "clusterer"})


def _signed(value: Any) -> str:
    if pd.isna(value):
        return NOTHING
    return f"{round(float(value), 3) + 0.0:+.3f}".replace("+0.000", "0.000").replace("-", "−")


def _plain(value: Any) -> str:
    return NOTHING if pd.isna(value) else f"{float(value):.3f}"


def _cell(row: Mapping[Any, Any] | pd.Series, name: str, shown: str = "", mark: str = "") -> Cell:
    """Return the cell of a number with its interval; a share has a bar, a change its sign."""
    value, low, high = row[name], row.get(f"{name}_low"), row.get(f"{name}_high")
    is_change = name.endswith("change")
    return Cell(
        _signed(value) if is_change else _plain(value),
        mark,
        bar(value, low, high) if (shown or name) in _BARS else None,
        interval_text(low, high).replace("-", "−"),
    )


def _ranking_table(ranking: pd.DataFrame) -> tuple[list[Column], list[Row]]:
    names = [name for name in _RANKING if name in ranking and ranking[name].notna().any()]
    rows = []
    for _, row in ranking.iterrows():
        marked = {
            "retention": _mark(bool(row["rank"] == 1), row["tied_with_best"]),
            "ami": _mark(bool(row["ami"] == ranking["ami"].max()), row["ami_tied_with_best"]),
        }
        cells = [_cell(row, name, mark=marked.get(name, "")) for name in names]
        rows.append(Row(str(row["encoder"]), [Cell(str(row["encoder"])), *cells]))
    columns = [_column("encoder", "encoder"), *(_column(name, _RANKING[name]) for name in names)]
    return columns, rows


def _mark(is_first: bool, is_tied: Any) -> str:
    """Return the mark of a number; nothing where there is nothing to compare with."""
    if pd.isna(is_tied):
        return ""
    return "best" if is_first else "near" if bool(is_tied) else ""


def _kinds_table(table: pd.DataFrame, encoders: Sequence[str]) -> tuple[list[Column], list[Row]]:
    retentions = table[table["metric"] == "neighbour_retention"]
    kinds = [str(kind) for kind in retentions["corruption"].unique()]
    means = retentions.groupby(["encoder", "corruption"])["value"].mean()
    measured = [name for name in encoders if name in set(retentions["encoder"])]
    rows = [
        Row(name, [Cell(name), *(Cell(_plain(means.get((name, kind)))) for kind in kinds)])
        for name in measured
    ]
    return [_column("encoder", "encoder"), *(_column(kind, kind) for kind in kinds)], rows


def _strongest_table(
    table: pd.DataFrame, encoders: Sequence[str], clusterer: str
) -> tuple[list[Column], list[Row]]:
    """Return the changes of the main numbers at each kind's highest severity."""
    most = table.groupby("corruption")["severity"].transform("max")
    shown = table[table["severity"] == most]
    shown = shown[shown["clusterer"].isin(["", clusterer])]
    measured = set(shown.dropna(subset=["change"])["metric"])
    main = _WITH_LABELS if "ami" in measured else _WITHOUT_LABELS
    metrics = [name for name in (*main, *_SHARES) if name in measured]
    rows = []
    for encoder in encoders:
        encoder_rows = shown[shown["encoder"] == encoder]
        for number, (kind, group) in enumerate(encoder_rows.groupby("corruption", sort=False)):
            by_metric = {str(row["metric"]): row for _, row in group.iterrows()}
            name = f"{kind}:{int(group['severity'].iloc[0])}"
            cells = [
                _cell(by_metric[metric], "change") if metric in by_metric else Cell(NOTHING)
                for metric in metrics
            ]
            rows.append(Row(encoder, [Cell(encoder), Cell(name), *cells], number == 0))
    columns = [_column("encoder", "encoder"), _column("corruption", "corruption")]
    return [*columns, *(_column(name, _HEADINGS[name]) for name in metrics)], rows


def _contamination_table(
    mixed: pd.DataFrame, encoders: Sequence[str]
) -> tuple[list[Column], list[Row]]:
    measured = set(mixed.dropna(subset=["value"])["quantity"])
    names = [name for name in _CONTAMINATION if name in measured]
    rows = []
    for clusterer, group in mixed.groupby("clusterer", sort=False):
        for number, encoder in enumerate(encoders):
            encoder_rows = group[group["encoder"] == encoder]
            by_quantity = {str(row["quantity"]): row for _, row in encoder_rows.iterrows()}
            cells = [
                _quantity(name, by_quantity[name]) if name in by_quantity else Cell(NOTHING)
                for name in names
            ]
            if by_quantity:
                rows.append(
                    Row(encoder, [Cell(encoder), Cell(str(clusterer)), *cells], number == 0)
                )
    columns = [_column("encoder", "encoder"), _column("clusterer", "clusterer")]
    return [*columns, *(_column(name, _CONTAMINATION[name]) for name in names)], rows


def _quantity(name: str, row: pd.Series) -> Cell:
    ends = {f"{name}_low": row["low"], f"{name}_high": row["high"]}
    return _cell({name: row["value"]} | ends, name)
