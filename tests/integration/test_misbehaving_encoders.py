"""Promises to encoders of other people: each fails alone, says why, and changes nothing else."""

import os
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embedbench import Results, cli, compare
from embedbench.encoder import Encoder
from embedbench.errors import InputError
from tests.conftest import write_photographs
from tests.support.misbehaving import BEHAVING, DEADLY, FAILING, HANGING, OFFLINE, TEXTS, Colours
from tests.support.plug_ins import plug_in

GOOD = ["first", "last"]
FASTER = {
    "clusterers": ["kmeans"],
    "k": 3,
    "seeds": 2,
    "copies": 2,
    "projections": ["pca"],
    "workers": 1,
}


@pytest.fixture(scope="module", autouse=True)
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with 12 photographs, which are named by a path from there."""
    folder = tmp_path_factory.mktemp("misbehaving")
    write_photographs(folder / "photographs")
    for file in folder.glob("photographs/*/*"):
        if int(file.stem) > 3:
            file.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.chdir(folder)
        yield folder


def compared(encoders: Mapping[str, Encoder], **options: object) -> Results:
    """Compare them between two good ones."""
    asked = {"first": Colours(), **encoders, "last": Colours()}
    return compare("photographs", asked, **FASTER, **options)  # type: ignore[arg-type]


def of_the_good(results: Results) -> dict[str, list[str]]:
    """Return their rows of all tables that have an encoder's, as CSV, times aside."""
    found = {}
    for name, table in vars(results).items():
        if isinstance(table, pd.DataFrame) and "encoder" in table and name != "timings":
            rows = table[table["encoder"].isin(GOOD)]
            found[name] = rows.to_csv(index=False).splitlines()
    assert {"comparison", "encoders", "elbow", "clusters", "partitions"} <= set(found)
    return found


@pytest.fixture(scope="module")
def alone(places: Path) -> Results:
    return compared({}, store=places / "store-alone")


@pytest.fixture(scope="module")
def failed(places: Path) -> Results:
    encoders = {name: encoder for name, (encoder, _) in (FAILING | DEADLY).items()}
    return compared(encoders, store=places / "store-failed", memory="1500MB", out=places / "run")


@pytest.mark.parametrize("name", [*FAILING, *DEADLY])
def test_what_is_wrong_is_a_row_that_says_so(failed: Results, name: str) -> None:
    require_told(failed, name, (FAILING | DEADLY)[name][1])


def require_told(results: Results, name: str, words: str) -> None:
    row = results.encoders.set_index("encoder").loc[name]
    told = str(results.failures.set_index("name").loc[name, "error"])
    assert row["status"] == "failed" and row["error"].startswith(words)
    assert told == row["error"]
    assert len(told) <= 600 and told.isprintable()


def test_the_numbers_of_the_others_do_not_change(alone: Results, failed: Results) -> None:
    one, other = of_the_good(alone), of_the_good(failed)
    for name in one:
        assert one[name] == other[name], name
    assert failed.failures["what"].eq("encoder").all()  # no image is lost by them


def test_what_they_say_is_no_part_of_the_page(failed: Results, places: Path) -> None:
    assert "much text" in (page := (places / "run" / "report.html").read_text())
    assert "<script>alert" not in page


def test_a_hang_is_given_up_in_time_wherever_it_is(alone: Results, places: Path) -> None:
    """The good ones are in the store, so that none of them has to be quick on a busy machine."""
    encoders = {name: encoder for name, (encoder, _) in HANGING.items()}
    found = compared(encoders, patience=5.0, store=places / "store-alone")
    for name, (_, words) in HANGING.items():
        require_told(found, name, words)
    assert of_the_good(found)["comparison"] == of_the_good(alone)["comparison"]


def test_what_is_wrong_with_texts_is_told_and_costs_no_encoder(
    alone: Results, places: Path
) -> None:
    encoders = {name: encoder for name, (encoder, _) in TEXTS.items()}
    asked = {"patience": 5.0, "names": ["dog", "cat"], "store": places / "store-alone"}
    found = compared(encoders, **asked)
    for name, (_, words) in TEXTS.items():
        assert found.encoders.set_index("encoder")["status"][name] == "ok"
        told = f"'{name}' takes part without texts, which it could not read: {words}"
        assert any(remark.startswith(told) for remark in found.run["remarks"])
    assert of_the_good(found)["comparison"] == of_the_good(alone)["comparison"]


def test_patience_that_is_none_is_refused(places: Path) -> None:
    with pytest.raises(InputError, match="`patience` must be more than 0 seconds; not -1"):
        compared({}, patience=-1.0, store=places / "store-alone")


def test_without_a_network_none_is_reached(places: Path, alone: Results) -> None:
    encoders = {name: encoder for name, (encoder, _) in OFFLINE.items()}
    found = compared(encoders, offline=True, store=places / "store-alone")
    for name, (_, words) in OFFLINE.items():
        require_told(found, name, words)


@pytest.fixture(scope="module")
def behaved(places: Path) -> Results:
    return compared(BEHAVING, store=places / "store-behaved")


def test_what_an_encoder_does_to_its_own_process_stays_there(
    alone: Results, behaved: Results
) -> None:
    state = os.getcwd(), dict(os.environ), np.geterr()
    assert behaved.failures.empty and behaved.encoders["status"].eq("ok").all()
    numbers = behaved.comparison.set_index("encoder")
    right = alone.comparison.set_index("encoder").loc["first"]
    for name in [*GOOD, *BEHAVING]:
        assert numbers.loc[name].to_string() == right.to_string(), name
    assert (os.getcwd(), dict(os.environ), np.geterr()) == state


def test_the_seed_of_the_first_process_is_its_own(places: Path, alone: Results) -> None:
    random.seed(5)
    np.random.seed(5)
    expected = random.random(), np.random.random()
    random.seed(5)
    np.random.seed(5)
    compared({"seeds": BEHAVING["seeds"]}, store=places / "store-behaved")
    assert np.random.random() == expected[1]  # Python's are drawn from by the checks of types


def test_nothing_but_the_table_goes_to_standard_output(
    places: Path,
    tmp_path: Path,
    alone: Results,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Whatever is printed, in the first process and in those of the encoders."""
    plug_in(tmp_path, monkeypatch, "prints", "tests.support.misbehaving:Prints")
    words = ["run", "photographs", "-e", "prints", "--clusterer", "kmeans", "--k", "3"]
    words += ["--seeds", "1", "--copies", "0", "--projection", "pca", "--workers", "1", "--quiet"]
    with pytest.raises(SystemExit) as stop:
        cli.main([*words, "--out", str(tmp_path / "run")])
    out, err = capfd.readouterr()
    assert stop.value.code == 0 and len(out.splitlines()) == 3
    assert "PRINTED" not in out and "PRINTED" in err


def test_the_list_of_encoders_survives_those_that_are_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = {
        "absent": ("", "ModuleNotFoundError: No module named 'broken_absent'"),
        "raises": ("raise RuntimeError('no luck\\ntoday')", "RuntimeError: no luck today"),
        "exits": ("import sys\nprint('PRINTED')\nsys.exit(3)", "SystemExit: 3"),
        "ends": ("import os\nos._exit(1)", "its process died, without output"),
        "hangs": ("import time\ntime.sleep(600)", "no answer from its process for 10 seconds"),
        "number": ("It = 3", "encoder 'number' is not an Encoder"),
        "needs": ("import no_such_library", "needs the library 'no_such_library'"),
    }
    for name, (code, _) in broken.items():
        if code:
            (tmp_path / f"broken_{name}.py").write_text(code)
        plug_in(tmp_path, monkeypatch, name, f"broken_{name}:It")
    monkeypatch.setattr("embedbench.encoders.listing._PATIENCE", 10.0)
    with pytest.raises(SystemExit) as stop:
        cli.main(["encoders"])
    out, _ = capfd.readouterr()
    rows = {line.split()[0]: line for line in out.splitlines()[2:]}
    assert stop.value.code == 0 and "ready" in rows["pixels"]
    for name, (_, words) in broken.items():
        assert words in rows[name], name
    assert "PRINTED" not in out


def test_a_plug_in_that_cannot_be_imported_is_a_row_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_raises.py").write_text("raise RuntimeError('no luck\\ntoday')")
    plug_in(tmp_path, monkeypatch, "raises", "broken_raises:It")
    results = compare("photographs", ["raises", "pixels"], **FASTER)  # type: ignore[arg-type]
    assert results.encoders["status"].tolist() == ["failed", "ok"]
    words = "encoder 'raises' cannot be imported: RuntimeError: no luck today"
    assert results.encoders["error"][0] == words
