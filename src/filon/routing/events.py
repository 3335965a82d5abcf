"""The facts told of routing, of its rules, and of promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class LeadRouted(Event):
    """A lead was sent somewhere. `why`: owner_given, customer, open_deal, same_account, rule or default.

    `rule`: the number of the rule in `version` that decided, 0 when none did.
    """

    lead_id: int
    person_id: int
    company_id: int | None = None
    route: str
    owner_id: int | None = None
    why: str
    version: int
    rule: int = 0
    rule_name: str = ""


@dataclass(frozen=True, kw_only=True)
class RoutingUndone(Event):
    """Where a lead was sent is taken back with the move that sent it there: `revokes_id` names what told it."""

    lead_id: int
    route: str  # that the lead has again; none when it had none
    revokes_id: int


@dataclass(frozen=True, kw_only=True)
class PromiseMade(Event):
    """A clock started: `at` is its start, `minutes` the open time it allows."""

    lead_id: int
    person_id: int
    company_id: int | None = None
    promise_id: int
    promise: str
    owner_id: int | None = None
    due_at: datetime
    minutes: int


@dataclass(frozen=True, kw_only=True)
class PromiseMet(Event):
    """A human answered in time. It names the breach it revokes when the answer was told after its due time."""

    lead_id: int
    promise_id: int
    promise: str
    owner_id: int | None = None
    revokes_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class PromiseBreached(Event):
    """The due time passed without an answer: `at` is that time, the ledger says when we learnt it."""

    lead_id: int
    promise_id: int
    promise: str
    owner_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class PromiseCancelled(Event):
    """Nothing is owed any more: the lead left, or went back to nurturing, before the due time."""

    lead_id: int
    promise_id: int
    promise: str
    owner_id: int | None = None
    reason: str
    revokes_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class PromiseResumed(Event):
    """What was no longer owed is owed again, by its old due time: the move that cancelled it was taken back."""

    lead_id: int
    promise_id: int
    promise: str
    owner_id: int | None = None
    due_at: datetime
    revokes_id: int


@dataclass(frozen=True, kw_only=True)
class RoutingRulesPublished(Event):
    """A version of the rules came into force."""

    version: int
    rules: int


@dataclass(frozen=True, kw_only=True)
class CalendarChanged(Event):
    """The working hours or holidays of a team changed; no team: those of everybody else."""

    team_id: int | None = None
    region: str
    week: list[list[list[int]]]


@dataclass(frozen=True, kw_only=True)
class AbsencePlanned(Event):
    """A colleague will get no new leads on these days, or will after all (`is_withdrawn`)."""

    user_id: int
    starts_on: date
    ends_on: date
    is_withdrawn: bool = False


@dataclass(frozen=True, kw_only=True)
class CapacitySet(Event):
    """A colleague may hold this many leads in work; none: any number."""

    user_id: int
    leads_at_most: int | None = None
