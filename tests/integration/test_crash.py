"""Promises under kill -9, Ctrl-C, full disks and lost shares: nothing lost, nothing let in."""

import errno
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from embedbench import cli
from embedbench.data.dataset import Dataset
from embedbench.data.images.sources import content_hash, read_source
from embedbench.data.loading import read_dataset
from embedbench.data.scan import scan_images
from embedbench.embedding.embed import embed
from embedbench.embedding.local_workers import LocalEngine
from embedbench.encoder import Encoder
from embedbench.errors import StoreError
from embedbench.io.store import Store
from embedbench.parallel.pool import Pool
from embedbench.results.run_folder import OutFolder
from embedbench.utils.progress import Progress
from tests.conftest import write_photographs
from tests.support.deaths import prints
from tests.support.image_server import Answer, ImageServer
from tests.support.slow_encoder import environment, lay, noted

IMAGES = 36
AGAIN = 1
"""Images encoded a second time: those of the first batch of 2, shifted by one."""
TIMED = 5
"""How often the first image is encoded once more, alone, for the latency."""
STOPPED = "stopped; what was encoded is kept: the same command continues from there"
ENCODE_SECONDS = 0.2 * IMAGES


@dataclass
class Site:
    """A folder in which runs are started as a user does, to be killed."""

    home: Path
    plugin: Path
    photographs: Path
    workers: int = 1
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def out(self) -> Path:
        return self.home / "run"

    @property
    def store(self) -> Path:
        return self.home / "store"

    @property
    def notes(self) -> Path:
        return self.home / "notes"

    def start(self, *more: str, out: str = "run", encoder: str = "slow") -> subprocess.Popen[str]:
        """Start a small comparison in a process group of its own, as a terminal does."""
        self.home.mkdir(exist_ok=True)
        asked = ["run", str(self.photographs), "-e", encoder, "--k", "3", "--seeds", "1"]
        asked += ["--copies", "0", "--clusterer", "kmeans", "--projection", "pca"]
        asked += ["--workers", str(self.workers)]
        asked += ["--out", str(self.home / out), "--store", str(self.store), *more]
        return self._start(asked)

    def _start(self, asked: list[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", "from embedbench.cli import main; main()", *asked],
            env=environment(self.plugin, self.notes),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def embed(
        self, source: Path, encoder: str, *more: str, name: str = "vectors.npy"
    ) -> subprocess.Popen[str]:
        """Start the making of vectors alone."""
        self.home.mkdir(exist_ok=True)
        asked = ["embed", str(source), "-e", encoder, "--out", str(self.home / name), "--quiet"]
        return self._start([*asked, "--store", str(self.store), "--workers", "1", *more])

    def finish(self, *more: str, out: str = "run", encoder: str = "slow") -> None:
        """Run it to its end."""
        process = self.start(*more, out=out, encoder=encoder)
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err

    def stage(self) -> str:
        """Return how far a run has come."""
        if (self.home / ".run.unfinished" / "new").exists():
            return "report"
        if list(self.store.glob("v1/encoders/*.json")):
            return "analysis"
        if list(self.store.glob("v1/vectors/*/.*")):
            return "write"
        return "encode" if list(self.store.glob("v1/tables/*/*")) else "survey"


def tables(folder: Path) -> dict[str, bytes]:
    """Return the CSV files' bytes, without that of times and memory."""
    files = sorted(folder.glob("*.csv"))
    return {file.name: file.read_bytes() for file in files if file.name != "timings.csv"}


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the worker processes, without the resource tracker of loky."""
    found = []
    for one in family(process):
        try:
            if not any("resource_tracker" in word for word in one.cmdline()):
                found.append(one)
        except psutil.Error:
            continue
    return found


def seconds_until_gone(processes: list[psutil.Process], patience: float = 10.0) -> float:
    start = time.monotonic()
    while any(map(lives, processes)) and time.monotonic() - start < patience:
        time.sleep(0.02)
    return time.monotonic() - start


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(claim: Callable[[], object], patience: float = 120.0) -> None:
    start = time.monotonic()
    while not claim():
        assert time.monotonic() - start < patience, "it did not come so far"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay(tmp_path_factory.mktemp("crash") / "plugin")


@pytest.fixture(scope="module")
def photographs_of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photographs(tmp_path_factory.mktemp("crash") / "photographs")


@dataclass(frozen=True)
class Undisturbed:
    seconds: float
    tables: dict[str, bytes]


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, plugin: Path, photographs_of_all: Path
) -> Undisturbed:
    home = tmp_path_factory.mktemp("undisturbed")
    site = Site(home, plugin, photographs_of_all)
    start = time.monotonic()
    site.finish()
    times = sorted(noted(site.notes).values())
    assert times == [1] * (IMAGES - AGAIN) + [2 + TIMED] * AGAIN
    return Undisturbed(time.monotonic() - start, tables(site.out))


@pytest.fixture
def site(tmp_path: Path, plugin: Path, photographs_of_all: Path) -> Iterator[Site]:
    site = Site(tmp_path / "site", plugin, photographs_of_all)
    yield site
    for process in site.started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def kill(process: subprocess.Popen[str], whom: str, moments: random.Random) -> None:
    """Kill -9 all of a run, its parent alone, or one of its workers."""
    children = workers_of(process)
    if whom == "a worker" and children:
        os.kill(moments.choice(children).pid, signal.SIGKILL)
        return
    everybody = family(process)
    if whom == "all":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    assert seconds_until_gone(everybody) < 5, "workers outlive their parent"


def encoded_again(site: Site, before: Counter[str]) -> int:
    """Return how many pictures a run encoded that had been encoded before it."""
    now = noted(site.notes)
    return (now - before).total() - len(set(now) - set(before))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("least", "chain", "workers"), [(3, 4, 1), pytest.param(50, 10, 2, marks=pytest.mark.soak)]
)
def test_a_run_that_is_killed_at_any_moment_is_taken_up_by_the_next(
    site: Site, undisturbed: Undisturbed, least: int, chain: int, workers: int
) -> None:
    """Kill the runs on one store one after another, half while they encode; let the last one end.

    Args:
        least: number of kills that must hit a run; a moment may come after its end.
        chain: number of runs on one store to kill.
    """
    moments = random.Random(least)
    home, stages, whoms, most_again = site.home, Counter[str](), Counter[str](), 0
    site.workers = workers
    home.mkdir()
    while whoms.total() < least:
        site.home = home / str(len(list(home.iterdir())))
        for number in range(chain):
            before = noted(site.notes)
            encoding = ENCODE_SECONDS / workers * (1 - len(before) / IMAGES)
            process = site.start()
            if number % 2 or not encoding:
                left = undisturbed.seconds - ENCODE_SECONDS / workers + encoding
                moment = (number + moments.random()) / chain * left
            else:  # of all that a run does, this is where there is most to lose
                until(lambda start=before: noted(site.notes) != start)  # type: ignore[misc]
                moment = moments.uniform(0, encoding)
            try:
                process.wait(moment)
                stages["ended before"] += 1
                continue
            except subprocess.TimeoutExpired:
                stages[site.stage()] += 1
            whom = ("all", "the parent", "a worker")[number % 3]
            kill(process, whom, moments)
            whoms[whom] += 1
            process.communicate(timeout=300)
            most_again = max(most_again, encoded_again(site, before))
            assert process.returncode in (-signal.SIGKILL, 0, 2, 3)
        before = noted(site.notes)
        site.finish()
        most_again = max(most_again, encoded_again(site, before))
        assert tables(site.out) == undisturbed.tables
        assert list(site.home.glob(".*")) == []
        assert len(noted(site.notes)) == IMAGES
    print(f"\n{whoms.total()} kills: {dict(whoms)}; {dict(stages)}")
    print(f"at most {most_again} of {IMAGES} images encoded again by a run")
    # A second's work is 5 images of each worker, and two batches of 2 are under way.
    assert most_again <= 9 * workers + AGAIN + TIMED


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "stage", "encoder"),
    [(signal.SIGINT, "encode", "slow,seconds=60"), (signal.SIGTERM, "analysis", "pixels")],
)
def test_a_stop_ends_in_seconds_and_says_how_to_go_on(
    site: Site, number: signal.Signals, stage: str, encoder: str
) -> None:
    process = site.start("--k", "2..9", "--seeds", "30", encoder=encoder)  # in workers
    until(lambda: site.stage() == stage and len(workers_of(process)) >= 1)
    time.sleep(0.5)
    everybody, start = family(process), time.monotonic()
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - start < 15
    assert seconds_until_gone(everybody) < 5
    assert process.returncode == 128 + number
    *notes, last = filter(None, err.splitlines())
    assert last == STOPPED
    assert all(line.startswith(("note: ", f"{encoder}: dim ")) for line in notes)
    assert out == "" and not list(site.home.glob(".*"))


def test_a_stop_during_a_download_that_hangs_ends_in_seconds(
    site: Site, server: ImageServer
) -> None:
    addresses = [server.put(f"/{number}.jpg", Answer(late=60)) for number in range(8)]
    site.home.mkdir()
    table = site.home / "addresses.csv"
    table.write_text("\n".join(["url", *addresses, ""]))
    process = site.embed(table, "pixels", "--allow-local")
    until(lambda: server.open_now >= 4)
    start = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - start < 15
    assert process.returncode == 130 and err.strip() == STOPPED


@pytest.mark.slow
def test_runs_on_one_store_at_the_same_time_are_all_right(site: Site) -> None:
    """Two of one encoder, and one of another."""
    encoders = ["slow,seconds=0.05", "slow,seconds=0.05", "slow,seconds=0.05,side=4"]
    running = [
        site.embed(site.photographs, encoder, name=f"{number}.npy")
        for number, encoder in enumerate(encoders)
    ]
    for number, (process, encoder) in enumerate(zip(running, encoders, strict=True)):
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        side = 4 if "side" in encoder else 3
        names = (site.home / f"{number}.txt").read_text().split()
        images = [Image.open(site.photographs / name).resize((side, side)) for name in names]
        expected = np.stack([np.asarray(image, np.float32).ravel() / 255 for image in images])
        assert len(names) == IMAGES
        np.testing.assert_array_equal(np.load(site.home / f"{number}.npy"), expected)


_KILLED_AT = """
import os, signal, sys
from pathlib import Path
left = int(sys.argv[2])
def deadly(function):
    def one(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)
    return one
os.rename, os.replace, os.fsync = map(deadly, (os.rename, os.replace, os.fsync))
from {module} import {name} as made
{rest}
"""


def killed_at(step: int, folder: Path, module: str, name: str, rest: str) -> int:
    """Run a script that is killed where it would sync or rename a file for the `step`th time."""
    code = _KILLED_AT.format(module=module, name=name, rest=rest)
    return subprocess.run([sys.executable, "-c", code, str(folder), str(step)]).returncode


@pytest.mark.parametrize(("step", "killed"), [(0, True), (1, True), (2, False)])
def test_a_file_of_the_store_is_there_whole_or_not_at_all(
    tmp_path: Path, step: int, killed: bool
) -> None:
    keys, rows = [f"{number:064x}" for number in range(3)], np.ones((3, 4), np.float32)
    store = Store(tmp_path)
    store.write("f", keys[:1], rows[:1])
    code = killed_at(
        step, tmp_path, "embedbench.io.store", "Store",
        "import numpy as np; made(Path(sys.argv[1])).write("
        "'f', [f'{number:064x}' for number in range(1, 3)], np.ones((2, 4), np.float32))",
    )  # fmt: skip
    assert code == (-signal.SIGKILL if killed else 0)
    assert set(store.read("f", keys)) == set(keys[:1] if killed else keys)


def test_what_a_killed_process_left_in_the_store_is_swept_up_after_a_day(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("f", ["00" * 32], np.ones((1, 4), np.float32))
    folder = tmp_path / "v1" / "vectors" / "f"
    old, new = folder / ".old.safetensors.1", folder / ".new.safetensors.2"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    store.compact("f")
    assert not old.exists() and new.exists()
    assert set(store.read("f", ["00" * 32])) == {"00" * 32}


@pytest.mark.parametrize(("step", "left"), [(0, "old"), (1, None), (2, "new")])
def test_a_run_folder_is_the_old_one_or_the_new_one_and_never_half(
    tmp_path: Path, step: int, left: str | None
) -> None:
    """Between the two it may be away; the next run finds it, and what a killed one left is gone."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text("old")
    killed_at(
        step, folder, "embedbench.results.run_folder", "OutFolder",
        "with made(Path(sys.argv[1])) as place:\n"
        "    place.fill(lambda new: (new / 'run.json').write_text('new'))",
    )  # fmt: skip
    assert folder.exists() == (left is not None)
    with OutFolder(folder):
        assert (folder / "run.json").read_text() == (left or "old")
    assert [one.name for one in tmp_path.iterdir()] == ["run"]


def test_results_that_cannot_be_written_are_shown_and_the_old_run_stays(
    small_disk: Path, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = small_disk / "run"
    out.mkdir()
    (out / "run.json").write_text("{}")
    (small_disk / "filler").write_bytes(bytes(200_000))
    with pytest.raises(SystemExit) as stop:
        cli.main(
            ["run", str(photographs), "-e", "pixels", "--k", "3", "--seeds", "1", "--quiet"]
            + ["--clusterer", "kmeans", "--projection", "pca", "--copies", "0", "--out", str(out)]
        )
    table, err = capsys.readouterr()
    assert stop.value.code == 2
    assert len(table.splitlines()) == 3 and "pixels" in table
    *said, last = err.splitlines()
    assert not [line for line in said if line.startswith(("report:", "next:"))]
    assert any(line.startswith("groups: pixels puts these") for line in said)
    assert [last] == [
        f"error: cannot write '{out}': No space left on device; "
        "what was encoded is kept: run again once it can be"
    ]
    assert {one.name for one in small_disk.iterdir()} == {"filler", "run"}
    assert [one.name for one in out.iterdir()] == ["run.json"]


def test_an_encoder_may_print_where_the_disk_for_temporary_files_is_full(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    with Pool(1) as pool:
        (small_disk / "filler").write_bytes(bytes(240_000))
        assert pool.call(prints, 1_000_000) == 1_000_000
        assert (small_disk / "filler").stat().st_size == 240_000


@pytest.mark.parametrize("fault", [errno.ESTALE, errno.EIO, errno.ENOTCONN])
def test_a_share_that_is_lost_is_told_in_one_line_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    store = Store(tmp_path / "store")
    keys, rows = [f"{number:064x}" for number in range(2)], np.ones((2, 4), np.float32)
    store.write("f", keys[:1], rows[:1])

    def lost(*_: object, **__: object) -> None:
        raise OSError(fault, os.strerror(fault))

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", lost)
        with pytest.raises(StoreError, match=f"cannot write.*{os.strerror(fault)}"):
            store.write("f", keys[1:], rows[1:])
    with monkeypatch.context() as broken:
        broken.setattr(os, "open", lost)
        with pytest.raises(StoreError, match=f"cannot read.*{os.strerror(fault)}"):
            store.rows("f", keys)
    assert set(store.read("f", keys)) == set(keys[:1])
    store.write("f", keys[1:], rows[1:])
    assert set(store.read("f", keys)) == set(keys)
    assert not [one for one in (tmp_path / "store").rglob(".*")]


def test_vectors_that_are_gone_from_the_store_are_told(
    tmp_path: Path, colour_encoder: Callable[..., Encoder], photographs: Path
) -> None:
    """Someone cleans up while the run is on."""

    class Emptied(Store):
        def compact(self, fingerprint: str, least: int = 16) -> None:
            next(tmp_path.rglob("*.safetensors")).unlink()

    dataset = read_dataset(photographs)
    hashes = [content_hash(read_source(source)) for source in dataset.sources]
    engine = LocalEngine(Emptied(tmp_path / "store"), workers=1, progress=Progress(quiet=True))
    with pytest.raises(StoreError, match="vectors of 36 images are gone from the store"):
        embed("colour", colour_encoder(), dataset, hashes, engine)


def test_an_image_that_could_not_be_read_for_once_is_not_remembered_as_broken(
    photographs: Path, tmp_path: Path
) -> None:
    """Through a descriptor that its workers do not have it is there for the parent alone."""
    first, *others = sorted(photographs.rglob("*.png"))
    store, quiet = Store(tmp_path / "store"), Progress(quiet=True)
    with first.open("rb") as file:
        here = Path(f"/proc/self/fd/{file.fileno()}")
        _, images, failed = scan_images(Dataset.from_images([here, *others[:3]]), store, 1, quiet)
    assert len(images) == 3 and "cannot be read" in failed["error"].item()
    _, images, failed = scan_images(Dataset.from_images([first, *others[:3]]), store, 1, quiet)
    assert len(images) == 4 and failed.empty
