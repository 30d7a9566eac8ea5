"""Promises of whatever is read: any input ends in a result or in an error of one line.

The short form is the same in every run; `make soak` tries other inputs for minutes.
"""

import csv
import io
import os
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from embedbench.analysis.cluster_naming import read_words
from embedbench.analysis.projections import check_projection
from embedbench.cli.toml import _TOML_KINDS, read_toml
from embedbench.clustering.clusterers import parse_clusterer
from embedbench.clustering.spaces import check_space
from embedbench.comparison.config import parse_k
from embedbench.comparison.memory import parse_memory
from embedbench.data.dataset import Dataset
from embedbench.data.images.corruptions import read_corruptions
from embedbench.data.images.decoding import open_pixels, open_rgb, upright_size
from embedbench.data.images.orientation import with_orientation
from embedbench.data.loading import read_dataset
from embedbench.data.mixing import read_mix
from embedbench.encoders.registry import create_encoder
from embedbench.errors import EmbedbenchError, ImageError
from embedbench.io.paths import parse_path
from embedbench.utils.spec import read_spec
from tests.support.hostile_files import bases

IMAGES = list(islice(bases(np.random.default_rng(0)), 60))

TEXT_READERS: list[Callable[[str], Any]] = [
    read_spec, create_encoder, parse_clusterer, check_space, check_projection, parse_memory,
    read_mix, parse_path,
    lambda text: read_corruptions([text]), lambda text: parse_k(text, 50, 3),
    lambda text: read_words(text),
]  # fmt: skip
WORDS = [
    "pixels", "timm", "clip", "vectors", "kmeans", "hdbscan", "min_cluster_size", "l2", "pca",
    "umap", "tsne", "whiten", "noise", "blur", "all", "vector-noise", "digits", "truth", "none",
    "true", "pretrained", "side", "s3://", "file://", "://", "..", ":", ",", "=", '"', "0.1", "1",
    "5", "-3", "99999999999999999999", "1e999", "nan", "inf", "GB", "MB", "%", " ", "\n", "\0",
    "\ud800", "²", "٣", "[", "@", ".txt", "~", "?",
]  # fmt: skip


@st.composite
def broken(draw: st.DrawFn, wholes: list[bytes]) -> bytes:
    """Draw a whole file of which parts are exchanged, repeated, put in or cut off."""
    content = bytearray(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        match draw(st.sampled_from(["flip", "number", "insert", "repeat", "remove", "cut"])):
            case "flip":
                content[place : place + 1] = bytes([draw(st.integers(0, 255))])
            case "number":
                number = draw(st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**16]))
                four = number.to_bytes(4, "big")
                content[place : place + 4] = draw(st.sampled_from([four, four[::-1]]))
            case "insert":
                content[place:place] = draw(st.binary(max_size=20))
            case "repeat":
                content[place:place] = content[place : place + draw(st.integers(1, 40))]
            case "remove":
                del content[place : place + draw(st.integers(1, 20))]
            case "cut":
                del content[place:]
    return bytes(content)


def look_at_image(content: bytes, folder: Path) -> None:
    """Every reader gives the same answer, which is an image or an ImageError."""
    turned = with_orientation(content, 90)
    before = len(os.path.commonprefix([turned, content]))
    after = len(os.path.commonprefix([turned[::-1], content[::-1]]))
    assert before + after >= len(content), "more was done than to put something in"
    assert isinstance(upright_size_of(content), str | tuple)
    try:
        expected = np.asarray(open_rgb(content))
    except ImageError as error:
        with pytest.raises(ImageError) as caught:
            open_pixels(content)
        assert str(caught.value) == str(error)
        raise
    assert np.array_equal(open_pixels(content), expected)
    assert upright_size_of(content) == expected.shape[1::-1]


def upright_size_of(content: bytes) -> tuple[int, int] | str:
    """Return an image's size, or why there is none."""
    try:
        return upright_size(content)
    except ImageError as error:
        return str(error)


def read_text(text: str, folder: Path) -> None:
    """Every reader of a short text takes it, or says what is wrong."""
    for reader in TEXT_READERS:
        one_line(partial(reader, text))


def read_toml_file(content: bytes, folder: Path) -> None:
    """Settings in TOML."""
    file = folder / "request.toml"
    file.write_bytes(content)
    read_toml(file)


def read_table(content: bytes, folder: Path) -> None:
    """A table of images, and the same file as labels."""
    file = folder / "table.csv"
    file.write_bytes(content)
    one_line(lambda: Dataset(("a.png", "b/c.png"), (b"", b"")).with_truth(str(file)))
    found = read_dataset(file)
    assert len(found.names) == len(found.sources) == len(found.table) > 0


def read_parquet(content: bytes, folder: Path) -> None:
    """A table of images in Parquet."""
    file = folder / "table.parquet"
    file.write_bytes(content)
    read_dataset(file)


def read_open_images(content: bytes, folder: Path) -> None:
    """A folder of Open Images with one broken file."""
    (folder / "open").mkdir(exist_ok=True)
    (folder / "open" / "some.csv").write_bytes(content)
    read_dataset(f"open-images:{folder / 'open'}")


def one_line(read: Callable[[], object]) -> None:
    """Call; an error on purpose must be of one line."""
    try:
        read()
    except EmbedbenchError as error:
        assert len(str(error).splitlines()) == 1, repr(str(error))


def _csv(*rows: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _parquet() -> bytes:
    table = pd.DataFrame({"path": ["a.png", "b.png"], "label": ["x", None], "number": [1.5, 2.5]})
    return table.to_parquet()


TABLES = [
    _csv(["path", "label"], ["a.png", "x"], ["b/c.png", ""]),
    _csv(["url", "path"], ["http://x.org/1.png", ""], ["", "s3://b/1.png?region=a"]),
    _csv(["image", "truth"], ["a.png", 'quo"ted'], ["c.png", "two\nlines"]),
]
OPEN = [
    _csv(["ImageID", "Subset", "Rotation"], ["01", "train", "90.0"], ["02", "test", ""]),
    _csv(["ImageID", "Source", "LabelName", "Confidence"], ["01", "x", "/m/1", "1"]),
    _csv(["/m/1", "Cat"], ["/m/2", "Dog"]),
]
TOML = [
    b'source = ["a", "b"]\nencoder = ["pixels"]\nk = "2..5"\nseeds = 3\noffline = true\n',
    b'about = "x"\nclusterer = ["kmeans"]\nlimit = 5\nlabels = "a.csv"\nnames = "a.txt"\n',
]
VALUES = st.recursive(
    st.text(max_size=5) | st.integers() | st.booleans() | st.none() | st.floats(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
LINES = st.lists(st.tuples(st.sampled_from(sorted(_TOML_KINDS)), VALUES), max_size=4).map(
    lambda lines: "\n".join(f"{word} = {value!r}" for word, value in lines).encode(
        "utf-8", "replace"
    )
)

TARGETS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any, Path], None], int]] = {
    "images": (broken([content for _, content in IMAGES]), look_at_image, 1_000),
    "bytes": (st.binary(max_size=300), look_at_image, 200),
    "texts": (
        st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=8).map("".join),
        read_text,
        500,
    ),
    "toml": (broken(TOML) | LINES | st.binary(max_size=60), read_toml_file, 500),
    "tables": (broken(TABLES) | st.binary(max_size=60), read_table, 300),
    "parquet": (broken([_parquet()]), read_parquet, 150),
    "open images": (broken(OPEN), read_open_images, 150),
}
"""What is read: the inputs, what reads them, how many are tried in the short form."""


def fuzz(name: str, folder: Path, examples: int, own_seed: int | None) -> int:
    """Try this number of examples, the same ones without a seed; return how many were tried."""
    inputs, read, _ = TARGETS[name]
    tried = 0

    @given(inputs)
    def one(content: Any) -> None:
        nonlocal tried
        tried += 1
        one_line(lambda: read(content, folder))

    how = settings(
        max_examples=examples, database=None, derandomize=own_seed is None,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    how(one if own_seed is None else seed(own_seed)(one))()
    return tried


@pytest.mark.parametrize("name", TARGETS)
def test_any_input_is_a_result_or_an_error_of_one_line(name: str, tmp_path: Path) -> None:
    times = int(os.environ.get("FUZZ_TIMES", "1"))
    assert fuzz(name, tmp_path, times * TARGETS[name][2], None) > 0


@pytest.mark.soak
@pytest.mark.parametrize("name", TARGETS)
def test_for_a_minute_any_input_is_a_result_or_an_error(name: str, tmp_path: Path) -> None:
    tried, start = 0, time.time()
    while time.time() < start + 60:
        tried += fuzz(name, tmp_path, 2_000, time.time_ns())
    print(f"{name}: {tried} inputs")
