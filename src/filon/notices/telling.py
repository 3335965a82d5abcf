"""Reactions: whom a fact concerns, in the transaction of the fact. Each colleague hears of a fact once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from filon.core.ledger import Told
from filon.core.models import User
from filon.kit import sql
from filon.leads.events import Submitted
from filon.leads.models import Lead
from filon.notices import rules
from filon.notices.models import Muted, Notice


@dataclass(frozen=True, slots=True)
class _News:
    """One thing to tell one colleague."""

    user_id: int
    kind: str
    fact_id: int
    lead_id: int | None
    by_id: int | None
    count: int = 1
    what: str = ""


def given(facts: Sequence[Told], at: datetime) -> None:
    """Leads were given to colleagues; many at once are one notice."""
    by_owner: dict[int, list[Told]] = {}
    for fact in facts:
        event: Any = fact.event
        if event.to_owner_id is not None:
            by_owner.setdefault(event.to_owner_id, []).append(fact)
    news = []
    for owner_id, told in by_owner.items():
        if len(told) >= rules.MANY:
            news.append(_News(owner_id, "given", told[-1].id, None, _who(told[-1]), count=len(told)))
        else:
            news += [_News(owner_id, "given", fact.id, _lead(fact), _who(fact)) for fact in told]
    _tell(news, at)


def routed(facts: Sequence[Told], at: datetime) -> None:
    """New leads came to colleagues."""
    news = []
    for fact in facts:
        event: Any = fact.event
        if event.owner_id is not None:
            news.append(_News(event.owner_id, "given", fact.id, _lead(fact), None))
    _tell(news, at)


def asked(facts: Sequence[Told], at: datetime) -> None:
    """Somebody answered or asked: whoever has the lead hears of it. One statement to find them."""
    owners = _owners(lead_id for fact in facts if (lead_id := _lead(fact)) is not None)
    news = []
    for fact in facts:
        event: Any = fact.event
        owner_id = owners.get(_lead(fact) or 0)
        if owner_id is not None and not getattr(event, "is_machine", False):
            news.append(_News(owner_id, "asked", fact.id, _lead(fact), _who(fact), what=event.kind))
    _tell(news, at)


def asked_again(facts: Sequence[Told], at: datetime) -> None:
    """Somebody known came through a form and waits for us; what a new lead sends is told by its routing."""
    leads = {lead_id for fact in facts if (lead_id := _lead(fact)) is not None}
    waiting = set(Lead.objects.filter(pk__in=leads, asked=Submitted.kind).values_list("pk", flat=True))
    asked([fact for fact in facts if _lead(fact) in waiting], at)


def met(facts: Sequence[Told], at: datetime) -> None:
    """A meeting was booked, moved or cancelled: whoever holds it hears of it, unless they did it."""
    news = []
    for fact in facts:
        event: Any = fact.event
        news.append(_News(event.host_id, "meeting", fact.id, _lead(fact), _who(fact), what=event.kind))
    _tell(news, at)


def late(facts: Sequence[Told], at: datetime) -> None:
    """A first answer is late: whoever owes it hears of it."""
    news = []
    for fact in facts:
        event: Any = fact.event
        if event.owner_id is not None:
            news.append(_News(event.owner_id, "late", fact.id, _lead(fact), None))
    _tell(news, at)


def proposed(facts: Sequence[Told], at: datetime) -> None:
    """A lead is proposed to a seller."""
    events: list[Any] = [fact.event for fact in facts]
    _tell(
        [
            _News(event.seller_id, "proposed", fact.id, _lead(fact), _who(fact))
            for fact, event in zip(facts, events, strict=True)
        ],
        at,
    )


def answered(facts: Sequence[Told], at: datetime) -> None:
    """Sales answered a proposal: who made it hears of it. One statement to find them."""
    proposers = _proposers(lead_id for fact in facts if (lead_id := _lead(fact)) is not None)
    news = []
    for fact in facts:
        event: Any = fact.event
        user_id = proposers.get(event.handoff_id)
        if user_id is not None:
            news.append(_News(user_id, "answered", fact.id, _lead(fact), _who(fact), what=event.kind))
    _tell(news, at)


def mentioned(facts: Sequence[Told], at: datetime) -> None:
    """A colleague wrote `@Name` in a note. One statement where a note has one."""
    notes = [(fact, fact.event) for fact in facts if "@" in getattr(fact.event, "text", "")]
    if not notes:
        return
    people = dict(User.objects.filter(is_active=True).exclude(name="").values_list("pk", "name"))
    news = []
    for fact, event in notes:
        text: str = event.text  # type: ignore[attr-defined]  # a note's
        news += [
            _News(user_id, "mentioned", fact.id, _lead(fact), _who(fact))
            for user_id in sorted(rules.mentioned(text, people))
        ]
    _tell(news, at)


# Writing --------------------------------------------------------------------------------------------------------------


def _tell(news: Sequence[_News], at: datetime) -> None:
    """Write what is told, but to whom did it and to whom has muted it. Two statements."""
    wanted = [one for one in news if one.user_id != one.by_id]
    if not wanted:
        return
    users = {one.user_id for one in wanted}
    muted = set(Muted.objects.filter(user_id__in=users).values_list("user_id", "kind"))
    rows = [
        Notice(
            user_id=one.user_id,
            kind=one.kind,
            fact_id=one.fact_id,
            lead_id=one.lead_id,
            count=one.count,
            by_id=one.by_id,
            what=one.what,
            created_at=at,
        )
        for one in wanted
        if (one.user_id, one.kind) not in muted
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)


def _who(fact: Told) -> int | None:
    return fact.by.id if fact.by.kind == "user" else None


def _lead(fact: Told) -> int | None:
    lead_id: int | None = getattr(fact.event, "lead_id", None)
    return lead_id


def _owners(lead_ids: Iterable[int]) -> dict[int, int | None]:
    where, params = sql.any_of("id", sorted(set(lead_ids)))
    return dict(sql.fetch(f"SELECT id, owner_id FROM {Lead._meta.db_table} WHERE {where}", params))


def _proposers(lead_ids: Iterable[int]) -> dict[int, int]:
    """Who proposed a lead, by hand-off: the author of the fact that tells it."""
    where, params = sql.any_of("lead_id", sorted(set(lead_ids)))
    found = sql.fetch(
        f"SELECT payload, actor_id FROM core_fact WHERE {where} AND kind = 'sql_proposed' AND actor_kind = 'user'",
        params,
    )
    return {sql.as_json(payload)["handoff_id"]: actor_id for payload, actor_id in found}
