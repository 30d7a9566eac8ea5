"""What a table of a run folder is, and columns that several tables share."""

from collections.abc import Mapping
from dataclasses import dataclass

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
        columns: the meaning of each column, in the order of the file.
        suffix: of its file, `csv` or `parquet`.
        optional: whether it is written only where it has rows.
        conditional: columns that are there only where the meaning says so.
        is_open: whether columns are added to these: those of metrics, or of the user's own data.
    """

    about: str
    columns: Mapping[str, str]
    suffix: str = "csv"
    optional: bool = False
    conditional: frozenset[str] = frozenset()
    is_open: bool = False


ENCODER = {"encoder": "The encoder, as it was asked for."}
SPACE = {"space": "What was clustered; `l2` is the vectors at unit length."}
CLUSTERER = {"clusterer": "The clustering method."}
ANY_CLUSTERER = {"clusterer": "The clustering method; empty for metrics of the vectors alone."}
METRIC = {"metric": "The metric, a name of the catalogue."}
IMAGE = {"image": "The name of the image."}
CLUSTER = {"cluster": "The number of the cluster; -1 is noise."}
VALUE = {"value": "The number, a mean over the seeds; empty where it is not defined."}
DOMAIN = {"domain": "The domain."}


def interval_columns(of: str, prefix: str = "") -> dict[str, str]:
    """Return the two columns of a 95 % interval."""
    lead = f"{prefix}_" if prefix else ""
    unknown = "empty where it is not known"
    return {
        f"{lead}low": f"Lower end of the 95 % interval of {of}; {unknown}.",
        f"{lead}high": f"Upper end of the 95 % interval of {of}; {unknown}.",
    }


SCORE = VALUE | interval_columns("the number")
RANK = {
    "rank": "Rank, 1 is best; empty where there is nothing to rank.",
    "rank_low": "Best rank in 95 % of the resamples; 1 if it may be the best.",
    "rank_high": "Worst rank in 95 % of the resamples.",
}
PROBABILITY = {
    "probability": "How likely the encoder is within the margin of the best: by labels, by the two "
    "signals that need none, or by both.",
}
