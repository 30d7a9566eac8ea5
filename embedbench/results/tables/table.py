"""What a table of a run folder is, and columns that several tables share."""

from collections.abc import Mapping
from dataclasses import dataclass

from embedbench.results.tables.column import Column, integer, number, text

__all__ = [
    "ANY_CLUSTERER",
    "CLUSTER",
    "CLUSTERER",
    "DOMAIN",
    "ENCODER",
    "IMAGE",
    "METRIC",
    "PROBABILITY",
    "RANK",
    "SCORE",
    "SPACE",
    "Table",
    "interval_columns",
]


@dataclass(frozen=True)
class Table:
    """One table of a run folder.

    Attributes:
        about: what a row is.
        columns: each column by its name, in the order of the file.
        suffix: of its file, `csv` or `parquet`.
        optional: whether it is written only where it has rows.
        conditional: columns that are there only where the meaning says so.
        is_open: whether columns are added to these: those of metrics, or of the user's own data.
        others: what such a column holds; None where it may be anything.
    """

    about: str
    columns: Mapping[str, Column]
    suffix: str = "csv"
    optional: bool = False
    conditional: frozenset[str] = frozenset()
    is_open: bool = False
    others: Column | None = None


ENCODER = {"encoder": text("The encoder, as it was asked for.")}
SPACE = {"space": text("What was clustered; `l2` is the vectors at unit length.")}
CLUSTERER = {"clusterer": text("The clustering method.")}
ANY_CLUSTERER = {
    "clusterer": text("The clustering method; empty for metrics of the vectors alone.")
}
METRIC = {"metric": text("The metric, a name of the catalogue.")}
IMAGE = {"image": text("The name of the image.")}
CLUSTER = {"cluster": integer("The number of the cluster; -1 is noise.", -1)}
VALUE = {
    "value": number(
        "The number, a mean over the seeds; empty where it is not defined.", nullable=True
    )
}
DOMAIN = {"domain": text("The domain.")}


def interval_columns(of: str, prefix: str = "") -> dict[str, Column]:
    """Return the two columns of a 95 % interval."""
    lead = f"{prefix}_" if prefix else ""
    unknown = "empty where it is not known"
    return {
        f"{lead}low": number(f"Lower end of the 95 % interval of {of}; {unknown}.", nullable=True),
        f"{lead}high": number(f"Upper end of the 95 % interval of {of}; {unknown}.", nullable=True),
    }


SCORE = VALUE | interval_columns("the number")
RANK = {
    "rank": integer("Rank, 1 is best; empty where there is nothing to rank.", 1, nullable=True),
    "rank_low": integer(
        "Best rank in 95 % of the resamples; 1 if it may be the best.", 1, nullable=True
    ),
    "rank_high": integer("Worst rank in 95 % of the resamples.", 1, nullable=True),
}
PROBABILITY = {
    "probability": number(
        "How likely the encoder is within the margin of the best: by labels, by the two signals "
        "that need none, or by both.",
        0,
        1,
        nullable=True,
    ),
}
