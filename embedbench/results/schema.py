"""The tables of a run folder with all their columns, and the fixed words in them."""

from collections.abc import Mapping

from embedbench.results.tables.findings import FINDING_TABLES
from embedbench.results.tables.main import MAIN_TABLES
from embedbench.results.tables.purposes import PURPOSE_TABLES
from embedbench.results.tables.table import Table

__all__ = [
    "CANNOT_TELL",
    "CERTAINTY",
    "CLUSTER_CHANGES",
    "CONTAMINATION_COLUMNS",
    "ENCODER_ALONE",
    "FAILURE_COLUMNS",
    "HEADLINE",
    "K_CRITERIA",
    "LIKELY",
    "MARGIN",
    "MOVED_COLUMNS",
    "NAMING",
    "NEIGHBOUR_RETENTION",
    "NONE_BETTER",
    "NULLABLE_TEXT_COLUMNS",
    "ONE_ENCODER",
    "RANKING_COLUMNS",
    "ROBUSTNESS_COLUMNS",
    "SCHEMA_VERSION",
    "SIGNALS",
    "TABLES",
    "TEXT_COLUMNS",
    "TOO_FEW",
    "Table",
]

SCHEMA_VERSION = 5

CERTAINTY, MARGIN = 0.8, 0.02
"""A group is named as likely if it holds, with this probability, an encoder whose score is within
the margin of the best."""

CANNOT_TELL = "cannot tell"
NONE_BETTER = "none better than chance"
ONE_ENCODER = "one encoder"
"""The basis of a verdict that compares nothing; the groups are the answer."""

TOO_FEW = "too few pictures"
LIKELY = "likely"
"""The answer of a verdict that names encoders by what is probable, not by what labels show."""

NAMING = ("best", "tied", LIKELY)
"""The answers of a verdict that name encoders; the others are `CANNOT_TELL` and the next two."""

CLUSTER_CHANGES = "cluster_changes"

NEIGHBOUR_RETENTION = "neighbour_retention"

ENCODER_ALONE = ""
"""Stands for the clusterer of a metric that needs no clusters."""

SIGNALS = ("cluster_retention", "consensus")
"""The criteria that the verdict without labels rests on."""

K_CRITERIA = ("elbow", "silhouette", "gap")
"""The ways of choosing k that give each encoder a k of its own."""

HEADLINE = {
    "encoder": "encoder",
    "space": "space",
    "clusterer": "clusterer",
    "k_from": "k from",
    "k": "k",
    "clusters": "clusters",
    "coverage": "coverage",
    "ami": "AMI",
    "ami_low": "low",
    "ami_high": "high",
    "ari": "ARI",
    "accuracy": "accuracy",
    "silhouette": "silhouette*",
    "silhouette_l2": "in l2*",
    "silhouette_noise": "of noise*",
    "stability": "stability",
}
"""The columns that a person sees first, with their headings; the CSV file holds them all."""

TABLES: Mapping[str, Table] = {**MAIN_TABLES, **PURPOSE_TABLES, **FINDING_TABLES}
"""The tables by the stems of their files."""

FAILURE_COLUMNS = list(TABLES["failures"].columns)

RANKING_COLUMNS = list(TABLES["robustness_ranking"].columns)

ROBUSTNESS_COLUMNS = list(TABLES["robustness"].columns)[1:]
"""Those of one encoder."""

MOVED_COLUMNS = list(TABLES["moved_images"].columns)[1:]
"""Those of one encoder."""

CONTAMINATION_COLUMNS = list(TABLES["contamination"].columns)[1:]
"""Those of one encoder."""

TEXT_COLUMNS = (
    "atypical", "attribute", "by", "chosen", "clusterer", "corruption", "criterion", "domain",
    "encoder", "error", "form", "image", "k_from", "label", "medoid", "metric", "name",
    "nearest_word", "other", "partner", "purpose", "quantity", "query", "reason", "second_name",
    "space", "stage", "status", "typical", "what",
)  # fmt: skip
"""Columns of CSV files that hold text, "" where nothing is known."""

NULLABLE_TEXT_COLUMNS = (
    "device", "fingerprint", "image_size", "licence", "pooling", "precision", "pretrained_on",
    "revision", "weights",
)  # fmt: skip
"""Columns of CSV files that hold text, missing where nothing is known."""
