"""Promises of TOML files: the words of the command line, each of its kind."""

from pathlib import Path

import pytest

from embedbench.cli.toml import read_toml
from embedbench.errors import InputError


def test_toml_uses_the_words_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    file = tmp_path / "comparison.toml"
    file.write_text(
        'source = "photos"\nencoder = ["timm", "pixels"]\nclusterer = "kmeans"\nk = 4\n'
    )
    assert read_toml(file) == {
        "source": [str(tmp_path / "photos")],
        "encoder": ["timm", "pixels"],
        "clusterer": ["kmeans"],
        "k": "4",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("encoders = []", "has 'encoders'; known words: about, source, encoder"),
        ("seeds = 'ten'", "'seeds' must be a whole number; not 'ten'"),
        ("seeds = true", "'seeds' must be a whole number"),
        ("encoder = [1]", "'encoder' must be a list of texts"),
        ("= 3", "cannot read"),
    ],
)
def test_a_wrong_word_in_toml_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=words):
        read_toml(file)


def test_files_beside_the_file_are_meant_by_their_names(tmp_path: Path) -> None:
    for name in ("labels.csv", "words.txt"):
        (tmp_path / name).touch()
    file = tmp_path / "c.toml"
    file.write_text('labels = "labels.csv"\nnames = "words.txt"\nmix = "labels.csv"\n')
    assert read_toml(file) == {
        "labels": str(tmp_path / "labels.csv"),
        "names": str(tmp_path / "words.txt"),
        "mix": "labels.csv",
    }
