"""The images that each corruption moves the furthest, for each encoder and severity."""

from collections.abc import Sequence
from typing import Any

from embedbench.report.looks import encoder_colours
from embedbench.results.results import Results
from embedbench.results.schema import NEIGHBOUR_RETENTION

__all__ = ["moved_record"]


def moved_record(results: Results, names: Sequence[str]) -> dict[str, Any] | None:
    """Return a point for each encoder, corruption and severity; None where none moves an image.

    A point has the numbers of its `pictures`, the furthest first, and of each the share of its
    nearest images that it keeps, in percent.

    Args:
        results: the comparison.
        names: the pictures of the page; others are left out.
    """
    table = results.moved_images
    numbers = {name: number for number, name in enumerate(names)}
    table = table[table["image"].astype(str).isin(numbers)]
    if table.empty:
        return None
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    keys = ["encoder", "corruption", "severity"]
    points = [
        {
            "encoder": str(encoder),
            "colour": colours[str(encoder)],
            "corruption": str(corruption),
            "severity": int(str(severity)),
            "pictures": [numbers[str(image)] for image in rows["image"]],
            "kept": [round(100 * float(kept)) for kept in rows[NEIGHBOUR_RETENTION]],
        }
        for (encoder, corruption, severity), rows in table.groupby(keys, sort=False)
    ]
    return {"points": points}
