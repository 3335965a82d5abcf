"""What somebody did that waits for an answer of ours: kept on their lead until a colleague has answered.

What they do afterwards (a page seen, a mail opened) does not hide it; only a human outreach or a meeting ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from filon.core.conditions.sql import LIVE_FACT_SQL
from filon.core.line import Batch
from filon.kit import sql
from filon.leads.events import (
    OUTREACH,
    AskAnswered,
    AskReopened,
    ChatStarted,
    DemoRequested,
    InboundCall,
    MeetingHeld,
    Replied,
    Submitted,
)
from filon.leads.models import Lead

ASKS: Final = (Submitted, DemoRequested, ChatStarted, InboundCall, Replied)
"""Acts by which a person may ask for us; `is_asking` says which of them do."""
_OWN_DOORS: Final = frozenset({"form", "api", "hook", "mail", "stand"})  # where the person speaks, not a colleague

ANSWERING: Final = OUTREACH | {InboundCall.kind, MeetingHeld.kind}
"""Acts in which we answered: nothing is owed any more."""
_WAITING: Final = frozenset(cls.kind for cls in ASKS) - ANSWERING


def is_asking(kind: str, door: str, channel: str, wants: str) -> bool:
    """Whether an act of one of these kinds means that the person asked for us: not when a colleague typed it in, when
    we had called on them, or when a document was all they wanted."""
    return kind != Submitted.kind or (door in _OWN_DOORS and channel != "outbound" and not wants)


def note(batch: Batch, lead: dict[str, Any], kind: str, at: datetime) -> None:
    """Remember that a loaded lead waits for an answer; the first thing it asks since our last one counts."""
    if kind in _WAITING and (lead["asked_at"] is None or at < lead["asked_at"]):
        _set(batch, lead, kind, at)


def settle(batch: Batch, lead: dict[str, Any], kind: str, at: datetime) -> None:
    """What a loaded lead asked is answered by an act of ours that came after it. Emits AskAnswered."""
    if kind in ANSWERING and lead["asked_at"] is not None and lead["asked_at"] <= at:
        ids = {"lead_id": lead["id"], "person_id": lead["person_id"], "company_id": lead["company_id"]}
        batch.tell(AskAnswered(at=at, asked=lead["asked"], asked_at=lead["asked_at"], **ids))
        _set(batch, lead, "", None)


def reopen(batch: Batch, logged: Mapping[int, datetime]) -> None:
    """What these loaded leads asked (lead → when the answer was logged) waits again: the answer was taken back.

    One statement. Emits AskReopened.
    """
    where, params = sql.any_of("fact.lead_id", sorted(logged))
    for fact_id, lead_id, learnt_at, payload in sql.fetch(
        f"SELECT fact.id, fact.lead_id, fact.learnt_at, fact.payload FROM core_fact fact WHERE {where} "
        f"AND fact.kind = '{AskAnswered.kind}' AND {LIVE_FACT_SQL} ORDER BY fact.id",
        params,
    ):
        lead = batch.rows(Lead).by_id[lead_id]
        if sql.as_utc(learnt_at) != logged[lead_id] or lead["asked_at"] is not None:
            continue
        told = sql.as_json(payload)
        asked_at = datetime.fromisoformat(told["asked_at"])
        _set(batch, lead, told["asked"], asked_at)
        batch.tell(AskReopened(at=batch.at, lead_id=lead_id, person_id=lead["person_id"], revokes_id=fact_id))


def _set(batch: Batch, lead: dict[str, Any], asked: str, at: datetime | None) -> None:
    rows = batch.rows(Lead)
    rows.change(lead, "asked_at", at)
    rows.change(lead, "asked", asked)
