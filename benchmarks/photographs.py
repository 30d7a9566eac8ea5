"""Photographs for the benchmarks, as files with distinct bytes."""

import io
import itertools
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from embedbench.data.sample_photos import PHOTOGRAPHS, write_samples

__all__ = ["ASSETS", "Photographs"]

ASSETS = Path(__file__).parents[2] / "shared" / "assets" / "images"
"""Open Images photographs of about 1024 x 768, next to the checkout if available."""

_SIZE = (1024, 768)


class Photographs:
    """Writes copies of some photographs, each with its own comment in the JPEG.

    The store identifies an image by its bytes, so equal copies would be encoded once.
    """

    def __init__(self, folder: Path, size: tuple[int, int] | None = None) -> None:
        """Read the photographs.

        Args:
            folder: folder for the copies.
            size: width and height to resize to; None for the original size, about 1024 x 768.
        """
        self.folder = folder
        originals = sorted((ASSETS / "openimages_100").glob("*.jpg"))
        if originals:
            self.what = "Open Images photographs of about 1024 x 768"
            self._contents = [path.read_bytes() for path in originals]
        else:
            self.what = "sample photographs enlarged to 1024 x 768"
            self._contents = list(_enlarged(write_samples(folder / "samples")))
        if size:
            self.what = f"the same photographs at {size[0]} x {size[1]}"
            self._contents = [_resized(content, size) for content in self._contents]
        self._numbers = itertools.count()

    def write(self, count: int) -> Path:
        """Write `count` new files; return their folder."""
        numbers = list(itertools.islice(self._numbers, count))
        home = self.folder / f"photographs_{numbers[0]}"
        home.mkdir()
        for number in numbers:
            content = self._contents[number % len(self._contents)]
            (home / f"{number:07d}.jpg").write_bytes(commented(content, str(number)))
        return home


def commented(content: bytes, text: str) -> bytes:
    """Return the JPEG file with a comment after its first marker, with the same pixels."""
    comment = text.encode()
    return content[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + content[2:]


def _enlarged(samples: Path) -> Iterator[bytes]:
    for label in sorted(PHOTOGRAPHS):
        yield _resized((samples / label / "view_00.jpg").read_bytes(), _SIZE)


def _resized(content: bytes, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        resized = image.convert("RGB").resize(size, Image.Resampling.BICUBIC)
        resized.save(file, "JPEG", quality=90)
    return file.getvalue()
