"""Unique names of images at URLs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from urllib.parse import urlsplit

__all__ = ["names_of_urls"]


def names_of_urls(urls: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    """Return a unique name for each URL, different from the names in `taken`.

    The name is the last part of the URL's path if it is unique, else host and path, else host and
    path with a number. Names do not depend on the order of the URLs.
    """
    parts = [_parts_of_url(url) for url in urls]
    short, long = Counter(last for last, _ in parts), Counter(path for _, path in parts)
    used = set(taken)
    names: dict[int, str] = {}
    for row, (last, path) in enumerate(parts):
        for name, alone in ((path, long[path] == 1), (last, short[last] == 1)):
            if alone and name not in used:
                names[row] = name
    used |= set(names.values())
    for row in sorted(set(range(len(urls))) - set(names), key=lambda row: (urls[row], row)):
        path = parts[row][1]
        numbered = (f"{path}#{number}" for number in count(1))
        names[row] = next(name for name in numbered if name not in used)
        used.add(names[row])
    return [names[row] for row in range(len(urls))]


def _parts_of_url(url: str) -> tuple[str, str]:
    """Return the last part of the path of a URL, and its host and path."""
    try:
        split = urlsplit(url)
        host, path = split.hostname or "", split.path
    except ValueError:
        host, path = "", url
    last = path.rstrip("/").rpartition("/")[2] or host or "no-url"
    return last, f"{host}{path}" or "no-url"
