"""Promises of a comparison from words: where it is written if nobody says where."""

import pytest

from embedbench.cli.compare import compare_and_print, name_of_run
from embedbench.errors import InputError


@pytest.mark.parametrize(
    ("sources", "name"),
    [
        (["photos/"], "photos"),
        (["data/photos.csv"], "photos"),
        (["photos", "sketches"], "photos-sketches"),
        (["s3://bucket/photos?region=eu-west-1"], "photos"),
        (["open-images:oi,per_class=5"], "oi"),
        (["."], "images"),
    ],
)
def test_a_run_is_called_after_its_sources(sources: list[str], name: str) -> None:
    assert name_of_run(sources) == name


def test_an_error_of_the_comparison_is_passed_on() -> None:
    with pytest.raises(InputError, match="there is no folder or table 'nowhere'"):
        compare_and_print({"source": ["nowhere"], "encoder": ["pixels"], "quiet": True})
