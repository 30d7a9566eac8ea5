"""Promises of the names in archives: each is below the archive, and links stay inside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.data.containers.members import Entry, MemoryImage, files_of, may_be_used
from embedbench.data.images.sources import RejectedImage, read_source

CONTENT = MemoryImage(b"abc")


def test_an_image_in_memory_is_its_bytes() -> None:
    assert read_source(CONTENT) == b"abc" and CONTENT.read(2) == b"ab"


@given(st.lists(st.sampled_from(["..", ".", "", "a", "b.png", "C:", "\\", "~"]), min_size=1))
def test_no_name_leads_out(parts: list[str]) -> None:
    name = "/".join(parts) + ".png"
    for found, file in files_of([Entry(name, CONTENT)]):
        assert ".." not in found.split("/") and not found.startswith("/")
        if name.startswith("/") or ".." in name.split("/"):
            assert isinstance(file, RejectedImage)


@pytest.mark.parametrize(
    ("link", "is_followed"),
    [
        ("in/a.png", True), ("./in//a.png", True), ("in/../in/a.png", True), ("in", False),
        ("../in/a.png", False), ("/in/a.png", False), ("b.png", False), ("", False),
    ],
)  # fmt: skip
def test_a_link_is_the_file_that_it_leads_to(link: str, is_followed: bool) -> None:
    entries = [Entry("in/a.png", CONTENT), Entry("b.png", None, link)]
    found = dict(files_of(entries))
    assert found["in/a.png"] is CONTENT
    assert (found["b.png"] is CONTENT) == is_followed
    assert is_followed or isinstance(found["b.png"], RejectedImage)


def test_a_link_to_a_name_that_leads_out_is_not_followed() -> None:
    entries = [Entry("../a.png", CONTENT), Entry("b.png", None, "../a.png")]
    assert all(isinstance(file, RejectedImage) for _, file in files_of(entries))


def test_links_to_folders_are_left_out() -> None:
    assert [name for name, _ in files_of([Entry("in/a.png", CONTENT), Entry("x", None, "in")])] == [
        "in/a.png"
    ]


def test_films_in_an_archive_are_no_images_and_tables_are_used() -> None:
    assert all(map(may_be_used, ["a.png", "a", "a.cls", "a.json", "metadata.csv"]))
    assert not any(map(may_be_used, ["a.mp4", "a.zip", "a.pdf"]))
