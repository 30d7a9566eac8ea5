"""From command to verdict, compared with the code before results were kept and drawing was apart.

python benchmarks/answer_time.py [--long]

The old code is taken out of git into a folder of its own and runs in this environment. Both run
the same commands, in turn. The long form runs what takes minutes as well: the demo, 5,000 vectors.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from embedbench.data.sample_photos import write_samples
from measure import Row, Spread, at_least, at_most, interleaved, ratio, run, spread, told
from photographs import ASSETS

OLD = "95a8789"
"""The last commit before."""

ROOT = Path(__file__).parents[1]
SCRIPT = Path(__file__).with_name("plain_script.py")
ENCODERS = ("timm", "timm:tf_efficientnet_lite2", "conse", "pixels", "timm,pretrained=false")
ONE_MORE = "timm:mobilenetv3_small_100,pretrained=false"

Way = Callable[[], object]


@dataclass(frozen=True)
class Version:
    """One state of the code.

    Attributes:
        name: `old` or `new`.
        code: the checked out repository.
        home: an empty folder for what it writes.
    """

    name: str
    code: Path
    home: Path

    def python(self, *words: str, stop_at: str | None = None) -> float:
        """Run Python with this code; return the seconds to its end, or to a line that starts so.

        Raises:
            CalledProcessError: it failed.
        """
        paths = f"{self.code}:{self.code / 'backends'}"
        start, seconds = time.perf_counter(), None
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=self.home,
            env=os.environ | {"PYTHONPATH": paths, "HF_HUB_OFFLINE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        for line in process.stderr:
            if stop_at and seconds is None and line.startswith(stop_at):
                seconds = time.perf_counter() - start
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, list(words))
        return seconds or time.perf_counter() - start

    def embedbench(self, *words: str, stop_at: str | None = None) -> float:
        """Run a command of the program; return the seconds."""
        return self.python("-m", "embedbench", *words, stop_at=stop_at)

    def embed(self, source: Path, encoders: Sequence[str]) -> float:
        """Make vectors with an empty store."""
        shutil.rmtree(self.home / "empty", ignore_errors=True)
        words = [word for encoder in encoders for word in ("-e", encoder)]
        place = ["--store", "empty", "--out", "vectors/{encoder}.npy", "--quiet"]
        return self.embedbench("embed", str(source), *words, *place)

    def script(self, source: Path, model: str) -> float:
        """Make vectors without embedbench."""
        return self.python(str(SCRIPT), model, str(source), "plain.npy")

    def run(
        self, source: Path, encoders: Sequence[str], *more: str, stop_at: str | None = None
    ) -> float:
        """Compare encoders with the store of this version; return the seconds."""
        words = [word for encoder in encoders for word in ("-e", encoder)]
        place = ["--store", str(self.store), "--out", str(self.home / "run")]
        return self.embedbench("run", str(source), *words, *place, *more, stop_at=stop_at)

    @property
    def store(self) -> Path:
        """Where it keeps vectors."""
        return self.home / "store"

    def forget_analysis(self) -> None:
        """Keep the vectors alone, as before a first analysis of them."""
        for folder in (self.store / "v1" / "analysis", self.home / "run"):
            shutil.rmtree(folder, ignore_errors=True)


def rows(short: bool) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        old = _old_code(home / "old")
        both = (Version("old", old, home / "1"), Version("new", ROOT, home / "2"))
        for version in both:
            version.home.mkdir()
        repetitions = 1 if short else 5
        yield from _stored_rows(*both, repetitions, 100 if short else 600)
        yield from _unlabelled_rows(*both, repetitions, 300 if short else 1000)
        yield from _start_rows(*both, 3 if short else 5)
        yield from _embed_rows(both[1], repetitions, (8, 100) if short else (8, 100, 600))
        if not short:
            yield from _demo_rows(*both)
            yield _large_row(*both)


def _stored_rows(old: Version, new: Version, repetitions: int, images: int) -> list[Row]:
    """Runs on photographs whose vectors are all stored."""
    source, what = _photographs(new.home, images)
    labelled = ("--k", "truth")
    for version in (old, new):
        version.run(source, ENCODERS, *labelled)

    def again() -> float:
        new.forget_analysis()
        return new.run(source, ENCODERS, *labelled)

    ways: dict[str, Way] = {
        "old": lambda: old.run(source, ENCODERS, *labelled),
        "second": again,
        "same": lambda: new.run(source, ENCODERS, *labelled),
    }
    seconds = interleaved(ways, repetitions)
    same, most = _tables_alike(old.home / "run", new.home / "run")
    more, alone = [], []
    for number in range(repetitions):
        extra = f"{ONE_MORE},seed={number + 1}"
        more.append(new.run(source, (*ENCODERS, extra), *labelled))
        fresh = replace(new, home=new.home / f"alone_{number}")
        fresh.home.mkdir()
        alone.append(fresh.run(source, (extra,), *labelled))
    note = f"{what} x {len(ENCODERS)} encoders, `--k truth`"
    return [
        at_least(
            "second run, vectors stored", 5, ratio(seconds["old"], seconds["second"]), note=note
        ),
        at_least(
            "the same command once more", 20, ratio(seconds["old"], seconds["same"]), note=note
        ),
        at_most(
            "one more encoder, against a run of that encoder alone",
            1.3,
            ratio(more, alone),
            note=f"{what}, five encoders stored",
        ),
        told("tables that are the same byte for byte", _once(same), "% of the tables", note),
        told(
            "largest difference of a number in the others, of the column's range", _once(most), "%"
        ),
    ]


def _unlabelled_rows(old: Version, new: Version, repetitions: int, images: int) -> list[Row]:
    """All defaults, without labels, on vectors that were made elsewhere."""
    source, encoders = _vectors(new.home, images)

    def first() -> float:
        new.forget_analysis()
        return new.run(source, encoders, stop_at="verdict:")

    def whole() -> float:
        new.forget_analysis()
        return new.run(source, encoders)

    for version in (old, new):  # thumbnails are made once
        version.embedbench(
            "embed", str(source), "-e", "pixels", "--out", "v.npy", "--store", str(version.store)
        )
    told_at: list[float] = []
    ways: dict[str, Way] = {
        "old": lambda: old.run(source, encoders),
        "new": whole,
        "verdict": lambda: told_at.append(first()),
    }
    seconds = interleaved(ways, repetitions)
    note = f"{images:,} vectors x {len(encoders)} encoders of 1,280 dimensions, no labels, k 2..20"
    return [
        at_least("a run with all defaults", 4, ratio(seconds["old"], seconds["new"]), note=note),
        at_least(
            "its verdict", 10, ratio(seconds["old"], told_at), note="the old one tells it last"
        ),
    ]


def _large_row(old: Version, new: Version) -> Row:
    source, encoders = _vectors(new.home, 5000)
    seconds = interleaved(
        {name: partial(one.run, source, encoders) for name, one in (("old", old), ("new", new))}, 1
    )
    note = "5,000 vectors x 5 encoders of 1,280 dimensions"
    return at_least("analysis and page", 3, ratio(seconds["old"], seconds["new"]), note=note)


def _demo_rows(old: Version, new: Version) -> list[Row]:
    """The demo with an empty store, to the verdict and to the page."""
    times: dict[str, list[float]] = {"old": [], "verdict": [], "page": []}
    for number in range(3):
        for version in (old, new):
            place = ["--out", f"demo_{number}", "--store", f"store_{number}"]
            start = time.perf_counter()
            verdict = version.embedbench("demo", *place, stop_at="verdict:")
            whole = time.perf_counter() - start
            if version is old:
                times["old"].append(whole)
            else:
                times["verdict"].append(verdict)
                times["page"].append(whole)
    return [
        at_least("demo, to the verdict", 5, ratio(times["old"], times["verdict"])),
        at_least("demo, to the page", 4, ratio(times["old"], times["page"])),
        told("demo, to the verdict", spread(times["verdict"]), "seconds"),
        told("demo, to the page", spread(times["page"]), "seconds"),
    ]


def _start_rows(old: Version, new: Version, repetitions: int) -> list[Row]:
    """The start of a worker with timm's default model, and of the program."""
    load = (
        "import sys; from pathlib import Path\n"
        "from embedbench.embedding.local_workers import LocalEngine\n"
        "from embedbench.encoders.registry import create_encoder\n"
        "from embedbench.io.store import Store\n"
        "from embedbench.utils.progress import Progress\n"
        "engine = LocalEngine(Store(Path('starts')), 1, progress=Progress(quiet=True))\n"
        "encoder = create_encoder('timm').variants('cpu')[0]\n"
        "with engine.start_workers(encoder) as workers: workers.load(lambda count: None)\n"
    )
    program = "from embedbench.cli import main; main(['--help'])"
    ways = {
        f"{version.name} {name}": partial(version.python, "-c", code)
        for version in (old, new)
        for name, code in (("worker", load), ("help", program), ("nothing", "pass"))
    }
    for way in ways.values():
        way()
    seconds = interleaved(ways, repetitions)
    helps = [
        np.subtract(seconds[f"{name} help"], seconds[f"{name} nothing"]).tolist()
        for name in ("old", "new")
    ]
    return [
        at_least(
            "start of an encoding worker and its end, timm",
            1.5,
            ratio(seconds["old worker"], seconds["new worker"]),
        ),
        at_least("`--help` over `python -c pass`", 2, ratio(*helps)),
    ]


def _embed_rows(new: Version, repetitions: int, counts: tuple[int, ...]) -> list[Row]:
    """From a folder to vectors, against the plain script."""
    clip = new.home / "clip"
    if not clip.exists():
        save = f"from forward import save_clip; save_clip({str(clip)!r})"
        new.python("-c", f"import sys; sys.path.insert(0, {str(SCRIPT.parent)!r}); {save}")
    goals = {8: 1.2, 100: 1.0, 600: 0.9}
    found = []
    for count in counts:
        source, what = _photographs(new.home, count)
        times = max(repetitions, 3 if count < 100 else 1)
        against = _against_scripts(new, source, [str(clip)], [f"clip:{clip}"], times)
        row = "`embed`, CLIP B/32, against a plain script"
        found.append(at_most(row, goals[count], against, note=what))
    source, what = _photographs(new.home, 100)
    models = ["resnet50", "vit_small_patch16_224", "mobilenetv3_large_100", "convnext_atto"]
    specs = [f"clip:{clip}", *(f"timm:{model},pretrained=false" for model in models)]
    against = _against_scripts(new, source, [str(clip), *models], specs, repetitions)
    row = "five encoders in one command against five scripts"
    return [*found, at_most(row, 0.8, against, note=what)]


def _against_scripts(
    new: Version, source: Path, models: Sequence[str], specs: Sequence[str], repetitions: int
) -> Spread:
    """Return the time of one command, relative to that of a script for each model."""
    ways: dict[str, Way] = {
        "embed": lambda: new.embed(source, specs),
        "scripts": lambda: [new.script(source, model) for model in models],
    }
    seconds = interleaved(ways, repetitions)
    return ratio(seconds["embed"], seconds["scripts"])


def _old_code(folder: Path) -> Path:
    """Write the old code from git into a folder, and return the folder."""
    command = ["git", "-C", str(ROOT), "archive", "--format=tar", OLD]
    archive = subprocess.run(command, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def _photographs(home: Path, count: int) -> tuple[Path, str]:
    """Return a folder of labelled photographs, and what they are."""
    folder = home / f"photographs_{count}"
    found = sorted((ASSETS / "caltech101_subset").glob("*/*.jpg"))
    what = f"{count} photographs of Caltech 101"
    if not found:
        found, what = (
            sorted(write_samples(home / "samples").glob("*/*.jpg")),
            f"{count} views of photographs",
        )
    if not folder.exists():
        for file in found[:: max(1, len(found) // count)][:count]:
            place = folder / file.parent.name
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
    return folder, what


def _vectors(home: Path, count: int) -> tuple[Path, list[str]]:
    """Write small pictures without labels, and vectors of 20 clouds by five encoders."""
    folder = home / f"pictures_{count}"
    random = np.random.default_rng(0)
    encoders = [f"vectors:{home / f'vectors_{count}_{number}.npy'}" for number in range(5)]
    if folder.exists():
        return folder, encoders
    folder.mkdir()
    names = [f"{number:05d}.png" for number in range(count)]
    for name in names:
        Image.fromarray(random.integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(folder / name)
    clouds = np.arange(count) % 20
    for number in range(5):
        centres = random.normal(size=(20, 1280))
        rows = centres[clouds] + (1 + number / 4) * random.normal(size=(count, 1280))
        np.save(home / f"vectors_{count}_{number}.npy", rows.astype(np.float32))
        (home / f"vectors_{count}_{number}.txt").write_text("\n".join([*names, ""]))
    return folder, encoders


def _tables_alike(old: Path, new: Path) -> tuple[float, float]:
    """Return the per cent of tables that are the same byte for byte, and how far others differ.

    The latter is the largest difference of a number, in per cent of its column's range.
    """
    names = {file.name for file in old.glob("*.csv")} - {"timings.csv", "encoders.csv"}
    both = sorted(names & {file.name for file in new.glob("*.csv")})
    other = [name for name in both if (old / name).read_bytes() != (new / name).read_bytes()]
    most = 0.0
    for name in other:
        left, right = pd.read_csv(old / name), pd.read_csv(new / name)
        if len(left) != len(right):
            continue
        for column in set(left.select_dtypes("number")) & set(right.select_dtypes("number")):
            span = float(left[column].max() - left[column].min()) or 1.0
            gap = float((left[column] - right[column]).abs().max())
            if gap == gap:  # there are numbers in both
                most = max(most, 100 * gap / span)
    return 100 * (1 - len(other) / len(both)), most


def _once(figure: float) -> Spread:
    return figure, figure, figure


if __name__ == "__main__":
    run(rows)
