"""Promises of sources: the same pictures are the same dataset, however they are given."""

import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.sources import read_source, source_hash
from embedbench.data.loading import read_dataset
from embedbench.errors import InputError
from embedbench.io.atomic import write_atomic
from embedbench.io.paths import parse_path

Give = Callable[[Path, Path], Any]


def files_of(photographs: Path) -> list[Path]:
    return sorted(photographs.rglob("*.png"))


def labels_of(photographs: Path) -> list[str]:
    return [file.parent.name for file in files_of(photographs)]


def names_of(photographs: Path) -> list[str]:
    return [file.relative_to(photographs).as_posix() for file in files_of(photographs)]


def arrays_of(photographs: Path) -> list[np.ndarray]:
    return [np.array(Image.open(file)) for file in files_of(photographs)]


def packed(kind: str) -> Give:
    return lambda photographs, tmp: shutil.make_archive(str(tmp / "packed"), kind, photographs)


def as_webdataset(photographs: Path, tmp: Path) -> str:
    writer = pytest.importorskip("webdataset").ShardWriter(
        f"{tmp}/shard-%06d.tar", maxcount=10, verbose=0
    )
    with writer:
        for file in files_of(photographs):
            key = file.relative_to(photographs).with_suffix("").as_posix()
            writer.write({"__key__": key, "png": file.read_bytes(), "cls": file.parent.name})
    return f"{tmp}/shard-{{000000..000003}}.tar"


def as_parquet(photographs: Path, tmp: Path) -> Path:
    images = [
        {"bytes": file.read_bytes(), "path": name}
        for file, name in zip(files_of(photographs), names_of(photographs), strict=True)
    ]
    frame = pd.DataFrame({"image": images, "label": labels_of(photographs)})
    (tmp / "data").mkdir()
    frame[:20].to_parquet(tmp / "data" / "all-00000-of-00002.parquet")
    frame[20:].to_parquet(tmp / "data" / "all-00001-of-00002.parquet")
    return tmp


def as_coco(photographs: Path, tmp: Path) -> Path:
    names, labels = names_of(photographs), labels_of(photographs)
    kinds = sorted(set(labels))
    content = {
        "images": [{"id": row, "file_name": name} for row, name in enumerate(names)],
        "annotations": [
            {"image_id": row, "category_id": kinds.index(label), "bbox": [0, 0, 9, 9]}
            for row, label in enumerate(labels)
        ],
        "categories": [{"id": row, "name": kind} for row, kind in enumerate(kinds)],
    }
    (photographs / "coco.json").write_text(json.dumps(content))
    return photographs / "coco.json"


SAME_BYTES: dict[str, Give] = {
    "zip": packed("zip"),
    "tar": packed("tar"),
    "tar.gz": packed("gztar"),
    "WebDataset": as_webdataset,
    "Parquet": as_parquet,
    "COCO": as_coco,
    "pattern": lambda photographs, tmp: f"{photographs}/*/*.png",
    "folders by a pattern": lambda photographs, tmp: f"{photographs}/*",
    "braces": lambda photographs, tmp: f"{photographs}/{{blue,green,red}}/*.png",
    "paths": lambda photographs, tmp: files_of(photographs),
    "texts": lambda photographs, tmp: [str(file) for file in files_of(photographs)],
    "Series": lambda photographs, tmp: pd.Series([str(file) for file in files_of(photographs)]),
    "array of texts": lambda photographs, tmp: np.array([str(f) for f in files_of(photographs)]),
    "pairs": lambda photographs, tmp: [(file, file.parent.name) for file in files_of(photographs)],
    "DataFrame": lambda photographs, tmp: pd.DataFrame(
        {"file": [str(file) for file in files_of(photographs)], "label": labels_of(photographs)}
    ),
    "DataFrame of bytes": lambda photographs, tmp: pd.DataFrame(
        {"img": [f.read_bytes() for f in files_of(photographs)], "label": labels_of(photographs)}
    ),
    "bytes": lambda photographs, tmp: [
        (file.read_bytes(), file.parent.name) for file in files_of(photographs)
    ],
}

SAME_PIXELS: dict[str, Give] = {
    "arrays": lambda photographs, tmp: list(
        zip(arrays_of(photographs), labels_of(photographs), strict=True)
    ),
    "PIL": lambda photographs, tmp: [
        (Image.open(file), file.parent.name) for file in files_of(photographs)
    ],
    "DataFrame of PIL": lambda photographs, tmp: pd.DataFrame(
        {
            "image": [Image.open(file) for file in files_of(photographs)],
            "label": labels_of(photographs),
        }
    ),
}


@pytest.mark.parametrize("way", SAME_BYTES | SAME_PIXELS)
def test_the_same_pictures_are_the_same_however_they_are_given(
    photographs: Path, tmp_path: Path, way: str
) -> None:
    folder = read_dataset(photographs)
    (tmp_path / "given").mkdir()
    found = read_dataset((SAME_BYTES | SAME_PIXELS)[way](photographs, tmp_path / "given"))
    assert found.table["truth"].tolist() == folder.table["truth"].tolist()
    for one, other in zip(found.sources, folder.sources, strict=True):
        assert np.array_equal(open_pixels(read_source(one)), open_pixels(read_source(other)))
    if way in SAME_BYTES:
        assert list(map(source_hash, found.sources)) == list(map(source_hash, folder.sources))
    if not any(kind in way for kind in ("DataFrame", "bytes", "arrays", "PIL")):
        assert found.names == folder.names


def test_a_stack_of_arrays_is_its_images(photographs: Path) -> None:
    pixels = np.stack(arrays_of(photographs))
    found = read_dataset(pixels)
    assert len(found) == 36 and found.names[:2] == ("000000", "000001")
    assert all(
        np.array_equal(open_pixels(read_source(source)), one)
        for source, one in zip(found.sources, pixels, strict=True)
    )
    grey = read_dataset(pixels[..., 0])
    assert np.array_equal(open_pixels(read_source(grey.sources[3]))[..., 1], pixels[3, ..., 0])


class Model:
    """An object that is no source."""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (None, "a source must be a folder, .*, or a torch Dataset; not None$"),
        (3, "not an int$"),
        (3.5, "not a float$"),
        ({"a": "b"}, "not a dict$"),
        ({"a", "b"}, "not a set$"),
        (iter(["a"]), "not a list_iterator$"),
        (Model(), r"not a .*Model$"),
        (["a.png", 3], "not an int$"),
        ([["a.png", "b.png", "c.png"]], "not a list$"),
        ([], "there must be a source"),
        (np.zeros((2, 3, 4, 4), np.uint8)[:, :, :, :2], "array.transpose.0, 2, 3, 1. puts them"),
        (np.zeros((2, 4, 4, 3), np.float32), "must be of uint8, from 0 to 255; not of float32"),
        ([np.zeros((3, 4, 5), np.uint8)], "array.transpose.1, 2, 0. puts them last"),
        ([np.zeros((4, 4, 3), float)], "image 0 must be of uint8, from 0 to 255; not of float64"),
        (np.zeros((2, 2, 2, 2, 2), np.uint8), "not of 2x2x2x2x2"),
        (np.zeros((0, 4, 4, 3), np.uint8), "not of 0x4x4x3"),
        (pd.DataFrame(), "the DataFrame has no rows"),
        (pd.DataFrame({"a": [1.5, 2.5], "b": [1.0, 2.0]}), "must have a column of images"),
        (pd.Series([1, 2]), "image 0 of a list must be .*; not an int"),
    ],
)
def test_what_holds_no_images_is_refused_in_one_line(source: Any, words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        read_dataset(source)
    assert "\n" not in str(error.value)


def test_one_image_is_a_dataset(photographs: Path) -> None:
    file = photographs / "red" / "00.png"
    found = read_dataset(file)
    assert found.names == ("00.png",) and found.sources == (file,)
    shutil.copy(file, photographs / "no suffix")
    assert read_dataset(str(photographs / "no suffix")).names == ("no suffix",)


def test_files_that_do_not_exist_are_told(tmp_path: Path) -> None:
    for source in (tmp_path / "a.png", [tmp_path / "a.png", tmp_path / "b.png"]):
        with pytest.raises(InputError, match="there is no file '.*a.png'"):
            read_dataset(source)
    for name in ("*.jpg", "{a,b}/*", "a"):
        with pytest.raises(InputError, match="there is no (file or )?folder"):
            read_dataset(f"{tmp_path}/{name}")
    (tmp_path / "a.mp4").write_bytes(b"x")
    with pytest.raises(InputError, match="a source must be a folder, a table .*, an archive"):
        read_dataset(tmp_path / "a.mp4")


def test_a_missing_image_of_several_stays_in_the_list(photographs: Path) -> None:
    found = read_dataset([photographs / "red" / "00.png", photographs / "red" / "missing.png"])
    assert found.names == ("00.png", "missing.png")


def test_home_is_written_as_in_a_shell(photographs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(photographs.parent))
    assert read_dataset("~/photographs").names == read_dataset(photographs).names
    assert len(read_dataset("~/photographs/red/*.png")) == 12


def test_several_sources_are_sets_and_images_among_them_are_one(photographs: Path) -> None:
    archive = shutil.make_archive(str(photographs.parent / "packed"), "zip", photographs / "red")
    images = [photographs / "blue" / "00.png", photographs / "blue" / "01.png"]
    found = read_dataset([archive, *images, photographs / "green"])
    assert found.table["set"].value_counts().to_dict() == {"blue": 2, "packed": 12, "green": 12}


def test_shards_that_a_shell_lists_are_one_set(photographs: Path, tmp_path: Path) -> None:
    shards = as_webdataset(photographs, tmp_path)
    listed = [str(tmp_path / f"shard-{number:06d}.tar") for number in range(4)]
    assert read_dataset(listed).names == read_dataset(shards).names
    assert read_dataset(tmp_path / "shard-*.tar").names == read_dataset(shards).names
    (tmp_path / "folder").mkdir()
    for file in listed:
        shutil.move(file, tmp_path / "folder")
    assert read_dataset(tmp_path / "folder").names == read_dataset(f"{tmp_path}/folder/*").names


def test_patterns_name_files_at_an_address(photographs: Path, tmp_path: Path) -> None:
    for file, name in zip(files_of(photographs), names_of(photographs), strict=True):
        write_atomic(parse_path(f"memory://test-reading/{name}"), file.read_bytes())
    folder = read_dataset("memory://test-reading")
    assert read_dataset("memory://test-reading/*/*.png").names == folder.names
    assert len(read_dataset("memory://test-reading/{red,blue}/0[01].png")) == 4
    assert read_dataset("memory://test-reading/**/00.png").names == (
        "blue/00.png", "green/00.png", "red/00.png",
    )  # fmt: skip
    with pytest.raises(InputError, match="there is no file or folder"):
        read_dataset("memory://test-reading/*.jpg")


def test_parquet_without_images_is_a_table(photographs: Path) -> None:
    frame = pd.DataFrame({"path": names_of(photographs), "label": labels_of(photographs)})
    frame.to_parquet(photographs / "a.parquet")
    assert read_dataset(photographs / "a.parquet").names == tuple(names_of(photographs))


def test_boxes_are_for_coco_alone(photographs: Path, tmp_path: Path) -> None:
    found = read_dataset(as_coco(photographs, tmp_path), crop="boxes")
    assert found.names[0] == "blue/00.png#1"
    assert open_pixels(read_source(found.sources[0])).shape == (9, 9, 3)
    with pytest.raises(InputError, match="`crop` is for a JSON file in the format of COCO; there"):
        read_dataset(photographs, crop="boxes")
    with pytest.raises(InputError, match="`crop` must be boxes; not 'box'"):
        read_dataset(photographs / "coco.json", crop="box")
    (photographs / "table.json").write_text('{"red/00.png": "red"}')
    with pytest.raises(InputError, match="`crop` is for a JSON file of COCO; '.*table.json'"):
        read_dataset(photographs / "table.json", crop="boxes")


def test_nothing_is_written_where_archives_are_read(photographs: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", photographs)
    before = sorted(tmp_path.rglob("*"))
    found = read_dataset(archive)
    assert isinstance(found, Dataset) and all(map(read_source, found.sources))
    assert sorted(tmp_path.rglob("*")) == before and os.getcwd() == os.path.realpath(os.getcwd())


def test_a_pil_image_is_turned_as_its_file_says() -> None:
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    exif = Image.Exif()
    exif[274] = 6
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", exif=exif)
    [from_pil] = read_dataset([Image.open(content)]).sources
    assert np.array_equal(open_pixels(read_source(from_pil)), open_pixels(content.getvalue()))


def test_tables_and_archives_among_the_images_are_said_unless_used(
    photographs: Path, tmp_path: Path
) -> None:
    def unused(**options: Any) -> list[str]:
        return [one for one in read_dataset(photographs, **options).remarks if "not used" in one]

    (photographs / "red" / "00.json").write_text("{}")  # beside the image of the same name
    (photographs / "red" / "00.png.json").write_text("{}")
    (photographs / "metadata.csv").write_text("file_name,label\nred/00.png,x\n")
    assert unused() == []
    table = photographs / "train.csv"
    table.write_text("path,label\nred/00.png,x\nblue/00.png,y\n")
    assert unused(labels=str(table)) == []
    assert unused()[0].startswith("not used: 1 table or archive among the files, 'train.csv': give")
    (photographs / "red" / "more.zip").write_bytes(b"")
    assert unused()[0].startswith("not used: 2 tables and archives among the files, such as 'tra")
    (tmp_path / "nested").mkdir()
    shutil.make_archive(str(tmp_path / "nested" / "inner"), "zip", photographs)
    nested = shutil.make_archive(str(tmp_path / "nested"), "zip", tmp_path / "nested")
    with pytest.raises(InputError, match=r"there are no images in .*'inner.zip': give it as the"):
        read_dataset(nested)
