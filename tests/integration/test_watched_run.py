"""Promises of a whole run, watched from within all of its processes: what it writes, what it asks.

Each process, workers included, loads `tests/support/watched/sitecustomize.py`, which notes every
file that is opened for writing, and every connection and look-up.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.paths import ROOT

NAMES = ("<img src=x onerror=alert(1)>", "=1+1", "-2", "a|b`c", "\x1b[31mred", "two\nlines", "$x$")

PROGRAM = """
import os, socket, urllib.request
from dataclasses import dataclass
import numpy as np
from embedbench.comparison.api import compare
from embedbench.encoder import Encoder

def ask():
    for way in (lambda: urllib.request.urlopen("http://pictures.example/a", timeout=1),
                lambda: socket.create_connection(("192.0.2.1", 80), 1),
                lambda: socket.gethostbyname("pictures.example")):
        try:
            way()
        except OSError as error:
            assert "no network when offline" in str(error), error
        else:
            raise AssertionError("the network could be used")

@dataclass(frozen=True)
class Curious(Encoder):
    def encode_batch(self, images):
        ask()
        return np.stack([np.asarray(image.resize((3, 3)), np.float32).ravel() for image in images])

class Nosy:
    def fit_predict(self, vectors):
        ask()
        return (vectors[:, 0] > np.median(vectors[:, 0])).astype(int)

if __name__ == "__main__":
    print(os.getpid())
    compare("pictures", {"curious": Curious()}, clusterers=["kmeans", Nosy()], k="2", seeds=1,
            projections=["pca"], copies=0, out="run", store="store", offline=True)
"""


@dataclass
class Watched:
    """What came of a run: its folder, and what its processes noted."""

    folder: Path
    parent: int
    events: list[tuple[str, str, int, str]]

    def written(self) -> set[Path]:
        return {
            Path(folder) / place
            for what, place, _, folder in self.events
            if not what.startswith("socket.")
        }


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    folder = tmp_path_factory.mktemp("watched").resolve()
    pixels = np.random.default_rng(0)
    for row in range(14):
        place = folder / "pictures" / f"<b>{row % 2}"
        place.mkdir(parents=True, exist_ok=True)
        noise = pixels.integers(120 * (row % 2), 130 + 120 * (row % 2), (12, 12, 3), np.uint8)
        Image.fromarray(noise).save(place / f"{NAMES[row % len(NAMES)]} {row}.png")
    (folder / "temp").mkdir()
    (folder / "program.py").write_text(PROGRAM)
    notes = folder.with_name("notes.jsonl")
    paths = [ROOT / "tests" / "support" / "watched", ROOT, ROOT / "backends"]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "EMBEDBENCH_WATCHED": str(notes),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "temp"),
    }
    for name in ("EMBEDBENCH_STORE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"):
        environment.pop(name, None)
    command = [sys.executable, "program.py"]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    events = [tuple(json.loads(line)) for line in notes.read_text().splitlines()]
    return Watched(folder, int(run.stdout), events)


def test_a_run_writes_to_its_folder_its_store_and_the_temp_folder_alone(watched: Watched) -> None:
    folder, written = watched.folder, watched.written()
    assert len({event[2] for event in watched.events}) >= 3, "workers are watched too"
    assert any(".unfinished" in str(place) for place in written)
    # Whole or not at all: the run folder is made beside its place.
    own = ("run", ".run.unfinished", "store", "temp")
    # A worker tells the kernel that it may go first where memory runs out.
    system = {Path("/dev/null"), Path("/proc/self/oom_score_adj")}
    elsewhere = {
        place
        for place in written - system
        if not any(place.is_relative_to(folder / name) for name in own)
    }
    assert not elsewhere
    # What libraries in C write is not noted, but would lie there.
    left = {place.name for place in folder.iterdir()}
    assert left == {"pictures", "program.py", "run", "store", "temp"}
    assert not list((folder / "temp").iterdir())


def test_offline_nobody_is_asked_by_the_program_or_its_workers(watched: Watched) -> None:
    asked = [event for event in watched.events if event[0].startswith("socket.")]
    # An encoder and a clusterer tried, in workers, and were refused: `ask` sees to that.
    tried = [event for event in asked if event[1] in ("pictures.example", "192.0.2.1")]
    assert len({event[2] for event in tried} - {watched.parent}) >= 2
    assert asked == tried


def test_what_a_run_of_such_names_wrote_names_no_file_by_them(watched: Watched) -> None:
    names = {file.name for file in (watched.folder / "run").rglob("*")}
    assert "report.html" in names
    assert not {letter for name in names for letter in name} & set("<>=|`$\x1b\n; ")
