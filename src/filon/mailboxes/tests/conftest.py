"""A colleague with a mailbox at servers of this machine, and a person who is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from filon.core import access, jobs, line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import Fact, FactDetail, User
from filon.leads.models import Lead
from filon.mailboxes import connecting
from filon.mailboxes.connecting import Draft
from filon.mailboxes.models import Account
from filon.mailboxes.rules import Servers
from tests.frame.mailbox import ImapServer
from tests.frame.relay import HostileRelay


@pytest.fixture
def imap(settings: Any) -> Iterator[ImapServer]:
    settings.FILON_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with ImapServer(sent={}) as running:
        yield running


@pytest.fixture
def smtp() -> Iterator[HostileRelay]:
    with HostileRelay(password="secret", keeps_content=True) as running:
        yield running


@pytest.fixture
def lea(db: None, make_user: Callable[..., User]) -> User:
    return make_user("sdr", name="Léa Martin", email="lea@filon.test")


def draft_of(imap: ImapServer, smtp: HostileRelay, **more: Any) -> Draft:
    """What Léa says of her mailbox."""
    usual: dict[str, Any] = {
        "email": "lea@filon.test",
        "from_name": "Léa Martin",
        "login": "lea",
        "password": "secret",
        "servers": Servers("imap", "127.0.0.1", imap.port, "smtp", "127.0.0.1", smtp.port),
        "signature": "Léa",
    }
    return Draft(**usual | more)


@pytest.fixture
def account(lea: User, imap: ImapServer, smtp: HostileRelay) -> Account:
    """Léa's mailbox, connected and read a first time."""
    connecting.connect(draft_of(imap, smtp), by=access.of_user(lea), at=timezone.now())
    run("mailboxes.read")
    return Account.objects.get()


@pytest.fixture
def claire(lea: User, at: datetime) -> Lead:
    """A lead of Léa's."""
    return come("claire@sogetrel.fr", lea, at)


def come(email: str, owner: User, at: datetime) -> Lead:
    """Somebody who is known, a colleague's lead."""
    said = {"email": email, "full_name": "Claire Morel"}
    entry = Entry(kind="lead", door="form", at=at, values=said)
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at))
    Lead.objects.filter(person__email=email).update(owner=owner, stage="qualifying")
    return Lead.objects.get(person__email=email)


def run(*names: str) -> None:
    """Do these jobs, then what they left in the inbox."""
    for name in (*names, "core.drain_inbox"):
        jobs.enqueue(name, {}, at=timezone.now())
        jobs.run_due(timezone.now())


def told(*kinds: str) -> list[tuple[str, int | None, str, int | None]]:
    """(kind, lead, author's kind, author) of facts, in their order."""
    found = Fact.objects.filter(kind__in=kinds).order_by("pk")
    return list(found.values_list("kind", "lead_id", "actor_kind", "actor_id"))


def text_of(kind: str) -> str:
    """The words of the only fact of a kind."""
    return str(FactDetail.objects.get(fact_id=Fact.objects.get(kind=kind).pk).values["text"])


def mail(sender: str, to: str, words: str, *, number: int = 1, more: str = "", subject: str = "Devis") -> str:
    """A mail as it lies on a server."""
    return (
        f"From: {sender}\nTo: {to}\nSubject: {subject}\nMessage-ID: <m{number}@mail.test>\n{more}"
        f"Content-Type: text/plain; charset=utf-8\n\n{words}\n"
    )
