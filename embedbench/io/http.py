"""HTTP requests to public addresses only, with a time limit and errors in plain words.

URLs come from users' tables and are not trusted. Requests to this machine and its network are
refused unless they are allowed, also if a public name resolves to a local address.
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
"""Connections per host, as many as a polite browser opens."""

_LONGEST_ANSWER = 30.0
_HEADERS = {
    "User-Agent": "embedbench",
    "Accept": "image/*,*/*;q=0.5",
    "Accept-Encoding": "identity",  # images are already compressed
}
_LOCAL = "refused: an address of this machine or its network; --allow-local permits it"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class DownloadError(Exception):
    """A download failed.

    Attributes:
        reason: why, in plain words.
        again: whether another attempt may succeed.
        silent: whether the host did not answer at all.
        wait: seconds that the host asks to wait before the next request.
    """

    def __init__(
        self, reason: str, *, again: bool = False, silent: bool = False, wait: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.reason, self.again, self.silent, self.wait = reason, again, silent, wait


class Connections:
    """Connection pools, shared by threads; connections stay open between requests.

    Args:
        allow_local: allow requests to this machine and its network.

    Raises:
        InputError: a proxy in the environment is not an http or https address.
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
        """Return the response to a GET request, with its body unread; redirects are not followed.

        Args:
            url: an http(s) address.
            timeout: time limit for the connection, the header and each part of the body, in
                seconds.

        Raises:
            DownloadError: there is no response, or the address is not allowed.
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
        """Close all connections."""
        for manager in (self._direct, *self._proxies.values()):
            manager.clear()

    def _between(self, url: str, host: str) -> PoolManager:
        """Return the connection pool for a URL: the environment's proxy, or direct connections."""
        proxy = self._proxies.get(parse_url(url).scheme or "") or self._proxies.get("all")
        return self._direct if proxy is None or urllib.request.proxy_bypass(host) else proxy


def to_download_error(error: Exception, host: str, timeout: float) -> DownloadError:
    """Convert an error of urllib3 to a DownloadError with a reason in plain words.

    Args:
        error: the error.
        host: the host; empty if it has already answered.
        timeout: the time limit of the request, in seconds.
    """
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
    """Return why the text is not an http(s) address; None if it is."""
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
    """Return the host of an http(s) address in normalised form."""
    return (parse_url(url).host or "").strip("[]").rstrip(".").lower()


def is_public(address: str) -> bool:
    """Return whether an IP address is public; of IPv4 embedded in IPv6, check the IPv4 address."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        embedded = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            embedded = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if embedded is not None:
            return is_public(str(embedded))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _is_local(host: str) -> bool:
    """Return whether a host is local: by name, or as an IP address in any notation."""
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
    """A connection with a time limit for the whole header, not only for each read."""

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
    """A connection to public addresses only."""

    def _new_conn(self) -> socket.socket:
        """Check the address that the connection has reached before anything is sent."""
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
