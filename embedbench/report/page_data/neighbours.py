"""The nearest pictures of each picture by each encoder."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from embedbench.report.page_data.packing import packed
from embedbench.report.page_data.pictures import NOTHING
from embedbench.results.results import Results
from embedbench.results.views import ranked

__all__ = ["neighbours_record"]

SHOWN = 8
"""How many neighbours a picture has on the page."""


def neighbours_record(results: Results, names: Sequence[str]) -> dict[str, Any] | None:
    """Return the record of the neighbours; None where the run has none.

    Each encoder has `SHOWN` numbers of pictures for each picture, the nearest first. A neighbour
    that is not on the page leaves its place empty.

    Args:
        results: the comparison.
        names: the pictures of the page.
    """
    table = results.nearest
    if table.empty:
        return None
    numbers = {name: number for number, name in enumerate(names)}
    rows = table[table["rank"].between(1, SHOWN)]
    image = rows["image"].astype(str).map(numbers)
    neighbour = rows["neighbour"].astype(str).map(numbers)
    known = image.notna() & neighbour.notna()
    encoder = rows["encoder"].astype(str)
    lists = []
    for name in ranked(results):
        own = known & (encoder == name)
        nearest = np.full((len(names), SHOWN), NOTHING, np.uint16)
        place = image[own].astype(int), rows.loc[own, "rank"].astype(int) - 1
        nearest[place] = neighbour[own].astype(int)
        if own.any():
            lists.append({"encoder": name, "nearest": packed(nearest)})
    return {"shown": SHOWN, "lists": lists} if lists else None
