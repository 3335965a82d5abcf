"""What somebody did that waits for an answer of ours: kept on their lead until a colleague has answered.

What they do afterwards (a page seen, a mail opened) does not hide it; only a human outreach or a meeting ends it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from filon.core.line import Batch
from filon.leads.events import OUTREACH, ChatStarted, DemoRequested, InboundCall, MeetingHeld, Replied, Submitted
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
        rows = batch.rows(Lead)
        rows.change(lead, "asked_at", at)
        rows.change(lead, "asked", kind)


def settle(batch: Batch, lead: dict[str, Any], kind: str, at: datetime) -> None:
    """What a loaded lead asked is answered by an act of ours that came after it."""
    if kind in ANSWERING and lead["asked_at"] is not None and lead["asked_at"] <= at:
        rows = batch.rows(Lead)
        rows.change(lead, "asked_at", None)
        rows.change(lead, "asked", "")
