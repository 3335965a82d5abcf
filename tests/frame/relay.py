"""An SMTP server as bad as the world's: it delays, puts off, refuses, and hangs up when it has a message already."""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from tests.frame.servers import free_port


@dataclass
class HostileRelay:
    """Listens on a port of its own; `misbehaves` is how often (0–1), `seed` makes it the same again.

    received: how often each Message-ID came in whole. people: the same by recipient and subject. acknowledged: the
    Message-IDs that were answered with 250. password: of whoever may hand over; anybody when empty.
    """

    misbehaves: float = 0.0
    seed: int = 0
    slowest_s: float = 0.5
    received: Counter[str] = field(default_factory=Counter)
    people: Counter[tuple[str, str]] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    content: list[bytes] = field(default_factory=list)
    keeps_content: bool = False
    password: str = ""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._lock = threading.Lock()
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            ready_timeout=20,
            **({"authenticator": self._lets_in, "auth_require_tls": False} if self.password else {}),
        )

    def _lets_in(self, server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Whoever knows the password."""
        del server, session, envelope, mechanism
        return AuthResult(success=data.password == self.password.encode(), handled=False)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._controller.port)

    @property
    def url(self) -> str:
        """What `FILON_EMAIL_URL` names it by."""
        return f"smtp://127.0.0.1:{self._controller.port}"

    def __enter__(self) -> HostileRelay:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def _does(self, *ways: str) -> str:
        """How it treats this one: well (empty), or in one of some ways."""
        with self._lock:
            return self._random.choice(ways) if self._random.random() < self.misbehaves else ""

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 — as aiosmtpd calls it
        """A recipient; `nobody@…` does not exist."""
        if address.startswith("nobody"):
            return "550 5.1.1 no such user"
        match self._does("busy", "later", "hang up", ""):
            case "busy":
                return "421 4.3.2 too busy"
            case "later":
                return "451 4.7.1 come again later"
            case "hang up":
                server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 — as aiosmtpd calls it
        """A whole message: it is ours from here on, whatever we answer."""
        way = self._does("hang up", "slow", "later", "")
        if way == "later":
            return "451 4.3.0 not now"
        self._keep(envelope)
        if way == "hang up":
            server.transport.abort()
            return "250 never said"
        if way == "slow":
            with self._lock:
                wait_s = self._random.uniform(0, self.slowest_s)
            await asyncio.sleep(wait_s)
        with self._lock:
            self.acknowledged.add(message_id(envelope.content))
        return "250 OK"

    def _keep(self, envelope: Any) -> None:
        subject = re.search(rb"(?mi)^Subject: (.*)$", envelope.content)
        with self._lock:
            self.received[message_id(envelope.content)] += 1
            self.people[envelope.rcpt_tos[0], subject[1].decode().strip() if subject else ""] += 1
            if self.keeps_content:
                self.content.append(envelope.content)


def message_id(content: bytes) -> str:
    """The Message-ID of a message."""
    found = re.search(rb"(?mi)^Message-ID:\s*(<[^>]+>)", content)
    return found[1].decode() if found else ""
