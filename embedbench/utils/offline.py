"""Check within seconds whether the model hub is reachable; block the network when offline."""

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
    """Return whether an http(s) address responds, through the environment's proxies if any."""
    answers: list[bool] = []
    # A name look-up has no time limit, so it runs in a thread that can be abandoned.
    asking = threading.Thread(
        target=lambda: answers.append(_answers(address, seconds)), daemon=True
    )
    asking.start()
    asking.join(seconds + 1)
    return any(answers)


def _answers(address: str, seconds: float) -> bool:
    try:
        request = urllib.request.Request(address, method="HEAD")
        # A new opener knows the proxies of now; the shared one keeps those of its first use.
        urllib.request.build_opener().open(request, timeout=seconds).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


def hub_environment(offline: bool) -> dict[str, str]:
    """Return environment variables that keep hub clients from waiting for an unreachable hub.

    By default they retry for 25 to 45 seconds. Offline they use their cache, or fail at once.
    """
    if os.environ.get("HF_HUB_OFFLINE"):
        return {}
    if offline or not reachable(os.environ.get("HF_ENDPOINT", HUB)):
        return {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    return {}


def forbid_network() -> None:
    """Block connections from this process to other machines, permanently."""
    _watch()
    _refusing.append(True)


@contextmanager
def no_network(offline: bool = True) -> Iterator[None]:
    """Block connections from this process to other machines inside the context, if `offline`."""
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
    """Return whether the network is currently blocked in this process."""
    return bool(_refusing)


_refusing: list[bool] = []
"""One entry per caller that currently blocks the network."""

_SENDING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_LOOKING_UP = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}


@cache
def _watch() -> None:
    """Check every operation of Python's sockets; an audit hook cannot be removed again."""
    sys.addaudithook(_refuse)
    for name in ("connect", "connect_ex", "sendto", "sendmsg"):
        setattr(socket.socket, name, _asking_first(getattr(socket.socket, name)))


def _asking_first(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a socket method that is checked before its name look-up, as the hook runs after it."""

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
        address = arguments[1]  # None if the socket is already connected
        if address is not None and not _is_local(address[0]):
            raise OSError(f"no network when offline; a connection to {address[0]} was refused")


def _is_local(host: Any) -> bool:
    """Return whether a host is this machine, given by name or by IP address."""
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified
