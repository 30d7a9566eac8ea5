"""What tests share: small pictures, a small real encoder, the folder of assets."""

import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

from embedbench.data.downloads.download import DownloadSettings
from embedbench.encoder import Encoder
from tests.support.browser import chromium
from tests.support.image_server import ImageServer, quick, serve, without_proxy
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.register_assert_rewrite("embedbench.conformance", "embedbench.encoders.checking.checks")

settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
settings.load_profile("no deadline")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # so a shell starts what it runs behind `&`
    signal.signal(signal.SIGINT, signal.default_int_handler)

COLOURS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (30, 40, 200)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that no worker is left with one at the end."""
    slow = {item.path for item in items if any(map(item.get_closest_marker, ("slow", "weights")))}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test reads or fills the user's store, or asks whether a hub is there.

    None leaves its proxy to the next one, in the opener that urllib keeps from its first use on.
    """
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("EMBEDBENCH_STORE", str(tmp_path / "store"))
    yield
    urllib.request.install_opener(None)  # the next use makes one


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder of 36 pictures, 12 each of three colours, in sub-folders; noisy, so all differ."""
    return write_photographs(tmp_path / "photographs")


def write_photographs(folder: Path, seed: int = 0, count: int = 12) -> Path:
    """Write the pictures of `photographs`, so many of each colour."""
    random = np.random.default_rng(seed)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.clip(random.normal(colour, 20, (24, 32, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02d}.png")
    return folder


@pytest.fixture(scope="session")
def colour_encoder() -> Callable[..., Encoder]:
    """A real encoder of a few lines, local so that it travels to workers by value."""

    @dataclass(frozen=True)
    class Colour(Encoder):
        side: int = 2

        def encode_batch(self, images: Any) -> np.ndarray:
            small = [image.resize((self.side, self.side)) for image in images]
            return np.stack([np.asarray(image, np.float32).ravel() / 255 for image in small])

    return Colour


@pytest.fixture(scope="module")
def one_core() -> Iterator[None]:
    """Run as on a machine with one core, of which each of pytest's workers has its own.

    For whole comparisons whose promise is not how work is shared: a second process of each kind
    costs its start, and gains nothing where the other core has tests to run.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    every = os.sched_getaffinity(0)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.sched_setaffinity(0, {sorted(every)[worker % len(every)]})
    yield
    os.sched_setaffinity(0, every)


@pytest.fixture(scope="session")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store for tests of what comes after encoding: pictures are looked at and encoded once."""
    return tmp_path_factory.mktemp("shared") / "store"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ImageServer]:
    """A server of images on this machine, reached without the environment's proxy."""
    without_proxy(monkeypatch)
    with serve() as running:
        yield running


@pytest.fixture
def fetching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DownloadSettings:
    """Downloads from this machine, with little patience."""
    without_proxy(monkeypatch)
    return quick(tmp_path / "downloads")


@pytest.fixture(scope="session")
def assets() -> Path:
    """Real photographs and weights that lie beside the project, where they do."""
    folder = ROOT.parent / "shared" / "assets"
    if not folder.is_dir():
        pytest.skip("the folder ../shared/assets with photographs and weights is not there")
    return folder


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a quarter of a megabyte, where the machine lets us make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("this user cannot mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A browser for the tests of a file; they are skipped where there is none."""
    with chromium() as started:
        yield started
