"""A local HTTP server of images, with errors on demand, and helpers for tests of downloads."""

import io
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.downloads.download import DownloadSettings, download_missing
from embedbench.data.images.sources import RemoteImage
from embedbench.io.paths import AnyPath
from embedbench.results.schema import FAILURE_COLUMNS
from embedbench.utils.progress import Progress

__all__ = [
    "Answer",
    "ImageServer",
    "jpeg",
    "quick",
    "reason_for",
    "reasons",
    "remotes",
    "serve",
    "without_proxy",
]


def jpeg(seed: int, side: int = 24) -> bytes:
    """Return a small JPEG file of noise, different for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


@dataclass(frozen=True)
class Answer:
    """The response of the server to one request.

    Attributes:
        body: the body.
        length: Content-Length; None for none, -1 for the real length.
        late: seconds before the response starts.
        drip: seconds between the bytes of the body.
        drip_head: seconds between the bytes of the header.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = -1
    late: float = 0.0
    drip: float = 0.0
    drip_head: float = 0.0


@dataclass
class ImageServer:
    """A running server, with a list of responses for each path; the last one is repeated."""

    url: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    agents: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    open_now: int = 0
    most_open: int = 0

    def put(self, path: str, *answers: Answer | bytes) -> str:
        """Set the responses of a path, in order; return its URL."""
        self.answers[path] = [
            answer if isinstance(answer, Answer) else Answer(answer) for answer in answers
        ]
        return f"{self.url}{path}"

    def take(self, path: str) -> Answer:
        """Return the next response, and count the request."""
        with self.lock:
            self.asked[path] += 1
            waiting = self.answers.get(path, [Answer(status=404)])
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]


@contextmanager
def serve() -> Iterator[ImageServer]:
    """Run a server on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            with server.lock:
                server.open_now += 1
                server.most_open = max(server.most_open, server.open_now)

        def finish(self) -> None:
            with server.lock:
                server.open_now -= 1
            super().finish()

        def do_GET(self) -> None:
            server.agents.add(self.headers["User-Agent"])
            answer = server.take(self.path)
            time.sleep(answer.late)
            try:
                _send(self, answer)
            except OSError:  # the client has closed the connection
                self.close_connection = True

        def log_message(self, format: str, *values: object) -> None:
            """Log nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """Log nothing."""

    running = Quiet(("127.0.0.1", 0), Handler)
    server = ImageServer(f"http://127.0.0.1:{running.server_port}")
    thread = threading.Thread(target=lambda: running.serve_forever(0.01), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    head = [f"HTTP/1.1 {answer.status} Anything", *map(": ".join, answer.headers.items())]
    length = len(answer.body) if answer.length == -1 else answer.length
    if length is None or length != len(answer.body):
        head.append("Connection: close")
        handler.close_connection = True
    if length is not None:
        head.append(f"Content-Length: {length}")
    text = "\r\n".join([*head, "", ""]).encode()
    for content, pause in ((text, answer.drip_head), (answer.body, answer.drip)):
        pieces = [content] if not pause else [bytes([byte]) for byte in content]
        for piece in pieces:
            handler.wfile.write(piece)
            time.sleep(pause)


def without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the proxies from the environment."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def quick(folder: AnyPath) -> DownloadSettings:
    """Return settings for downloads from the local server, with short waits."""
    return DownloadSettings(
        folder=folder,
        allow_local=True,
        timeout=2.0,
        total_seconds=8.0,
        first_wait=0.02,
        progress=Progress(quiet=True),
    )


def remotes(*urls: str) -> Dataset:
    """Return a dataset of the images at these URLs, named by number."""
    names = tuple(f"{row}.jpg" for row in range(len(urls)))
    return Dataset(names, tuple(RemoteImage(url) for url in urls))


def reasons(failures: pd.DataFrame) -> dict[str, str]:
    """Return the reasons of failures by image name."""
    assert list(failures.columns) == FAILURE_COLUMNS
    assert failures["what"].eq("image").all() and failures["stage"].eq("download").all()
    return dict(zip(failures["name"], failures["error"], strict=True))


def reason_for(server: ImageServer, fetching: DownloadSettings, *answers: Answer | bytes) -> str:
    """Download a bad and a good image; return the reason why the bad one failed."""
    urls = server.put("/bad.jpg", *answers), server.put("/good.jpg", jpeg(0))
    folder = Path(str(fetching.folder))
    before = set(folder.glob("*"))
    found, failures = download_missing(remotes(*urls), fetching)
    assert found.names == ("1.jpg",) and list(reasons(failures)) == ["0.jpg"]
    assert set(folder.iterdir()) == before | {found.sources[0]}
    return reasons(failures)["0.jpg"]
