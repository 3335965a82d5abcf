"""Reading an address that a user gave: the one outbound client, which cannot be led to private addresses.

The name is looked up once, every address it has must be public, and the connection goes to the one that was looked at:
a name that answers otherwise the second time (DNS rebinding) gains nothing. Each redirection is looked at anew.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from typing import Final
from urllib.parse import urljoin, urlsplit

MOST_REDIRECTIONS: Final = 3
_CONNECT_S: Final = 10.0
_PART: Final = 65_536
_REDIRECTING: Final = frozenset({301, 302, 303, 307, 308})
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class Unreachable(Exception):
    """Why an address could not be read, in short, without the address."""


def read(url: str, *, most: int, within_s: float = 30.0) -> bytes:
    """What stands at an http or https address, at most so many bytes. Raises Unreachable."""
    end = time.monotonic() + within_s
    for _turn in range(MOST_REDIRECTIONS + 1):
        found = _once(url, most, end)
        if isinstance(found, bytes):
            return found
        url = urljoin(url, found)
    raise Unreachable("too many redirections")


def _once(url: str, most: int, end: float) -> bytes | str:
    """The content of an address, or where it sends us."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.password:
        raise Unreachable("not an http or https address")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        connection = _Pinned(host, port, public_address(host, port), is_tls=parts.scheme == "https")
    except ValueError:
        raise Unreachable("not an http or https address") from None
    watch = threading.Timer(max(0.0, end - time.monotonic()), connection.give_up)
    watch.daemon = True
    watch.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"User-Agent": "Filon", "Accept-Encoding": "identity"})
        answer = connection.getresponse()
        if answer.status in _REDIRECTING:
            return answer.headers.get("Location") or ""
        if answer.status != 200:
            raise Unreachable(f"HTTP {answer.status}")
        return _content(answer, most, end)
    except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
        raise Unreachable("too slow" if time.monotonic() >= end else type(error).__name__) from error
    finally:
        watch.cancel()
        connection.close()


def _content(answer: http.client.HTTPResponse, most: int, end: float) -> bytes:
    parts, size = [], 0
    while part := answer.read(_PART):
        size += len(part)
        if size > most:
            raise Unreachable("too large")
        parts.append(part)
    if time.monotonic() >= end:  # given up: headers that end there look whole
        raise Unreachable("too slow")
    if answer.length:  # http.client says nothing of a body that ends too early when it is read in parts
        raise Unreachable("cut short")
    return b"".join(parts)


def public_address(host: str, port: int) -> str:
    """The first address of a host, all of whose addresses are public. Raises Unreachable."""
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise Unreachable("no such host") from error
    if not found or not all(is_public(address) for address in found):
        raise Unreachable("not a public address")
    return found[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet, whatever it is wrapped in."""
    known = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(known, ipaddress.IPv6Address):
        inside = known.ipv4_mapped or known.sixtofour
        if known in _NAT64:
            inside = ipaddress.IPv4Address(int(known) & 0xFFFFFFFF)
        if known.teredo is not None:
            return False
        if inside is not None:
            return is_public(str(inside))
    return known.is_global and not known.is_multicast


class _Pinned(http.client.HTTPConnection):
    """A connection to one address of a host, which is named and whose certificate is checked by its name."""

    def __init__(self, host: str, port: int, address: str, *, is_tls: bool) -> None:
        super().__init__(host, port, timeout=_CONNECT_S)
        self._address, self._is_tls = address, is_tls

    def give_up(self) -> None:
        """Stop whatever is being waited for: headers that trickle in are no content yet."""
        with contextlib.suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)

    def connect(self) -> None:
        """Connect to the address that was looked at."""
        self.sock = socket.create_connection((self._address, self.port), _CONNECT_S)
        if self._is_tls:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
