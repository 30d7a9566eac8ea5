"""Promises of a comparison from words: where it is written if nobody says where."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from embedbench.cli.compare import compare_and_print, name_of_run
from embedbench.errors import InputError
from tests.support.command_line import call


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


def test_figures_are_drawn_once_into_the_folder(
    photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    drawn_here: list[object] = []
    monkeypatch.setattr(Figure, "savefig", lambda *_, **__: drawn_here.append(_))
    out = tmp_path / "run"
    words = {
        "source": [str(photographs)], "encoder": ["pixels"], "k": "3", "seeds": 1, "copies": 0,
        "clusterer": ["kmeans"], "projection": ["pca"], "quiet": True, "out": str(out),
    }  # fmt: skip
    assert compare_and_print(words, draws_figures=True) == 0
    files = [path for path in (out / "figures").rglob("*") if path.is_file()]
    assert drawn_here == []  # worker processes drew
    assert capsys.readouterr().err.splitlines()[-1] == f"{len(files)} figures: {out / 'figures'}"
    folder, (figure, *_) = out / "figures", sorted(files)
    names = {path.relative_to(folder).parts[0] for path in files if path.parent != folder}
    assert names == {"01_pixels"} and figure.stat().st_size > 0


@pytest.mark.parametrize("quiet", [True, False])
def test_where_every_encoder_failed_each_reason_is_said_once(
    photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], quiet: bool
) -> None:
    own = tmp_path / f"failing_{quiet}.py"  # its module stays imported
    own.write_text(
        "from embedbench import Encoder\n\nclass Torn(Encoder):\n"
        "    def encode_batch(self, images):\n        raise ValueError('it is torn')\n\n"
        "class Lost(Encoder):\n"
        "    def encode_batch(self, images):\n        raise ValueError('it is lost')\n"
    )
    words = ["run", photographs, "-e", f"{own}:Torn", "-e", f"{own}:Lost"]
    code, out, err = call(capsys, *words, *(["--quiet"] if quiet else []))
    assert (code, out) == (2, "")
    assert err.count("it is torn") == err.count("it is lost") == 1
    last = err.splitlines()[-1]
    if quiet:
        torn, lost = "'Torn': ValueError: it is torn", "'Lost': ValueError: it is lost"
        assert err == f"error: no encoder could be used; {torn}; {lost}\n"
    else:
        assert last == "error: no encoder could be used, for the reasons above"
