"""A server of one page, for the browser on this machine alone."""

import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from embedbench.errors import ImageError
from embedbench.report.viewing.originals import Originals

__all__ = ["PageServer"]

_HOST = "127.0.0.1"

_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class PageServer(ThreadingHTTPServer):
    """Serves a page, and the originals of its pictures as `originals/ROW`.

    It answers on loopback alone, at a port that is free, below a path that nobody can guess; so
    neither another user of the machine nor a page from the web reads the pictures.

    Args:
        page: the file.
        originals: the pictures.
    """

    daemon_threads = True

    def __init__(self, page: Path, originals: Originals) -> None:
        super().__init__((_HOST, 0), _Handler)
        self.page, self.originals = page, originals
        self.secret = secrets.token_urlsafe(24)

    @property
    def host(self) -> str:
        """The name and port that a browser must have asked for."""
        return f"{_HOST}:{self.server_port}"

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{self.host}/{self.secret}/"


def served(page: Path) -> bytes:
    """Return the page with a policy that lets it show pictures of this server, and no others."""
    return page.read_bytes().replace(b"img-src data:", b"img-src 'self' data:", 1)


class _Handler(BaseHTTPRequestHandler):
    server: PageServer

    def do_GET(self) -> None:
        """Answer with the page, a picture, or that there is no such thing."""
        start = f"/{self.server.secret}/"
        asked, wanted = self.path[: len(start)].encode("latin-1"), start.encode()
        # A page from the web may point a name of its own at this machine; it cannot set this.
        is_own = self.headers.get("Host") == self.server.host
        if not is_own or not secrets.compare_digest(asked, wanted):
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"not found")
            return
        rest = self.path[len(start) :]
        if not rest:
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", served(self.server.page))
            return
        kind, _, row = rest.partition("/")
        try:
            if kind != "originals" or not (row.isascii() and row.isdecimal() and len(row) < 9):
                raise ImageError("not found")
            picture = self.server.originals.jpeg(int(row))
        except (ImageError, OSError) as error:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", str(error).encode())
            return
        self._answer(HTTPStatus.OK, "image/jpeg", picture)

    def _answer(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        headers = _HEADERS | {"Content-Type": kind, "Content-Length": str(len(content))}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing of each request."""
