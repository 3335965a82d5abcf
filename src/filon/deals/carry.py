"""What opportunities do when an import is taken back: those it changed return to what they were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from filon.core.line import Rows
from filon.core.models import Fact
from filon.deals import pipelines
from filon.deals.models import Opportunity
from filon.deals.pipelines import Pipelines
from filon.kit import sql
from filon.kit.text import fold
from filon.leads import fills
from filon.leads.models import Company

Row = dict[str, Any]
_CLOSINGS: Final = ("opportunity_won", "opportunity_lost")


def give_back(import_id: int, *, at: datetime) -> None:
    """Return what an import changed on opportunities it did not make, where they still say what it said.

    Accounts that only its deals had made customers are none any more. No facts: the undoing of the import revokes its
    own. Must run in the transaction that revokes them, before the rows it made go. Seven statements at the most.
    """
    _return_opportunities(import_id, at)
    _unmake_customers(import_id, at)


def _return_opportunities(import_id: int, at: datetime) -> None:
    changes = list(
        Fact.objects.filter(
            import_id=import_id, kind__in=["opportunity_changed", "opportunity_stage_changed", *_CLOSINGS]
        )
        .order_by("-id")
        .values_list("kind", "opportunity_id", "payload", "detail__values")
    )
    rows = Rows(Opportunity)
    rows.load_ids({row_id for _, row_id, _, _ in changes if row_id is not None}, lock=True)
    others = {row_id: row for row_id, row in rows.by_id.items() if row["import_id"] != import_id}
    if not others:
        return
    known = pipelines.load()
    for kind, row_id, payload, values in changes:
        row = others.get(row_id or 0)
        if row is not None and kind == "opportunity_changed":
            _return_fields(rows, row, values or {})
        elif row is not None and kind == "opportunity_stage_changed":
            _return_stage(rows, row, payload, known)
    _return_closings(rows, list(others.values()), import_id)
    for row_id in list(rows.changed):
        rows.change(rows.by_id[row_id], "updated_at", at)
        rows.change(rows.by_id[row_id], "version", rows.by_id[row_id]["version"] + 1)
    rows.write()


def _return_fields(rows: Rows, row: Row, values: dict[str, Any]) -> None:
    old, new = values.get("old", {}), values.get("new", {})
    for column, said in new.items():
        if column not in rows.columns or row[column] != _read(column, said):
            continue
        before = _read(column, old.get(column))
        rows.change(row, column, before)
        if column == "name":
            rows.change(row, "name_folded", fold(before)[:500])
        if column == "attributes":
            rows.change(row, "attributes_folded", fills.fold_attributes(before))


def _return_stage(rows: Rows, row: Row, payload: dict[str, Any], known: Pipelines) -> None:
    stage = known.stage_by_id.get(payload["from_stage_id"])
    if stage is None or row["stage_id"] != payload["to_stage_id"]:
        return
    rows.change(row, "stage_id", stage.id)
    rows.change(row, "pipeline_id", stage.pipeline_id)
    rows.change(row, "state", stage.state)
    rows.change(row, "stage_since", datetime.fromisoformat(payload["from_since"]))


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


def _unmake_customers(import_id: int, at: datetime) -> None:
    """Accounts where this import told of a win and no deal is left that was won."""
    won = sql.fetch(
        "SELECT DISTINCT company_id FROM core_fact WHERE import_id = %s AND kind = 'opportunity_won' "
        "AND company_id IS NOT NULL",
        [import_id],
    )
    company_ids = sorted(row[0] for row in won)
    if not company_ids:
        return
    where, params = sql.any_of("company_id", company_ids)
    left = sql.fetch(
        f"SELECT DISTINCT company_id FROM deals_opportunity WHERE {where} AND state = 'won' "
        "AND (import_id IS NULL OR import_id <> %s)",
        [*params, import_id],
    )
    rows = Rows(Company)
    rows.load_ids(set(company_ids) - {row[0] for row in left}, lock=True)
    for row in rows.by_id.values():
        if rows.change(row, "is_customer", False):
            rows.change(row, "updated_at", at)
    rows.write()


def _read(column: str, told: Any) -> Any:
    """A value as the column holds it, from how the fact kept it."""
    field: Any = Opportunity._meta.get_field(column)
    if told is None:
        return None if field.null else ""
    return field.to_python(told)
