"""Promises of a page that is sent on: it tells no folder above the pictures, and no user's name."""

import dataclasses
import json
import re
from typing import Any

import pandas as pd
import pytest

from embedbench.report.page import write_report
from embedbench.report.page_data.sharing import shareable, without_places
from tests.support.example_results import example_results

RESULTS = example_results()
HOME = "/home/ann/secret project"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("run /home/ann/photos -e timm --out /tmp/x/run", "run photos -e timm --out run"),
        ("embedbench run '/home/ann lee/my photos' -e timm", "embedbench run 'my photos' -e timm"),
        ("cannot read '/home/ann/a b/c.jpg': no such file", "cannot read 'c.jpg': no such file"),
        ("clip:/home/ann/models/mine,weights=/home/ann/w.h5", "clip:mine,weights=w.h5"),
        ("file:///home/ann/photos/a.jpg", "a.jpg"),
        (r"run C:\Users\Ann\photos -e pixels", "run photos -e pixels"),
        ("https://a.org/b/c.jpg and s3://d/e", "https://a.org/b/c.jpg and s3://d/e"),
        ("a/b/1.jpg, ../a, ~/a and 3/4", "a/b/1.jpg, ../a, ~/a and 3/4"),
        ("and/or, 12/24/36, a // b", "and/or, 12/24/36, a // b"),
    ],
)  # fmt: skip
def test_absolute_paths_keep_their_last_part_and_nothing_else_changes(
    text: str, shown: str
) -> None:
    assert without_places(text) == shown


def test_images_with_absolute_names_lose_the_folder_that_they_share_everywhere() -> None:
    names = {name: f"{HOME}/set/{name}" for name in RESULTS.images["image"]}
    columns = ("image", "neighbour", "partner", "medoid")
    tables: dict[str, Any] = {}
    for field in dataclasses.fields(RESULTS):
        table = getattr(RESULTS, field.name)
        if not isinstance(table, pd.DataFrame):
            continue
        tables[field.name] = table.replace({name: names for name in columns if name in table})
        for name in {"typical", "atypical"} & set(table):
            tables[field.name][name] = [
                json.dumps([names.get(one, one) for one in json.loads(cell)]) if cell else cell
                for cell in table[name]
            ]
    absolute = dataclasses.replace(RESULTS, **tables)
    shown = shareable(absolute)
    for field in dataclasses.fields(RESULTS):
        table = getattr(RESULTS, field.name)
        if isinstance(table, pd.DataFrame) and "image" in table:
            assert getattr(shown, field.name)["image"].tolist() == table["image"].tolist()
    lists = shown.clusters["typical"].map(lambda cell: json.loads(cell) if cell else [])
    wanted = RESULTS.clusters["typical"].map(lambda cell: json.loads(cell) if cell else [])
    assert lists.tolist() == wanted.tolist()


def test_the_page_tells_no_folder_above_the_source(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    run = RESULTS.run | {
        "command": f"embedbench run '{HOME}/photos' -e timm --store /home/ann/.cache/store",
        "source": f"{HOME}/photos",
        "sources": [f"{HOME}/photos"],
        "store": "/home/ann/.cache/store",
        "remarks": [f"label column 'l' of '{HOME}/labels.csv'"],
    }
    failures = RESULTS.failures.assign(error=f"cannot read '{HOME}/photos/a.jpg': it is broken")
    encoders = RESULTS.encoders.assign(weights=f"{HOME}/weights.safetensors")
    private = dataclasses.replace(RESULTS, run=run, failures=failures, encoders=encoders)
    folder = tmp_path_factory.mktemp("sent")
    page = write_report(private, folder).read_text(encoding="utf-8")
    assert "/home" not in page and "secret project" not in page
    assert "weights.safetensors" in page and "it is broken" in page


def test_without_pictures_the_page_holds_none_and_names_them_still(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    page = write_report(RESULTS, tmp_path_factory.mktemp("bare"), pictures=False)
    text = page.read_text(encoding="utf-8")
    assert "data:image/webp" not in text and "background-image" not in text.partition("</style>")[0]
    [record] = re.findall(r'data-for="pictures">(.*?)</script>', text)
    assert set(json.loads(record)["names"]) == set(RESULTS.images["image"])
