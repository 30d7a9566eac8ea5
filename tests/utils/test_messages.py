"""Promises of messages: foreign errors become our own, in one printable line."""

import errno
import pickle
import sys

import pytest

from embedbench.errors import EncoderError, InputError, StoreError
from embedbench.utils.messages import (
    describe_error,
    first_sentence,
    one_line,
    picklable_errors,
    system_reason,
    wrap_foreign_errors,
)

FULL = "No space left on device"


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Unpicklable(Exception):
    def __reduce__(self) -> str:
        raise TypeError("cannot be pickled")


def test_a_text_becomes_one_printable_line_of_at_most_500_characters() -> None:
    assert one_line("a\n\tb\x1b[31m  c") == "a b [31m c"
    assert one_line("x" * 10_000_000) == "x" * 500


def test_the_first_sentence_has_no_full_stop() -> None:
    assert first_sentence("The file is missing. Try again.") == "The file is missing"
    assert first_sentence(ValueError("version\n1.2 is too old.")) == "version 1.2 is too old"
    assert first_sentence(KeyboardInterrupt.__name__) == "KeyboardInterrupt"
    assert first_sentence(ValueError()) == "ValueError"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("bad\nshape"), "ValueError: bad shape"),
        (ValueError(), "ValueError"),
        (InputError("no such column"), "no such column"),
        (InputError(), "InputError"),
        (Unprintable(), "Unprintable"),
    ],
)
def test_an_error_is_described_by_its_class_and_message(error: Exception, line: str) -> None:
    assert describe_error(error) == line


def test_foreign_errors_and_exits_become_encoder_errors_with_their_cause() -> None:
    with pytest.raises(EncoderError, match=r"^ZeroDivisionError: .* by zero$") as caught:
        with wrap_foreign_errors():
            _ = 1 // 0
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(EncoderError, match=r"^SystemExit: 3$"), wrap_foreign_errors():
        sys.exit(3)


def test_our_own_errors_and_ctrl_c_are_not_wrapped() -> None:
    with pytest.raises(InputError, match="^no such column$"), wrap_foreign_errors():
        raise InputError("no such column")
    with pytest.raises(KeyboardInterrupt), wrap_foreign_errors():
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("error", "kind", "line"),
    [
        (Unpicklable("of its own"), EncoderError, "Unpicklable: of its own"),
        (KeyboardInterrupt(), EncoderError, "KeyboardInterrupt"),
        (StoreError("the disk is full"), EncoderError, "the disk is full"),
        (InputError("no such field"), InputError, "no such field"),
    ],
)
def test_an_error_of_a_worker_can_be_pickled_and_does_not_name_the_store(
    error: BaseException, kind: type[Exception], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(kind) as caught, picklable_errors():
        raise error
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is kind and str(copy) == line
    assert copy.__cause__ is None and copy.__context__ is None
    assert type(error).__name__ in capsys.readouterr().err


def test_the_system_s_reason_is_found_in_the_words_of_a_library() -> None:
    """Arrow wraps it, and sets no error number."""
    assert system_reason(OSError(errno.ENOSPC, "No space left on device")) == FULL
    wrapped = "Error writing bytes to file. Detail: [errno 28] No space left on device"
    assert system_reason(OSError(wrapped)) == FULL
    assert system_reason(OSError(errno.ENOSPC, wrapped)) == FULL
    assert system_reason(OSError("it is broken")) == "it is broken"
