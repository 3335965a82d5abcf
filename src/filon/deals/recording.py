"""The opportunity step of the line: what entries say of deals becomes opportunities, facts, and moves of leads."""

from __future__ import annotations

from datetime import date, datetime
from decimal import InvalidOperation
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from filon.core.line import Batch, Item
from filon.core.models import User
from filon.deals import consequences, pipelines, rules, sources
from filon.deals.catalogue import products
from filon.deals.changes import Changes, Row
from filon.deals.models import Opportunity, Product, StageName
from filon.deals.pipelines import PipelineRow, StageRow
from filon.deals.rules import Standing
from filon.kit import sql
from filon.kit.text import fold
from filon.leads import fills, names, records
from filon.leads.models import Company

_IDENTIFYING: Final = ("external_id", "name", "company.name", "lead.external_id", "email", "lead.id", "company.id")
_MOMENTS: Final = ("created_at", "won_at", "lost_at")
_PLACING: Final = frozenset({"stage", "stage.id", "pipeline", "outcome", "won_at", "lost_at", "close_date", "reason"})
_KEPT: Final = ("source", "campaign", "channel", "medium")
"""Fields of the contract that an opportunity has no column for: kept among its attributes."""
_SIGNS: Final = {"€": "EUR", "EURO": "EUR", "EUROS": "EUR", "$": "USD", "US$": "USD", "£": "GBP"}


def check_opportunities(batch: Batch) -> None:
    """Refuse what cannot be an opportunity, before anything is made for it. No statement."""
    for item in batch.going():
        problem = _problem(item.entry.values)
        if problem is not None:
            field, code, message = problem
            item.refuse(message, field_name=field, code=code)


def _problem(values: dict[str, Any]) -> tuple[str, str, str] | None:
    """(field, code, message) of the first thing that is wrong; amounts and probabilities are made exact on the way."""
    if not any(values.get(field) for field in _IDENTIFYING):
        return "name", "no_identifier", _("Nothing names this opportunity: give an external_id, a name or a company.")
    for field, read in (("amount", rules.amount_of), ("probability", rules.probability_of)):
        if values.get(field) in (None, ""):
            continue
        try:
            number = read(values[field])
        except (InvalidOperation, ValueError, TypeError):
            number = None
        if number is None:
            return field, "invalid", _no_number(field)
        values[field] = number
    for field in _MOMENTS:
        if values.get(field) and not isinstance(values[field], datetime):
            return field, "invalid", _("This is no date and time.")
    if values.get("close_date") and not isinstance(values["close_date"], date):
        return "close_date", "invalid", _("This is no date.")
    return None


def _no_number(field: str) -> str:
    if field == "amount":
        return _("The amount is no number, negative, or too large.")
    return _("The probability is neither a share nor a percentage.")


def record_opportunities(batch: Batch) -> None:
    """Make or change the opportunities that entries tell of; leads and accounts follow.

    A constant number of statements. What an entry names and nobody knows (owner, product, pipeline, stage) is kept by
    its name and is a finding. An entry's values are written where they differ from what its system last gave.
    """
    items = batch.going()
    if items:
        _Recorder(batch, items).run()


class _Recorder:
    """One batch of opportunities with all that its entries name, loaded or made."""

    def __init__(self, batch: Batch, items: list[Item]) -> None:
        self.batch = batch
        self.items = items
        self.zone = timezone.get_default_timezone()
        named = {name for item in items if (name := item.entry.values.get("pipeline"))}
        self.pipelines = pipelines.add_missing(batch, pipelines.load(), sorted(named))
        self.owners = names.owners(batch, items)
        self.products = products.named(batch, items)
        self.leads = sources.leads(batch, items)
        self.changes = Changes(batch, self.pipelines)
        self.opportunities = batch.rows(Opportunity)
        self.opportunities.load_ids(
            (item.source_record["record_id"] for item in items if item.given_before is not None and item.source_record),
            lock=True,
        )
        self._load_named_by_id()
        self._unmapped: dict[str, str] = {}

    def run(self) -> None:
        """Record every item, then tell it."""
        for item in self.items:
            if not self._refuse_unknown_ids(item):
                self._record(item)
        self.opportunities.number()
        for item in self.items:
            if item.record is not None:
                records.point(self.batch, item, item.record)
        consequences.load_leads(self.batch, (item.record for item in self.items if item.record is not None))
        self._keep_unmapped_names()
        self.changes.tell()
        consequences.follow(self.batch, self.changes.moves())

    def _record(self, item: Item) -> None:
        source = item.source_record
        row = item.told_before("record")
        if row is None and item.given_before is not None and source is not None:
            row = self.opportunities.by_id.get(source["record_id"])
        if row is None:
            row = self._make(item)
        else:
            item.outcome = "updated" if self._change(item, row) else "unchanged"
        item.record = row

    # New -------------------------------------------------------------------------------------------------------------

    def _make(self, item: Item) -> Row:
        values = item.entry.values
        news = set(values)
        cells = self._cells(item, news, None)
        stage, stage_name = self._stage(item, None)
        standing = self._standing(item, stage, cells.get("close_date"))
        created_at = values.get("created_at")
        since = created_at or standing.closed_at or item.entry.at
        cells.setdefault("currency", settings.FILON_CURRENCY)
        named = item.company or self.batch.rows(Company).by_id.get(values.get("company.id", 0))
        company = named["name"] if named else ""
        if "name" not in cells:
            name = rules.name_of(company, values.get("product") or "", values.get("external_id") or item.entry.key)
            cells |= _name(name)
        row = self.changes.make(
            pipeline_id=stage.pipeline_id,
            stage_id=stage.id,
            stage_name=stage_name,
            stage_since=standing.closed_at or since,
            state=standing.state,
            won_at=standing.won_at,
            lost_at=standing.lost_at,
            reason=self._reason(item, standing),
            is_history=not item.entry.is_live,
            **{"created_at": since, "is_created_at_known": item.entry.door != "file", **cells},
        )
        self._find_gaps(item, row, standing)
        return row

    def _find_gaps(self, item: Item, row: Row, standing: Standing) -> None:
        """What a person should know of a new opportunity; nothing of it is an error."""
        subject = row["name"]
        gaps = {
            "opportunity_without_company": row["company_id"] is None,
            "opportunity_without_creation": not row["is_created_at_known"],
            "won_without_amount": row["state"] == "won" and row["amount"] is None,
            "closed_without_date": not standing.is_dated and item.entry.door == "file",
        }
        for code, is_so in gaps.items():
            if is_so:
                self.batch.find("opportunity", code, "")
        if standing.closed_at is not None and standing.closed_at < row["created_at"]:
            self.batch.find("opportunity", "closed_before_created", subject)

    # Known -----------------------------------------------------------------------------------------------------------

    def _change(self, item: Item, row: Row) -> bool:
        """Write what is news since the system's last giving; whether anything changed."""
        before = item.given_before or {}
        values = item.entry.values
        news = {field for field, value in values.items() if before.get(field) != str(value)}
        is_changed = self.changes.set(row, **self._cells(item, news, row))
        if news & _PLACING:
            stage, stage_name = (
                self._stage(item, row)
                if news - {"close_date", "reason"} & _PLACING
                else (
                    self.pipelines.stage_by_id[row["stage_id"]],
                    row["stage_name"],
                )
            )
            standing = self._standing(item, stage, row["close_date"], known=row)
            since = standing.closed_at or item.entry.at
            is_changed |= self.changes.place(row, stage, standing, since=since)
            is_changed |= self.changes.set(row, stage_name=stage_name)
            if standing.state == "lost" and "reason" in news:
                is_changed |= self.changes.set(row, reason=self._reason(item, standing))
        return is_changed

    # What an entry says ----------------------------------------------------------------------------------------------

    def _cells(self, item: Item, news: set[str], row: Row | None) -> dict[str, Any]:
        """Columns that the entry's news set, but for stage and closing."""
        values, cells = item.entry.values, dict[str, Any]()
        said = {field for field in news if values.get(field) not in (None, "")}
        if "name" in said:
            cells |= _name(values["name"])
        for field in ("amount", "probability", "postponed_to", "next_step", "next_on"):
            if field in said:
                cells[field] = values[field]
        if "created_at" in said:
            cells |= {"created_at": values["created_at"], "is_created_at_known": True}
        if "close_date" in said:
            cells["close_date"] = rules.day_of(values["close_date"], self.zone)
        if "currency" in said:
            cells["currency"] = self._currency(values["currency"])
        cells |= self._relations(item, said, row)
        if attributes := self._attributes(item, row):
            cells["attributes"] = attributes
            cells["attributes_folded"] = fills.fold_attributes(attributes)
        return cells

    def _relations(self, item: Item, said: set[str], row: Row | None) -> dict[str, Any]:
        values, cells = item.entry.values, dict[str, Any]()
        if "owner" in said:
            cells["owner_id"] = self.owners.get(names.owner_key(values["owner"]))
        if "product" in said:
            cells["product_id"] = self.products[products.key(values["product"])]
        for field in ("owner.id", "product.id", "lead.id", "company.id"):
            if field in said:
                cells[field.replace(".", "_")] = values[field]
        if {"lead.external_id", "email", "lead.id"} & said:
            lead = self.leads.get(id(item))
            if lead is not None:
                cells["lead_id"] = lead["id"]
            elif "lead.external_id" in said:
                self.batch.find("opportunity", "unknown_lead", values["lead.external_id"])
        if item.company is not None and (row is None or row["company_id"] is None or _names_company(said)):
            cells.setdefault("company_id", item.company["id"])
        elif (row is None or row["company_id"] is None) and (lead := self.leads.get(id(item))) is not None:
            cells.setdefault("company_id", lead["company_id"])
        return cells

    def _attributes(self, item: Item, row: Row | None) -> dict[str, str] | None:
        """All attributes with the entry's news among them; None when there is no news."""
        before = item.given_before or {}
        given = {field: str(item.entry.values[field]) for field in _KEPT if item.entry.values.get(field)}
        given |= item.entry.attributes
        news = {
            name: value
            for name, value in given.items()
            if before.get(name if name in _KEPT else f"attributes.{name}") != value
        }
        return {**(row["attributes"] if row else {}), **news} if news else None

    def _stage(self, item: Item, row: Row | None) -> tuple[StageRow, str]:
        """The stage an entry puts a deal in, and the other system's word for it while nobody has said what it means."""
        values = item.entry.values
        if stage_id := values.get("stage.id"):
            return self.pipelines.stage_by_id[stage_id], ""
        pipeline = self._pipeline(values.get("pipeline") or "", row)
        name, told = values.get("stage") or "", rules.state_told(values)
        if not name:
            if told is not None or row is None:
                return pipeline.first(told or "open"), ""
            return self.pipelines.stage_by_id[row["stage_id"]], row["stage_name"]
        stage = self.pipelines.stage_named(pipeline, name)
        if stage is None:
            self.batch.find("opportunity", "unknown_stage", name)
            self._unmapped.setdefault(fold(name)[:120], name)
            return pipeline.first(told or "open"), name[:120]
        if stage.state == "open" and told in {"won", "lost"}:
            return pipeline.first(told), ""  # some systems leave a closed deal in the stage it was in
        return stage, ""

    def _pipeline(self, name: str, row: Row | None) -> PipelineRow:
        if not name and row is not None:
            return self.pipelines.by_id[row["pipeline_id"]]
        return self.pipelines.named(name) or self.pipelines.default

    def _standing(self, item: Item, stage: StageRow, close_date: date | None, *, known: Row | None = None) -> Standing:
        """Open, won or lost, and since when. A deal closed before keeps its date unless the entry gives another."""
        values = item.entry.values
        close_at = rules.start_of(close_date, self.zone) if close_date else None
        if isinstance(values.get("close_date"), datetime):
            close_at = values["close_date"]
        if known is not None and known["state"] == stage.state and not values.get("close_date"):
            close_at = known["won_at"] or known["lost_at"] or close_at
        return rules.standing(
            stage.state,
            at=item.entry.at,
            won_at=values.get("won_at") or values.get("outcome_at"),
            lost_at=values.get("lost_at") or values.get("outcome_at"),
            close_at=close_at,
        )

    def _reason(self, item: Item, standing: Standing) -> str:
        given = item.entry.values.get("reason") or ""
        return rules.lost_reason(given)[:500] if standing.state == "lost" else ""

    def _currency(self, given: str) -> str:
        """The ISO code of a currency; a word that is none keeps its amounts out of the sums (`XXX`: no currency)."""
        code = _SIGNS.get(given.strip().upper(), given.strip().upper())
        if len(code) != 3 or not code.isalpha():
            code = "XXX"
        if code != settings.FILON_CURRENCY:
            self.batch.find("opportunity", "other_currency", given if code == "XXX" else code)
        return code

    def _keep_unmapped_names(self) -> None:
        """Stage names nobody has explained wait in the editor of stage names. One statement when there are any."""
        if not self._unmapped:
            return
        rows = self.batch.rows(StageName)
        rows.load(*sql.any_of("name_folded", sorted(self._unmapped)))
        known = {row["name_folded"] for row in rows.by_id.values()}
        for folded, name in self._unmapped.items():
            if folded not in known:
                rows.add(name=name[:120], name_folded=folded)

    # Ids, from our own doors -----------------------------------------------------------------------------------------

    def _load_named_by_id(self) -> None:
        for field, model in (("owner.id", User), ("product.id", Product), ("company.id", Company)):
            ids = {item.entry.values[field] for item in self.items if item.entry.values.get(field)}
            self.batch.rows(model).load_ids(ids)

    def _refuse_unknown_ids(self, item: Item) -> bool:
        values = item.entry.values
        for field, model in (("owner.id", User), ("product.id", Product), ("company.id", Company)):
            if values.get(field) and values[field] not in self.batch.rows(model).by_id:
                item.refuse(_("There is no such record."), field_name=field, code="unknown")
                return True
        if values.get("lead.id") and self.leads.get(id(item)) is None:
            item.refuse(_("There is no such lead."), field_name="lead.id", code="unknown")
            return True
        if values.get("stage.id") and values["stage.id"] not in self.pipelines.stage_by_id:
            item.refuse(_("There is no such stage."), field_name="stage.id", code="unknown")
            return True
        return False


def _name(name: str) -> dict[str, str]:
    return {"name": name[:500], "name_folded": fold(name)[:500]}


def _names_company(fields: set[str]) -> bool:
    return any(field.startswith("company.") for field in fields)
