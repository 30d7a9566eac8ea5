"""Promises of torch Datasets: their images and labels, each item read once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.data.containers.torch_datasets import is_image_object, read_torch
from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.sources import RejectedImage, read_source
from embedbench.data.loading import read_dataset
from embedbench.errors import InputError

torch = pytest.importorskip("torch")

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3), dtype=np.uint8)


class Items(torch.utils.data.Dataset):  # type: ignore[misc]
    """A dataset of these items; an item that is an error is raised."""

    def __init__(self, items: list[Any], classes: list[str] | None = None) -> None:
        self.items = items
        if classes:
            self.classes = classes

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, row: int) -> Any:
        if isinstance(self.items[row], Exception):
            raise self.items[row]
        return self.items[row]


def as_tensor(pixels: np.ndarray) -> Any:
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda row: (Image.fromarray(PIXELS[row]), row % 2),
        lambda row: (as_tensor(PIXELS[row]), torch.tensor(row % 2)),
        lambda row: (as_tensor(PIXELS[row]).float() / 255, row % 2),
        lambda row: (PIXELS[row], row % 2),
        lambda row: {"image": PIXELS[row], "label": row % 2},
    ],
    ids=["PIL", "uint8", "float", "array", "dict"],
)
def test_items_are_images_with_labels(make: Any) -> None:
    found = read_dataset(Items([make(row) for row in range(4)], ["cat", "dog"]))
    assert found.table["truth"].tolist() == ["cat", "dog", "cat", "dog"]
    for source, pixels in zip(found.sources, PIXELS, strict=True):
        assert np.array_equal(open_pixels(read_source(source)), pixels)


def test_items_may_be_images_alone_and_subsets_are_parts() -> None:
    items = Items([Image.fromarray(one) for one in PIXELS])
    assert "truth" not in read_torch(items).table
    [source] = read_torch(torch.utils.data.Subset(items, [2])).sources
    assert np.array_equal(open_pixels(read_source(source)), PIXELS[2])


def test_an_item_that_raises_an_error_fails_alone() -> None:
    found = read_torch(Items([(PIXELS[0], 0), ValueError("broken"), (PIXELS[1], 1)]))
    assert found.sources[1] == RejectedImage("Items gave an error: broken")
    assert found.table["truth"].tolist() == ["0", None, "1"]


class Stream(torch.utils.data.IterableDataset):  # type: ignore[misc]
    def __iter__(self) -> Any:
        return iter([])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Items([(as_tensor(PIXELS[0]).float() - 9, 0)]), "give the dataset without Normal"),
        (lambda: Items([(3, 4)]), "item 0 must be an image and its label; not an int"),
        (lambda: Items([(torch.zeros(7, 7, 7, 7), 0)]), "item 0 must be an array of height"),
        (lambda: Items([]), "has no images"),
        (Stream, "gives its images in a stream: make a list of them"),
    ],
)
def test_what_cannot_be_read_is_a_line(make: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_dataset(make())


def test_images_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedbench.data.containers.torch_datasets._MOST_KEPT", 100)
    with pytest.raises(InputError, match="take more than 0 MB, which is what is kept in memory"):
        read_torch(Items(list(PIXELS)))


class ImageFolder(Items):
    """What torchvision's ImageFolder has; its own import takes seconds."""

    def __init__(self, root: Path) -> None:
        super().__init__([])
        self.root = str(root)
        self.classes = sorted(one.name for one in root.iterdir())
        files = sorted(root.rglob("*.png"))
        self.samples = [(str(one), self.classes.index(one.parent.name)) for one in files]

    def __len__(self) -> int:
        return len(self.samples)


def test_files_of_torchvision_are_not_decoded(photographs: Path) -> None:
    found, folder = read_dataset(ImageFolder(photographs)), read_dataset(photographs)
    assert found.sources == folder.sources and found.names == folder.names
    assert found.table["truth"].tolist() == folder.table["truth"].tolist()


def test_images_are_told_by_their_classes() -> None:
    assert is_image_object(PIXELS[0]) and is_image_object(b"a")
    assert not is_image_object(PIXELS) and not is_image_object("a")
