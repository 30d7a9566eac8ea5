"""Promises of the memory that a comparison may take."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from embedbench.cli import cli
from embedbench.errors import InputError
from embedbench.memory import Memory, Size, parse_memory
from embedbench.workers import cores

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


def test_nonsense_on_the_command_line_is_one_line(photographs: Path) -> None:
    done = CliRunner().invoke(cli, ["run", str(photographs), "-e", "pixels", "--memory", "lots"])
    assert done.exit_code != 0
