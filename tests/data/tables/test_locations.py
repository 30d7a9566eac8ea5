"""Promises of locations: files below the root, and no table chooses hosts or other folders."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.data.images.sources import RejectedImage
from embedbench.data.tables.locations import in_order, place_of, with_extensions
from embedbench.errors import InputError
from embedbench.io.paths import RemotePath, parse_path

HERE, ROOT = Path("/data/t.csv"), Path("/photos")


def test_names_are_below_the_root_and_absolute_ones_are_where_they_say() -> None:
    assert place_of(HERE, ROOT, "a/b.png") == Path("/photos/a/b.png")
    assert place_of(HERE, ROOT, "/other/b.png") == Path("/other/b.png")


def test_a_table_may_name_addresses_but_not_say_how_to_connect() -> None:
    pytest.importorskip("fsspec")
    assert isinstance(place_of(HERE, ROOT, "s3://bucket/a.png"), RemotePath)
    assert isinstance(place_of(HERE, ROOT, "s3://bucket/a.png?region=eu-1"), RemotePath)
    for name in ("s3://bucket/a.png?endpoint=https://evil.org", "s3://bucket/a?region=a&x=b"):
        found = place_of(HERE, ROOT, name)
        assert isinstance(found, RejectedImage) and "how to connect" in found.reason


def test_a_table_at_an_address_names_no_file_of_this_machine() -> None:
    pytest.importorskip("fsspec")
    table = parse_path("s3://bucket/t.csv")
    for name in ("/etc/passwd.png", "file:///etc/passwd.png"):
        found = place_of(table, table.parent, name)
        assert isinstance(found, RejectedImage)
        assert found.reason == "a path on this machine, in a table that is not"
    inside = place_of(table, table.parent, "a.png")
    assert isinstance(inside, RemotePath) and str(inside).startswith("s3://bucket/a.png")


def test_a_missing_extension_is_that_of_the_only_image_that_fits(tmp_path: Path) -> None:
    for name in ("1.JPG", "1.txt", "b/v1.2.png", "b/x", "b/x.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = ["1", "b/v1.2", "b/x", "b/x.png", "missing", "no/where", "", "s3://b/1", "\0"]
    found = with_extensions(names, tmp_path)
    assert found == ["1.JPG", "b/v1.2.png", *names[2:]]
    assert with_extensions([f"{tmp_path}/1"], tmp_path) == [f"{tmp_path}/1"]


def test_several_images_that_fit_one_name_are_an_error(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "ab.png"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match="'a' in '.*' fits a.jpg and a.png: name one of them"):
        with_extensions(["a"], tmp_path)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]), st.sampled_from(["u", "v", None]), st.integers(0, 2)
    ),
    min_size=1,
    max_size=6,
)


@given(ROWS, st.randoms())
def test_the_order_of_the_rows_makes_no_difference(
    rows: list[tuple[str | None, str | None, int]], random: object
) -> None:
    mixed = list(rows)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    tables = [
        in_order(pd.DataFrame(some, columns=["path", "url", "size"])).astype(str)
        for some in (rows, mixed)
    ]
    assert tables[0].equals(tables[1]) and list(tables[0].index) == list(range(len(rows)))


def test_rows_are_in_the_order_of_their_paths() -> None:
    table = in_order(pd.DataFrame({"path": ["b", "a", "c"], "label": ["x", "y", "z"]}))
    assert table.to_numpy().tolist() == [["a", "y"], ["b", "x"], ["c", "z"]]
