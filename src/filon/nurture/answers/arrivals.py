"""What people do with our messages, as arrivals of the inbox: stored first, understood after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import connection

from filon.core import inbox, waiting
from filon.core.access import SCOPES, Actor
from filon.core.inbox import Answer, Arrival
from filon.core.ledger import Told
from filon.core.line import Entry, Item
from filon.kit import sql
from filon.kit.agents import is_program
from filon.leads.events import EmailClicked, EmailOpened, Unsubscribed

ROUTE: Final = "POST /u"
_MAIL: Final = Actor("mail", permissions=SCOPES["events:write"])
_AT_ONCE: Final = timedelta(seconds=3)
"""Nobody reads a message this soon after it was handed over: a program that looks at links does."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was sent, as its answers need it. tracking: what its person says of being followed."""

    delivery_id: int
    lead_id: int
    person_id: int
    email: str
    handed_at: datetime | None
    tracking: str
    clicks: str
    opens: bool
    company: str
    language: str


Destination = Callable[[int, str], str]
_destination: Destination = lambda _person_id, url: url  # noqa: E731 — wired at start


def connect(destination: Destination) -> None:
    """Set who knows what a link takes along of a person who agreed to be followed; called once at start."""
    global _destination  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _destination = destination


def destination(message: Sent, url: str, *, agent: str, at: datetime) -> str:
    """Where a link of a message leads its person; a program that looks at links takes nothing along."""
    if message.tracking != "given" or is_machine(message, agent, at=at):
        return url
    return _destination(message.person_id, url)


def sent(delivery_id: int) -> Sent | None:
    """A message by its id; None for one that is not there any more. One statement."""
    rows = sql.fetch(
        "SELECT delivery.id, delivery.lead_id, delivery.person_id, person.email, delivery.handed_at, "
        "COALESCE(consent.state, ''), COALESCE(sender.clicks, 'nobody'), COALESCE(sender.opens, FALSE), "
        "COALESCE(sender.company, ''), template.language FROM nurture_delivery delivery "
        "JOIN leads_person person ON person.id = delivery.person_id "
        "JOIN nurture_template template ON template.id = delivery.template_id "
        "LEFT JOIN nurture_sender sender ON sender.id = 1 "
        "LEFT JOIN leads_consent consent ON consent.person_id = delivery.person_id AND consent.purpose = 'tracking' "
        "WHERE delivery.id = %s",
        [delivery_id],
    )
    if not rows:
        return None
    names = ("delivery_id", "lead_id", "person_id", "email", "handed_at", "tracking", "clicks", "opens", "company")
    cells = dict(zip((*names, "language"), rows[0], strict=True))
    return Sent(**cells | {"handed_at": sql.as_utc(cells["handed_at"]), "opens": bool(cells["opens"])})


def is_machine(message: Sent, agent: str, *, at: datetime) -> bool:
    """Whether a program followed a link, by what it calls itself and how soon it came."""
    is_sudden = message.handed_at is not None and at - message.handed_at < _AT_ONCE
    return is_sudden or is_program(agent)


def note_click(message: Sent, link_id: int, url: str, *, agent: str, at: datetime) -> None:
    """Keep that a link was followed, where it may be known who did; twice within a minute is once. One statement."""
    if message.tracking == "given" or (message.clicks == "everybody" and message.tracking != "refused"):
        body = _body(message, EmailClicked.kind, at, is_machine=is_machine(message, agent, at=at), path=_place(url))
        _store(body, f"click:{message.delivery_id}:{link_id}:{at:%Y%m%d%H%M}", at)


def note_open(message: Sent, *, agent: str, at: datetime) -> None:
    """Keep that a message was opened, where its person agreed to that; once an hour. One statement."""
    if message.tracking == "given" and message.opens:
        body = _body(message, EmailOpened.kind, at, is_machine=is_machine(message, agent, at=at))
        _store(body, f"open:{message.delivery_id}:{at:%Y%m%d%H}", at)


def leave(message: Sent, *, at: datetime) -> Answer:
    """The person wants no more messages: written down at once, through the line."""
    body = _body(message, Unsubscribed.kind, at) | {"objects": True}
    arrived = arrival(body, _MAIL, at)
    inbox.take([arrived])
    return arrived.answer


def _place(url: str) -> str:
    """Where a link leads, as the ledger may keep it: no query, for that may name people."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"[:2000]


def _body(message: Sent, kind: str, at: datetime, *, is_machine: bool = False, path: str = "") -> dict[str, Any]:
    return {
        "kind": kind,
        "lead_id": message.lead_id,
        "delivery_id": message.delivery_id,
        "at": at.isoformat(),
        "path": path,
        "is_machine": is_machine,
    }


def _store(body: Mapping[str, Any], once: str, at: datetime) -> None:
    waiting.store(door="mail", kind="event", route=ROUTE, body=dict(body), by=_MAIL, at=at, once=once)


def arrival(body: Any, by: Actor, at: datetime) -> Arrival:
    """What was kept of an answer, as an arrival of the line; also how it is replayed."""
    values: dict[str, Any] = {
        "kind": body["kind"],
        "lead_id": body["lead_id"],
        "delivery_id": body["delivery_id"],
        "at": datetime.fromisoformat(body["at"]),
        "path": body["path"],
        "channel": "email",
        "is_machine": body["is_machine"],
    }
    if body.get("objects"):
        values["consent.email"] = False
    return Arrival(
        door="mail",
        kind="event",
        route=ROUTE,
        entries=[Entry(kind="event", door="mail", at=at, values=values)],
        payload=body,
        by=by,
        at=at,
        shape=_nothing,
    )


def _nothing(items: Sequence[Item]) -> dict[str, Any]:
    del items
    return {}


def mark_clicked(facts: Sequence[Told], at: datetime) -> None:
    """A person followed a link: their message is one that was clicked. A reaction. One statement."""
    del at
    acts: list[Any] = [fact.event for fact in facts]
    ids = sorted({act.delivery_id for act in acts if act.delivery_id is not None and not act.is_machine})
    if ids:
        where, params = sql.any_of("id", ids)
        moment = connection.ops.adapt_datetimefield_value(min(act.at for act in acts))
        sql.execute(
            f"UPDATE nurture_delivery SET clicked_at = %s WHERE {where} AND clicked_at IS NULL", [moment, *params]
        )
