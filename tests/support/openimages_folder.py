"""A small Open Images folder for tests, with files in the official format."""

import base64
import hashlib
import json
from pathlib import Path

import pandas as pd

from embedbench.data.dataset import Dataset

__all__ = ["BOXES", "HEADING", "IDS", "LABELS", "MIDS", "id_row", "label", "lines", "make", "truth"]

MIDS = {"Animal": "/m/0jbk", "Cat": "/m/01yrx", "Dog": "/m/0bt9lr", "Tree": "/m/07j7r"}
IDS = [f"{row:016x}" for row in range(12)]
HEADING = (
    "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,"
    "OriginalSize,OriginalMD5,Thumbnail300KURL,Rotation"
)
BOXES = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated"
LABELS = "ImageID,Source,LabelName,Confidence"


def lines(file: Path, *rows: str) -> None:
    """Write a text file of these rows."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([*rows, ""]), encoding="utf-8")


def id_row(name: str, subset: str = "validation", rotation: str = "0.0", url: str = "") -> str:
    """Return a row of a list of ids."""
    md5 = base64.b64encode(hashlib.md5(name.encode()).digest()).decode()
    title = '"A title, with a comma\nand a second line, and ""quotes"""'
    return f"{name},{subset},{url},l,c,p,Zoë,{title},12,{md5},t,{rotation}"


def label(row: int, name: str, there: int = 1, source: str = "verification") -> str:
    """Return a row of labels."""
    return f"{IDS[row]},{source},{MIDS.get(name, name)},{there}"


def truth(dataset: Dataset, column: str = "truth") -> list[str | None]:
    """Return a column of the dataset; None where missing."""
    return [None if pd.isna(value) else value for value in dataset.table[column]]


def make(folder: Path) -> Path:
    """Write the files of 12 images: even ones are cats, odd ones dogs, all animals, 4 trees."""
    lines(folder / "validation-images-with-rotation.csv", HEADING, *map(id_row, IDS))
    descriptions = [f"{mid},{name}" for name, mid in MIDS.items()]
    lines(folder / "oidv7-class-descriptions.csv", "LabelName,DisplayName", *descriptions)
    rows = [label(row, ("Cat", "Dog")[row % 2]) for row in range(12)]
    rows += [label(row, "Animal") for row in range(12)]
    rows += [label(row, "Tree") for row in range(4)]
    rows += [label(row, "Dog", there=0) for row in range(0, 12, 2)]
    lines(folder / "oidv7-val-annotations-human-imagelabels.csv", LABELS, *rows)
    tree = {"LabelName": "/m/0bl9f", "Subcategory": [
        {"LabelName": MIDS["Tree"]},
        {"LabelName": MIDS["Animal"],
         "Subcategory": [{"LabelName": MIDS["Cat"]}, {"LabelName": MIDS["Dog"]}]},
    ]}  # fmt: skip
    (folder / "bbox_labels_600_hierarchy.json").write_text(json.dumps(tree))
    return folder
