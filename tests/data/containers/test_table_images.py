"""Promises of tables of bytes: they give the images, labels and names that were put in."""

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from embedbench.data.containers.table_images import has_images, read_table_images
from embedbench.data.dataset import Dataset
from embedbench.data.images.sources import RejectedImage, read_source, source_hash
from embedbench.data.tables.form import TableForm
from embedbench.errors import ImageError, InputError
from embedbench.io.atomic import write_atomic
from embedbench.io.paths import parse_path

FORM = TableForm()
FEATURES = {
    "image": {"_type": "Image"},
    "label": {"names": ["cat", "dog"], "_type": "ClassLabel"},
}
KIND = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def picture(shade: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (4, 3), (shade, 0, 0)).save(content, "PNG")
    return content.getvalue()


def as_hugging_face(rows: int, start: int = 0) -> pa.Table:
    """Return a table as `datasets` writes it, with its schema."""
    images = [{"bytes": picture(start + row), "path": f"{start + row}.png"} for row in range(rows)]
    schema = pa.schema(
        [("image", KIND), ("label", pa.int64()), ("note", pa.string())],
        {"huggingface": json.dumps({"info": {"features": FEATURES}})},
    )
    columns = {"image": images, "label": [row % 2 for row in range(rows)], "note": ["x"] * rows}
    return pa.table(columns, schema)


def write(table: pa.Table, file: Path, group: int = 4) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".parquet":
        pq.write_table(table, file, row_group_size=group)
        return file
    opened = pa.ipc.new_stream if file.suffix == ".arrow" else pa.ipc.new_file
    with opened(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=group)
    return file


def read(file: Path, **form: Any) -> Dataset:
    return read_table_images([file], file, TableForm(**form))


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.feather"])
def test_images_and_names_of_classes_are_those_that_were_put_in(tmp_path: Path, name: str) -> None:
    file = write(as_hugging_face(90), tmp_path / name, 40)
    assert has_images(file)
    found = read(file)
    assert found.names == tuple(f"{row}.png" for row in range(90))
    assert found.table["truth"].tolist() == ["cat", "dog"] * 45
    assert found.table["note"].tolist() == ["x"] * 90
    assert [read_source(source) for source in found.sources] == [picture(row) for row in range(90)]
    backwards = [read_source(source) for source in reversed(found.sources)]
    assert backwards == [picture(row) for row in reversed(range(90))]


def test_images_at_an_address_are_read_like_local_ones(tmp_path: Path) -> None:
    for name in ("a.parquet", "a.arrow"):
        file = write(as_hugging_face(9), tmp_path / name)
        address = parse_path(f"memory://test-table-images/{name}")
        write_atomic(address, file.read_bytes())
        found = read_table_images([address], address, FORM)
        assert list(map(read_source, found.sources)) == [picture(row) for row in range(9)]


def test_files_called_as_splits_give_a_column(tmp_path: Path) -> None:
    files = [
        write(as_hugging_face(3, 0), tmp_path / "test-00000-of-00001.parquet"),
        write(as_hugging_face(3, 3), tmp_path / "train-00000-of-00002-ab.parquet"),
        write(as_hugging_face(3, 6), tmp_path / "train-00001-of-00002-cd.parquet"),
    ]
    found = read_table_images(files, tmp_path, FORM)
    assert found.table["split"].tolist() == ["test"] * 3 + ["train"] * 6
    assert list(map(read_source, found.sources)) == [picture(row) for row in range(9)]


def test_plain_bytes_are_images_if_they_start_as_one(tmp_path: Path) -> None:
    frame = pd.DataFrame({"jpg": [picture(1), picture(2)], "species": ["a", "b"]})
    frame.to_parquet(tmp_path / "a.parquet")
    assert has_images(tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet")
    assert found.names == ("000000", "000001")
    assert found.table["truth"].tolist() == ["a", "b"]
    pd.DataFrame({"path": ["a"], "vector": [b"1234"]}).to_parquet(tmp_path / "b.parquet")
    assert not has_images(tmp_path / "b.parquet")


def test_rows_without_bytes_are_the_files_that_they_name(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.png").write_bytes(picture(7))
    images = [{"bytes": None, "path": "x/a.png"}, {"bytes": None, "path": None}]
    for name in ("a.parquet", "a.arrow"):
        file = write(pa.table({"image": images}, pa.schema([("image", KIND)])), tmp_path / name)
        first, second = read(file).sources
        assert read_source(first) == picture(7)
        assert second == RejectedImage("no picture in its row")


def test_a_missing_image_among_others_fails_alone(tmp_path: Path) -> None:
    images = [{"bytes": picture(1), "path": None}, {"bytes": None, "path": None}]
    for name in ("a.parquet", "a.arrow"):
        file = write(pa.table({"image": images}, pa.schema([("image", KIND)])), tmp_path / name)
        first, second = read(file).sources
        assert read_source(first) == picture(1)
        with pytest.raises(ImageError, match="no picture in its row"):
            source_hash(second)


def test_two_columns_of_images_must_be_told_apart(tmp_path: Path) -> None:
    frame = pd.DataFrame({"left": [picture(1)], "right": [picture(2)]})
    frame.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="may be those of left and right: name the column by"):
        read(tmp_path / "a.parquet")
    [source] = read(tmp_path / "a.parquet", path="right").sources
    assert read_source(source) == picture(2)
    with pytest.raises(InputError, match="has no column 'up' with the bytes of images"):
        read(tmp_path / "a.parquet", path="up")


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_a_broken_file_is_a_line_that_names_it(tmp_path: Path, name: str) -> None:
    file = write(as_hugging_face(50), tmp_path / name)
    file.write_bytes(file.read_bytes()[:-700])
    assert isinstance(has_images(file), bool)
    with pytest.raises(InputError, match=f"cannot read '.*{name}'"):
        read(file)
    with pytest.raises(InputError, match=f"there is no file '.*missing.{name}'"):
        read(tmp_path / f"missing.{name}")
