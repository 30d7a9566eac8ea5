"""Promises of profiles: colours of wide gamuts and inks become sRGB, sRGB stays as it is."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from embedbench.data.images.decoding import open_pixels, open_rgb
from embedbench.data.images.profiles import through_profile

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
"""The primaries of Display P3 in the connection space, from Apple's profile."""


def wide_profile() -> bytes:
    """Return an ICC profile of the primaries of Display P3 and the curve of sRGB, by hand."""
    curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0)
    curve += b"".join(
        struct.pack(">i", round(one * 65536))
        for one in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    )
    parts = {name: b"XYZ " + bytes(4) + struct.pack(">3i", *(round(x * 65536) for x in one))
             for name, one in zip((b"rXYZ", b"gXYZ", b"bXYZ"), P3, strict=True)}  # fmt: skip
    parts[b"wtpt"] = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    parts |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    parts[b"desc"] = b"desc" + bytes(4) + struct.pack(">I", 5) + b"wide\0" + bytes(78)
    parts[b"cprt"] = b"text" + bytes(4) + b"none\0"
    place, table, body = 132 + 12 * len(parts), b"", b""
    for name, one in parts.items():
        table += name + struct.pack(">II", place + len(body), len(one))
        body += one + bytes(-len(one) % 4)
    head = struct.pack(">I4sI4s4s4s", place + len(body), b"lcms", 0x02400000, b"mntr", b"RGB ",
                       b"XYZ ")  # fmt: skip
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(parts)) + table + body


def by_hand(pixels: np.ndarray) -> np.ndarray:
    """Return 8-bit colours of Display P3 in sRGB, by the matrices of the standards."""
    to_srgb = np.array(
        [[1.22494, -0.22494, 0], [-0.04206, 1.04206, 0], [-0.01964, -0.07864, 1.09827]]
    )
    shares = pixels / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    mixed = np.clip(linear @ to_srgb.T, 0, 1)
    curved = np.where(mixed <= 0.0031308, 12.92 * mixed, 1.055 * mixed ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * curved))


def noise(width: int = 32) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (24, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG", "WEBP"])
def test_a_wide_gamut_becomes_srgb(form: str) -> None:
    file, plain = io.BytesIO(), io.BytesIO()
    options = {"lossless": True} if form == "WEBP" else {}
    noise().save(file, form, icc_profile=wide_profile(), **options)
    noise().save(plain, form, **options)
    pixels = open_pixels(file.getvalue())
    assert np.abs(pixels - by_hand(open_pixels(plain.getvalue()))).max() <= 2
    assert np.array_equal(pixels, np.asarray(open_rgb(file.getvalue())))


@pytest.mark.parametrize("profile", [None, b"", b"no profile", bytes(5000), SRGB, SRGB[:300], 7])
def test_no_profile_a_broken_one_and_srgb_change_nothing(profile: object) -> None:
    image = noise()
    assert through_profile(image, profile) is image


def test_a_profile_of_another_space_is_not_used() -> None:
    image = noise().convert("CMYK")
    assert through_profile(image, SRGB) is image


def test_transparent_and_palette_pictures_have_profiles_too() -> None:
    right = by_hand(np.array([200.0, 100.0, 50.0]))
    plain = Image.new("RGB", (4, 4), (200, 100, 50))
    for image in (plain.convert("RGBA"), plain.quantize(2)):
        file = io.BytesIO()
        image.save(file, "PNG", icc_profile=wide_profile())
        assert np.abs(open_pixels(file.getvalue()) - right).max() <= 2
