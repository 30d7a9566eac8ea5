"""Files that are written whole or not at all, whoever else writes or dies meanwhile."""

import contextlib
import os
import uuid

from embedbench.addresses import Address, Location

__all__ = ["write_whole"]


def write_whole(place: Location, content: bytes) -> None:
    """Write a file under another name beside it, then rename it; its folder is made.

    At an address it is one object, which its server keeps whole or not at all.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    if isinstance(place, Address):
        place.write_bytes(content)
        return
    unfinished = place.with_name(f".{place.name}.{uuid.uuid4().hex}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        os.replace(unfinished, place)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
