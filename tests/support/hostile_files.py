"""Generate hostile and broken files from a seed, as an uncleaned folder may contain them.

By hand: `python -m tests.support.hostile_files FOLDER [COUNT] [SEED]`.
"""

import io
import os
import socket
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms

__all__ = ["BROKEN", "EITHER", "GOOD", "bases", "write_hostile"]

GOOD, BROKEN, EITHER = "good", "broken", "either"
"""Expected results: the image is compared, listed as a failure, or either of the two."""

_SUFFIXES = {
    "JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "GIF": ".gif", "BMP": ".bmp", "TIFF": ".tif",
}  # fmt: skip
_FORMS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "JPEG": [
        ("RGB", {}), ("RGB", {"progressive": True}), ("L", {}), ("CMYK", {}),
        ("RGB", {"subsampling": 0, "quality": 20}), ("RGB", {"restart_marker_blocks": 1}),
    ],
    "PNG": [("RGB", {}), ("RGBA", {}), ("P", {}), ("1", {}), ("I;16", {}), ("LA", {})],
    "WEBP": [("RGB", {}), ("RGB", {"lossless": True}), ("RGBA", {"lossless": True})],
    "GIF": [("P", {}), ("L", {}), ("P", {"transparency": 0})],
    "BMP": [("RGB", {}), ("L", {}), ("P", {}), ("1", {})],
    "TIFF": [
        ("RGB", {}), ("RGB", {"compression": "tiff_lzw"}), ("RGB", {"compression": "jpeg"}),
        ("RGB", {"compression": "tiff_adobe_deflate"}), ("CMYK", {}), ("F", {}), ("I;16", {}),
        ("1", {"compression": "group4"}), ("L", {"compression": "packbits"}),
    ],
}  # fmt: skip

Random = np.random.Generator
Made = tuple[str, bytes, str]
"""The suffix of a file, its content, and the expected result."""


def write_hostile(folder: Path, number: int, seed: int = 0) -> dict[str, str]:
    """Write `number` files, most of them broken; return the expected result of each.

    The names are those of the tables, where unprintable bytes are escaped as `\\xNN`. In addition,
    pipes, links, devices and files with odd names are written, which are always the same.
    """
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    expected = _write_special(folder, random)
    makers = [_good, _odd, _cut, _flipped, _odd, _patched]
    every = _interleaved([maker(random) for maker in makers])
    for file in range(number - len(expected)):
        end, content, outcome = next(every)
        name = f"part-{file % 5}/{file:05d}-{end}"
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        expected[name] = outcome
    return expected


def _interleaved(makers: list[Iterator[Made]]) -> Iterator[Made]:
    while True:
        for maker in makers:
            yield next(maker)


def _image(random: Random, mode: str, size: tuple[int, int] = (24, 20)) -> Image.Image:
    width, height = size
    colour = random.integers(0, 256, 3)
    noise = np.clip(random.normal(colour, 25, (height, width, 3)), 0, 255).astype(np.uint8)
    if mode == "I;16":
        return Image.fromarray(noise[..., 0].astype(np.uint16) * 257)
    return Image.fromarray(noise).convert(mode)


def _encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def bases(random: Random) -> Iterator[tuple[str, bytes]]:
    """Yield formats and intact files, each form in turn."""
    longest = max(map(len, _FORMS.values()))
    for turn in count():
        for form, kinds in _FORMS.items():
            mode, options = kinds[turn % longest % len(kinds)]
            yield form, _encoded(_image(random, mode), form, **options)


def _good(random: Random) -> Iterator[Made]:
    """Yield intact files; every fourth has the suffix of another format."""
    suffixes = list(_SUFFIXES.values())
    for number, (form, content) in enumerate(bases(random)):
        wrong = number % 4 == 3
        yield f"good{suffixes[number % 6] if wrong else _SUFFIXES[form]}", content, GOOD


def _cut(random: Random) -> Iterator[Made]:
    """Yield truncated files: within the header, the tables, the pixels or the last bytes."""
    for number, (form, content) in enumerate(bases(random)):
        most = [16, 64, len(content) // 2, len(content) - 1][number % 4]
        end = int(random.integers(0, max(most, 1)))
        end = len(content) - 1 - int(random.integers(0, 4)) if number % 8 == 7 else end
        outcome = BROKEN if end <= 8 else EITHER
        yield f"cut{_SUFFIXES[form]}", content[:end], outcome


def _flipped(random: Random) -> Iterator[Made]:
    """Yield files with one to thirty bits changed, half of them within the first 100 bytes."""
    for number, (form, content) in enumerate(bases(random)):
        changed = bytearray(content)
        most = min(100, len(changed)) if number % 2 else len(changed)
        for place in random.integers(0, most, int(random.integers(1, 31))):
            changed[place] ^= 1 << int(random.integers(8))
        yield f"flipped{_SUFFIXES[form]}", bytes(changed), EITHER


def _patched(random: Random) -> Iterator[Made]:
    """Yield files in which four bytes are replaced by a critical number."""
    numbers = [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFE, 0x10000]
    for number, (form, content) in enumerate(bases(random)):
        place = int(random.integers(2, min(len(content) - 4, 200)))
        order = "<I" if number % 2 else ">I"
        trouble = struct.pack(order, numbers[number % len(numbers)])
        whole = content[:place] + trouble + content[place + 4 :]
        yield f"patched{_SUFFIXES[form]}", whole, EITHER


def _odd(random: Random) -> Iterator[Made]:
    """Yield all special cases, repeatedly, with new pixels."""
    while True:
        for make in _ODD:
            yield make(random)


def _bomb_png(random: Random) -> Made:
    return "bomb.png", _png(60_000, 60_000, 1, 0, zlib.compress(bytes(100_000))), BROKEN


def _bomb_text(random: Random) -> Made:
    """A small picture with a comment of 100 MB."""
    bomb = b"Comment\0\0" + _zeros(100)
    whole = _encoded(_image(random, "RGB"), "PNG")
    return "text-bomb.png", whole[:33] + _chunk(b"zTXt", bomb) + whole[33:], EITHER


def _bomb_profile(random: Random) -> Made:
    whole = _encoded(_image(random, "RGB"), "PNG")
    bomb = _chunk(b"iCCP", b"x\0\0" + _zeros(100))
    return "profile-bomb.png", whole[:33] + bomb + whole[33:], EITHER


def _bomb_gif(random: Random) -> Made:
    whole = bytearray(_encoded(_image(random, "P"), "GIF"))
    whole[6:10] = b"\xff\xff\xff\xff"
    return "bomb.gif", bytes(whole), BROKEN


def _bomb_gif_frame(random: Random) -> Made:
    """A GIF with a small screen and a huge frame."""
    whole = bytearray(_encoded(_image(random, "P"), "GIF"))
    place = whole.index(b"\x2c", 13 + 3 * 2 ** ((whole[10] & 7) + 1))
    whole[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    return "frame-bomb.gif", bytes(whole), BROKEN


def _bomb_tiff(random: Random) -> Made:
    return "bomb.tif", _tiff({256: 100_000, 257: 100_000, 258: 1, 262: 1, 273: 8, 279: 10}), BROKEN


def _bomb_tiff_strip(random: Random) -> Made:
    """A small picture with a strip of 4 GB."""
    tags = {256: 8, 257: 8, 258: 8, 259: 5, 262: 1, 273: 8, 278: 0xFFFFFFFF, 279: 0xFFFFFFF0}
    return "strip-bomb.tif", _tiff(tags), EITHER


def _bomb_tiff_tile(random: Random) -> Made:
    tags = {256: 8, 257: 8, 258: 8, 259: 5, 262: 1, 322: 65_536, 323: 65_520, 324: 8, 325: 64}
    return "tile-bomb.tif", _tiff(tags), EITHER


def _loop_tiff(random: Random) -> Made:
    """A directory whose successor is itself."""
    return "loop.tif", _tiff({256: 8, 257: 8, 258: 8, 262: 1, 273: 8, 279: 64}, 8 + 64), EITHER


def _bomb_webp(random: Random) -> Made:
    whole = bytearray(_encoded(_image(random, "RGBA"), "WEBP", save_all=True, append_images=[
        _image(random, "RGBA")]))  # fmt: skip
    assert whole[12:16] == b"VP8X"
    whole[24:30] = (16_382).to_bytes(3, "little") * 2
    return "bomb.webp", bytes(whole), BROKEN


def _bomb_bmp(random: Random) -> Made:
    whole = bytearray(_encoded(_image(random, "RGB"), "BMP"))
    whole[18:26] = struct.pack("<ii", 2**30, -(2**30))
    return "bomb.bmp", bytes(whole), BROKEN


def _bomb_jpeg(random: Random) -> Made:
    whole = bytearray(_encoded(_image(random, "RGB"), "JPEG"))
    place = whole.index(b"\xff\xc0")
    whole[place + 5 : place + 9] = struct.pack(">HH", 65_500, 65_500)
    return "bomb.jpg", bytes(whole), BROKEN


def _large_png(random: Random) -> Made:
    """Within the limit: 9 million pixels in 1 kB."""
    rows = zlib.compress(bytes((3_000 // 8 + 1) * 3_000), 9)
    return "large.png", _png(3_000, 3_000, 1, 0, rows), GOOD


def _animated(form: str, frames: int) -> Callable[[Random], Made]:
    def make(random: Random) -> Made:
        first, *rest = [_image(random, "RGB", (8, 8)) for _ in range(frames)]
        content = _encoded(first, form, save_all=True, append_images=rest)
        return f"animated{_SUFFIXES[form]}", content, GOOD

    return make


def _shaped(form: str, width: int, height: int) -> Callable[[Random], Made]:
    def make(random: Random) -> Made:
        content = _encoded(_image(random, "RGB", (width, height)), form)
        return f"{width}x{height}{_SUFFIXES[form]}", content, GOOD

    return make


def _with_profile(profile: bytes | None) -> Callable[[Random], Made]:
    def make(random: Random) -> Made:
        own = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
        cmyk = _image(random, "CMYK")
        return "cmyk.jpg", _encoded(cmyk, "JPEG", icc_profile=profile or own), GOOD

    return make


def _with_exif(exif: bytes) -> Callable[[Random], Made]:
    def make(random: Random) -> Made:
        whole = _encoded(_image(random, "RGB"), "JPEG")
        told = b"Exif\0\0" + exif
        segment = b"\xff\xe1" + struct.pack(">H", len(told) + 2) + told
        return "exif.jpg", whole[:2] + segment + whole[2:], GOOD

    return make


def _no_image(name: str, content: bytes) -> Callable[[Random], Made]:
    return lambda random: (name, content, BROKEN)


def _exif_bombs() -> list[bytes]:
    head = b"II*\0\x08\0\0\0"
    entry = struct.pack("<HHII", 274, 3, 1, 6)
    return [
        head + struct.pack("<H", 0xFFFF) + entry * 10,  # more entries than there are
        head + struct.pack("<H", 1) + struct.pack("<HHII", 274, 2, 0xFFFFFFFF, 8),
        head + struct.pack("<H", 1) + struct.pack("<HHII", 0x8769, 4, 1, 8) + bytes(4),  # itself
        head + struct.pack("<H", 1) + entry + struct.pack("<I", 8),
        head + struct.pack("<H", 1) + struct.pack("<HHII", 274, 3, 1, 77) + bytes(4),
        b"MM\0*\xff\xff\xff\xff",
        bytes(60_000),
        (head + struct.pack("<H", 4_000) + struct.pack("<HHII", 274, 12, 4_000, 8) * 4_000),
    ]


def _zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(10**6)) for _ in range(megabytes)) + packer.flush()


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def _png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [_chunk(b"IHDR", head), _chunk(b"IDAT", rows), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _tiff(tags: dict[int, int], following: int = 0) -> bytes:
    """Return a TIFF of 64 pixels and one directory behind them, every tag a long number."""
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return b"II*\0" + struct.pack("<I", 8 + 64) + bytes(64) + directory


_ODD: list[Callable[[Random], Made]] = [
    _bomb_png, _bomb_gif, _bomb_gif_frame, _bomb_tiff, _bomb_tiff_strip, _bomb_tiff_tile,
    _loop_tiff, _bomb_webp, _bomb_bmp, _bomb_jpeg, _bomb_text, _bomb_profile,
    *[_shaped(form, 1, 1) for form in _SUFFIXES],
    *[_shaped(form, 1, 20_000) for form in _SUFFIXES if form != "WEBP"],
    _shaped("PNG", 20_000, 1), _shaped("WEBP", 1, 16_383),
    _animated("GIF", 30), _animated("WEBP", 30), _animated("PNG", 5), _animated("TIFF", 5),
    _with_profile(b"no profile"), _with_profile(bytes(200_000)), _with_profile(None),
    *map(_with_exif, _exif_bombs()),
    _no_image("empty.jpg", b""), _no_image("zeros.png", bytes(5_000)),
    _no_image("page.gif", b"<html><script>alert(1)</script></html>"),
    _no_image("text.webp", b"GIF89a"), _no_image("noise.tif", b"II*\0" + b"\xff" * 500),
    _no_image("vector.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    _no_image("postscript.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    _large_png,
]  # fmt: skip

_NAMES: dict[bytes, str] = {
    b"two\nlines.png": "two\\x0alines.png",
    b"tab\tand\rreturn.png": "tab\\x09and\\x0dreturn.png",
    b"\x1b[31mred\x1b[0m.png": "\\x1b[31mred\\x1b[0m.png",
    b"caf\xe9.png": "caf\\xe9.png",
    b"\xff\xfe\xed\xa0\x80.png": "\\xff\\xfe\\xed\\xa0\\x80.png",
    b"\"double\" 'single' `back`.png": "\"double\" 'single' `back`.png",
    b"<img src=x onerror=alert(1)>.png": "<img src=x onerror=alert(1)>.png",
    b"<script>alert(1)<!--.png": "<script>alert(1)<!--.png",
    b"&amp;&lt;.png": "&amp;&lt;.png",
    b"=1+1.png": "=1+1.png",
    b"a,b;c.png": "a,b;c.png",
    b" space .png": " space .png",
    b"%s{0}$HOME.png": "%s{0}$HOME.png",
    "grün 猫 \u202egnp.png".encode(): "grün 猫 \u202egnp.png",
    b"n" * 251 + b".png": "n" * 251 + ".png",
    b"null.png": "null.png",
}
"""Odd file names, and how the tables show them."""


def _write_special(folder: Path, random: Random) -> dict[str, str]:
    """Write entries that are not plain files, and good files with odd names."""
    expected = {}
    for name, written in _NAMES.items():
        content = _encoded(_image(random, "RGB"), "PNG")
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(content)
        expected[written] = GOOD
    whole = _encoded(_image(random, "RGB"), "PNG")
    (folder.parent / f"{folder.name}-secret.png").write_bytes(whole)
    (folder / "directory.jpg").mkdir()
    (folder / "directory.jpg" / "inside.png").write_bytes(whole)
    links = {
        "loop.png": "loop.png", "dangling.png": "nowhere.png", "device.png": "/dev/zero",
        "out.png": f"../{folder.name}-secret.png", "everything": "/", "up": "..",
    }  # fmt: skip
    for link, target in links.items():
        (folder / link).symlink_to(target)
    (folder / "directory.jpg" / "here").symlink_to("..")
    os.mkfifo(folder / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(folder)  # the path of a socket may be 107 bytes long
        try:
            server.bind("socket.gif")
        finally:
            os.chdir(here)
    (folder / "unreadable.png").write_bytes(whole)
    (folder / "unreadable.png").chmod(0)
    expected |= {"directory.jpg/inside.png": GOOD, "unreadable.png": EITHER}
    return expected | dict.fromkeys([*links, "pipe.jpg", "socket.gif"], BROKEN)


if __name__ == "__main__":
    place, number, seed = [*sys.argv[1:], *("2000", "0")[len(sys.argv) - 2 :]]
    outcomes = list(write_hostile(Path(place), int(number), int(seed)).values())
    print({outcome: outcomes.count(outcome) for outcome in (GOOD, BROKEN, EITHER)})
