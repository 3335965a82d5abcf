"""Who may hand a message over, and what is written down before and after: the part that makes it happen once.

A run of the sending job is named by (job_id, lease): when that lease is gone, so is whoever held it, and what they
were handing over is uncertain for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from filon.core import ledger
from filon.core.access import SYSTEM
from filon.core.ledger import Event
from filon.kit import sql
from filon.kit.relay import Said, Verdict
from filon.leads import suppression
from filon.leads.events import Bounced
from filon.nurture import rules
from filon.nurture.events import DeliveryFact, EmailHeld, EmailRefused, EmailSent, EmailUncertain
from filon.nurture.rules import Standing


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the sending job."""

    job_id: int
    lease: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message that waits, with whatever handing it over needs to know of it."""

    id: int
    lead_id: int
    person_id: int
    enrollment_id: int
    sequence_id: int
    step_id: int
    template_id: int
    template_version: int
    message_id: str
    attempts: int
    tracking: str
    standing: Standing
    is_running: bool


_FIND: Final = (
    "SELECT delivery.id, delivery.lead_id, delivery.person_id, delivery.enrollment_id, step.sequence_id, "
    "delivery.step_id, delivery.template_id, template.version, delivery.message_id, delivery.attempts, person.email, "
    "lead.is_open, enrollment.state, sequence.state, "
    "(SELECT state FROM leads_consent WHERE person_id = person.id AND purpose = 'email'), "
    "(SELECT state FROM leads_consent WHERE person_id = person.id AND purpose = 'tracking') "
    "FROM nurture_delivery delivery JOIN nurture_step step ON step.id = delivery.step_id "
    "JOIN nurture_template template ON template.id = delivery.template_id "
    "JOIN nurture_enrollment enrollment ON enrollment.id = delivery.enrollment_id "
    "JOIN nurture_sequence sequence ON sequence.id = step.sequence_id "
    "JOIN leads_lead lead ON lead.id = delivery.lead_id JOIN leads_person person ON person.id = delivery.person_id "
)


def waiting_ids(at: datetime, *, limit: int) -> list[int]:
    """Messages that are due, the longest waiting first; those of a paused sequence wait on. One statement."""
    rows = sql.fetch(
        "SELECT delivery.id FROM nurture_delivery delivery JOIN nurture_step step ON step.id = delivery.step_id "
        "JOIN nurture_sequence sequence ON sequence.id = step.sequence_id AND sequence.state = 'running' "
        "WHERE delivery.state = 'queued' AND delivery.due_at <= %s ORDER BY delivery.due_at, delivery.id LIMIT %s",
        [_moment(at), limit],
    )
    return [row[0] for row in rows]


def waiting(ids: Sequence[int]) -> dict[int, Waiting]:
    """These messages, where they still wait, by id. Two statements."""
    where, params = sql.any_of("delivery.id", ids)
    rows = sql.fetch(f"{_FIND}WHERE {where} AND delivery.state = 'queued'", params)
    suppressed = suppression.reasons_of({row[10] for row in rows})
    return {row[0]: _waiting(row, suppressed.get(row[10], "")) for row in rows}


def _waiting(row: tuple[Any, ...], suppressed: str) -> Waiting:
    email, is_open, enrollment, sequence, consent, tracking = row[10:]
    return Waiting(
        id=row[0],
        lead_id=row[1],
        person_id=row[2],
        enrollment_id=row[3],
        sequence_id=row[4],
        step_id=row[5],
        template_id=row[6],
        template_version=row[7],
        message_id=row[8],
        attempts=row[9],
        tracking=tracking or "",
        standing=Standing(email, suppressed, consent or "", bool(is_open) and enrollment != "stopped"),
        is_running=sequence == "running",
    )


def claim(message: Waiting, run: Run, *, at: datetime) -> bool:
    """Write down that the message is being handed over, durably; whether this run may do so.

    It may not when another has it, when this run's lease is gone, when the sequence was paused or left, or when the
    person has objected by now: all judged in the one statement that claims.
    """
    with transaction.atomic():
        changed = sql.execute(
            "UPDATE nurture_delivery SET state = 'handing_over', handed_at = %s, attempts = attempts + 1, job_id = %s, "
            "job_lease = %s WHERE id = %s AND state = 'queued' AND due_at <= %s "
            "AND NOT EXISTS (SELECT 1 FROM leads_suppression WHERE digest = %s) "
            "AND NOT EXISTS (SELECT 1 FROM leads_consent WHERE person_id = nurture_delivery.person_id "
            "AND purpose = 'email' AND state = 'refused') "
            "AND EXISTS (SELECT 1 FROM nurture_enrollment enrollment JOIN nurture_sequence sequence "
            "ON sequence.id = enrollment.sequence_id WHERE enrollment.id = nurture_delivery.enrollment_id "
            "AND enrollment.state <> 'stopped' AND sequence.state = 'running') "
            "AND EXISTS (SELECT 1 FROM core_job WHERE id = %s AND lease = %s AND state = 'running')",
            [
                _moment(at),
                run.job_id,
                run.lease,
                message.id,
                _moment(at),
                suppression.digest_of(message.standing.email),
                run.job_id,
                run.lease,
            ],
        )
    return bool(changed)


# Afterwards -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def settle(message: Waiting, said: Said, *, at: datetime) -> None:
    """Write down what the relay said. Emits EmailSent, EmailRefused, EmailUncertain, Bounced; nothing for a delay.

    What another has called uncertain meanwhile (this run was thought dead) takes the true answer all the same; what
    was put off is not offered again then, for its time is over.
    """
    state, reason, due_at = _verdict(message, said, at)
    may_be = "state = 'handing_over'" if state == "queued" else "state IN ('handing_over', 'uncertain')"
    changed = sql.execute(
        "UPDATE nurture_delivery SET state = %s, reason = %s, answer = %s, settled_at = %s, "
        f"due_at = COALESCE(%s, due_at), job_id = NULL, job_lease = NULL WHERE id = %s AND {may_be}",
        [
            state,
            reason,
            f"{said.code or ''} {said.text}".strip()[:300],
            None if state == "queued" else _moment(at),
            _moment(due_at) if due_at else None,
            message.id,
        ],
    )
    if changed and state != "queued":
        _go_on([message.enrollment_id], at)
        ledger.append(_facts(message, state, reason, said, at), by=SYSTEM, learnt_at=at)
        if said.is_bad_address:
            suppression.suppress({message.standing.email: "invalid"}, at=at)


def _verdict(message: Waiting, said: Said, at: datetime) -> tuple[str, str, datetime | None]:
    """(state, reason, when to offer it again)."""
    match said.verdict:
        case Verdict.ACCEPTED:
            return "sent", "", None
        case Verdict.UNCERTAIN:
            return "uncertain", "no_answer", None
        case Verdict.REFUSED:
            return "refused", "bad_address" if said.is_bad_address else "refused", None
    again = rules.retry_at(message.attempts + 1, at)
    return ("queued", "put_off", again) if again is not None else ("refused", "put_off", None)


def _facts(message: Waiting, state: str, reason: str, said: Said, at: datetime) -> list[Event]:
    if state == "sent":
        return [_fact(EmailSent, message, at)]
    if state == "uncertain":
        return [_fact(EmailUncertain, message, at)]
    refused = _fact(EmailRefused, message, at, code=said.code, reason=reason)
    if not said.is_bad_address:
        return [refused]
    return [refused, Bounced(at=at, person_id=message.person_id, lead_id=message.lead_id, channel="email")]


def _fact(kind: type[DeliveryFact], message: Waiting, at: datetime, **more: Any) -> DeliveryFact:
    return kind(
        at=at,
        lead_id=message.lead_id,
        person_id=message.person_id,
        delivery_id=message.id,
        sequence_id=message.sequence_id,
        step_id=message.step_id,
        **more,
    )


@transaction.atomic
def hold(message: Waiting, reason: str, *, at: datetime) -> None:
    """Do not send a message that waits, for a reason of `rules.objection`. Emits EmailHeld."""
    changed = sql.execute(
        "UPDATE nurture_delivery SET state = 'held', reason = %s, settled_at = %s WHERE id = %s AND state = 'queued'",
        [reason, _moment(at), message.id],
    )
    if changed:
        _go_on([message.enrollment_id], at)
        ledger.append([_fact(EmailHeld, message, at, reason=reason)], by=SYSTEM, learnt_at=at)


@transaction.atomic
def give_up_lost(*, at: datetime) -> int:
    """Call uncertain what was being handed over by runs that are gone; how many. Emits EmailUncertain."""
    lock = " FOR UPDATE OF delivery SKIP LOCKED" if sql.is_postgresql() else ""
    rows = sql.fetch(
        "SELECT delivery.id, delivery.lead_id, delivery.person_id, delivery.enrollment_id, step.sequence_id, step.id "
        "FROM nurture_delivery delivery JOIN nurture_step step ON step.id = delivery.step_id "
        "WHERE delivery.state = 'handing_over' AND NOT EXISTS (SELECT 1 FROM core_job job WHERE "
        f"job.id = delivery.job_id AND job.lease = delivery.job_lease AND job.state = 'running'){lock}"
    )
    if not rows:
        return 0
    where, params = sql.any_of("id", [row[0] for row in rows])
    sql.execute(
        "UPDATE nurture_delivery SET state = 'uncertain', reason = 'crashed', settled_at = %s, job_id = NULL, "
        f"job_lease = NULL WHERE {where} AND state = 'handing_over'",
        [_moment(at), *params],
    )
    _go_on([row[3] for row in rows], at)
    facts = [
        EmailUncertain(at=at, delivery_id=row[0], lead_id=row[1], person_id=row[2], sequence_id=row[4], step_id=row[5])
        for row in rows
    ]
    ledger.append(facts, by=SYSTEM, learnt_at=at)
    return len(rows)


def _go_on(enrollment_ids: Sequence[int], at: datetime) -> None:
    """The message of these enrollments is settled: they may walk on."""
    where, params = sql.any_of("id", enrollment_ids)
    sql.execute(
        f"UPDATE nurture_enrollment SET due_at = %s WHERE {where} AND state = 'active' AND due_at IS NULL",
        [_moment(at), *params],
    )


def _moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)
