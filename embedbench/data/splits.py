"""Names of splits: train, validation and test, as folders and tables call them."""

import re

__all__ = ["is_split_name", "split_of"]

_SPLITS = {
    "train": ("train", "training", "trainval"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_NAMES = {name: split for split, names in _SPLITS.items() for name in names}
_AFFIXES = re.compile(
    r"(?P<name>[a-z]+)[-_ .]?(?:set|data|dataset|images?|imgs?|split|\d{4})?", re.IGNORECASE
)
_PREFIX = re.compile(r"(?:images?|imgs?|data|set|split)[-_ .](?P<rest>.+)", re.IGNORECASE)


def split_of(name: str) -> str | None:
    """Return the split that a folder or a value names; None if it names none.

    `Train`, `training_set`, `train2017` and `images_train` are train; the others likewise.
    """
    found = _PREFIX.fullmatch(name)
    match = _AFFIXES.fullmatch(found["rest"] if found else name)
    if not match:
        return None
    word = match["name"].lower()
    if word in _NAMES:
        return _NAMES[word]
    for affix in ("dataset", "data", "set", "images", "image", "imgs", "img", "split"):
        if word.endswith(affix) and word.removesuffix(affix) in _NAMES:
            return _NAMES[word.removesuffix(affix)]
    return None


def is_split_name(name: str) -> bool:
    """Return whether a folder or a value names a split."""
    return split_of(name) is not None
