"""Promises of the templates: what is put into one is escaped, and what is missing is an error."""

import pytest
from jinja2 import UndefinedError

from embedbench.report.layout.templates import template


def test_what_is_put_in_is_escaped_and_nothing_may_be_missing() -> None:
    page = template("ask.html.j2")
    text = page.render(file="<b>.csv", script="", script_hash="sha256-x")
    assert "&lt;b&gt;.csv" in text and "<b>" not in text
    with pytest.raises(UndefinedError):
        page.render(file="labels.csv")
