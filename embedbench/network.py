"""Whether the model hub can be reached, found out within seconds; and no network when offline."""

import os
import socket
import threading
import urllib.error
import urllib.request
from typing import Any

__all__ = ["forbid_network", "hub_environment", "reachable"]

HUB = "https://huggingface.co"


def reachable(address: str, seconds: float = 4.0) -> bool:
    """Return whether an http(s) address answers at all; proxies of the environment are used."""
    answers: list[bool] = []
    # Looking up a name knows no time limit of its own, so it is left behind in a thread.
    asking = threading.Thread(
        target=lambda: answers.append(_answers(address, seconds)), daemon=True
    )
    asking.start()
    asking.join(seconds + 1)
    return any(answers)


def _answers(address: str, seconds: float) -> bool:
    try:
        request = urllib.request.Request(address, method="HEAD")
        urllib.request.urlopen(request, timeout=seconds).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


def hub_environment(offline: bool) -> dict[str, str]:
    """Return the variables that keep hub clients from waiting for a hub that does not answer.

    Left alone, they try again for 25 to 45 seconds; told to be offline, they use what was
    fetched before, or say at once that it is not there.
    """
    if os.environ.get("HF_HUB_OFFLINE"):
        return {}
    if offline or not reachable(os.environ.get("HF_ENDPOINT", HUB)):
        return {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    return {}


def forbid_network() -> None:
    """Make every connection of this process to another machine fail."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address):
            raise OSError(f"no network when offline; a connection to {address[0]} was refused")
        connect(self, address)

    socket.socket.connect = refuse  # type: ignore[method-assign,assignment]


def _is_local(address: Any) -> bool:
    return str(address[0]).startswith("127.") or address[0] in ("localhost", "::1")
