"""Downloads: images from http(s) addresses, fetched once, checked, kept whole or not at all.

Where several threads fetch from one host, they share what is known of it; see
`embedbench.io.http` for what may be asked at all.
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
from embedbench.data.download_checks import error_from_status, verify_image
from embedbench.data.images.sources import RemoteImage, is_elsewhere, remote_of
from embedbench.data.remote_files import in_place, is_here, keep, remotes_of
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
"""Connections in a row that a host leaves unanswered, until it is asked no more."""

_REDIRECTS = 5
_CHUNK = 1 << 16


@dataclass(frozen=True)
class DownloadSettings:
    """How images are downloaded.

    Attributes:
        folder: where those are kept that have no file of their own.
        offline: use what is on this machine, and ask nobody.
        allow_local: addresses of this machine and of its network may be asked too.
        parallel: downloads at once; at most 4 from one host.
        attempts: how often an image is tried where a further try may help.
        timeout: seconds for a connection, for the answer's head, and for each of its parts.
        total_seconds: for one image, all its attempts together.
        first_wait: seconds before the second attempt; doubled before each further one.
        max_bytes: the largest file.
        progress: how it is shown.
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
    """Return the dataset with every image on this machine, and the images that could not be had.

    What is there already, with the right MD5 where one is known, is not fetched again, so that an
    interrupted run goes on. Of several Remotes with one URL the first one's file holds it.

    Returns:
        The dataset, files in place of Remotes, turned as these were, without the images that
        failed; and a row for each of those: `what, name, stage, error`.

    Raises:
        InputError: no image is left, a file cannot be written, or a proxy cannot be used.
    """
    wanted = remotes_of(dataset, fetching.folder)
    reasons = {url: fault for url in wanted if (fault := url_problem(url))}
    asked = [remote for url, remote in wanted.items() if url not in reasons]
    with ThreadPoolExecutor(max(1, fetching.parallel)) as threads:
        there = list(threads.map(is_here, asked))
    missing = [remote for remote, here in zip(asked, there, strict=True) if not here]
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
    """Fetch them into their files; return the reasons of those that failed, by URL."""
    queues: dict[str, deque[RemoteImage]] = {}
    for remote in remotes:
        queues.setdefault(host_of(remote.url), deque()).append(remote)
    # Hosts take turns, so that a slow one does not keep all the threads.
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
    """What is known of a host: unanswered connections in a row; until when it asked for peace."""

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
        """Fetch what is in the queue, beside other threads; return the reasons of failures."""
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
        """Fetch one image into its file; return why it could not be had, or None."""
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
        """Return the image's bytes, checked."""
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
                with self.lock:  # Pillow's warnings can be silenced by one thread at a time
                    verify_image(content, response, remote.md5)
                return content
            finally:
                response.close()
                response.release_conn()
        raise DownloadError(f"more than {_REDIRECTS} redirects")

    def ask(self, url: str) -> BaseHTTPResponse:
        """Return the answer to a request, its body unread."""
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
    """Where a redirect leads."""
    try:
        target = urljoin(url, location)
    except ValueError:
        target = location
    if fault := url_problem(target):
        raise DownloadError(f"refused: a redirect to what is {fault}")
    return target
