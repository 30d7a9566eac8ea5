"""Promises of several sets as one: names and labels stay, domains come from sets and folders."""

from pathlib import Path

import pandas as pd
import pytest

from embedbench.data.dataset import Dataset, with_domain, with_labels
from embedbench.data.loading import join_datasets, read_datasets
from embedbench.errors import InputError


def dataset(names: list[str], origin: str = "images", **columns: list[object]) -> Dataset:
    sources = tuple(Path(name) for name in names)
    return Dataset(tuple(names), sources, pd.DataFrame(columns), origin)


def test_one_source_stays_as_it_is(photographs: Path) -> None:
    found = read_datasets(photographs)
    assert len(found) == 36
    assert "set" not in found.table


def test_several_sources_are_one_dataset_with_a_column_set(photographs: Path) -> None:
    found = read_datasets([photographs / "red", photographs / "blue"])
    assert found.names[0] == "red/00.png"
    assert found.table["set"].value_counts().to_dict() == {"red": 12, "blue": 12}
    assert all(isinstance(source, Path) and source.exists() for source in found.sources)


def test_sets_of_the_same_short_name_keep_their_whole_names(photographs: Path) -> None:
    (photographs.parent / "other" / "red").mkdir(parents=True)
    file = photographs / "red" / "00.png"
    (photographs.parent / "other" / "red" / "a.png").write_bytes(file.read_bytes())
    found = read_datasets([photographs / "red", photographs.parent / "other" / "red"])
    assert found.table["set"].nunique() == 2


def test_the_same_source_twice_is_refused(photographs: Path) -> None:
    with pytest.raises(InputError, match="given twice"):
        read_datasets([photographs, photographs])


def test_what_one_set_does_not_know_is_missing() -> None:
    found = join_datasets({"a": dataset(["1"], truth=["cat"]), "b": dataset(["1"], light=[3])})
    assert found.names == ("a/1", "b/1")
    assert found.table["truth"].isna().tolist() == [False, True]


def test_labels_from_a_file_go_before_those_of_the_sets(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("path,label\nb/2,dog\n")
    both = join_datasets({"a": dataset(["1"], truth=["cat"]), "b": dataset(["2"])})
    assert with_labels(both, str(file)).table["truth"].tolist() == ["cat", "dog"]
    assert "truth" not in with_labels(both, "none").table


def test_the_set_is_the_domain_where_there_are_several() -> None:
    both = join_datasets({"a": dataset(["1"]), "b": dataset(["2"])})
    assert with_domain(both, None).table["domain"].tolist() == ["a", "b"]
    assert "domain" not in with_domain(dataset(["1", "2"]), None).table


def test_a_top_folder_as_domain_leaves_the_labels() -> None:
    names = ["photo/dog/1", "photo/cat/2", "sketch/dog/3"]
    found = with_domain(dataset(names, truth=["photo/dog", "photo/cat", "sketch/dog"]), "folder")
    assert found.table["domain"].tolist() == ["photo", "photo", "sketch"]
    assert found.table["truth"].tolist() == ["dog", "cat", "dog"]


def test_folders_that_are_only_domains_are_no_labels() -> None:
    found = with_domain(dataset(["photo/1", "sketch/2"], truth=["photo", "sketch"]), "folder")
    assert "truth" not in found.table


def test_labels_from_elsewhere_are_not_touched_by_folders() -> None:
    found = with_domain(dataset(["photo/1", "sketch/2"], truth=["dog", "cat"]), "folder")
    assert found.table["truth"].tolist() == ["dog", "cat"]


def test_a_column_is_a_domain_with_missing_values_left_out() -> None:
    found = with_domain(dataset(["1", "2", "3"], year=[2019, None, 2020]), "year")
    assert found.table["domain"].tolist() == ["2019.0", None, "2020.0"]


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ("colour", "must be one of folder, year; not 'colour'"),
        ("year", "at least two domains"),
        ("set", "needs several sources; there is one"),
    ],
)
def test_a_domain_that_cannot_be_is_refused(domain: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        with_domain(dataset(["1", "2"], year=[1, 1]), domain)
