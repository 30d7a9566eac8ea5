"""Promises of the server that asks: each label is in the file at once, and nobody else's counts."""

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from embedbench.report.viewing.asking import AskServer
from embedbench.report.viewing.originals import Originals
from embedbench.results.label_sheet import LabelSheet

IMAGES = [f"{number}.jpg" for number in range(5)]


class Pictures(Originals):
    """Stands for the originals."""

    def __init__(self) -> None:
        pass

    def jpeg(self, row: int) -> bytes:
        return f"picture {row}".encode()


def judge(sheet: LabelSheet) -> list[str]:
    return [f"{len(sheet.labels)} labels, {sheet.left} left"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "labels.csv"


@pytest.fixture
def server(file: Path) -> Iterator[AskServer]:
    images = pd.DataFrame({"image": IMAGES, "group": range(5), "truth": ["cat", *[None] * 4]})
    serving = AskServer(LabelSheet.of(images), file, IMAGES, Pictures(), judge)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield serving
    serving.shutdown()
    serving.server_close()


def ask(
    server: AskServer, path: str, content: Any = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """Return status and answer of what the page sends; of GET without content."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    sent = None if content is None else json.dumps(content)
    usual = {"Host": server.host, "Content-Type": "application/json"}
    method = "GET" if content is None else "POST"
    connection.request(method, f"/{server.secret}/{path}", sent, usual | dict(headers or {}))
    answer = connection.getresponse()
    body = answer.read()
    is_json = answer.headers["Content-Type"] == "application/json"
    return answer.status, json.loads(body) if is_json else body


def rows(file: Path) -> dict[str, str]:
    table = pd.read_csv(file, keep_default_na=False)
    return dict(zip(table["image"], table["label"], strict=True))


def test_a_label_is_in_the_file_at_once_and_can_be_taken_back(
    server: AskServer, file: Path
) -> None:
    first, second, third, _ = [one["name"] for one in ask(server, "state")[1]["images"]]
    assert "0.jpg" not in (first, second, third)  # it has a label
    assert ask(server, "label", {"image": first, "label": " a  dog "}) == (200, {})
    assert rows(file) == {"0.jpg": "cat", first: "a dog"}
    ask(server, "label", {"image": second, "label": ""})
    ask(server, "label", {"image": third, "label": "=1+1"})
    assert rows(file) == {"0.jpg": "cat", first: "a dog", second: "", third: "'=1+1"}
    assert ask(server, "standing") == (200, {"sentences": ["3 labels, 1 left"]})
    assert ask(server, "state")[1]["labels"] == ["cat", "a dog", "=1+1"]
    ask(server, "label", {"image": third, "label": None})
    ask(server, "label", {"image": first, "label": None})
    assert rows(file) == {"0.jpg": "cat", first: "", second: ""}
    assert ask(server, "state")[1]["given"] == {second: ""}


@pytest.mark.parametrize(
    ("path", "content", "headers"),
    [
        ("label", {"image": "else.jpg", "label": "x"}, {}),
        ("label", {"image": "1.jpg", "label": 3}, {}),
        ("label", {"image": ["1.jpg"], "label": "x"}, {}),
        ("label", {"image": "1.jpg", "label": "x" * 201}, {}),
        ("label", {"image": "1.jpg"}, {}),
        ("label", [], {}),
        ("else", {"image": "1.jpg", "label": "x"}, {}),
        ("label", {"image": "1.jpg", "label": "x"}, {"Host": "evil.example"}),
        ("label", {"image": "1.jpg", "label": "x"}, {"Origin": "http://evil.example"}),
        ("label", {"image": "1.jpg", "label": "x"}, {"Content-Type": "text/plain"}),
        ("end", {"much": "x" * 2**17}, {}),
    ],
)
def test_nothing_else_is_taken(
    server: AskServer, file: Path, path: str, content: Any, headers: dict[str, str]
) -> None:
    assert ask(server, path, content, headers)[0] == 404
    assert not file.exists() and ask(server, "state")[0] == 200


def test_the_page_and_the_pictures_are_there_and_no_file(server: AskServer) -> None:
    status, page = ask(server, "")
    assert status == 200 and b"labels.csv" in page and b"connect-src 'self'" in page
    assert ask(server, "originals/3") == (200, b"picture 3")
    assert ask(server, "labels.csv")[0] == ask(server, "originals/../labels.csv")[0] == 404


def test_a_file_that_cannot_be_written_is_told(server: AskServer, file: Path) -> None:
    file.mkdir()
    status, answer = ask(server, "label", {"image": "1.jpg", "label": "x"})
    assert status == 500 and "cannot write" in answer["error"]


def test_the_page_can_end_it(server: AskServer) -> None:
    assert ask(server, "end", {}) == (200, {})
    server.shutdown()  # returns at once once it has ended
