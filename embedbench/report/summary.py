"""The first paragraph of the report: what the numbers say, in plain words."""

from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup

from embedbench.plots import headline_rows
from embedbench.plots.charts import chosen_k
from embedbench.report.tables import marks
from embedbench.results import CRITERIA, Results

__all__ = ["count", "summary"]


def summary(results: Results) -> list[Markup]:
    """Return sentences in HTML, every foreign word in them escaped."""
    rows = headline_rows(results)
    sentences = [_what(results, rows)]
    if results.has_truth and rows["ami"].notna().any():
        sentences += _ranking(rows)
    elif results.has_truth:
        sentences.append(Markup("No encoder could be scored against the labels."))
    else:
        sentences.append(
            Markup(
                "No labels were given, so no number here says which encoder is right. "
                "Silhouette is measured in each encoder's own space and <strong>does not compare "
                "encoders</strong>: look at the pictures in their clusters, or give labels for "
                "some of the images."
            )
        )
    return [*sentences, *_clear_k(results), *_skipped(results)]


def count(number: int, noun: str) -> str:
    """Return a number with its noun: 1 image, 2 images, 3 classes."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def _names(names: Sequence[str]) -> Markup:
    bold = [Markup("<strong>{}</strong>").format(name) for name in names]
    if len(bold) < 2:
        return Markup("").join(bold)
    return Markup("{} and {}").format(Markup(", ").join(bold[:-1]), bold[-1])


def _what(results: Results, rows: pd.DataFrame) -> Markup:
    shared = rows.loc[rows["k"].notna(), ["k", "k_from"]].drop_duplicates()
    at = ""
    if len(shared) == 1:
        meaning = {
            "truth": "the number of classes",
            "given": "as asked",
            "shared": "the same for all",
        }
        k, k_from = int(shared["k"].iloc[0]), str(shared["k_from"].iloc[0])
        at = f" into {k} clusters ({meaning.get(k_from, k_from)})"
    compared = count(rows["encoder"].nunique(), "encoder")
    verb = "was" if compared.startswith("1 ") else "were"
    clusterers = _plain_list([str(name) for name in rows["clusterer"].unique()])
    return Markup("{} {} compared on {}, grouped{} by {}.").format(
        compared, verb, count(len(results.images), "image"), at, clusterers
    )


def _plain_list(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _ranking(rows: pd.DataFrame) -> list[Markup]:
    first = rows.loc[rows["clusterer"] == rows["clusterer"].iloc[0]].dropna(subset=["ami"])
    if first.empty:
        return []
    found = dict(zip(first["encoder"].astype(str), marks(first, "ami"), strict=True))
    best = [name for name, mark in found.items() if mark == "best"]
    near = [name for name, mark in found.items() if mark == "near"]
    top = first.loc[first["ami"].idxmax()]
    sentence = Markup(
        "With {}, {} best with the labels: AMI {:.2f}{}, where 1 is perfect and 0 is chance."
    ).format(
        top["clusterer"], _names(best) + (" agrees" if len(best) == 1 else " agree"),
        top["ami"], _spread(top),
    )  # fmt: skip
    sentences = [sentence]
    if not _spread(top):
        sentences.append(Markup("It was run once, so how far luck goes is not known."))
    elif near:
        verb = "is" if len(near) == 1 else "are"
        sentences.append(
            Markup("{} {} within its spread: not told apart from it.").format(_names(near), verb)
        )
    elif len(found) > 1 and len(best) == 1:
        sentences.append(Markup("No other encoder comes within its spread."))
    return sentences + _other_clusterers(rows, best)


def _spread(row: pd.Series) -> str:
    """Return the lowest and the highest AMI of a row in words; "" where it was run once."""
    if pd.isna(row["ami_low"]):
        return ""
    return f" ({row['ami_low']:.2f} to {row['ami_high']:.2f} over the seeds)"


def _other_clusterers(rows: pd.DataFrame, best: list[str]) -> list[Markup]:
    """Say where another clusterer puts another encoder first."""
    scored = rows.dropna(subset=["ami"])
    winners = scored.loc[scored.groupby("clusterer", sort=False)["ami"].idxmax()].iloc[1:]
    return [
        Markup("{} puts {} first ({:.2f}).").format(
            row["clusterer"], _names([str(row["encoder"])]), row["ami"]
        )
        for _, row in winners.iterrows()
        if row["encoder"] not in best
    ]


def _clear_k(results: Results) -> list[Markup]:
    """Say for which encoders no criterion finds a k; nothing if none was asked."""
    if "inertia_null_low" not in results.elbow:
        return []
    asked = results.elbow.dropna(subset=["inertia_null_low"]).groupby("encoder", sort=False)
    unclear = [
        str(name)
        for name, curve in asked
        if not any(chosen_k(curve, criterion) for criterion in CRITERIA)
    ]
    if not unclear:
        return []
    return [
        Markup("Neither elbow nor silhouette nor gap finds a clear number of clusters for {}.")
        .format(_names(unclear))
    ]  # fmt: skip


def _skipped(results: Results) -> list[Markup]:
    failed = results.failures.drop_duplicates(["what", "name"])["what"].value_counts()
    if failed.empty:
        return []
    counts = [count(int(number), str(what)) for what, number in failed.items()]
    return [
        Markup('<a href="#skipped">{} could not be used.</a>').format(_plain_list(sorted(counts)))
    ]
