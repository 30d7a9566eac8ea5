"""Connections: which addresses may be asked, how, and why one does not answer, in plain words.

Addresses come from people's tables, so they are not trusted: unless it is permitted, nothing is
asked of this machine or its network, whatever a name resolves to.
"""

import contextlib
import ipaddress
import socket
import threading
import urllib.request

from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout, make_headers
from urllib3 import exceptions as faults
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import parse_url

from embedbench.errors import InputError

__all__ = [
    "AT_ONCE",
    "Connections",
    "DownloadError",
    "host_of",
    "is_public",
    "to_download_error",
    "url_problem",
]

AT_ONCE = 4
"""Connections to one host: what a polite browser keeps open."""

_LONGEST_ANSWER = 30.0
_HEADERS = {
    "User-Agent": "embedbench",
    "Accept": "image/*,*/*;q=0.5",
    "Accept-Encoding": "identity",  # images are compressed already
}
_LOCAL = "refused: an address of this machine or its network; --allow-local permits it"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class DownloadError(Exception):
    """Why an image could not be had this time.

    Attributes:
        reason: in plain words.
        again: a further try may help.
        silent: the host did not answer at all.
        wait: seconds for which the host asks to be left in peace.
    """

    def __init__(
        self, reason: str, *, again: bool = False, silent: bool = False, wait: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.reason, self.again, self.silent, self.wait = reason, again, silent, wait


class Connections:
    """Connections that are kept open from one question to the next, shared by threads.

    Args:
        allow_local: addresses of this machine and of its network may be asked too.

    Raises:
        InputError: a proxy that the environment names cannot be used.
    """

    def __init__(self, allow_local: bool) -> None:
        self._allow_local = allow_local
        self._direct = PoolManager(num_pools=256, maxsize=AT_ONCE, block=True)
        self._direct.pool_classes_by_scheme = _POOLS["open" if allow_local else "public"]
        self._proxies = {
            scheme: _proxy(address)
            for scheme, address in urllib.request.getproxies().items()
            if scheme in ("http", "https", "all") and address
        }

    def ask(self, url: str, timeout: float) -> BaseHTTPResponse:
        """Return the answer to a request, its body unread; a redirect is not followed.

        Args:
            url: an http(s) address.
            timeout: seconds for the connection, for the answer's head, and for each of its parts.

        Raises:
            Failure: there is none, or the address may not be asked.
        """
        host = host_of(url)
        if not self._allow_local and _is_local(host):
            raise DownloadError(_LOCAL)
        try:
            return self._between(url, host).urlopen(
                "GET",
                url,
                headers=_HEADERS,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=Timeout(connect=timeout, read=timeout),
            )
        except (faults.HTTPError, ValueError) as error:
            raise to_download_error(error, host, timeout) from error

    def close(self) -> None:
        """Close them all."""
        for manager in (self._direct, *self._proxies.values()):
            manager.clear()

    def _between(self, url: str, host: str) -> PoolManager:
        """Return what connects to a host: the environment's proxy, or nothing between."""
        proxy = self._proxies.get(parse_url(url).scheme or "") or self._proxies.get("all")
        return self._direct if proxy is None or urllib.request.proxy_bypass(host) else proxy


def to_download_error(error: Exception, host: str, timeout: float) -> DownloadError:
    """Return what went wrong with a host in plain words; the host empty once it has answered."""
    if isinstance(error, (faults.NewConnectionError, faults.ConnectTimeoutError)):
        return DownloadError(f"host '{host}' does not answer", again=True, silent=True)
    if isinstance(error, faults.ProxyError):
        return DownloadError("the proxy does not answer, or refuses", again=True, silent=True)
    if isinstance(error, faults.TimeoutError):
        return DownloadError(f"took longer than {timeout:g} s", again=True, silent=bool(host))
    if isinstance(error, faults.SSLError):
        untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
        reason = "its certificate is not trusted" if untrusted else "the encryption failed"
        return DownloadError(reason, again=not untrusted)
    if isinstance(error, ValueError):
        return DownloadError("not a valid URL")
    cause = error.__cause__
    if isinstance(cause, faults.IncompleteRead):
        read, rest = int(cause.partial), int(cause.expected or 0)
        return DownloadError(f"the file is cut off: {read} of {read + rest} bytes", again=True)
    return DownloadError("the connection broke off", again=True)


def url_problem(url: str) -> str | None:
    """Return why it is no http(s) address, or None."""
    if not url:
        return "there is no URL"
    shown = " ".join(url[:100].split())
    try:
        parsed = parse_url(url)
    except ValueError:
        return f"not a valid URL: '{shown}'"
    if parsed.scheme not in ("http", "https"):
        return f"not an http or https address: '{shown}'"
    return None if parsed.host else f"not a valid URL: '{shown}'"


def host_of(url: str) -> str:
    """Return the host of an http(s) address, in one writing."""
    return (parse_url(url).host or "").strip("[]").rstrip(".").lower()


def is_public(address: str) -> bool:
    """Return whether an IP address is of the public internet, also one wrapped into IPv6."""
    known = ipaddress.ip_address(address)
    if isinstance(known, ipaddress.IPv6Address):
        within = known.ipv4_mapped or known.sixtofour or (known.teredo or (None, None))[1]
        if known in _NAT64:
            within = ipaddress.IPv4Address(int(known) & 0xFFFFFFFF)
        if within is not None:
            return is_public(str(within))
    return known.is_global and not (known.is_multicast or known.is_reserved or known.is_unspecified)


def _is_local(host: str) -> bool:
    """Whether a host is this machine or its network by name, or as a number in any writing."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with contextlib.suppress(ValueError):
        return not is_public(host)
    with contextlib.suppress(OSError, UnicodeError):
        return not is_public(socket.inet_ntoa(socket.inet_aton(host)))  # 127.1, 0x7f000001
    return False


def _proxy(address: str) -> ProxyManager:
    address = address if "://" in address else f"http://{address}"
    try:
        parsed = parse_url(address)
        headers = make_headers(proxy_basic_auth=parsed.auth) if parsed.auth else None
        manager = ProxyManager(
            address, num_pools=256, proxy_headers=headers, maxsize=AT_ONCE, block=True
        )
    except (faults.HTTPError, ValueError) as error:
        scheme = address.partition(":")[0]
        raise InputError(f"a proxy must be an http or https address; not '{scheme}:'") from error
    manager.pool_classes_by_scheme = _POOLS["open"]
    return manager


class _Patient(HTTPConnection):
    """A connection whose answer must begin in time as a whole, not only byte by byte."""

    def getresponse(self) -> "BaseHTTPResponse":  # type: ignore[override]
        late = threading.Event()

        def cut() -> None:
            late.set()
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

        timer = threading.Timer(self.timeout or _LONGEST_ANSWER, cut)
        timer.daemon = True
        timer.start()
        try:
            return super().getresponse()
        except Exception as error:
            if late.is_set():
                raise TimeoutError("the answer took too long to begin") from error
            raise
        finally:
            timer.cancel()


class _Public(_Patient):
    """A connection to the public internet alone."""

    def _new_conn(self) -> socket.socket:
        """Look at the address that was really reached, before anything is sent to it."""
        connection = super()._new_conn()
        if not is_public(str(connection.getpeername()[0])):
            connection.close()
            raise DownloadError(_LOCAL)
        return connection


class _PatientTls(_Patient, HTTPSConnection):
    pass


class _PublicTls(_Public, HTTPSConnection):
    pass


def _pools(plain: type[HTTPConnection], encrypted: type[HTTPSConnection]) -> dict[str, type]:
    return {
        "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": encrypted}),
    }


_POOLS = {"open": _pools(_Patient, _PatientTls), "public": _pools(_Public, _PublicTls)}
