"""Columns and fixed words of a run folder."""

__all__ = [
    "CANNOT_TELL",
    "CHANGED",
    "CSV_TABLES",
    "ENCODER_ALONE",
    "FAILURE_COLUMNS",
    "HEADLINE",
    "HELD_COLUMNS",
    "KEPT",
    "K_CRITERIA",
    "MIXED_COLUMNS",
    "NULLABLE_TEXT_COLUMNS",
    "OPTIONAL_TABLES",
    "PARQUET_TABLES",
    "ROBUSTNESS_COLUMNS",
    "SCHEMA_VERSION",
    "SIGNALS",
    "TEXT_COLUMNS",
]

HELD_COLUMNS = [
    "encoder", "kept", "kept_low", "kept_high", "rank", "rank_low", "rank_high", "holds_best",
    "changed", "changed_low", "changed_high",
    "ami_clean", "ami", "ami_low", "ami_high", "ami_change", "ami_change_low", "ami_change_high",
    "ami_best",
]  # fmt: skip


ENCODER_ALONE = ""
"""Stands for the clusterer of a metric that needs no clusters."""


MIXED_COLUMNS = ["clusterer", "quantity", "value", "low", "high"]


SIGNALS = ("clusters_kept", "consensus")
"""The criteria that the verdict without labels rests on."""


SCHEMA_VERSION = 3


K_CRITERIA = ("elbow", "silhouette", "gap")
"""The ways of choosing k that give each encoder a k of its own."""


FAILURE_COLUMNS = ["what", "name", "stage", "error"]


_CHANGE = ("corruption", "severity", "clusterer", "metric")


_DIFFERENCE = ("difference", "difference_low", "difference_high")


OPTIONAL_TABLES = {
    "words": ("image", "word", "fit", "other_word", "other_fit", "margin", "between"),
    "composition": (
        "encoder", "clusterer", "cluster", "by", "value", "images", "share_of_cluster",
        "share_of_value",
    ),
    "robustness": ("encoder", *_CHANGE, "clean", "value", "change", "change_low", "change_high"),
    "held": ("encoder", "kept", "kept_low", "kept_high"),
    "mixed": ("encoder", "clusterer", "quantity", "value", "low", "high"),
    "domains": ("encoder", "domain", "images", "k", "clusterer", "metric", "value", "low", "high"),
    "domain_pairs": ("encoder", "domain", "other", "clusterer", "metric", *_DIFFERENCE),
    "follows": ("encoder", "ami", "null", "p", "label_ami"),
    "worst": ("encoder", "domain", "image", "score"),
}  # fmt: skip
"""Tables that have rows only where they were asked for, and their columns."""


CSV_TABLES = (
    "comparison", "encoders", "elbow", "clusters", "failures", "pairs", "criteria", "similarity",
    "disagreements", "shortcuts", "variance", *OPTIONAL_TABLES,
)  # fmt: skip


PARQUET_TABLES = ("partitions", "images", "silhouettes", "maps")


TEXT_COLUMNS = (
    "atypical", "attribute", "by", "chosen", "clusterer", "corruption", "criterion", "domain",
    "encoder", "error", "image", "k_from", "label", "medoid", "metric", "name", "nearest_word",
    "other", "other_word", "partner", "quantity", "space", "stage", "status", "typical", "what",
    "word",
)  # fmt: skip


NULLABLE_TEXT_COLUMNS = ("device", "fingerprint", "licence", "precision", "pretrained_on")


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
    "seconds": "seconds",
}
"""The columns that a person sees first, with their headings; the CSV file holds them all."""


KEPT, CHANGED = "neighbours_kept", "clusters_changed"


ROBUSTNESS_COLUMNS = [
    "corruption", "severity", "clusterer", "metric", "clean", "value",
    "change", "change_low", "change_high",
]  # fmt: skip


CANNOT_TELL = "cannot tell"
