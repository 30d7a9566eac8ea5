"""Promises of figures as files: those that were asked for, in the format, with text as text."""

import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from embedbench.errors import InputError
from embedbench.report.plots.drawing import draw_figures
from tests.support.example_results import example_results

RESULTS = example_results()


ENCODER_FOLDERS = (
    "01_pixels",
    "02_timm_resnet50_pretrained_false",
    "03_keras_MobileNetV2_weights_x_h5",
)


@pytest.mark.parametrize(
    ("only", "files"),
    [
        (["ranks"], ["ranks.png"]),
        (["ranks", "maps_t*"], ["ranks.png", "maps_tsne.jpg"]),
        (["01_pixels/elbow"], ["01_pixels/elbow.png"]),
        (["0?_*/elbow"], [f"{folder}/elbow.png" for folder in ENCODER_FOLDERS]),
    ],
)
def test_only_what_was_asked_for_is_drawn(
    only: list[str], files: list[str], tmp_path: Path
) -> None:
    ticks: list[int] = []
    drawn = draw_figures(RESULTS, tmp_path, only, tick=ticks.append)
    assert drawn == [tmp_path / file for file in files] and sum(ticks) == len(files)
    assert {path for path in tmp_path.rglob("*.*") if path.stat().st_size > 1000} == set(drawn)
    assert RESULTS.figures(str(tmp_path), only) == drawn


def test_the_folder_of_an_encoder_is_a_name_too(tmp_path: Path) -> None:
    drawn = draw_figures(RESULTS, tmp_path, ["01_pixels/"])
    assert len(drawn) > 5 and {path.parent.name for path in drawn} == {"01_pixels"}


def test_svg_holds_text_as_text_and_is_the_same_each_time(tmp_path: Path) -> None:
    (first,) = draw_figures(RESULTS, tmp_path / "a", ["ranks"], "svg")
    (again,) = draw_figures(RESULTS, tmp_path / "b", ["ranks"], "svg")
    assert first.name == "ranks.svg" and first.read_bytes() == again.read_bytes()
    texts = [one.text for one in ElementTree.parse(first).iter("{http://www.w3.org/2000/svg}text")]
    assert any("Rank by AMI" in (text or "") for text in texts) and "pixels" in texts


def test_pdf_embeds_its_fonts_whole(tmp_path: Path) -> None:
    (file,) = draw_figures(RESULTS, tmp_path, ["ranks"], "pdf")
    content = file.read_bytes()
    assert content.startswith(b"%PDF") and (b"/TrueType" in content or b"/Type0" in content)
    assert b"/Type3" not in content and b"CreationDate" not in content


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext (Debian: poppler-utils)")
def test_pdf_holds_text_as_text(tmp_path: Path) -> None:
    (file,) = draw_figures(RESULTS, tmp_path, ["ranks"], "pdf")
    text = subprocess.check_output(["pdftotext", file, "-"], encoding="utf-8")
    assert "Rank by AMI" in text and "pixels" in text


@pytest.mark.parametrize(
    ("only", "format", "words"),
    [
        (["rank"], "png", "no figure is called 'rank'; there are: .*ranks"),
        ((), "bmp", "must be png, svg, pdf; not 'bmp'"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    only: list[str], format: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=words):
        draw_figures(RESULTS, tmp_path, only, format)
