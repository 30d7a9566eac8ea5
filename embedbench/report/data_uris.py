"""Pictures inside the report: figures and thumbnails as data that needs no other file."""

import base64
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pandas as pd
from PIL import Image

from embedbench.report.plots.figure_spec import FigureSpec
from embedbench.report.plots.style import save

__all__ = ["EmbeddedFigure", "embed_figure", "thumbnail_data"]


@dataclass(frozen=True)
class EmbeddedFigure:
    """A figure as it stands in the page: WebP in base64, its size in pixels, its texts."""

    data: str
    width: int
    height: int
    title: str
    section: str
    note: str


def embed_figure(drawing: FigureSpec, figures: Path) -> EmbeddedFigure:
    """Return a figure for the page, drawn into the folder `figures` if it is not there yet."""
    path = figures / drawing.file
    if not path.exists():
        save(drawing.draw(), path)
    with Image.open(path) as image:
        picture = image.convert("RGB")
    buffer = BytesIO()
    if drawing.photographic:
        picture.save(buffer, "WEBP", quality=78)
    else:
        picture.save(buffer, "WEBP", lossless=True)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    texts = (drawing.title, drawing.section, drawing.note)
    return EmbeddedFigure(data, picture.width, picture.height, *texts)


def thumbnail_data(images: pd.DataFrame) -> dict[str, str]:
    """Return the JPEG of each image that has one, in base64, by the image's name."""
    if "thumbnail" not in images:
        return {}
    rows = images.dropna(subset=["thumbnail"]).drop_duplicates("image")
    return {
        str(name): base64.b64encode(thumbnail).decode("ascii")
        for name, thumbnail in zip(rows["image"], rows["thumbnail"], strict=True)
    }
