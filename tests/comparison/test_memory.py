"""Promises of the memory that a comparison may take."""

from pathlib import Path

import pytest

from embedbench import cli, compare
from embedbench.cli.toml import read_toml
from embedbench.comparison.memory import Memory, Size, parse_memory
from embedbench.errors import InputError
from embedbench.utils.hardware import cores

SIZE = Size(images=50_000, widths=[512, 768], runs=570)


@pytest.mark.parametrize(
    ("text", "size"),
    [("4GB", 4 * 10**9), ("512 MB", 512 * 10**6), ("1.5gb", 1_500_000_000), ("1TB", 10**12)],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_memory(text) == Memory(size)


@pytest.mark.parametrize("text", ["", "much", "4", "-1GB", "0GB", "4 GiB", "GB", "nanGB", "1e3MB"])
def test_what_is_no_size_is_named(text: str) -> None:
    with pytest.raises(InputError, match="must be a size such as 4GB or 512MB; not"):
        parse_memory(text)


def test_no_more_processes_than_fit_and_never_none() -> None:
    assert Memory(1).workers(10, SIZE) == 1
    assert Memory(SIZE.held + SIZE.process).workers(10, SIZE) == 1
    assert Memory(10**15).workers(10, SIZE) == min(cores(), 10)
    assert Memory(10**15).workers(1, SIZE) == 1


def test_too_little_is_an_error_if_a_person_said_it_else_a_remark() -> None:
    assert Memory(10**15).shortage(SIZE) == []
    with pytest.raises(InputError, match="allow more, or take fewer: --limit"):
        Memory(10**9).shortage(SIZE)
    assert "50,000 images" in Memory(10**9, asked=False).shortage(SIZE)[0]


def test_half_of_what_is_free_is_taken() -> None:
    free = Memory.free()
    assert not free.asked and 10**7 < free.limit < 10**15


def test_nonsense_on_the_command_line_is_one_line(
    photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["run", str(photographs), "-e", "pixels", "--memory", "lots"])
    assert stop.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: `memory` must be a size such as 4GB or 512MB; not 'lots'"
    ]


def test_memory_is_a_word_in_toml_and_in_the_command(photographs: Path, tmp_path: Path) -> None:
    (tmp_path / "asked.toml").write_text('memory = "2GB"\n')
    assert read_toml(tmp_path / "asked.toml") == {"memory": "2GB"}
    results = compare(
        photographs,
        ["pixels"],
        clusterers=["kmeans"],
        k=3,
        seeds=1,
        projections=["pca"],
        memory="2GB",
    )
    assert results.run["memory"] == "2000MB" and "--memory 2GB" in results.run["command"]
