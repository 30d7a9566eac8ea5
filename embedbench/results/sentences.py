"""The verdict in sentences, for the terminal and for the page."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from embedbench.results.schema import CANNOT_TELL, NONE_BETTER, TOO_FEW
from embedbench.utils.text import join_names

__all__ = ["NAMED", "list_names", "verdict_sentences"]

NAMED = 6
"""If there are more encoders than this, the sentence counts the others."""


def verdict_sentences(
    verdict: Mapping[str, Any],
    fastest: str | None,
    text: Callable[[str], str] = str,
    strong: Callable[[str], str] = str,
) -> list[str]:
    """Return which encoder is best, then the reasons.

    Args:
        verdict: as in `run.json`.
        fastest: the fastest of the encoders that it names; None where it is not known.
        text: makes the string whose `format` joins the parts: `str`, or `Markup`, which escapes
            them.
        strong: marks a name or a word that must be seen.
    """
    group = verdict["group"]
    by = "by the labels" if verdict["basis"] == "labels" else "without labels"
    if verdict["basis"] == "nothing":
        first = text("There is {}.").format(strong("no verdict"))
    elif verdict["answer"] == CANNOT_TELL:
        form = text("{}, we {} which encoder is best here.")
        first = form.format(by.capitalize(), strong("cannot tell"))
    elif verdict["answer"] == NONE_BETTER:
        form = text("{} of them groups these pictures better than chance.")
        first = form.format(strong("None"))
    elif verdict["answer"] == TOO_FEW:
        form = text("There are {} to tell which encoder is best here.")
        first = form.format(strong("too few pictures"))
    elif len(group) == 1:
        first = text("{} is the {} here, {}.").format(strong(group[0]), strong("best"), by)
    else:
        cheapest = _cheapest(verdict["smallest"], fastest, text, strong)
        names = list_names(group, text, strong)
        first = text("{} are {} as best here, {}{}.").format(names, strong("tied"), by, cheapest)
    return [first, *(text("{}").format(reason) for reason in verdict["reasons"])]


def list_names(
    names: Sequence[str],
    text: Callable[[str], str] = str,
    strong: Callable[[str], str] = str,
) -> str:
    """Return the first names joined as in a sentence, and the number of the others."""
    shown = [strong(name) for name in names[:NAMED]]
    if len(names) > NAMED:
        shown.append(f"{len(names) - NAMED} more")
    pattern = join_names(["{}"] * len(shown))
    return text(pattern).format(*shown)


def _cheapest(
    smallest: str | None,
    fastest: str | None,
    text: Callable[[str], str],
    strong: Callable[[str], str],
) -> str:
    if smallest is None:
        return ""
    if fastest is None:
        return text("; the smallest of them is {}").format(strong(smallest))
    if smallest == fastest:
        return text("; the smallest and fastest of them is {}").format(strong(smallest))
    form = text("; the smallest of them is {}, the fastest {}")
    return form.format(strong(smallest), strong(fastest))
