"""Promises of tables and folders as people have them: no wrong label, and nothing lost in silence.

The form is that of `test_fuzz.py`: the same inputs in every run, more of them with FUZZ_TIMES.
"""

import csv
import io
import os
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from embedbench.data.dataset import Dataset
from embedbench.data.loading import read_dataset
from embedbench.errors import EmbedbenchError

WORDS = [
    "IMG_1", "1", "01", "a", "b", "a b", "v1.2", "cat's", 'say "x"', "a,b", "a;b", "a|b", "=1+1",
    "-2", "@x", "#3", "50%", "café", "cafe\u0301", "Straße", "STRASSE", "İstanbul", "Ünïcode",
    "カガ", "カ\u3099", "猫", "قطة", "כלב 1", "\u202bab\u202c", "😀", "👩‍👩‍👧", "ﬁn", "Å", "x" * 60,
    "NA", "None", "nan", "path", "label",
]  # fmt: skip
STEMS = st.sampled_from(WORDS) | st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="/\\."),
    min_size=1,
    max_size=8,
).filter(lambda text: text.strip() == text)
FOLDERS = st.lists(st.sampled_from(["cat", "dog", "é", "e\u0301", "in a", "猫", "Cat"]), max_size=2)
SUFFIXES = st.sampled_from([".png", ".jpg", ".JPG", ".tiff"])
LABELS = st.sampled_from(
    ["cat", "dog", "cat|dog", "a, b", "قطة", "=1", "-1", "1.0", "007", "True", "é", "e\u0301",
     'say "x"', "it's", "two words", "x;y", "😀"]
)  # fmt: skip


@dataclass
class Case:
    """A folder of images and a table of their labels.

    Attributes:
        images: paths below the folder.
        rows: image of each row, None for a name of no image; its name as it is written; its label.
        is_whole: whether names are written with all their folders, their suffix and their case.
        file: name of the table.
        content: what it holds.
        columns: options of the columns; none if they are to be found.
        label_column: the column of labels.
    """

    images: list[str]
    rows: list[tuple[str | None, str, str]]
    is_whole: bool
    file: str
    content: bytes
    columns: dict[str, str]
    label_column: str

    def has_other_labels(self, remarks: str) -> bool:
        """Return whether another column was taken for that of an unusual name, which is said."""
        own = f"labels: column '{self.label_column}' of"
        return self.label_column == UNUSUAL and not self.columns and own not in remarks


UNUSUAL = "art"


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw images, the form in which names are written, and a table with a label for some."""
    paths = st.tuples(FOLDERS, STEMS, SUFFIXES).map(
        lambda one: "/".join([*one[0], one[1] + one[2]])
    )
    images = draw(st.lists(paths, min_size=1, max_size=5, unique=True))
    changes: list[Callable[[str], str]] = []
    for change in (bare, without_folders, in_capitals):
        if draw(st.integers(0, 4)) == 0:
            changes.append(change)
    is_whole = not changes
    roots = ["", "./", "C:\\data\\", "/other/root/", "\\\\host\\share\\"]
    root = draw(st.sampled_from(roots[:2] if without_folders in changes else roots))
    accents: list[Callable[[str], str]] = [composed, decomposed, str]
    changes.append(draw(st.sampled_from(accents)))
    changes.append(lambda name: root + name)
    if root.endswith("\\") or draw(st.booleans()):
        changes.append(lambda name: name.replace("/", "\\"))
    named = draw(st.lists(st.sampled_from(images), min_size=1, unique=True))
    rows: list[tuple[str | None, str, str]] = []
    for image in [*named, *[None] * draw(st.integers(0, 2))]:
        name = image or f"nowhere-{len(rows)}.png"
        for written_as in changes:
            name = written_as(name)
        rows.append((image, name, draw(LABELS)))
    if draw(st.integers(0, 3)) == 0:
        image, name, label = rows[0]
        rows.append((image, draw(st.sampled_from([name, f"./{image}"])), label))
    name_column = draw(st.sampled_from(["path", "file_name", "Image", "id", "bild"]))
    label_column = draw(st.sampled_from(["label", "Species", "class", UNUSUAL]))
    header, cells = [name_column, label_column], [[name, label] for _, name, label in rows]
    if draw(st.booleans()):
        header.append(draw(st.sampled_from(["width", "note", "split", ""])))
        for row in cells:
            row.append(draw(st.sampled_from(["", "1", "train", "a,b"])))
    if draw(st.booleans()):
        header, cells = header[::-1], [row[::-1] for row in cells]
    suffix, separator = draw(st.sampled_from([(".csv", ","), (".csv", ";"), (".tsv", "\t")]))
    columns = {}
    if draw(st.booleans()):
        columns = {"path_column": name_column, "label_column": label_column}
    content = draw(encoded(written([header, *cells], separator)))
    return Case(images, rows, is_whole, f"t{suffix}", content, columns, label_column)


def in_capitals(name: str) -> str:
    """Return a name in capitals, but for letters such as a dotless i, which are lost by that."""
    return "".join(one.upper() if one.upper().casefold() == one.casefold() else one for one in name)


def composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def decomposed(name: str) -> str:
    return unicodedata.normalize("NFD", name)


def bare(name: str) -> str:
    return name.rpartition(".")[0]


def without_folders(name: str) -> str:
    return name.rpartition("/")[2]


def written(rows: list[list[str]], separator: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue()


def encoded(text: str) -> st.SearchStrategy[bytes]:
    """Encode the text; as Windows-1252 only if that is not UTF-8 with another meaning."""
    contents = [text.encode(encoding) for encoding in ("utf-8", "utf-8-sig", "utf-16")]
    try:
        old = text.encode("cp1252")
        old.decode("utf-8")
    except UnicodeEncodeError:
        pass
    except UnicodeDecodeError:
        contents.append(old)
    return st.sampled_from(contents)


def key(path: str) -> str:
    """Return what two paths have in common if a name could be meant for both."""
    last = unicodedata.normalize("NFC", PurePosixPath(path).stem.strip())
    return unicodedata.normalize("NFC", last.casefold())


def counted(pattern: str, remarks: str) -> int:
    """Return the sum of the numbers before a wording in remarks."""
    return sum(
        int(number.replace(",", "")) for number in re.findall(rf"([\d,]+) {pattern}", remarks)
    )


def told(dataset: Dataset) -> str:
    return " / ".join((*dataset.remarks, *dataset.label_remarks))


def labels_in(dataset: Dataset) -> list[str | None]:
    if "truth" not in dataset.table:
        return [None] * len(dataset)
    return [None if pd.isna(one) else one for one in dataset.table["truth"]]


def check_labels(case: Case, found: dict[str, str | None], several: int) -> None:
    """No image has another label than that of its row; none lacks it that only one row can mean."""
    keys = Counter(map(key, case.images))
    for image in case.images:
        own = [composed(label) for meant, _, label in case.rows if meant == image]
        others = [
            composed(label) for meant, _, label in case.rows if meant and key(meant) == key(image)
        ]
        label = found.get(image)
        if case.is_whole or keys[key(image)] == 1:
            assert label in (*own, None), (image, label)
        assert label in (*others, None), (image, label)
        if own and keys[key(image)] == 1 and not (several and "|" in own[0]):
            assert label == own[0], (image, label)


def read_as_labels(case: Case, folder: Path) -> bool:
    """A folder with the table as labels: each row has labelled its image, or was counted."""
    options = {"labels": str(folder / case.file), **case.columns}
    dataset = read_dataset(folder / "images", **options)
    assert sorted(dataset.names) == sorted(case.images)
    remarks, labels = told(dataset), labels_in(dataset)
    if case.has_other_labels(remarks):
        return True
    several = counted("images? ha(?:ve|s) several labels", remarks)
    check_labels(case, dict(zip(dataset.names, labels, strict=True)), several)
    unmatched = counted(r"of \d+ rows? in", remarks)
    doubtful = counted("names? in", remarks) + counted("images? could be that", remarks)
    labelled = sum(label is not None for label in labels)
    most, least = len(case.rows), len({key(image or name) for image, name, _ in case.rows})
    assert labelled + unmatched + several <= most
    assert doubtful or labelled + unmatched + several >= least
    assert len(labels) - labelled - several == counted(r"of \d+ images? ha(?:ve|s) no row", remarks)
    return True


def read_as_images(case: Case, folder: Path) -> bool:
    """The table as a set: each row is a file, one that is not there, or a repeated one."""
    file = folder / "images" / case.file
    shutil.move(folder / case.file, file)
    dataset = read_dataset(file, **case.columns)
    remarks, labels = told(dataset), labels_in(dataset)
    assert len(dataset) + counted("rows? of", remarks) == len(case.rows)
    found = {
        source.relative_to(folder / "images").as_posix(): label
        for source, label in zip(dataset.sources, labels, strict=True)
        if isinstance(source, Path) and source.is_file()
    }
    keys = Counter(map(key, case.images))
    for image, _, _ in case.rows:
        assert image is None or image in found or keys[key(image)] > 1, image
    if not case.has_other_labels(remarks):
        check_labels(case, found, counted("images? ha(?:ve|s) several labels", remarks))
    return True


def write_case(case: Case, folder: Path) -> None:
    for name in case.images:
        (folder / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "images" / name).write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / case.file).write_bytes(case.content)


@dataclass
class Tree:
    """A folder of images.

    Attributes:
        images: label and split of each image by its path.
        rubbish: files that look like images and are none of the set.
        others: files that do not look like images.
    """

    images: dict[str, tuple[str | None, str | None]]
    rubbish: list[str]
    others: list[str]


SPLITS = {
    "train": ["train", "Training", "train2017", "train_set"],
    "val": ["val", "valid", "Validation"],
    "test": ["test", "testing", "test-images"],
}
CLASSES = [
    "cat",
    "dog",
    "猫",
    "قطة",
    "été",
    "Canis lupus",
    "0",
    "1",
    "n01440764",
    "=x",
    "a,b",
    "owl",
]
RUBBISH = [
    "@eaDir/1.png/SYNOPHOTO_THUMB.jpg", "#recycle/1.png", "$RECYCLE.BIN/1.jpg", ".hidden/1.png",
    "__MACOSX/._1.png", ".1.png", ".@__thumb/1.jpg", "raw.nef", "@EADIR/1.jpg", "draw.psd",
]  # fmt: skip
OTHERS = [".DS_Store", "Thumbs.db", "notes.txt", "LICENSE", "a.csv", ".git/config", "film.mp4"]


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Draw a tree of classes, perhaps with splits above or below them, and what lies around."""
    home = draw(st.lists(st.sampled_from(["photos", "v1", "images", "train"]), max_size=2))
    classes = draw(st.lists(st.sampled_from(CLASSES), min_size=2, max_size=4, unique=True))
    if draw(st.booleans()):
        tops = [draw(st.sampled_from(["wild", "tame", "جديد"])) for _ in classes]
        if len(set(tops)) > 1:
            classes = [f"{top}/{one}" for top, one in zip(tops, classes, strict=True)]
    kinds: dict[str | None, str] = {None: ""}
    if draw(st.booleans()):
        chosen = draw(st.lists(st.sampled_from(sorted(SPLITS)), min_size=2, unique=True))
        kinds = {kind: draw(st.sampled_from(SPLITS[kind])) for kind in chosen}
    order = draw(st.sampled_from(["split first", "class first"]))
    below = draw(st.sampled_from(["", "images"]))
    images: dict[str, tuple[str | None, str | None]] = {}
    for number, one in enumerate(classes):
        for split, name in kinds.items():
            parts = [name, one] if order == "split first" else [one, name]
            place = "/".join(part for part in [*home, *parts, below] if part)
            for count in range(draw(st.integers(1, 2))):
                images[f"{place}/{number}{count}.png"] = (one, split)
    if draw(st.integers(0, 3)) == 0:
        images["/".join([*home, "loose.png"])] = (None, None)
    folders = sorted(
        {parent.as_posix() for name in images for parent in PurePosixPath(name).parents}
    )
    places = st.sampled_from(folders)
    rubbish, others = (
        draw(st.lists(st.tuples(places, st.sampled_from(some)), max_size=3))
        for some in (RUBBISH, OTHERS)
    )
    return Tree(
        images,
        sorted({PurePosixPath(*pair).as_posix() for pair in rubbish}),
        sorted({PurePosixPath(*pair).as_posix() for pair in others}),
    )


def write_tree(tree: Tree, folder: Path) -> None:
    for name in [*tree.images, *tree.rubbish, *tree.others]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n" if name in tree.images else b"")


def read_as_folder(tree: Tree, folder: Path) -> bool:
    """The folder as a set: labels and splits are those of the tree, and the rest was counted."""
    dataset = read_dataset(folder)
    remarks = told(dataset)
    assert sorted(dataset.names) == sorted(tree.images)
    left_out = counted(r"files? (?:in|looks?)\b", remarks)
    assert left_out == len(tree.rubbish), remarks
    splits = dataset.table["split"] if "split" in dataset.table else [None] * len(dataset)
    for name, label, split in zip(dataset.names, labels_in(dataset), splits, strict=True):
        assert (label, split) == tree.images[name], name
    return True


TARGETS: dict[str, tuple[st.SearchStrategy[Any], Any, Callable[[Any, Path], bool], int]] = {
    "labels": (cases(), write_case, read_as_labels, 70),
    "tables": (cases(), write_case, read_as_images, 70),
    "folders": (trees(), write_tree, read_as_folder, 60),
}
"""What is read: the inputs, what writes and what reads them, how many are tried."""


@pytest.mark.parametrize("name", TARGETS)
def test_any_source_is_right_or_says_what_is_not(name: str, tmp_path: Path) -> None:
    inputs, write, read, count = TARGETS[name]
    outcomes: Counter[bool] = Counter()

    @settings(
        max_examples=count * int(os.environ.get("FUZZ_TIMES", "1")), database=None,
        derandomize=True, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    @given(inputs)
    def one(drawn: Any) -> None:
        folder = tmp_path / "source"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        write(drawn, folder)
        try:
            outcomes[read(drawn, folder)] += 1
        except EmbedbenchError as error:
            assert len(str(error).splitlines()) == 1, repr(str(error))
            outcomes[False] += 1

    one()
    assert outcomes[True] > 2 * outcomes[False], outcomes
