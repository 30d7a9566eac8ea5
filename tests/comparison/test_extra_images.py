"""Promises of extra images: the right versions of the right images, and who has none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from embedbench import compare
from embedbench.comparison.config import ComparisonConfig
from embedbench.comparison.extra_images import (
    AUGMENTED,
    CORRUPTED,
    MIXED,
    Block,
    ExtraImages,
    plan_extra_images,
)
from embedbench.comparison.memory import Memory
from embedbench.data.images.augmentations import AUGMENTATIONS, AugmentedImage, choose_augmented
from embedbench.data.images.corruptions import read_corruptions
from embedbench.data.images.sources import source_hash
from embedbench.data.loading import read_dataset
from embedbench.data.mixing import read_mix
from embedbench.embedding.local_workers import LocalEngine
from embedbench.embedding.result import Embedding
from embedbench.encoder import Encoder, Facts, LookupEncoder
from embedbench.encoders.record import EncoderRecord
from embedbench.io.store import Store
from embedbench.utils.progress import Progress

pytestmark = pytest.mark.usefixtures("one_core")

MakeEncoder = Callable[..., Encoder]


def embedding(others: np.ndarray) -> Embedding:
    vectors = np.zeros((5, others.shape[1]), np.float32)
    record = EncoderRecord("", (), Facts())
    return Embedding(vectors, vectors[:0], others, {}, record, 0)


def planned(blocks: dict[Block, int], rows: dict[str, list[int]]) -> ExtraImages:
    """Return extra images in blocks of these sizes, one after the other."""
    ends = np.cumsum([0, *blocks.values()]).tolist()
    positions = [np.arange(start, stop) for start, stop in pairwise(ends)]
    return ExtraImages(
        (),
        dict(zip(blocks, positions, strict=True)),
        {kind: np.array(chosen, dtype=np.int64) for kind, chosen in rows.items()},
    )


def vectors(extra: ExtraImages, others: np.ndarray, *block: str) -> list[list[float]]:
    found = extra.vectors(embedding(others.astype(np.float32)), block)
    assert found is not None
    rows: list[list[float]] = found.tolist()
    return rows


BLUR, STRONG = (CORRUPTED, "blur:2"), (CORRUPTED, "noise:5")


def test_extra_images_of_images_that_are_left_out_are_left_out_and_the_rest_renumbered() -> None:
    """Rows 1, 3 and 4 of five images are corrupted twice; image 3 could not be encoded by all."""
    others = np.array([[9, 9], [1, 0], [3, 0], [4, 0], [1, 5], [3, 5], [4, 5], [7, 7], [8, 8]])
    blocks: dict[Block, int] = {(AUGMENTED, "crop"): 1, BLUR: 3, STRONG: 3, (MIXED,): 2}
    extra = planned(blocks, {AUGMENTED: [3], CORRUPTED: [1, 3, 4]}).keep([0, 1, 2, 4])
    assert extra.rows[CORRUPTED].tolist() == [1, 3]
    assert vectors(extra, others, *BLUR) == [[1, 0], [4, 0]]
    assert vectors(extra, others, *STRONG) == [[1, 5], [4, 5]]
    assert vectors(extra, others, MIXED) == [[7, 7], [8, 8]]
    assert vectors(extra, others, AUGMENTED, "crop") == []


def test_augmented_views_are_those_of_the_images_that_are_compared() -> None:
    """Of 3 augmented images the second is left out; the others are rows 0 and 3 of the rest."""
    count = len(AUGMENTATIONS)
    blocks: dict[Block, int] = {(AUGMENTED, name): 3 for name in AUGMENTATIONS}
    made = np.arange(3 * count, dtype=np.float32)[:, None]
    extra = planned(blocks, {AUGMENTED: [0, 2, 4]}).keep([0, 1, 3, 4, 5])
    views = extra.augmented(embedding(made))
    assert views is not None and views.rows.tolist() == [0, 3]
    assert views.vectors[..., 0].tolist() == [[3 * row, 3 * row + 2] for row in range(count)]


def test_where_nothing_was_augmented_there_are_no_views() -> None:
    blocks: dict[Block, int] = {(AUGMENTED, name): 1 for name in AUGMENTATIONS}
    made = np.zeros((len(AUGMENTATIONS), 1), np.float32)
    extra = planned(blocks, {AUGMENTED: [2]})
    assert extra.augmented(embedding(made)) is not None
    assert extra.augmented(embedding(made[:0])) is None  # vectors are looked up
    assert extra.keep([0, 1]).augmented(embedding(made)) is None
    nothing: dict[Block, int] = {(AUGMENTED, name): 0 for name in AUGMENTATIONS}
    assert planned(nothing, {AUGMENTED: []}).augmented(embedding(made)) is None


def test_a_block_that_was_not_planned_has_no_vectors() -> None:
    extra = planned({BLUR: 1}, {CORRUPTED: [0]})
    assert extra.vectors(embedding(np.zeros((1, 2), np.float32)), (MIXED,)) is None


def test_the_plan_names_each_block_and_keeps_the_order_of_its_images(
    photographs: Path, tmp_path: Path
) -> None:
    engine = LocalEngine(Store(tmp_path / "store"), workers=1, progress=Progress(quiet=True))
    config = ComparisonConfig(
        encoders={}, clusterers=(), spaces=(), k="3", seeds=(0,), words=(), copies=2,
        corruptions=read_corruptions(["blur:2", "vector-noise:1"]), corrupted=3,
        mix=read_mix("digits:0.1"), domain=None, purposes={}, maps=(),
        progress=engine.progress, memory=Memory(10**9),
    )  # fmt: skip
    dataset = read_dataset(photographs)
    hashes = [source_hash(source) for source in dataset.sources]
    extra = plan_extra_images(config, dataset, hashes, engine, engine.download_settings(False))
    lengths = {block: len(positions) for block, positions in extra.blocks.items()}
    assert lengths == {(AUGMENTED, name): 2 for name in AUGMENTATIONS} | {BLUR: 3, (MIXED,): 4}
    assert extra.rows[AUGMENTED].tolist() == choose_augmented(hashes, 2)
    assert extra.rows[CORRUPTED].tolist() == choose_augmented(hashes, 3)
    for position, row in zip(extra.blocks[BLUR], extra.rows[CORRUPTED], strict=True):
        key, image = extra.items[position]
        assert image == AugmentedImage(dataset.sources[row], "blur:2", hashes[row])
        assert key == image.store_key


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
    assert found.run["remarks"][-1] == "only 1 of 18 images are mixed in: there are no more"


@pytest.mark.parametrize("corrupt", ["", "blurr:1", "blur:9"])
def test_corruptions_that_cannot_be_are_refused_before_any_work(corrupt: str) -> None:
    from embedbench.errors import InputError

    with pytest.raises(InputError, match="corruption|severities"):
        read_corruptions([corrupt])
