"""Promises of other conditions: the right copies of the right images, and who has none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from embedbench import compare
from embedbench.comparison.extra_images import Conditions
from embedbench.data.images.corruptions import Corruption, read_corruptions
from embedbench.embedding.embed import Embedding
from embedbench.encoder import Encoder, Facts, LookupEncoder
from embedbench.encoders.record import EncoderRecord

pytestmark = pytest.mark.usefixtures("one_core")

MakeEncoder = Callable[..., Encoder]
KINDS = (Corruption("blur", 2), Corruption("vector-noise", 1), Corruption("noise", 5))


def embedding(others: np.ndarray) -> Embedding:
    nothing = np.empty((0, 2), np.float32)
    return Embedding(
        np.zeros((5, 2), np.float32), nothing, others, {}, EncoderRecord("", (), Facts()), 0
    )


def conditions(rows: Sequence[int], mixed: int) -> Conditions:
    return Conditions(KINDS, np.array(rows), [], mixed, (), {})


def test_copies_of_images_that_are_left_out_are_left_out_and_the_rest_renumbered() -> None:
    """Rows 1, 3 and 4 of five images are corrupted twice; image 3 could not be encoded by all."""
    others = np.array([[9, 9], [1, 0], [3, 0], [4, 0], [1, 5], [3, 5], [4, 5], [7, 7], [8, 8]])
    found = conditions([1, 3, 4], 2).read(
        {"a": embedding(others.astype(np.float32))}, 1, [0, 1, 2, 4]
    )
    assert found.rows.tolist() == [1, 3]
    assert found.corrupted("a", KINDS[0]).tolist() == [[1, 0], [4, 0]]
    assert found.corrupted("a", KINDS[2]).tolist() == [[1, 5], [4, 5]]
    assert found.mixed_in("a").tolist() == [[7, 7], [8, 8]]


def test_a_mixed_in_image_that_could_not_be_encoded_is_left_out() -> None:
    others = np.array([[7, 7], [np.nan, np.nan]], np.float32)
    found = Conditions((), np.empty(0, np.int64), [], 2, (), {}).read(
        {"a": embedding(others)}, 0, [0, 1]
    )
    assert found.mixed_in("a").tolist() == [[7, 7]]


def test_vectors_made_elsewhere_have_no_corrupted_images_but_noise_on_the_vectors(
    photographs: Path, colour_encoder: MakeEncoder, shared_store: Path
) -> None:
    @dataclass(frozen=True)
    class Elsewhere(LookupEncoder):
        def lookup(self, names: Sequence[str]) -> np.ndarray:
            random = np.random.default_rng(0)
            return random.normal(size=(len(names), 4)).astype(np.float32)

    found = compare(
        photographs, {"colour": colour_encoder(), "elsewhere": Elsewhere()}, k=3, seeds=2,
        clusterers=["kmeans"], corrupt="blur,vector-noise:2", mix="digits:0.1", copies=5,
        projections=["pca"], store=shared_store,
    )  # fmt: skip
    kinds = found.robustness.groupby("encoder")["corruption"].agg(set)
    assert kinds["colour"] == {"blur", "vector-noise"}
    assert kinds["elsewhere"] == {"vector-noise"}
    assert set(found.contamination["encoder"]) == {"colour"}
    assert set(found.robustness_ranking["encoder"]) == {"colour"}
    assert set(found.projections["projection"]) == {"pca"}


def test_what_was_asked_for_stands_in_the_command(photographs: Path, shared_store: Path) -> None:
    found = compare(
        photographs, ["pixels"], k=3, seeds=2, clusterers=["kmeans"], corrupt="blur:1",
        corrupted=6, mix="digits:0.1", domain="truth", copies=0, projections=["pca"],
        store=shared_store,
    )  # fmt: skip
    for words in (
        "--corrupt blur:1", "--corrupted 6", "--mix digits:0.1", "--domain truth",
        "--projection pca",
    ):  # fmt: skip
        assert words in found.run["command"]
    assert found.robustness["severity"].unique().tolist() == [1]


def test_fewer_images_than_asked_are_mixed_in_with_a_remark(
    photographs: Path, tmp_path: Path, shared_store: Path
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    (few / "one.png").write_bytes((photographs / "red" / "00.png").read_bytes())
    found = compare(
        photographs, ["pixels"], k=3, seeds=2, clusterers=["kmeans"], mix=f"{few}:0.5", copies=0,
        projections=["pca"], store=shared_store,
    )  # fmt: skip
    assert found.run["remarks"] == ["only 1 of 18 images are mixed in: there are no more"]


@pytest.mark.parametrize("corrupt", ["", "blurr:1", "blur:9"])
def test_corruptions_that_cannot_be_are_refused_before_any_work(corrupt: str) -> None:
    from embedbench.errors import InputError

    with pytest.raises(InputError, match="corruption|severities"):
        read_corruptions([corrupt])
