"""Taking a whole import back: what it made goes, what it changed returns, and its facts are revoked by one fact.

What people have worked on since stays, and is said. Each step is a transaction of its own and finds what is left to
do, so a killed undo goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import models, transaction
from django.db.models import Model, ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from filon.capture.events import ImportUndone
from filon.capture.models import Import
from filon.core import ledger
from filon.core.access import Actor
from filon.core.line import Rows
from filon.core.models import Fact
from filon.kit import sql
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import fills, rules
from filon.leads.models import Company, Lead, Person, SourceRecord

GiveBack = Callable[..., None]
_CHUNK: Final = 1000
_made: list[type[Model]] = []
_gives_back: list[GiveBack] = []


def connect(made: Sequence[type[Model]], gives_back: Sequence[GiveBack] = ()) -> None:
    """Set the tables whose rows an import makes (each with `import_id`), in the order they must go.

    gives_back: what slices of their own return to how it was before an import (its id, at), before those rows go.
    """
    _made[:] = made
    _gives_back[:] = gives_back


@dataclass(frozen=True, slots=True)
class Undone:
    """How far an undo is: rows gone, and rows kept because people have worked on them since."""

    gone: int
    kept: int


def start_undo(import_id: int, *, by: Actor, at: datetime) -> Import:
    """Revoke an import's facts from now on; `run_undo` then takes its rows back. Needs `imports.run`."""
    by.require("imports.run")
    with transaction.atomic():
        imported = Import.objects.select_for_update().filter(pk=import_id).first()
        if imported is None:
            raise not_found(pgettext("record", "Import"))
        if imported.state in {Import.State.RUNNING, Import.State.WAITING}:
            raise Refused(_("This import is running: stop it first."), Kind.CONFLICT)
        if imported.state == Import.State.UNDONE:
            raise Refused(_("This import was undone already."), Kind.CONFLICT)
        if imported.state != Import.State.UNDOING:
            imported.state, imported.undone_at = Import.State.UNDOING, at
            imported.save(update_fields=["state", "undone_at"])
            ledger.append([ImportUndone(at=at, imported_id=import_id)], by=by, learnt_at=at, import_id=import_id)
    return imported


def run_undo(import_id: int, *, at: datetime, keeps_worked: bool = True) -> Iterator[Undone]:
    """Take the rows of an import back, yielding as it goes. keeps_worked: all but those people have worked on since."""
    with transaction.atomic():
        _give_back(import_id, at)
        for give_back in _gives_back:
            give_back(import_id, at=at)
        SourceRecord.objects.filter(import_id=import_id).delete()
        # What its system gave before this import is not known any more: what it gives next is looked at anew.
        SourceRecord.objects.filter(last_import_id=import_id).update(digest="", given={}, last_import_id=None)
    gone = kept = 0
    for model in _made:
        for removed, stayed in _remove(model, import_id, keeps_worked=keeps_worked):
            gone, kept = gone + removed, kept + stayed
            yield Undone(gone, kept)
    Import.objects.filter(pk=import_id).update(state=Import.State.UNDONE)
    yield Undone(gone, kept)


# What it changed -------------------------------------------------------------------------------------------------

_PLANS: Final[dict[str, tuple[type[Model], dict[str, tuple[str, int]]]]] = {
    "person": (Person, fills.PERSON),
    "company": (Company, fills.COMPANY),
    "lead": (Lead, fills.LEAD),
}


def _give_back(import_id: int, at: datetime) -> None:
    """Return what the import changed on rows it did not make, where it still says what the import said."""
    tables = {name: Rows(model) for name, (model, _plan) in _PLANS.items()}
    changes = list(
        Fact.objects.filter(import_id=import_id, kind__in=["fields_changed", "stage_changed"])
        .order_by("-id")
        .values_list("kind", "person_id", "company_id", "lead_id", "payload", "detail__values")
    )
    tables["person"].load_ids(person_id for _, person_id, *_ in changes if person_id)
    tables["company"].load_ids(company_id for _, _, company_id, *_ in changes if company_id)
    tables["lead"].load_ids(lead_id for _, _, _, lead_id, *_ in changes if lead_id)
    for kind, person_id, company_id, lead_id, payload, values in changes:
        if kind == "stage_changed":
            _return_stage(tables["lead"], lead_id or 0, payload, import_id)
        else:
            of = payload["of"]
            row_id = {"person": person_id, "company": company_id, "lead": lead_id}[of] or 0
            _return_fields(tables[of], row_id, _PLANS[of][1], values or {}, import_id)
    for rows in tables.values():
        for row_id in list(rows.changed):
            rows.change(rows.by_id[row_id], "updated_at", at)
        rows.write()


def _return_stage(leads: Rows, lead_id: int, payload: dict[str, Any], import_id: int) -> None:
    lead = leads.by_id.get(lead_id)
    if lead is None or lead["import_id"] == import_id or lead["stage"] != payload["to_stage"]:
        return
    stage = payload["from_stage"]
    leads.change(lead, "stage", stage)
    leads.change(lead, "is_open", rules.is_open(stage))


def _return_fields(
    rows: Rows, row_id: int, plan: dict[str, tuple[str, int]], values: dict[str, Any], import_id: int
) -> None:
    row = rows.by_id.get(row_id)
    if row is None or row["import_id"] == import_id:
        return
    old, new = values.get("old", {}), values.get("new", {})
    for field in new:
        if field.startswith("attributes."):
            _return_attribute(rows, row, field.removeprefix("attributes."), old.get(field), new[field])
        elif field in plan:
            column, longest = plan[field]
            if str(row[column]) == str(new[field]):
                before = old.get(field)
                empty: Any = None if rows.model._meta.get_field(column).null else ""
                value = empty if before in (None, "") else before
                cells = fills.with_twin(column, value, longest) if value else {column: empty}
                for name, cell in cells.items():
                    rows.change(row, name, cell)


def _return_attribute(rows: Rows, row: dict[str, Any], name: str, old: Any, new: Any) -> None:
    if row["attributes"].get(name) != new:
        return
    attributes = {key: value for key, value in row["attributes"].items() if key != name}
    if old is not None:
        attributes[name] = old
    rows.change(row, "attributes", attributes)
    rows.change(row, "attributes_folded", fills.fold_attributes(attributes))


_TOLD_BY_ID: Final = frozenset({"lead_id", "person_id", "company_id", "opportunity_id"})
"""Columns by which facts name the records that people work on."""


# What it made ----------------------------------------------------------------------------------------------------


def _remove(model: type[Model], import_id: int, *, keeps_worked: bool) -> Iterator[tuple[int, int]]:
    """Delete the import's rows of a table in chunks; (gone, kept) of each. What others rest on, or people worked on
    (when `keeps_worked`), stays and belongs to no import any more."""
    while True:
        with transaction.atomic():
            ids = list(
                model._default_manager.filter(import_id=import_id).order_by("pk").values_list("pk", flat=True)[:_CHUNK]
            )
            if not ids:
                return
            worked = _worked_on(model, ids, import_id) if keeps_worked else set()
            free = [row_id for row_id in ids if row_id not in worked]
            removed = _delete(model, free)
            kept = model._default_manager.filter(pk__in=ids).update(import_id=None)
        yield removed, kept


def _worked_on(model: type[Model], ids: Sequence[int], import_id: int) -> set[int]:
    """The rows that a person or another door has touched since."""
    column = f"{model.__name__.lower()}_id"
    if column not in _TOLD_BY_ID:
        return set()
    where, params = sql.any_of(column, ids)
    tail = "AND (import_id IS NULL OR import_id <> %s) AND (actor_kind IN ('user', 'key') OR import_id IS NOT NULL)"
    found = sql.fetch(f"SELECT DISTINCT {column} FROM core_fact WHERE {where} {tail}", [*params, import_id])
    return {row[0] for row in found}


def _delete(model: type[models.Model], ids: Sequence[int]) -> int:
    """Delete rows; those that others rest on stay."""
    try:
        with transaction.atomic():
            return model._default_manager.filter(pk__in=ids).delete()[1].get(model._meta.label, 0)
    except ProtectedError as error:
        resting = {getattr(row, f"{model.__name__.lower()}_id", None) for row in error.protected_objects}
        left = [row_id for row_id in ids if row_id not in resting]
        return _delete(model, left) if left and len(left) < len(ids) else 0
