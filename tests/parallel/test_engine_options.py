"""Promises of engine options: invalid values are refused before anything is started."""

from typing import Any

import pytest

from embedbench.errors import InputError
from embedbench.parallel.engine_options import EngineOptions, parse_size


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "dask"}, "`engine` must be one of local, ray; not 'dask'"),
        ({"address": "head:6379"}, "`address` is for the engine 'ray'; not for 'local'"),
        ({"workers": 0}, "`workers` must be at least 1; not 0"),
        ({"patience": 0.0}, "`patience` must be more than 0 seconds; not 0"),
    ],
)
def test_invalid_options_are_refused_with_their_reason(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        EngineOptions(**options).check()


def test_an_address_is_accepted_for_ray() -> None:
    EngineOptions("ray", address="head:6379", workers=1, patience=0.5).check()


def test_sizes_are_in_decimal_units() -> None:
    assert parse_size("1.5 kb") == 1500
    assert EngineOptions(memory="4GB").memory_bytes == 4 * 10**9
    assert EngineOptions().memory_bytes is None
    with pytest.raises(InputError, match="`memory` must be a size such as 4GB or 512MB; not '4'"):
        assert EngineOptions(memory="4").memory_bytes
