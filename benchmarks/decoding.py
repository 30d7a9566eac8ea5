"""Decode and resize JPEGs on one core, compared with Pillow.

python benchmarks/decoding.py [--long]

With Pillow: decode, resize with its bicubic filter, crop the centre, as timm does for ResNet50.
"""

import io
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageCms

from embedbench.data.images.decoding import open_pixels
from embedbench_timm import TimmEncoder
from measure import Row, Spread, at_least, at_most, interleaved, ratio, run, spread, told
from photographs import Photographs

LARGE = (4000, 3000)


def rows(short: bool) -> list[Row]:
    torch.set_num_threads(1)
    images, repetitions = (20, 9) if short else (100, 25)
    encoder = TimmEncoder("resnet50", pretrained=False)
    fast = TimmEncoder("resnet50", pretrained=False, fast_decode=True)
    with tempfile.TemporaryDirectory() as folder:
        photographs = Photographs(Path(folder))
        usual = [path.read_bytes() for path in sorted(photographs.write(images).iterdir())]
    large = [_enlarged(content) for content in usual[:3]]
    against = "decode and resize, against Pillow"
    found = [
        at_least(f"{against}: {photographs.what}", 2.3, _times(encoder, usual, repetitions)),
        told(f"{against}: 12 megapixels", _times(encoder, large, repetitions)),
        told(
            f"{against}: 12 megapixels, `fast_decode`",
            _times(fast, large, repetitions),
            note="no longer the same pixels",
        ),
    ]
    differences = spread([_difference(encoder, content) for content in usual])
    what = "largest difference from Pillow in any pixel"
    worst = (differences[2], *differences[1:])
    return [*found, at_most(what, 1, worst, "grey levels", note=f"{images} photographs")]


def _times(encoder: TimmEncoder, contents: Sequence[bytes], repetitions: int) -> Spread:
    """Return the time of Pillow relative to ours."""
    ways: dict[str, Callable[[], object]] = {
        "Pillow": partial(_each, _by_pillow, contents),
        "ours": partial(_each, partial(_by_us, encoder), contents),
    }
    for way in ways.values():
        way()
    seconds = interleaved(ways, repetitions)
    return ratio(seconds["Pillow"], seconds["ours"])


def _each(way: Callable[[bytes], object], contents: Sequence[bytes]) -> None:
    for content in contents:
        way(content)


def _by_us(encoder: TimmEncoder, content: bytes) -> Any:
    return encoder.prepare_pixels(open_pixels(content, encoder.least_side))


def _by_pillow(content: bytes) -> np.ndarray:
    """Return the input of timm's ResNet50 in sRGB: shorter side 235, central 224 x 224."""
    with Image.open(io.BytesIO(content)) as opened:
        image = opened.convert("RGB")
        if profile := opened.info.get("icc_profile"):
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), inPlace=True)
        side = 235 / min(image.size)
        size = [int(side * edge) for edge in image.size]
        small = image.resize((size[0], size[1]), Image.Resampling.BICUBIC)
    left, top = (round((edge - 224) / 2) for edge in size)
    return np.asarray(small.crop((left, top, left + 224, top + 224)))


def _difference(encoder: TimmEncoder, content: bytes) -> float:
    ours = _by_us(encoder, content).permute(1, 2, 0).numpy().astype(int)
    return float(np.abs(ours - _by_pillow(content)).max())


def _enlarged(content: bytes) -> bytes:
    large = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.convert("RGB").resize(LARGE, Image.Resampling.BICUBIC).save(large, "JPEG", quality=90)
    return large.getvalue()


if __name__ == "__main__":
    run(rows)
