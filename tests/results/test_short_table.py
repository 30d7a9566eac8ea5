"""Promises of the short table: a row an encoder, the best first, the numbers of the long one."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from embedbench.results.short_table import short_table
from embedbench.results.views import ranked
from tests.support.example_results import ENCODERS, example_results


def test_with_labels_it_has_rank_and_ami_of_the_first_clusterer() -> None:
    results = example_results()
    table = short_table(results)
    assert table["encoder"].tolist() == ranked(results)
    assert {"rank", "AMI", "95 % interval", "accuracy", "dim", "images/s"} <= set(table.columns)
    rows = results.comparison
    rows = rows[(rows["clusterer"] == rows["clusterer"].iloc[0]) & (rows["space"] == "l2")]
    for _, row in table.iterrows():
        own = rows[rows["encoder"] == row["encoder"]].iloc[0]
        assert row["AMI"] == f"{own['ami']:.2f}"
        assert row["95 % interval"] == f"{own['ami_low']:.2f} to {own['ami_high']:.2f}"


def test_without_labels_it_has_the_two_signals_and_no_silhouette() -> None:
    results = example_results(truth=False)
    table = short_table(results)
    assert [name.strip() for name in table.columns] == [
        "encoder", "probability", "retention", "95 % interval", "consensus", "95 % interval", "dim",
        "images/s",
    ]  # fmt: skip
    assert table["probability"].to_list() == ["0.65", "0.35", "0.05"]
    signals = results.label_free.set_index(["criterion", "encoder"])["value"]
    for _, row in table.iterrows():
        assert row["consensus"] == f"{signals['consensus', row['encoder']]:.2f}"


def test_one_encoder_has_its_clusters_as_whole_numbers() -> None:
    results = example_results()
    alone = dataclasses.replace(
        results,
        comparison=results.comparison[results.comparison["encoder"] == ENCODERS[0]],
        encoders=results.encoders.head(1).assign(rank=np.nan),
    )
    (row,) = short_table(alone).to_dict("records")
    assert row["encoder"] == ENCODERS[0] and row["clusters"].isdigit()
    assert "rank" not in row and {"AMI", "silhouette", "stability"} <= set(row)


def test_results_are_shown_as_verdict_and_table_not_as_fields() -> None:
    results = example_results()
    text = repr(results)
    assert text.startswith(str(results.verdict)) and "95 % interval" in text
    assert all(name in text for name in short_table(results)["encoder"])


@pytest.mark.parametrize(
    ("below", "address"), [(True, "my%20run/report.html"), (False, "file:///")]
)
def test_a_notebook_links_to_the_page_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: bool, address: str
) -> None:
    monkeypatch.chdir(tmp_path)
    results = dataclasses.replace(
        example_results(), folder=Path("my run") if below else tmp_path / "my run"
    )
    assert "<a " not in results._repr_html_()
    (tmp_path / "my run").mkdir()
    (tmp_path / "my run" / "report.html").write_text("page")
    assert f'<a href="{address}' in results._repr_html_()
