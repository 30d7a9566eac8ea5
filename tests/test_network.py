"""Promises of the network: known within seconds, and none when offline."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from embedbench.network import hub_environment, reachable

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
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_server_that_answers_anything_is_reachable(hub: str) -> None:
    assert reachable(hub) and reachable(f"{hub}/missing")


def test_a_server_that_never_answers_is_given_up_within_seconds(silent: str) -> None:
    start = time.monotonic()
    assert not reachable(silent, seconds=1.0)
    assert time.monotonic() - start < 5
    assert not reachable("http://127.0.0.1:9") and not reachable("no address")


def test_hub_clients_are_told_to_be_offline_where_there_is_no_hub(
    hub: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", hub)
    assert hub_environment(offline=False) == {}
    assert hub_environment(offline=True) == OFFLINE
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert hub_environment(offline=False) == OFFLINE


def test_offline_a_process_can_connect_to_this_machine_alone(hub: str) -> None:
    code = (
        "import socket, sys; from embedbench.network import forbid_network; forbid_network()\n"
        "socket.create_connection(('127.0.0.1', int(sys.argv[1]))).close()\n"
        "try: socket.socket().connect(('192.0.2.1', 80))\n"
        "except OSError as error: print(error)\n"
    )
    port = hub.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-c", code, port], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("no network when offline; a connection to 192.0.2.1")
