"""Promises of corruptions: the constants of the paper, the same size, and parsing."""

import io
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import UInt8
from PIL import Image, ImageFilter
from skimage.color import rgb2hsv
from skimage.metrics import structural_similarity
from sklearn.datasets import load_sample_image

from embedbench.analysis.robustness.corruption_effects import noisy_projection, noisy_vectors
from embedbench.data.images.corruptions import (
    CORRUPTIONS,
    SEVERITIES,
    VECTOR_KINDS,
    Corruption,
    read_corruptions,
)
from embedbench.errors import InputError

KINDS = list(CORRUPTIONS)
GREY = (100, 100, 100)


def corrupt(kind: str, image: Image.Image, severity: int, seed: int = 0) -> Image.Image:
    return CORRUPTIONS[kind](image, severity, np.random.default_rng(seed))


def pixels(image: Image.Image) -> UInt8[np.ndarray, "height width 3"]:
    return np.asarray(image)


def photograph(width: int, height: int) -> Image.Image:
    """The same picture at every size."""
    temple = Image.fromarray(load_sample_image("china.jpg"))
    return temple.resize((width, height), Image.Resampling.BICUBIC)


def levels(text: str) -> list[str]:
    return [one.name for one in read_corruptions([text])]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    severity=st.sampled_from(SEVERITIES),
    seed=st.integers(0, 99),
)
def test_the_size_and_the_original_image_are_unchanged(
    kind: str, width: int, height: int, severity: int, seed: int
) -> None:
    image = photograph(width, height)
    before = image.tobytes()
    found = corrupt(kind, image, severity, seed)
    assert found.mode == "RGB" and found.size == (width, height)
    assert image.tobytes() == before
    assert corrupt(kind, image, severity, seed).tobytes() == found.tobytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (70_000, 1), (66_000, 4)])
def test_thin_and_very_wide_images_are_corrupted(kind: str, size: tuple[int, int]) -> None:
    assert corrupt(kind, Image.new("RGB", size, "red"), 5).size == size


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "rotation"])
def test_a_higher_severity_leaves_less_of_the_picture(kind: str) -> None:
    image = photograph(224, 224)
    alike = []
    for severity in SEVERITIES:
        found = [pixels(corrupt(kind, image, severity, seed)) for seed in range(4)]
        each = [structural_similarity(pixels(image), one, channel_axis=2) for one in found]  # type: ignore[no-untyped-call]
        alike.append(float(np.mean(each)))
    assert alike == sorted(set(alike), reverse=True)


@pytest.mark.parametrize("kind", ["noise", "blur", "jpeg", "low-resolution"])
@pytest.mark.parametrize("severity", [1, 5])
def test_a_large_photograph_is_changed_as_much_as_a_small_one(kind: str, severity: int) -> None:
    """At 224 pixels both have changed equally, up to a tenth or one level of 255."""
    lost = []
    for side in (224, 1120):
        image = photograph(side, side)
        small = [
            pixels(one.resize((224, 224), Image.Resampling.BOX)).astype(float)
            for one in (image, corrupt(kind, image, severity))
        ]
        lost.append(np.sqrt(((small[1] - small[0]) ** 2).mean()))
    assert lost[1] == pytest.approx(lost[0], rel=0.1, abs=1)


@pytest.mark.parametrize(("severity", "deviation"), [(1, 0.08), (2, 0.12), (3, 0.18)])
def test_noise_has_the_deviation_of_the_paper(severity: int, deviation: float) -> None:
    """Measured in the middle of the range, where almost nothing is clipped."""
    values = pixels(corrupt("noise", Image.new("RGB", (224, 224), (128, 128, 128)), severity))
    assert values.std() == pytest.approx(255 * deviation, rel=0.03)
    assert np.abs(np.corrcoef(values.reshape(-1, 3).T) - np.eye(3)).max() < 0.03


@pytest.mark.parametrize(("severity", "deviation"), [(1, 1), (3, 3), (5, 6)])
def test_blur_spreads_an_edge_as_far_as_the_paper_says(severity: int, deviation: float) -> None:
    """The slope of a blurred edge is the kernel, whose standard deviation is known."""
    edge = np.zeros((224, 224, 3), np.uint8)
    edge[:, 112:] = 255
    row = pixels(corrupt("blur", Image.fromarray(edge), severity))[112, :, 0].astype(float)
    slope, places = np.diff(row) / 255, np.arange(223)
    middle = (slope * places).sum()
    assert np.sqrt((slope * (places - middle) ** 2).sum()) == pytest.approx(deviation, rel=0.1)


@pytest.mark.parametrize(("severity", "quality"), [(1, 25), (5, 7)])
def test_jpeg_has_the_quality_of_the_paper(severity: int, quality: int) -> None:
    image, content = photograph(224, 300), io.BytesIO()
    image.save(content, "JPEG", quality=quality)
    expected = Image.open(content).convert("RGB")
    assert corrupt("jpeg", image, severity).tobytes() == expected.tobytes()


@pytest.mark.parametrize(("severity", "share"), [(1, 0.4), (5, 0.05)])
def test_contrast_keeps_the_mean_colour(severity: int, share: float) -> None:
    image = photograph(60, 40)
    before, after = (
        pixels(one).reshape(-1, 3) for one in (image, corrupt("contrast", image, severity))
    )
    np.testing.assert_allclose(after.mean(axis=0), before.mean(axis=0), atol=0.5)
    np.testing.assert_allclose(after, before.mean(axis=0) * (1 - share) + share * before, atol=0.51)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_brightness_adds_to_the_value_and_keeps_the_hue(severity: int) -> None:
    image = photograph(60, 40)
    before, after = (
        rgb2hsv(pixels(one)) for one in (image, corrupt("brightness", image, severity))
    )
    brighter = np.minimum(1, before[..., 2] + severity / 10)
    np.testing.assert_allclose(after[..., 2], brighter, atol=2 / 255)
    np.testing.assert_allclose(after[..., 1], before[..., 1], atol=0.03)


@settings(max_examples=40)
@given(
    width=st.integers(40, 90),
    height=st.integers(40, 90),
    severity=st.sampled_from(SEVERITIES),
    seed=st.integers(0, 9999),
)
def test_occlusion_hides_a_grey_rectangle_of_10_to_50_percent(
    width: int, height: int, severity: int, seed: int
) -> None:
    hidden = (
        pixels(corrupt("occlusion", Image.new("RGB", (width, height)), severity, seed)) == 128
    ).all(axis=2)
    assert hidden.mean() == pytest.approx(severity / 10, abs=0.035)
    rows, columns = np.flatnonzero(hidden.any(axis=1)), np.flatnonzero(hidden.any(axis=0))
    assert hidden[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()


def test_occlusion_may_be_anywhere() -> None:
    image = Image.new("RGB", (7, 7))
    hidden = [pixels(corrupt("occlusion", image, 2, seed))[..., 0] == 128 for seed in range(200)]
    assert 0 < np.min(sum(hidden)) and np.max(sum(hidden)) < 200


@pytest.mark.parametrize(("severity", "angle"), [(1, 10), (2, 20), (3, 40), (4, 60), (5, 90)])
def test_rotation_is_around_the_middle_by_the_angle_of_the_severity(
    severity: int, angle: int
) -> None:
    """Pillow also rotates around the middle; inside a disc no pixel is missing."""
    image = photograph(101, 101).filter(ImageFilter.GaussianBlur(2))
    down, across = np.indices((101, 101)) - 50
    disc = down**2 + across**2 < 45**2
    found = pixels(corrupt("rotation", image, severity))[disc].astype(int)
    either = [
        np.abs(pixels(image.rotate(turn, Image.Resampling.BILINEAR))[disc] - found).mean()
        for turn in (angle, -angle, angle + 3)
    ]
    assert min(either[:2]) < 1 < either[2]


def test_rotation_by_90_degrees_equals_numpys_either_way() -> None:
    square = pixels(photograph(50, 50))
    found = {corrupt("rotation", photograph(50, 50), 5, seed).tobytes() for seed in range(9)}
    turned = [np.rot90(square, turns).astype(int) for turns in (1, -1)]
    assert len(found) == 2
    for content in found:
        values = np.frombuffer(content, np.uint8).reshape(50, 50, 3).astype(int)
        assert min(np.abs(values - one).max() for one in turned) <= 1


def test_rotation_leaves_no_empty_corner() -> None:
    for severity in SEVERITIES:
        image = Image.new("RGB", (70, 40), (90, 120, 200))
        assert pixels(corrupt("rotation", image, severity)).reshape(-1, 3).std(axis=0).max() == 0


def test_greyscale_removes_a_fifth_of_the_colour_per_severity() -> None:
    """Colour is the distance from the grey of the same luma."""
    image = Image.new("RGB", (2, 2), (200, 100, 0))
    luma = image.convert("L").getpixel((0, 0))
    assert isinstance(luma, int)
    for severity in SEVERITIES:
        expected = luma + (1 - severity / 5) * (np.array([200, 100, 0]) - luma)
        np.testing.assert_allclose(
            pixels(corrupt("greyscale", image, severity))[0, 0], expected, atol=1
        )


@pytest.mark.parametrize(("severity", "lines"), [(1, 134), (5, 56)])
def test_low_resolution_loses_lines_finer_than_its_pixels(severity: int, lines: int) -> None:
    """Stripes at half the remaining resolution are lost; at a fifth they are not."""
    for pairs, is_kept in ((lines // 5, True), (lines, False)):
        wave = np.sin(2 * np.pi * pairs * (np.arange(448) + 0.5) / 448)
        stripes = np.broadcast_to((127.5 + 120 * wave)[None, :, None], (448, 448, 3))
        image = Image.fromarray(stripes.astype(np.uint8))
        contrast = pixels(corrupt("low-resolution", image, severity)).std() / pixels(image).std()
        assert contrast > 0.6 if is_kept else contrast < 0.25


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("noise", ["noise:1", "noise:2", "noise:3", "noise:4", "noise:5"]),
        ("noise:3", ["noise:3"]),
        ("jpeg,blur:2..3", ["jpeg:2", "jpeg:3", "blur:2", "blur:3"]),
        ("blur:1,3,5", ["blur:1", "blur:3", "blur:5"]),
        ("blur : 5 , 1 .. 2", ["blur:1", "blur:2", "blur:5"]),
        ("vector-noise,plane-noise:4", ["vector-noise:4", "plane-noise:4"]),
        ("noise,noise:1,1", ["noise:1"]),
        ("all:2", [f"{kind}:2" for kind in KINDS]),
    ],
)
def test_kinds_and_severities_are_parsed(text: str, names: list[str]) -> None:
    assert levels(text) == names


def test_several_texts_are_combined() -> None:
    found = read_corruptions(["blur:5", "noise:1", "blur:1..2", "noise:1"])
    assert [one.name for one in found] == ["blur:1", "blur:2", "blur:5", "noise:1"]
    assert read_corruptions([]) == ()
    assert len(read_corruptions(["all"])) == 45


@pytest.mark.parametrize("text", ["fog", "fog:2", "", ":3", "noise,,blur", "Noise"])
def test_an_unknown_kind_is_an_error_that_lists_the_kinds(text: str) -> None:
    with pytest.raises(
        InputError, match=r"unknown corruption '.*'; corruptions: all, noise"
    ) as told:
        read_corruptions([text])
    assert all(kind in str(told.value) for kind in (*KINDS, *VECTOR_KINDS))


@pytest.mark.parametrize(
    "severities", ["0", "6", "1..6", "3..1", "", "2,", "x", "1-3", "..", "1..2..3", "2.5"]
)
def test_a_severity_beyond_1_to_5_is_refused(severities: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"not '{severities}'")):
        read_corruptions([f"noise:{severities}"])


def test_corruptions_sort_by_kind_and_severity() -> None:
    assert Corruption("blur", 2) < Corruption("blur", 3) < Corruption("noise", 1)


def test_kinds_of_vectors_and_of_images_are_disjoint() -> None:
    assert not set(VECTOR_KINDS) & set(CORRUPTIONS)


@pytest.mark.parametrize(("severity", "length"), [(1, 0.5), (2, 1), (5, 3)])
def test_noise_on_vectors_is_as_long_as_a_share_of_their_spread(
    severity: int, length: float
) -> None:
    """The vectors are unit vectors along the axes: their squared spread is 1 - 1 / dim."""
    axes = 7 * np.eye(400, dtype=np.float32)
    noise = noisy_vectors(axes, severity, 0) - np.eye(400)
    found = np.sqrt((noise**2).sum(axis=1).mean())
    assert found == pytest.approx(length * np.sqrt(1 - 1 / 400), rel=0.01)
    assert np.array_equal(noisy_vectors(axes, severity, 0), noisy_vectors(axes, severity, 0))
    assert not np.array_equal(noisy_vectors(axes, severity, 0), noisy_vectors(axes, severity, 1))


def test_equal_vectors_have_no_spread() -> None:
    ones = np.full((5, 4), 0.5, np.float32)
    np.testing.assert_allclose(noisy_vectors(ones, 5, 0), ones, atol=1e-6)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_noise_on_a_plane_is_a_share_of_its_deviation(severity: int) -> None:
    """Deviations of 3 and 4 along the axes: 12.5 is their mean square."""
    random = np.random.default_rng(0)
    plane = (random.normal(size=(20_000, 2)) * [3, 4] + 50).astype(np.float32)
    noise = noisy_projection(plane, severity, 0) - plane
    np.testing.assert_allclose(noise.std(axis=0), severity / 10 * np.sqrt(12.5), rtol=0.03)
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.1)
