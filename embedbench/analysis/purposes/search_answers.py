"""What every encoder finds for a few queries of search, the same queries for all."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float64

from embedbench.analysis.inputs import Targets
from embedbench.metrics.embedding.retrieval import Retrieval

__all__ = ["DIFFER", "RANDOM", "chosen_queries", "search_answers"]

DIFFER, RANDOM = "differ", "random"
"""Why a query was chosen: encoders differ most on it, or it was drawn."""

_EACH = 6
"""Number of queries that are chosen for either reason."""

_COLUMNS = [
    "query", "chosen", "average_precision", "right_answers", "rank", "image", "is_right",
    "similarity",
]  # fmt: skip


def search_answers(
    found: Mapping[str, Retrieval], targets: Targets, image_names: Sequence[str], seed: int
) -> dict[str, pd.DataFrame]:
    """Return, by encoder, the first images found for each chosen query, the nearest first.

    Columns: `query, chosen, average_precision, right_answers, rank, image, is_right, similarity`.
    They come from the rankings that were scored.

    Args:
        found: by encoder, at least one; all with the same queries and gallery.
        targets: labels and near-duplicate groups.
        image_names: of all images.
        seed: of the queries that are drawn.
    """
    labels = targets.labels
    assert labels is not None
    scores = np.stack([own.average_precision for own in found.values()])
    queries = chosen_queries(scores, targets, seed)
    return {
        name: pd.DataFrame(
            [
                {
                    "query": image_names[query],
                    "chosen": why,
                    "average_precision": own.average_precision[query],
                    "right_answers": own.answers[query],
                    "rank": rank,
                    "image": image_names[image],
                    "is_right": labels[image] == labels[query],
                    "similarity": similarity,
                }
                for query, why in queries.items()
                for rank, (image, similarity) in enumerate(
                    zip(own.found[query], own.similarity[query], strict=True), start=1
                )
                if image >= 0
            ],
            columns=_COLUMNS,
        )
        for name, own in found.items()
    }


def chosen_queries(
    scores: Float64[np.ndarray, "encoders images"], targets: Targets, seed: int
) -> dict[int, str]:
    """Return the rows of up to 12 queries, each with why it was chosen, `DIFFER` or `RANDOM`.

    First those whose scores have the largest interquartile range over the encoders, of each label
    in turn one: an encoder that fails everywhere does not decide. Then queries drawn from the
    rest. Of near-duplicates there is one.

    Args:
        scores: average precision of each query; nan for images that are no queries, and for
            queries without a right answer, which are never chosen.
        targets: labels and near-duplicate groups.
        seed: of the draw.
    """
    assert targets.labels is not None
    rows = np.flatnonzero(~np.isnan(scores).any(axis=0))
    table = pd.DataFrame(
        {
            "spread": np.subtract(*np.percentile(scores[:, rows], [75, 25], axis=0)),
            "label": targets.labels[rows],
            "group": targets.groups[rows],
        },
        index=rows,
    )
    table = table.sort_values("spread", ascending=False, kind="stable").drop_duplicates("group")
    apart = table[table["spread"] > 0]
    apart = apart.assign(turn=apart.groupby("label").cumcount())
    differ = apart.sort_values("turn", kind="stable").index[:_EACH]
    rest = table.index.drop(differ).sort_values().to_numpy()
    count = min(2 * _EACH - len(differ), len(rest))
    drawn = np.sort(np.random.default_rng(seed).choice(rest, count, replace=False))
    return {int(row): DIFFER for row in differ} | {int(row): RANDOM for row in drawn}
