"""The maps of all encoders, each turned to lie as the first one does, and their clusters."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from embedbench.analysis.projections import align_projections
from embedbench.report.looks import MAP_TITLES, encoder_colours
from embedbench.report.page_data.packing import packed
from embedbench.results.results import Results
from embedbench.results.views import members_of, ranked

__all__ = ["maps_record"]

_STEPS = 65535
"""A place on a map is a whole number from 0 to this."""


def maps_record(results: Results, names: Sequence[str]) -> dict[str, Any] | None:
    """Return the record of the maps; None where no picture is mapped.

    Encoders stand by their ranks; clusters are those of the first clusterer at the shared k in the
    first space, -2 where a picture has none.

    Args:
        results: the comparison.
        names: the pictures on the maps.
    """
    if not names:
        return None
    mapped = set(results.projections["encoder"].astype(str))
    encoders = [name for name in ranked(results) if name in mapped]
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    kinds = sorted(results.projections["projection"].unique(), reverse=True)
    return {
        "encoders": [
            {"name": name, "colour": colours[name], **_clusters(results, name, names)}
            for name in encoders
        ],
        "projections": [
            {
                "title": MAP_TITLES.get(str(kind), str(kind)),
                "planes": _planes(results.projections, str(kind), encoders, names),
            }
            for kind in kinds
        ],
    }


def _clusters(results: Results, encoder: str, names: Sequence[str]) -> dict[str, Any]:
    members = members_of(results, encoder)
    members = members[members["clusterer"] == results.comparison["clusterer"].iloc[0]]
    members = members.drop_duplicates("image").set_index("image").reindex(list(names))
    rows = results.clusters[results.clusters["encoder"] == encoder]
    rows = rows[rows["space"] == results.spaces[0]]
    rows = rows[rows["clusterer"] == results.comparison["clusterer"].iloc[0]]
    rows = rows[rows["name"].notna() & (rows["name"] != "")]
    record: dict[str, Any] = {
        "clusters": packed(members["cluster"].fillna(-2).to_numpy(np.int16)),
        "names": {
            str(int(cluster)): str(name)
            for cluster, name in zip(rows["cluster"], rows["name"], strict=True)
        },
    }
    if members["silhouette"].notna().any():
        record["silhouettes"] = packed(members["silhouette"].to_numpy(np.float32))
    return record


def _planes(
    projections: pd.DataFrame, kind: str, encoders: Sequence[str], names: Sequence[str]
) -> list[dict[str, str] | None]:
    """Return the places of the pictures for each encoder; None for one without this map."""
    rows = projections[projections["projection"] == kind]
    planes = {}
    for encoder in encoders:
        table = rows[rows["encoder"] == encoder].drop_duplicates("image").set_index("image")
        if len(table):
            planes[encoder] = table.reindex(list(names))[["x", "y"]].to_numpy(float)
    aligned = align_projections(planes)
    return [_packed_plane(aligned[name]) if name in aligned else None for name in encoders]


def _packed_plane(plane: np.ndarray) -> dict[str, str]:
    """Return a map stretched to fill a square, its middle in the middle."""
    reach = float(np.abs(plane).max()) or 1.0
    return packed(np.round((plane / reach + 1) / 2 * _STEPS).astype(np.uint16))
