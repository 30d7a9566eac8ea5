import dataclasses

import numpy as np
import pandas as pd

from embedbench.report.answers.summary import summary
from tests.support.example_results import ENCODERS, example_results, with_verdict


def test_the_summary_starts_with_the_verdict() -> None:
    first, *others = summary(example_results())
    one, two = (f"<strong>{name}</strong>" for name in ENCODERS[:2])
    assert first.startswith(
        f"{one} and {two} are <strong>tied</strong> as best here, by the labels"
    )
    assert f"the smallest model of them is {one}, the fastest {two}." in first
    assert "Their AMI cannot be told apart on &lt; 50 images." in first
    assert f"With kmeans, the AMI of {one} is 1.00 (95 % interval 0.85 to 1.00)" in first
    assert f"they rank: {ENCODERS[0]} 1 to 2, {ENCODERS[1]} 1 to 2." in first
    text = " ".join(others)
    assert "3 encoders were compared on 40 images, grouped into 4 clusters" in text
    assert "1 encoder and 1 image could not be used." in text
    assert f"finds a clear number of clusters for <strong>{ENCODERS[0]}</strong>." in text


def test_ranks_that_do_not_move_are_told_in_words() -> None:
    results = example_results()
    encoders = results.encoders.assign(rank_high=results.encoders["rank_low"])
    first = summary(dataclasses.replace(results, encoders=encoders))[0]
    assert "they also come first." in first and "they rank" not in first


def test_the_verdict_is_told_as_it_was_given() -> None:
    results = example_results()
    best = with_verdict(results, answer="best", group=[ENCODERS[0]])
    assert summary(best)[0].startswith(f"<strong>{ENCODERS[0]}</strong> is the <strong>best")
    assert "its AMI is 1.00" in summary(best)[0]
    once = with_verdict(results, smallest=ENCODERS[1])
    assert (
        f"smallest and fastest model of them is <strong>{ENCODERS[1]}</strong>" in summary(once)[0]
    )
    unclear = with_verdict(example_results(truth=False), answer="cannot tell", reasons=["A & B."])
    assert summary(unclear)[0] == (
        "Without labels, we <strong>cannot tell</strong> which encoder is best here. A &amp; B."
    )
    none = with_verdict(results, answer="none better than chance", group=[], smallest=None)
    assert summary(none)[0].startswith(
        "<strong>None</strong> of them groups these pictures better than chance. Their AMI cannot"
    )
    few = with_verdict(results, answer="too few pictures", group=[], smallest=None)
    assert summary(few)[0].startswith("There are <strong>too few pictures</strong> to tell which")
    nothing = with_verdict(results, basis="nothing", answer="cannot tell", group=[])
    assert "<strong>no verdict</strong>" in summary(nothing)[0]


def test_the_names_in_the_verdict_are_escaped() -> None:
    bad = ["<img src=x>", "<b>&"]
    results = with_verdict(example_results(), group=bad, smallest=bad[0])
    renamed = results.timings.replace({"encoder": dict(zip(ENCODERS, bad, strict=False))})
    results = dataclasses.replace(results, timings=renamed)
    first = summary(results)[0]
    assert "<strong>&lt;img src=x&gt;</strong> and <strong>&lt;b&gt;&amp;</strong> are" in first
    assert "the fastest <strong>&lt;b&gt;&amp;</strong>" in first
    assert "<img" not in first and "<b>" not in first


def test_of_many_tied_encoders_six_are_named() -> None:
    group = [f"encoder {number}" for number in range(9)]
    first = summary(with_verdict(example_results(), group=group))[0]
    assert "<strong>encoder 5</strong> and 3 more are <strong>tied" in first


def test_the_summary_tells_what_to_mind() -> None:
    text = " ".join(summary(example_results()))
    # Every interval of a difference is 0.3 wide.
    assert "With 40 images, differences in AMI below about 0.15 cannot be detected." in text
    assert "10 % of the images are duplicates of others; they were resampled together." in text
    assert f"<strong>{ENCODERS[2]}</strong> groups by folder (AMI 0.95) more than by" in text
    assert "over the seeds" not in text and "spread" not in text


def test_images_without_copies_are_not_said_to_have_any() -> None:
    results = example_results()
    images = results.images.assign(group=np.arange(len(results.images)))
    assert "duplicates" not in " ".join(summary(dataclasses.replace(results, images=images)))
    one = results.images.assign(group=0).head(1)
    assert "duplicates" not in " ".join(summary(dataclasses.replace(results, images=one)))


def test_a_folder_may_be_the_subject_where_no_labels_are_given() -> None:
    words = "If the folders are the subjects"
    assert words in " ".join(summary(example_results(truth=False)))
    assert words not in " ".join(summary(example_results()))


def test_few_images_without_labels_are_said_to_be_few() -> None:
    assert "40 images are few" in " ".join(summary(example_results(truth=False)))


def test_another_winner_with_another_clusterer_is_told() -> None:
    results = example_results()
    table = results.comparison.copy()
    swapped = (table["clusterer"] == "agglomerative") & (table["encoder"] == ENCODERS[2])
    table.loc[swapped, "ami"] = 1.0
    table.loc[(table["clusterer"] == "agglomerative") & ~swapped, "ami"] = 0.5
    text = " ".join(summary(dataclasses.replace(results, comparison=table)))
    assert f"agglomerative puts <strong>{ENCODERS[2]}</strong> first (1.00)." in text


def test_an_ami_without_an_interval_is_told_without_one() -> None:
    results = example_results()
    table = results.comparison.assign(ami_low=np.nan, ami_high=np.nan)
    text = " ".join(summary(dataclasses.replace(results, comparison=table)))
    assert f"the AMI of <strong>{ENCODERS[0]}</strong> is 1.00, where 1 is perfect" in text


def test_the_budget_is_a_paragraph_of_its_own_and_its_names_are_escaped() -> None:
    said = "Within the budget of at least 50 images a second, <b>x</b> is recommended."
    told = summary(with_verdict(example_results(), budget={"sentences": [said]}))
    assert told[1] == said.replace("<", "&lt;").replace(">", "&gt;")
    assert [told[0], *told[2:]] == summary(example_results())


def test_where_search_leads_its_number_stands_in_the_place_of_ami() -> None:
    results = example_results()
    first = results.purposes[results.purposes["purpose"] == "search"]
    others = results.purposes[results.purposes["purpose"] != "search"]
    searched = dataclasses.replace(
        results,
        purposes=pd.concat([first, others], ignore_index=True),
        run=results.run | {"verdict": results.run["verdicts"]["search"]},
    )
    text = " ".join(summary(searched))
    assert (
        "Its mAP is 0.70 (95 % interval 0.65 to 0.75), where 1 is perfect and 0.25 is chance."
        in text
    )
    assert "the AMI of" not in text and "differences in AMI" not in text and "puts" not in text


def test_without_labels_each_purpose_has_its_answer() -> None:
    text = " ".join(summary(example_results(truth=False)))
    assert "For clustering, search and classification likely <strong>" in text
    assert "For clustering" not in " ".join(summary(example_results()))
