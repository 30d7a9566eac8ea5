"""Files of weights that would run code: a pickle, in each of the forms that PyTorch has had."""

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["FORMS", "Attack", "assert_harmless"]


class Attack:
    """Unpickled, it makes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Path.touch, (self.mark,)


def _today(file: Path, mark: Path) -> None:
    import torch

    torch.save({"conv1.weight": Attack(mark)}, file)


def _legacy(file: Path, mark: Path) -> None:
    import torch

    torch.save({"conv1.weight": Attack(mark)}, file, _use_new_zipfile_serialization=False)


def _bare(file: Path, mark: Path) -> None:
    file.write_bytes(pickle.dumps({"conv1.weight": Attack(mark)}, protocol=2))


def _archive(file: Path, mark: Path) -> None:
    """A zip file made by hand, with a byte order and a version that PyTorch would write."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Attack(mark), protocol=2))
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")


FORMS: dict[str, Callable[[Path, Path], None]] = {
    "today": _today, "legacy": _legacy, "bare": _bare, "archive": _archive,
}  # fmt: skip


def assert_harmless(
    load: Callable[[], object], mark: Path, refusal: type[Exception] | tuple[type[Exception], ...]
) -> None:
    """Loading must be refused in one line, and nothing of it have run."""
    try:
        load()
    except refusal as error:
        assert "\n" not in str(error) and len(str(error)) > 20
    else:
        raise AssertionError("it was loaded")
    assert not mark.exists(), "code in the weights was run"
