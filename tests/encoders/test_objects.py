"""Promises of Python objects as encoders: what people hold is compared as it is, or refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embedbench.comparison.api import compare
from embedbench.encoders.objects import FunctionEncoder, TransformerEncoder, encoder_of
from embedbench.encoders.registry import create_encoders
from embedbench.errors import EncoderError, InputError
from embedbench_pixels import PixelsEncoder
from tests.support.libraries import library

torch = library("torch")

RED = Image.new("RGB", (8, 6), (255, 0, 0))
BLUE = Image.new("RGB", (6, 8), (0, 0, 255))


def means(images: list[Image.Image]) -> list[np.ndarray]:
    return [np.asarray(image).mean((0, 1)) for image in images]


def to_tensor(image: Image.Image) -> Any:
    import torch

    return torch.from_numpy(np.array(image.resize((4, 4)))).permute(2, 0, 1).float() / 255


def network(bias: float = 0.0) -> Any:
    layers = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 5))
    with torch.no_grad():
        layers[1].weight.copy_(torch.linspace(-1, 1, 240).reshape(5, 48))
        layers[1].bias.fill_(bias)
    return layers


def test_a_function_gets_images_and_returns_vectors() -> None:
    rows = encoder_of(means).encode([RED, BLUE])
    np.testing.assert_array_equal(rows, [[255, 0, 0], [0, 0, 255]])


def test_a_network_with_its_transform_is_as_torch_runs_it() -> None:
    made, layers = encoder_of((network(), to_tensor)), network().eval()
    with torch.inference_mode():
        expected = layers(torch.stack([to_tensor(RED), to_tensor(BLUE)])).numpy()
    np.testing.assert_allclose(made.encode([RED, BLUE]), expected, atol=1e-6)
    assert made.facts().parameters == 245


def test_a_network_runs_in_evaluation_mode() -> None:
    layers = torch.nn.Sequential(network(), torch.nn.Dropout(0.9)).train()
    rows = encoder_of((layers, to_tensor)).encode([RED] * 3)
    assert (rows == rows[0]).all() and (rows != 0).any()


def test_a_fitted_transformer_gets_the_pixels() -> None:
    from sklearn.decomposition import PCA

    random = np.random.default_rng(0)
    pca = PCA(2).fit(random.random((10, 3 * 16)))
    rows = encoder_of((pca, 4)).encode([RED, BLUE])
    pixels = [[1, 0, 0] * 16, [0, 0, 1] * 16]
    np.testing.assert_allclose(rows, pca.transform(pixels), atol=1e-5)


def test_a_comparison_takes_a_mapping_of_names_to_any_of_these(
    photographs: Path, one_core: None
) -> None:
    results = compare(
        photographs,
        {
            "means": means,
            "net": (network(), to_tensor),
            "pixels": "pixels",
            "own": PixelsEncoder(),
        },
        k="3",
        seeds=1,
        copies=0,
    )
    assert results.encoders.set_index("encoder")["status"].to_dict() == dict.fromkeys(
        ["means", "net", "pixels", "own"], "ok"
    )
    assert results.run["objects"] == ["means", "net", "pixels", "own"]
    [remark] = [one for one in results.run["remarks"] if "same vectors" in one]
    assert remark.startswith("pixels and own give the same vectors (least cosine 1.000000)")


def test_objects_without_a_name_are_named_after_themselves() -> None:
    made = create_encoders([means, (network(), to_tensor), "pixels"])
    assert list(made) == ["FunctionEncoder:means", "NetworkEncoder:Sequential", "pixels"]


def test_the_fingerprint_follows_what_an_object_holds() -> None:
    def scaled(factor: float) -> Callable[[list[Image.Image]], list[np.ndarray]]:
        return lambda images: [factor * row for row in means(images)]

    one, same, other = (encoder_of(scaled(factor)).fingerprint() for factor in (2, 2, 3))
    assert one == same != other
    nets = [encoder_of((network(bias), to_tensor)).fingerprint() for bias in (0.0, 0.0, 0.5)]
    assert nets[0] == nets[1] != nets[2]


def one_row(images: list[Image.Image]) -> Any:
    return np.zeros(3)


def a_dict(images: list[Image.Image]) -> Any:
    return {"embedding": 1}


def not_a_number(images: list[Image.Image]) -> Any:
    return np.full((len(images), 2), np.nan)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (one_row, r"'one_row' returned shape \(3,\) for a list of 8 images"),
        (a_dict, "'a_dict' returned a dict that is no array of numbers"),
        (not_a_number, "values that are not finite"),
    ],
)
def test_what_a_function_returns_is_checked(value: Any, words: str) -> None:
    with pytest.raises(EncoderError, match=words):
        encoder_of(value).encode([RED])


@pytest.mark.parametrize(
    ("layers", "transform", "words"),
    [
        (lambda: Tuple(), to_tensor, "returned a tuple; it must return a tensor"),
        (lambda: torch.nn.Identity(), to_tensor, r"returned shape \(8, 3, 4, 4\)"),
        (network, lambda image: image, "the transform of .* returned a Image; it must"),
        (network, ragged := lambda image: to_tensor(image)[:, : image.width // 2], "shapes"),
    ],
)
def test_what_a_network_returns_is_checked(layers: Any, transform: Any, words: str) -> None:
    with pytest.raises(EncoderError, match=words):
        encoder_of((layers(), transform)).encode([RED, BLUE])


def Tuple() -> Any:  # noqa: N802
    class Two(torch.nn.Module):  # type: ignore[misc]
        def forward(self, batch: Any) -> Any:
            return batch, batch

    return Two()


def test_a_transformer_that_is_not_fitted_or_of_another_size() -> None:
    from sklearn.decomposition import PCA

    with pytest.raises(EncoderError, match="'PCA' is not fitted; call its `fit` first"):
        encoder_of(PCA(2)).encode([RED])
    fitted = PCA(2).fit(np.random.default_rng(0).random((10, 12)))
    with pytest.raises(EncoderError, match="cannot use rows of 32 x 32 x 3 pixels"):
        encoder_of(fitted).encode([RED])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3, "an encoder cannot be of type int; it must be an Encoder"),
        (None, "an encoder cannot be of type NoneType"),
        (PixelsEncoder, r"must be an object, not a class; give PixelsEncoder\(\)"),
        ((1, 2, 3), "an encoder cannot be of type tuple"),
    ],
)
def test_what_is_no_encoder_is_refused(value: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        encoder_of(value)


def test_a_network_without_a_transform_is_refused() -> None:
    with pytest.raises(InputError, match=r"needs the transform .* give \(Sequential, transform\)"):
        encoder_of(network())


def test_a_text_in_place_of_a_list_of_encoders_is_refused() -> None:
    with pytest.raises(InputError, match=r"must be a list or a mapping; not str: give \[...\]"):
        create_encoders("pixels")


def test_an_object_that_cannot_be_told_from_another_is_refused() -> None:
    class Closed:
        def __reduce_ex__(self, protocol: Any) -> Any:
            raise TypeError("no")

        def __call__(self, images: Any) -> Any:
            return means(images)

    with pytest.raises(EncoderError, match="'Closed' cannot be told from another version"):
        encoder_of(Closed()).fingerprint()


def test_the_kinds_stand_apart() -> None:
    from sklearn.preprocessing import StandardScaler

    assert isinstance(encoder_of(means), FunctionEncoder)
    assert isinstance(encoder_of(StandardScaler()), TransformerEncoder)


@pytest.mark.usefixtures("one_core")
def test_vectors_in_memory_are_compared_by_the_names_of_the_images(photographs: Path) -> None:
    import pandas as pd

    names = sorted(path.relative_to(photographs).as_posix() for path in photographs.rglob("*.png"))
    random = np.random.default_rng(0)
    vectors = random.normal(size=(36, 4)).astype(np.float32)
    vectors[:, 0] += 9 * np.repeat([0, 1, 2], 12)  # blue, green, red
    mapping = dict(zip(names, vectors, strict=True))
    table = pd.DataFrame({"path": names, "embedding": list(2 * vectors)})
    results = compare(
        photographs, {"map": mapping, "table": table, "pair": (vectors[::-1], names[::-1])},
        k="3", seeds=1, copies=0,
    )  # fmt: skip
    assert results.encoders["status"].tolist() == ["ok", "ok", "ok"]
    [told] = [one for one in results.run["remarks"] if "same vectors" in one]
    assert told.startswith("map, table and pair give the same vectors")  # up to their length
