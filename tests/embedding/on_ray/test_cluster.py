"""Promises of the cluster, without one: errors in a line, addresses that cannot be."""

import pytest

from embedbench.errors import InputError
from tests.support.libraries import library

library("ray")


def test_an_error_is_its_last_line_or_its_class() -> None:
    from embedbench.embedding.on_ray.cluster import last_line

    assert last_line(ValueError("Traceback ...\n  File x\nValueError: too dark\n\n")) == (
        "ValueError: too dark"
    )
    assert last_line(ValueError("")) == "ValueError"
    assert len(last_line(ValueError("x" * 1000))) == 300


@pytest.mark.parametrize("address", ["head", "head:", ":6379", "ray://head:10001", "head:port"])
def test_an_address_that_cannot_be_is_refused_at_once(address: str) -> None:
    from embedbench.embedding.on_ray.cluster import connect

    with pytest.raises(InputError, match="must be HOST:PORT"):
        connect(address)
