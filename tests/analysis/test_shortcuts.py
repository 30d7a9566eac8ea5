"""Promises of the search for shortcuts."""

import colorsys
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import adjusted_mutual_info_score

from embedbench.analysis.shortcuts import (
    Shortcut,
    attribute_words,
    attributes,
    shortcut_probe,
    shortcut_warning,
)
from embedbench.data.images.decoding import thumbnail

RANDOM = np.random.default_rng(0)


def table(
    colours: list[tuple[int, int, int]],
    names: list[str] | None = None,
    sizes: list[tuple[int, int]] | None = None,
) -> pd.DataFrame:
    """Return what is known of plain pictures of these colours."""
    count = len(colours)
    sizes = sizes or [(100, 100)] * count
    return pd.DataFrame(
        {
            "image": names or [f"{number}.png" for number in range(count)],
            "width": [width for width, _ in sizes],
            "height": [height for _, height in sizes],
            "thumbnail": [thumbnail(Image.new("RGB", (64, 48), colour)) for colour in colours],
        }
    )


def greys(count: int) -> list[tuple[int, int, int]]:
    return [(level, level, level) for level in np.linspace(10, 240, count).astype(int).tolist()]


def test_brightness_splits_into_five_parts_of_as_many_images() -> None:
    found = attributes(table(greys(20)))
    assert list(found) == ["brightness"]
    assert found["brightness"].tolist() == np.repeat(range(5), 4).tolist()


def test_codes_have_words_in_their_order_and_without_thumbnails_two_attributes_are_missing() -> (
    None
):
    names = [f"{folder}/{number}.{kind}" for folder in "ab" for number, kind in enumerate("xyz")]
    pictures = table(greys(6), names, [(100, wide) for wide in (40, 70, 100, 140, 300, 100)])
    found = attribute_words(pictures)
    codes, words = found["brightness"]
    assert [words[code] for code in codes] == [
        "darkest fifth", "darkest fifth", "dark", "medium", "bright", "brightest fifth"
    ]  # fmt: skip
    codes, words = found["aspect"]
    assert [words[code] for code in codes] == [
        "very wide", "wide", "square", "tall", "very tall", "square"
    ]  # fmt: skip
    codes, words = found["folder"]
    assert [words[code] for code in codes] == list("aaabbb")
    without = attribute_words(pictures.assign(thumbnail=b""))
    assert list(without) == ["size", "aspect", "format", "folder"]
    assert list(attribute_words(pictures.drop(columns="thumbnail"))) == list(without)


def test_brightness_is_luma_so_that_green_is_brighter_than_red_and_red_than_blue() -> None:
    codes = attributes(table([(0, 200, 0), (200, 0, 0), (0, 0, 200)]))["brightness"]
    assert codes[0] > codes[1] > codes[2]


def test_colours_are_grey_and_six_hues() -> None:
    hues = [colorsys.hsv_to_rgb(sixth / 6, 0.8, 0.8) for sixth in range(6)]
    pure = [tuple(round(255 * part) for part in hue) for hue in hues]
    codes = attributes(table([(120, 120, 120), (0, 0, 0), *pure]))["colour"]  # type: ignore[list-item]
    assert codes.tolist() == [0, 0, 1, 2, 3, 4, 5, 6]
    # Either side of red is red.
    codes = attributes(table([(0, 0, 200), (200, 0, 60), (200, 60, 0)]))["colour"]
    assert codes.tolist() == [5, 1, 1]


def test_colours_and_brightness_of_a_photograph_are_those_of_all_its_pixels() -> None:
    pixels = RANDOM.integers(0, 80, (96, 128, 3))
    pixels[:40] += np.array([150, 60, 0])
    content = BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(content, "JPEG", quality=95)
    photograph = table(greys(4) + [(0, 0, 200)])
    photograph.at[4, "thumbnail"] = content.getvalue()
    found = attributes(photograph)
    red, green, blue = pixels.mean(axis=(0, 1))
    hue, saturation, _ = colorsys.rgb_to_hsv(red, green, blue)
    assert saturation > 0.1 and round(6 * hue) == 0
    assert found["colour"].tolist() == [0, 0, 0, 0, 1]
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    below = sum(level < luma for level, _, _ in greys(4))
    assert (found["brightness"][4] > found["brightness"][:4]).sum() == below


def test_size_and_aspect_come_from_width_and_height() -> None:
    sizes = [(100, 200), (300, 400), (500, 500), (800, 600), (1600, 900)]
    found = attributes(table([(9, 9, 9)] * 5, sizes=sizes))
    assert found["aspect"].tolist() == [0, 1, 2, 3, 4]
    assert found["size"].tolist() == [0, 1, 2, 3, 4]
    turned = attributes(table([(9, 9, 9)] * 5, sizes=[(high, wide) for wide, high in sizes]))
    assert turned["aspect"].tolist() == [4, 3, 2, 1, 0]


def test_jpg_is_jpeg_whatever_its_case() -> None:
    names = ["a.jpg", "b.JPEG", "c.png", "d.tif", "e.TIFF"]
    codes = attributes(table([(9, 9, 9)] * 5, names))["format"]
    assert codes[0] == codes[1] and codes[3] == codes[4] and len(set(codes.tolist())) == 3


def test_a_folder_that_tells_the_label_is_left_out() -> None:
    names = ["cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png", "3.png"]
    images = table([(9, 9, 9)] * 5, names)
    assert attributes(images)["folder"].tolist() == [1, 1, 2, 2, 0]
    assert attributes(images.assign(truth=pd.Series(["Cat", "Cat", "Dog", "Dog", None]))) == {}
    other = attributes(images.assign(truth=pd.Series(["Cat", "Dog", "Cat", "Dog", None])))
    finer = attributes(images.assign(truth=["a", "a", "a", "a", "b"]))
    assert list(other) == list(finer) == ["folder"]


def test_an_attribute_with_one_value_is_left_out() -> None:
    assert attributes(table([(9, 9, 9)] * 5)) == {}
    assert attributes(table([])) == {}


def test_every_attribute_has_a_code_for_each_image_and_the_table_stays_as_it_is() -> None:
    names = ["a/1.png", "a/2.jpg", "b/3.png", "b/4.jpg"]
    colours = [(200, 0, 0), (0, 90, 0), (0, 0, 60), (9, 9, 9)]
    images = table(colours, names, [(50, 50), (90, 50), (50, 90), (20, 20)])
    before = images.copy()
    found = attributes(images)
    assert list(found) == ["brightness", "colour", "size", "aspect", "format", "folder"]
    assert {len(codes) for codes in found.values()} == {4}
    pd.testing.assert_frame_equal(images, before)


def test_the_ami_is_the_mean_of_scikit_learn_with_each_noise_image_on_its_own() -> None:
    labels, codes = RANDOM.integers(-1, 5, (3, 80)), RANDOM.integers(0, 4, 80)
    alone = np.where(labels < 0, 1000 + np.arange(80), labels)
    expected = np.mean([adjusted_mutual_info_score(row, codes) for row in alone])
    (found,) = shortcut_probe(labels, {"size": codes}, 0, 20)
    assert found.attribute == "size" and found.ami == pytest.approx(expected, abs=1e-9)


def test_the_null_is_that_of_the_attribute_dealt_at_random() -> None:
    labels, codes = RANDOM.integers(0, 6, (1, 120)), RANDOM.integers(0, 4, 120)
    (found,) = shortcut_probe(labels, {"size": codes}, 0, 2000)
    dealt = [adjusted_mutual_info_score(labels[0], RANDOM.permutation(codes)) for _ in range(400)]
    # About three standard errors of a 95th percentile of 400.
    assert found.null == pytest.approx(np.quantile(dealt, 0.95), abs=0.012)
    assert found.p == pytest.approx(np.mean(np.array(dealt) >= found.ami), abs=0.08)


def test_the_attribute_that_decides_the_clusters_is_told_and_no_other() -> None:
    folder, light = RANDOM.integers(0, 5, 200), RANDOM.integers(0, 5, 200)
    moved = RANDOM.random((3, 200)) < 0.3
    labels = np.where(moved, RANDOM.integers(0, 5, (3, 200)), folder)
    found = shortcut_probe(labels, {"brightness": light, "folder": folder}, 0)
    brightness, by_folder = found
    assert by_folder.ami > 0.3 and by_folder.p == pytest.approx(1 / 201)
    assert abs(brightness.ami) < 0.05 < brightness.p
    warning = shortcut_warning("pixels", found, 0.12, None)
    assert warning is not None
    assert warning.startswith(f"pixels groups by folder (AMI {by_folder.ami:.2f}) more than by")


def test_clusters_that_follow_the_brightness_of_real_pictures_are_told() -> None:
    images = table([(level, 90, 90) for level in RANDOM.integers(0, 255, 100).tolist()])
    found = attributes(images)
    labels = np.array([found["brightness"]])
    by_light = {shortcut.attribute: shortcut for shortcut in shortcut_probe(labels, found, 0)}
    assert by_light["brightness"].ami == pytest.approx(1)
    warning = shortcut_warning("clip", list(by_light.values()), None, 0.4)
    assert warning is not None and "by brightness (AMI 1.00)" in warning


def test_clusters_that_follow_nothing_are_accused_once_in_twenty() -> None:
    trials, alone, any_of_four = 300, 0, 0
    for seed in range(trials):
        random = np.random.default_rng(seed)
        codes = {name: random.integers(0, 5, 60) for name in ("a", "b", "c", "d")}
        found = shortcut_probe(random.integers(0, 4, (2, 60)), codes, seed, 99)
        alone += found[0].p <= 0.05
        # The AMI must be 0.05 or more too, which with 60 images is no hurdle.
        any_of_four += shortcut_warning("random", found, -1.0, None) is not None
    # Binomial, 300 trials at 5 %: between 2.3 and 8.7 % in 99 of 100 cases.
    assert 0.023 < alone / trials < 0.087
    assert any_of_four / trials < 0.087


def shortcut(attribute: str, ami: float, p: float = 0.005) -> Shortcut:
    return Shortcut(attribute, ami, 0.02, p)


def test_the_warning_is_one_sentence_on_the_strongest() -> None:
    found = [shortcut("size", 0.2), shortcut("brightness", 0.31), shortcut("folder", 0.1)]
    assert shortcut_warning("pixels", found, 0.12, 0.9) == (
        "pixels groups by brightness (AMI 0.31) more than by the labels (0.12): "
        "check that its clusters show more than that"
    )
    for no_labels in (None, float("nan")):
        assert shortcut_warning("pixels", found, no_labels, 0.15) == (
            "pixels groups by brightness (AMI 0.31) more than as the other encoders do (0.15): "
            "check that its clusters show more than that"
        )


@pytest.mark.parametrize(
    ("found", "with_truth", "with_others"),
    [
        ([shortcut("size", 0.3)], 0.3, 0.1),
        ([shortcut("size", 0.304)], 0.296, 0.1),
        ([shortcut("size", 0.3)], None, 0.4),
        ([shortcut("size", 0.3)], None, None),
        ([shortcut("size", 0.3)], None, float("nan")),
        ([shortcut("size", 0.3, p=0.06)], 0.1, None),
        ([shortcut("size", 0.3, p=0.03), shortcut("folder", 0.0, p=0.5)], 0.1, None),
        ([shortcut("size", 0.04)], 0.01, None),
        ([], 0.1, None),
    ],
    ids=["labels explain as much", "as written, as much", "others explain more", "alone", "nan",
         "chance", "chance of two", "next to nothing", "no attribute"],
)  # fmt: skip
def test_there_is_no_warning_without_reason(
    found: list[Shortcut], with_truth: float | None, with_others: float | None
) -> None:
    assert shortcut_warning("pixels", found, with_truth, with_others) is None


def test_the_same_seed_gives_the_same_and_no_attribute_depends_on_the_others() -> None:
    labels, codes = RANDOM.integers(0, 4, (2, 50)), RANDOM.integers(0, 4, (2, 50))
    both = shortcut_probe(labels, {"size": codes[0], "folder": codes[1]}, 3, 50)
    assert both == shortcut_probe(labels, {"size": codes[0], "folder": codes[1]}, 3, 50)
    assert both[1:] == shortcut_probe(labels, {"folder": codes[1]}, 3, 50)
    assert both[0].null != shortcut_probe(labels, {"size": codes[0]}, 4, 50)[0].null


def test_no_runs_are_an_error_and_no_attributes_are_none() -> None:
    with pytest.raises(ValueError, match="at least one run"):
        shortcut_probe(np.zeros((0, 5), dtype=np.int64), {}, 0)
    assert shortcut_probe(np.zeros((1, 5), dtype=np.int64), {}, 0) == []
