"""Promises of offline mode: reachability is known within seconds, no connection leaves."""

import asyncio
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from embedbench.utils.offline import hub_environment, no_network, reachable

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


class Hub(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(404 if self.path == "/missing" else 200)
        self.end_headers()

    def log_message(self, format: str, *values: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_server_is_reachable_whatever_its_status(hub: str) -> None:
    assert reachable(hub) and reachable(f"{hub}/missing")


def test_a_silent_server_is_unreachable_after_the_time_limit(silent: str) -> None:
    start = time.monotonic()
    assert not reachable(silent, seconds=1.0)
    assert time.monotonic() - start < 30
    assert not reachable("http://127.0.0.1:9") and not reachable("no address")


def test_hub_clients_are_set_offline_if_the_hub_is_unreachable(
    hub: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", hub)
    assert hub_environment(offline=False) == {}
    assert hub_environment(offline=True) == OFFLINE
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert hub_environment(offline=False) == OFFLINE


def test_offline_a_process_connects_to_this_machine_only(hub: str) -> None:
    code = (
        "import socket, sys\n"
        "from embedbench.utils.offline import forbid_network\n"
        "forbid_network()\n"
        "socket.create_connection(('127.0.0.1', int(sys.argv[1]))).close()\n"
        "try: socket.socket().connect(('192.0.2.1', 80))\n"
        "except OSError as error: print(error)\n"
    )
    port = hub.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-c", code, port], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("no network when offline; a connection to 192.0.2.1")


def _connect(host: str) -> None:
    socket.create_connection((host, 80), 0.1).close()


def _connect_ex(host: str) -> None:
    with socket.socket() as one:
        one.connect_ex((host, 80))


def _send_datagram(host: str) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.sendto(b"x", (host, 53))


def _send_message(host: str) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.sendmsg([b"x"], [], 0, (host, 53))


def _fetch(host: str) -> None:
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://{host}/", None, 0.1)


def _stream(host: str) -> None:
    asyncio.run(asyncio.open_connection(host, 80))


WAYS: list[Callable[[str], object]] = [
    _connect, _connect_ex, _send_datagram, _send_message, _fetch, _stream, socket.gethostbyname,
    socket.gethostbyaddr, lambda host: socket.getaddrinfo(host, 80),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("host", ["192.0.2.1", "pictures.example"])
def test_offline_every_connection_and_name_lookup_is_blocked(
    way: Callable[[str], object], host: str
) -> None:
    with no_network(), pytest.raises(OSError, match="no network when offline"):
        way(host)


def test_offline_this_machine_is_reachable_and_the_block_ends_with_the_context(hub: str) -> None:
    with no_network():
        assert reachable(hub)
        assert reachable(hub.replace("127.0.0.1", "localhost"))
    with no_network(offline=False):
        assert socket.getaddrinfo("192.0.2.1", 80)
    assert socket.getaddrinfo("192.0.2.1", 80)
