"""Promises of COCO files: an image or a box a row, with the category as its label."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.data.containers.coco import load_annotations, read_annotations
from embedbench.data.dataset import Dataset
from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.sources import RejectedImage, read_source
from embedbench.data.loading import read_dataset
from embedbench.errors import InputError

CATEGORIES = [{"id": 1, "name": "cat"}, {"id": 7, "name": "dog"}]


def write(folder: Path, annotations: list[dict[str, Any]], name: str = "coco.json") -> Path:
    """Write two pictures, `val/a.png` and `val/b.png`, and what says what they show."""
    (folder / "val").mkdir(parents=True, exist_ok=True)
    for shade, image in enumerate(("a", "b")):
        pixels = np.full((20, 30, 3), 100 * shade, np.uint8)
        pixels[5:10, 5:15] = 255
        Image.fromarray(pixels).save(folder / "val" / f"{image}.png")
    images = [{"id": 11, "file_name": "val/b.png"}, {"id": 10, "file_name": "val/a.png"}]
    content = {"images": images, "annotations": annotations, "categories": CATEGORIES}
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))
    return folder / name


def box(image: int, category: int, *corners: float, **more: Any) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": list(corners), **more}


def read(file: Path, **options: Any) -> Dataset:
    annotations = load_annotations(file)
    assert annotations is not None
    return read_annotations(annotations, **options)


def test_an_image_has_the_category_of_all_its_boxes(tmp_path: Path) -> None:
    boxes = [box(10, 1, 0, 0, 9, 9), box(10, 1, 1, 1, 9, 9), box(11, 7, 5, 5, 10, 5)]
    found = read(write(tmp_path, boxes))
    assert found.names == ("val/a.png", "val/b.png")
    assert found.table["truth"].tolist() == ["cat", "dog"]
    assert found.sources == (tmp_path / "val" / "a.png", tmp_path / "val" / "b.png")


def test_an_image_of_several_categories_has_no_label(tmp_path: Path) -> None:
    boxes = [box(10, 1, 0, 0, 9, 9), box(10, 7, 1, 1, 9, 9), box(11, 7, 5, 5, 10, 5)]
    found = read(write(tmp_path, boxes))
    assert found.table["truth"].tolist() == [None, "dog"]
    assert any("1 image show several categories" in remark for remark in found.label_remarks)


def test_each_box_is_an_image_of_its_category(tmp_path: Path) -> None:
    boxes = [
        box(11, 7, 5, 5, 10, 5), box(10, 1, 0, 0, 4, 4), box(10, 7, 5, 5, 10, 5),
        box(10, 7, 3, 3, 0, 5), box(10, 7, 0, 0, 30, 20, iscrowd=1), box(99, 7, 1, 1, 5, 5),
    ]  # fmt: skip
    found = read(write(tmp_path, boxes), crop="boxes")
    assert found.names == ("val/a.png#1", "val/a.png#2", "val/a.png#3", "val/b.png#1")
    assert found.table["truth"].tolist() == ["cat", "dog", "dog", "dog"]
    assert found.table["picture"].tolist() == ["val/a.png"] * 3 + ["val/b.png"]
    pixels = [open_pixels(read_source(found.sources[row])) for row in (0, 1, 3)]
    assert [one.shape for one in pixels] == [(4, 4, 3), (5, 10, 3), (5, 10, 3)]
    assert [int(one.min()) for one in pixels] == [0, 255, 255]
    assert found.sources[2] == RejectedImage("a box of 0 x 5 pixels")
    assert "left out: 1 annotation around crowds" in found.remarks
    assert "1 annotation of 'coco.json' are of no image in it" in found.remarks


def test_images_are_found_near_the_file_or_below_the_root(tmp_path: Path) -> None:
    file = write(tmp_path, [box(10, 1, 0, 0, 4, 4)], "annotations/instances_val.json")
    content = json.loads(file.read_text())
    for image in content["images"]:
        image["file_name"] = image["file_name"].removeprefix("val/")
    file.write_text(json.dumps(content))
    found = read(file)
    assert found.names == ("a.png", "b.png")
    assert all(read_source(source) for source in found.sources)
    assert any(f"images: below '{tmp_path}/val'" in remark for remark in found.remarks)
    assert read(file, root=tmp_path / "val").sources == found.sources
    with pytest.raises(InputError, match="there is no folder '.*nowhere'"):
        read(file, root=tmp_path / "nowhere")


@pytest.mark.parametrize(
    "content", ["[]", '{"a.png": "cat"}', '{"images": [{"path": "a"}]}', '{"images": 3, "info": 1}']
)
def test_other_json_files_are_tables(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    assert load_annotations(tmp_path / "a.json") is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"images": [', "cannot read '.*a.json'"),
        ('{"images": [{"id": 1}], "annotations": []}', "image 1 .* no 'file_name'"),
        ('{"images": [3], "annotations": []}', "is not in the format of COCO"),
        ('{"images": [{"id": [], "file_name": "a"}], "annotations": []}', "is not in the format"),
        (
            '{"images": [{"id": 1, "file_name": "a"}], "annotations": [{"image_id": 1, '
            '"bbox": [1, 2]}]}',
            "is not in the format of COCO: annotation 1 of the file",
        ),
    ],
)
def test_a_broken_file_is_a_line_that_names_it(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match=words):
        load_annotations(tmp_path / "a.json")
    with pytest.raises(InputError, match="there is no file"):
        load_annotations(tmp_path / "b.json")


def test_a_file_without_boxes_is_refused_where_boxes_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are no boxes in '.*coco.json'"):
        read(write(tmp_path, []), crop="boxes")
    assert "truth" not in read(write(tmp_path, [])).table


def test_images_that_are_nowhere_near_the_file_are_said(tmp_path: Path) -> None:
    content = {"images": [{"id": 1, "file_name": "a.png"}], "annotations": []}
    (tmp_path / "a.json").write_text(json.dumps(content))
    remark = f"no image of 'a.json' was found in '{tmp_path}': --root names the folder of images"
    assert remark in read_dataset(tmp_path / "a.json").remarks
    (tmp_path / "a.png").write_bytes(b"")
    assert remark not in read_dataset(tmp_path / "a.json").remarks
