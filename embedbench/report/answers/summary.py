"""The first paragraphs of the report: the verdict, what was compared, and what to mind."""

from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup

from embedbench.analysis.duplicates import duplicate_rate
from embedbench.report.answers.pairwise import visible_difference
from embedbench.report.shortcuts import shortcut_warnings
from embedbench.report.tables import interval_text
from embedbench.results.purposes import leading_rows, metric_heading, purpose_sentence
from embedbench.results.results import Results
from embedbench.results.schema import K_CRITERIA, NAMING, ONE_ENCODER
from embedbench.results.sentences import NAMED, answer_sentences, budget_sentences, list_names
from embedbench.results.views import chosen_k, headline_rows
from embedbench.utils.text import join_names, pluralise

__all__ = ["strong", "summary"]

WARNED = 1
"""How many shortcuts are named here; the others are in their section."""

_SEEN = 0.02
"""Smaller differences do not matter."""

_FEW = 100
"""Fewer images than this are few."""


def summary(results: Results) -> list[Markup]:
    """Return paragraphs in HTML, every foreign word in them escaped; the verdict comes first."""
    rows = headline_rows(results)
    if (results.run.get("verdict") or {}).get("basis") == ONE_ENCODER:
        answer = [Markup(one) for one in answer_sentences(results, Markup, strong)]
        paragraphs = [
            answer,
            _budget(results),
            [*_sensitivity(results), *_copies(results), *_shortcuts(results), *_skipped(results)],
        ]
        return [Markup(" ").join(sentences) for sentences in paragraphs if sentences]
    paragraphs = [
        _verdict(results, rows),
        _budget(results),
        [_what(results, rows), *_without_labels(results), *_other_clusterers(results, rows)],
        [*_sensitivity(results), *_copies(results), *_shortcuts(results)],
        [*_clear_k(results), *_skipped(results)],
    ]
    return [Markup(" ").join(sentences) for sentences in paragraphs if sentences]


def _names(names: Sequence[str]) -> Markup:
    return Markup(list_names(names, Markup, strong))


def _verdict(results: Results, rows: pd.DataFrame) -> list[Markup]:
    """Say which encoder is the best; nothing of a run that holds no verdict."""
    verdict = results.run.get("verdict")
    if not verdict:
        return []
    sentences = answer_sentences(results, Markup, strong)
    if verdict["basis"] != "nothing" and verdict["answer"] not in NAMING:
        return [Markup(one) for one in sentences]
    return [*(Markup(one) for one in sentences), *_scores(results, rows)]


def _budget(results: Results) -> list[Markup]:
    return [Markup(one) for one in budget_sentences(results.run.get("verdict") or {}, Markup)]


def strong(name: str) -> Markup:
    """Return a name that must be seen, escaped."""
    return Markup("<strong>{}</strong>").format(name)


def _scores(results: Results, rows: pd.DataFrame) -> list[Markup]:
    """Return the highest number of the purpose that leads, and the ranks of those tied with it.

    For clustering that is the AMI of the first clusterer.
    """
    group = results.run["verdict"]["group"]
    lead = _other_lead(results)
    if len(lead):
        return [_leading_number(lead, group), *_ranks(results, group)]
    if not results.has_truth:
        return []
    first = rows[rows["clusterer"] == rows["clusterer"].iloc[0]].dropna(subset=["ami"])
    if first.empty:
        return [Markup("No encoder could be scored against the labels.")]
    best = first.loc[first["ami"].idxmax()]
    interval = interval_text(best.get("ami_low"), best.get("ami_high"))
    name = _names([str(best["encoder"])])
    return [
        Markup("With {}, {} is {:.2f}{}, where 1 is perfect and 0 is chance.").format(
            best["clusterer"],
            Markup("the AMI of {}").format(name) if len(group) != 1 else "its AMI",
            best["ami"],
            f" (95 % interval {interval})" if interval else "",
        ),
        *_ranks(results, group),
    ]


def _other_lead(results: Results) -> pd.DataFrame:
    """Return the rows of the purpose that leads, if by another metric than AMI; else none."""
    rows = leading_rows(results).dropna(subset=["value"])
    return rows[~rows["metric"].isin(["", "ami"])]


def _leading_number(lead: pd.DataFrame, group: Sequence[str]) -> Markup:
    best = lead.sort_values("rank", kind="stable").iloc[0]
    interval = interval_text(best["low"], best["high"])
    heading, chance = metric_heading(str(best["metric"])), best["chance"]
    return Markup("{} is {:.2f}{}, where 1 is perfect{}.").format(
        Markup("The {} of {}").format(heading, _names([str(best.name)]))
        if len(group) != 1
        else f"Its {heading}",
        best["value"],
        f" (95 % interval {interval})" if interval else "",
        "" if pd.isna(chance) else f" and {chance:.2f} is chance",
    )


def _ranks(results: Results, group: Sequence[str]) -> list[Markup]:
    """Return the ranks that tied encoders may have."""
    if len(group) < 2 or "rank_low" not in results.encoders:
        return []
    ranks = results.encoders.set_index("encoder").reindex(list(group)).dropna(subset=["rank_low"])
    if len(ranks) and (ranks["rank_high"] == 1).all():
        return [Markup("In 95 % of the resamples of these images, they also come first.")]
    texts = [
        Markup("{} {}").format(name, _range(int(row["rank_low"]), int(row["rank_high"])))
        for name, row in ranks.head(NAMED).iterrows()
    ]
    return [Markup("In 95 % of the resamples, they rank: {}.").format(Markup(", ").join(texts))]


def _range(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low} to {high}"


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
    compared = pluralise(rows["encoder"].nunique(), "encoder")
    verb = "was" if compared.startswith("1 ") else "were"
    clusterers = join_names([str(name) for name in rows["clusterer"].unique()])
    return Markup("{} {} compared on {}, grouped{} by {}.").format(
        compared, verb, pluralise(len(results.images), "image"), at, clusterers
    )


def _without_labels(results: Results) -> list[Markup]:
    if results.has_truth:
        return []
    by_purpose = Markup(purpose_sentence(results, Markup, strong))
    return [
        *filter(None, [by_purpose]),
        Markup(
            "There are no labels, so no number here is the truth. The silhouette is measured in "
            "each encoder's own space and <strong>does not compare encoders</strong>. Look at the "
            "images in their clusters, or label some of the images."
        ),
    ]


def _other_clusterers(results: Results, rows: pd.DataFrame) -> list[Markup]:
    """Say where another clusterer puts another encoder first."""
    if not results.has_truth or len(_other_lead(results)):
        return []
    scored = rows.dropna(subset=["ami"])
    tops = scored.groupby("clusterer", sort=False)["ami"].transform("max")
    winners = scored[scored["ami"] == tops].groupby("clusterer", sort=False)["encoder"]
    firsts = {str(clusterer): set(names.astype(str)) for clusterer, names in winners}
    best = next(iter(firsts.values()), set())
    return [
        Markup("{} puts {} first ({:.2f}).").format(
            clusterer, _names(sorted(names)), tops[scored["clusterer"] == clusterer].iloc[0]
        )
        for clusterer, names in firsts.items()
        if not names & best
    ]


def _sensitivity(results: Results) -> list[Markup]:
    """Say how large a difference must be to be seen; without labels, where images are few."""
    images, half = pluralise(len(results.images), "image"), visible_difference(results)
    if len(_other_lead(results)):
        return []  # the differences of the pairs are those of clusters
    if half is not None and half >= _SEEN:
        return [
            Markup("With {}, differences in AMI below about {:.2f} cannot be detected.").format(
                images, half
            )
        ]
    if half is None and len(results.images) < _FEW:
        return [Markup("{} are few: with other images, every number may change.").format(images)]
    return []


def _copies(results: Results) -> list[Markup]:
    if "group" not in results.images:
        return []
    rate = duplicate_rate(results.images["group"].to_numpy())
    if not rate > 0:
        return []
    share = f"{100 * rate:.0f} %" if rate >= 0.005 else "Less than 1 %"
    return [
        Markup("{} of the images are duplicates of others; they were resampled together.").format(
            share
        )
    ]


def _shortcuts(results: Results) -> list[Markup]:
    """Return what else explains the clusters of the best encoders."""
    warned = shortcut_warnings(results)
    sentences = [warning.sentence for warning in warned[:WARNED]]
    if not results.has_truth and any(warning.by_folder for warning in warned[:WARNED]):
        sentences.append(Markup("If the folders are the subjects, this is not a shortcut."))
    if len(warned) > WARNED:
        more = pluralise(len(warned) - WARNED, "more such warning").replace("1 more", "One more")
        sentences.append(Markup('<a href="#shortcuts">{}.</a>').format(more))
    return sentences


def _clear_k(results: Results) -> list[Markup]:
    """Name the encoders for which no criterion finds a k; nothing if none was searched."""
    if "inertia_null_low" not in results.elbow:
        return []
    curves = results.elbow.dropna(subset=["inertia_null_low"]).groupby("encoder", sort=False)
    unclear = [
        str(name)
        for name, curve in curves
        if not any(chosen_k(curve, criterion) for criterion in K_CRITERIA)
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
    counts = [pluralise(int(number), str(what)) for what, number in failed.items()]
    return [
        Markup('<a href="#skipped">{} could not be used.</a>').format(join_names(sorted(counts)))
    ]
