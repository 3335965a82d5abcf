"""Leaving a sequence: at its end, or because of what the person or a colleague did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from filon.core import ledger
from filon.core.access import Actor
from filon.core.ledger import Event, Told
from filon.kit import sql
from filon.leads import rules as journey
from filon.nurture import rules
from filon.nurture.events import EnrollmentEnded

Ended = tuple[int, str]


def end(ended: Sequence[Ended], *, by: Actor, at: datetime) -> int:
    """End enrollments that are active, each for its reason (empty: it came to the end); how many did.

    A constant number of statements a reason. Must run in a transaction. Emits EnrollmentEnded.
    """
    facts: list[Event] = []
    by_reason: dict[str, list[int]] = {}
    for enrollment_id, reason in ended:
        by_reason.setdefault(reason, []).append(enrollment_id)
    for reason, ids in sorted(by_reason.items()):
        facts += _end(*sql.any_of("id", ids), reason=reason, at=at)
    ledger.append(facts, by=by, learnt_at=at)
    return len(facts)


def _end(where: str, params: Sequence[Any], *, reason: str, at: datetime) -> list[Event]:
    rows = sql.fetch(
        "UPDATE nurture_enrollment SET state = %s, reason = %s, due_at = NULL, ended_at = %s "
        f"WHERE {where} AND state = 'active' RETURNING id, lead_id, person_id, sequence_id",
        ["stopped" if reason else "done", reason, connection.ops.adapt_datetimefield_value(at), *params],
    )
    return [
        EnrollmentEnded(
            at=at, enrollment_id=row[0], lead_id=row[1], person_id=row[2], sequence_id=row[3], reason=reason
        )
        for row in sorted(rows)
    ]


# What ends it ---------------------------------------------------------------------------------------------------------

_REASONS = {
    "replied": "replied",
    "inbound_call": "called",
    "meeting_held": "met",
    "unsubscribed": "objection",
    "bounced": "bad_address",
}


def stop_for_acts(facts: Sequence[Told], at: datetime) -> None:
    """The person answered, called, met us, objected or cannot be reached: no further message of any sequence."""
    reasons: dict[int, str] = {}
    for fact in facts:
        act: Any = fact.event
        if not act.is_machine:
            reasons.setdefault(act.person_id, _REASONS[act.kind])
    _stop("person_id", reasons, by=facts[0].by, at=at)


def stop_for_refusal(facts: Sequence[Told], at: datetime) -> None:
    """The person refuses our messages."""
    refusals: list[Any] = [fact.event for fact in facts]
    reasons = {refusal.person_id: "refused" for refusal in refusals if refusal.purpose == "email"}
    _stop("person_id", reasons, by=facts[0].by, at=at)


def follow_stage(facts: Sequence[Told], at: datetime) -> None:
    """A lead that leaves, or that a colleague now speaks with, is left in peace."""
    moves: list[Any] = [fact.event for fact in facts]
    left = {move.lead_id: "left" for move in moves if not journey.is_open(move.to_stage)}
    left |= {move.lead_id: "taken_over" for move in moves if move.to_stage in rules.HUMAN_STAGES}
    _stop("lead_id", left, by=facts[0].by, at=at)
    mqls = [move.lead_id for move in moves if move.to_stage == "mql"]
    if mqls:
        where, params = sql.any_of("lead_id", mqls)
        where += " AND sequence_id IN (SELECT id FROM nurture_sequence WHERE stops_at_mql)"
        ledger.append(_end(where, params, reason="mql", at=at), by=facts[0].by, learnt_at=at)


def _stop(column: str, reasons: dict[int, str], *, by: Actor, at: datetime) -> None:
    ended: list[Event] = []
    for reason in sorted(set(reasons.values())):
        where, params = sql.any_of(column, sorted(key for key, why in reasons.items() if why == reason))
        ended += _end(where, params, reason=reason, at=at)
    ledger.append(ended, by=by, learnt_at=at)
