"""Promises of the page's server: this machine alone, this run's pictures alone, no metadata."""

import http.client
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import embedbench
from embedbench.report.viewing.originals import Originals, page_of
from embedbench.report.viewing.server import PageServer


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one encoder on pictures with a place in their EXIF."""
    home = tmp_path_factory.mktemp("viewing")
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    for number in range(12):
        file = home / "photos" / f"{number:02d}.jpg"
        file.parent.mkdir(exist_ok=True)
        Image.new("RGB", (40, 30), (20 * number, 0, 0)).save(file, exif=exif)
    (home / "secret.jpg").write_bytes((home / "photos" / "00.jpg").read_bytes())
    embedbench.compare(
        home / "photos", ["pixels"], k=2, out=home / "run", store=home / "store", copies=0
    )
    return home / "run"


@pytest.fixture
def server(run: Path) -> Iterator[PageServer]:
    serving = PageServer(page_of(run), Originals(embedbench.read_results(run)))
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield serving
    serving.shutdown()
    serving.server_close()


def ask(server: PageServer, path: str, host: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request("GET", path, headers={"Host": host or server.host})
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_the_page_and_its_pictures_are_served_without_metadata(
    server: PageServer, run: Path
) -> None:
    page = (run / "report.html").read_bytes()
    served = page.replace(b"img-src data:", b"img-src 'self' data:")
    assert served != page and ask(server, f"/{server.secret}/") == (200, served)
    status, content = ask(server, f"/{server.secret}/originals/3")
    image = Image.open(io.BytesIO(content))
    assert status == 200 and image.size == (40, 30) and not image.getexif()
    assert b"secret" not in content
    red = image.convert("RGB").getpixel((5, 5))
    assert isinstance(red, tuple) and abs(red[0] - 60) < 4


@pytest.mark.parametrize(
    "path",
    ["/", "/originals/0", "/{secret}/originals/12", "/{secret}/originals/-1",
     "/{secret}/originals/../../secret.jpg", "/{secret}/originals/%2e%2e/secret.jpg",
     "/{secret}/run.json", "/{secret}//etc/passwd", "/{secret}/originals/1%D9%A1"],
)  # fmt: skip
def test_nothing_else_is_served(server: PageServer, path: str) -> None:
    assert ask(server, path.format(secret=server.secret))[0] == 404


def test_a_page_from_the_web_that_points_its_name_here_gets_nothing(server: PageServer) -> None:
    assert ask(server, f"/{server.secret}/", host="evil.example")[0] == 404
    assert server.server_address[0] == "127.0.0.1"


def test_a_picture_that_was_changed_or_is_gone_is_not_shown(server: PageServer, run: Path) -> None:
    first, second = (run.parent / "photos" / f"{number:02d}.jpg" for number in (4, 5))
    Image.new("RGB", (9, 9)).save(first)
    second.unlink()
    assert ask(server, f"/{server.secret}/originals/4")[0] == 404
    assert ask(server, f"/{server.secret}/originals/5")[0] == 404
    assert ask(server, f"/{server.secret}/originals/6")[0] == 200
