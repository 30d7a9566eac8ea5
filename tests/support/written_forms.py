"""Images in the forms that tifffile and Pillow can write, each with its right pixels.

The right pixels are computed here with numpy, from the array that is written.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import tifffile
from PIL import Image

__all__ = ["Form", "pillow_forms", "png_forms", "pnm_forms", "stack_forms", "tiff_forms"]

HEIGHT, WIDTH = 37, 29

Pixels = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Form:
    """A written image.

    Attributes:
        name: what was written, and how.
        write: returns the bytes of the file; any exception says that it cannot be written.
        right: its pixels in 8-bit RGB.
        levels: by how much a pixel may differ: 0 for exact values, more for lossy forms.
        plane: the plane of a stack to read.
    """

    name: str
    write: Callable[[], bytes]
    right: Pixels
    levels: int = 0
    plane: int = 1


def in_8_bits(values: Pixels) -> Pixels:
    """Return values in 8 bits, by the full range of integers and by 0 to 1."""
    if values.dtype.kind == "f":
        low, high = 0.0, 1.0
    elif values.dtype.kind == "b":
        low, high = 0.0, 1.0
    else:
        low, high = float(np.iinfo(values.dtype).min), float(np.iinfo(values.dtype).max)
    return np.rint(np.clip((values.astype(np.float64) - low) / (high - low), 0, 1) * 255)


def in_rgb(drawn: Pixels) -> Pixels:
    """Return 8-bit bands as RGB: the only one thrice, else the first three."""
    drawn = drawn if drawn.ndim == 3 else drawn[..., None]
    return np.repeat(drawn[..., :1], 3, axis=-1) if drawn.shape[-1] < 3 else drawn[..., :3]


def noise(dtype: str, shape: tuple[int, ...], seed: int = 0) -> Pixels:
    """Return random values of a type, over its whole range."""
    random = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return np.asarray(random.random(shape) < 0.5)
    if kind.kind == "f":
        return np.asarray(random.random(shape).astype(kind))
    whole = np.iinfo(kind)
    return np.asarray(random.integers(whole.min, whole.max, shape, dtype=kind, endpoint=True))


def over_white(drawn: Pixels, alpha: Pixels, associated: bool) -> Pixels:
    """Return drawn colours over white; `alpha` is from 0 to 1."""
    share = alpha[..., None]
    mixed = (drawn if associated else drawn * share) + 255 * (1 - share)
    return np.asarray(np.rint(np.clip(mixed, 0, 255)))


LAYOUTS: dict[str, dict[str, Any]] = {
    "one strip": {"rowsperstrip": HEIGHT},
    "strips": {"rowsperstrip": 5},
    "rows": {"rowsperstrip": 1},
    "tiles": {"tile": (16, 32)},
    "small tiles": {"tile": (16, 16)},
}
COMPRESSIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "deflate": {"compression": "zlib"},
    "deflate, predictor": {"compression": "zlib", "predictor": True},
    "lzw": {"compression": "lzw"},
    "lzw, predictor": {"compression": "lzw", "predictor": True},
    "zstd": {"compression": "zstd"},
    "packbits": {"compression": "packbits"},
    "lzma": {"compression": "lzma"},
    "lerc": {"compression": "lerc"},
    "png": {"compression": "png"},
    "jpeg 2000": {"compression": "jpeg2000", "compressionargs": {"reversible": True}},
    "jpeg xl": {"compression": "jpegxl", "compressionargs": {"lossless": True}},
    "webp": {"compression": "webp", "compressionargs": {"lossless": True}},
}
TYPES = ("bool", "u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8")
COLOURS: dict[str, tuple[int, dict[str, Any]]] = {
    "grey": (1, {"photometric": "minisblack"}),
    "white is zero": (1, {"photometric": "miniswhite"}),
    "rgb": (3, {"photometric": "rgb"}),
    "rgb and alpha": (4, {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
    "rgb and associated alpha": (4, {"photometric": "rgb", "extrasamples": ["assocalpha"]}),
    "rgb and another": (4, {"photometric": "rgb", "extrasamples": ["unspecified"]}),
    "rgb, another and alpha": (
        5, {"photometric": "rgb", "extrasamples": ["unspecified", "unassalpha"]}
    ),
    "grey and alpha": (2, {"photometric": "minisblack", "extrasamples": ["unassalpha"]}),
    "two bands": (2, {"photometric": "minisblack", "extrasamples": ["unspecified"]}),
    "five bands": (5, {"photometric": "minisblack", "extrasamples": ["unspecified"] * 4}),
    "cmyk": (4, {"photometric": "separated"}),
    "palette": (1, {"photometric": "palette"}),
}  # fmt: skip


def tiff_forms() -> Iterator[Form]:
    """Yield TIFF files of every type, colour, layout, order of bytes and compression."""
    for colour, dtype, planar, layout, compression, order in product(
        COLOURS, TYPES, ("contig", "separate"), LAYOUTS, COMPRESSIONS, "<>"
    ):
        bands, options = COLOURS[colour]
        if planar == "separate" and bands == 1:
            continue
        if colour == "palette" and dtype not in ("u1", "u2"):
            continue
        if dtype == "bool" and bands > 1:
            continue
        if compression == "jpeg 2000" and bands == 5:
            continue  # imagecodecs takes 5 rows for 5 bands
        if compression == "jpeg 2000" and dtype != "u1" and (order == ">" or dtype[1] == "4"):
            continue  # tifffile writes the bytes in the wrong order, OpenJPEG 26 bits at most
        options = options | LAYOUTS[layout] | COMPRESSIONS[compression]
        is_big = (len(colour) + len(layout) + len(compression)) % 3 == 0
        yield _tiff_form(colour, dtype, planar, options, (order, is_big))


def _tiff_form(
    colour: str, dtype: str, planar: str, options: dict[str, Any], file: tuple[str, bool]
) -> Form:
    bands = COLOURS[colour][0]
    shape = (HEIGHT, WIDTH) if bands == 1 else (HEIGHT, WIDTH, bands)
    values = noise(dtype, shape)
    if colour == "rgb and associated alpha":
        values = np.sort(values, axis=-1)  # no colour is above its opacity
    right, more = _right(colour, values)
    written = values if planar == "contig" or bands == 1 else np.moveaxis(values, -1, 0)
    if bands > 1:
        more = more | {"planarconfig": planar}

    def write() -> bytes:
        content = io.BytesIO()
        options_of_file: Any = {"byteorder": file[0], "bigtiff": file[1]}
        with tifffile.TiffWriter(content, **options_of_file) as writer:
            writer.write(written, metadata=None, **deepcopy(options | more))
        return content.getvalue()

    kept = {key: value for key, value in options.items() if key != "colormap"}
    name = f"{colour} {dtype} {planar} {kept} {file}"
    blended = "alpha" in colour or colour == "cmyk"
    return Form(name, write, right, 1 if blended else 0)


def _right(colour: str, values: Pixels) -> tuple[Pixels, dict[str, Any]]:
    """Return the right pixels, and options of tifffile that only they know."""
    if colour == "palette":
        count = 2 ** (8 * values.dtype.itemsize)
        palette = noise("u1", (3, count), 1)
        return palette.T[values].astype(float), {"colormap": palette.astype(np.uint16) * 257}
    drawn = in_8_bits(values)
    if colour == "white is zero":
        return in_rgb(255 - drawn), {}
    if colour == "cmyk":
        return np.rint((255 - drawn[..., :3]) * (255 - drawn[..., 3:]) / 255), {}
    if "alpha" in colour:
        alpha = values[..., -1].astype(np.float64)
        if values.dtype.kind != "f":
            alpha = alpha.clip(0) / np.iinfo(values.dtype).max
        colours = drawn[..., :-1] if drawn.shape[-1] > 2 else drawn[..., :1]
        return over_white(in_rgb(colours), alpha, "associated" in colour), {}
    return in_rgb(drawn), {}


def stack_forms() -> Iterator[Form]:
    """Yield stacks, packed bits, directions, and missing values in TIFF files."""
    for dtype, kind, plane in product(("u1", "u2", "f4"), STACKS, (1, 2, 3)):
        yield _stack_form(dtype, kind, plane)
    for bits, order, bands in product(range(2, 16), "<>", (1, 3)):
        if bits != 8:
            yield _packed_form(bits, order, bands)
    for direction, dtype in product(range(1, 9), ("u1", "u2")):
        values = noise(dtype, (HEIGHT, WIDTH, 3))
        tag: list[Any] = [(274, "H", 1, direction, True)]
        yield _written(f"direction {direction} {dtype}", values, _turned(
            in_8_bits(values), direction), photometric="rgb", extratags=tag)  # fmt: skip
    for dtype, number in product(("u1", "u2", "i2", "f4", "f8"), ("0", "77", "-9999", "nan")):
        values = noise(dtype, (HEIGHT, WIDTH))
        fits = dtype[0] == "f" or (number != "nan" and not (dtype[0] == "u" and number[0] == "-"))
        drawn = in_8_bits(values)
        if fits:
            values[3:9, 4:20] = float(number) if dtype[0] == "f" else int(number)
            drawn[values == values[3, 4] if number != "nan" else np.isnan(values)] = 0
        tag = [(42113, "s", 0, number, True)]
        yield _written(f"no data {dtype} {number}", values, in_rgb(drawn), extratags=tag)


STACKS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "pages": ((3,), {"metadata": None}),
    "shaped": ((3,), {}),
    "OME ZYX": ((3,), {"ome": True, "metadata": {"axes": "ZYX"}}),
    "OME TCYX": ((3, 2), {"ome": True, "metadata": {"axes": "TCYX"}}),
    "OME CZYX": ((2, 3), {"ome": True, "metadata": {"axes": "CZYX"}}),
    "OME TZYX": ((2, 3), {"ome": True, "metadata": {"axes": "TZYX"}}),
    "ImageJ ZYX": ((3,), {"imagej": True, "metadata": {"axes": "ZYX"}}),
    "ImageJ ZCYX": ((3, 2), {"imagej": True, "metadata": {"axes": "ZCYX"}}),
}


def _stack_form(dtype: str, kind: str, plane: int) -> Form:
    leading, options = STACKS[kind]
    values = noise(dtype, (*leading, HEIGHT, WIDTH))
    if "CZ" in kind:
        chosen = values[0, plane - 1]  # the first of two channels
    elif "C" in kind:
        chosen = values[plane - 1, 0]
    else:
        chosen = values.reshape(-1, HEIGHT, WIDTH)[plane - 1]
    form = _written(f"{kind} {dtype}, plane {plane}", values, in_rgb(in_8_bits(chosen)), **options)
    return replace(form, plane=plane)


def _packed_form(bits: int, order: str, bands: int) -> Form:
    shape = (HEIGHT, WIDTH) if bands == 1 else (HEIGHT, WIDTH, 3)
    values = np.random.default_rng(bits).integers(0, 2**bits, shape)
    right = in_rgb(np.rint(values / (2**bits - 1) * 255))
    written = values.astype("u1" if bits < 8 else "u2")
    content = _packed_tiff(values.reshape(HEIGHT, -1), bits, bands, order)
    return Form(f"{bits} bits {order} {bands} {written.dtype}", lambda: content, right)


def _packed_tiff(rows: Pixels, bits: int, bands: int, order: str) -> bytes:
    """Return a TIFF file of packed bits, by hand."""
    each = (rows[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    pixels = np.packbits(each.reshape(len(rows), -1).astype(np.uint8), axis=1).tobytes()
    tags = [
        (256, WIDTH), (257, HEIGHT), (258, bits), (259, 1), (262, 2 if bands == 3 else 1),
        (273, 8), (277, bands), (278, HEIGHT), (279, len(pixels)), (284, 1),
    ]  # fmt: skip
    start = 8 + len(pixels) + len(pixels) % 2
    extra = start + 2 + 12 * len(tags) + 4
    entries = b""
    for tag, value in tags:
        if tag == 258 and bands == 3:
            entries += struct.pack(order + "HHII", tag, 3, 3, extra)
        else:
            entries += struct.pack(order + "HHII", tag, 4, 1, value)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, start)
    directory = struct.pack(order + "H", len(tags)) + entries + bytes(4)
    return (
        head + pixels + bytes(len(pixels) % 2) + directory + struct.pack(order + "3H", *[bits] * 3)
    )


def _written(name: str, values: Pixels, right: Pixels, **options: Any) -> Form:
    def write() -> bytes:
        content = io.BytesIO()
        tifffile.imwrite(content, values, **{"photometric": "minisblack"} | deepcopy(options))
        return content.getvalue()

    return Form(name, write, right)


def _turned(pixels: Pixels, direction: int) -> Pixels:
    """Return the pixels as they are to be shown, by the definition of the tag."""
    if direction >= 5:
        pixels = pixels.swapaxes(0, 1)  # the first row is on the left or on the right
    if direction in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if direction in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def png_forms() -> Iterator[Form]:
    """Yield PNG files of every depth, colour and filter, by hand."""
    colours = {0: 1, 2: 3, 4: 2, 6: 4}
    for colour, bits, sieve, keyed in product(colours, (1, 2, 4, 8, 16), range(5), (False, True)):
        if (bits < 8 and colour != 0) or (keyed and colour not in (0, 2)):
            continue
        shape = (HEIGHT, WIDTH, colours[colour])
        values = np.random.default_rng(bits).integers(0, 2**bits, shape)
        drawn = np.rint(values / (2**bits - 1) * 255)
        right, key = in_rgb(drawn), b""
        if colour in (4, 6):
            share = values[..., -1] / (2**bits - 1)
            right = over_white(in_rgb(drawn[..., :-1]), share, False)
        if keyed:
            right = np.where((values == values[0, 0]).all(axis=-1, keepdims=True), 255, right)
            key = values[0, 0].astype(">u2").tobytes()
        content = _png(values, bits, colour, sieve, key)
        name = f"PNG {bits} bits, colour {colour}, filter {sieve}, key {keyed}"
        yield Form(name, partial(bytes, content), right, 1 if colour in (4, 6) else 0)


def _png(values: Pixels, bits: int, colour: int, sieve: int, key: bytes) -> bytes:
    if bits == 16:
        rows = [row.astype(">u2").tobytes() for row in values]
    else:
        each = (values.reshape(HEIGHT, -1)[..., None] >> np.arange(bits - 1, -1, -1)) & 1
        rows = [np.packbits(row.ravel().astype(np.uint8)).tobytes() for row in each]
    step = max(1, bits * values.shape[-1] // 8)
    packed = zlib.compress(b"".join(bytes([sieve]) + one for one in _sieved(rows, sieve, step)))

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"tRNS", key) if key else b"", chunk(b"IDAT", packed)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def _sieved(rows: list[bytes], sieve: int, step: int) -> Iterator[bytes]:
    """Yield rows through one of the five filters of PNG."""
    above = np.zeros(len(rows[0]), dtype=int)
    for row in rows:
        here = np.frombuffer(row, np.uint8).astype(int)
        left = np.concatenate([np.zeros(step, int), here[:-step]])
        corner = np.concatenate([np.zeros(step, int), above[:-step]])
        guess = left + above - corner
        near = np.stack([abs(guess - left), abs(guess - above), abs(guess - corner)]).argmin(axis=0)
        paeth = np.choose(near, [left, above, corner])
        yield (
            ((here - (0, left, above, (left + above) // 2, paeth)[sieve]) % 256)
            .astype(np.uint8)
            .tobytes()
        )
        above = here


def pnm_forms() -> Iterator[Form]:
    """Yield PPM, PGM and PFM files, by hand."""
    for bands, most, plain in product((1, 3), (1, 15, 100, 255, 256, 1023, 4095, 65535), (0, 1)):
        values = np.random.default_rng(most).integers(0, most + 1, (HEIGHT, WIDTH, bands))
        number = {1: 5, 3: 6}[bands] - 3 * plain
        head = b"P%d\n# by hand\n%d %d\n%d\n" % (number, WIDTH, HEIGHT, most)
        text = " ".join(map(str, values.ravel())).encode()
        body = text if plain else values.astype(">u2" if most > 255 else "u1").tobytes()
        right = in_rgb(np.rint(values / most * 255))
        yield Form(f"P{number} {most}", partial(bytes, head + body), right, int(most < 255))
    for bands, order in product((1, 3), "<>"):
        values = noise("f4", (HEIGHT, WIDTH, bands))
        head = b"P%s\n%d %d\n%s1.0\n" % (
            b"f" if bands == 1 else b"F",
            WIDTH,
            HEIGHT,
            b"-" if order == "<" else b"",
        )
        body = values[::-1].astype(order + "f4").tobytes()
        yield Form(f"PFM {bands} {order}", partial(bytes, head + body), in_rgb(in_8_bits(values)))


MODES: dict[str, str] = {
    "1": "bool", "L": "u1", "P": "u1", "RGB": "u1", "RGBA": "u1", "LA": "u1", "CMYK": "u1",
    "YCbCr": "u1", "I;16": "u2", "I": "i4", "F": "f4",
}  # fmt: skip
FORMATS: dict[str, list[dict[str, Any]]] = {
    "PNG": [{}, {"optimize": True}, {"compress_level": 0}],
    "TIFF": [{"compression": one, "big_tiff": big} for one, big in product((
        None, "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits", "zstd", "lzma",
        "group3", "group4", "tiff_ccitt"), (False, True))],
    "BMP": [{}],
    "DIB": [{}],
    "GIF": [{}, {"interlace": 0}],
    "WEBP": [{"lossless": True, "exact": True}],
    "JPEG2000": [{}, {"irreversible": False, "num_resolutions": 2}, {"tile_size": (16, 16)}],
    "PPM": [{}],
    "JPEG": [
        {"quality": 100, "subsampling": 0},
        {"quality": 100, "subsampling": 0, "progressive": True},
    ],
    "AVIF": [{"quality": 100, "subsampling": "4:4:4"}],
    "HEIF": [{"quality": -1, "chroma": 444, "matrix_coefficients": 0}],
    "JXL": [{"lossless": True}],
}  # fmt: skip
BILEVEL = ("group3", "group4", "tiff_ccitt")
LOSSY = {"JPEG": 8, "AVIF": 8, "HEIF": 2}


CHANGED = {
    *product(("RGB", "RGBA", "LA", "I;16", "I", "F"), ("GIF",)),
    *product(("I;16", "I", "F"), ("WEBP",)),
    ("I", "PPM"), ("RGBA", "PPM"), ("RGBA", "BMP"), ("RGBA", "DIB"),
}  # fmt: skip
"""Modes that Pillow writes as others: with fewer colours or bits, or without opacity."""


def pillow_forms() -> Iterator[Form]:
    """Yield files of every mode and format that Pillow writes, with its plug-ins."""
    for mode, form in product(MODES, FORMATS):
        for options in FORMATS[form]:
            if (mode, form) in CHANGED or (mode == "I;16" and "tile_size" in options):
                continue  # Pillow writes other pixels than it is given
            if options.get("compression") in BILEVEL and mode != "1":
                continue
            yield _pillow_form(mode, form, options)


def _pillow_form(mode: str, form: str, options: dict[str, Any]) -> Form:
    bands = 1 if mode[0] in "1PIF" or mode == "L" else len(mode) if mode != "YCbCr" else 3
    shape = (HEIGHT, WIDTH) if bands == 1 else (HEIGHT, WIDTH, bands)
    lossy = LOSSY.get(form, 0)
    values = _smooth(shape) if lossy else noise(MODES[mode], shape)
    if mode == "1" and lossy:
        values = values > 100
    palette = noise("u1", (256, 3), 1)
    drawn = in_8_bits(values)
    if mode == "P":
        right = palette[values].astype(float)
    elif mode in ("LA", "RGBA"):
        right = over_white(in_rgb(drawn[..., :-1]), values[..., -1] / 255, False)
    elif mode == "CMYK":
        right = np.rint((255 - drawn[..., :3]) * (255 - drawn[..., 3:]) / 255)
    elif mode == "YCbCr":
        red = drawn[..., 0] + 1.402 * (drawn[..., 2] - 128)
        green = drawn[..., 0] - 0.344136 * (drawn[..., 1] - 128) - 0.714136 * (drawn[..., 2] - 128)
        blue = drawn[..., 0] + 1.772 * (drawn[..., 1] - 128)
        right = np.rint(np.clip(np.stack([red, green, blue], axis=-1), 0, 255))
    else:
        right = in_rgb(drawn)

    def write() -> bytes:
        image = Image.fromarray(values) if mode[0] in "1IF" else Image.frombytes(
            mode, (WIDTH, HEIGHT), values.tobytes())  # fmt: skip
        if mode == "P":
            image.putpalette(palette.tobytes())
        content = io.BytesIO()
        image.save(content, form, **options)
        return content.getvalue()

    blended = 1 if mode in ("LA", "RGBA", "CMYK", "YCbCr") else 0
    return Form(f"{mode} {form} {options}", write, right, max(lossy, blended))


def _smooth(shape: tuple[int, ...]) -> Pixels:
    """Return a smooth picture, which lossy formats keep."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [40 + 3 * rows + 2 * columns, 200 - 2 * rows - columns, 90 + 3 * columns, 60 + rows]
    return (
        np.stack(planes, axis=-1)[..., : shape[2] if len(shape) > 2 else 1]
        .reshape(shape)
        .astype(np.uint8)
    )
