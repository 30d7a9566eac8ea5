"""The labelled sets for the benchmark of the verdict, with their sources."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import drawn_sets as drawn
import set_sources as read
from embedbench.data.sample_photos import write_samples

NOT_GIVEN = "not given"
CALTECH = "github.com/MachineLearning2020/Homework2-Caltech101"
FONTS = (
    "Debian fonts-cantarell fonts-comfortaa fonts-dejavu-core fonts-ebgaramond "
    "fonts-inconsolata fonts-lato fonts-liberation fonts-linuxlibertine fonts-lobster "
    "fonts-oldstandard fonts-open-sans fonts-roboto-slab fonts-urw-base35"
)
ICONS = ("brave", "dust", "human", "illustrious", "noble", "wine", "wise")
STAMPS = {
    "animals": "animals", "food": "food", "household": "household", "letters": "symbols/alphabets",
    "money": "symbols/money", "plants": "plants", "seasonal": "seasonal", "town": "town",
    "vehicles": "vehicles",
}  # fmt: skip
CLIPART = {
    "beverages": "food/beverages", "birds": "animals/birds", "bugs": "animals/bugs",
    "clocks": "signs_and_symbols/clocks", "desserts": "food/desserts",
    "flags": "signs_and_symbols/flags", "fruit": "food/fruit", "mammals": "animals/mammals",
    "roadsigns": "transportation/roadsigns", "vehicles": "transportation/vehicles",
}  # fmt: skip
OBJECTS = (
    "accordion", "barrel", "brain", "buddha", "camera", "chair", "cup", "electric_guitar", "ewer",
    "ferry", "flamingo", "kangaroo", "lotus", "menorah", "pagoda", "pizza", "revolver", "trilobite",
)  # fmt: skip
GROCERIES = (
    "Fruit/Banana", "Fruit/Kiwi", "Fruit/Lemon", "Fruit/Orange", "Fruit/Apple/Granny-Smith",
    "Fruit/Apple/Royal-Gala", "Fruit/Melon/Watermelon", "Packages/Juice/Bravo-Orange-Juice",
    "Packages/Milk/Arla-Standard-Milk", "Packages/Oat-Milk/Oatly-Oat-Milk",
    "Packages/Yoghurt/Yoggi-Strawberry-Yoghurt", "Vegetables/Brown-Cap-Mushroom",
    "Vegetables/Carrots", "Vegetables/Pepper/Red-Bell-Pepper", "Vegetables/Tomato/Vine-Tomato",
)  # fmt: skip
TRAFFIC = {
    "30": 1, "70": 4, "100": 7, "no overtaking": 9, "no overtaking by lorries": 10,
    "crossroads": 11, "priority road": 12, "yield": 13, "no entry": 17, "danger": 18,
    "road works": 25, "keep right": 38,
}  # fmt: skip
UNITS = (
    "drakes", "dunefolk", "dwarves", "elves-wood", "human-loyalists", "human-outlaws", "merfolk",
    "nagas", "orcs",
)  # fmt: skip
WINDOWS = {
    "dialog": "dialogs/*-dialog.png", "filter": "filters/*/*-dialog.png",
    "menu": "dialogs/*-menu.png", "preferences": "preferences/prefs-*.png",
    "tool": "toolbox/*-dialog.png",
}  # fmt: skip


@dataclass(frozen=True)
class LabelledSet:
    """A labelled set.

    Attributes:
        kind: what its pictures show.
        source: a folder of the assets, the npm package, Debian packages, a repository or a library.
        licence: of the pictures, as their publisher names it.
        images: function from the folder of the source to labels and images.
        most: number of images of a class that are written.
    """

    kind: str
    source: str
    licence: str
    images: Callable[[Path], read.Labelled]
    most: int = 20


SETS = {
    "caltech": LabelledSet(
        "objects", "assets images", "CC BY 4.0", lambda r: read.folders(r / "caltech101_subset"), 10
    ),
    "openimages": LabelledSet(
        "photographs of everything",
        "assets images",
        "CC BY 2.0",
        lambda r: read.table(r / "openimages_100", "openimages_100_labels.csv"),
        100,
    ),
    "samples": LabelledSet(
        "views of one photograph",
        "scikit-image, scikit-learn",
        "various, see scikit-image",
        lambda r: read.folders(write_samples(r / "samples")),
        8,
    ),
    "digits": LabelledSet("digits", "scikit-learn", "BSD-3-Clause", lambda r: read.digits()),
    "fashion": LabelledSet(
        "garments",
        "Debian dataset-fashion-mnist",
        "MIT",
        lambda r: read.fashion(r / "datasets/fashion-mnist"),
    ),
    "stamps": LabelledSet(
        "drawings",
        "Debian tuxpaint-stamps-default",
        "GPL-2",
        lambda r: read.matching(
            r / "tuxpaint/stamps", {label: f"{part}/**/*" for label, part in STAMPS.items()}
        ),
    ),
    "clipart": LabelledSet(
        "drawings",
        "Debian openclipart-png",
        "public domain",
        lambda r: read.matching(
            r / "openclipart/png", {label: f"{part}/**/*" for label, part in CLIPART.items()}
        ),
    ),
    "emoji": LabelledSet("icons", "npm emoji-datasource-twitter", "CC BY 4.0", read.emoji),
    "objects": LabelledSet(
        "objects",
        CALTECH,
        NOT_GIVEN,
        lambda r: read.folders(r / "101_ObjectCategories", OBJECTS),
        10,
    ),
    "lightings": LabelledSet(
        "photographs by light",
        CALTECH,
        NOT_GIVEN,
        lambda r: drawn.lightings(sorted(r.glob("101_ObjectCategories/[!BF]*/image_00[12]0.jpg"))),
    ),
    "scenes": LabelledSet(
        "scenes",
        "github.com/coldmanck/Scene-recognition-with-bag-of-words",
        NOT_GIVEN,
        lambda r: read.folders(r / "data/train"),
        12,
    ),
    "aerial": LabelledSet("aerial", "github.com/palewithout/RSSCN7", NOT_GIVEN, read.folders),
    "textures": LabelledSet(
        "textures",
        "github.com/pan8915/DeepTexture",
        NOT_GIVEN,
        lambda r: read.folders(r / "images"),
        15,
    ),
    "traffic": LabelledSet(
        "signs",
        "github.com/jovanzac/Traffic",
        NOT_GIVEN,
        # One picture of each sign that was filmed.
        lambda r: read.matching(
            r / "gtsrb", {name: f"{number}/*_00025.ppm" for name, number in TRAFFIC.items()}
        ),
        15,
    ),
    "hands": LabelledSet(
        "signs",
        "github.com/ardamavi/Sign-Language-Digits-Dataset",
        "Apache-2.0",
        lambda r: read.folders(r / "Dataset"),
        15,
    ),
    "characters": LabelledSet(
        "drawn characters",
        "github.com/brendenlake/omniglot",
        "MIT",
        lambda r: read.characters(r / "python/images_background_small1.zip", "Greek", 15),
        12,
    ),
    "groceries": LabelledSet(
        "food",
        "github.com/marcusklasson/GroceryStoreDataset",
        "MIT",
        lambda r: read.folders(r / "dataset/train", GROCERIES),
        12,
    ),
    "clothes": LabelledSet(
        "garments",
        "github.com/alexeygrigorev/clothing-dataset-small",
        "CC0 1.0",
        lambda r: read.folders(r / "train"),
        15,
    ),
    "flowers": LabelledSet(
        "plants",
        "github.com/martinwestin/flower_classification",
        NOT_GIVEN,
        lambda r: read.folders(r / "flowers"),
        30,
    ),
    "cells": LabelledSet(
        "microscopy", "github.com/zxaoyou/segmentation_WBC", "GPL-3.0", read.cells, 40
    ),
    "scans": LabelledSet(
        "medical",
        "github.com/apolanco3225/Medical-MNIST-Classification",
        NOT_GIVEN,
        lambda r: read.folders(r / "resized"),
    ),
    "charts": LabelledSet(
        "charts",
        "github.com/devsonni/Chart-Classification-Using-CNN----Keras",
        NOT_GIVEN,
        lambda r: read.folders(r / "charts/Train"),
        25,
    ),
    "windows": LabelledSet(
        "screenshots",
        "Debian gimp-help-en",
        "GFDL 1.2",
        lambda r: read.matching(r / "gimp/2.0/help/en/images", WINDOWS),
        25,
    ),
    "units": LabelledSet(
        "drawings",
        "Debian wesnoth-1.16-data",
        "GPL-2",
        lambda r: read.matching(
            r / "games/wesnoth/1.16/data/core/images/units",
            {name: f"{name}/**/*" for name in UNITS},
            names=r"[a-z+]+\.png",  # without the further frames of an animation
        ),
    ),
    "icons": LabelledSet(
        "icons by colour",
        "Debian " + " ".join(f"gnome-{name}-icon-theme" for name in ICONS),
        "GPL-2",
        lambda r: read.matching(
            r / "icons", {name: f"gnome-{name}/32x32/[adp]*/*" for name in ICONS}
        ),
    ),
    "letters": LabelledSet(
        "letters", FONTS, "various, see the packages", lambda r: drawn.letters(r / "fonts")
    ),
    "typefaces": LabelledSet(
        "letters by typeface",
        FONTS,
        "various, see the packages",
        lambda r: drawn.typefaces(r / "fonts"),
    ),
    "shapes": LabelledSet("drawn shapes", "drawn", "none", lambda r: drawn.shapes(False), 24),
    "backgrounds": LabelledSet(
        "drawn shapes by colour", "drawn", "none", lambda r: drawn.shapes(True), 24
    ),
    "gratings": LabelledSet("textures by frequency", "drawn", "none", lambda r: drawn.gratings()),
    "grains": LabelledSet("textures by frequency", "drawn", "none", lambda r: drawn.grains()),
}
