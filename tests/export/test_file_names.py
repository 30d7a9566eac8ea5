"""Promises of file names: unique, in one folder, and writable anywhere."""

import pytest

from embedbench.export.file_names import file_names


def test_a_path_becomes_one_name() -> None:
    assert file_names(["cat/1.jpg", "dog/1.jpg"]) == ["cat_1.jpg", "dog_1.jpg"]
    assert file_names(["名前/猫.jpg", "é.png"]) == ["名前_猫.jpg", "é.png"]


def test_names_that_meet_are_numbered_also_where_case_is_ignored() -> None:
    names = file_names(["a/b.jpg", "a_b.jpg", "A:B.jpg"])
    assert names == ["a_b.jpg", "a_b_2.jpg", "A_B_3.jpg"]


@pytest.mark.parametrize(
    "image",
    ["../../etc/passwd", "/etc/passwd", "..", ".", "", "...", "C:\\x.jpg", "a\nb\x00c.jpg",
     "\udcff", ".hidden", "con.jpg", "<script>alert(1)</script>.jpg"],
)  # fmt: skip
def test_no_name_leads_elsewhere_or_cannot_be_written(image: str) -> None:
    [name] = file_names([image])
    assert name and name[0] not in "._ " or name == "_con.jpg"
    assert not set(name) & set('/\\:*?"<>|\n\x00') and name.isprintable()
    assert name.encode()


def test_long_names_keep_their_ending_and_fit() -> None:
    [first, second] = file_names(["ü" * 300 + ".jpeg", "ü" * 300 + "x.jpeg"])
    assert first.endswith(".jpeg") and second.endswith("_2.jpeg")
    assert len(second.encode()) <= 255
