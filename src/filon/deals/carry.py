"""What opportunities do when an import is taken back: those it changed return to what they were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from filon.core.line import Rows
from filon.deals import pipelines
from filon.deals.models import Opportunity
from filon.deals.pipelines import Pipelines
from filon.kit import sql
from filon.leads import giving_back
from filon.leads.giving_back import Told
from filon.leads.models import Company

Row = dict[str, Any]
_CHANGES: Final = ("opportunity_changed", "opportunity_stage_changed")
_CLOSINGS: Final = ("opportunity_won", "opportunity_lost")
_PLAN: Final = {str(field.column): (str(field.column), 500) for field in Opportunity._meta.concrete_fields}
"""Facts of opportunities name columns. No text of theirs is longer."""


def give_back(import_id: int, *, at: datetime) -> None:
    """Return what an import changed on opportunities it did not make, where they still say what it said.

    Accounts that only its deals had made customers are none any more. No facts: the undoing of the import has revoked
    its own. In pages, each a transaction, before the rows it made go; safe to run twice.
    """
    for page in giving_back.pages(import_id, (*_CHANGES, *_CLOSINGS), ("opportunity",)):
        with transaction.atomic():
            _return_opportunities({row_id for (row_id,) in page} - {None}, import_id, at)
    for page in giving_back.pages(import_id, ("opportunity_won",), ("company",)):
        with transaction.atomic():
            _unmake_customers({row_id for (row_id,) in page} - {None}, import_id, at)


def _return_opportunities(ids: set[int], import_id: int, at: datetime) -> None:
    rows = Rows(Opportunity)
    rows.load_ids(ids, lock=True)
    others = {row_id: row for row_id, row in rows.by_id.items() if row["import_id"] != import_id}
    if not others:
        return
    known = pipelines.load()
    told = giving_back.changes_of("opportunity", others, _CHANGES)
    for row_id, changes in told.items():
        fields = [change for change in changes if change.kind == "opportunity_changed"]
        giving_back.return_fields(rows, others[row_id], fields, import_id, _PLAN)
        _return_stage(rows, others[row_id], changes, import_id, known)
    giving_back.drop_dangling(rows)
    _return_closings(rows, list(others.values()), import_id)
    for row_id in list(rows.changed):
        rows.change(rows.by_id[row_id], "updated_at", at)
        rows.change(rows.by_id[row_id], "version", rows.by_id[row_id]["version"] + 1)
    rows.write()


def _return_stage(rows: Rows, row: Row, changes: Sequence[Told], import_id: int, known: Pipelines) -> None:
    passages = [
        change.of(change.payload["from_stage_id"], change.payload["to_stage_id"])
        for change in changes
        if change.kind == "opportunity_stage_changed"
    ]
    gone = giving_back.first_gone(passages, row["stage_id"], import_id, lambda value: value)
    stage = known.stage_by_id.get(gone.old) if gone else None
    if gone is None or stage is None:
        return
    rows.change(row, "stage_id", stage.id)
    rows.change(row, "pipeline_id", stage.pipeline_id)
    rows.change(row, "state", stage.state)
    rows.change(row, "stage_since", datetime.fromisoformat(gone.payload["from_since"]))


def _return_closings(rows: Rows, given_back: Sequence[Row], import_id: int) -> None:
    """When each was closed before the import: by the latest closing that another giver told."""
    where, params = sql.any_of("opportunity_id", [row["id"] for row in given_back])
    told: dict[tuple[int, str], datetime] = {}
    for row_id, kind, moment in sql.fetch(
        f"SELECT opportunity_id, kind, at FROM core_fact WHERE {where} AND kind IN ('opportunity_won', "
        "'opportunity_lost') AND (import_id IS NULL OR import_id <> %s) ORDER BY id",
        [*params, import_id],
    ):
        told[row_id, kind] = sql.as_utc(moment) or told[row_id, kind]
    for row in given_back:
        for state, column in (("won", "won_at"), ("lost", "lost_at")):
            moment = told.get((row["id"], f"opportunity_{state}")) or row[column]
            rows.change(row, column, moment if row["state"] == state else None)


def _unmake_customers(company_ids: set[int], import_id: int, at: datetime) -> None:
    """Of these accounts, where the import told of a win, those that have no deal left that was won."""
    where, params = sql.any_of("company_id", sorted(company_ids))
    left = sql.fetch(
        f"SELECT DISTINCT company_id FROM deals_opportunity WHERE {where} AND state = 'won' "
        "AND (import_id IS NULL OR import_id <> %s)",
        [*params, import_id],
    )
    rows = Rows(Company)
    rows.load_ids(company_ids - {row[0] for row in left}, lock=True)
    for row in rows.by_id.values():
        if rows.change(row, "is_customer", False):
            rows.change(row, "updated_at", at)
    rows.write()
