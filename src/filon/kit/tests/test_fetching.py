"""The outbound client goes nowhere but to public addresses, and takes no more than it was told to."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from filon.kit import fetching
from filon.kit.fetching import Unreachable, is_public, read


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/there":
            self._answer(200, b"content of " + self.headers["Host"].split(":")[0].encode())
        elif self.path == "/large":
            self._answer(200, b"x" * 2000)
        elif self.path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"the beginning")
        elif self.path == "/trickle":
            self.wfile.write(b"HTTP/1.0 200 OK\r\n")
            with contextlib.suppress(OSError):
                for number in range(300):
                    self.wfile.write(f"X-{number}: y\r\n".encode())
                    self.wfile.flush()
                    self.server.slow.wait(0.1)  # type: ignore[attr-defined]
        elif self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
        else:
            self._answer(404, b"")

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_told: Any) -> None:
        """Nobody listens."""


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    server.slow = threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.slow.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine counts as public, so that the rest can be tried."""
    monkeypatch.setattr(fetching, "is_public", lambda address: address in {"127.0.0.1", "::1"})


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:0a00:0001::",
        "ff02::1",
    ],
)
def test_what_is_not_of_the_open_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_the_open_internet_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://127.1/",
        "http://[::1]/",
        "http://0x7f000001/",
        "http://2130706433/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://user:secret@example.org/",
        "http:///",
        "http://example.org:99999/",
        "",
    ],
)
def test_no_writing_of_an_address_leads_inside(url: str) -> None:
    with pytest.raises(Unreachable):
        read(url, most=100)


def test_a_content_is_read_and_no_more_than_asked(site: str, open_door: None) -> None:
    assert read(f"{site}/there", most=100) == b"content of localhost"
    for path, why in (("/large", "too large"), ("/nowhere", "HTTP 404")):
        with pytest.raises(Unreachable, match=why):
            read(site + path, most=1000)


def test_what_ends_too_early_or_takes_too_long_is_no_content(site: str, open_door: None) -> None:
    with pytest.raises(Unreachable, match="cut short"):
        read(f"{site}/short", most=5000)
    with pytest.raises(Unreachable, match="too slow"):
        read(f"{site}/trickle", most=5000, within_s=0.5)


def test_a_redirection_is_followed_and_looked_at_anew(site: str, open_door: None) -> None:
    assert read(f"{site}/to//there", most=100) == b"content of localhost"
    for target, why in (
        ("http://10.0.0.1/", "public"),
        ("file:///etc/passwd", "address"),
        ("/to//to//to//to//there", "many"),
    ):
        with pytest.raises(Unreachable, match=why):
            read(f"{site}/to/{target}", most=100)


def test_the_address_that_was_looked_at_is_the_one_that_is_used(
    site: str, open_door: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def answers_otherwise_later(host: str, *rest: Any, **named: Any) -> Any:
        asked.append(host)
        if host == "rebinding.example":
            host = "127.0.0.1" if asked.count(host) == 1 else "10.0.0.1"
        return real(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", answers_otherwise_later)
    url = site.replace("localhost", "rebinding.example")
    assert read(f"{url}/there", most=100) == b"content of rebinding.example"
    assert asked.count("rebinding.example") == 1


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_named: both)
    with pytest.raises(Unreachable, match="public"):
        read("http://both.example/", most=100)
