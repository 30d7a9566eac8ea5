"""Results whose names and labels bite, for tests of the page in a browser."""

import dataclasses
import json

from embedbench.results.results import Results
from tests.support.example_results import example_results

__all__ = ["BITING", "bare", "hostile_results"]

BITING = (
    "<script>alert(1)</script>.jpg", "</script><script>alert(1)</script>.jpg",
    '"><img src=x onerror=alert(1)>.jpg', "line\u2028break\u2029.jpg", "\u202egpj.exe",
    "%23picture=%3Cb%3E.jpg",
)  # fmt: skip
"""Names of the first pictures; every label is hostile, too."""


def bare(results: Results) -> Results:
    """Return the results without what is drawn as charts, which takes long."""
    names = ("variance", "similarity", "robustness", "contamination", "composition", "domains")
    return dataclasses.replace(results, **{name: getattr(results, name).iloc[:0] for name in names})


def hostile_results() -> Results:
    """Return the example with other names of its first pictures, and a label that bites."""
    results = bare(example_results())
    names = dict(zip(results.images["image"], BITING, strict=False))
    tables = {
        name: getattr(results, name).replace({"image": names})
        for name in ("images", "silhouettes", "projections", "partitions")
    }
    tables["search_answers"] = results.search_answers.replace({"image": names, "query": names})
    tables["nearest"] = results.nearest.replace({"image": names, "neighbour": names})

    def renamed(cell: str) -> str:
        return json.dumps([names.get(name, name) for name in json.loads(cell)])

    listed = {kind: results.clusters[kind].map(renamed) for kind in ("typical", "atypical")}
    tables["clusters"] = results.clusters.replace({"medoid": names}).assign(**listed)
    labels = {label: f"{label}</script><script>alert(1)</script>" for label in ("green & grey",)}
    tables["images"] = tables["images"].replace({"truth": labels})
    return dataclasses.replace(results, **tables)
