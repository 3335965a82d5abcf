"""Ordering an act on many leads, carrying it out part by part, stopping it, taking it back.

A part is one transaction: the leads' changes with their facts, an item for each, the order's counters and its place.
So a killed worker's order goes on where it stood, and no lead is changed twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from filon.core import jobs, ledger
from filon.core.access import Actor
from filon.core.conditions import ConditionError
from filon.core.ledger import Event
from filon.kit import sql
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import fields
from filon.leads.bulk import acts, rules
from filon.leads.bulk.acts import ACTS, Changed, Outcome
from filon.leads.bulk.events import BulkDone, BulkUndone
from filon.leads.listing import queries
from filon.leads.listing.queries import Ask
from filon.leads.listing.segments import condition_refused
from filon.leads.listing.where import Where
from filon.leads.models import BulkItem, BulkOrder

State = BulkOrder.State
ItemState = BulkItem.State
NAMED: Final = queries.FEW
"""Orders over no more leads of a list keep their ids; larger ones keep the list's filter."""
_COLUMNS: Final = ("id", "order_id", "lead_id", "state", "was", "became", "fact_id", "undo_fact_id", "why")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What somebody wants done: an act, on the leads of `ids` or else on a whole list.

    last_id: the newest lead there was when they were told how many there are (`announced`). token: of the question;
    whoever answers it twice orders once.
    """

    act: str
    what: dict[str, Any]
    token: str
    ids: tuple[int, ...] = ()
    ask: Ask = field(default_factory=Ask)
    last_id: int = 0
    announced: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """The leads of a draft: how many, the newest there is, and their ids unless they are too many to name."""

    count: int
    last_id: int
    ids: list[int] | None


def count(draft: Draft, *, by: Actor, at: datetime) -> Counted:
    """How many leads a draft is about. Three statements at the most. Raises Refused."""
    by.require("leads.see")
    if draft.ids:
        return Counted(len(draft.ids), draft.ids[-1], list(draft.ids))
    newest = int(sql.fetch("SELECT COALESCE(MAX(id), 0) FROM leads_lead")[0][0])
    last_id = min(draft.last_id or newest, newest)  # never leads that are still to come
    try:
        where = queries.where_of(draft.ask, by=by, at=at)
    except ConditionError as error:
        raise condition_refused(error, "filter") from error
    where.add("lead.id <= %s", [last_id])
    ids = _ids_after(where, 0, NAMED + 1)
    if len(ids) <= NAMED:
        return Counted(len(ids), last_id, ids)
    source = f"FROM {fields.source(where.joins)}{where.sql()}"
    return Counted(int(sql.fetch(f"SELECT count(*) {source}", where.params)[0][0]), last_id, None)


def order(draft: Draft, *, by: Actor, at: datetime) -> BulkOrder:
    """Carry out an act on many leads: at once when there are few, else by a job. Needs what the act needs.

    Each lead is judged by itself; those that cannot be changed are counted with their reasons. Raises Refused when the
    act is none of this actor's, when there are more leads than announced, or when none of a few can be changed.
    """
    act = _act(draft.act)
    act.require(draft.what, by=by)
    try:
        with transaction.atomic():
            made = _make(draft, by=by, at=at)
            if made.expected > rules.PART:
                jobs.enqueue("leads.bulk", {"order_id": made.pk}, at=at, key=job_key(made.pk))
                return made
            run_part(made.pk, by=by, at=at)
            made.refresh_from_db()
            if made.refused and made.refused == made.expected:
                raise Refused(made.items.values_list("why", flat=True)[0], Kind.CONFLICT, code="nothing_changed")
            return made
    except IntegrityError:
        found = BulkOrder.objects.filter(token=draft.token, author_id=_user_id(by)).first()
        if found is None:
            raise
        return found


def job_key(order_id: int) -> str:
    """The key of the job that carries an order out: one at a time."""
    return f"leads.bulk:{order_id}"


def undo_key(order_id: int) -> str:
    """The key of the job that takes an order back. Its own: the other job may not have ended when undo is asked for."""
    return f"leads.bulk_undo:{order_id}"


def _act(code: str) -> acts.Act:
    if code not in ACTS:
        raise Refused(_("There is no such act."), code="no_such_act")
    return ACTS[code]


def _make(draft: Draft, *, by: Actor, at: datetime) -> BulkOrder:
    found = count(draft, by=by, at=at)
    if not found.count:
        raise Refused(_("Choose at least one lead."), code="nothing_chosen")
    if not rules.is_as_announced(draft.announced, found.count):
        raise Refused(_("There are more leads by now. Look at their number again."), Kind.STALE, code="more_leads")
    return BulkOrder.objects.create(
        token=draft.token,
        act=draft.act,
        what=draft.what,
        condition="" if found.ids is not None else draft.ask.condition,
        lead_ids=found.ids,
        last_id=found.last_id,
        expected=found.count,
        author_id=_user_id(by),
        created_at=at,
    )


def _user_id(by: Actor) -> int | None:
    return by.id if by.kind == "user" else None


# A part ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def run_part(order_id: int, *, by: Actor, at: datetime) -> bool:
    """See to the next leads of an order; whether that was the last of them. Emits BulkDone at the end."""
    found = _locked(order_id)
    if found.state != State.RUNNING:
        return True
    ids = _next_ids(found, by=by)
    if ids:
        outcomes = ACTS[found.act].do(ids, found.what, by=by, at=at)
        _keep(found, outcomes)
        found.cursor = ids[-1]
    is_last = len(ids) < rules.PART or found.cursor >= (found.lead_ids[-1] if found.lead_ids else found.last_id)
    if is_last:
        _end(found, State.DONE, by=by, at=at)
    found.save()
    return is_last


def _locked(order_id: int) -> BulkOrder:
    found = BulkOrder.objects.select_for_update().filter(pk=order_id).first()
    if found is None:
        raise not_found(_("Bulk act"))
    return found


def _next_ids(found: BulkOrder, *, by: Actor) -> list[int]:
    """The next leads in the order of their ids. `now` in the filter is when it was ordered."""
    if found.lead_ids is not None:
        return [lead_id for lead_id in found.lead_ids if lead_id > found.cursor][: rules.PART]
    where = queries.where_of(Ask(condition=found.condition), by=by, at=found.created_at)
    where.add("lead.id <= %s", [found.last_id])
    return _ids_after(where, found.cursor, rules.PART)


def _ids_after(where: Where, after: int, limit: int) -> list[int]:
    """Leads by id, from the table itself: every other way would sort all that is left for each part of it."""
    asked = where.copy()
    asked.add("lead.id > %s", [after])
    source = fields.source(asked.joins)
    if not sql.is_postgresql():
        source = source.replace(fields.BASE, f"{fields.BASE} NOT INDEXED", 1)
    found = sql.fetch(f"SELECT lead.id FROM {source}{asked.sql()} ORDER BY lead.id LIMIT {limit}", asked.params)
    return [row[0] for row in found]


def _keep(found: BulkOrder, outcomes: Sequence[Outcome]) -> None:
    """Remember what became of leads. Those that do not exist for anybody have no item, but are counted."""
    known = {row[0] for row in sql.fetch(*_known([one.lead_id for one in outcomes if one.refusal is not None]))}
    rows: list[list[Any]] = []
    for one in outcomes:
        if one.refusal is not None:
            found.refused += 1
            if one.lead_id in known:
                why = one.refusal.message[:300]
                rows.append([found.pk, one.lead_id, ItemState.REFUSED, None, None, None, None, why])
        elif one.fact_id is not None:
            found.changed += 1
            rows.append([found.pk, one.lead_id, ItemState.CHANGED, one.was, one.became, one.fact_id, None, ""])
        else:
            found.unchanged += 1
    numbered = zip(sql.allocate_ids(BulkItem, len(rows)), rows, strict=True)
    sql.insert_rows(BulkItem, _COLUMNS, [[row_id, *row] for row_id, row in numbered])


def _known(ids: Sequence[int]) -> tuple[str, list[Any]]:
    where, params = sql.any_of("id", ids)
    return f"SELECT id FROM leads_lead WHERE {where}", params


def _end(found: BulkOrder, state: str, *, by: Actor, at: datetime) -> None:
    found.state, found.ended_at = state, at
    told = BulkDone(
        at=at,
        order_id=found.pk,
        act=found.act,
        changed=found.changed,
        unchanged=found.unchanged,
        refused=found.refused,
        is_stopped=state == State.CANCELLED,
    )
    _tell(told, by=by, at=at)


def _tell(event: Event, *, by: Actor, at: datetime) -> None:
    ledger.append([event], by=by, learnt_at=at)


@transaction.atomic
def cancel(order_id: int, *, by: Actor, at: datetime, why: str = "") -> None:
    """Stop an order where it stands; what it has done can be taken back. For its author, or who may assign leads."""
    found = _locked(order_id)
    require_mine(found, by=by)
    if found.state == State.RUNNING:
        found.error = why[:500]
        _end(found, State.CANCELLED, by=by, at=at)
        found.save()


def require_mine(found: BulkOrder, *, by: Actor) -> None:
    """Raise Refused unless the order is this actor's own, or they may assign leads. The house itself may."""
    is_own = found.author_id is not None and found.author_id == _user_id(by)
    if not is_own:
        by.require("leads.assign")


# Back -----------------------------------------------------------------------------------------------------------------


@transaction.atomic
def undo(order_id: int, *, by: Actor, at: datetime) -> BulkOrder:
    """Take an order back, within a day: each lead is what it was, unless somebody has changed that since.

    At once when it changed few leads, else by a job. For its author, or who may assign leads. Raises Refused.
    """
    found = _locked(order_id)
    require_mine(found, by=by)
    ACTS[found.act].require_some(by=by)
    if found.state not in {State.DONE, State.CANCELLED}:
        raise Refused(_("This is under way, or was taken back already."), Kind.CONFLICT, code="not_now")
    if not rules.can_undo(found.created_at, at):
        raise Refused(_("A bulk act can be taken back for a day."), Kind.CONFLICT, code="too_late")
    found.state, found.undone_by_id, found.undo_asked_at = State.UNDOING, _user_id(by), at
    found.save()
    if found.changed > rules.PART:
        jobs.enqueue("leads.bulk_undo", {"order_id": found.pk}, at=at, key=undo_key(found.pk))
    else:
        undo_part(found.pk, by=by, at=at)
        found.refresh_from_db()
    return found


@transaction.atomic
def undo_part(order_id: int, *, by: Actor, at: datetime) -> bool:
    """Take the next changes of an order back; whether those were the last. Emits BulkUndone at the end."""
    found = _locked(order_id)
    if found.state != State.UNDOING:
        return True
    items = list(found.items.filter(state=ItemState.CHANGED).order_by("lead_id")[: rules.PART])
    if items:
        _take_back(found, items, by=by, at=at)
    is_last = found.undone + found.kept >= found.changed or not items  # `not items`: their leads are gone
    if is_last:
        found.state = State.UNDONE
        told = BulkUndone(at=at, order_id=found.pk, act=found.act, undone=found.undone, kept=found.kept)
        _tell(told, by=by, at=at)
    found.save()
    return is_last


def _take_back(found: BulkOrder, items: Sequence[BulkItem], *, by: Actor, at: datetime) -> None:
    changed = [Changed(item.lead_id, item.was, item.became, item.fact_id or 0) for item in items]
    answers = ACTS[found.act].undo(changed, found.what, by=by, at=at)
    told = acts.last_facts(found.act, [item.lead_id for item in items])
    rows: list[list[Any]] = []
    for item, refusal in zip(items, answers, strict=True):
        if refusal is None:
            found.undone += 1
            rows.append([item.pk, ItemState.UNDONE, told.get(item.lead_id), ""])
        else:
            found.kept += 1
            rows.append([item.pk, ItemState.KEPT, None, refusal.message[:300]])
    sql.update_rows(BulkItem, ("state", "undo_fact_id", "why"), rows)


# Forgetting -----------------------------------------------------------------------------------------------------------

_FORGOTTEN_AT_ONCE: Final = 2_000


def forget_before(before: datetime) -> int:
    """Forget orders that came to their end before a time, in parts that keep no lock for long; how many."""
    ended = [State.DONE, State.CANCELLED, State.UNDONE]
    old = list(BulkOrder.objects.filter(created_at__lt=before, state__in=ended).values_list("pk", flat=True))
    for order_id in old:
        items = BulkItem.objects.filter(order_id=order_id)
        while ids := list(items.values_list("pk", flat=True)[:_FORGOTTEN_AT_ONCE]):
            sql.delete_rows(BulkItem, ids)
        BulkOrder.objects.filter(pk=order_id).delete()
    return len(old)
