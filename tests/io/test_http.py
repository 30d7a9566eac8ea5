"""Promises of HTTP: public addresses only, a time limit, no threads or files left behind."""

import gzip
import socket
import threading
import time
import tracemalloc
import urllib.parse
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from embedbench.data.downloads.download import DownloadSettings, download_missing
from embedbench.data.images.sources import read_source
from embedbench.errors import InputError
from embedbench.io.http import is_public
from embedbench.io.paths import files_below
from tests.support.image_server import (
    Answer,
    ImageServer,
    jpeg,
    reason_for,
    reasons,
    remotes,
)


def test_a_response_that_does_not_come_is_a_timeout(
    server: ImageServer, fetching: DownloadSettings
) -> None:
    hasty = replace(fetching, timeout=1.5, attempts=2)
    assert reason_for(server, hasty, Answer(jpeg(1), late=30.0)) == "took longer than 1.5 s"
    assert server.asked["/bad.jpg"] == 2


def test_an_address_that_is_not_http_is_listed(
    server: ImageServer, fetching: DownloadSettings
) -> None:
    urls = ["", "file:///etc/passwd", "ftp://x/a.jpg", "cat.jpg", "http://", "http://x:99999999/"]
    found, failures = download_missing(remotes(*urls, server.put("/a", jpeg(1))), fetching)
    assert found.names == ("6.jpg",)
    assert reasons(failures) == {
        "0.jpg": "there is no URL",
        "1.jpg": "not an http or https address: 'file:///etc/passwd'",
        "2.jpg": "not an http or https address: 'ftp://x/a.jpg'",
        "3.jpg": "not an http or https address: 'cat.jpg'",
        "4.jpg": "not a valid URL: 'http://'",
        "5.jpg": "not a valid URL: 'http://x:99999999/'",
    }


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "LOCALHOST.", "a.localhost", "127.1", "2130706433", "0x7f000001",
     "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "10.0.0.1", "192.168.1.1"],
)  # fmt: skip
def test_this_machine_and_its_network_are_refused(
    server: ImageServer, fetching: DownloadSettings, host: str
) -> None:
    server.put("/a", jpeg(1))
    port = urllib.parse.urlsplit(server.url).port
    with pytest.raises(InputError, match="none of the 1 images .* refused: .* --allow-local"):
        download_missing(remotes(f"http://{host}:{port}/a"), replace(fetching, allow_local=False))
    assert not server.asked


@pytest.fixture
def names_lie(server: ImageServer, monkeypatch: pytest.MonkeyPatch) -> ImageServer:
    """Every name resolves to this machine, as in a DNS rebinding attack."""
    true = socket.getaddrinfo

    def lie(host: str, *values: object, **named: object) -> object:
        return true("127.0.0.1", *values, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", lie)
    return server


def test_a_public_name_that_resolves_to_this_machine_is_refused_before_anything_is_sent(
    names_lie: ImageServer, fetching: DownloadSettings
) -> None:
    port = urllib.parse.urlsplit(names_lie.url).port
    names_lie.put("/a", jpeg(1))
    url = f"http://pictures.example:{port}/a"
    with pytest.raises(InputError, match="refused: an address of this machine"):
        download_missing(remotes(url), replace(fetching, allow_local=False))
    assert not names_lie.asked
    assert len(download_missing(remotes(url), fetching)[0]) == 1


def test_a_redirect_to_this_machine_is_refused(
    server: ImageServer, fetching: DownloadSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedbench.io.http.is_public", lambda address: address == "127.0.0.1")
    for row, host in enumerate(["10.0.0.1", "localhost"]):
        server.put(f"/{row}", Answer(status=302, headers={"Location": f"http://{host}/a"}))
    server.put("/ok", jpeg(1))
    urls = [f"{server.url}/{path}" for path in ("0", "1", "ok")]
    found, failures = download_missing(remotes(*urls), replace(fetching, allow_local=False))
    assert found.names == ("2.jpg",)
    assert all(reason.startswith("refused: an address") for reason in reasons(failures).values())


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2001:4860:4860::8888", True), ("64:ff9b::808:808", True),
     ("10.1.2.3", False), ("100.64.0.1", False), ("169.254.169.254", False), ("224.0.0.1", False),
     ("255.255.255.255", False), ("0.0.0.0", False), ("::", False), ("::1", False),
     ("fe80::1", False), ("fc00::1", False), ("ff02::1", False), ("::ffff:192.168.0.1", False),
     ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False), ("fe80::1%eth0", False)],
)  # fmt: skip
def test_addresses_are_public_or_not(address: str, public: bool) -> None:
    assert is_public(address) == public


def test_an_unknown_host_is_reported_as_not_answering(
    fetching: DownloadSettings, server: ImageServer
) -> None:
    found, failures = download_missing(
        remotes("http://nowhere.invalid/a.jpg", server.put("/a", jpeg(1))), fetching
    )
    assert reasons(failures) == {"0.jpg": "host 'nowhere.invalid' does not answer"}


def test_a_host_gets_at_most_four_connections(
    server: ImageServer, fetching: DownloadSettings
) -> None:
    urls = [server.put(f"/{row}", Answer(jpeg(row), late=0.02)) for row in range(24)]
    assert len(download_missing(remotes(*urls), replace(fetching, parallel=16))[0]) == 24
    assert server.most_open == 4


def test_proxies_of_the_environment_are_used(
    server: ImageServer, fetching: DownloadSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = server.url.replace("http://", "http://me:secret@")
    monkeypatch.setenv("http_proxy", user)
    server.put("http://pictures.example/a.jpg", jpeg(1))
    server.put("/b.jpg", jpeg(2))
    public_only = replace(fetching, allow_local=False)
    assert len(download_missing(remotes("http://pictures.example/a.jpg"), public_only)[0]) == 1
    with pytest.raises(InputError, match="refused"):
        download_missing(remotes("http://127.1/a.jpg"), public_only)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert len(download_missing(remotes(f"{server.url}/b.jpg"), fetching)[0]) == 1
    assert set(server.asked) == {"http://pictures.example/a.jpg", "/b.jpg"}


def test_an_invalid_proxy_is_an_error_without_the_password(
    fetching: DownloadSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "socks5://me:secret@127.0.0.1:1080")
    with pytest.raises(InputError, match="http or https") as caught:
        download_missing(remotes("http://pictures.example/a.jpg"), fetching)
    assert "secret" not in str(caught.value)


def test_no_thread_or_file_is_left_behind(server: ImageServer, fetching: DownloadSettings) -> None:
    before = threading.active_count()
    urls = [server.put(f"/{row}", jpeg(row)) for row in range(9)]
    download_missing(remotes(*urls), fetching)
    end = time.monotonic() + 60  # the server's own threads take a moment
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= before
    assert len(list(files_below(fetching.folder))) == 9


BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "gzip, gzip": lambda body: gzip.compress(gzip.compress(body)),
}


@pytest.mark.parametrize("encoding", BOMBS)
def test_a_compressed_body_is_limited_by_its_unpacked_size(
    server: ImageServer, fetching: DownloadSettings, encoding: str
) -> None:
    bomb = Answer(BOMBS[encoding](bytes(300_000_000)), headers={"Content-Encoding": encoding})
    assert len(bomb.body) < 1_000_000
    tracemalloc.start()
    try:
        reason = reason_for(server, replace(fetching, max_bytes=2_000_000), bomb)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reason == "larger than 2 MB" and most < 20_000_000


def test_a_compressed_body_is_read_and_one_with_a_false_encoding_is_refused(
    server: ImageServer, fetching: DownloadSettings
) -> None:
    packed = Answer(gzip.compress(jpeg(1)), headers={"Content-Encoding": "gzip"})
    found, _ = download_missing(remotes(server.put("/a", packed)), fetching)
    assert read_source(found.sources[0]) == jpeg(1)
    broken = Answer(jpeg(2), headers={"Content-Encoding": "gzip"})
    assert reason_for(server, fetching, broken) == "the connection broke off"


def test_redirects_count_towards_the_time_limit_of_the_image(
    server: ImageServer, fetching: DownloadSettings
) -> None:
    slow = Answer(status=302, headers={"Location": "/bad.jpg"}, late=1.0)
    hasty = replace(fetching, total_seconds=2.5)
    assert reason_for(server, hasty, slow) == "took longer than 2.5 s"
    assert server.asked["/bad.jpg"] <= 3  # of the six that redirects may take
