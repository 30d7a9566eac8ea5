"""The number that each purpose is judged by, with its interval and what chance gives."""

from embedbench.report.charts.chart import Chart, View, number
from embedbench.report.looks import encoder_colours
from embedbench.results.purposes import metric_heading
from embedbench.results.results import Results
from embedbench.results.views import ranked

__all__ = ["purposes_chart"]

_NOTE = "A line is the 95 % interval. Grey marks show what chance gives."


def purposes_chart(results: Results) -> Chart | None:
    """Return a panel for each purpose, an encoder a row; None with a single purpose."""
    table = results.purposes.dropna(subset=["value"])
    if table["purpose"].nunique() < 2:
        return None
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    panels = []
    for purpose, rows in table.groupby("purpose", sort=False):
        own = rows.set_index("encoder")
        panels.append(
            {
                "title": f"{purpose}: {metric_heading(str(own['metric'].iloc[0]))}",
                "rows": [
                    {
                        "name": name,
                        "colour": colours[name],
                        "value": number(own.at[name, "value"]),
                        "low": number(own.at[name, "low"]),
                        "high": number(own.at[name, "high"]),
                        "chance": [number(own.at[name, "chance"])],
                    }
                    for name in ranked(results)
                    if name in own.index
                ],
            }
        )
    return Chart(
        "purposes", "purposes", "intervals", "Each purpose, with 95 % intervals",
        [View("", panels)], note=_NOTE, look={"x": "1 is perfect", "range": [0, 1]}, tabled=True,
    )  # fmt: skip
