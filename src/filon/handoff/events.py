"""The facts told of hand-offs. What was written of the lead is personal and can be erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class HandoffFact(Event):
    """What every fact of a hand-off says."""

    lead_id: int
    person_id: int
    company_id: int | None = None
    handoff_id: int
    seller_id: int


@dataclass(frozen=True, kw_only=True)
class SqlProposed(HandoffFact):
    """A lead was proposed to sales, who owe an answer by `due_at`."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"answers"})

    due_at: datetime
    answers: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class HandoffTermsChanged(Event):
    """What marketing and sales agreed on for hand-offs changed: a new version is in force."""

    version: int
    required: list[str]
    answer_hours: int


@dataclass(frozen=True, kw_only=True)
class InterestConfirmed(Event):
    """The person confirmed their interest by an act of their own. how: demo, quote, reply or conversation."""

    lead_id: int
    person_id: int
    company_id: int | None = None
    how: str


@dataclass(frozen=True, kw_only=True)
class SqlAccepted(HandoffFact):
    """Sales took the lead on. is_late: after the due time."""

    is_late: bool = False


@dataclass(frozen=True, kw_only=True)
class SqlRefused(HandoffFact):
    """Sales did not take the lead on, for a reason: it goes back to nurturing. is_late: after the due time."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"text"})

    reason: str
    text: str = ""
    is_late: bool = False


@dataclass(frozen=True, kw_only=True)
class SqlWithdrawn(HandoffFact):
    """The lead left before sales had answered: nothing is owed any more."""


@dataclass(frozen=True, kw_only=True)
class SqlReopened(HandoffFact):
    """What had sent the lead away was taken back, so sales owe an answer again: `revokes_id` names it."""

    revokes_id: int


@dataclass(frozen=True, kw_only=True)
class AcceptanceBreached(HandoffFact):
    """The due time passed without an answer of sales: `at` is that time."""
