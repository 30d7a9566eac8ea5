"""Record file writes and connections of every Python process that has this folder on its path.

Each line of the file EMBEDBENCH_WATCHED is JSON: event, path or address, process, working folder.
Python's own `.pyc` files are not recorded.
"""

import json
import os
import sys
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    "os.mkdir": (0,), "os.rename": (0, 1), "os.remove": (0,), "os.rmdir": (0,), "os.link": (1,),
    "os.symlink": (1,), "os.truncate": (0,), "os.chmod": (0,), "shutil.rmtree": (0,),
}  # fmt: skip
_NETWORK = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}

_notes = os.open(os.environ["EMBEDBENCH_WATCHED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def _note(what: str, place: Any) -> None:
    if isinstance(place, int):  # an open file descriptor
        return
    text = os.fsdecode(place) if isinstance(place, (str, bytes, os.PathLike)) else repr(place)
    if not text.endswith(".pyc") and "__pycache__" not in text:
        record = [what, text, os.getpid(), os.getcwd()]
        os.write(_notes, (json.dumps(record) + "\n").encode())


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        place, mode, flags = arguments
        writes = flags & _WRITING if isinstance(flags, int) else set(mode or "") & set("wax+")
        if writes:
            _note("open", place)
    elif event in ("os.remove", "os.rmdir") and arguments[1] != -1:  # by the folder's descriptor
        _note(event, os.path.join(os.readlink(f"/proc/self/fd/{arguments[1]}"), arguments[0]))
    elif event in _CHANGES:
        for position in _CHANGES[event]:
            _note(event, arguments[position])
    elif event in _NETWORK:
        _note(event, arguments[1] if event in ("socket.connect", "socket.sendto") else arguments[0])


sys.addaudithook(_watch)
