"""Draw labelled pictures from a seed: shapes, letters, grain, and photographs under other light."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from embedbench.data.images.decoding import open_rgb
from embedbench.errors import ImageError

Drawn = Iterator[tuple[str, Image.Image]]

SIDE = 128
COLOURS = {
    "red": (205, 60, 55), "orange": (235, 150, 50), "green": (70, 160, 75),
    "blue": (60, 105, 200), "purple": (145, 75, 165), "grey": (135, 135, 135),
}  # fmt: skip
SHAPES = {
    "triangle": (3, 1.0), "square": (4, 1.0), "pentagon": (5, 1.0), "disc": (40, 1.0),
    "four points": (8, 0.35), "five points": (10, 0.4),
}  # fmt: skip
"""Number of corners, and the radius of every second corner in parts of the radius of the others."""

TYPEFACES = {
    "comfortaa": "truetype/comfortaa/Comfortaa-Bold.ttf",
    "inconsolata": "truetype/inconsolata/Inconsolata.otf",
    "lato thin": "truetype/lato/Lato-Thin.ttf",
    "lobster": "opentype/lobster/lobster.otf",
    "nimbus narrow": "opentype/urw-base35/NimbusSansNarrow-Bold.otf",
    "old standard": "truetype/fonts-oldstandard/OldStandard-Regular.ttf",
    "open sans heavy": "truetype/open-sans/OpenSans-ExtraBold.ttf",
    "roboto slab": "opentype/roboto/slab/RobotoSlab-Regular.otf",
    "z003": "opentype/urw-base35/Z003-MediumItalic.otf",
}
LETTERS = "ABEGKMRSWX"
LIGHTINGS = ("bright", "cold", "dark", "dusk", "foggy", "green")


def shapes(by_background: bool) -> Drawn:
    """Yield 144 shapes on coloured backgrounds; the label is the shape or the background."""
    for number in range(4 * len(SHAPES) * len(COLOURS)):
        random = np.random.default_rng([1, number])
        background = list(COLOURS)[number % len(COLOURS)]
        shape = list(SHAPES)[number // len(COLOURS) % len(SHAPES)]
        others = [name for name in COLOURS if name != background]
        image = Image.new("RGB", (SIDE, SIDE), _near(background, random))
        radius = random.uniform(0.2, 0.32) * SIDE
        centre = random.uniform(radius, SIDE - radius, 2)
        corners = _corners(*SHAPES[shape], radius, random.uniform(0, 2 * math.pi)) + centre
        colour = _near(others[random.integers(len(others))], random)
        ImageDraw.Draw(image).polygon([(x, y) for x, y in corners.tolist()], colour)
        yield background if by_background else shape, image


def _near(name: str, random: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = np.clip(COLOURS[name] + random.normal(0, 12, 3), 0, 255).astype(int).tolist()
    return red, green, blue


def _corners(corners: int, inner: float, radius: float, turn: float) -> np.ndarray:
    angles = np.arange(corners) * 2 * math.pi / corners + turn
    radii = np.where(np.arange(corners) % 2, inner, 1.0) * radius
    return np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None]


def gratings() -> Drawn:
    """Yield 144 gratings of 3 frequencies and 4 directions, in random colours and with noise."""
    down, across = np.mgrid[:SIDE, :SIDE] / SIDE
    for number in range(144):
        random = np.random.default_rng([2, number])
        frequency, turn = (4, 9, 18)[number % 3], (0, 45, 90, 135)[number // 3 % 4]
        angle = math.radians(turn + random.normal(0, 4))
        along = across * math.cos(angle) + down * math.sin(angle)
        waves = frequency * random.uniform(0.9, 1.1) * along + random.uniform()
        light = 0.5 + 0.5 * np.sin(2 * math.pi * waves)
        dark, pale = random.uniform(0, 110, 3), random.uniform(145, 255, 3)
        pixels = dark + light[..., None] * (pale - dark) + random.normal(0, 20, (SIDE, SIDE, 1))
        yield f"{frequency} waves at {turn}", _image(pixels)


def grains() -> Drawn:
    """Yield 120 patches of noise in random colours; the label is the size of the grains."""
    for number in range(120):
        random = np.random.default_rng([3, number])
        size = (1, 2, 4, 8, 16, 32)[number % 6]
        noise = Image.fromarray(random.normal(size=(SIDE, SIDE)).astype(np.float32))
        grain = np.asarray(noise.resize((SIDE // size,) * 2, Image.Resampling.NEAREST))
        smooth = Image.fromarray(grain).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        light = np.clip(0.5 + 0.25 * np.asarray(smooth), 0, 1)[..., None]
        dark, pale = random.uniform(0, 110, 3), random.uniform(145, 255, 3)
        yield f"grains of {size}", _image(dark + light * (pale - dark))


def _image(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def letters(fonts: Path) -> Drawn:
    """Yield letters, each in 15 of the fonts, at random places; the label is the letter."""
    files = sorted(file for file in fonts.rglob("*-*.?tf") if "ymbol" not in file.name)
    if not files:
        raise FileNotFoundError(f"no font in '{fonts}'")
    for place, letter in enumerate(LETTERS):
        chosen = np.random.default_rng([4, place]).choice(len(files), 15, replace=False)
        for number in chosen.tolist():
            random = np.random.default_rng([5, place, number])
            font = ImageFont.truetype(files[number], int(random.integers(64, 92)))
            paper, ink = random.integers(175, 256, 3).tolist(), random.integers(0, 100, 3).tolist()
            image = Image.new("RGB", (SIDE, SIDE), tuple(paper))
            at = tuple((SIDE / 2 + random.uniform(-14, 14, 2)).tolist())
            ImageDraw.Draw(image).text(at, letter, tuple(ink), font, anchor="mm")
            yield letter, image


def typefaces(fonts: Path) -> Drawn:
    """Yield pieces of pages of random words; the label is the typeface."""
    for place, (label, file) in enumerate(TYPEFACES.items()):
        for number in range(16):
            random = np.random.default_rng([6, place, number])
            font = ImageFont.truetype(fonts / file, int(random.integers(22, 34)))
            image = Image.new("RGB", (192, 192), (int(random.integers(225, 256)),) * 3)
            words = [
                "".join(random.choice(list("aaabcdeeeefghiilmnnoooprrsstttuvw"), length))
                for length in random.integers(2, 8, 60)
            ]
            lines = [" ".join(words[start : start + 5]).capitalize() for start in range(0, 60, 5)]
            at = tuple(random.uniform(-30, 5, 2).tolist())
            ink = (int(random.integers(0, 70)),) * 3
            ImageDraw.Draw(image).multiline_text(at, "\n".join(lines), ink, font)
            yield label, image


def lightings(files: list[Path]) -> Drawn:
    """Yield photographs under changed light; the label is the light."""
    for number, file in enumerate(files):
        try:
            image = open_rgb(file.read_bytes())
        except ImageError:
            continue
        label = LIGHTINGS[number % len(LIGHTINGS)]
        image = ImageOps.fit(image, (224, 224))
        yield label, _lit(image, label, np.random.default_rng([7, number]).uniform(0.9, 1.1))


def _lit(image: Image.Image, light: str, much: float) -> Image.Image:
    tints = {"cold": (90, 140, 255), "dusk": (255, 130, 50), "green": (120, 220, 90)}
    if light in tints:
        grey = ImageOps.grayscale(image)
        tinted = ImageOps.colorize(grey, "black", tints[light])
        return Image.blend(image, tinted, 0.45 * much)
    if light == "foggy":
        fog = Image.new("RGB", image.size, (215, 218, 222))
        return Image.blend(image.filter(ImageFilter.GaussianBlur(1.5)), fog, 0.6 * much)
    return ImageEnhance.Brightness(image).enhance({"bright": 1.6, "dark": 0.3}[light] * much)
