"""Sample photographs from scikit-image and scikit-learn, each in some views that are not easy."""

import importlib.util
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from embedbench.data.images.decoding import to_rgb
from embedbench.errors import InputError
from embedbench.io.atomic import open_atomic
from embedbench.utils.messages import system_reason

__all__ = ["PHOTOGRAPHS", "VIEWS", "WORDS", "write_samples"]

VIEWS = 8
_SIDE = 256

PHOTOGRAPHS = {
    "astronaut": "skimage/data/astronaut.png",
    "brick": "skimage/data/brick.png",
    "cameraman": "skimage/data/camera.png",
    "cat": "skimage/data/chelsea.png",
    "clock": "skimage/data/clock_motion.png",
    "coffee": "skimage/data/coffee.png",
    "coins": "skimage/data/coins.png",
    "flower": "sklearn/datasets/images/flower.jpg",
    "galaxies": "skimage/data/hubble_deep_field.jpg",
    "grass": "skimage/data/grass.png",
    "gravel": "skimage/data/gravel.png",
    "moon": "skimage/data/moon.png",
    "motorcycle": "skimage/data/motorcycle_left.png",
    "page": "skimage/data/page.png",
    "retina": "skimage/data/retina.jpg",
    "rocket": "skimage/data/rocket.jpg",
    "temple": "sklearn/datasets/images/china.jpg",
    "tissue": "skimage/data/ihc.png",
}
"""Paths of the photographs in the installed libraries, by label."""

WORDS = (
    "astronaut", "book page", "bricks", "cat", "clock", "coins", "cup of coffee", "dog",
    "flower", "grass", "stones", "man with a camera", "moon", "motorcycle", "rocket", "stars",
    "temple", "body tissue", "eye",
)  # fmt: skip
"""Candidate names for their clusters; some fit no cluster.

"bricks" and "stones", for `conse` takes gravel for a "brick wall" where that is offered.
"""


def write_samples(folder: str | Path) -> Path:
    """Write the missing views, `LABEL/view_NN.jpg`; return the folder.

    Each view is a random crop of 7 to 35 % of the area, so that two of one photograph may share
    nothing, mirrored with probability 0.5 and turned by up to 15 degrees, with changed brightness,
    contrast and colour, blurred, and with noise. The seeds are fixed.

    Raises:
        InputError: the folder cannot be written.
    """
    folder = Path(folder)
    try:
        for number, (label, path) in enumerate(sorted(PHOTOGRAPHS.items())):
            home = folder / label
            photograph = None
            for view in range(VIEWS):
                file = home / f"view_{view:02d}.jpg"
                if file.exists():
                    continue
                photograph = photograph or _open(path)
                image = _view(photograph, np.random.default_rng([number, view]))
                with open_atomic(file) as content:
                    image.save(content, "JPEG", quality=90)
    except OSError as error:
        raise InputError(f"cannot write '{folder}': {system_reason(error)}") from error
    return folder


def _open(path: str) -> Image.Image:
    package, _, rest = path.partition("/")
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.origin is not None
    with Image.open(Path(spec.origin).parent / rest) as image:
        image.load()
        return to_rgb(image)


def _view(image: Image.Image, random: np.random.Generator) -> Image.Image:
    area = random.uniform(0.07, 0.35) * image.width * image.height
    shape = np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3)))
    width = min(round(np.sqrt(area * shape)), image.width)
    height = min(round(np.sqrt(area / shape)), image.height)
    left = int(random.integers(image.width - width + 1))
    top = int(random.integers(image.height - height + 1))
    view = image.crop((left, top, left + width, top + height))
    view = view.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    if random.random() < 0.5:
        view = ImageOps.mirror(view)
    view = _turn(view, float(random.uniform(-15, 15)))
    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        view = change(view).enhance(float(random.uniform(0.6, 1.4)))
    view = view.filter(ImageFilter.GaussianBlur(float(random.uniform(0, 1.5))))
    noise = random.normal(0, random.uniform(0, 8), (_SIDE, _SIDE, 3))
    return Image.fromarray(np.clip(np.asarray(view) + noise, 0, 255).astype(np.uint8))


def _turn(view: Image.Image, degrees: float) -> Image.Image:
    """Return the turned square, cut to the largest square that it fills."""
    angle = np.radians(abs(degrees))
    edge = round(_SIDE / 2 * (1 - 1 / (np.cos(angle) + np.sin(angle))))
    turned = view.rotate(degrees, Image.Resampling.BICUBIC)
    inner = turned.crop((edge, edge, _SIDE - edge, _SIDE - edge))
    return inner.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
