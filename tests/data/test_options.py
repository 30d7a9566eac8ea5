"""Promises of the options of a source: nothing is assumed, and each says what it is for."""

import pytest

from embedbench.data.depth.drawing import Drawing
from embedbench.data.options import SourceOptions
from embedbench.data.tables.form import TableForm
from embedbench.errors import InputError
from embedbench.utils.options import list_options, value_of


def test_without_options_a_source_is_read_as_it_is() -> None:
    options = SourceOptions()
    assert options.form == TableForm() and options.drawing == Drawing()
    for one in list_options(SourceOptions):
        assert value_of(options, one) in (None, False, [], ()), one.keyword


def test_each_option_has_a_flag_and_a_sentence() -> None:
    options = list_options(SourceOptions)
    for one in options:
        assert one.flags and one.flags[-1].startswith("--") and one.help, one.keyword
        assert (one.metavar is None) == (one.kind is bool), one.keyword
    assert {one.keyword for one in options if one.is_file} == {"labels", "root"}
    words = [one.word for one in options]
    assert len(set(words)) == len(words)


def test_columns_and_folder_are_the_form_of_tables() -> None:
    options = SourceOptions(path_column="p", label_column="l", root="r", keep_na=True)
    assert options.form == TableForm(path="p", label="l", root="r", keep_na=True)


def test_how_deep_images_are_drawn_is_read_from_texts() -> None:
    options = SourceOptions(bands="4,3,2", value_range="0..3000", plane=2)
    assert options.drawing == Drawing(bands=(4, 3, 2), limits=(0.0, 3000.0), plane=2)
    assert SourceOptions(depth=12).drawing == Drawing(depth=12)
    with pytest.raises(InputError, match="`bands` must be one or three numbers"):
        _ = SourceOptions(bands="4,3").drawing
