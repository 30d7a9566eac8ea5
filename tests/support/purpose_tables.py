"""The tables of purposes of a small comparison: answers, search, few labels, small vectors."""

from typing import Any

import numpy as np
import pandas as pd

THIRD = "keras:MobileNetV2,weights=x.h5"
"""The encoder that is the best for search."""

FORMS = (("float32", 16, 0.0), ("float16", 8, 0.0), ("int8", 4, -0.01), ("binary", 1, -0.2))
"""Forms, their bytes, and what they cost."""


def purpose_tables(
    comparison: pd.DataFrame,
    judged: dict[str, dict[str, object]],
    truth: bool,
    images: pd.DataFrame,
) -> dict[str, Any]:
    """Return the tables by their names; without labels that of the answers alone."""
    tables = {"purposes": _purposes(comparison, judged, truth)}
    if not truth:
        return tables
    encoders = _encoders(comparison)
    return tables | {
        "search": _search(encoders), "search_answers": _answers(encoders, images),
        "concatenations": _concatenations(encoders), "words": _words(encoders),
        "few_shot": _few_shot(encoders), "sizes": _sizes(encoders),
    }  # fmt: skip


def _encoders(comparison: pd.DataFrame) -> list[str]:
    return [str(name) for name in comparison["encoder"].unique()]


def _search(encoders: list[str]) -> pd.DataFrame:
    rows = [
        {
            "encoder": name, "metric": metric, "value": value, "low": value - 0.05,
            "high": value + 0.05, "queries": 38, "unanswered": 2,
        }
        for number, name in enumerate(encoders)
        for metric, value in (("retrieval_map", 0.5 + 0.1 * number), ("precision_at_1", 0.8))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _words(encoders: list[str]) -> pd.DataFrame:
    columns = ["encoder", "metric", "value", "low", "high", "chance", "queries", "reason"]
    rows = [
        [encoders[0], "zero_shot_accuracy", 0.7, 0.6, 0.8, 0.25, 40, ""],
        [encoders[-1], "zero_shot_accuracy", np.nan, np.nan, np.nan, np.nan, pd.NA, "<codes>"],
    ]
    return pd.DataFrame(rows, columns=columns).astype({"queries": "Int64"})


def _answers(encoders: list[str], images: pd.DataFrame) -> pd.DataFrame:
    """Return four answers to each of two queries, right and wrong ones."""
    truth = dict(zip(images["image"], images["truth"], strict=True))
    names = list(images["image"])
    rows = [
        {
            "encoder": name, "query": names[query], "chosen": chosen,
            "average_precision": 0.9 - 0.2 * number, "right_answers": 9, "rank": place + 1,
            "image": names[image], "is_right": truth[names[image]] == truth[names[query]],
            "similarity": 0.9 - 0.1 * place,
        }
        for number, name in enumerate(encoders)
        for query, chosen in ((5, "differ"), (15, "random"))
        for place, image in enumerate(range(number, 32, 8))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _concatenations(encoders: list[str]) -> pd.DataFrame:
    rows = [
        {
            "encoder": encoders[0], "other": encoders[1], "purpose": "search",
            "metric": "retrieval_map", "dim": 8, "value": 0.75, "low": 0.7, "high": 0.8,
            "best": encoders[-1], "difference": 0.05, "difference_low": 0.01,
            "difference_high": 0.09, "is_better": True,
        }
    ] if len(encoders) > 1 else []  # fmt: skip
    columns = [
        "encoder", "other", "purpose", "metric", "dim", "value", "low", "high", "best",
        "difference", "difference_low", "difference_high", "is_better",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _few_shot(encoders: list[str]) -> pd.DataFrame:
    rows = []
    for number, name in enumerate(encoders):
        for shots, value in ((1, 0.5), (5, 0.7), (20, np.nan)):
            value -= 0.1 * number
            rows.append(
                {
                    "encoder": name, "shots": shots, "value": value, "low": value - 0.1,
                    "high": value + 0.1, "chance": 0.25 if shots < 20 else np.nan, "classes": 4,
                    "reason": "" if shots < 20 else "20 labelled pictures a class need <more>",
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _sizes(encoders: list[str]) -> pd.DataFrame:
    metrics = {
        "clustering": "ami", "search": "retrieval_map", "classification": "knn_accuracy",
    }  # fmt: skip
    rows: list[dict[str, object]] = []
    for name in encoders:
        for purpose, metric in metrics.items():
            own: dict[str, object] = {"encoder": name, "purpose": purpose, "metric": metric}
            for form, size, cost in FORMS:
                value, spread = 0.8 + cost, 0.02 if cost else 0.0
                numbers = {"value": value, "low": value - 0.05, "high": value + 0.05}
                numbers |= {"difference": cost, "difference_low": cost - spread}
                numbers |= {"difference_high": cost + spread}
                smallest = form == "int8"
                rows.append(
                    {**own, "form": form, "bytes": size, **numbers, "smallest": smallest}
                    | {"reason": ""}
                )
            rows.append({**own, "form": "pq:64", "smallest": False, "reason": "needs <dimensions>"})
    columns = [
        "encoder", "purpose", "metric", "form", "bytes", "value", "low", "high", "difference",
        "difference_low", "difference_high", "smallest", "reason",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def verdicts(
    tied: dict[str, object], best: dict[str, object], truth: bool
) -> dict[str, dict[str, object]]:
    """Return the verdicts by purpose: with labels the third encoder is the best for search."""
    if not truth:
        return {
            name: best | {"purpose": name} for name in ("clustering", "search", "classification")
        }
    search: dict[str, object] = {"answer": "best", "group": [THIRD]}
    search |= {"reasons": ["It is > all others."]}
    search |= {"basis": "labels", "smallest": THIRD}
    return {
        "clustering": tied,
        "search": search | {"purpose": "search", "metric": "retrieval_map"},
        "classification": tied | {"purpose": "classification", "metric": "linear_probe"},
    }


def _purposes(
    comparison: pd.DataFrame, judged: dict[str, dict[str, object]], truth: bool
) -> pd.DataFrame:
    """Return what each purpose is judged by: the AMI of K-means, and numbers for the others."""
    kmeans = comparison[comparison["clusterer"] == "kmeans"].drop_duplicates("encoder")
    ami = kmeans.set_index("encoder")
    rows = []
    for purpose, verdict in judged.items():
        for number, name in enumerate(_encoders(comparison)):
            value, low, high = 0.5 + 0.1 * number, 0.45 + 0.1 * number, 0.55 + 0.1 * number
            if not truth:
                value = low = high = np.nan
            elif purpose == "clustering":
                columns = ("ami", "ami_low", "ami_high")
                value, low, high = (float(ami[column].astype(float)[name]) for column in columns)
            rank = 3 - number if purpose == "search" and truth else number + 1
            rows.append(
                {
                    "encoder": name,
                    "purpose": purpose,
                    "metric": verdict["metric"],
                    "value": value,
                    "low": low,
                    "high": high,
                    "chance": np.nan if purpose == "clustering" or not truth else 0.25,
                    "rank": rank,
                    "rank_low": rank,
                    "rank_high": rank,
                    "probability": round(0.95 - 0.3 * rank, 3),
                    "tied_with_best": name in verdict["group"],  # type: ignore[operator]
                    "recommended": name == verdict["smallest"],
                }
            )
    whole = dict.fromkeys(("rank", "rank_low", "rank_high"), "Int64")
    return pd.DataFrame(rows).astype(whole)
