"""What people and programs do with opportunities: create, change, move, win, lose, reopen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from filon.core import line
from filon.core.access import Actor
from filon.core.line import Batch, Entry, Item
from filon.core.models import User
from filon.deals import consequences, pipelines, rules, scope
from filon.deals.changes import Changes, Row
from filon.deals.models import Opportunity, Product
from filon.deals.pipelines import StageRow
from filon.deals.rules import Standing
from filon.kit.errors import Kind, Refused, not_found
from filon.kit.text import fold
from filon.leads.commands import record_findings
from filon.leads.models import Company, Lead

_REFERENCES: Final = {"owner_id": User, "product_id": Product, "company_id": Company, "lead_id": Lead}
FIELDS: Final = frozenset(
    {
        "name",
        "amount",
        "currency",
        "probability",
        "close_date",
        "stage_id",
        "closed_on",
        "reason",
        "postponed_to",
        "next_step",
        "next_on",
        "category",
        "proof",
        *_REFERENCES,
    }
)
"""What a change may speak of. `closed_on`: the day of the win or loss. None empties a field that may be empty."""


@dataclass(frozen=True, slots=True)
class Change:
    """What someone wants of one opportunity.

    version: the one they saw; None when they do not care. since: from when on it stands in the stage that it goes back
    to; None: from now on.
    """

    opportunity_id: int
    values: Mapping[str, Any]
    version: int | None = None
    since: datetime | None = None


# Create ---------------------------------------------------------------------------------------------------------------


def create_opportunity(values: Mapping[str, Any], *, by: Actor, at: datetime, door: str = "manual") -> int:
    """Create one opportunity; its id. Raises Refused; see `create_opportunities`."""
    item = create_opportunities([values], by=by, at=at, door=door)[0]
    if item.refusal is not None:
        raise item.refusal
    assert item.record is not None  # noqa: S101 — the line makes a record of what it does not refuse
    return int(item.record["id"])


def create_opportunities(
    items: Sequence[Mapping[str, Any]], *, by: Actor, at: datetime, door: str = "manual"
) -> list[Item]:
    """Take opportunities down the line; each item says what became of it. Needs `deals.change`.

    values: fields of the contract, or ids of ours (`lead.id`, `company.id`, `owner.id`, `product.id`, `stage.id`).
    An owner of a colleague is the colleague, unless they name another.
    """
    by.require("deals.change")
    entries = [
        Entry(kind="opportunity", door=door, at=at, values=_with_owner(dict(values), by), is_live=True)
        for values in items
    ]
    return line.run_with_retries(lambda: Batch(entries, by=by, at=at)).items


def _with_owner(values: dict[str, Any], by: Actor) -> dict[str, Any]:
    if by.kind == "user" and by.id is not None and not (values.get("owner") or values.get("owner.id")):
        values["owner.id"] = by.id
    return values


# Change ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def change_opportunity(
    opportunity_id: int, values: Mapping[str, Any], *, by: Actor, at: datetime, version: int | None = None
) -> None:
    """Change one opportunity. Raises Refused; see `change_opportunities`."""
    refusal = change_opportunities([Change(opportunity_id, values, version)], by=by, at=at)[0]
    if refusal is not None:
        raise refusal


def change_opportunities(items: Sequence[Change], *, by: Actor, at: datetime) -> list[Refused | None]:
    """Change opportunities, one answer an item: None, or why not. Needs `deals.change`. Must run in a transaction.

    A stage that is won asks for the amount (known or given) and the day; a lost one for its reason, and for the date
    when the project is postponed. A closed deal put in an open stage is reopened. Facts keep old and new values.
    """
    by.require("deals.change")
    batch = Batch([], by=by, at=at)
    editor = _Editor(batch, items)
    answers = [editor.change(item) for item in items]
    consequences.load_leads(batch, editor.touched)
    editor.changes.tell()
    consequences.follow(batch, editor.changes.moves())
    record_findings(batch)
    batch.write()
    return answers


class _Editor:
    """The opportunities that are to change, with all they refer to."""

    def __init__(self, batch: Batch, items: Sequence[Change]) -> None:
        self.batch = batch
        self.zone: tzinfo = timezone.get_default_timezone()
        self.pipelines = pipelines.load()
        self.changes = Changes(batch, self.pipelines)
        self.rows = batch.rows(Opportunity)
        self.rows.load_ids(scope.seen((item.opportunity_id for item in items), batch.by), lock=True)
        for field, model in _REFERENCES.items():
            batch.rows(model).load_ids(_ids(items, field))
        self.touched: list[Row] = []

    def change(self, item: Change) -> Refused | None:
        """Apply one change in memory; why not, when it is refused."""
        row = self.rows.by_id.get(item.opportunity_id)
        if row is None:
            return not_found(_("Opportunity"))
        if item.version is not None and item.version != row["version"]:
            return Refused(
                _("Someone changed this opportunity while you were looking at it. Reload and try again."),
                Kind.STALE,
                code="stale",
            )
        try:
            cells = self._cells(item.values)
            stage, standing = self._standing(item.values, row, cells)
        except Refused as refused:
            return refused
        if stage is not None and stage.id != row["stage_id"] and "probability" not in cells:
            cells["probability"] = None  # the new stage's counts
        self.changes.set(row, **cells)
        if stage is not None and standing is not None:
            self.changes.place(row, stage, standing, since=standing.closed_at or item.since or self.batch.at)
            self.changes.set(row, stage_name="", **self._loss(item.values, standing), **_proof(cells, standing))
        self.touched.append(row)
        return None

    def _cells(self, values: Mapping[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(values) - FIELDS)
        if unknown:
            raise _invalid(unknown[0], _("There is no such field."))
        cells: dict[str, Any] = {}
        if "name" in values:
            name = (values["name"] or "").strip()
            if not name:
                raise _invalid("name", _("An opportunity needs a name."))
            cells |= {"name": name[:500], "name_folded": fold(name)[:500]}
        if "currency" in values:
            cells["currency"] = _currency(values["currency"])
        if "close_date" in values:
            cells["close_date"] = values["close_date"]
        cells |= _said(values)
        return cells | _numbers(values) | self._references(values)

    def _references(self, values: Mapping[str, Any]) -> dict[str, Any]:
        for field, model in _REFERENCES.items():
            if values.get(field) is not None and values[field] not in self.batch.rows(model).by_id:
                raise _invalid(field, _("There is no such record."))
        return {field: values[field] for field in _REFERENCES if field in values}

    def _standing(
        self, values: Mapping[str, Any], row: Row, cells: dict[str, Any]
    ) -> tuple[StageRow | None, Standing | None]:
        """The stage asked for, or a closing whose day or reason is corrected; (None, None) when neither is."""
        if not {"stage_id", "closed_on", "reason", "postponed_to"} & set(values):
            return None, None
        stage = self.pipelines.stage_by_id.get(values.get("stage_id") or row["stage_id"])
        if stage is None:
            raise _invalid("stage_id", _("There is no such stage."))
        if stage.state == "open":
            return stage, Standing("open")
        if stage.state == "won" and cells.get("amount", row["amount"]) is None:
            raise _invalid("amount", _("Give the amount of the deal that was won."))
        closed_at = self._closed_at(values.get("closed_on"), row, stage)
        if stage.state == "won":
            cells["close_date"] = rules.day_of(closed_at, self.zone)
            return stage, Standing("won", won_at=closed_at)
        _check_loss(values, row)
        cells["close_date"] = rules.day_of(closed_at, self.zone)
        return stage, Standing("lost", lost_at=closed_at)

    def _closed_at(self, day: date | None, row: Row, stage: StageRow) -> datetime:
        """The moment of closing: as known when no other day is given, now for today, else the day's beginning."""
        known: datetime | None = row["won_at"] or row["lost_at"] if row["state"] == stage.state else None
        today = rules.day_of(self.batch.at, self.zone)
        if day is None:
            if known is None and stage.state == "won":
                raise _invalid("closed_on", _("Say on which day the deal was won."))
            return known or self.batch.at
        if known is not None and rules.day_of(known, self.zone) == day:
            return known
        if day > today:
            raise _invalid("closed_on", _("This day is yet to come."))
        created_at: datetime = row["created_at"]
        start = rules.start_of(day, self.zone)
        if day == today:
            return self.batch.at
        return created_at if rules.day_of(created_at, self.zone) == day else start

    def _loss(self, values: Mapping[str, Any], standing: Standing) -> dict[str, Any]:
        if standing.state != "lost":
            return {}
        found = {field: values[field] for field in ("reason", "postponed_to") if field in values}
        if found.get("reason") not in (None, "postponed"):
            found["postponed_to"] = None
        return found


def _numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for field, read in (("amount", rules.amount_of), ("probability", rules.probability_of)):
        if field in values:
            cells[field] = None if values[field] is None else read(values[field])
            if values[field] is not None and cells[field] is None:
                raise _invalid(field, _("This number is out of range."))
    return cells


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    """What sellers say of a deal beside what it is."""
    cells: dict[str, Any] = {}
    for field, most in (("next_step", 200), ("proof", 500)):
        if field in values:
            cells[field] = (values[field] or "").strip()[:most]
    if "next_on" in values:
        cells["next_on"] = values["next_on"]
    if "category" in values:
        cells["category"] = values["category"] or ""
        if cells["category"] not in ("", *rules.CATEGORIES):
            raise _invalid("category", _("There is no such category of the forecast."))
    return cells


def _proof(cells: Mapping[str, Any], standing: Standing) -> dict[str, Any]:
    """What shows that a deal was won, which leaving another stage must not empty."""
    return {"proof": cells["proof"]} if standing.state == "won" and "proof" in cells else {}


def _check_loss(values: Mapping[str, Any], row: Row) -> None:
    """A loss has a reason of the list; a postponed project a date to come back on."""
    reason = values.get("reason", row["reason"])
    if reason not in rules.LOST_REASONS and (not reason or reason != row["reason"]):
        raise _invalid("reason", _("Say why the deal was lost."))
    if reason == "postponed" and not values.get("postponed_to", row["postponed_to"]):
        raise _invalid("postponed_to", _("Say until when the project is postponed."))


def _currency(given: Any) -> str:
    code = str(given or "").strip().upper() or settings.FILON_CURRENCY
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise _invalid("currency", _("A currency is three letters, such as EUR."))
    return code


def _ids(items: Sequence[Change], field: str) -> set[int]:
    return {item.values[field] for item in items if item.values.get(field) is not None}


def _invalid(field: str, message: str) -> Refused:
    return Refused(message, Kind.INVALID, [{"field": field, "message": message}], "invalid")
