"""Promises of several sets as one: names and labels stay, domains come from sets and folders."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from embedbench.data.dataset import Dataset, with_domain, with_labels
from embedbench.data.loading import join_datasets, read_dataset
from embedbench.errors import InputError


def dataset(names: list[str], origin: str = "images", **columns: list[object]) -> Dataset:
    sources = tuple(Path(name) for name in names)
    return Dataset(tuple(names), sources, pd.DataFrame(columns), origin)


def test_a_single_source_is_unchanged(photographs: Path) -> None:
    found = read_dataset(photographs)
    assert len(found) == 36
    assert "set" not in found.table


def test_several_sources_are_one_dataset_with_a_column_set(photographs: Path) -> None:
    found = read_dataset([photographs / "red", photographs / "blue"])
    assert found.names[0] == "red/00.png"
    assert found.table["set"].value_counts().to_dict() == {"red": 12, "blue": 12}
    assert all(isinstance(source, Path) and source.exists() for source in found.sources)


def test_sets_with_the_same_short_name_keep_their_full_names(photographs: Path) -> None:
    (photographs.parent / "other" / "red").mkdir(parents=True)
    file = photographs / "red" / "00.png"
    (photographs.parent / "other" / "red" / "a.png").write_bytes(file.read_bytes())
    found = read_dataset([photographs / "red", photographs.parent / "other" / "red"])
    assert found.table["set"].nunique() == 2


def test_the_same_source_twice_is_refused(photographs: Path) -> None:
    with pytest.raises(InputError, match="given twice"):
        read_dataset([photographs, photographs])


def test_columns_of_other_sets_are_missing_values() -> None:
    found = join_datasets({"a": dataset(["1"], truth=["cat"]), "b": dataset(["1"], light=[3])})
    assert found.names == ("a/1", "b/1")
    assert found.table["truth"].isna().tolist() == [False, True]


def test_labels_from_a_file_take_precedence_over_those_of_the_sets(tmp_path: Path) -> None:
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


def test_folders_that_are_only_domains_are_not_labels() -> None:
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
        ("year", "at least two values"),
        ("set", "needs several sources; there is one"),
    ],
)
def test_an_impossible_domain_is_refused(domain: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        with_domain(dataset(["1", "2"], year=[1, 1]), domain)


def files(folder: Path, *names: str) -> Path:
    """Write files that are only looked for, never read."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def table_of(file: Path, *lines: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([*lines, ""]))
    return file


def test_a_table_may_have_other_column_names(tmp_path: Path) -> None:
    files(tmp_path, "a.png", "b.png")
    table = table_of(tmp_path / "t.csv", "species,image,path", "dog,b.png,x", "cat,a.png,y")
    found = read_dataset(table, path_column="image", label_column="species")
    assert found.names == ("a.png", "b.png")
    assert found.sources == (tmp_path / "a.png", tmp_path / "b.png")
    assert found.table["truth"].tolist() == ["cat", "dog"]


def test_the_named_column_of_labels_takes_precedence(tmp_path: Path) -> None:
    table = table_of(tmp_path / "t.csv", "path,truth,label,species", "a.png,1,2,dog")
    assert read_dataset(table, label_column="species").table["truth"].tolist() == ["dog"]
    assert read_dataset(table).table["truth"].tolist() == ["1"]


@pytest.mark.parametrize("given", [{"path_column": "file"}, {"label_column": "file"}])
def test_a_missing_column_is_an_error_that_lists_the_columns(
    tmp_path: Path, given: dict[str, Any]
) -> None:
    table = table_of(tmp_path / "t.csv", "path,image", "a.png,b.png")
    with pytest.raises(InputError, match="t.csv' has no column 'file'; it has path, image$"):
        read_dataset(table, **given)


def test_names_are_relative_to_the_root(tmp_path: Path) -> None:
    files(tmp_path / "photos", "red/a.png")
    table = table_of(tmp_path / "tables" / "t.csv", "path", "red/a.png", "/else/where.png")
    found = read_dataset(table, root=tmp_path / "photos")
    assert found.names == ("/else/where.png", "red/a.png")
    assert found.sources == (Path("/else/where.png"), tmp_path / "photos" / "red" / "a.png")
    with pytest.raises(InputError, match="there is no folder '.*nowhere'"):
        read_dataset(table, root=tmp_path / "nowhere")


def test_a_missing_extension_is_found_if_one_image_fits(tmp_path: Path) -> None:
    files(tmp_path, "1.JPG", "1.txt", "b/v1.2.png", "b/x", "b/x.png", "c/a.png", "c/a.jpg")
    table = table_of(tmp_path / "t.csv", "path", "1", "b/v1.2", "b/x", "c/a.jpg", "missing")
    found = read_dataset(table)
    assert found.names == ("1.JPG", "b/v1.2.png", "b/x", "c/a.jpg", "missing")
    assert found.sources == tuple(tmp_path / name for name in found.names)


def test_a_name_that_several_images_fit_is_an_error_that_names_them(tmp_path: Path) -> None:
    files(tmp_path, "c/a.png", "c/a.jpg", "c/ab.jpg")
    table = table_of(tmp_path / "t.csv", "path", "c/a")
    with pytest.raises(InputError, match="^'c/a' in '.*' fits a.jpg and a.png: name one of them$"):
        read_dataset(table)


def test_a_table_cannot_list_other_folders(tmp_path: Path) -> None:
    files(tmp_path / "secret", "a.png")
    lines = "path", f"{tmp_path}/secret/a", "s3://bucket/a"
    table = table_of(tmp_path / "own" / "t.csv", *lines)
    assert read_dataset(table).names == (f"{tmp_path}/secret/a", "s3://bucket/a")


def test_labels_of_a_file_have_its_columns_and_those_of_the_table_stay_as_they_are(
    tmp_path: Path,
) -> None:
    files(tmp_path, "a.png", "b.png")
    images = table_of(tmp_path / "images.csv", "image", "a.png", "b.png")
    labels = table_of(tmp_path / "labels.csv", "image,about,species", "a,x,dog", "b,y,cat")
    columns = {"labels": str(labels), "path_column": "image", "label_column": "species"}
    for source in (str(images), tmp_path):
        assert read_dataset(source, **columns).table["truth"].tolist() == ["dog", "cat"]


@pytest.mark.parametrize(
    ("form", "labels", "words"),
    [
        ({"path_column": "image"}, None, "`path_column` is for a table of images or labels; there"),
        ({"label_column": "x"}, "none", "`label_column` is for a table of images or labels; there"),
        ({"root": "photos"}, "labels.csv", "`root` is for a table of images; there is none"),
    ],
)
def test_options_of_tables_are_refused_without_a_table(
    photographs: Path, form: dict[str, str], labels: str | None, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        read_dataset(photographs, labels=labels, **form)


def test_a_column_of_labels_is_named_once(tmp_path: Path) -> None:
    table = table_of(tmp_path / "t.csv", "path,kind,species", "a.png,1,dog")
    with pytest.raises(InputError, match="`label_column` is for a table of labels; there is none"):
        read_dataset(table, labels="kind", label_column="species")


def test_labels_that_differ_in_how_accents_are_stored_are_one(tmp_path: Path) -> None:
    for folder in ("caf\u00e9", "cafe\u0301", "bar"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.png").write_bytes(b"")
    found = read_dataset(tmp_path)
    assert sorted(found.table["truth"]) == ["bar", "caf\u00e9", "caf\u00e9"]
    assert sum("1 label differed from another only in" in one for one in found.label_remarks) == 1
    assert len(read_dataset(tmp_path, where=["label=cafe\u0301"])) == 2
    assert len({str(one) for one in found.sources}) == 3
