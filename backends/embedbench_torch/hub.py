"""Why a model could not be had from the Hugging Face hub, in one line with the next step."""

import errno
from collections.abc import Iterator

from embedbench.encoder import first_sentence

__all__ = ["hub_reason"]

_TOKEN = "set HF_TOKEN or run `hf auth login`"
_ELSEWHERE = "fetch the model on a machine that reaches the hub and give the folder"

# By the names of the errors' classes, for where they live changes with the library's version.
_REASONS = (
    ({"GatedRepoError"}, f"it is gated; ask for access on its page on the hub, then {_TOKEN}"),
    (
        {"RepositoryNotFoundError"},
        f"the hub shows no such repository; check the name, and if it is private {_TOKEN}",
    ),
    (
        {"RevisionNotFoundError"},
        "it has no such revision; give a branch, a tag or a commit that its page on the hub shows",
    ),
)
_UNREACHABLE = {
    "ConnectionError",
    "LocalEntryNotFoundError",
    "OfflineModeIsEnabled",
    "Timeout",
    "TimeoutError",
    "TransportError",
}
_CUT = {
    "ChunkedEncodingError",
    "IncompleteRead",
    "ProtocolError",
    "ReadError",
    "RemoteProtocolError",
    "SafetensorError",
    "XetDownloadError",
}


def hub_reason(error: BaseException, elsewhere: str = "") -> str:
    """Return why the hub gave no model, and the next step, from an error and its causes.

    Errors that say nothing of the hub are returned as their own first sentence.

    Args:
        error: as the hub's library raised it.
        elsewhere: the next step where the hub is out of reach, or nothing is known of the error;
            by default to give the folder.
    """
    chain = list(_causes(error))
    names = {name for cause in chain for name in _class_names(cause)}
    for kinds, reason in _REASONS:
        if kinds & names:
            return reason
    if any(getattr(cause, "errno", None) == errno.ENOSPC for cause in chain):
        return "the disk is full; free space, or set HF_HOME to a folder on another disk"
    if _CUT & names or any(_is_broken(str(cause)) for cause in chain):
        return (
            "the download was cut short or is broken; delete its folder in the hub's cache and "
            "load it again"
        )
    status = next((code for code in map(_status, chain) if code), None)
    if status in (401, 403):
        return f"the hub refused access (status {status}); {_TOKEN}"
    if status == 429:
        return f"the hub asks for fewer requests (status 429); wait some minutes, or {_TOKEN}"
    if status and status >= 500:
        return f"the hub is out of order (status {status}); try again later"
    if _UNREACHABLE & names:
        return f"the hub is out of reach and the cache does not hold it; {elsewhere or _ELSEWHERE}"
    sentence = first_sentence(str(error) or type(error).__name__)
    return f"{sentence}; {elsewhere}" if elsewhere else sentence


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it came from, each once."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _class_names(error: BaseException) -> set[str]:
    return {base.__name__ for base in type(error).__mro__}


def _status(error: BaseException) -> int | None:
    """Return the status that the hub answered with."""
    code = getattr(getattr(error, "response", None), "status_code", None)
    return code if isinstance(code, int) else None


def _is_broken(message: str) -> bool:
    words = message.lower()
    return "consistency check failed" in words or "hash mismatch" in words
