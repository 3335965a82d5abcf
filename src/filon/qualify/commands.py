"""What an SDR does from the worklist: say what came of a call, and so plan what follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from filon.core import line
from filon.core.access import Actor
from filon.core.conditions.sql import LIVE_FACT_SQL
from filon.core.line import Batch, Entry
from filon.core.models import User
from filon.kit import sql
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import fields, moving, tasks
from filon.leads.card.commands import ActOn, log_act
from filon.leads.events import CallLogged, StageChanged
from filon.leads.models import Lead, Person
from filon.leads.moving import Move
from filon.leads.reasons import OF_EXIT
from filon.leads.sight import seen_by
from filon.qualify import holds, rules
from filon.qualify.rules import Next, Shift

Shifts = Callable[[datetime, datetime, int | None], Iterable[Shift]]
_AHEAD: Final = timedelta(days=60)
_FARTHEST: Final = timedelta(days=2 * 366)
_shifts: Shifts | None = None


def connect(shifts: Shifts) -> None:
    """Set who knows a team's open hours between two moments; called once at start by `config`."""
    global _shifts  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _shifts = shifts


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A call and what came of it. when: what was agreed. seen: the `mark` of the lead that was looked at."""

    lead_id: int
    outcome: str
    text: str = ""
    when: datetime | None = None
    reason: str = ""
    seen: str = ""


def mark(lead: Mapping[str, Any]) -> str:
    """How a lead stood: its version and its last act. Another one means that somebody has worked on it meanwhile."""
    acted = lead["last_act_at"]
    return f"{lead['version']}-{acted.timestamp() if acted else 0:.6f}"


def followings(attempt: int, *, at: datetime, team_id: int | None) -> dict[str, Next]:
    """What would follow from each outcome, before anything is agreed. One statement."""
    open_hours = list(_open_hours(at, team_id))
    zone = timezone.get_current_timezone()
    return {
        outcome: rules.following(outcome, attempt=attempt, at=at, shifts=open_hours, zone=zone)
        for outcome in fields.OUTCOMES
    }


@transaction.atomic
def log_call(called: Called, *, by: Actor, at: datetime) -> Next:
    """Log a call, close what was planned, and plan what follows; what that is. Needs `leads.act`, and `leads.move`
    where the lead leaves. A lead that an opportunity holds is followed up on the next working day instead of leaving.
    Emits CallLogged, TaskClosed, TaskPlanned, StageChanged.

    Raises Refused: a day or a reason that is missing, or a lead that somebody else has worked on meanwhile.
    """
    by.require("leads.act")
    _check(called, at)
    batch = Batch([], by=by, at=at)
    lead = _lead(batch, called, by)
    _check_hold(lead["id"], by=by, at=at)
    planned = [task for task in tasks.open_tasks(batch, [lead["id"]]).get(lead["id"], []) if task["kind"] != tasks.TODO]
    attempt = max([task["attempt"] for task in planned] or [0]) or 1
    shifts, zone = list(_open_hours(at, team_of(by))), timezone.get_current_timezone()
    follows = rules.following(called.outcome, attempt=attempt, at=at, shifts=shifts, zone=zone, when=called.when)
    log_act(
        ActOn(lead_id=lead["id"], kind=CallLogged.kind, outcome=called.outcome, text=called.text, at=at), by=by, at=at
    )
    tasks.close(batch, planned, "done", person_id=lead["person_id"])
    batch.rows(Lead).change(lead, "version", lead["version"] + 1)  # whoever looks at it now sees that it was called
    batch.write()
    if follows.stage and not _leaves(lead["id"], called, follows.stage, by=by, at=at):
        follows = Next("follow_up", rules.working_day(1, rules.MORNING, at, shifts, zone))
    if not follows.stage:
        _plan(lead["id"], called, follows, by=by, at=at)
    return follows


def last_call(lead_id: int, *, by: Actor) -> int | None:
    """The fact of the last call that the actor logged with a lead and did not take back. One statement."""
    found = sql.fetch(
        "SELECT MAX(fact.id) FROM core_fact fact WHERE fact.lead_id = %s AND fact.kind = %s AND fact.actor_kind = %s "
        f"AND fact.actor_id = %s AND {LIVE_FACT_SQL}",
        [lead_id, CallLogged.kind, by.kind, by.id],
    )
    return found[0][0] if found else None


@transaction.atomic
def undo_call(lead_id: int, fact_id: int, *, by: Actor, at: datetime) -> None:
    """Take back a call that was just logged, as if it had not been: what it closed is open again, what it planned is
    dropped, where it moved the lead is undone, and the clock it stopped runs on. Needs `leads.act`.

    Emits ActUndone, TaskClosed, TaskPlanned, StageMoveUndone, PromiseResumed. Raises Refused: not one's own, too long
    ago, or the lead was moved again since.
    """
    by.require("leads.act")
    if lead_id not in seen_by(by, [lead_id]):
        raise not_found(_("Lead"))
    for refusal in moving.undo_moves(_moves_of(lead_id, fact_id), by=by, at=at):
        if refusal is not None:
            raise refusal
    entry = Entry(kind="act_undo", door="manual", at=at, values={"fact_id": fact_id})
    item = line.run_with_retries(lambda: Batch([entry], by=by, at=at)).items[0]
    if item.refusal is not None:
        raise item.refusal


def _moves_of(lead_id: int, fact_id: int) -> list[int]:
    """The changes of stage that a logged call made. One statement."""
    found = sql.fetch(
        "SELECT move.id FROM core_fact move JOIN core_fact call ON call.id = %s AND call.learnt_at = move.learnt_at "
        "AND call.actor_id = move.actor_id WHERE move.lead_id = %s AND move.kind = %s AND move.id > call.id "
        "AND NOT EXISTS (SELECT 1 FROM core_fact r WHERE r.revokes_id = move.id)",
        [fact_id, lead_id, StageChanged.kind],
    )
    return [row[0] for row in found]


def _leaves(lead_id: int, called: Called, stage: str, *, by: Actor, at: datetime) -> bool:
    """Move a called lead on; False where it may not leave, as an opportunity holds it: the call stands all the same."""
    reason = called.reason or ("unreachable" if called.outcome in rules.NOBODY else "")
    try:
        moving.move_lead(Move(lead_id, stage, reason), by=by, at=at)
    except Refused as refused:
        if refused.kind is not Kind.CONFLICT:
            raise
        return False
    return True


def _plan(lead_id: int, called: Called, follows: Next, *, by: Actor, at: datetime) -> None:
    """Plan what follows, now that the call is logged."""
    assert follows.due_at is not None  # noqa: S101 — `_check` asks the day where it is not known
    batch = Batch([], by=by, at=at)
    batch.rows(Lead).load_ids([lead_id], lock=True)
    lead = batch.rows(Lead).by_id[lead_id]
    if lead["owner_id"] is None and by.kind == "user":
        lead = {**lead, "owner_id": by.id}  # who called goes on, until somebody is given the lead
    tasks.plan(batch, lead, follows.kind, follows.due_at, text=called.text, attempt=follows.attempt)
    batch.write()


def _lead(batch: Batch, called: Called, by: Actor) -> dict[str, Any]:
    rows, seen = batch.rows(Lead), seen_by(by, [called.lead_id])
    batch.rows(Person).load_ids(seen.values(), lock=True)  # before their leads, as everywhere in the line
    rows.load_ids(seen, lock=True)
    lead = rows.by_id.get(called.lead_id)
    if lead is None:
        raise not_found(_("Lead"))
    if called.seen and called.seen != mark(lead):
        message = _("Somebody has worked on this lead meanwhile: see what happened, then go on.")
        raise Refused(message, Kind.STALE, code="stale")
    if not lead["is_open"]:
        raise Refused(_("This lead has left its journey: take it up again first."), Kind.CONFLICT, code="closed")
    return lead


def _check_hold(lead_id: int, *, by: Actor, at: datetime) -> None:
    other = holds.holder(lead_id, by=by, at=at)
    if other is not None:
        message = _("%(name)s is working on this lead. What you noted is still here: agree with them first.")
        raise Refused(message % {"name": other.name}, Kind.CONFLICT, code="held")
    holds.release(lead_id, by=by)


def _check(called: Called, at: datetime) -> None:
    if called.outcome not in fields.OUTCOMES:
        raise _wrong("outcome", _("Say what came of the call."))
    if called.outcome in rules.ASKS_WHEN and called.when is None:
        raise _wrong("when", _("Say when to come back to them."))
    if called.when is not None and not at < called.when < at + _FARTHEST:
        raise _wrong("when", _("This moment is past, or too far ahead."))
    if called.outcome in rules.ASKS_REASON and called.reason not in OF_EXIT["disqualified"]:
        raise _wrong("reason", _("Choose a reason."))


def _open_hours(at: datetime, team_id: int | None) -> Iterable[Shift]:
    assert _shifts is not None  # noqa: S101 — `connect` ran at start
    return _shifts(at, at + _AHEAD, team_id)


def team_of(by: Actor) -> int | None:
    """The team whose hours count for who acts; None where nobody's in particular do. One statement."""
    if by.kind != "user" or by.id is None:
        return None
    return User.objects.filter(pk=by.id).values_list("team_id", flat=True).first()


def _wrong(name: str, message: str) -> Refused:
    return Refused(message, Kind.INVALID, [{"field": name, "message": message}], "invalid")
