"""The first-contact clock: how a promise is made, kept, broken, or no longer owed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from filon.core.access import SYSTEM
from filon.core.conditions.sql import LIVE_FACT_SQL
from filon.core.jobs import JobContext
from filon.core.line import Batch
from filon.kit import sql
from filon.leads import tasks
from filon.leads.events import OUTREACH, InboundCall, MeetingHeld
from filon.leads.models import Lead
from filon.routing import desk
from filon.routing.decisions import Decision
from filon.routing.desk import Timetables, Waiting
from filon.routing.events import PromiseBreached, PromiseCancelled, PromiseMade, PromiseMet, PromiseResumed
from filon.routing.models import Promise

HUMANS: Final = frozenset({"user", "key"})
"""Who can answer a lead: a colleague, or the telephone of a colleague. The house and an import cannot."""

STOPPING: Final = OUTREACH | {InboundCall.kind, MeetingHeld.kind}
"""Acts that are a first response when a human tells them."""

_AT_ONCE: Final = 1000
_STATE: Final = "(state || '')"
"""A promise's state where its lead is named: SQLite would rather walk all promises of a state than the lead's few."""


# Made -----------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Made:
    """The promises a batch makes; told together at its end, when they have their ids."""

    batch: Batch
    running: frozenset[int]  # leads with a clock already: it goes on
    _new: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)

    def start(self, item: Waiting, decision: Decision, timetables: Timetables) -> None:
        """Promise this lead a first response within the open minutes decided, from when it waits."""
        lead = item.lead
        if decision.minutes is None or lead["id"] in self.running:
            return
        if tasks.has_meeting(self.batch, lead["id"]):
            return  # who has booked a meeting has their answer
        due_at = timetables.due_at(item.since, decision.minutes, decision.team_id)
        desk.change(self.batch, lead, {"due_at": due_at, "responded_at": None})
        promise = self.batch.rows(Promise).add(
            lead_id=lead["id"],
            owner_id=lead["owner_id"],
            started_at=item.since,
            due_at=due_at,
            minutes=decision.minutes,
        )
        self._new.append((promise, lead))

    def tell(self) -> None:
        """Number the promises and tell them."""
        self.batch.rows(Promise).number()
        for promise, lead in self._new:
            self.batch.tell(
                PromiseMade(
                    at=promise["started_at"],
                    lead_id=lead["id"],
                    person_id=lead["person_id"],
                    company_id=lead["company_id"],
                    promise_id=promise["id"],
                    promise=promise["kind"],
                    owner_id=promise["owner_id"],
                    due_at=promise["due_at"],
                    minutes=promise["minutes"],
                )
            )


def made(batch: Batch, waiting: Sequence[Waiting]) -> Made:
    """What a batch will promise to these leads. One statement when some of them were routed before, else none."""
    before = [item.lead["id"] for item in waiting if item.lead["route"]]
    running = _open_promises(batch, before) if before else []
    return Made(batch, frozenset(promise["lead_id"] for promise in running))


def hand_over(batch: Batch, owners: Mapping[int, int | None]) -> None:
    """The open promises of these leads (lead → owner) are now their new owner's to keep. One statement."""
    rows = batch.rows(Promise)
    for promise in _open_promises(batch, owners) if owners else ():
        rows.change(promise, "owner_id", owners[promise["lead_id"]])


def _open_promises(batch: Batch, lead_ids: Iterable[int]) -> list[dict[str, Any]]:
    where, params = sql.any_of("lead_id", sorted(lead_ids))
    return batch.rows(Promise).load(f"{where} AND stopped_at IS NULL", params, lock=True)


# Kept -----------------------------------------------------------------------------------------------------------------


def respond(batch: Batch, answers: Mapping[int, datetime]) -> None:
    """Stop the clocks of these leads (lead → when a human first answered), and note the first response.

    Emits PromiseMet, or PromiseBreached for a clock past due that nobody had noticed. An answer told late but given
    in time keeps the promise after all.
    """
    leads = batch.rows(Lead)
    leads.load_ids(answers, lock=True)
    where, params = sql.any_of("lead_id", sorted(answers))
    found = batch.rows(Promise).load(f"{where} AND {_STATE} IN ('running', 'breached')", params, lock=True)
    since = {promise["lead_id"]: promise["started_at"] for promise in found}
    for lead_id, when in answers.items():
        lead = leads.by_id.get(lead_id)
        if lead is not None and when >= since.get(lead_id, lead["captured_at"]):
            leads.change(lead, "responded_at", min(when, lead["responded_at"] or when))
    answered = [promise for promise in found if answers[promise["lead_id"]] >= promise["started_at"]]
    _stop(batch, {promise["id"]: (answers[promise["lead_id"]], "") for promise in answered}, Promise.State.MET)


# No longer owed -------------------------------------------------------------------------------------------------------


def cancel(batch: Batch, ends: Mapping[int, tuple[datetime, str]]) -> None:
    """Nothing is owed to these leads any more (lead → since when and why). A promise already broken stays broken."""
    no_longer_owed(batch, {promise["id"]: ends[promise["lead_id"]] for promise in _open_promises(batch, ends)})


def no_longer_owed(batch: Batch, ends: Mapping[int, tuple[datetime, str]]) -> None:
    """The same for loaded promises (id → since when and why)."""
    _stop(batch, ends, Promise.State.CANCELLED)


def resume(batch: Batch, promise: dict[str, Any], *, cancelled_by: int | None) -> None:
    """A loaded promise that a move or an answer had stopped is owed again, as if it never had been: until its old due
    time.

    cancelled_by: the fact that told it was no longer owed, or kept; None for one that was broken before. Who answered
    while the lead was away has answered it; one whose time has passed since is breached.
    """
    rows, leads = batch.rows(Promise), batch.rows(Lead)
    lead = leads.by_id[promise["lead_id"]]
    rows.change(promise, "stopped_at", None)
    rows.change(promise, "owner_id", lead["owner_id"])
    leads.change(lead, "due_at", promise["due_at"])
    if cancelled_by is not None:
        rows.change(promise, "state", Promise.State.RUNNING.value)
        rows.change(promise, "reason", "")
        batch.tell(
            PromiseResumed(
                at=batch.at,
                lead_id=promise["lead_id"],
                promise_id=promise["id"],
                promise=promise["kind"],
                owner_id=promise["owner_id"],
                due_at=promise["due_at"],
                revokes_id=cancelled_by,
            )
        )
    answered_at = lead["responded_at"]
    if answered_at is not None and answered_at >= promise["started_at"]:
        _stop(batch, {promise["id"]: (answered_at, "")}, Promise.State.MET)
    elif batch.at > promise["due_at"]:
        _breach(batch, promise)


def unanswer(batch: Batch, undone: Mapping[int, datetime]) -> None:
    """The answer to these leads (lead → when it was) was taken back: what it had stopped runs on, unless another human
    had answered as well. Three statements. Emits PromiseResumed, and PromiseBreached where the time has passed since.
    """
    leads = batch.rows(Lead)
    leads.load_ids(undone, lock=True)
    where, params = sql.any_of("lead_id", sorted(undone))
    stopped = [
        promise
        for promise in batch.rows(Promise).load(
            f"{where} AND stopped_at IS NOT NULL AND {_STATE} IN ('met', 'breached')", params, lock=True
        )
        if promise["stopped_at"] == undone[promise["lead_id"]]
    ]
    others = _first_answers(undone)
    for lead_id in undone:
        lead = leads.by_id[lead_id]
        if lead["responded_at"] == undone[lead_id]:
            leads.change(lead, "responded_at", others.get(lead_id))
    met = _told(PromiseMet.kind, [promise for promise in stopped if promise["state"] == Promise.State.MET])
    for promise in stopped:
        resume(batch, promise, cancelled_by=met.get(promise["id"]))


def _first_answers(undone: Mapping[int, datetime]) -> dict[int, datetime]:
    """When humans first answered these leads since the moment of what was taken back, by lead. One statement."""
    where, params = sql.any_of("fact.lead_id", sorted(undone))
    kinds, humans = (", ".join(f"'{name}'" for name in sorted(names)) for names in (STOPPING, HUMANS))
    found: dict[int, datetime] = {}
    for lead_id, moment in sql.fetch(
        f"SELECT fact.lead_id, fact.at FROM core_fact fact WHERE {where} AND fact.kind IN ({kinds}) "
        f"AND fact.actor_kind IN ({humans}) AND NOT fact.is_machine AND {LIVE_FACT_SQL} ORDER BY fact.at DESC",
        params,
    ):
        at = sql.as_utc(moment)
        if at is not None and at >= undone[lead_id]:
            found[lead_id] = at
    return found


def _stop(batch: Batch, stops: Mapping[int, tuple[datetime, str]], state: Promise.State) -> None:
    """Stop loaded promises (id → when and why): in time they take `state`, after their due time they are breached."""
    rows = batch.rows(Promise)
    in_time = [rows.by_id[key] for key, (when, _why) in stops.items() if when <= rows.by_id[key]["due_at"]]
    breaches = _told(
        PromiseBreached.kind, [promise for promise in in_time if promise["state"] == Promise.State.BREACHED]
    )
    for promise_id, (when, why) in stops.items():
        promise = rows.by_id[promise_id]
        if when > promise["due_at"]:
            _breach(batch, promise)
            rows.change(promise, "stopped_at", min(when, promise["stopped_at"] or when))
            continue
        rows.change(promise, "stopped_at", when)
        rows.change(promise, "state", state.value)
        rows.change(promise, "reason", why)
        ids = {"lead_id": promise["lead_id"], "promise_id": promise_id, "promise": promise["kind"]}
        ids |= {"owner_id": promise["owner_id"], "revokes_id": breaches.get(promise_id)}
        if state is Promise.State.MET:
            batch.tell(PromiseMet(at=when, **ids))
        else:
            batch.tell(PromiseCancelled(at=when, reason=why, **ids))


def _told(kind: str, promises: Sequence[dict[str, Any]]) -> dict[int, int]:
    """The last fact of a kind that told of each promise, by promise: what is to be revoked."""
    if not promises:
        return {}
    where, params = sql.any_of("lead_id", [promise["lead_id"] for promise in promises])
    found = sql.fetch(f"SELECT id, payload FROM core_fact WHERE {where} AND kind = %s ORDER BY id", [*params, kind])
    return {sql.as_json(payload)["promise_id"]: fact_id for fact_id, payload in found}


# Broken ---------------------------------------------------------------------------------------------------------------


def run(job: JobContext) -> None:
    """The clock: twice a minute, so that a breach is told within one."""
    breach_due(at=job.at)


def breach_due(*, at: datetime) -> int:
    """Mark every running promise whose time has passed, and tell it; how many there were.

    The clock that calls this may run in several processes: each promise is breached once.
    """
    total = 0
    while Promise.objects.filter(state=Promise.State.RUNNING, due_at__lt=at).exists():
        done = _breach_some(at)
        total += done
        if done < _AT_ONCE:
            break
    return total


@transaction.atomic
def _breach_some(at: datetime) -> int:
    late = Promise.objects.filter(state=Promise.State.RUNNING, due_at__lt=at).order_by("due_at")
    ids = list(late.select_for_update(skip_locked=True).values_list("pk", flat=True)[:_AT_ONCE])
    batch = Batch([], by=SYSTEM, at=at)
    rows, leads = batch.rows(Promise), batch.rows(Lead)
    rows.load_ids(ids)
    leads.load_ids(promise["lead_id"] for promise in rows.by_id.values())
    gone: dict[int, tuple[datetime, str]] = {}
    for promise in rows.by_id.values():
        lead = leads.by_id[promise["lead_id"]]
        if lead["is_open"]:
            _breach(batch, promise)
        else:  # it left by a door that starts no reactions (history)
            gone[promise["id"]] = (max(lead["stage_since"], promise["started_at"]), lead["reason"] or lead["stage"])
    _stop(batch, gone, Promise.State.CANCELLED)
    batch.write()
    return len(ids)


def _breach(batch: Batch, promise: dict[str, Any]) -> None:
    if batch.rows(Promise).change(promise, "state", Promise.State.BREACHED.value):
        batch.tell(
            PromiseBreached(
                at=promise["due_at"],
                lead_id=promise["lead_id"],
                promise_id=promise["id"],
                promise=promise["kind"],
                owner_id=promise["owner_id"],
            )
        )
