"""Taking a whole import back: what it made goes, what it changed returns, and its facts are revoked by one fact.

What people have worked on since stays, and is said; it stays as a row that the import did not make, so what the import
changed returns there too. Each step is a transaction of its own and finds what is left to do, so a killed undo goes on
where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Model, ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from filon.capture.events import ImportUndone
from filon.capture.models import Import
from filon.core import ledger
from filon.core.access import Actor
from filon.core.conditions.sql import LIVE_FACT_SQL
from filon.core.line import Rows
from filon.kit import sql
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import giving_back
from filon.leads.models import Company, CompanyKey, Consent, Finding, Identifier, Person, SourceRecord

GiveBack = Callable[..., None]
_CHUNK: Final = 1000
_made: list[type[Model]] = []
_gives_back: list[GiveBack] = []
_follows: list[GiveBack] = []


def connect(made: Sequence[type[Model]], gives_back: Sequence[GiveBack] = (), follows: Sequence[GiveBack] = ()) -> None:
    """Set the tables whose rows an import makes (each with `import_id`), in the order they must go.

    gives_back: what slices of their own return to how it was before an import (its id, at), before those rows go, in
    transactions of their own. follows: what they do when everything is as it was. Both are safe to run twice.
    """
    _made[:] = made
    _gives_back[:] = gives_back
    _follows[:] = follows


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
    gone = kept = 0
    for removed, stayed in _steps(import_id, at, keeps_worked=keeps_worked):
        gone, kept = gone + removed, kept + stayed
        yield Undone(gone, kept)
    with transaction.atomic():
        for follow in _follows:
            follow(import_id, at=at)
        Import.objects.filter(pk=import_id).update(state=Import.State.UNDONE)
    yield Undone(gone, kept)


def _steps(import_id: int, at: datetime, *, keeps_worked: bool) -> Iterator[tuple[int, int]]:
    """(gone, kept) of each step. First what stays is decided; leads return last, when those that it made are gone and
    leave their people room for an open one."""
    if keeps_worked:
        for model in _made:
            yield from _keep_worked(model, import_id)
    for give_back in _gives_back:
        give_back(import_id, at=at)
    for model in _made:
        yield from _remove(model, import_id, keeps_worked=keeps_worked)
    _remove_names(import_id)
    for stayed in giving_back.return_import(import_id, at=at):
        yield 0, stayed
    giving_back.return_last_acts(import_id)
    _remove_findings(import_id)
    _forget_records(import_id)


# What stays ------------------------------------------------------------------------------------------------------

_NAMES: Final[Mapping[type[Model], tuple[type[Model], str]]] = {
    Person: (Identifier, "person_id"),
    Company: (CompanyKey, "company_id"),
}
_TOLD_BY_ID: Final = frozenset({"lead_id", "person_id", "company_id", "opportunity_id"})
"""Columns by which facts name the records that people work on."""


def _keep_worked(model: type[Model], import_id: int) -> Iterator[tuple[int, int]]:
    """Keep the import's rows of a table that people have worked on since, in chunks; (0, kept) of each."""
    if f"{model.__name__.lower()}_id" not in _TOLD_BY_ID:
        return
    after = 0
    while True:
        with transaction.atomic():
            ids = _next_ids(model, import_id, after)
            kept = _keep(model, _worked_on(model, ids, import_id), import_id)
        if not ids:
            return
        after = ids[-1]
        yield 0, kept


def _next_ids(model: type[Model], import_id: int, after: int = 0) -> list[int]:
    """The next rows of an import, locked."""
    rows = model._default_manager.select_for_update().filter(import_id=import_id, pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:_CHUNK])


def _worked_on(model: type[Model], ids: Sequence[int], import_id: int) -> set[int]:
    """The rows that a person or another door has touched since, in a way that still counts, or that another import or
    system lists too: it may have said the same, and so have told nothing."""
    column = f"{model.__name__.lower()}_id"
    if column not in _TOLD_BY_ID or not ids:
        return set()
    where, params = sql.any_of(f"fact.{column}", ids)
    found = sql.fetch(
        f"SELECT DISTINCT fact.{column} FROM core_fact fact WHERE {where} "
        "AND (fact.import_id IS NULL OR fact.import_id <> %s) "
        f"AND (fact.actor_kind IN ('user', 'key', 'form', 'mail') OR fact.import_id IS NOT NULL) AND {LIVE_FACT_SQL}",
        [*params, import_id],
    )
    where, params = sql.any_of("record_id", ids)
    listed = sql.fetch(
        f"SELECT record_id FROM leads_sourcerecord WHERE {where} AND kind = %s "
        "AND (import_id IS NULL OR import_id <> %s)",
        [*params, model.__name__.lower(), import_id],
    )
    return {row[0] for row in (*found, *listed)}


def _keep(model: type[Model], ids: Iterable[int], import_id: int) -> int:
    """Let rows belong to no import any more, with their names, what they rest on, and the records by which their
    system knows them; how many rows that were."""
    ids = sorted(ids)
    if not ids:
        return 0
    kept = model._default_manager.filter(pk__in=ids, import_id=import_id).update(import_id=None)
    if model in _NAMES:
        names, column = _NAMES[model]
        names._default_manager.filter(**{f"{column}__in": ids}, import_id=import_id).update(import_id=None)
    if model is Person:  # a refusal stays with whoever stays: nobody is written to because a file was taken back
        Consent.objects.filter(person_id__in=ids, import_id=import_id, state="refused").update(import_id=None)
    SourceRecord.objects.filter(kind=model.__name__.lower(), record_id__in=ids, import_id=import_id).update(
        import_id=None, last_import_id=import_id
    )
    for field in model._meta.concrete_fields:
        if field.related_model in _made:
            rests = set(model._default_manager.filter(pk__in=ids).values_list(field.attname, flat=True)) - {None}
            kept += _keep(field.related_model, rests, import_id)
    return kept


# What it made ----------------------------------------------------------------------------------------------------


def _remove(model: type[Model], import_id: int, *, keeps_worked: bool) -> Iterator[tuple[int, int]]:
    """Delete the import's rows of a table in chunks; (gone, kept) of each. What others rest on, or people have begun
    to work on meanwhile (when `keeps_worked`), stays."""
    while True:
        with transaction.atomic():
            ids = _next_ids(model, import_id)
            if not ids:
                return
            worked = _worked_on(model, ids, import_id) if keeps_worked else set()
            removed = _delete(model, [row_id for row_id in ids if row_id not in worked])
            left = model._default_manager.filter(pk__in=ids).values_list("pk", flat=True)
            kept = _keep(model, list(left), import_id)
        yield removed, kept


def _delete(model: type[Model], ids: Sequence[int]) -> int:
    """Delete rows; those that others rest on stay."""
    try:
        with transaction.atomic():
            return model._default_manager.filter(pk__in=ids).delete()[1].get(model._meta.label, 0)
    except ProtectedError as error:
        resting = {getattr(row, f"{model.__name__.lower()}_id", None) for row in error.protected_objects}
        left = [row_id for row_id in ids if row_id not in resting]
        return _delete(model, left) if left and len(left) < len(ids) else 0


def _remove_names(import_id: int) -> None:
    """Take back the names that the import gave to people and companies known before."""
    for names, _column in _NAMES.values():
        while ids := _next_names(names, import_id):
            sql.delete_rows(names, ids)


def _next_names(names: type[Model], import_id: int) -> list[int]:
    return list(names._default_manager.filter(import_id=import_id).values_list("pk", flat=True)[:_CHUNK])


def _remove_findings(import_id: int) -> None:
    """Take back what only the import gave rise to: what somebody else has shown again since is still to be known."""
    ended_at = Import.objects.values_list("finished_at", flat=True).get(pk=import_id)
    found = Finding.objects.filter(import_id=import_id)
    (found if ended_at is None else found.filter(last_at__lte=ended_at)).delete()


# What its system gave --------------------------------------------------------------------------------------------

_TOLD_BY: Final[Mapping[str, str]] = {"stage": "stage_changed", "outcome": "stage_changed", "owner": "owner_changed"}
"""What colleagues change without marking it as edited, by the fact that tells it."""


def _forget_records(import_id: int) -> None:
    """Have what its system gives next looked at anew: the rows it made are unknown, of others it gave nothing yet.

    Where somebody has moved a lead or handed it over since, what the system gave of that stays known: the same file
    must not revert it.
    """
    while ids := list(SourceRecord.objects.filter(import_id=import_id).values_list("pk", flat=True)[:_CHUNK]):
        sql.delete_rows(SourceRecord, ids)
    while True:
        with transaction.atomic():
            rows = Rows(SourceRecord)
            ids = list(SourceRecord.objects.filter(last_import_id=import_id).values_list("pk", flat=True)[:_CHUNK])
            rows.load_ids(ids, lock=True)
            if not ids:
                return
            since = _told_since({row["record_id"] for row in rows.by_id.values() if row["kind"] == "lead"}, import_id)
            for row in rows.by_id.values():
                told = since.get(row["record_id"], set()) if row["kind"] == "lead" else set()
                rows.change(row, "given", {name: row["given"][name] for name in told & row["given"].keys()})
                rows.change(row, "digest", "")
                rows.change(row, "last_import_id", None)
            rows.write()


def _told_since(lead_ids: set[int], import_id: int) -> dict[int, set[str]]:
    """Of leads, the fields of `_TOLD_BY` that somebody else spoke of after the import, or that it did not speak of."""
    fields: dict[int, set[str]] = {}
    told = giving_back.changes_of("lead", lead_ids, sorted(set(_TOLD_BY.values())))
    for lead_id, changes in told.items():
        last = {change.kind: change for change in changes if change.counts or change.import_id == import_id}
        fields[lead_id] = {
            name for name, kind in _TOLD_BY.items() if kind in last and last[kind].import_id != import_id
        }
    return fields
