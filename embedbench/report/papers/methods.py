"""The methods of a comparison in sentences, for a paper: only what this run used."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from embedbench.metrics.base import Metric
from embedbench.metrics.bootstrap import RESAMPLES
from embedbench.metrics.chance import SHUFFLES
from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.metrics.embedding.catalogue import ENCODER_METRICS
from embedbench.report.papers.latex import escape_latex, with_commands
from embedbench.report.papers.references import METRIC_REFERENCES, cite
from embedbench.results.results import Results
from embedbench.results.schema import K_CRITERIA, MARGIN, ONE_ENCODER, SIGNALS
from embedbench.results.tables.purposes import CLASSIFICATION, CLUSTERING, SEARCH
from embedbench.results.views import headline_rows
from embedbench.utils.text import join_names, pluralise

__all__ = ["methods_text"]

_CATALOGUE: Mapping[str, Metric] = {one.name: one for one in (*METRICS, *ENCODER_METRICS)}

_DIGITS = 16
"""Digits of a SHA-256 that tell files of weights apart; `run.json` has all."""


def methods_text(results: Results) -> str:
    r"""Return paragraphs in LaTeX that say what was compared, how, and with what.

    They cite the references of the metrics and methods that this run used, and no others.

    Args:
        results: the comparison.
    """
    paragraphs = [
        _images(results),
        _encoders(results),
        _clusters(results),
        _numbers(results),
        _statistics(results),
        _further(results),
        _software(results),
    ]
    written = [" ".join(filter(None, sentences)) for sentences in paragraphs]
    return with_commands("\n\n".join(filter(None, written)) + "\n")


def _code(text: object) -> str:
    return rf"\texttt{{{escape_latex(str(text))}}}"


def _images(results: Results) -> list[str]:
    images = results.images
    count = pluralise(int(results.comparison["encoder"].nunique()), "image encoder")
    of_classes = ""
    if "truth" in images:
        classes, known = int(images["truth"].nunique()), int(images["truth"].notna().sum())
        of_classes = f" of {pluralise(classes, 'class')}"
        if known < len(images):
            of_classes = f", of which {known:,} had a label of {pluralise(classes, 'class')}"
    verb = "analysed" if results.run["verdict"]["basis"] == ONE_ENCODER else "compared"
    sentences = [f"We {verb} {count} on {pluralise(len(images), 'image')}{of_classes}."]
    stages = results.failures["stage"].astype(str)
    lost = int(results.failures.loc[stages.str.startswith("merge: "), "name"].nunique())
    if lost:
        were = "was" if lost == 1 else "were"
        sentences.append(f"{pluralise(lost, 'image')} that not every run had {were} left out.")
    copies = len(images) - int(images["group"].nunique()) if "group" in images else 0
    if copies:
        sentences.append(
            f"Near-duplicates ({copies:,} of the images) counted as one image in resamples."
        )
    return sentences


def _encoders(results: Results) -> list[str]:
    hashes = results.run.get("weights") or {}
    compared = set(results.comparison["encoder"])
    rows = results.encoders[results.encoders["encoder"].isin(compared)]
    return [_encoder(row, hashes.get(row["encoder"]) or {}) for row in rows.to_dict("records")]


def _encoder(row: Mapping[Any, Any], hashes: Mapping[str, str]) -> str:
    """Return a sentence on one encoder: its vectors, its weights, their licence and hashes."""
    known = {name: value for name, value in row.items() if not pd.isna(value)}
    facts = [f"{known['dim']} dimensions"] if "dim" in known else []
    parameters = float(str(known.get("parameters", 0)))
    facts += [f"{parameters / 1e6:.3g} million parameters"] if parameters else []
    facts += [f"{what} {_code(known[what])}" for what in ("weights", "revision") if what in known]
    if "pretrained_on" in known:
        facts.append(f"trained on {escape_latex(str(known['pretrained_on']))}")
    if "licence" in known or hashes:
        facts.append(f"licence {escape_latex(str(known.get('licence', 'not known')))}")
    facts += [
        f"SHA-256 of {_code(file)} {_code(digest[:_DIGITS])}"
        for file, digest in sorted(hashes.items())
    ]
    return f"{_code(row['encoder'])}: {'; '.join(facts)}." if facts else f"{_code(row['encoder'])}."


_SPACES = {"umap": ("mcinnes2018",), "tsne": ("vandermaaten2008",)}
"""References of the spaces and of the planes that maps are drawn in."""


def _clusters(results: Results) -> list[str]:
    rows = headline_rows(results)
    told = [_space(space) for space in results.spaces]
    sentences = [f"Vectors were clustered {join_names(told)}."]
    names = [_clusterer(name) for name in results.comparison["clusterer"].astype(str).unique()]
    seeds = results.run.get("seeds") or []
    with_seeds = f", with {pluralise(len(seeds), 'seed')}" if seeds else ""
    with_seeds += f" ({min(seeds)} to {max(seeds)})" if len(seeds) > 1 else ""
    sentences.append(f"We used {join_names(names)}{with_seeds}.")
    shared = rows.dropna(subset=["k"])
    if len(shared):
        k, k_from = int(shared["k"].iloc[0]), shared["k_from"].iloc[0]
        why = {"truth": ", the number of classes", "given": ", as chosen by us"}.get(k_from, "")
        if k_from == "shared":
            why = ", the same for all encoders"
        if k_from == "shared" and results.run.get("groups"):
            why += f", where their mean inertia bends{cite('satopaa2011')}"
        sentences.append(f"The number of clusters was {k}{why}.")
    own = {
        "elbow": f"the elbow of the inertia{cite('satopaa2011')}",
        "silhouette": f"the silhouette{cite('rousseeuw1987')}",
        "gap": f"the gap statistic{cite('tibshirani2001')}",
    }
    used = set(results.comparison["k_from"])
    found = [own[name] for name in K_CRITERIA if name in used]
    if found:
        sentences.append(f"Each encoder was also clustered at k chosen by {join_names(found)}.")
    return sentences


def _space(space: str) -> str:
    if space == "l2":
        return "at unit length"
    return f"in the space {_code(space)}{cite(*_SPACES.get(space.partition(':')[0], ()))}"


def _clusterer(name: str) -> str:
    kind, _, options = name.partition(",")
    known = {
        "kmeans": f"K-means with k-means++{cite('arthur2007')}",
        "agglomerative": f"agglomerative clustering with Ward's linkage{cite('ward1963')}",
        "hdbscan": f"HDBSCAN{cite('campello2013', 'mcinnes2017')}",
    }
    if name == "agglomerative,linkage=average":
        return "agglomerative clustering with average linkage on cosine distance"
    told = known.get(kind) or _code(kind)
    return f"{told} ({_code(options)})" if options else told


def _numbers(results: Results) -> list[str]:
    """Return what each purpose is judged by, then all else that was measured."""
    judged = results.purposes.dropna(subset=["value"]).drop_duplicates("purpose")
    first = dict(zip(judged["purpose"].astype(str), judged["metric"].astype(str), strict=True))
    sentences = [
        f"For {escape_latex(purpose)}, encoders were judged by {_metric(metric)}: "
        + _meaning(metric)
        for purpose, metric in first.items()
        if metric in _CATALOGUE
    ]
    if SEARCH in first and not results.run.get("keep_duplicates"):
        sentences.append("Near-duplicates of a query were left out of its answers.")
    if not results.has_truth:
        found = [name for name in SIGNALS if name in _measured(results)]
        sentences += [f"We used {_metric(name)}: {_meaning(name)}" for name in found]
        first |= {name: name for name in found}
    others = [_metric(name) for name in _measured(results) if name not in first.values()]
    if others:
        sentences.append(
            f"{'We also measured' if sentences else 'We measured'} {join_names(others)}."
        )
    return sentences


def _measured(results: Results) -> list[str]:
    """Return the metrics that have a number, in the order of the catalogues."""
    tables = (results.comparison, results.encoders)
    names = {name for table in tables for name in table if table[name].notna().any()}
    names |= set(results.label_free.dropna(subset=["value"])["criterion"].astype(str))
    names |= set(results.purposes.dropna(subset=["value"])["metric"].astype(str))
    names -= {"clusters", "coverage"}
    return [one for one in _CATALOGUE if one in names and not one.endswith("_clustered")]


def _metric(name: str) -> str:
    return escape_latex(_CATALOGUE[name].heading) + cite(*METRIC_REFERENCES.get(name, ()))


def _meaning(name: str) -> str:
    sentence = _CATALOGUE[name].sentence
    return escape_latex(sentence[:1].lower() + sentence[1:])


def _statistics(results: Results) -> list[str]:
    """Return how intervals, ties and likely encoders come about."""
    sentences = []
    judged = set(results.purposes.dropna(subset=["value"])["purpose"])
    if results.has_truth or results.label_free["low"].notna().any():
        sentences.append(
            f"Intervals hold 95\\,\\%: they are percentiles of {RESAMPLES:,} resamples of images "
            f"and seeds, the same for every encoder{cite('efron1979', 'rao1988')}, in which each "
            f"image weighs as much as its jackknife influence{cite('efron1981')}."
        )
    if "stability" in _measured(results):
        sentences.append("The interval of stability is over its subsamples.")
    if results.run["verdict"]["basis"] == ONE_ENCODER:
        return sentences
    if judged:
        sentences.append(
            "An encoder is tied with the best unless another is ahead of it by more than chance "
            f"explains, allowing for the number of encoders{cite('hsu1984', 'hansen2011')}."
        )
    if CLUSTERING in judged:
        sentences.append(
            "Clusters are above chance if they know more of the labels than of labels shuffled "
            f"{SHUFFLES} times, against the highest of all encoders in each "
            f"shuffle{cite('westfall1993')}."
        )
    if SEARCH in judged:
        sentences.append(
            f"For search, chance is the expectation of a random order{cite('bestgen2015')}."
        )
    if CLASSIFICATION in judged:
        sentences.append("For classification, chance is the share of the most frequent label.")
    if not results.has_truth and len(results.purposes):
        margin = results.run.get("margin", MARGIN)
        sentences.append(
            f"The probability that an encoder is within {margin:g} of the best follows from a "
            "mixture of two Gaussians in cluster retention and consensus, fitted on labelled sets; "
            "encoders that are alike by linear CKA err alike in it"
            f"{cite('kornblith2019')}. It is evidence, not proof."
        )
    return sentences


def _further(results: Results) -> list[str]:
    """Return a sentence on each further analysis that the run has."""
    sentences = []
    if len(results.similarity):
        keys = ("kornblith2019", "song2012", "nguyen2021")
        sentences.append(f"The similarity of encoders is debiased linear CKA{cite(*keys)}.")
    kinds = results.projections["projection"].astype(str).unique()
    names = {"pca": "principal components", "tsne": "t-SNE", "umap": "UMAP"}
    maps = [names[one] + cite(*_SPACES.get(one, ())) for one in names if one in kinds]
    if maps:
        sentences.append(f"Maps show {join_names(maps)}.")
    corrupted = results.robustness["corruption"].astype(str)
    kinds_of = [_code(one) for one in corrupted.unique() if one and one != "clean"]
    if kinds_of:
        sentences.append(
            f"Robustness was measured under {join_names(kinds_of)}, with the severities of "
            f"ImageNet-C where it has the corruption{cite('hendrycks2019')}."
        )
    if len(results.shortcuts):
        sentences.append(
            "We measured how far clusters follow properties of the images that should not "
            f"matter{cite('geirhos2020')}."
        )
    forms = results.sizes.dropna(subset=["value"])["form"].astype(str)
    for start, what, key in (
        ("pq:", "product quantisation", "jegou2011"),
        ("truncate:", "their leading dimensions", "kusupati2022"),
    ):
        if forms.str.startswith(start).any():
            sentences.append(f"Vectors were also stored by {what}{cite(key)}.")
    return sentences


_LIBRARIES = {
    "numpy": ("harris2020",),
    "scikit-learn": ("pedregosa2011",),
    "scipy": ("virtanen2020",),
}


def _software(results: Results) -> list[str]:
    versions = dict(results.run.get("versions") or {})
    own = versions.pop("image-embedbench", None)
    told = [
        f"{escape_latex(f'{name} {version}')}{cite(*_LIBRARIES.get(name, ()))}"
        for name, version in versions.items()
    ]
    fingerprint = results.run["dataset"].get("fingerprint")
    sentences = [
        f"We used embedbench{f' {escape_latex(own)}' if own else ''} with {join_names(told)}."
    ]
    if fingerprint:
        sentences.append(f"The fingerprint of the images and labels is {_code(fingerprint)}.")
    return sentences
