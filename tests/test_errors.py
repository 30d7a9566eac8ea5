"""Promises of the errors: one line, one base, and the class that Python has for it."""

import pickle

import pytest

from embedbench import errors
from embedbench.errors import EmbedbenchError, InputError, NotWrittenError

BUILT_IN = {
    "EncoderError": RuntimeError,
    "ImageError": ValueError,
    "InputError": ValueError,
    "MissingLibraryError": ImportError,
    "NoEncoderError": ValueError,
    "NotWrittenError": ValueError,
    "StoreError": OSError,
    "UnknownEncoderError": LookupError,
    "WeightsError": OSError,
}


def test_every_error_is_one_of_embedbench_and_one_of_python() -> None:
    assert set(errors.__all__) == {"EmbedbenchError", *BUILT_IN}
    for name, kind in BUILT_IN.items():
        assert issubclass(getattr(errors, name), EmbedbenchError)
        assert issubclass(getattr(errors, name), kind)


@pytest.mark.parametrize("name", sorted(set(BUILT_IN) - {"NotWrittenError"}))
def test_the_message_is_one_line_as_it_was_given(name: str) -> None:
    error = getattr(errors, name)("no folder '{0} %s <b>'\nor table")
    assert str(error) == "no folder '{0} %s <b>' or table"


def test_a_message_steers_no_terminal() -> None:
    assert str(InputError("'\x1b[2J\udcff'")) == r"'\x1b[2J\xff'"


@pytest.mark.parametrize("name", sorted(set(BUILT_IN) - {"NotWrittenError"}))
def test_an_error_of_a_worker_comes_back_as_it_was(name: str) -> None:
    error = getattr(errors, name)("no luck")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == "no luck"


def test_results_that_were_not_written_are_not_lost() -> None:
    results = object()
    with pytest.raises(InputError, match="the disk is full") as caught:
        raise NotWrittenError("the disk is full", results)
    assert isinstance(caught.value, NotWrittenError) and caught.value.results is results
