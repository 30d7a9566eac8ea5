"""Why the hub gave no model: each of its errors as one line with the next step."""

import errno
import re
from types import SimpleNamespace

import pytest

from embedbench_torch.hub import hub_reason
from tests.support.libraries import library

hub = library("huggingface_hub.errors")


def _answer(name: str, status: int) -> Exception:
    """An error of the hub's own class, as its library builds it from an answer."""
    answer = SimpleNamespace(headers={}, request=None, status_code=status)
    error: Exception = getattr(hub, name)("", response=answer)
    return error


def _wrapped(cause: Exception) -> OSError:
    """As transformers passes it on: an OSError of its own that names the cause."""
    try:
        try:
            raise cause
        except Exception as error:
            raise OSError("Can't load the configuration. Several sentences follow.") from error
    except OSError as outer:
        return outer


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        (
            "GatedRepoError",
            403,
            "it is gated; ask for access on its page.*HF_TOKEN or run `hf auth",
        ),
        (
            "RepositoryNotFoundError",
            404,
            "no such repository; check the name.*private set HF_TOKEN",
        ),
        ("RevisionNotFoundError", 404, "no such revision; give a branch, a tag or a commit"),
        ("HfHubHTTPError", 401, r"refused access \(status 401\); set HF_TOKEN"),
        ("HfHubHTTPError", 429, r"fewer requests \(status 429\)"),
        ("HfHubHTTPError", 503, r"out of order \(status 503\); try again later"),
    ],
)
def test_an_answer_of_the_hub_is_a_reason(name: str, status: int, words: str) -> None:
    reason = hub_reason(_wrapped(_answer(name, status)))
    assert "\n" not in reason
    assert re.search(words, reason), reason


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full; free space"),
        (OSError("Consistency check failed: file should be of size 9"), "cut short or is broken"),
        (ConnectionError("nobody answers"), "out of reach.*give the folder"),
        (TimeoutError("too slow"), "out of reach.*give the folder"),
    ],
)
def test_a_failed_download_is_a_reason(cause: Exception, words: str) -> None:
    assert re.search(words, hub_reason(_wrapped(cause)))


def test_the_hub_offline_is_a_reason() -> None:
    cause = hub.LocalEntryNotFoundError("not in the cache")
    assert hub_reason(_wrapped(cause)).endswith("reaches the hub and give the folder")


def test_other_errors_speak_for_themselves() -> None:
    assert hub_reason(ValueError("Sizes differ. More.")) == "Sizes differ"
