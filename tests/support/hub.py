"""A model hub on loopback, as huggingface_hub asks it: repositories of files, and their faults."""

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

__all__ = ["TOKEN", "Hub", "Repository", "serve_hub"]

TOKEN = "hf_of_the_test"
"""With it gated repositories open."""

_RESOLVE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_MODEL = re.compile(r"/api/models/([^/]+/[^/]+?)(?:/(revision|tree|refs)(?:/([^/?]+))?.*)?")


@dataclass
class Repository:
    """A repository of a hub.

    Attributes:
        folder: its files.
        is_gated: whether only who has the token may read it.
        cuts: how often a transfer of weights breaks off half-way before one comes to its end.
        pause: seconds between two parts of a file of weights.
        is_swapped: whether weights come with other bytes than the hub says they have.
        branches: commits by the names of branches.
    """

    folder: Path
    is_gated: bool = False
    cuts: int = 0
    pause: float = 0.0
    is_swapped: bool = False
    branches: dict[str, str] = field(default_factory=lambda: {"main": "a" * 40})

    def commit(self, revision: str) -> str | None:
        """Return the commit of a branch or a commit; None if there is none."""
        return revision if revision in self.branches.values() else self.branches.get(revision)


@dataclass
class Hub:
    """A running hub.

    Attributes:
        address: where it answers.
        repositories: by `owner/name`.
        asked: method, path and `Range` of each request.
    """

    address: str
    repositories: dict[str, Repository]
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)

    def weights_asked(self, name: str) -> list[str | None]:
        """Return the `Range` of each request for the bytes of a repository's weights."""
        return [
            part
            for method, path, part in self.asked
            if method == "GET" and path.startswith(f"/{name}/") and path.endswith(".safetensors")
        ]


@contextmanager
def serve_hub(repositories: dict[str, Repository]) -> Iterator[Hub]:
    """Answer on a free port of this machine until the context is left."""
    hub = Hub("", repositories)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *parts: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            _answer(self, hub, has_body=False)

        def do_GET(self) -> None:
            _answer(self, hub, has_body=True)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(request: BaseHTTPRequestHandler, hub: Hub, has_body: bool) -> None:
    path = unquote(urlsplit(request.path).path)
    hub.asked.append((request.command, path, request.headers.get("Range")))
    file = _RESOLVE.fullmatch(path)
    name = (file or _MODEL.fullmatch(path) or [None, ""])[1]
    repository = hub.repositories.get(str(name))
    if repository is None:
        return _refuse(request, 404, "RepoNotFound", "Repository not found")
    is_open = request.headers.get("Authorization") == f"Bearer {TOKEN}"
    if repository.is_gated and not is_open:
        message = f"Access to model {name} is restricted. You must be authenticated."
        return _refuse(request, 401, "GatedRepo", message)
    if file:
        return _send_file(request, repository, file[2], file[3], has_body)
    found = _MODEL.fullmatch(path)
    assert found is not None
    if found[2] == "refs":
        branches = [
            {"name": branch, "ref": f"refs/heads/{branch}", "targetCommit": commit}
            for branch, commit in repository.branches.items()
        ]
        return _send_json(request, {"branches": branches, "converts": [], "tags": []}, has_body)
    commit = repository.commit(found[3] or "main")
    if commit is None:
        return _refuse(request, 404, "RevisionNotFound", "Invalid rev id")
    names = sorted(path.name for path in repository.folder.iterdir())
    if found[2] == "tree":
        files = [
            {"type": "file", "path": one, "size": (repository.folder / one).stat().st_size,
             "oid": "0" * 40}
            for one in names
        ]  # fmt: skip
        return _send_json(request, files, has_body)
    siblings = [{"rfilename": one} for one in names]
    return _send_json(
        request, {"id": name, "modelId": name, "sha": commit, "siblings": siblings}, has_body
    )


def _send_file(
    request: BaseHTTPRequestHandler,
    repository: Repository,
    revision: str,
    name: str,
    has_body: bool,
) -> None:
    commit = repository.commit(revision)
    if commit is None:
        return _refuse(request, 404, "RevisionNotFound", "Invalid rev id")
    path = repository.folder / name
    if not path.is_file():
        return _refuse(request, 404, "EntryNotFound", "Entry not found")
    content = path.read_bytes()
    is_weights = path.suffix in (".safetensors", ".bin")
    digest = hashlib.sha256(content) if is_weights else hashlib.sha1(content)
    if is_weights and repository.is_swapped:
        content = content[:-4] + b"\x00\x00\x00\x01"
    start = 0
    if part := re.fullmatch(r"bytes=(\d+)-(?:\d+)?", request.headers.get("Range") or ""):
        start = int(part[1])
    request.send_response(206 if start else 200)
    request.send_header("X-Repo-Commit", commit)
    request.send_header("ETag", f'"{digest.hexdigest()}"')
    request.send_header("Accept-Ranges", "bytes")
    if start:
        request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    request.send_header("Content-Length", str(len(content) - start))
    request.end_headers()
    if not has_body:
        return None
    end = len(content)
    is_cut = is_weights and repository.cuts > 0
    if is_cut:
        repository.cuts -= 1
        end = start + (end - start) // 2
    step = max(1, len(content) // 8) if is_weights and repository.pause else len(content) or 1
    for begin in range(start, end, step):
        request.wfile.write(content[begin : min(end, begin + step)])
        time.sleep(repository.pause if is_weights else 0)
    if is_cut:
        request.wfile.flush()
        request.close_connection = True
        request.connection.close()
    return None


def _send_json(request: BaseHTTPRequestHandler, value: Any, has_body: bool) -> None:
    content = json.dumps(value).encode()
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    if has_body:
        request.wfile.write(content)


def _refuse(request: BaseHTTPRequestHandler, status: int, code: str, message: str) -> None:
    request.send_response(status)
    request.send_header("X-Error-Code", code)
    request.send_header("X-Error-Message", message)
    request.send_header("Content-Length", "0")
    request.end_headers()
