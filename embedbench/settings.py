"""What a comparison is asked for: read from texts and from TOML, and checked, before any work."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedbench.errors import InputError

__all__ = ["DEFAULT_K", "KPlan", "plan_k", "read_toml"]

DEFAULT_K = "2..20"
_LEAST_IMAGES = 4  # a t-SNE map needs as many

_TOML_KINDS: Mapping[str, type] = {
    "about": str,
    "source": list,
    "encoder": list,
    "labels": str,
    "domain": str,
    "clusterer": list,
    "space": list,
    "k": str,
    "seeds": int,
    "names": str,
    "corrupt": list,
    "corrupted": int,
    "mix": str,
    "map": list,
    "out": str,
    "store": str,
    "offline": bool,
    "allow-local": bool,
    "follow-links": bool,
    "limit": int,
    "copies": int,
    "engine": str,
    "address": str,
    "workers": int,
    "memory": str,
    "patience": float,
}
"""The words of the command line, and what each holds in a TOML file; `about` is for people."""


@dataclass(frozen=True)
class KPlan:
    """Which numbers of clusters are tried.

    Attributes:
        ks: those of the sweep, rising.
        shared: the k at which encoders are compared; None if it is to be chosen from the sweep.
        shared_from: what to call it in the table: `truth`, `given` or `shared`.
        choose_from: the ks from which elbow, silhouette and gap choose one for each encoder; none
            if they are not asked. The number of classes is not added here: a criterion must not
            know it.
    """

    ks: tuple[int, ...]
    shared: int | None
    shared_from: str
    choose_from: tuple[int, ...]


def plan_k(k: str, images: int, classes: int | None, different: int | None = None) -> KPlan:
    """Return the plan for `2..20`, `4` or `truth`.

    Args:
        k: what was asked for.
        images: how many images are compared.
        classes: how many classes their labels have; None without labels.
        different: how many of the images are different files; all of them if None.

    Raises:
        InputError: it is none of these, asks for more clusters than there can be, or for labels
            that there are not.
    """
    most = min(images - 1, images if different is None else different)
    if most < 2 or images < _LEAST_IMAGES:
        raise InputError(
            f"a comparison needs at least {_LEAST_IMAGES} images, 2 of them different; not {images}"
        )
    if k == "truth":
        if classes is None:
            raise InputError("`k` can be `truth` only with labels; give some, or a range: 2..20")
        return KPlan((_fits(classes, most, images),), classes, "truth", ())
    if re.fullmatch(r"\d+", k):
        return KPlan((_fits(int(k), most, images),), int(k), "given", ())
    match = re.fullmatch(r"(\d+)\.\.(\d+)", k)
    if not match or int(match[1]) > int(match[2]):
        raise InputError(f"`k` must be a range such as 2..20, a number or `truth`; not '{k}'")
    low, high = (int(part) for part in match.groups())
    if k == DEFAULT_K:
        high = min(high, most)
    asked = tuple(range(_fits(low, most, images), _fits(high, most, images) + 1))
    if classes is None or not 2 <= classes <= most:
        return KPlan(asked, None, "shared", asked)
    return KPlan(tuple(sorted({*asked, classes})), classes, "truth", asked)


def _fits(k: int, most: int, images: int) -> int:
    if not 2 <= k <= most:
        raise InputError(f"`k` must be between 2 and {most} for {images} images; not {k}")
    return k


def read_toml(file: Path) -> dict[str, Any]:
    """Return the settings in a TOML file that uses the words of the command line.

    Paths that exist beside the file are taken from there.

    Raises:
        InputError: it cannot be read, or has a word that is not known or of the wrong kind.
    """
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read '{file}': {error}") from error
    for word, value in settings.items():
        if word not in _TOML_KINDS:
            raise InputError(f"'{file}' has '{word}'; known words: {', '.join(_TOML_KINDS)}")
        settings[word] = _checked(file, word, value)
    for word in ("labels", "names"):
        if word in settings:
            settings[word] = _beside(file, settings[word])
    if "source" in settings:
        settings["source"] = [_beside(file, source) for source in settings["source"]]
    return settings


def _beside(file: Path, name: str) -> str:
    """Return the path beside the file where there is such a thing, else the name as it is."""
    beside = file.parent / name
    return str(beside) if beside.exists() else name


def _checked(file: Path, word: str, value: Any) -> Any:
    kind = _TOML_KINDS[word]
    if kind is list:
        value = [value] if isinstance(value, str) else value
        fits = isinstance(value, list) and all(isinstance(part, str) for part in value)
    else:
        value = str(value) if word == "k" else value
        value = float(value) if kind is float and type(value) is int else value
        fits = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    if not fits:
        wanted = {list: "a list of texts", int: "a whole number", bool: "true or false"}
        wanted[float] = "a number"
        raise InputError(
            f"in '{file}', '{word}' must be {wanted.get(kind, 'a text')}; not {value!r}"
        )
    return value
