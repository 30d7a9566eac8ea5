"""What encoders are chosen for, with the metrics of each purpose, and the tables of purposes."""

from collections.abc import Mapping

from embedbench.errors import InputError
from embedbench.results.tables.column import integer, number, text, yes_no
from embedbench.results.tables.table import (
    ENCODER,
    IMAGE,
    METRIC,
    PROBABILITY,
    RANK,
    SCORE,
    Table,
    interval_columns,
)

__all__ = [
    "CLASSIFICATION",
    "CLUSTERING",
    "PURPOSES",
    "PURPOSE_TABLES",
    "SEARCH",
    "TEXT_RECALL",
    "WORDS",
    "ZERO_SHOT",
    "purpose_of",
    "read_purposes",
]

CLUSTERING, SEARCH, CLASSIFICATION = "clustering", "search", "classification"
WORDS = "words"
ZERO_SHOT, TEXT_RECALL = "zero_shot_accuracy", "text_recall_at_1"
"""Metrics of `words`: the first by labels, the second by texts of the images."""

PURPOSES: Mapping[str, Mapping[str, str]] = {
    CLUSTERING: {"ami": "AMI", "ari": "ARI", "accuracy": "cluster accuracy"},
    SEARCH: {"retrieval_map": "mAP", "r_precision": "R-precision"},
    CLASSIFICATION: {"linear_probe": "linear probe", "knn_accuracy": "kNN accuracy"},
    WORDS: {
        ZERO_SHOT: "zero-shot accuracy",
        TEXT_RECALL: "text recall at 1",
        "text_recall_at_5": "text recall at 5",
        "text_recall_at_10": "text recall at 10",
    },
}
"""By purpose its metrics with their headings, each with an interval; the first one is compared."""

PURPOSE_TABLES: Mapping[str, Table] = {
    "purposes": Table(
        "One row for each encoder and purpose: the metric that the purpose is judged by, and the "
        "rank. Without labels there is no metric: two signals rank.",
        ENCODER
        | {
            "purpose": text(
                "What the encoder is for: `clustering`, `search`, `classification` or `words`.",
            )
        }
        | METRIC
        | SCORE
        | {
            "chance": number(
                "What the metric would be by chance; empty where shuffled labels decide.",
                nullable=True,
            )
        }
        | RANK
        | PROBABILITY
        | {
            "tied_with_best": yes_no("Whether the encoder may be the best for this purpose."),
            "recommended": yes_no(
                "Whether it is the smallest of the encoders that are named for this purpose; with "
                "a budget, the one that is recommended within it.",
            ),
        },
        optional=True,
    ),
    "search": Table(
        "One row for each encoder and score of search, each labelled image a query among all "
        "others but, without `--keep-duplicates`, its near-duplicates. Only with labels.",
        ENCODER
        | METRIC
        | SCORE
        | {
            "queries": integer("Number of queries that have a score.", 0),
            "unanswered": integer(
                "Number of labelled images without another of their label, which have none.",
                0,
            ),
        },
        optional=True,
    ),
    "search_answers": Table(
        "One row for each encoder, query and one of the first images that it finds, for a few "
        "queries, the same for every encoder. Only with labels.",
        ENCODER
        | {
            "query": text("The name of the image that is searched with."),
            "chosen": text(
                "Why this query: `differ`, its average precision has one of the largest "
                "interquartile ranges over the encoders, of each label in turn one; `random`, "
                "drawn by the seed of the run.",
            ),
            "average_precision": number(
                "Average precision of the query by this encoder, 0 to 1.",
                0,
                1,
            ),
            "right_answers": integer("Number of images in the gallery that share its label.", 0),
            "rank": integer("Place among the images found, 1 is the nearest.", 1),
        }
        | IMAGE
        | {
            "is_right": yes_no("Whether it shares the label of the query."),
            "similarity": number("Cosine of the two vectors, -1 to 1.", -1, 1),
        },
        optional=True,
    ),
    "words": Table(
        "One row for each encoder that reads texts and score of what it makes of them. Only where "
        "an encoder reads texts.",
        ENCODER
        | METRIC
        | SCORE
        | {
            "chance": number("What the score would be by chance.", nullable=True),
            "queries": integer(
                "Number of labelled images, or of pairs of a text and its image; empty where there "
                "is no score.",
                0,
                nullable=True,
            ),
            "reason": text("Why there is no score; empty where there is one."),
        },
        optional=True,
    ),
    "concatenations": Table(
        "One row for each pair of encoders and purpose: the unit vectors of both side by side, "
        "against the best single encoder. Only with labels and `--pairs`.",
        ENCODER
        | {"other": text("The second encoder of the pair.")}
        | {"purpose": text("The purpose.")}
        | METRIC
        | {"dim": integer("Dimensions of the two vectors together.", 1)}
        | SCORE
        | {
            "best": text("The single encoder with the highest value."),
            "difference": number("Value less its.", nullable=True),
        }
        | interval_columns("the difference, for all pairs of a purpose at once", "difference")
        | {"is_better": yes_no("Whether the interval of the difference is above 0.")},
        optional=True,
    ),
    "few_shot": Table(
        "One row for each encoder and number of labelled images a class: the accuracy of a linear "
        "classifier on all other images, a mean over ten draws. Only with labels.",
        ENCODER
        | {"shots": integer("Labelled images a class.", 1)}
        | SCORE
        | {
            "chance": number("What guessing gets right: 1 / number of classes.", nullable=True),
            "classes": integer("Number of classes that have enough images.", 0),
            "reason": text("Why there is no accuracy; empty where there is one."),
        },
        optional=True,
    ),
    "sizes": Table(
        "One row for each encoder, purpose and form in which vectors can be stored: what smaller "
        "vectors cost. Only with labels or texts. For `words`, images are stored in the form and "
        "texts are not.",
        ENCODER
        | {"purpose": text("The purpose.")}
        | METRIC
        | {
            "form": text(
                "`float32`, `float16`, `int8`, `binary`, `pca:N` (principal components), "
                "`pca:N+int8`, `truncate:N` (first dimensions), `pq:M` and `pq:Mx4` (product "
                "quantisation).",
            ),
            "bytes": integer("Bytes an image.", 1, unit="bytes", nullable=True),
        }
        | SCORE
        | {"difference": number("Value less that of float32.", nullable=True)}
        | interval_columns("the difference", "difference")
        | {
            "smallest": yes_no(
                "Whether it is the form of the fewest bytes that is not measurably worse than "
                "float32: the interval of the difference reaches 0.",
            ),
            "reason": text("Why the form does not apply; empty where it does."),
        },
        optional=True,
    ),
}


def read_purposes(words: str | list[str] | tuple[str, ...], metric: str | None) -> dict[str, str]:
    """Return the purposes asked for, each with the metric that it is judged by; the first leads.

    Args:
        words: names of purposes, each alone or several with commas; none for all.
        metric: a metric that its purpose is judged by, which then leads; None for none.

    Raises:
        InputError: there is no such purpose or metric.
    """
    texts = [words] if isinstance(words, str) else list(words)
    names = [name.strip() for text in texts for name in str(text).split(",") if name.strip()]
    for name in names:
        if name not in PURPOSES:
            raise InputError(f"there is no purpose '{name}'; there are {', '.join(PURPOSES)}")
    chosen = {name: next(iter(PURPOSES[name])) for name in names or PURPOSES}
    if metric is None:
        return chosen
    purpose = purpose_of(metric)
    if names and purpose not in chosen:
        raise InputError(f"'{metric}' is a metric of {purpose}, which `--for` leaves out")
    return {purpose: metric} | {name: own for name, own in chosen.items() if name != purpose}


def purpose_of(metric: str) -> str:
    """Return the purpose that a metric belongs to.

    Raises:
        InputError: no purpose is judged by it.
    """
    for purpose, metrics in PURPOSES.items():
        if metric in metrics:
            return purpose
    every = ", ".join(name for metrics in PURPOSES.values() for name in metrics)
    raise InputError(f"no purpose is judged by '{metric}'; there are {every}")
