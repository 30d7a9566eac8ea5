"""Promises of downloads: once, complete and in order, or a reason in plain words."""

import hashlib
import socket
import time
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pandas as pd
import pytest

from embedbench.data.dataset import Dataset
from embedbench.data.downloads.download import DownloadSettings, download_missing
from embedbench.data.images.sources import RemoteImage, RotatedImage, read_source
from embedbench.data.loading import read_dataset
from embedbench.errors import ImageError, InputError
from embedbench.io.paths import files_below
from embedbench.results.schema import FAILURE_COLUMNS
from tests.support.image_server import (
    Answer,
    ImageServer,
    jpeg,
    reason_for,
    reasons,
    remotes,
)


def test_images_become_files_in_the_same_order(
    server: ImageServer, fetching: DownloadSettings
) -> None:
    here = jpeg(9)
    dataset = Dataset(
        ("a", "b", "c"),
        (
            RemoteImage(server.put("/1.jpg?x", jpeg(1))),
            here,
            RemoteImage(server.put("/2", jpeg(2))),
        ),
        pd.DataFrame({"truth": ["x", "y", "z"]}),
        remarks=("kept",),
    )
    found, failures = download_missing(dataset, fetching)
    assert [read_source(source) for source in found.sources] == [jpeg(1), here, jpeg(2)]
    assert (found.names, found.remarks) == (dataset.names, dataset.remarks)
    assert list(found.table["truth"]) == ["x", "y", "z"] and failures.empty
    assert list(failures.columns) == FAILURE_COLUMNS
    first = found.sources[0]
    url_hash = hashlib.sha256(f"{server.url}/1.jpg?x".encode()).hexdigest()
    assert first == fetching.folder / f"{url_hash}.jpg"
    assert server.agents == {"embedbench"}


def test_a_local_dataset_is_unchanged(photographs: Path, fetching: DownloadSettings) -> None:
    dataset = read_dataset(photographs)
    found, failures = download_missing(dataset, fetching)
    assert (
        found.sources == dataset.sources
        and failures.empty
        and not any(files_below(fetching.folder))
    )


def test_an_image_that_was_not_downloaded_cannot_be_read() -> None:
    with pytest.raises(ImageError, match="not downloaded"):
        read_source(RemoteImage("https://example.org/a.jpg"))


def test_each_url_is_downloaded_once(server: ImageServer, fetching: DownloadSettings) -> None:
    url = server.put("/a.jpg", jpeg(1))
    found, _ = download_missing(remotes(url, url, url), fetching)
    assert len(set(found.sources)) == 1 and server.asked["/a.jpg"] == 1
    assert download_missing(remotes(url), fetching)[0].sources == found.sources[:1]
    assert server.asked["/a.jpg"] == 1, "what is on disk is not fetched again"


def test_a_rotated_image_keeps_its_rotation(
    server: ImageServer, fetching: DownloadSettings
) -> None:
    url = server.put("/a.jpg", jpeg(1))
    sources = (
        RotatedImage(RemoteImage(url), 90),
        RemoteImage(url),
        RotatedImage(RemoteImage(server.url), 90),
    )
    found, failures = download_missing(Dataset(("a", "b", "c"), sources), fetching)
    file = found.sources[1]
    assert found.sources == (RotatedImage(file, 90), file) and server.asked["/a.jpg"] == 1  # type: ignore[arg-type]
    assert read_source(file) == jpeg(1) != read_source(found.sources[0])
    assert reasons(failures) == {"c": "404 Not Found"}
    offline = replace(fetching, offline=True)
    assert download_missing(Dataset(("a", "b", "c"), sources), offline)[0].sources == found.sources


def test_an_interrupted_run_continues(server: ImageServer, fetching: DownloadSettings) -> None:
    urls = [server.put(f"/{row}.jpg", jpeg(row)) for row in range(6)]
    server.put("/4.jpg", Answer(status=404))
    found, failures = download_missing(remotes(*urls), fetching)
    assert len(found) == 5 and reasons(failures) == {"4.jpg": "404 Not Found"}
    server.put("/4.jpg", jpeg(4))
    found, failures = download_missing(remotes(*urls), fetching)
    assert [read_source(source) for source in found.sources] == [jpeg(row) for row in range(6)]
    assert server.asked == {f"/{row}.jpg": 2 if row == 4 else 1 for row in range(6)}


def test_a_file_of_its_own_is_kept_there_and_checked_by_its_md5(
    server: ImageServer, fetching: DownloadSettings, tmp_path: Path
) -> None:
    file, right = tmp_path / "own" / "a.jpg", hashlib.md5(jpeg(1)).hexdigest()
    dataset = Dataset(("a",), (RemoteImage(server.put("/a", jpeg(1)), file, right.upper()),))
    assert download_missing(dataset, fetching)[0].sources == (file,) and file.read_bytes() == jpeg(
        1
    )
    download_missing(dataset, fetching)
    assert server.asked["/a"] == 1
    file.write_bytes(b"something else")
    assert download_missing(dataset, fetching)[0].sources == (file,) and file.read_bytes() == jpeg(
        1
    )
    assert server.asked["/a"] == 2 and not any(files_below(fetching.folder))


def test_a_permanent_error_is_given_up(server: ImageServer, fetching: DownloadSettings) -> None:
    reason = reason_for(server, replace(fetching, attempts=3), Answer(status=503))
    assert reason == "503 Service Unavailable" and server.asked["/bad.jpg"] == 3


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_respected(
    server: ImageServer, fetching: DownloadSettings, as_date: bool
) -> None:
    start = time.monotonic()
    after = formatdate(time.time() + 2, usegmt=True) if as_date else "1"
    url = server.put("/a", Answer(status=429, headers={"Retry-After": after}), Answer(jpeg(1)))
    patient = replace(fetching, total_seconds=60.0)
    assert len(download_missing(remotes(url), patient)[0]) == 1
    assert 0.9 < time.monotonic() - start < 50


def test_a_long_retry_after_is_not_waited_for(
    server: ImageServer, fetching: DownloadSettings
) -> None:
    busy = Answer(status=429, headers={"Retry-After": "86400"}, late=2.0)
    start = time.monotonic()
    patient = replace(fetching, timeout=20.0, total_seconds=25.0)  # it waits for 30 at most
    assert reason_for(server, patient, busy) == "429 Too Many Requests"
    assert time.monotonic() - start < 25 and server.asked["/bad.jpg"] == 1


def test_a_host_that_asks_for_a_pause_gets_it(
    server: ImageServer, fetching: DownloadSettings
) -> None:
    busy = Answer(status=429, headers={"Retry-After": "86400"})
    urls = [server.put(f"/{row}", busy) for row in range(40)]
    elsewhere = server.put("/good", jpeg(1)).replace("127.0.0.1", "localhost")
    found, failures = download_missing(remotes(*urls, elsewhere), fetching)
    assert found.names == ("40.jpg",) and server.asked.total() <= 5
    assert set(failures["error"]) == {
        "429 Too Many Requests",
        "the host asks for a longer pause than there is time for",
    }


@pytest.mark.parametrize("answer", [Answer(jpeg(1), drip=0.05), Answer(jpeg(1), drip_head=1.0)])
def test_a_slow_server_is_limited_in_total_time(
    server: ImageServer, fetching: DownloadSettings, answer: Answer
) -> None:
    hasty = replace(fetching, timeout=1.5, total_seconds=2.5, attempts=2)
    start = time.monotonic()
    assert reason_for(server, hasty, answer) in {
        f"took longer than {time} s" for time in (1.5, 2.5)
    }
    assert time.monotonic() - start < 30  # of the 40 or more that all of it would take


@pytest.mark.parametrize("length", [-1, None])
def test_a_file_larger_than_the_limit_is_refused(
    server: ImageServer, fetching: DownloadSettings, length: int | None
) -> None:
    small = replace(fetching, max_bytes=100_000)
    reason = reason_for(server, small, Answer(jpeg(1) + bytes(200_000), length=length))
    assert reason == "larger than 0.1 MB" and server.asked["/bad.jpg"] == 1


def test_redirects_are_followed_five_times(server: ImageServer, fetching: DownloadSettings) -> None:
    for row in range(7):
        server.put(f"/{row}", Answer(status=302, headers={"Location": f"{row + 1}"}))
    server.put("/5", jpeg(1))
    assert len(download_missing(remotes(f"{server.url}/0"), fetching)[0]) == 1
    loop = Answer(status=301, headers={"Location": "/bad.jpg"})
    assert reason_for(server, fetching, loop) == "more than 5 redirects"
    assert server.asked["/bad.jpg"] == 6


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://example.org/a.jpg", "data:,x", "http://[", "//[x"]
)
def test_redirects_to_other_schemes_are_refused(
    server: ImageServer, fetching: DownloadSettings, target: str
) -> None:
    reason = reason_for(server, fetching, Answer(status=302, headers={"Location": target}))
    assert reason.startswith("refused: a redirect to what is not a") and target in reason


def test_a_dead_host_is_given_up_for_all_its_images(
    server: ImageServer, fetching: DownloadSettings
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    dead = [f"http://localhost:{port}/{row}" for row in range(400)]
    start = time.monotonic()
    patient = replace(fetching, first_wait=0.3)
    found, failures = download_missing(remotes(*dead, server.put("/a", jpeg(1))), patient)
    assert found.names == ("400.jpg",) and time.monotonic() - start < 30
    assert set(failures["error"]) == {"host 'localhost' does not answer"}


def test_offline_uses_local_images_only(server: ImageServer, fetching: DownloadSettings) -> None:
    urls = [server.put(f"/{row}", jpeg(row)) for row in range(2)]
    download_missing(remotes(urls[0]), fetching)
    offline = replace(fetching, offline=True)
    found, failures = download_missing(remotes(*urls), offline)
    assert found.names == ("0.jpg",) and server.asked == {"/0": 1}
    assert reasons(failures) == {"1.jpg": "not on this machine, and offline"}
    with pytest.raises(InputError, match="none of the 1 images .* not on this machine"):
        download_missing(remotes(urls[1]), offline)


def test_a_folder_that_cannot_be_written_is_an_error(
    server: ImageServer, fetching: DownloadSettings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    urls = [server.put(f"/{row}", jpeg(row)) for row in range(9)]
    with pytest.raises(InputError, match="cannot write"):
        download_missing(remotes(*urls), replace(fetching, folder=tmp_path / "file"))
