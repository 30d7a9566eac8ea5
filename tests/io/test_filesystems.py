"""Promises of remote file systems: one per address, short errors, a silent server is given up."""

import pytest

from embedbench.io.filesystems import FileSystem, file_system


def answer(system: FileSystem, error: Exception) -> str:
    """Return the error of a request that fails with this error."""

    def question(system: FileSystem) -> None:
        raise error

    with pytest.raises(OSError) as caught:
        system.answer(question)
    return str(caught.value)


def test_an_address_has_one_file_system() -> None:
    assert file_system("memory://one") is file_system("memory://one")
    assert file_system("memory://one") is not file_system("memory://two")


def test_paths_are_below_the_address() -> None:
    system = file_system("memory://folder/deep")
    assert system.full("a/b.png") == "/folder/deep/a/b.png"
    assert not system.keeps_objects


def test_an_unknown_scheme_fails_at_the_first_request_only() -> None:
    system = FileSystem("nothing://folder")
    with pytest.raises(OSError, match="Protocol not known: nothing"):
        system.answer(lambda system: system.arrow)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("AWS Error NO_SUCH_BUCKET during GetObject"), "there is no such bucket"),
        (OSError("AWS Error ACCESS_DENIED: no"), "permission denied"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (RuntimeError("first line\nsecond line"), "first line"),
        (RuntimeError("x" * 1000), "x" * 200),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_an_error_has_a_short_reason(error: Exception, reason: str) -> None:
    assert answer(FileSystem("memory://"), error) == reason


def test_a_missing_file_stays_a_missing_file() -> None:
    def question(system: FileSystem) -> None:
        raise FileNotFoundError("a.png")

    with pytest.raises(FileNotFoundError, match="a.png"):
        FileSystem("memory://").answer(question)


def test_a_server_that_is_silent_eight_times_in_a_row_is_not_asked_again() -> None:
    system = FileSystem("memory://")
    for _ in range(7):
        assert answer(system, ConnectionError("refused")) == "refused"
    assert system.answer(lambda system: 1) == 1  # an answer starts the count again
    for _ in range(8):
        answer(system, ConnectionError("refused"))
    with pytest.raises(OSError, match="its server does not answer"):
        system.answer(lambda system: 1)
