"""A server for the browser on this machine alone, and the one that serves the page of a run."""

import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from embedbench.errors import ImageError
from embedbench.report.viewing.originals import Originals

__all__ = ["Answer", "HTML", "LocalServer", "NOT_FOUND", "PageServer", "picture"]

_HOST = "127.0.0.1"

_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_MOST_SENT = 2**16
"""Bytes that a page may send at once."""

HTML = "text/html; charset=utf-8"


class Answer(NamedTuple):
    """What a server answers.

    Attributes:
        kind: the media type.
        content: the bytes.
        status: of HTTP.
    """

    kind: str
    content: bytes
    status: HTTPStatus = HTTPStatus.OK


NOT_FOUND = Answer("text/plain", b"not found", HTTPStatus.NOT_FOUND)


class LocalServer(ThreadingHTTPServer):
    """Answers on loopback alone, at a port that is free, below a path that nobody can guess.

    So neither another user of the machine nor a page from the web reads the pictures.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((_HOST, 0), _Handler)
        self.secret = secrets.token_urlsafe(24)

    @property
    def host(self) -> str:
        """The name and port that a browser must have asked for."""
        return f"{_HOST}:{self.server_port}"

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{self.host}/{self.secret}/"

    def get(self, path: str) -> Answer:
        """Return what is at a path, which is empty for the page."""
        return NOT_FOUND

    def post(self, path: str, content: bytes) -> Answer:
        """Return the answer to what the page sends to a path."""
        return NOT_FOUND


class PageServer(LocalServer):
    """Serves a page, and the originals of its pictures as `originals/ROW`.

    Args:
        page: the file.
        originals: the pictures.
    """

    def __init__(self, page: Path, originals: Originals) -> None:
        super().__init__()
        self.page, self.originals = page, originals

    def get(self, path: str) -> Answer:
        """Return the page, with a policy that lets it show pictures of this server, or one."""
        if path:
            return picture(self.originals, path)
        page = self.page.read_bytes().replace(b"img-src data:", b"img-src 'self' data:", 1)
        return Answer(HTML, page)


def picture(originals: Originals, path: str) -> Answer:
    """Return the picture at `originals/ROW`, or why there is none."""
    kind, _, row = path.partition("/")
    if kind != "originals" or not (row.isascii() and row.isdecimal() and len(row) < 9):
        return NOT_FOUND
    try:
        return Answer("image/jpeg", originals.jpeg(int(row)))
    except (ImageError, OSError) as error:
        return Answer("text/plain; charset=utf-8", str(error).encode(), HTTPStatus.NOT_FOUND)


class _Handler(BaseHTTPRequestHandler):
    server: LocalServer

    def do_GET(self) -> None:
        """Answer with what is at the path."""
        path = self._path()
        self._answer(NOT_FOUND if path is None else self.server.get(path))

    def do_POST(self) -> None:
        """Answer to what this server's own page sends, in JSON, which no form of the web can."""
        path, length = self._path(), self.headers.get("Content-Length", "")
        origin = self.headers.get("Origin", f"http://{self.server.host}")
        is_own = origin == f"http://{self.server.host}"
        is_json = self.headers.get("Content-Type") == "application/json"
        is_short = length.isascii() and length.isdecimal() and int(length) <= _MOST_SENT
        if path is None or not (is_own and is_json and is_short):
            self._answer(NOT_FOUND)
        else:
            self._answer(self.server.post(path, self.rfile.read(int(length))))

    def _path(self) -> str | None:
        """Return the part of the path below the secret; None if it is not for this server."""
        start = f"/{self.server.secret}/"
        asked, wanted = self.path[: len(start)].encode("latin-1"), start.encode()
        # A page from the web may point a name of its own at this machine; it cannot set this.
        is_own = self.headers.get("Host") == self.server.host
        return self.path[len(start) :] if is_own and secrets.compare_digest(asked, wanted) else None

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        length = str(len(answer.content))
        headers = _HEADERS | {"Content-Type": answer.kind, "Content-Length": length}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing of each request."""
