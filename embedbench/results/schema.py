"""The tables of a run folder with all their columns, and the fixed words in them."""

from collections.abc import Mapping

from embedbench.results.tables.findings import FINDING_TABLES
from embedbench.results.tables.images import IMAGE_TABLES
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
    "ONE_ENCODER",
    "RANKING_COLUMNS",
    "ROBUSTNESS_COLUMNS",
    "SCHEMA_VERSION",
    "SIGNALS",
    "TABLES",
    "TOO_FEW",
    "Table",
]

SCHEMA_VERSION = 5
"""Of a run folder. It goes up where what an earlier version wrote can no longer be read as it was
meant: a table, a column or a key of `run.json` is gone, has another name, kind or meaning, or is
there always where it was not. It stays where an optional table, a conditional column or a key that
may be missing is added."""

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

TABLES: Mapping[str, Table] = {
    **MAIN_TABLES,
    **IMAGE_TABLES,
    **PURPOSE_TABLES,
    **FINDING_TABLES,
}
"""The tables by the stems of their files."""

FAILURE_COLUMNS = list(TABLES["failures"].columns)

RANKING_COLUMNS = list(TABLES["robustness_ranking"].columns)

ROBUSTNESS_COLUMNS = list(TABLES["robustness"].columns)[1:]
"""Those of one encoder."""

MOVED_COLUMNS = list(TABLES["moved_images"].columns)[1:]
"""Those of one encoder."""

CONTAMINATION_COLUMNS = list(TABLES["contamination"].columns)[1:]
"""Those of one encoder."""
