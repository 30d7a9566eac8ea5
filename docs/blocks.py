"""Blocks of a page that a script fills: from `<!-- NAME -->` to the next `<!-- end -->`."""

import re

__all__ = ["fill"]


def fill(text: str, name: str, block: str) -> str:
    """Return the text with the block of this name filled.

    Raises:
        ValueError: the text does not have exactly one block of this name.
    """
    pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    filled, count = pattern.subn(lambda match: f"{match[1]}{block}\n{match[2]}", text)
    if count != 1:
        raise ValueError(f"the page has {count} blocks named '{name}'; it must have 1")
    return filled
