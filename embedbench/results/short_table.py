"""The comparison in few columns: one row an encoder, with the numbers that decide."""

from html import escape
from urllib.parse import quote

import pandas as pd

from embedbench.results.formats import as_plain_text, short_interval, short_number
from embedbench.results.purposes import leading_rows, metric_heading
from embedbench.results.results import Results
from embedbench.results.schema import SIGNALS
from embedbench.results.views import headline_rows, ranked, with_timings
from embedbench.utils.text import printable

__all__ = ["as_html", "as_text", "short_table"]

_INTERVAL = "95 % interval"


def short_table(results: Results) -> pd.DataFrame:
    """Return one row for each encoder that was compared, the best first, in about 80 letters.

    With labels they are the rank and the metric of the purpose that leads, without labels the
    probability that it is as good as the best, and the two signals that this rests on; a single
    encoder has its clusters. Then follow the size of the vectors and the speed.
    """
    table = pd.DataFrame({"encoder": ranked(results)})
    facts = with_timings(results).set_index("encoder").reindex(table["encoder"])
    rows = headline_rows(results)
    first = rows[rows["clusterer"] == rows["clusterer"].iloc[0]].set_index("encoder")
    first = first.reindex(table["encoder"])
    if results.has_truth and len(table) > 1:
        table["rank"] = [_range(*row) for row in _ranks(facts)]
        lead = leading_rows(results).reindex(table["encoder"])
        metric = str(lead["metric"].dropna().iloc[0]) if lead["metric"].notna().any() else ""
        if metric:
            table[metric_heading(metric)] = lead["value"].astype(float).map(short_number).to_list()
            table[_INTERVAL] = _intervals(lead)
        if metric == "ami" and "accuracy" in first:
            table["accuracy"] = first["accuracy"].astype(float).map(short_number).to_list()
    elif len(table) > 1:
        probable = leading_rows(results).reindex(table["encoder"], columns=["probability"])[
            "probability"
        ]
        if probable.notna().any():
            table["probability"] = probable.astype(float).map(short_number).to_list()
        for signal in SIGNALS:
            own = results.label_free[results.label_free["criterion"] == signal]
            own = own.set_index("encoder").reindex(table["encoder"])
            table[signal.removeprefix("cluster_")] = (
                own["value"].astype(float).map(short_number).to_list()
            )
            table[_INTERVAL + " " * SIGNALS.index(signal)] = _intervals(own)
    else:
        table["clusters"] = first["clusters"].astype(float).map(_whole).to_list()
        if results.has_truth:
            table["AMI"] = first["ami"].astype(float).map(short_number).to_list()
            table[_INTERVAL] = _intervals(first, "ami")
        table["silhouette"] = first["silhouette"].astype(float).map(short_number).to_list()
        table["stability"] = first["stability"].astype(float).map(short_number).to_list()
    table["dim"] = facts["dim"].astype(float).map(_whole).to_list()
    table["images/s"] = facts["images_per_second"].astype(float).map(_speed).to_list()
    return table


def as_text(results: Results) -> str:
    """Return the verdict in words, and the short table below it."""
    return f"{printable(str(results.verdict))}\n\n{as_plain_text(short_table(results))}"


def as_html(results: Results) -> str:
    """Return the same for a notebook, with a link to the page if there is one."""
    answer = "".join(f"<p>{escape(sentence)}</p>" for sentence in results.verdict.sentences)
    table = str(short_table(results).to_html(index=False, na_rep=""))
    page = results.folder / "report.html" if results.folder else None
    if page is None or not page.is_file():
        return answer + table
    # A notebook has addresses for what is below its own folder alone.
    is_below = not page.is_absolute() and ".." not in page.parts
    address = quote(page.as_posix()) if is_below else page.absolute().as_uri()
    link = f'<a href="{escape(address)}" target="_blank">{escape(str(page))}</a>'
    return f"{answer}{table}<p>The page, to explore: {link}</p>"


def _ranks(facts: pd.DataFrame) -> list[tuple[float, float]]:
    """Return the best and the worst rank of each encoder; nan where there is none."""
    columns = facts.reindex(columns=["rank_low", "rank_high"]).astype(float)
    return list(columns.itertuples(index=False, name=None))


def _range(low: float, high: float) -> str:
    if pd.isna(low):
        return ""
    return f"{low:.0f}" if low == high else f"{low:.0f}-{high:.0f}"


def _intervals(rows: pd.DataFrame, name: str = "") -> list[str]:
    lead = f"{name}_" if name else ""
    columns = rows.reindex(columns=[f"{lead}low", f"{lead}high"]).astype(float)
    return [short_interval(*ends) for ends in columns.itertuples(index=False, name=None)]


def _whole(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.0f}"


def _speed(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.3g}"
