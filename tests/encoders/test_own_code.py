"""Promises of one's own encoders: a file or a module is an encoder, without installing."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from embedbench.comparison.api import compare
from embedbench.encoder import Encoder
from embedbench.encoders.registry import create_encoder, create_encoders
from embedbench.errors import EncoderError, InputError

BRIGHTNESS = '''from dataclasses import dataclass
import numpy as np
from embedbench import Encoder

@dataclass(frozen=True)
class Brightness(Encoder):
    """Brightness on a grid."""
    side: int = 4

    def encode_batch(self, images):
        small = [image.convert("L").resize((self.side, self.side)) for image in images]
        return np.stack([np.asarray(one, np.float32).ravel() for one in small])
'''


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Modules of other tests' files are not there, and none stays behind."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("embedbench_file_") or name.partition(".")[0] in ("mine", "wrong"):
            del sys.modules[name]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my_encoder.py"
    path.write_text(BRIGHTNESS)
    return path


def own(path: Path, rest: str = "") -> Encoder:
    return create_encoder(f"{path}{rest}")


def test_a_class_in_a_file_takes_its_fields(file: Path) -> None:
    encoder = own(file, ":Brightness,side=2")
    assert encoder == own(file, ":Brightness,side=2") != own(file, ":Brightness")
    assert list(create_encoders([f"{file}:Brightness,side=2"])) == ["Brightness,side=2"]


def test_the_only_encoder_of_a_file_needs_no_name(file: Path) -> None:
    assert own(file) == own(file, ":Brightness")


@pytest.mark.usefixtures("one_core")
def test_a_comparison_runs_with_a_file_and_finds_its_vectors_again(
    file: Path, photographs: Path, tmp_path: Path
) -> None:
    spec, out = f"{file}:Brightness", tmp_path / "out"
    results = compare(
        photographs, [spec, "pixels"], k="3", seeds=1, copies=0, projections=[], out=out,
        store=tmp_path / "store",
    )  # fmt: skip
    table = results.encoders.set_index("encoder")
    assert table.loc["Brightness", "dim"] == 16 and table.loc["Brightness", "status"] == "ok"
    again = compare(
        photographs, [spec], k="3", seeds=1, copies=0, projections=[], store=tmp_path / "store"
    )
    counts = again.timings.query("quantity == 'images_encoded'")["value"]
    assert counts.tolist() == [0]


def test_the_fingerprint_follows_the_code_and_not_its_comments(tmp_path: Path) -> None:
    prints = []
    for number, text in enumerate(
        [BRIGHTNESS, BRIGHTNESS + "# a remark\n", BRIGHTNESS.replace("ravel()", "ravel() / 255")]
    ):
        path = tmp_path / str(number) / "my_encoder.py"
        path.parent.mkdir()
        path.write_text(text)
        prints.append(own(path).fingerprint())
        del sys.modules["embedbench_file_my_encoder"]
    assert prints[0] == prints[1] != prints[2]


def test_a_file_named_like_a_library_does_not_stand_in_for_it(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text(BRIGHTNESS)
    assert type(own(tmp_path / "json.py")).__name__ == "Brightness"
    import json

    assert json.loads("1") == 1


def test_two_files_of_one_name_are_an_error(file: Path, tmp_path: Path) -> None:
    own(file)
    other = tmp_path / "other" / file.name
    other.parent.mkdir()
    other.write_text(BRIGHTNESS)
    with pytest.raises(InputError, match="two files of encoders are named 'my_encoder.py'"):
        own(other)


def test_a_module_of_a_package_below_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photographs: Path
) -> None:
    package = tmp_path / "mine"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "size.py").write_text("SIDE = 3\n")
    text = BRIGHTNESS.replace("side: int = 4", "side: int = SIDE")
    (package / "encoders.py").write_text("from mine.size import SIDE\n" + text)
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    results = compare(photographs, ["mine.encoders:Brightness"], k="3", seeds=1, copies=0)
    assert results.encoders["dim"].tolist() == [9]
    assert sys.path == before


def test_a_function_in_a_file_is_an_encoder(tmp_path: Path) -> None:
    path = tmp_path / "means.py"
    path.write_text(
        "import numpy as np\n\n"
        "def mean(images):\n    return [np.asarray(image).mean((0, 1)) for image in images]\n"
    )
    made = own(path, ":mean")
    from PIL import Image

    np.testing.assert_array_equal(made.encode([Image.new("RGB", (4, 4), (1, 2, 3))]), [[1, 2, 3]])
    with pytest.raises(InputError, match="is no class, so it takes no fields"):
        own(path, ":mean,side=2")


@pytest.mark.parametrize(
    ("text", "rest", "error", "words"),
    [
        ("def broken(:\n", "", EncoderError, "cannot be imported: invalid syntax, line 1"),
        ("x = 1\n1 / 0\n", "", EncoderError, "ZeroDivisionError: division by zero, line 2"),
        ("import no_such_library\n", "", EncoderError, "No module named 'no_such_library', line 1"),
        ("import sys\nsys.exit(3)\n", "", EncoderError, "SystemExit: 3, line 2"),
        ("x = 1\n", "", InputError, "defines no encoder; name one"),
        ("x = 1\n", ":x", InputError, "the encoder 'x' cannot be of type int"),
        (BRIGHTNESS, ":Brightnes", InputError, "has no 'Brightnes'; encoders there: Brightness"),
        (BRIGHTNESS, ":Brightness,size=3", InputError, "no field 'size'; its fields: side"),
        ("class A: pass\n", ":A", EncoderError, "'A' in .* must be a subclass of embedbench.Enco"),
        (
            BRIGHTNESS + BRIGHTNESS.replace("class Brightness", "class Other"),
            "",
            InputError,
            "defines Brightness, Other; name one: .*wrong.py:Brightness",
        ),
        (
            BRIGHTNESS.replace("@dataclass(frozen=True)\n", ""),
            ":Brightness,side=3",
            EncoderError,
            "has no fields; write @dataclass",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(
    text: str, rest: str, error: type[Exception], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(text)
    with pytest.raises(error, match=words) as caught:
        own(path, rest)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_imported_is_a_failed_row_and_the_others_go_on(
    file: Path, tmp_path: Path, photographs: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("def broken(:\n")
    specs = [f"{broken}:Mine", f"{file}:Brightness"]
    results = compare(photographs, specs, k="3", seeds=1, copies=0)
    table = results.encoders.set_index("encoder")
    assert table["status"].to_dict() == {specs[0]: "failed", "Brightness": "ok"}
    assert "cannot be imported: invalid syntax, line 1" in table["error"][specs[0]]


def test_a_file_that_needs_its_neighbour_is_told_to_be_a_package(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("SIDE = 3\n")
    (tmp_path / "wrong.py").write_text("from neighbour import SIDE\n")
    with pytest.raises(EncoderError, match="a file stands alone: .* give package.module:Class"):
        own(tmp_path / "wrong.py")


def test_files_and_modules_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file '.*absent.py' with an encoder"):
        own(tmp_path / "absent.py", ":A")
    with pytest.raises(InputError, match="no module 'no_such_package.part', installed or below"):
        create_encoder("no_such_package.part:A")
