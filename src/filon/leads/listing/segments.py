"""Saved filters: what they are, and saving, renaming, sharing and deleting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from filon.core import ledger
from filon.core.access import Actor
from filon.core.conditions import ConditionError, parse, unparse
from filon.kit.errors import Kind, Refused, not_found
from filon.kit.text import fold
from filon.leads import fields
from filon.leads.listing import orders
from filon.leads.listing.events import SegmentDeleted, SegmentSaved
from filon.leads.models import Segment

LONGEST_NAME: Final = 80
LONGEST_CONDITION: Final = 10_000
MOST: Final = 200
"""How many saved filters a list offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """A saved filter. is_mine: the reader saved it; may_change: they may rename, change or delete it."""

    id: int
    name: str
    condition: str
    sort: str
    columns: tuple[str, ...]
    is_shared: bool
    owner: str
    is_mine: bool
    may_change: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a saved filter shall be."""

    name: str
    condition: str
    is_shared: bool = False
    sort: str = ""
    columns: Sequence[str] = ()


# Queries --------------------------------------------------------------------------------------------------------------


def segments(*, by: Actor) -> list[SegmentRow]:
    """The saved filters that the actor sees: their own and the shared ones, by name. One statement."""
    by.require("leads.see")
    found = Segment.objects.select_related("owner").filter(Q(is_shared=True) | _own(by))
    return [_row(segment, by) for segment in found.order_by("name_folded", "id")[:MOST]]


def segment(segment_id: int, *, by: Actor) -> SegmentRow:
    """One saved filter; whoever has its address may open it. One statement. Raises Refused (not found)."""
    by.require("leads.see")
    found = Segment.objects.select_related("owner").filter(pk=segment_id).first()
    if found is None:
        raise not_found(_("Saved filter"))
    return _row(found, by)


def _own(by: Actor) -> Q:
    return Q(owner_id=by.id) if _is_person(by) else Q(pk=None)


def _is_person(by: Actor) -> bool:
    return by.kind == "user" and by.id is not None


def _row(found: Segment, by: Actor) -> SegmentRow:
    is_mine = _is_person(by) and found.owner_id == by.id
    return SegmentRow(
        id=found.pk,
        name=found.name,
        condition=found.condition,
        sort=found.sort,
        columns=tuple(found.columns),
        is_shared=found.is_shared,
        owner=found.owner.name if found.owner else "",
        is_mine=is_mine,
        may_change=by.may("segments.share") if found.is_shared else is_mine,
    )


# Commands -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def save_segment(draft: Draft, *, by: Actor, at: datetime, segment_id: int | None = None) -> int:
    """Save a filter under a name, anew or over the one with `segment_id`; its id. Emits SegmentSaved.

    Everybody who sees leads has their own; sharing one, or changing a shared one, needs `segments.share`, and what a
    program saves is always shared. Raises Refused: a condition that cannot be read, a name that is taken (conflict).
    """
    by.require("leads.see")
    if draft.is_shared or not _is_person(by):
        by.require("segments.share")
    name, condition = _checked(draft)
    found = _changeable(segment_id, by) if segment_id is not None else Segment(owner_id=_owner(by), created_at=at)
    found.name, found.name_folded, found.condition = name, fold(name)[:LONGEST_NAME], condition
    found.sort, found.columns = draft.sort, list(draft.columns)
    found.is_shared, found.updated_at = draft.is_shared or not _is_person(by), at
    is_new = found.pk is None
    try:
        with transaction.atomic():
            found.save()
    except IntegrityError as error:
        raise _taken(name) from error
    told = SegmentSaved(
        at=at, segment_id=found.pk, name=name, condition=condition, is_shared=found.is_shared, is_new=is_new
    )
    ledger.append([told], by=by, learnt_at=at)
    return int(found.pk)


@transaction.atomic
def save_once(draft: Draft, *, by: Actor, at: datetime) -> SegmentRow:
    """Save a shared filter; the one there is already when name and condition are the same. See `save_segment`.

    A program that sends its request again gets the same answer.
    """
    by.require("segments.share")
    name, condition = _checked(draft)
    known = (
        Segment.objects.select_related("owner").filter(name_folded=fold(name)[:LONGEST_NAME], is_shared=True).first()
    )
    if known is not None and known.condition == condition:
        return _row(known, by)
    return segment(save_segment(draft, by=by, at=at), by=by)


@transaction.atomic
def delete_segment(segment_id: int, *, by: Actor, at: datetime) -> None:
    """Delete a saved filter: one's own, or with `segments.share` a shared one. Emits SegmentDeleted."""
    by.require("leads.see")
    found = _changeable(segment_id, by)
    ledger.append([SegmentDeleted(at=at, segment_id=found.pk, name=found.name)], by=by, learnt_at=at)
    found.delete()


def _owner(by: Actor) -> int | None:
    return by.id if _is_person(by) else None


def _changeable(segment_id: int, by: Actor) -> Segment:
    found = Segment.objects.select_for_update().filter(pk=segment_id).first()
    if found is None:
        raise not_found(_("Saved filter"))
    if found.is_shared:
        by.require("segments.share")
    elif not (_is_person(by) and found.owner_id == by.id):
        raise Refused(_("This filter is somebody else's."), Kind.FORBIDDEN, code="forbidden")
    return found


def _checked(draft: Draft) -> tuple[str, str]:
    """The name without needless spaces and the condition as written by us. Raises Refused naming the field."""
    name = " ".join(draft.name.replace("\0", " ").split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise _invalid("name", _("Give it a name of at most 80 characters."))
    if draft.sort and draft.sort not in orders.SORTS:
        orders.named(draft.sort)
    if len(draft.condition) > LONGEST_CONDITION:
        raise _invalid("condition", _("The condition is too long."))
    try:
        return name, unparse(parse(draft.condition, fields.REGISTRY))
    except ConditionError as error:
        raise condition_refused(error, "condition") from error


def condition_refused(error: ConditionError, name: str) -> Refused:
    """A condition that cannot be read, as a refusal of the field it came in; position and length are in its errors."""
    problem: dict[str, object] = {
        "field": name,
        "message": error.message,
        "position": error.position,
        "length": error.length,
    }
    return Refused(error.message, Kind.INVALID, [problem], "condition")


def _invalid(name: str, message: str) -> Refused:
    return Refused(message, Kind.INVALID, [{"field": name, "message": message}], "invalid")


def _taken(name: str) -> Refused:
    message = _("There is a filter called “%(name)s” already.") % {"name": name}
    return Refused(message, Kind.CONFLICT, [{"field": "name", "message": message}], "name_taken")
