"""Figures inside the report, as data that needs no other file."""

import base64
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from embedbench.report.plots.figure_spec import FigureSpec
from embedbench.report.plots.style import save

__all__ = ["EmbeddedFigure", "embed_figure"]


@dataclass(frozen=True)
class EmbeddedFigure:
    """A figure as it stands in the page: WebP in base64, its size in pixels, its texts."""

    data: str
    width: int
    height: int
    title: str
    section: str
    note: str


def embed_figure(spec: FigureSpec, figures: Path) -> EmbeddedFigure | None:
    """Return a figure for the page; None for one of a single encoder that was not drawn before.

    Args:
        spec: the figure.
        figures: the folder where it lies if it was drawn.
    """
    drawn = figures / spec.file
    if drawn.is_file():
        content = BytesIO(drawn.read_bytes())
    elif spec.encoder is None:
        content = BytesIO()
        save(spec.draw(), content, "jpg" if spec.photographic else "png")
    else:
        return None
    with Image.open(content) as image:
        picture = image.convert("RGB")
    buffer = BytesIO()
    if spec.photographic:
        picture.save(buffer, "WEBP", quality=78)
    else:
        picture.save(buffer, "WEBP", lossless=True)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    texts = (spec.title, spec.section, spec.note)
    return EmbeddedFigure(data, picture.width, picture.height, *texts)
