"""Promises of the sheets of thumbnails: each picture at its place, small, and pixels alone."""

import base64
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from embedbench.report.page_data.sheets import Sheets, picture_sheets


def thumbnail(number: int) -> bytes:
    """A thumbnail of one colour that tells its number."""
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "where it was taken"
    colour = (40 * (number % 6), 40 * (number // 6 % 6), 100)
    Image.new("RGB", (64, 48), colour).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def images(count: int) -> pd.DataFrame:
    kinds = [thumbnail(number) for number in range(36)]
    return pd.DataFrame(
        {"image": [str(number) for number in range(count)],
         "thumbnail": [kinds[number % 36] for number in range(count)]}
    )  # fmt: skip


def opened(sheets: Sheets, number: int) -> Image.Image:
    return Image.open(BytesIO(base64.b64decode(sheets.data[number])))


@pytest.mark.parametrize("count", [1, 2, 5, 300])
def test_every_picture_lies_where_its_number_says(count: int) -> None:
    table = images(count)
    sheets = picture_sheets(table, list(table["image"]))
    assert sheets.tiles == {str(number): number for number in range(count)}
    with_pixels = [np.asarray(opened(sheets, number)) for number in range(len(sheets.data))]
    tile = with_pixels[0].shape[0] // sheets.side
    for number in range(count):
        sheet, place = divmod(number, sheets.side**2)
        row, column = divmod(place, sheets.side)
        middle = with_pixels[sheet][row * tile + tile // 2, column * tile + tile // 2]
        colour = (40 * (number % 36 % 6), 40 * (number % 36 // 6), 100)
        assert np.abs(middle.astype(int) - colour).max() <= 12


def test_a_picture_without_a_thumbnail_that_can_be_read_has_no_tile() -> None:
    table = images(4).astype({"thumbnail": object})
    table.loc[1, "thumbnail"] = None
    table.loc[2, "thumbnail"] = b"no picture"
    assert picture_sheets(table, ["0", "1", "2", "3", "4"]).tiles == {"0": 0, "3": 1}
    assert picture_sheets(table.drop(columns="thumbnail"), ["0"]) == Sheets(1, [], {})
    assert picture_sheets(table.iloc[:0], []).data == []


def test_sheets_hold_nothing_but_pixels() -> None:
    sheets = picture_sheets(images(3), ["0", "1", "2"])
    content = base64.b64decode(sheets.data[0])
    assert b"taken" not in content and not opened(sheets, 0).getexif()


def test_many_pictures_have_small_tiles() -> None:
    table = images(1001)
    sizes = []
    for count in (1000, 1001):
        sheets = picture_sheets(table, list(table["image"][:count]))
        sizes.append(opened(sheets, 0).width // sheets.side)
    assert sizes == [128, 80]


def test_classes_name_the_sheet_and_the_place() -> None:
    sheets = Sheets(2, ["", ""], {"a": 0, "<b>": 5})
    assert sheets.classes() == {"a": "tile s0 p0", "<b>": "tile s1 p1"}
