"""Download images from http(s) addresses: once, verified, and written atomically.

Threads share the state of each host. `embedbench.io.http` decides which addresses are allowed.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urljoin

import pandas as pd
from urllib3 import BaseHTTPResponse
from urllib3 import exceptions as faults

from embedbench.data.dataset import Dataset
from embedbench.data.downloads.checks import error_from_status, verify_image
from embedbench.data.downloads.remote_files import in_place, is_here, keep, remotes_of
from embedbench.data.images.sources import RemoteImage, is_elsewhere, remote_of
from embedbench.errors import InputError
from embedbench.io.http import (
    AT_ONCE,
    Connections,
    DownloadError,
    host_of,
    to_download_error,
    url_problem,
)
from embedbench.io.paths import AnyPath
from embedbench.results.schema import FAILURE_COLUMNS
from embedbench.utils.progress import Progress

__all__ = ["DownloadSettings", "download_missing"]

_DEAD_AFTER = 8
"""Unanswered connections in a row after which a host is given up."""

_REDIRECTS = 5
_CHUNK = 1 << 16


@dataclass(frozen=True)
class DownloadSettings:
    """How images are downloaded.

    Attributes:
        folder: folder for images without a file of their own.
        offline: use only images on this machine, and download nothing.
        allow_local: allow requests to this machine and its network.
        parallel: number of parallel downloads; at most 4 per host.
        attempts: maximum number of attempts for an image.
        timeout: time limit for the connection, the header and each part of the body, in seconds.
        total_seconds: time limit for all attempts of one image, in seconds.
        first_wait: seconds before the second attempt; doubled before each further one.
        max_bytes: maximum size of a file.
        progress: settings of progress bars.
    """

    folder: AnyPath
    offline: bool = False
    allow_local: bool = False
    parallel: int = 8
    attempts: int = 4
    timeout: float = 20.0
    total_seconds: float = 120.0
    first_wait: float = 1.0
    max_bytes: int = 50_000_000
    progress: Progress = field(default_factory=Progress)


def download_missing(dataset: Dataset, fetching: DownloadSettings) -> tuple[Dataset, pd.DataFrame]:
    """Download the remote images of a dataset that are not yet on this machine.

    Existing files with the right MD5, if known, are not downloaded again, so that an interrupted
    run continues. Images with the same URL share one file.

    Args:
        dataset: the images.
        fetching: settings of the downloads.

    Returns:
        The dataset with files instead of remote images, and without the images that failed; and a
        table of these failures: `what, name, stage, error`.

    Raises:
        InputError: no image is left, a file cannot be written, or a proxy cannot be used.
    """
    wanted = remotes_of(dataset, fetching.folder)
    reasons = {url: reason for url in wanted if (reason := url_problem(url))}
    valid = [remote for url, remote in wanted.items() if url not in reasons]
    with ThreadPoolExecutor(max(1, fetching.parallel)) as threads:
        present = list(threads.map(is_here, valid))
    missing = [remote for remote, here in zip(valid, present, strict=True) if not here]
    if fetching.offline:
        reasons |= {remote.url: "not on this machine, and offline" for remote in missing}
    elif missing:
        reasons |= _fetch_all(missing, fetching)
    errors = {
        row: reasons[remote.url]
        for row, remote in enumerate(map(remote_of, dataset.sources))
        if remote is not None and remote.url in reasons
    }
    if fetching.offline:
        elsewhere = [row for row, source in enumerate(dataset.sources) if is_elsewhere(source)]
        errors |= dict.fromkeys(elsewhere, "at an address, and offline")
    if len(errors) == len(dataset):
        (commonest, times), *_ = Counter(errors.values()).most_common(1)
        often = f"{times} of them: " if times < len(errors) else ""
        raise InputError(f"none of the {len(errors)} images could be had; {often}{commonest}")
    failures = pd.DataFrame(
        [("image", dataset.names[row], "download", error) for row, error in errors.items()],
        columns=FAILURE_COLUMNS,
    )
    left = dataset.take([row for row in range(len(dataset)) if row not in errors])
    return replace(left, sources=tuple(in_place(one, wanted) for one in left.sources)), failures


def _fetch_all(remotes: Sequence[RemoteImage], fetching: DownloadSettings) -> dict[str, str]:
    """Download images into their files; return the reasons of failures by URL."""
    queues: dict[str, deque[RemoteImage]] = {}
    for remote in remotes:
        queues.setdefault(host_of(remote.url), deque()).append(remote)
    # Hosts take turns, so that a slow host does not occupy all threads.
    by_size = sorted(queues.values(), key=len, reverse=True)
    lanes = [queue for lane in range(AT_ONCE) for queue in by_size if len(queue) > lane]
    reasons: dict[str, str] = {}
    with (
        fetching.progress.bar("downloading", len(remotes), "images") as bar,
        ThreadPoolExecutor(max(1, fetching.parallel)) as threads,
    ):
        session = _Downloader(fetching, bar.update)
        running = [threads.submit(session.empty, queue) for queue in lanes]
        try:
            for lane in running:
                reasons |= lane.result()
        finally:
            session.stop.set()
            threads.shutdown(cancel_futures=True)
            session.connections.close()
    return reasons


@dataclass
class _Host:
    """State of a host: unanswered connections in a row, and the time of the next request."""

    unanswered: int = 0
    not_before: float = 0.0


class _Downloader:
    """One run of downloads, shared by its threads."""

    def __init__(self, fetching: DownloadSettings, advance: Callable[[], object]) -> None:
        self.download_settings = fetching
        self.advance = advance
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.hosts: dict[str, _Host] = {}
        self.connections = Connections(fetching.allow_local)

    def empty(self, queue: deque[RemoteImage]) -> dict[str, str]:
        """Download the images of a queue that threads share; return the reasons of failures."""
        reasons: dict[str, str] = {}
        while not self.stop.is_set():
            try:
                remote = queue.popleft()
            except IndexError:
                break
            try:
                reason = self.bring(remote)
            except BaseException:
                self.stop.set()
                raise
            if reason:
                reasons[remote.url] = reason
            with self.lock:
                self.advance()
        return reasons

    def bring(self, remote: RemoteImage) -> str | None:
        """Download one image into its file; return the reason of a failure, or None."""
        host = self.hosts.setdefault(host_of(remote.url), _Host())
        reason, wait = "the host asks for a longer pause than there is time for", 0.0
        deadline = time.monotonic() + self.download_settings.total_seconds
        for attempt in range(self.download_settings.attempts):
            pause = max(wait, host.not_before - time.monotonic())
            if pause > 0 and (time.monotonic() + pause > deadline or self.stop.wait(pause)):
                break
            try:
                keep(remote, self.get(remote, deadline))
                return None
            except DownloadError as failure:
                reason = failure.reason
                if not failure.again:
                    break
                wait = self.download_settings.first_wait * 2**attempt
                if failure.wait:
                    host.not_before = time.monotonic() + failure.wait
        return reason

    def get(self, remote: RemoteImage, deadline: float) -> bytes:
        """Return the verified bytes of an image; follows redirects."""
        url = remote.url
        for _ in range(_REDIRECTS + 1):
            if time.monotonic() > deadline:
                raise DownloadError(f"took longer than {self.download_settings.total_seconds:g} s")
            response = self.ask(url)
            try:
                location = response.headers.get("Location")
                if response.status in (301, 302, 303, 307, 308) and location:
                    url = _target(url, location)
                    continue
                if response.status != HTTPStatus.OK:
                    raise error_from_status(response)
                content = self.read(response, deadline)
                with self.lock:  # only one thread at a time can silence Pillow's warnings
                    verify_image(content, response, remote.md5)
                return content
            finally:
                response.close()
                response.release_conn()
        raise DownloadError(f"more than {_REDIRECTS} redirects")

    def ask(self, url: str) -> BaseHTTPResponse:
        """Return the response to a request, with its body unread."""
        name = host_of(url)
        host = self.hosts.setdefault(name, _Host())
        if host.unanswered >= _DEAD_AFTER:
            raise DownloadError(f"host '{name}' does not answer")
        try:
            response = self.connections.ask(url, self.download_settings.timeout)
        except DownloadError as failure:
            host.unanswered = host.unanswered + 1 if failure.silent else 0
            raise
        host.unanswered = 0
        return response

    def read(self, response: BaseHTTPResponse, deadline: float) -> bytes:
        """Return the body, within the limits of size and time."""
        too_large = DownloadError(f"larger than {self.download_settings.max_bytes / 1e6:g} MB")
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self.download_settings.max_bytes:
            raise too_large
        content = bytearray()
        try:
            while chunk := response.read1(_CHUNK):
                content += chunk
                if len(content) > self.download_settings.max_bytes:
                    raise too_large
                if time.monotonic() > deadline:
                    raise DownloadError(
                        f"took longer than {self.download_settings.total_seconds:g} s"
                    )
                if self.stop.is_set():
                    raise DownloadError("stopped")
        except faults.HTTPError as error:
            raise to_download_error(error, "", self.download_settings.timeout) from error
        return bytes(content)


def _target(url: str, location: str) -> str:
    """Return the absolute URL of a redirect."""
    try:
        target = urljoin(url, location)
    except ValueError:
        target = location
    if reason := url_problem(target):
        raise DownloadError(f"refused: a redirect to what is {reason}")
    return target
