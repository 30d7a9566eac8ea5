"""Challenging images on the page: who holds best, what costs most, where mixed-in ones end up."""

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

_HELD = {
    "kept": "neighbours kept",
    "changed": "change cluster",
    "ami_clean": "AMI, clean",
    "ami": "AMI, corrupted",
    "ami_change": "change in AMI",
}
_WITH_LABELS = ("ami", "ari", "accuracy", "knn_accuracy", "retrieval_map", "linear_probe")
_WITHOUT_LABELS = ("silhouette", "stability", "hubness", "intrinsic_dimension")
_SHARES = ("neighbours_kept", "clusters_changed")
_MIXED = {
    "own": "in clusters of their own",
    "noise": "called noise",
    "spread": "among the others",
    "ami_change": "change in AMI of the others",
    "clean_moved": "others' clusters moved",
    "seed_moved": "by the seed alone",
}
_HEADINGS = {metric.name: metric.heading for metric in METRICS + ENCODER_METRICS} | {
    "clusters_changed": "clusters changed"
}
_BARS = {"kept", "changed", "ami", "own", "noise", "spread"}


@dataclass(frozen=True)
class RobustnessPart:
    """What the page tells of challenging images.

    Attributes:
        sentences: in HTML, every foreign word escaped.
        held: columns and rows of how well each encoder holds, the best first.
        kinds: the share of neighbours kept under each kind, the mean over its severities.
        strongest: the change of the main metrics at the highest severity of each kind.
        clusterer: whose clusters those numbers are of.
        mixed: where mixed-in images end up; without rows where none were mixed in.
        has_truth: whether labels are known.
    """

    sentences: list[Markup]
    held: tuple[list[Column], list[Row]]
    kinds: tuple[list[Column], list[Row]]
    strongest: tuple[list[Column], list[Row]]
    clusterer: str
    mixed: tuple[list[Column], list[Row]]
    has_truth: bool


def robustness_part(results: Results) -> RobustnessPart | None:
    """Return what the page tells of corrupted and of mixed-in images; None where there are none."""
    table, held, mixed = results.robustness, results.held, results.mixed
    if table.empty and mixed.empty:
        return None
    encoders = _encoders(held, table, mixed)
    clusterers = [name for name in table["clusterer"].astype(str).unique() if name]
    first = clusterers[0] if clusterers else ""
    sentences = [*_holds(held), *_best_on_corrupted(held, first), *_costs(table), *_ends(mixed)]
    return RobustnessPart(
        sentences=sentences,
        held=_held_table(held),
        kinds=_kinds_table(table, encoders),
        strongest=_strongest_table(table, encoders, first),
        clusterer=first,
        mixed=_mixed_table(mixed, encoders),
        has_truth=bool(
            (table["metric"] == "ami").any() or (mixed["quantity"] == "ami_change").any()
        ),
    )


def _encoders(*tables: pd.DataFrame) -> list[str]:
    """Return the encoders, those that hold best first."""
    return list(dict.fromkeys(str(name) for table in tables for name in table["encoder"]))


def _bold(names: Sequence[str]) -> Markup:
    bold = [Markup("<strong>{}</strong>").format(name) for name in names]
    return Markup(" and ").join(filter(None, [Markup(", ").join(bold[:-1]), *bold[-1:]]))


def _percent(share: Any) -> str:
    return f"{100 * float(share):.0f} %"


def _holds(held: pd.DataFrame) -> Iterator[Markup]:
    if held.empty:
        return
    first = held.iloc[0]
    names = held.loc[held["holds_best"].eq(True), "encoder"].astype(str).tolist()
    ends = f"{100 * first['kept_low']:.0f} to {_percent(first['kept_high'])}"
    kept = Markup("{} of its ten nearest images (95 % interval {})").format(
        _percent(first["kept"]), ends
    )
    if len(names) > 1:
        form = Markup(
            "{} are <strong>tied</strong> in holding best: corrupted, an image keeps, by {}, {}."
        )
        yield form.format(_bold(names), first["encoder"], kept)
    elif names:
        behind = Markup("; the next, {}, {}").format(
            _bold([str(held.iloc[1]["encoder"])]), _percent(held.iloc[1]["kept"])
        )
        form = Markup("{} <strong>holds best</strong>: corrupted, an image keeps {}{}.")
        yield form.format(_bold(names), kept, behind)
    else:
        yield Markup("By {}, a corrupted image keeps {}.").format(
            _bold([str(first["encoder"])]), kept
        )


def _best_on_corrupted(held: pd.DataFrame, clusterer: str) -> Iterator[Markup]:
    """Tell who groups the corrupted images best, which need not be who changes least."""
    if held.empty or held["ami"].isna().all():
        return
    best = held.iloc[int(held["ami"].astype(float).argmax())]
    names = held.loc[held["ami_best"].eq(True), "encoder"].astype(str).tolist()
    numbers = Markup("the mean AMI with {} is {:.2f}, that of the clean images {:.2f}").format(
        clusterer, best["ami"], best["ami_clean"]
    )
    if len(names) > 1:
        form = Markup("On the corrupted images themselves {} are tied as best; by {} {}.")
        yield form.format(_bold(names), best["encoder"], numbers)
    elif names:
        form = Markup("On the corrupted images themselves {} groups best: {}.")
        yield form.format(_bold(names), numbers)
    else:
        yield Markup("Of the corrupted images {}.").format(numbers)


def _costs(table: pd.DataFrame) -> Iterator[Markup]:
    """Tell which kind costs most and which least; one odd encoder does not decide it."""
    kept = table[table["metric"] == "neighbours_kept"].dropna(subset=["value"])
    means = kept.groupby(["corruption", "encoder"], sort=False)["value"].mean()
    middle = {str(kind): float(one.median()) for kind, one in means.groupby(level=0, sort=False)}
    if len(middle) > 1:
        worst, least = min(middle, key=middle.__getitem__), max(middle, key=middle.__getitem__)
        form = Markup("{} costs most: {} of the neighbours are kept{}; {} least: {}.")
        by = " (median of the encoders)" if kept["encoder"].nunique() > 1 else ""
        yield form.format(
            worst.capitalize(), _percent(middle[worst]), by, least, _percent(middle[least])
        )


def _ends(mixed: pd.DataFrame) -> Iterator[Markup]:
    """Tell which encoders set most and fewest of the mixed-in images apart, first clusterer."""
    if mixed.empty:
        return
    clusterer = str(mixed["clusterer"].iloc[0])
    rows = mixed[mixed["clusterer"] == clusterer]
    shares = rows.pivot(index="encoder", columns="quantity", values="value")
    apart = (shares["own"] + shares["noise"]).dropna()
    if apart.empty:
        return
    most, least = str(apart.idxmax()), str(apart.idxmin())
    form = Markup("Of the mixed-in images {} sets {} apart by {}")
    sentence = form.format(clusterer, _percent(apart[most]), _bold([most]))
    if apart[least] < apart[most]:
        sentence += Markup(", {} by {}").format(_percent(apart[least]), _bold([least]))
    yield sentence + Markup("; the rest lies in clusters of the other images.")


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


def _held_table(held: pd.DataFrame) -> tuple[list[Column], list[Row]]:
    names = [name for name in _HELD if name in held and held[name].notna().any()]
    rows = []
    for _, row in held.iterrows():
        marked = {
            "kept": _mark(bool(row["rank"] == 1), row["holds_best"]),
            "ami": _mark(bool(row["ami"] == held["ami"].max()), row["ami_best"]),
        }
        cells = [_cell(row, name, mark=marked.get(name, "")) for name in names]
        rows.append(Row(str(row["encoder"]), [Cell(str(row["encoder"])), *cells]))
    columns = [_column("encoder", "encoder"), *(_column(name, _HELD[name]) for name in names)]
    return columns, rows


def _mark(is_first: bool, is_tied: Any) -> str:
    """Return the mark of a number; nothing where there is nothing to compare with."""
    if pd.isna(is_tied):
        return ""
    return "best" if is_first else "near" if bool(is_tied) else ""


def _kinds_table(table: pd.DataFrame, encoders: Sequence[str]) -> tuple[list[Column], list[Row]]:
    kept = table[table["metric"] == "neighbours_kept"]
    kinds = [str(kind) for kind in kept["corruption"].unique()]
    means = kept.groupby(["encoder", "corruption"])["value"].mean()
    there = [name for name in encoders if name in set(kept["encoder"])]
    rows = [
        Row(name, [Cell(name), *(Cell(_plain(means.get((name, kind)))) for kind in kinds)])
        for name in there
    ]
    return [_column("encoder", "encoder"), *(_column(kind, kind) for kind in kinds)], rows


def _strongest_table(
    table: pd.DataFrame, encoders: Sequence[str], clusterer: str
) -> tuple[list[Column], list[Row]]:
    """Return the changes of the main numbers at each kind's highest severity."""
    most = table.groupby("corruption")["severity"].transform("max")
    shown = table[table["severity"] == most]
    shown = shown[shown["clusterer"].isin(["", clusterer])]
    there = set(shown.dropna(subset=["change"])["metric"])
    main = _WITH_LABELS if "ami" in there else _WITHOUT_LABELS
    metrics = [name for name in (*main, *_SHARES) if name in there]
    rows = []
    for encoder in encoders:
        mine = shown[shown["encoder"] == encoder]
        for number, (kind, group) in enumerate(mine.groupby("corruption", sort=False)):
            by_metric = {str(row["metric"]): row for _, row in group.iterrows()}
            name = f"{kind}:{int(group['severity'].iloc[0])}"
            cells = [
                _cell(by_metric[metric], "change") if metric in by_metric else Cell(NOTHING)
                for metric in metrics
            ]
            rows.append(Row(encoder, [Cell(encoder), Cell(name), *cells], number == 0))
    columns = [_column("encoder", "encoder"), _column("corruption", "corruption")]
    return [*columns, *(_column(name, _HEADINGS[name]) for name in metrics)], rows


def _mixed_table(mixed: pd.DataFrame, encoders: Sequence[str]) -> tuple[list[Column], list[Row]]:
    there = set(mixed.dropna(subset=["value"])["quantity"])
    names = [name for name in _MIXED if name in there]
    rows = []
    for clusterer, group in mixed.groupby("clusterer", sort=False):
        for number, encoder in enumerate(encoders):
            mine = group[group["encoder"] == encoder]
            known = {str(row["quantity"]): row for _, row in mine.iterrows()}
            cells = [
                _quantity(name, known[name]) if name in known else Cell(NOTHING) for name in names
            ]
            if known:
                rows.append(
                    Row(encoder, [Cell(encoder), Cell(str(clusterer)), *cells], number == 0)
                )
    columns = [_column("encoder", "encoder"), _column("clusterer", "clusterer")]
    return [*columns, *(_column(name, _MIXED[name]) for name in names)], rows


def _quantity(name: str, row: pd.Series) -> Cell:
    ends = {f"{name}_low": row["low"], f"{name}_high": row["high"]}
    return _cell({name: row["value"]} | ends, name)
