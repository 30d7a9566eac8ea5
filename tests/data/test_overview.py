"""Promises of the overview: it counts what would be compared, and reads no more than it says."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.depth.drawing import Drawing
from embedbench.data.images.crops import CroppedImage
from embedbench.data.loading import read_dataset
from embedbench.data.overview import overview


def picture(file: Path, size: tuple[int, int] = (8, 6), colour: int = 0) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (colour, 0, 0)).save(file)


def test_images_formats_sizes_labels_and_copies_are_counted(tmp_path: Path) -> None:
    picture(tmp_path / "train" / "cat" / "a.png")
    picture(tmp_path / "train" / "cat" / "b.jpg", (80, 60), 1)
    picture(tmp_path / "train" / "dog" / "c.png", (8, 6), 2)
    picture(tmp_path / "test" / "dog" / "d.png")
    picture(tmp_path / "test" / "e.png", (40, 30), 3)
    (tmp_path / "test" / "dog" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    lines = overview(read_dataset(tmp_path)).lines()
    assert lines[0] == f"6 images in {tmp_path}"
    assert lines[1] == "formats: 3: PNG 4, unknown 1, JPEG 1"
    assert lines[2].endswith("from 8 x 6 to 80 x 60 pixels, half of them at least 8 x 6")
    assert lines[3].startswith("cannot be read: 1, such as 'test/dog/broken.png': not an")
    assert lines[4] == "labels: 2: dog 3, cat 2; 1 image without"
    assert lines[5] == "splits: 2: test 3, train 3"
    assert lines[6] == (
        "copies: 1 file with the bytes of another, such as 'train/cat/a.png' of 'test/dog/d.png'"
    )
    assert any("were taken for splits" in line for line in lines[7:])
    record = overview(read_dataset(tmp_path)).record()
    assert record["remarks"] == lines[7:]
    assert {
        name: record[name] for name in ("images", "formats", "labels", "without", "copies")
    } == {
        "images": 6,
        "formats": {"PNG": 4, "unknown": 1, "JPEG": 1},
        "labels": {"dog": 3, "cat": 2},
        "without": {"labels": 1, "splits": 0},
        "copies": 1,
    }
    assert record["sizes"] == {"least": (8, 6), "middle": (8, 6), "most": (80, 60)}
    assert list(record["unreadable"]) == ["test/dog/broken.png"] and record["sets"] is None


def test_of_many_images_a_sample_is_looked_at(tmp_path: Path) -> None:
    for number in range(301):
        picture(tmp_path / f"{number}.png", (2, 2), number % 256)
    lines = overview(read_dataset(tmp_path)).lines()
    assert lines[:3] == [
        f"301 images in {tmp_path}",
        "formats (of 300 images): PNG 300",
        "size (of 300 images): 2 x 2 pixels",
    ]
    assert lines[3] == "labels: none"


def test_what_is_not_here_yet_is_said(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("url,label\nhttps://a.org/1.jpg,x\nhttps://a.org/2.jpg,x\n")
    lines = overview(read_dataset(tmp_path / "t.csv")).lines()
    assert lines[1] == "formats: to be downloaded 2" and lines[2] == "labels: x 2"


def test_copies_are_found_in_archives_and_not_denied_where_they_were_not_looked_for(
    tmp_path: Path,
) -> None:
    for name, colour in (("a", 1), ("b", 2), ("c", 1)):
        picture(tmp_path / "photos" / f"{name}.png", colour=colour)
    files = sorted((tmp_path / "photos").iterdir())
    for kind in ("zip", "tar", "gztar"):
        archive = shutil.make_archive(str(tmp_path / kind), kind, tmp_path / "photos")
        assert overview(read_dataset(archive)).lines()[-1] == (
            "copies: 1 file with the bytes of another, such as 'c.png' of 'a.png'"
        )
    table = tmp_path / "t.parquet"
    pd.DataFrame({"image": [file.read_bytes() for file in files]}).to_parquet(table)
    unread = [Path("nothing.png")]
    assert overview(read_dataset(table)).lines()[-1].startswith("copies: not looked for, as")
    both = Dataset.from_images([*read_dataset(table).sources, *files[:2], *unread])
    assert overview(both).lines()[-1] == (
        "copies: no two files have the same bytes; not looked for in 3 images"
    )


def test_how_deep_images_would_be_drawn_is_said(tmp_path: Path) -> None:
    for number in range(2):
        pixels = np.full((4, 4), 4000 * number, dtype=np.uint16)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    said = "2 deep images: 12 bits are taken for all of them"
    assert any(line.startswith(said) for line in overview(read_dataset(tmp_path)).lines())
    asked = overview(read_dataset(tmp_path), Drawing(depth=16)).lines()
    assert any("values from 0 to 65,535 are drawn black to white" in line for line in asked)


def test_the_format_of_a_box_is_that_of_its_picture(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg", (40, 30))
    boxes = [CroppedImage(tmp_path / "a.jpg", (left, 0.0, 8.0, 6.0)) for left in (0.0, 9.0)]
    lines = overview(Dataset.from_images(boxes)).lines()
    assert lines[1:3] == ["formats: JPEG 2", "size: 8 x 6 pixels"]
