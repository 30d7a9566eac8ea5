"""What is known of each encoder's vectors, whatever clusters are found in them, as tables."""

from dataclasses import replace

import pandas as pd

from embedbench.metrics.embedding.catalogue import ENCODER_METRICS
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
from embedbench.results.schema import SIGNALS
from embedbench.results.views import headline_rows, ranked
from embedbench.utils.text import two_decimals

__all__ = ["with_labels_table", "without_labels_table"]

_WITH_TRUTH = [metric.name for metric in ENCODER_METRICS if metric.needs_truth]
_WITHOUT_TRUTH = [metric.name for metric in ENCODER_METRICS if not metric.needs_truth]


def with_labels_table(results: Results) -> tuple[list[Column], list[Row]]:
    """Return the metrics that need labels, one row per encoder; no rows without labels."""
    table = results.encoders.set_index("encoder")
    metrics = [name for name in _WITH_TRUTH if name in table and table[name].notna().any()]
    if not metrics:
        return [], []
    rows = []
    for encoder in ranked(results):
        row = table.loc[encoder]
        cells = [
            Cell(
                format_value(name, row[name]),
                span=bar(row[name], row.get(f"{name}_low"), row.get(f"{name}_high")),
                interval=interval_text(row.get(f"{name}_low"), row.get(f"{name}_high")),
            )
            for name in metrics
        ]
        rows.append(Row(encoder, [Cell(encoder), *cells]))
    return comparison_columns(["encoder", *metrics]), rows


def without_labels_table(results: Results) -> tuple[list[Column], list[Row]]:
    """Return the criteria that need no labels, one row per encoder.

    Without labels the probabilities by purpose come first, then the two signals. Each number has
    its interval and its values by chance: shuffled vectors, then random ones. The silhouette comes
    last; its heading ends with a star: it does not compare encoders.
    """
    criteria = results.label_free.dropna(subset=["value"]) if len(results.label_free) else None
    if criteria is None or criteria.empty:
        return [], []
    measured = set(criteria["criterion"])
    order = [*SIGNALS, *(name for name in _WITHOUT_TRUTH if name not in SIGNALS), "stability"]
    names = [name for name in order if name in measured]
    cells = {
        (str(row["encoder"]), str(row["criterion"])): _cell(row) for _, row in criteria.iterrows()
    }
    silhouettes, probable = _silhouettes(results), _probabilities(results)
    rows = [
        Row(
            encoder,
            [
                Cell(encoder),
                *(found.get(encoder, Cell(NOTHING)) for found in probable.values()),
                *(cells.get((encoder, name), Cell(NOTHING)) for name in names),
                silhouettes.get(encoder, Cell(NOTHING)),
            ],
        )
        for encoder in ranked(results)
    ]
    first, *others = comparison_columns(["encoder", *names, "silhouette"])
    headed = [
        replace(comparison_columns(["probability"])[0], heading=f"{purpose}: probability")
        for purpose in probable
    ]
    return [first, *headed, *others], rows


def _probabilities(results: Results) -> dict[str, dict[str, Cell]]:
    """Return how likely each encoder is as good as the best, by purpose; none with labels."""
    if results.has_truth or "probability" not in results.purposes:
        return {}
    found: dict[str, dict[str, Cell]] = {}
    for row in results.purposes.dropna(subset=["probability"]).to_dict("records"):
        cell = Cell(two_decimals(row["probability"]), span=bar(row["probability"], None, None))
        found.setdefault(str(row["purpose"]), {})[str(row["encoder"])] = cell
    return found


def _cell(row: pd.Series) -> Cell:
    name = str(row["criterion"])
    values = [row[kind] for kind in ("shuffled", "random") if pd.notna(row[kind])]
    return Cell(
        format_value(name, row["value"]),
        span=bar(row["value"], row["low"], row["high"])
        if has_bar(name) and pd.notna(row["low"])
        else None,
        interval=interval_text(row["low"], row["high"]),
        chance=" · ".join(_short(value) for value in values),
    )


def _short(value: float) -> str:
    if abs(value) >= 10:
        return f"{value:,.0f}"
    return two_decimals(value)


def _silhouettes(results: Results) -> dict[str, Cell]:
    """Return each encoder's silhouette by the first clusterer, in its own space."""
    rows = headline_rows(results).drop_duplicates("encoder")
    return {
        str(row["encoder"]): Cell(
            format_value("silhouette", row["silhouette"]),
            interval=interval_text(row.get("silhouette_low"), row.get("silhouette_high")),
        )
        for _, row in rows.iterrows()
    }
