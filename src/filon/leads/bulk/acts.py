"""What can be done with many leads at once: give them to somebody, move them, set a field. And how it goes back.

Each act is the plural command that the single one calls, too: it asks for the same rights, lead by lead, and tells the
same facts. All of this runs in a transaction that holds the leads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.conditions.sql import LIVE_FACT_SQL
from filon.kit import sql
from filon.kit.errors import Kind, Refused
from filon.leads import editing, moving
from filon.leads.editing import Edit, shown
from filon.leads.events import FieldsChanged, OwnerChanged, StageChanged
from filon.leads.models import BulkItem
from filon.leads.moving import Move

What = Mapping[str, Any]
Answers = Sequence[Refused | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act did to one lead: refused, changed (by the fact that tells it), or neither: it was so already."""

    lead_id: int
    refusal: Refused | None
    was: Any = None
    became: Any = None
    fact_id: int | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A change of an order that is to be taken back."""

    lead_id: int
    was: Any
    became: Any
    fact_id: int


class Act(Protocol):
    """One way to change many leads."""

    def require(self, what: What, *, by: Actor) -> None:
        """Raise Refused when the actor may not do this to any lead."""

    def do(self, ids: Sequence[int], what: What, *, by: Actor, at: datetime) -> list[Outcome]:
        """Do it to these leads; an outcome for each."""

    def undo(self, items: Sequence[Changed], what: What, *, by: Actor, at: datetime) -> Answers:
        """Take changes back, an answer each: None, or why the lead stays as it is."""

    def require_some(self, *, by: Actor) -> None:
        """Raise Refused when the actor may do this to no lead at all: then they may not take it back either."""


# Owner ----------------------------------------------------------------------------------------------------------------

AssignMany = Callable[[Sequence[tuple[int, int | None]], Actor, datetime], Answers]
ReturnMany = Callable[[Sequence[int], Actor, datetime], Answers]
_assign: AssignMany | None = None
_return: ReturnMany | None = None


def connect(assign: AssignMany, give_back: ReturnMany) -> None:
    """Set who gives leads to colleagues, and who takes that back by the facts that tell it; called once at start."""
    global _assign, _return
    _assign, _return = assign, give_back


class Assign:
    """Give leads to a colleague (`owner_id`), or to nobody."""

    def require(self, what: What, *, by: Actor) -> None:
        """Who may not assign may still take leads that nobody has."""
        is_own = by.kind == "user" and by.id is not None and what.get("owner_id") == by.id
        if not (is_own and by.may("leads.act")):
            by.require("leads.assign")

    def require_some(self, *, by: Actor) -> None:
        """Who may not assign may take leads."""
        if not by.may("leads.act"):
            by.require("leads.assign")

    def do(self, ids: Sequence[int], what: What, *, by: Actor, at: datetime) -> list[Outcome]:
        """Assign."""
        assert _assign is not None  # noqa: S101 — `connect` sets it
        was = _values(ids, "owner_id")
        told = _last_facts(OwnerChanged.kind, ids)
        answers = _assign([(lead_id, what["owner_id"]) for lead_id in ids], by, at)
        return _outcomes(ids, answers, was, dict.fromkeys(ids, what["owner_id"]), told=told, kind=OwnerChanged.kind)

    def undo(self, items: Sequence[Changed], what: What, *, by: Actor, at: datetime) -> Answers:
        """Give each lead back to who had it."""
        assert _return is not None  # noqa: S101 — `connect` sets it
        _values([item.lead_id for item in items], "owner_id")
        since = _changed_since(items, OwnerChanged.kind)
        going = [item for item in items if item.lead_id not in since]
        answers = dict(
            zip([item.lead_id for item in going], _return([item.fact_id for item in going], by, at), strict=True)
        )
        return [_spoken_since() if item.lead_id in since else answers[item.lead_id] for item in items]


# Stage ----------------------------------------------------------------------------------------------------------------


class MoveStage:
    """Move leads to a stage (`stage`), an exit with its `reason`."""

    def require(self, what: What, *, by: Actor) -> None:
        """Moving asks for one right."""
        by.require("leads.move")

    def require_some(self, *, by: Actor) -> None:
        """As `require`."""
        by.require("leads.move")

    def do(self, ids: Sequence[int], what: What, *, by: Actor, at: datetime) -> list[Outcome]:
        """Move."""
        was = _values(ids, "stage")
        told = _last_facts(StageChanged.kind, ids)
        answers = moving.move_leads(
            [Move(lead_id, what["stage"], what.get("reason", "")) for lead_id in ids], by=by, at=at
        )
        return _outcomes(ids, answers, was, dict.fromkeys(ids, what["stage"]), told=told, kind=StageChanged.kind)

    def undo(self, items: Sequence[Changed], what: What, *, by: Actor, at: datetime) -> Answers:
        """Each lead is again what it was; the ledger's move is revoked."""
        return moving.undo_moves([item.fact_id for item in items], by=by, at=at)


# A field --------------------------------------------------------------------------------------------------------------


class SetField:
    """Set one field of leads (`field`), a custom one too, to a `value`; an empty one empties it."""

    def require(self, what: What, *, by: Actor) -> None:
        """Editing asks for one right."""
        by.require("leads.change")

    def require_some(self, *, by: Actor) -> None:
        """As `require`."""
        by.require("leads.change")

    def do(self, ids: Sequence[int], what: What, *, by: Actor, at: datetime) -> list[Outcome]:
        """Edit. Imports leave the field alone from now on, as after an edit by hand."""
        field = what["field"]
        was = self._held(ids, field)
        told = _last_facts(FieldsChanged.kind, ids)
        answers = editing.edit_records(
            [Edit(of="lead", id=lead_id, values={field: what["value"]}) for lead_id in ids], by=by, at=at
        )
        now = {lead_id: held["value"] for lead_id, held in self._held(ids, field).items()}
        return _outcomes(ids, answers, was, now, told=told, kind=FieldsChanged.kind)

    def undo(self, items: Sequence[Changed], what: What, *, by: Actor, at: datetime) -> Answers:
        """Each lead says again what it said; imports may speak of the field again where they could before."""
        field = what["field"]
        self._held([item.lead_id for item in items], field)
        since = _changed_since(items, FieldsChanged.kind, field)
        going = [item for item in items if item.lead_id not in since]
        edits = [
            Edit(
                of="lead",
                id=item.lead_id,
                values={field: item.was["value"]},
                seen={field: shown(item.became)},
                lets_go=frozenset() if item.was["is_edited"] else frozenset({field}),
            )
            for item in going
        ]
        done = editing.edit_records(edits, by=by, at=at)
        answers = dict(zip([item.lead_id for item in going], done, strict=True))
        return [_spoken_since() if item.lead_id in since else answers[item.lead_id] for item in items]

    def _held(self, ids: Sequence[int], field: str) -> dict[int, dict[str, Any]]:
        """What the leads say in a field, and whether a colleague has said it."""
        if field.startswith("attributes."):
            name = field.removeprefix("attributes.")
            values = {lead_id: (own or {}).get(name) for lead_id, own in _values(ids, "attributes").items()}
        else:
            values = _values(ids, editing.column_of("lead", field))
        edited = _values(ids, "edited")
        return {lead_id: {"value": value, "is_edited": field in edited[lead_id]} for lead_id, value in values.items()}


ACTS: Final[Mapping[str, Act]] = {"assign": Assign(), "move": MoveStage(), "edit": SetField()}
"""Every act, by the code that `leads.models.BULK_ACTS` knows."""


# What all of them need ------------------------------------------------------------------------------------------------

_JSON: Final = frozenset({"attributes", "edited"})


def _values(ids: Iterable[int], column: str) -> dict[int, Any]:
    """What leads say in a column, and hold them until the end of the transaction. One statement."""
    where, params = sql.any_of("id", sorted(set(ids)))
    tail = " FOR UPDATE" if sql.is_postgresql() else ""
    found = sql.fetch(f'SELECT id, "{column}" FROM leads_lead WHERE {where} ORDER BY id{tail}', params)
    return {lead_id: sql.as_json(value) if column in _JSON else value for lead_id, value in found}


def last_facts(act: str, ids: Iterable[int]) -> dict[int, int]:
    """The newest fact that tells a change of this act, by lead. One statement."""
    return _last_facts(_KINDS[act], ids)


_KINDS: Final = {"assign": OwnerChanged.kind, "move": StageChanged.kind, "edit": FieldsChanged.kind}


def _last_facts(kind: str, ids: Iterable[int]) -> dict[int, int]:
    where, params = sql.any_of("lead_id", sorted(set(ids)))
    return dict(
        sql.fetch(
            f"SELECT lead_id, MAX(id) FROM core_fact WHERE {where} AND kind = %s GROUP BY lead_id", [*params, kind]
        )
    )


def _outcomes(
    ids: Sequence[int],
    answers: Answers,
    was: Mapping[int, Any],
    became: Mapping[int, Any],
    *,
    told: Mapping[int, int],
    kind: str,
) -> list[Outcome]:
    """What became of each lead: it was changed when a new fact tells so."""
    tells = _last_facts(kind, ids)
    found = []
    for lead_id, refusal in zip(ids, answers, strict=True):
        is_told = refusal is None and tells.get(lead_id, 0) > told.get(lead_id, 0)
        fact_id = tells[lead_id] if is_told else None
        found.append(Outcome(lead_id, refusal, was.get(lead_id), became.get(lead_id), fact_id))
    return found


def _changed_since(items: Sequence[Changed], kind: str, field: str = "") -> set[int]:
    """Those leads of which a later fact speaks. What an undo has made void, and the undo itself, do not count."""
    mine = {item.lead_id: item.fact_id for item in items}
    if not mine:
        return set()
    where, params = sql.any_of("fact.lead_id", sorted(mine))
    found = sql.fetch(
        f"SELECT fact.lead_id, fact.id, fact.payload FROM core_fact fact "
        f"WHERE {where} AND fact.kind = %s AND fact.id > %s AND {LIVE_FACT_SQL}",
        [*params, kind, min(mine.values())],
    )
    void = _void_facts(mine)
    return {
        lead_id
        for lead_id, fact_id, payload in found
        if fact_id > mine[lead_id]
        and fact_id not in void
        and (not field or field in (sql.as_json(payload) or {}).get("fields", ()))
    }


def _void_facts(ids: Iterable[int]) -> set[int]:
    """The facts of orders that were taken back, with those that took them back."""
    found = BulkItem.objects.filter(lead_id__in=list(ids), state=BulkItem.State.UNDONE)
    return {fact_id for pair in found.values_list("fact_id", "undo_fact_id") for fact_id in pair if fact_id}


def _spoken_since() -> Refused:
    return Refused(_("Somebody has changed this since."), Kind.STALE, code="stale")
