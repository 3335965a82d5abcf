"""Deciding on odd deals, one or many at once, and taking that back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.deals import pipelines, queries
from filon.deals.commands import Change, change_opportunities
from filon.deals.models import Decision, Opportunity
from filon.deals.rows import OpportunityRow
from filon.kit import sql
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import moving
from filon.leads.models import Lead
from filon.leads.moving import Move

MOST: Final = 200
"""So many deals are decided on at once."""
UNDO: Final = timedelta(hours=24)
_BEFORE: Final = {
    Decision.Kind.NEW_DATE: ("close_date",),
    Decision.Kind.NEXT_STEP: ("next_step", "next_on"),
}
_BEFORE_CLOSING: Final = ("close_date", "next_step", "next_on")


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a decision or of taking it back: how many deals, what those are worth, and why others stayed."""

    order: str
    count: int
    amount: Decimal
    refused: tuple[str, ...]
    leads: int = 0


@transaction.atomic
def decide(kind: str, ids: Sequence[int], said: Mapping[str, Any], *, order: str, by: Actor, at: datetime) -> Done:
    """Decide the same on open deals. Needs `deals.change`; a deal that is refused stays, and its reason is given.

    said: `close_date` for a new date; `next_step` and `next_on`; `reason` and `postponed_to` for a loss;
    `postponed_to` or nothing for nurturing, which closes the deal and sends its lead back to be nurtured. order: names
    the decision; the same one again changes nothing. Emits the facts of the changes.
    """
    by.require("deals.change")
    if kind not in Decision.Kind.values:
        raise Refused(_("There is no such decision."), Kind.INVALID, code="decision")
    if found := list(Decision.objects.filter(order=order, author_id=by.id)):
        return Done(order, len(found), sum((one.amount or Decimal(0) for one in found), Decimal(0)), ())
    rows = queries.opportunities_with(sorted(set(ids))[:MOST], by=by)
    _check(kind, said, timezone.localdate(at))
    changes = [Change(row.id, _values(kind, said, row, timezone.localdate(at)), row.version) for row in rows]
    refusals = [_closed(row) for row in rows]
    answers = iter(
        change_opportunities([one for one, no in zip(changes, refusals, strict=True) if not no], by=by, at=at)
    )
    refusals = [no or next(answers) for no in refusals]
    done = [row for row, no in zip(rows, refusals, strict=True) if no is None]
    moved = _back_to_nurturing(done, by=by, at=at) if kind == Decision.Kind.NURTURE else {}
    _remember(kind, done, moved, order=order, by=by, at=at)
    amount = sum((row.amount or Decimal(0) for row in done if row.currency == settings.FILON_CURRENCY), Decimal(0))
    return Done(order, len(done), amount, tuple(no.message for no in refusals if no is not None), len(moved))


def _closed(row: OpportunityRow) -> Refused | None:
    return (
        None if row.state == "open" else Refused(_("This opportunity is closed already."), Kind.CONFLICT, code="closed")
    )


def _check(kind: str, said: Mapping[str, Any], today: date) -> None:
    """A decision names a day to come; the other fields are judged where deals are changed."""
    field = {Decision.Kind.NEW_DATE: "close_date", Decision.Kind.NEXT_STEP: "next_on"}.get(Decision.Kind(kind))
    if kind == Decision.Kind.NEXT_STEP and not (said.get("next_step") or "").strip():
        raise _invalid("next_step", _("Say what will be done."))
    if field is not None and (said.get(field) is None or said[field] < today):
        raise _invalid(field, _("Give a day to come."))
    postponed_to = said.get("postponed_to")
    if postponed_to is not None and postponed_to <= today:
        raise _invalid("postponed_to", _("Give a day to come."))


def _values(kind: str, said: Mapping[str, Any], row: OpportunityRow, today: date) -> dict[str, Any]:
    if kind == Decision.Kind.NEW_DATE:
        return {"close_date": said["close_date"]}
    if kind == Decision.Kind.NEXT_STEP:
        return {"next_step": said["next_step"], "next_on": said["next_on"]}
    postponed_to = said.get("postponed_to")
    reason = said.get("reason") or ""
    if kind == Decision.Kind.NURTURE:
        reason = "postponed" if postponed_to else "no_answer"
    lost = pipelines.load().by_id[row.pipeline_id].first("lost")
    return {"stage_id": lost.id, "closed_on": today, "reason": reason, "postponed_to": postponed_to}


def _back_to_nurturing(rows: Sequence[OpportunityRow], *, by: Actor, at: datetime) -> dict[int, int]:
    """Send the leads that these lost deals were the last of back to be nurtured; lead → the fact of its move."""
    ids = {row.lead_id for row in rows if row.lead_id}
    lost = list(Lead.objects.filter(pk__in=ids, stage="lost").values_list("pk", flat=True))
    answers = moving.move_leads([Move(lead_id, "nurturing", seen="lost") for lead_id in lost], by=by, at=at)
    moved = [lead_id for lead_id, refusal in zip(lost, answers, strict=True) if refusal is None]
    return moving.last_moves(moved) if moved else {}


def _remember(
    kind: str, rows: Sequence[OpportunityRow], moved: Mapping[int, int], *, order: str, by: Actor, at: datetime
) -> None:
    versions = dict(Opportunity.objects.filter(pk__in=[row.id for row in rows]).values_list("pk", "version"))
    Decision.objects.bulk_create(
        Decision(
            order=order,
            opportunity_id=row.id,
            kind=kind,
            before=_before(kind, row),
            seen=row.version,
            version=versions[row.id],
            amount=row.amount if row.currency == settings.FILON_CURRENCY else None,
            move_id=moved.get(row.lead_id or 0),
            author_id=by.id,
            at=at,
        )
        for row in rows
    )


def _before(kind: str, row: OpportunityRow) -> dict[str, Any]:
    """What a decision of this kind changes, as it is now, as JSON."""
    fields = _BEFORE.get(Decision.Kind(kind), _BEFORE_CLOSING)
    before = {field: value.isoformat() if isinstance(value := getattr(row, field), date) else value for field in fields}
    if fields is _BEFORE_CLOSING:
        before |= {"stage_id": row.stage.id, "stage_since": row.stage_since.isoformat()}
        before["probability"] = str(row.probability) if row.has_own_probability else None
    return before


# Taking back ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def undo(order: str, *, by: Actor, at: datetime) -> Done:
    """Take a decision back where nothing has been changed since, within a day. Needs `deals.change`; one's own, or
    anyone's for who may assign leads. Raises Refused when there is none, or it is too late."""
    by.require("deals.change")
    found = list(Decision.objects.select_for_update().filter(order=order).order_by("opportunity_id"))
    if not found:
        raise not_found(_("Decision"))
    if found[0].author_id != by.id and not by.may("leads.assign"):
        raise Refused(_("Only who decided can take that back."), Kind.FORBIDDEN, code="forbidden")
    if at - found[0].at > UNDO:
        raise Refused(_("A decision can be taken back for a day."), Kind.CONFLICT, code="too_late")
    waiting = [one for one in found if one.undone_at is None]
    blocked = _take_leads_back([one.move_id for one in waiting if one.move_id], by=by, at=at)
    free = [one for one in waiting if one.move_id not in blocked]
    answers = change_opportunities([_back(one) for one in free], by=by, at=at)
    done = [one for one, refusal in zip(free, answers, strict=True) if refusal is None]
    Decision.objects.filter(pk__in=[one.pk for one in done]).update(undone_at=at)
    _stand_again(done)
    refused = (*blocked.values(), *(refusal.message for refusal in answers if refusal is not None))
    return Done(order, len(done), sum((one.amount or Decimal(0) for one in done), Decimal(0)), refused)


def _stand_again(undone: Sequence[Decision]) -> None:
    """The decisions before these stand on how the deals are now, which is how those had left them."""
    versions = dict(
        Opportunity.objects.filter(pk__in=[one.opportunity_id for one in undone]).values_list("pk", "version")
    )
    for one in undone:
        Decision.objects.filter(opportunity_id=one.opportunity_id, version=one.seen, undone_at=None).update(
            version=versions[one.opportunity_id]
        )


def _take_leads_back(moves: Sequence[int], *, by: Actor, at: datetime) -> dict[int, str]:
    """Take the moves of leads back; those that cannot be, and why."""
    answers = moving.undo_moves(moves, by=by, at=at) if moves else []
    return {move_id: refusal.message for move_id, refusal in zip(moves, answers, strict=True) if refusal is not None}


def _back(decision: Decision) -> Change:
    values = dict(decision.before)
    since = values.pop("stage_since", None)
    for field in ("close_date", "next_on"):
        if values.get(field):
            values[field] = date.fromisoformat(values[field])
    return Change(decision.opportunity_id, values, decision.version, sql.as_utc(since) if since else None)


def _invalid(field: str, message: str) -> Refused:
    return Refused(message, Kind.INVALID, [{"field": field, "message": message}], "invalid")
