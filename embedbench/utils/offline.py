"""Whether the model hub can be reached, found out within seconds; and no network when offline."""

import ipaddress
import os
import socket
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any

__all__ = ["HUB", "forbid_network", "hub_environment", "is_forbidden", "no_network", "reachable"]

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
    """Refuse this process, from now on, every connection to another machine."""
    _watch()
    _refusing.append(True)


@contextmanager
def no_network(offline: bool = True) -> Iterator[None]:
    """Refuse this process every connection to another machine inside the block, if `offline`."""
    if not offline:
        yield
        return
    _watch()
    _refusing.append(True)
    try:
        yield
    finally:
        _refusing.pop()


def is_forbidden() -> bool:
    """Return whether this process is refused the network at the moment."""
    return bool(_refusing)


_refusing: list[bool] = []
"""One entry for each that forbids the network at the moment."""

_SENDING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_LOOKING_UP = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}


@cache
def _watch() -> None:
    """Ask before whatever Python's sockets do; such a hook stays for the process's life."""
    sys.addaudithook(_refuse)
    for name in ("connect", "connect_ex", "sendto", "sendmsg"):
        setattr(socket.socket, name, _asking_first(getattr(socket.socket, name)))


def _asking_first(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of sockets that asks before it looks up a name: the hook is called after."""

    @wraps(method)
    def asking(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1] if arguments else None
        if isinstance(address, tuple) and address and isinstance(address[0], str):
            _refuse("socket.connect", (self, address))
        return method(self, *arguments)

    return asking


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if not _refusing or not event.startswith("socket."):
        return
    if event in _LOOKING_UP and not _is_local(arguments[0]):
        raise OSError(f"no network when offline; a look-up of {arguments[0]} was refused")
    if event in _SENDING and arguments[0].family in (socket.AF_INET, socket.AF_INET6):
        address = arguments[1]  # none where the socket is connected already
        if address is not None and not _is_local(address[0]):
            raise OSError(f"no network when offline; a connection to {address[0]} was refused")


def _is_local(host: Any) -> bool:
    """Whether a host is this machine, by its own name or as a number."""
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost", socket.gethostname()):
        return True
    try:
        known = ipaddress.ip_address(host)
    except ValueError:
        return False
    known = getattr(known, "ipv4_mapped", None) or known
    return known.is_loopback or known.is_unspecified
