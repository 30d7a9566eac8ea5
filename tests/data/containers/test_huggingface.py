"""Promises of Hugging Face: saved datasets, objects and names give the pictures put in."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image

from embedbench.data.containers import huggingface
from embedbench.data.containers.huggingface import read_hub, read_rows, read_stream, saved_files
from embedbench.data.images.sources import read_source
from embedbench.data.loading import read_dataset
from embedbench.data.tables.form import TableForm
from embedbench.errors import InputError
from embedbench.io.atomic import write_atomic
from embedbench.io.paths import check_offline, parse_path

FORM = TableForm()


def picture(shade: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (4, 3), (shade, 0, 0)).save(content, "PNG")
    return content.getvalue()


def save(folder: Path, rows: range) -> None:
    """Write what `save_to_disk` writes: Arrow streams, and a list of them."""
    features = {"image": {"_type": "Image"}, "y": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema(
        [("image", kind), ("y", pa.int64())],
        {"huggingface": json.dumps({"info": {"features": features}})},
    )
    images = [{"bytes": picture(row), "path": f"{row}.png"} for row in rows]
    folder.mkdir(parents=True)
    with pa.ipc.new_stream(folder / "data-00000-of-00001.arrow", schema) as writer:
        writer.write_table(pa.table({"image": images, "y": [row % 2 for row in rows]}, schema))
    state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_split": None}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}))


def test_a_saved_dataset_is_read(tmp_path: Path) -> None:
    save(tmp_path / "saved", range(5))
    found = read_dataset(tmp_path / "saved")
    assert found.names == tuple(f"{row}.png" for row in range(5))
    assert found.table["truth"].tolist() == ["cat", "dog", "cat", "dog", "cat"]
    assert list(map(read_source, found.sources)) == [picture(row) for row in range(5)]


def test_a_saved_dataset_at_an_address_is_read(tmp_path: Path) -> None:
    save(tmp_path / "saved", range(3))
    for file in (tmp_path / "saved").iterdir():
        write_atomic(parse_path(f"memory://test-huggingface/{file.name}"), file.read_bytes())
    found = read_dataset("memory://test-huggingface")
    assert list(map(read_source, found.sources)) == [picture(row) for row in range(3)]


def test_splits_that_were_saved_are_a_column(tmp_path: Path) -> None:
    save(tmp_path / "saved" / "train", range(3))
    save(tmp_path / "saved" / "test", range(3, 5))
    (tmp_path / "saved" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    found = read_dataset(tmp_path / "saved")
    assert found.table["split"].tolist() == ["test"] * 2 + ["train"] * 3
    assert list(map(read_source, found.sources)) == [picture(row) for row in (3, 4, 0, 1, 2)]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("{", "cannot read '.*state.json'"),
        ("{}", "cannot read '.*state.json'"),
        ('{"_data_files": [{"filename": "../x.arrow"}]}', "names a file outside its folder"),
        ('{"_data_files": [], "_indices_data_files": [1]}', "an old version of datasets"),
    ],
)
def test_a_broken_list_of_files_is_a_line(tmp_path: Path, state: str, words: str) -> None:
    save(tmp_path / "saved", range(2))
    (tmp_path / "saved" / "state.json").write_text(state)
    with pytest.raises(InputError, match=words):
        saved_files(tmp_path / "saved")


class Feature(SimpleNamespace):
    """A feature of `datasets`, of which the name of the class and its arguments are looked at."""


class ClassLabel(Feature):
    pass


class Value(Feature):
    pass


class Stream:
    """What is used of a `datasets.IterableDataset`."""

    def __init__(self, rows: int, size: int | None = None) -> None:
        image = type("Image", (Feature,), {})()
        self.features = {"image": image, "label": ClassLabel(names=["cat", "dog"])}
        self.info = SimpleNamespace(dataset_size=size)
        self.rows, self.asked = rows, [str(rows)]

    def cast_column(self, column: str, feature: Any) -> "Stream":
        self.asked.append(f"{column} decode={feature.decode}")
        return self

    def shuffle(self, seed: int, buffer_size: int) -> "Stream":
        self.asked.append(f"shuffle {seed} {buffer_size}")
        return self

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in range(self.rows):
            yield {"image": {"bytes": picture(row), "path": None}, "label": row % 2}


def test_a_stream_is_read_up_to_the_limit() -> None:
    stream = Stream(10**9)
    found = read_stream(stream, "hf:x", 3, FORM)
    assert [read_source(source) for source in found.sources] == [picture(row) for row in range(3)]
    assert found.table["truth"].tolist() == ["cat", "dog", "cat"]
    assert stream.asked[1:] == ["image decode=False", "shuffle 0 1000"]


def test_a_large_stream_needs_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="'hf:x' has 2.0 GB, more than is kept in memory: --limit"):
        read_stream(Stream(10, 2 * 10**9), "hf:x", None, FORM)
    monkeypatch.setattr(huggingface, "_MOST_KEPT", 1000)
    with pytest.raises(InputError, match="the images of 'hf:x' take more than 0 MB"):
        read_stream(Stream(100), "hf:x", None, FORM)


def test_a_name_is_loaded_as_a_stream_without_foreign_code(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def load_dataset(name: str, **options: Any) -> Any:
        asked.append((name, options))
        return {"train": Stream(2), "test": Stream(3)} if not options["split"] else Stream(2)

    library = SimpleNamespace(load_dataset=load_dataset)
    monkeypatch.setattr(huggingface, "hub_environment", lambda offline: {})
    monkeypatch.setitem(sys.modules, "datasets", library)
    assert len(read_hub("hf:user/name:train", None, FORM)) == 2
    assert asked == [("user/name", {"split": "train", "streaming": True})]
    with pytest.raises(InputError, match="name one of hf:user/name:train and hf:user/name:test"):
        read_dataset("hf:user/name")


def test_a_missing_library_and_a_missing_network_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any, **options: Any) -> Any:
        raise ConnectionError("no\nnetwork")

    monkeypatch.setattr(huggingface, "hub_environment", lambda offline: {})
    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=fails))
    with pytest.raises(InputError, match="cannot read 'hf:x': no network"):
        read_dataset("hf:x")
    monkeypatch.setattr(huggingface, "hub_environment", lambda offline: {"HF_HUB_OFFLINE": "1"})
    with pytest.raises(InputError, match="'hf:x': the hub of Hugging Face does not answer"):
        read_dataset("hf:x")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(InputError, match=r"pip install 'image-embedbench\[hf\]'"):
        read_dataset("hf:x")


def test_names_on_the_hub_are_refused_offline() -> None:
    with pytest.raises(InputError, match="'hf:x' is on the hub of Hugging Face, and offline"):
        check_offline(True, ["hf:x"])


@pytest.mark.slow
def test_objects_of_datasets_are_read_lazily_from_their_files(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        image=datasets.Image(), label=datasets.ClassLabel(names=["cat", "dog"])
    )
    images = [{"bytes": picture(row), "path": None} for row in range(6)]
    rows = datasets.Dataset.from_dict({"image": images, "label": [0, 1] * 3}, features=features)
    rows.save_to_disk(tmp_path / "saved")
    loaded = datasets.load_from_disk(str(tmp_path / "saved"))
    for one in (rows, loaded, loaded.shuffle(seed=1)):
        found = read_rows(one, "it", FORM)
        names = ["cat", "dog"]
        assert found.table["truth"].tolist() == [names[label] for label in one["label"]]
        plain = one.cast_column("image", datasets.Image(decode=False))
        assert list(map(read_source, found.sources)) == [row["image"]["bytes"] for row in plain]
    assert any(isinstance(source, bytes) for source in read_dataset(rows).sources)
    assert not any(isinstance(source, bytes) for source in read_dataset(loaded).sources)
    both = read_dataset(datasets.DatasetDict(train=rows, test=loaded))
    assert both.table["split"].tolist() == ["train"] * 6 + ["test"] * 6
    assert len(read_dataset(rows.to_iterable_dataset())) == 6
    with pytest.raises(InputError, match="has no column of images; it has label"):
        read_dataset(rows.remove_columns("image"))
    assert len(read_dataset(tmp_path / "saved")) == 6
