"""Downloads: images from http(s) addresses, fetched once, checked, kept whole or not at all.

Addresses come from people's tables, so they are not trusted: unless it is permitted, nothing is
asked of this machine or its network, whatever a name resolves to and wherever a server redirects.
"""

import contextlib
import email.utils
import hashlib
import ipaddress
import os
import re
import socket
import threading
import time
import urllib.request
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from urllib.parse import urljoin

import pandas as pd
from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout, make_headers
from urllib3 import exceptions as faults
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import parse_url

from embedbench.dataset import Dataset, Remote
from embedbench.errors import ImageError, InputError
from embedbench.images import SUFFIXES, open_rgb, upright_size
from embedbench.progress import Progress
from embedbench.results import FAILURE_COLUMNS

__all__ = ["Fetching", "fetch", "is_public"]

_AT_ONCE = 4
"""Connections to one host: what a polite browser keeps open."""

_DEAD_AFTER = 8
"""Connections in a row that a host leaves unanswered, until it is asked no more."""

_REDIRECTS = 5
_LONGEST_WAIT = 30.0
_HEADERS = {"User-Agent": "embedbench", "Accept": "image/*,*/*;q=0.5"}
_CHUNK = 1 << 16
_LOCAL = "refused: an address of this machine or its network; --allow-local permits it"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Fetching:
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

    folder: Path
    offline: bool = False
    allow_local: bool = False
    parallel: int = 8
    attempts: int = 4
    timeout: float = 20.0
    total_seconds: float = 120.0
    first_wait: float = 1.0
    max_bytes: int = 50_000_000
    progress: Progress = field(default_factory=Progress)


def fetch(dataset: Dataset, fetching: Fetching) -> tuple[Dataset, pd.DataFrame]:
    """Return the dataset with every image on this machine, and the images that could not be had.

    What is there already, with the right MD5 where one is known, is not fetched again, so that an
    interrupted run goes on. Of several Remotes with one URL the first one's file holds it.

    Returns:
        The dataset, files in place of Remotes, without the images that failed; and a row for
        each of those: `what, name, stage, error`.

    Raises:
        InputError: no image is left, a file cannot be written, or a proxy cannot be used.
    """
    wanted = _wanted(dataset, fetching.folder)
    reasons = {url: fault for url in wanted if (fault := _fault_of_url(url))}
    missing = [
        remote for url, remote in wanted.items() if url not in reasons and not _is_here(remote)
    ]
    if fetching.offline:
        reasons |= {remote.url: "not on this machine, and offline" for remote in missing}
    elif missing:
        reasons |= _fetch_all(missing, fetching)
    errors = {
        row: reasons[source.url]
        for row, source in enumerate(dataset.sources)
        if isinstance(source, Remote) and source.url in reasons
    }
    if len(errors) == len(dataset):
        raise InputError(f"none of the {len(errors)} images could be had; the first: {errors[0]}")
    failures = pd.DataFrame(
        [("image", dataset.names[row], "download", error) for row, error in errors.items()],
        columns=FAILURE_COLUMNS,
    )
    left = dataset.take([row for row in range(len(dataset)) if row not in errors])
    sources = tuple(
        (wanted[source.url].file or source) if isinstance(source, Remote) else source
        for source in left.sources
    )
    return replace(left, sources=sources), failures


def is_public(address: str) -> bool:
    """Return whether an IP address is of the public internet, also one wrapped into IPv6."""
    known = ipaddress.ip_address(address)
    if isinstance(known, ipaddress.IPv6Address):
        within = known.ipv4_mapped or known.sixtofour or (known.teredo or (None, None))[1]
        if known in _NAT64:
            within = ipaddress.IPv4Address(int(known) & 0xFFFFFFFF)
        if within is not None:
            return is_public(str(within))
    return known.is_global and not (known.is_multicast or known.is_reserved or known.is_unspecified)


def _wanted(dataset: Dataset, folder: Path) -> dict[str, Remote]:
    """The Remotes by URL, each with a file, and with an MD5 if any of that URL has one."""
    wanted: dict[str, Remote] = {}
    for source in dataset.sources:
        if isinstance(source, Remote):
            first = wanted.setdefault(source.url, source)
            wanted[source.url] = replace(
                first,
                file=first.file or folder / _name_of_file(source.url),
                md5=first.md5 or source.md5,
            )
    return wanted


def _name_of_file(url: str) -> str:
    suffix = PurePosixPath(url.partition("?")[0].partition("#")[0]).suffix.lower()
    name = hashlib.sha256(url.encode()).hexdigest()
    return f"{name}{suffix}" if suffix in SUFFIXES else f"{name}.img"


def _is_here(remote: Remote) -> bool:
    assert remote.file is not None
    try:
        if remote.md5 is None:
            return remote.file.stat().st_size > 0
        content = remote.file.read_bytes()
    except OSError:
        return False
    return _md5(content) == remote.md5.lower()


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _fault_of_url(url: str) -> str | None:
    if not url:
        return "there is no URL"
    try:
        parsed = parse_url(url)
    except ValueError:
        return f"not a valid URL: '{url[:100]}'"
    if parsed.scheme not in ("http", "https"):
        return f"not an http or https address: '{url[:100]}'"
    return None if parsed.host else f"not a valid URL: '{url[:100]}'"


def _host_of(url: str) -> str:
    return (parse_url(url).host or "").strip("[]").rstrip(".").lower()


def _fetch_all(remotes: Sequence[Remote], fetching: Fetching) -> dict[str, str]:
    """Fetch them into their files; return the reasons of those that failed, by URL."""
    queues: dict[str, deque[Remote]] = {}
    for remote in remotes:
        queues.setdefault(_host_of(remote.url), deque()).append(remote)
    # Hosts take turns, so that a slow one does not keep all the threads.
    by_size = sorted(queues.values(), key=len, reverse=True)
    lanes = [queue for lane in range(_AT_ONCE) for queue in by_size if len(queue) > lane]
    reasons: dict[str, str] = {}
    with (
        fetching.progress.bar("downloading", len(remotes), "images") as bar,
        ThreadPoolExecutor(max(1, fetching.parallel)) as threads,
    ):
        session = _Session(fetching, bar.update)
        running = [threads.submit(session.empty, queue) for queue in lanes]
        try:
            for lane in running:
                reasons |= lane.result()
        finally:
            session.stop.set()
            threads.shutdown(cancel_futures=True)
            session.close()
    return reasons


class _Failure(Exception):
    """Why an image could not be had this time."""

    def __init__(
        self, reason: str, *, again: bool = False, silent: bool = False, wait: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.reason, self.again, self.silent, self.wait = reason, again, silent, wait


@dataclass
class _Host:
    """What is known of a host: unanswered connections in a row; until when it asked for peace."""

    unanswered: int = 0
    not_before: float = 0.0


class _Session:
    """One run of downloads, shared by its threads."""

    def __init__(self, fetching: Fetching, advance: Callable[[], object]) -> None:
        self.fetching = fetching
        self.advance = advance
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.hosts: dict[str, _Host] = {}
        self.direct = PoolManager(num_pools=256, maxsize=_AT_ONCE, block=True)
        kind = "open" if fetching.allow_local else "public"
        self.direct.pool_classes_by_scheme = _POOLS[kind]
        self.proxies = {
            scheme: _proxy(address)
            for scheme, address in urllib.request.getproxies().items()
            if scheme in ("http", "https", "all") and address
        }

    def empty(self, queue: deque[Remote]) -> dict[str, str]:
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

    def close(self) -> None:
        """Close all connections."""
        for manager in (self.direct, *self.proxies.values()):
            manager.clear()

    def bring(self, remote: Remote) -> str | None:
        """Fetch one image into its file; return why it could not be had, or None."""
        assert remote.file is not None
        host = self.hosts.setdefault(_host_of(remote.url), _Host())
        reason, wait = "no attempt was made", 0.0
        deadline = time.monotonic() + self.fetching.total_seconds
        for attempt in range(self.fetching.attempts):
            pause = max(wait, host.not_before - time.monotonic())
            if pause > 0 and (time.monotonic() + pause > deadline or self.stop.wait(pause)):
                break
            try:
                _write(remote.file, self.get(remote, deadline))
                return None
            except _Failure as failure:
                reason = failure.reason
                if not failure.again:
                    break
                wait = self.fetching.first_wait * 2**attempt
                if failure.wait:
                    host.not_before = time.monotonic() + failure.wait
        return reason

    def get(self, remote: Remote, deadline: float) -> bytes:
        """Return the image's bytes, checked."""
        url = remote.url
        for _ in range(_REDIRECTS + 1):
            response = self.ask(url)
            try:
                location = response.headers.get("Location")
                if response.status in (301, 302, 303, 307, 308) and location:
                    url = urljoin(url, location)
                    if fault := _fault_of_url(url):
                        raise _Failure(f"refused: a redirect to what is {fault}")
                    continue
                if response.status != HTTPStatus.OK:
                    raise _status_failure(response)
                content = self.read(response, deadline)
                with self.lock:  # Pillow's warnings can be silenced by one thread at a time
                    _check(content, response, remote.md5)
                return content
            finally:
                response.close()
                response.release_conn()
        raise _Failure(f"more than {_REDIRECTS} redirects")

    def ask(self, url: str) -> BaseHTTPResponse:
        """Return the answer to a request, its body unread."""
        name = _host_of(url)
        host = self.hosts.setdefault(name, _Host())
        if host.unanswered >= _DEAD_AFTER:
            raise _Failure(f"host '{name}' does not answer")
        if not self.fetching.allow_local and _is_local(name):
            raise _Failure(_LOCAL)
        try:
            response = self.manager(url, name).urlopen(
                "GET",
                url,
                headers=_HEADERS,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=Timeout(connect=self.fetching.timeout, read=self.fetching.timeout),
            )
        except (faults.HTTPError, ValueError) as error:
            failure = self.failure(error, name)
            host.unanswered = host.unanswered + 1 if failure.silent else 0
            raise failure from error
        host.unanswered = 0
        return response

    def manager(self, url: str, host: str) -> PoolManager:
        """Return what connects to a host: the environment's proxy, or nothing between."""
        proxy = self.proxies.get(parse_url(url).scheme or "") or self.proxies.get("all")
        return self.direct if proxy is None or urllib.request.proxy_bypass(host) else proxy

    def read(self, response: BaseHTTPResponse, deadline: float) -> bytes:
        """Return the body, within the limits of size and time."""
        too_large = _Failure(f"larger than {self.fetching.max_bytes / 1e6:g} MB")
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self.fetching.max_bytes:
            raise too_large
        content = bytearray()
        try:
            while chunk := response.read1(_CHUNK):
                content += chunk
                if len(content) > self.fetching.max_bytes:
                    raise too_large
                if time.monotonic() > deadline:
                    raise _Failure(f"took longer than {self.fetching.total_seconds:g} s")
                if self.stop.is_set():
                    raise _Failure("stopped")
        except faults.HTTPError as error:
            raise self.failure(error, "") from error
        return bytes(content)

    def failure(self, error: Exception, host: str) -> _Failure:
        """Return what went wrong in plain words."""
        if isinstance(error, (faults.NewConnectionError, faults.ConnectTimeoutError)):
            return _Failure(f"host '{host}' does not answer", again=True, silent=True)
        if isinstance(error, faults.ProxyError):
            return _Failure("the proxy does not answer, or refuses", again=True, silent=True)
        if isinstance(error, faults.TimeoutError):
            reason = f"took longer than {self.fetching.timeout:g} s"
            return _Failure(reason, again=True, silent=bool(host))
        if isinstance(error, faults.SSLError):
            untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
            reason = "its certificate is not trusted" if untrusted else "the encryption failed"
            return _Failure(reason, again=not untrusted)
        if isinstance(error, ValueError):
            return _Failure("not a valid URL")
        cause = error.__cause__
        if isinstance(cause, faults.IncompleteRead):
            read, rest = int(cause.partial), int(cause.expected or 0)
            return _Failure(f"the file is cut off: {read} of {read + rest} bytes", again=True)
        return _Failure("the connection broke off", again=True)


def _status_failure(response: BaseHTTPResponse) -> _Failure:
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "unknown"
    again = response.status >= 500 or response.status in (408, 425, 429)
    wait = _seconds(response.headers.get("Retry-After", "")) if again else 0.0
    return _Failure(f"{response.status} {phrase}", again=again, wait=wait)


def _seconds(retry_after: str) -> float:
    """The seconds that a Retry-After asks for, as a number or a date; bounded."""
    if retry_after.strip().isdecimal():
        return min(float(retry_after), _LONGEST_WAIT)
    try:
        then = email.utils.parsedate_to_datetime(retry_after).timestamp()
    except ValueError:
        return 0.0
    return min(max(then - time.time(), 0.0), _LONGEST_WAIT)


def _check(content: bytes, response: BaseHTTPResponse, md5: str | None) -> None:
    """Raise _Failure unless it is the file that was meant, whole, and an image."""
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        raise _Failure("a web page, not an image")
    found, stored = _md5(content), _md5_of_s3(response)
    if md5 is not None and found != md5.lower():
        raise _Failure(f"its MD5 is {found}; it should be {md5.lower()}")
    if md5 is None and stored is not None and found != stored:
        raise _Failure(f"its MD5 is {found}; it should be {stored}", again=True)
    whole = md5 is not None or stored is not None or "Content-Length" in response.headers
    reason = _fault_of_image(content, whole)
    if reason and response.headers.get("Content-Type", "").startswith("text/html"):
        reason = "a web page, not an image"
    if reason:
        raise _Failure(reason, again=not whole and reason.startswith("broken"))


def _fault_of_image(content: bytes, whole: bool) -> str | None:
    """Why it is no image; all of it is decoded only where nothing else tells that it is whole."""
    try:
        if whole:
            with contextlib.suppress(Exception):
                upright_size(content)
                return None
        open_rgb(content, draft=(32, 32))
    except ImageError as error:
        return str(error)
    return None


def _md5_of_s3(response: BaseHTTPResponse) -> str | None:
    """The MD5 that S3 gives as the ETag of an object stored in one part, not encrypted by KMS.

    Elsewhere an ETag of 32 hex digits may be anything.
    """
    headers = response.headers
    if "x-amz-request-id" not in headers and headers.get("Server") != "AmazonS3":
        return None
    if headers.get("x-amz-server-side-encryption", "AES256") != "AES256":
        return None
    if (
        "Content-Encoding" in headers
        or "x-amz-server-side-encryption-customer-algorithm" in headers
    ):
        return None
    found = re.fullmatch('"([0-9a-fA-F]{32})"', headers.get("ETag", ""))
    return found[1].lower() if found else None


def _write(file: Path, content: bytes) -> None:
    unfinished = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        os.replace(unfinished, file)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise InputError(f"cannot write '{file}': {error.strerror or error}") from error


def _is_local(host: str) -> bool:
    """Whether a host is this machine or its network by name, or as a number in any writing."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with contextlib.suppress(ValueError):
        return not is_public(host)
    with contextlib.suppress(OSError, UnicodeError):
        return not is_public(socket.inet_ntoa(socket.inet_aton(host)))  # 127.1, 0x7f000001
    return False


def _proxy(address: str) -> ProxyManager:
    address = address if "://" in address else f"http://{address}"
    try:
        parsed = parse_url(address)
        headers = make_headers(proxy_basic_auth=parsed.auth) if parsed.auth else None
        manager = ProxyManager(
            address, num_pools=256, proxy_headers=headers, maxsize=_AT_ONCE, block=True
        )
    except (faults.HTTPError, ValueError) as error:
        scheme = address.partition(":")[0]
        raise InputError(f"a proxy must be an http or https address; not '{scheme}:'") from error
    manager.pool_classes_by_scheme = _POOLS["open"]
    return manager


class _Patient(HTTPConnection):
    """A connection whose answer must begin in time as a whole, not only byte by byte."""

    def getresponse(self) -> "BaseHTTPResponse":  # type: ignore[override]
        late = threading.Event()

        def cut() -> None:
            late.set()
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

        timer = threading.Timer(self.timeout or _LONGEST_WAIT, cut)
        timer.daemon = True
        timer.start()
        try:
            return super().getresponse()
        except Exception as error:
            if late.is_set():
                raise TimeoutError("the answer took too long to begin") from error
            raise
        finally:
            timer.cancel()


class _Public(_Patient):
    """A connection to the public internet alone."""

    def _new_conn(self) -> socket.socket:
        """Look at the address that was really reached, before anything is sent to it."""
        connection = super()._new_conn()
        if not is_public(str(connection.getpeername()[0])):
            connection.close()
            raise _Failure(_LOCAL)
        return connection


class _PatientTls(_Patient, HTTPSConnection):
    pass


class _PublicTls(_Public, HTTPSConnection):
    pass


def _pools(plain: type[HTTPConnection], encrypted: type[HTTPSConnection]) -> dict[str, type]:
    return {
        "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": encrypted}),
    }


_POOLS = {"open": _pools(_Patient, _PatientTls), "public": _pools(_Public, _PublicTls)}
