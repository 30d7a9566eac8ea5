"""Which sections of the page have a script, and what each is given."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from embedbench.report.charts.chart import Chart
from embedbench.report.page_data.clusters import clustered_pictures, clusters_record
from embedbench.report.page_data.maps import maps_record
from embedbench.report.page_data.moved import moved_record
from embedbench.report.page_data.neighbours import neighbours_record
from embedbench.report.page_data.packing import as_script_data
from embedbench.report.page_data.pictures import mapped_pictures, pictures_record
from embedbench.report.page_data.script import built_script, script_hash
from embedbench.report.page_data.sheets import Sheets, picture_sheets
from embedbench.results.results import Results

__all__ = ["LivePart", "live_part"]


@dataclass(frozen=True)
class LivePart:
    """What the page holds for its script.

    Attributes:
        data: the record of each section, as text of a script element.
        script: the script.
        script_hash: which the page's policy allows, and no other.
        sheets: the thumbnails of all pictures on the page.
        mapped: how many pictures lie on the maps.
        clustered: how many pictures are shown in their clusters.
    """

    data: dict[str, Markup]
    script: Markup
    script_hash: str
    sheets: Sheets
    mapped: int
    clustered: int


def live_part(results: Results, used: Collection[str], charts: Sequence[Chart]) -> LivePart:
    """Return what the page holds for its script.

    Args:
        results: the comparison.
        used: names of the images that the page shows without a script.
        charts: the charts on the page.
    """
    mapped = mapped_pictures(results)
    clustered = clustered_pictures(results, mapped)
    names = list(dict.fromkeys([*mapped, *clustered, *sorted(used)]))
    sheets = picture_sheets(results.images, names)
    records: dict[str, dict[str, Any] | None] = {
        "pictures": pictures_record(results, names, sheets),
        "maps": maps_record(results, mapped),
        "neighbours": neighbours_record(results, names),
        "charts": {chart.name: chart.record() for chart in charts},
        "clusters": clusters_record(results, names),
        "moved": moved_record(results, names),
    }
    data = {name: as_script_data(record) for name, record in records.items() if record}
    script = built_script("page.js")
    in_clusters = len(set(names) & set(results.silhouettes["image"].astype(str)))
    return LivePart(data, script, script_hash(script), sheets, len(mapped), in_clusters)
