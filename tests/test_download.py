"""Promises of downloads: whole and right, or a reason in plain words; and no address but public."""

import hashlib
import io
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from embedbench.dataset import Dataset, Remote, read_dataset, read_source
from embedbench.download import Fetching, fetch, is_public
from embedbench.errors import ImageError, InputError
from embedbench.progress import Progress
from embedbench.results import FAILURE_COLUMNS
from tests.image_server import Answer, ImageServer, jpeg, serve

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[ImageServer]:
    with serve() as running:
        yield running


@pytest.fixture
def fetching(tmp_path: Path) -> Fetching:
    return Fetching(
        folder=tmp_path / "downloads",
        allow_local=True,
        timeout=2.0,
        total_seconds=8.0,
        first_wait=0.02,
        progress=Progress(quiet=True),
    )


def remotes(*urls: str) -> Dataset:
    names = tuple(f"{row}.jpg" for row in range(len(urls)))
    return Dataset(names, tuple(Remote(url) for url in urls))


def reasons(failures: pd.DataFrame) -> dict[str, str]:
    assert list(failures.columns) == FAILURE_COLUMNS
    assert failures["what"].eq("image").all() and failures["stage"].eq("download").all()
    return dict(zip(failures["name"], failures["error"], strict=True))


def reason_for(server: ImageServer, fetching: Fetching, *answers: Answer | bytes) -> str:
    """The reason why one bad image beside a good one could not be had."""
    urls = server.put("/bad.jpg", *answers), server.put("/good.jpg", jpeg(0))
    before = set(fetching.folder.glob("*"))
    found, failures = fetch(remotes(*urls), fetching)
    assert found.names == ("1.jpg",) and list(reasons(failures)) == ["0.jpg"]
    assert set(fetching.folder.iterdir()) == before | {found.sources[0]}
    return reasons(failures)["0.jpg"]


def test_images_become_files_in_the_same_order(server: ImageServer, fetching: Fetching) -> None:
    here = jpeg(9)
    dataset = Dataset(
        ("a", "b", "c"),
        (Remote(server.put("/1.jpg?x", jpeg(1))), here, Remote(server.put("/2", jpeg(2)))),
        pd.DataFrame({"truth": ["x", "y", "z"]}),
        remarks=("kept",),
    )
    found, failures = fetch(dataset, fetching)
    assert [read_source(source) for source in found.sources] == [jpeg(1), here, jpeg(2)]
    assert (found.names, found.remarks) == (dataset.names, dataset.remarks)
    assert list(found.table["truth"]) == ["x", "y", "z"] and failures.empty
    assert list(failures.columns) == FAILURE_COLUMNS
    first = found.sources[0]
    url_hash = hashlib.sha256(f"{server.url}/1.jpg?x".encode()).hexdigest()
    assert first == fetching.folder / f"{url_hash}.jpg"
    assert server.agents == {"embedbench"}


def test_a_dataset_that_is_here_is_left_alone(photographs: Path, fetching: Fetching) -> None:
    dataset = read_dataset(photographs)
    found, failures = fetch(dataset, fetching)
    assert found.sources == dataset.sources and failures.empty and not fetching.folder.exists()


def test_an_image_that_was_not_downloaded_cannot_be_read() -> None:
    with pytest.raises(ImageError, match="not downloaded"):
        read_source(Remote("https://example.org/a.jpg"))


def test_each_url_is_fetched_once(server: ImageServer, fetching: Fetching) -> None:
    url = server.put("/a.jpg", jpeg(1))
    found, _ = fetch(remotes(url, url, url), fetching)
    assert len(set(found.sources)) == 1 and server.asked["/a.jpg"] == 1
    assert fetch(remotes(url), fetching)[0].sources == found.sources[:1]
    assert server.asked["/a.jpg"] == 1, "what is on disk is not fetched again"


def test_an_interrupted_run_goes_on(server: ImageServer, fetching: Fetching) -> None:
    urls = [server.put(f"/{row}.jpg", jpeg(row)) for row in range(6)]
    server.put("/4.jpg", Answer(status=404))
    found, failures = fetch(remotes(*urls), fetching)
    assert len(found) == 5 and reasons(failures) == {"4.jpg": "404 Not Found"}
    server.put("/4.jpg", jpeg(4))
    found, failures = fetch(remotes(*urls), fetching)
    assert [read_source(source) for source in found.sources] == [jpeg(row) for row in range(6)]
    assert server.asked == {f"/{row}.jpg": 2 if row == 4 else 1 for row in range(6)}


def test_a_file_of_its_own_is_kept_there_and_checked_by_its_md5(
    server: ImageServer, fetching: Fetching, tmp_path: Path
) -> None:
    file, right = tmp_path / "own" / "a.jpg", hashlib.md5(jpeg(1)).hexdigest()
    dataset = Dataset(("a",), (Remote(server.put("/a", jpeg(1)), file, right.upper()),))
    assert fetch(dataset, fetching)[0].sources == (file,) and file.read_bytes() == jpeg(1)
    fetch(dataset, fetching)
    assert server.asked["/a"] == 1
    file.write_bytes(b"something else")
    assert fetch(dataset, fetching)[0].sources == (file,) and file.read_bytes() == jpeg(1)
    assert server.asked["/a"] == 2 and not fetching.folder.exists()


def test_what_has_another_md5_is_not_kept(server: ImageServer, fetching: Fetching) -> None:
    md5 = hashlib.md5(jpeg(1)).hexdigest()
    good = server.put("/good", jpeg(0))
    dataset = Dataset(("a", "b"), (Remote(server.put("/a", jpeg(2)), md5=md5), Remote(good)))
    found, failures = fetch(dataset, fetching)
    other = hashlib.md5(jpeg(2)).hexdigest()
    assert reasons(failures) == {"a": f"its MD5 is {other}; it should be {md5}"}
    assert len(found) == 1 and len(list(fetching.folder.iterdir())) == 1


def test_an_etag_is_an_md5_from_s3_alone(server: ImageServer, fetching: Fetching) -> None:
    wrong = {"ETag": f'"{hashlib.md5(b"other").hexdigest()}"'}
    from_s3 = wrong | {"Server": "AmazonS3"}
    encrypted = from_s3 | {"x-amz-server-side-encryption": "aws:kms"}
    in_parts = from_s3 | {"ETag": '"d41d8cd98f00b204e9800998ecf8427e-2"'}
    for row, headers in enumerate([wrong, encrypted, in_parts]):
        url = server.put(f"/{row}", Answer(jpeg(row), headers=headers))
        assert len(fetch(remotes(url), fetching)[0]) == 1
    assert "it should be" in reason_for(server, fetching, Answer(jpeg(1), headers=from_s3))
    right = {"ETag": f'"{hashlib.md5(jpeg(5)).hexdigest()}"', "Server": "AmazonS3"}
    again = [Answer(jpeg(1), headers=from_s3), Answer(jpeg(5), headers=right)]
    assert len(fetch(remotes(server.put("/again", *again)), fetching)[0]) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_what_is_not_there_is_asked_for_once(
    server: ImageServer, fetching: Fetching, status: int
) -> None:
    reason = reason_for(server, fetching, Answer(b"gone", status))
    assert reason.startswith(f"{status} ") and server.asked["/bad.jpg"] == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_fault_is_tried_again(
    server: ImageServer, fetching: Fetching, status: int
) -> None:
    url = server.put("/a", Answer(status=status), Answer(status=status), Answer(jpeg(1)))
    found, failures = fetch(remotes(url), fetching)
    assert failures.empty and read_source(found.sources[0]) == jpeg(1)
    assert server.asked["/a"] == 3


def test_a_lasting_fault_is_given_up(server: ImageServer, fetching: Fetching) -> None:
    reason = reason_for(server, replace(fetching, attempts=3), Answer(status=503))
    assert reason == "503 Service Unavailable" and server.asked["/bad.jpg"] == 3


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_respected(server: ImageServer, fetching: Fetching, as_date: bool) -> None:
    after = formatdate(time.time() + 2, usegmt=True) if as_date else "1"
    url = server.put("/a", Answer(status=429, headers={"Retry-After": after}), Answer(jpeg(1)))
    start = time.monotonic()
    assert len(fetch(remotes(url), fetching)[0]) == 1
    assert 0.9 < time.monotonic() - start < 5


def test_a_long_retry_after_is_not_waited_for(server: ImageServer, fetching: Fetching) -> None:
    busy = Answer(status=429, headers={"Retry-After": "86400"})
    start = time.monotonic()
    assert reason_for(server, fetching, busy) == "429 Too Many Requests"
    assert time.monotonic() - start < 3 and server.asked["/bad.jpg"] == 1


def test_a_file_that_is_cut_off_says_how_far_it_came(
    server: ImageServer, fetching: Fetching
) -> None:
    cut = Answer(jpeg(1)[:300], length=5000)
    assert reason_for(server, fetching, cut) == "the file is cut off: 300 of 5000 bytes"
    assert server.asked["/bad.jpg"] == fetching.attempts
    url = server.put("/a", cut, Answer(jpeg(1)))
    assert len(fetch(remotes(url), fetching)[0]) == 1


def test_a_cut_is_seen_where_no_length_is_told(server: ImageServer, fetching: Fetching) -> None:
    content = jpeg(1, side=200)
    assert len(fetch(remotes(server.put("/a", Answer(content, length=None))), fetching)[0]) == 1
    reason = reason_for(server, fetching, Answer(content[: len(content) // 2], length=None))
    assert reason.startswith("broken image: image file is truncated")


def test_an_answer_that_does_not_come(server: ImageServer, fetching: Fetching) -> None:
    hasty = replace(fetching, timeout=0.2, attempts=2)
    assert reason_for(server, hasty, Answer(jpeg(1), late=1.0)) == "took longer than 0.2 s"
    assert server.asked["/bad.jpg"] == 2


@pytest.mark.parametrize("answer", [Answer(jpeg(1), drip=0.05), Answer(jpeg(1), drip_head=0.2)])
def test_a_server_that_drips_holds_nobody_for_ever(
    server: ImageServer, fetching: Fetching, answer: Answer
) -> None:
    hasty = replace(fetching, timeout=0.3, total_seconds=0.5, attempts=2)
    start = time.monotonic()
    assert reason_for(server, hasty, answer).startswith("took longer than 0.")
    assert time.monotonic() - start < 3


@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><p>gone", b"\xef\xbb\xbf\n <HTML>", b"Sign in, first"]
)
def test_a_web_page_is_no_image(server: ImageServer, fetching: Fetching, page: bytes) -> None:
    answer = Answer(page, headers={"Content-Type": "text/html; charset=utf-8"})
    assert reason_for(server, fetching, answer) == "a web page, not an image"
    assert server.asked["/bad.jpg"] == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "the file is empty"), (b"PK\x03\x04 no image", "not an image of a known format")],
)
def test_other_files_are_no_images(
    server: ImageServer, fetching: Fetching, content: bytes, reason: str
) -> None:
    assert reason_for(server, fetching, content).startswith(reason)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_format_that_is_read_is_fetched(
    server: ImageServer, fetching: Fetching, form: str
) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, form)
    url = server.put("/a", Answer(file.getvalue(), headers={"Content-Type": "text/html"}))
    assert len(fetch(remotes(url), fetching)[0]) == 1


@pytest.mark.parametrize("length", [-1, None])
def test_no_file_is_larger_than_allowed(
    server: ImageServer, fetching: Fetching, length: int | None
) -> None:
    small = replace(fetching, max_bytes=100_000)
    reason = reason_for(server, small, Answer(jpeg(1) + bytes(200_000), length=length))
    assert reason == "larger than 0.1 MB" and server.asked["/bad.jpg"] == 1


def test_redirects_are_followed_five_times(server: ImageServer, fetching: Fetching) -> None:
    for row in range(7):
        server.put(f"/{row}", Answer(status=302, headers={"Location": f"{row + 1}"}))
    server.put("/5", jpeg(1))
    assert len(fetch(remotes(f"{server.url}/0"), fetching)[0]) == 1
    loop = Answer(status=301, headers={"Location": "/bad.jpg"})
    assert reason_for(server, fetching, loop) == "more than 5 redirects"
    assert server.asked["/bad.jpg"] == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/a.jpg", "data:,x"])
def test_redirects_to_what_is_not_http_are_refused(
    server: ImageServer, fetching: Fetching, target: str
) -> None:
    reason = reason_for(server, fetching, Answer(status=302, headers={"Location": target}))
    assert reason.startswith("refused: a redirect to what is not an http") and target in reason


def test_what_is_no_http_address_is_listed(server: ImageServer, fetching: Fetching) -> None:
    urls = ["", "file:///etc/passwd", "ftp://x/a.jpg", "cat.jpg", "http://", "http://x:99999999/"]
    found, failures = fetch(remotes(*urls, server.put("/a", jpeg(1))), fetching)
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
    server: ImageServer, fetching: Fetching, host: str
) -> None:
    server.put("/a", jpeg(1))
    port = urllib.parse.urlsplit(server.url).port
    with pytest.raises(InputError, match="none of the 1 images .* refused: .* --allow-local"):
        fetch(remotes(f"http://{host}:{port}/a"), replace(fetching, allow_local=False))
    assert not server.asked


@pytest.fixture
def names_lie(server: ImageServer, monkeypatch: pytest.MonkeyPatch) -> ImageServer:
    """Every name resolves to this machine, as in an attack by the domain name system."""
    true = socket.getaddrinfo

    def lie(host: str, *values: object, **named: object) -> object:
        return true("127.0.0.1", *values, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", lie)
    return server


def test_a_public_name_of_this_machine_is_refused_before_anything_is_sent(
    names_lie: ImageServer, fetching: Fetching
) -> None:
    port = urllib.parse.urlsplit(names_lie.url).port
    names_lie.put("/a", jpeg(1))
    url = f"http://pictures.example:{port}/a"
    with pytest.raises(InputError, match="refused: an address of this machine"):
        fetch(remotes(url), replace(fetching, allow_local=False))
    assert not names_lie.asked
    assert len(fetch(remotes(url), fetching)[0]) == 1


def test_a_redirect_to_this_machine_is_refused(
    server: ImageServer, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedbench.download.is_public", lambda address: address == "127.0.0.1")
    for row, host in enumerate(["10.0.0.1", "localhost"]):
        server.put(f"/{row}", Answer(status=302, headers={"Location": f"http://{host}/a"}))
    server.put("/ok", jpeg(1))
    urls = [f"{server.url}/{path}" for path in ("0", "1", "ok")]
    found, failures = fetch(remotes(*urls), replace(fetching, allow_local=False))
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


def test_a_dead_host_is_given_up_for_all_its_images(
    server: ImageServer, fetching: Fetching
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    dead = [f"http://localhost:{port}/{row}" for row in range(400)]
    start = time.monotonic()
    patient = replace(fetching, first_wait=0.3)
    found, failures = fetch(remotes(*dead, server.put("/a", jpeg(1))), patient)
    assert found.names == ("400.jpg",) and time.monotonic() - start < 3
    assert set(failures["error"]) == {"host 'localhost' does not answer"}


def test_a_name_that_does_not_exist_does_not_answer(
    fetching: Fetching, server: ImageServer
) -> None:
    found, failures = fetch(
        remotes("http://nowhere.invalid/a.jpg", server.put("/a", jpeg(1))), fetching
    )
    assert reasons(failures) == {"0.jpg": "host 'nowhere.invalid' does not answer"}


def test_a_host_sees_four_connections_at_most(server: ImageServer, fetching: Fetching) -> None:
    urls = [server.put(f"/{row}", Answer(jpeg(row), late=0.02)) for row in range(24)]
    assert len(fetch(remotes(*urls), replace(fetching, parallel=16))[0]) == 24
    assert server.most_open == 4


def test_offline_uses_what_is_here_and_asks_nobody(server: ImageServer, fetching: Fetching) -> None:
    urls = [server.put(f"/{row}", jpeg(row)) for row in range(2)]
    fetch(remotes(urls[0]), fetching)
    offline = replace(fetching, offline=True)
    found, failures = fetch(remotes(*urls), offline)
    assert found.names == ("0.jpg",) and server.asked == {"/0": 1}
    assert reasons(failures) == {"1.jpg": "not on this machine, and offline"}
    with pytest.raises(InputError, match="none of the 1 images .* first: not on this machine"):
        fetch(remotes(urls[1]), offline)


def test_a_folder_that_cannot_be_written_is_an_error(
    server: ImageServer, fetching: Fetching, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    urls = [server.put(f"/{row}", jpeg(row)) for row in range(9)]
    with pytest.raises(InputError, match="cannot write"):
        fetch(remotes(*urls), replace(fetching, folder=tmp_path / "file"))


def test_proxies_of_the_environment_are_used(
    server: ImageServer, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = server.url.replace("http://", "http://me:secret@")
    monkeypatch.setenv("http_proxy", user)
    server.put("http://pictures.example/a.jpg", jpeg(1))
    server.put("/b.jpg", jpeg(2))
    public_only = replace(fetching, allow_local=False)
    assert len(fetch(remotes("http://pictures.example/a.jpg"), public_only)[0]) == 1
    with pytest.raises(InputError, match="refused"):
        fetch(remotes("http://127.1/a.jpg"), public_only)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert len(fetch(remotes(f"{server.url}/b.jpg"), fetching)[0]) == 1
    assert set(server.asked) == {"http://pictures.example/a.jpg", "/b.jpg"}


def test_a_proxy_that_cannot_be_used_is_an_error_that_tells_no_password(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "socks5://me:secret@127.0.0.1:1080")
    with pytest.raises(InputError, match="http or https") as caught:
        fetch(remotes("http://pictures.example/a.jpg"), fetching)
    assert "secret" not in str(caught.value)


def test_no_thread_or_file_is_left_behind(server: ImageServer, fetching: Fetching) -> None:
    before = threading.active_count()
    urls = [server.put(f"/{row}", jpeg(row)) for row in range(9)]
    fetch(remotes(*urls), fetching)
    mine = [thread for thread in threading.enumerate() if "ThreadPool" in thread.name]
    assert not mine and threading.active_count() <= before + server.open_now
    assert len(list(fetching.folder.iterdir())) == 9
