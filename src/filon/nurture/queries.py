"""What pages show of sequences: who is in them, what was sent, what came of it. Frozen rows, known cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from filon.core import access
from filon.core.access import Actor
from filon.kit import sql
from filon.kit.errors import not_found
from filon.leads import suppression
from filon.leads.sight import seen_by
from filon.nurture import rules
from filon.nurture.models import Sequence as SequenceRow
from filon.nurture.rules import Standing
from filon.nurture.sequences import entering

PAGE: Final = 50
_LOOKED_AT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the messages of a sequence or a step."""

    queued: int = 0
    sent: int = 0
    clicked: int = 0
    uncertain: int = 0
    refused: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Walking:
    """How many leads are under way in a sequence, came to its end, left it before."""

    active: int = 0
    done: int = 0
    stopped: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A sequence of the list."""

    id: int
    name: str
    state: str
    walking: Walking
    tally: Tally


_TALLY: Final = (
    "count(*) FILTER (WHERE delivery.state IN ('queued', 'handing_over')), "
    "count(*) FILTER (WHERE delivery.state = 'sent'), count(delivery.clicked_at), "
    "count(*) FILTER (WHERE delivery.state = 'uncertain'), count(*) FILTER (WHERE delivery.state = 'refused'), "
    "count(*) FILTER (WHERE delivery.state = 'held')"
)


def sequences(*, by: Actor) -> list[Row]:
    """Every sequence by name. Three statements. Needs `nurture.see`."""
    by.require("nurture.see")
    walking = {
        row[0]: Walking(*row[1:])
        for row in sql.fetch(
            "SELECT sequence_id, count(*) FILTER (WHERE state = 'active'), count(*) FILTER (WHERE state = 'done'), "
            "count(*) FILTER (WHERE state = 'stopped') FROM nurture_enrollment GROUP BY sequence_id"
        )
    }
    tallies = {
        row[0]: Tally(*row[1:])
        for row in sql.fetch(
            f"SELECT step.sequence_id, {_TALLY} FROM nurture_delivery delivery "
            "JOIN nurture_step step ON step.id = delivery.step_id GROUP BY step.sequence_id"
        )
    }
    found = SequenceRow.objects.order_by("name_folded").values_list("pk", "name", "state")
    return [Row(pk, name, state, walking.get(pk, Walking()), tallies.get(pk, Tally())) for pk, name, state in found]


def sequence(sequence_id: int, *, by: Actor) -> SequenceRow:
    """One sequence. Raises Refused (not found). Needs `nurture.see`."""
    by.require("nurture.see")
    found = SequenceRow.objects.filter(pk=sequence_id).first()
    if found is None:
        raise not_found(_("Sequence"))
    return found


def tallies(sequence_id: int) -> Mapping[int, Tally]:
    """What became of the messages of each step. One statement."""
    rows = sql.fetch(
        f"SELECT delivery.step_id, {_TALLY} FROM nurture_delivery delivery JOIN nurture_step step "
        "ON step.id = delivery.step_id WHERE step.sequence_id = %s GROUP BY delivery.step_id",
        [sequence_id],
    )
    return {row[0]: Tally(*row[1:]) for row in rows}


def standing(sequence_id: int) -> Mapping[int, int]:
    """How many leads stand at each step now. One statement."""
    rows = sql.fetch(
        "SELECT step_id, count(*) FROM nurture_enrollment WHERE sequence_id = %s AND state = 'active' "
        "AND step_id IS NOT NULL GROUP BY step_id",
        [sequence_id],
    )
    return dict(rows)


def endings(sequence_id: int) -> Sequence[tuple[str, int]]:
    """Why leads left before the end, the most frequent first. One statement."""
    rows = sql.fetch(
        "SELECT reason, count(*) FROM nurture_enrollment WHERE sequence_id = %s AND state = 'stopped' "
        "GROUP BY reason ORDER BY count(*) DESC, reason",
        [sequence_id],
    )
    return [(reason, count) for reason, count in rows]


# Before it runs -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Simulation:
    """Who would enter a sequence today, and who of them could not be written to, by reason. is_cut: there are more."""

    count: int
    reasons: Sequence[tuple[str, int]]
    lead_ids: Sequence[int]
    is_cut: bool

    @property
    def reachable(self) -> int:
        """How many could be written to."""
        return self.count - sum(count for _reason, count in self.reasons)


def simulate(sequence: SequenceRow, *, at: datetime, by: Actor) -> Simulation:
    """What starting a sequence would do; nothing is written. Three statements. Needs `nurture.see`."""
    by.require("nurture.see")
    if not sequence.condition:
        return Simulation(0, [], [], is_cut=False)
    ids = entering.would_enter(sequence.pk, sequence.condition, at=at)
    looked_at = ids[:_LOOKED_AT]
    where, params = sql.any_of("lead.id", looked_at)
    rows = sql.fetch(
        "SELECT person.email, consent.state FROM leads_lead lead JOIN leads_person person "
        "ON person.id = lead.person_id LEFT JOIN leads_consent consent ON consent.person_id = person.id "
        "AND consent.purpose = 'email' "
        f"WHERE {where}",
        params,
    )
    suppressed = suppression.reasons_of({email for email, _consent in rows})
    counts: dict[str, int] = {}
    for email, consent in rows:
        reason = rules.objection(Standing(email, suppressed.get(email, ""), consent or ""))
        if reason:
            counts[reason] = counts.get(reason, 0) + 1
    by_count = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return Simulation(len(ids), by_count, looked_at[:20], is_cut=len(ids) > _LOOKED_AT)


# What was sent --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SentRow:
    """A message as the list of messages shows it."""

    id: int
    lead_id: int
    name: str
    template: str
    sequence: str
    state: str
    reason: str
    answer: str
    due_at: datetime | None
    settled_at: datetime | None
    clicked_at: datetime | None


def messages(*, state: str, sequence_id: int | None, before: int | None, by: Actor) -> list[SentRow]:
    """Messages, the newest first, `PAGE` and one more. One statement. Needs `nurture.see`."""
    by.require("nurture.see")
    where, params = ["TRUE"], list[Any]()
    if state:
        where.append("delivery.state = %s")
        params.append(state)
    if sequence_id is not None:
        where.append("step.sequence_id = %s")
        params.append(sequence_id)
    if before is not None:
        where.append("delivery.id < %s")
        params.append(before)
    scope, more = access.lead_scope(by)
    if scope:
        where.append(scope)
        params += more
    rows = sql.fetch(
        "SELECT delivery.id, delivery.lead_id, COALESCE(NULLIF(person.full_name, ''), person.email), template.name, "
        "sequence.name, delivery.state, delivery.reason, delivery.answer, delivery.due_at, delivery.settled_at, "
        "delivery.clicked_at FROM nurture_delivery delivery JOIN nurture_step step ON step.id = delivery.step_id "
        "JOIN nurture_sequence sequence ON sequence.id = step.sequence_id "
        "JOIN nurture_template template ON template.id = delivery.template_id "
        "JOIN leads_lead lead ON lead.id = delivery.lead_id JOIN leads_person person ON person.id = delivery.person_id "
        f"WHERE {' AND '.join(where)} ORDER BY delivery.id DESC LIMIT {PAGE + 1}",
        params,
    )
    return [SentRow(*row[:8], *(sql.as_utc(cell) for cell in row[8:])) for row in rows]


# Of one lead ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Walk:
    """A sequence that a lead is in, or was. next_at: when its next step is due."""

    enrollment_id: int
    sequence_id: int
    name: str
    state: str
    reason: str
    step_kind: str
    template: str
    next_at: datetime | None
    entered_at: datetime | None
    sent: int


def walks(lead_id: int, *, by: Actor) -> list[Walk] | None:
    """The sequences of a lead, the latest first; None for one the actor may not see. Two statements."""
    by.require("nurture.see")
    if lead_id not in seen_by(by, [lead_id]):
        return None
    rows = sql.fetch(
        "SELECT enrollment.id, sequence.id, sequence.name, enrollment.state, enrollment.reason, "
        "COALESCE(step.kind, ''), COALESCE(template.name, ''), enrollment.due_at, enrollment.entered_at, "
        "(SELECT count(*) FROM nurture_delivery delivery WHERE delivery.enrollment_id = enrollment.id "
        "AND delivery.state = 'sent') FROM nurture_enrollment enrollment "
        "JOIN nurture_sequence sequence ON sequence.id = enrollment.sequence_id "
        "LEFT JOIN nurture_step step ON step.id = enrollment.step_id "
        "LEFT JOIN nurture_template template ON template.id = step.template_id "
        "WHERE enrollment.lead_id = %s ORDER BY enrollment.id DESC",
        [lead_id],
    )
    return [Walk(*row[:7], *(sql.as_utc(cell) for cell in row[7:9]), *row[9:]) for row in rows]


def running(*, by: Actor) -> list[tuple[int, str]]:
    """The sequences that leads can be put into by hand. One statement."""
    by.require("nurture.see")
    found = SequenceRow.objects.filter(state=SequenceRow.State.RUNNING).order_by("name_folded")
    return list(found.values_list("pk", "name"))
