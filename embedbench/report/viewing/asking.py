"""A server that asks for labels: a page that shows one picture after another."""

import json
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from embedbench.errors import InputError
from embedbench.report.layout.templates import template
from embedbench.report.page_data.script import built_script, script_hash
from embedbench.report.viewing.originals import Originals
from embedbench.report.viewing.server import HTML, NOT_FOUND, Answer, LocalServer, picture
from embedbench.results.label_sheet import LabelSheet

__all__ = ["AskServer"]

_MOST = 600
"""Pictures that are asked for in one go."""

_LONGEST = 200
"""Characters of a label."""

Judge = Callable[[LabelSheet], Sequence[str]]


class AskServer(LocalServer):
    """Shows pictures to label one by one, and writes each label to a file at once.

    Args:
        sheet: the labels; each change is written.
        file: the `.csv` file that they are written to.
        images: names of the images in the order of their rows.
        originals: the pictures.
        judge: returns the sentences on how the encoders stand by the labels.
    """

    def __init__(
        self,
        sheet: LabelSheet,
        file: Path,
        images: Sequence[str],
        originals: Originals,
        judge: Judge,
    ) -> None:
        super().__init__()
        self.sheet, self.file, self.originals, self.judge = sheet, file, originals, judge
        self._rows = {name: row for row, name in enumerate(images)}
        self._page = _page(file)
        self._lock = threading.Lock()

    def get(self, path: str) -> Answer:
        """Return the page, the pictures in their order with the labels so far, or a picture."""
        match path:
            case "":
                return Answer(HTML, self._page)
            case "state":
                return _json(self._state())
            case "standing":
                with self._lock:
                    return _json({"sentences": list(self.judge(self.sheet))})
        return picture(self.originals, path)

    def post(self, path: str, content: bytes) -> Answer:
        """Take the label of an image, or that it was passed over or is open again; or end."""
        if path == "end":
            threading.Thread(target=self.shutdown).start()  # it waits for this answer
            return _json({})
        try:
            asked = json.loads(content)
            image, label = asked["image"], asked["label"]
        except (ValueError, KeyError, TypeError):
            return NOT_FOUND
        is_label = label is None or (isinstance(label, str) and len(label) <= _LONGEST)
        is_image = isinstance(image, str) and image in self._rows
        if path != "label" or not is_image or not is_label:
            return NOT_FOUND
        with self._lock:
            self.sheet.given.pop(image, None)
            if label is not None:
                self.sheet.given[image] = " ".join(label.split())
            try:
                self.sheet.write(self.file)
            except InputError as error:
                return _json({"error": str(error)}, HTTPStatus.INTERNAL_SERVER_ERROR)
        return _json({})

    def _state(self) -> dict[str, Any]:
        with self._lock:
            asked = self.sheet.order[: len(self.sheet.given) + _MOST]
            given = self.sheet.given
            known = dict.fromkeys([*self.sheet.known.values(), *given.values()])
            return {
                "images": [{"name": name, "row": self._rows[name]} for name in asked],
                "given": {
                    name: self.sheet.given[name] for name in asked if name in self.sheet.given
                },
                "labels": [label for label in known if label],
            }


def _json(value: Any, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer("application/json", json.dumps(value).encode(), status)


def _page(file: Path) -> bytes:
    script = built_script("ask.js")
    page = template("ask.html.j2").render(
        file=str(file), script=script, script_hash=script_hash(script)
    )
    return page.encode()
