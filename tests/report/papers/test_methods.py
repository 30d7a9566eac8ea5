"""Promises of the methods in sentences: all that a run used is there, and nothing else."""

import dataclasses

import pandas as pd
import pytest

from embedbench.report.papers.methods import methods_text
from embedbench.report.papers.references import cited
from embedbench.results.results import Results
from tests.support.example_results import example_results


def changed(results: Results, **run: object) -> Results:
    """Return the results with another record of the run."""
    return dataclasses.replace(results, run=results.run | run)


def test_the_images_encoders_and_versions_of_the_run_are_told() -> None:
    digest = "57934424" * 8
    text = methods_text(changed(example_results(), weights={"pixels": {"a_b.pth": digest}}))
    assert "We compared 3 image encoders on 40 images of 4 classes." in text
    assert r"\texttt{pixels}: 4 dimensions; 4.65 million parameters; trained on" in text
    assert r"licence apache-2.0; SHA-256 of \texttt{a\_b.pth} \texttt{5793442457934424}" in text
    assert "with 3 seeds (0 to 2)" in text and "numpy 2.4.0" in text
    assert "The number of clusters was 4, the number of classes." in text


@pytest.mark.parametrize(
    ("truth", "used", "unused"),
    [
        (True, {"vinh2010", "hsu1984", "westfall1993", "manning2008"}, {"mcinnes2018"}),
        (False, {"rousseeuw1987", "efron1979"}, {"vinh2010", "hsu1984", "westfall1993"}),
    ],
)
def test_with_and_without_labels_other_work_is_cited(
    truth: bool, used: set[str], unused: set[str]
) -> None:
    keys = set(cited(methods_text(example_results(truth))))
    assert used | {"arthur2007", "ward1963", "campello2013", "vandermaaten2008"} <= keys
    assert not unused & keys


def test_what_was_not_used_is_neither_told_nor_cited() -> None:
    results = example_results()
    comparison = results.comparison[
        (results.comparison["clusterer"] == "kmeans") & (results.comparison["k_from"] == "truth")
    ]
    kept = ["encoder", "space", "clusterer", "k", "k_from", "ami", "ami_low", "ami_high"]
    few = dataclasses.replace(
        results,
        comparison=comparison[kept],
        encoders=results.encoders[["encoder", "status"]],
        label_free=results.label_free.head(0),
        purposes=results.purposes[results.purposes["purpose"] == "clustering"],
        projections=results.projections[results.projections["projection"] == "pca"],
        **{name: getattr(results, name).head(0) for name in ("similarity", "shortcuts", "sizes")},
        robustness=results.robustness.head(0),
    )
    assert cited(methods_text(few)) == [
        "arthur2007", "efron1979", "efron1981", "hansen2011", "harris2020", "hsu1984", "rao1988",
        "vinh2010", "westfall1993",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("clusterer", "told"),
    [
        ("agglomerative,linkage=average", "average linkage on cosine distance"),
        ("hdbscan,min_cluster_size=10", r"(\texttt{min\_cluster\_size=10})"),
        ("my_own", r"\texttt{my\_own}"),
    ],
)
def test_clusterers_are_told_with_their_options(clusterer: str, told: str) -> None:
    results = example_results()
    comparison = results.comparison.assign(clusterer=clusterer)
    text = methods_text(dataclasses.replace(results, comparison=comparison))
    assert told in text and "arthur2007" not in text


def test_images_without_a_label_and_copies_are_counted() -> None:
    results = example_results()
    truth = results.images["truth"].mask(results.images.index < 30)
    text = methods_text(dataclasses.replace(results, images=results.images.assign(truth=truth)))
    known = pd.Series(truth).nunique()
    assert f"of which 10 had a label of {known} class" in text
    assert "Near-duplicates (4 of the images)" in text
