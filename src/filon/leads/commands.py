"""The record steps of the line: companies, people and leads take what the entries say, and the facts tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models

from filon.core.line import Batch, Entry, Item
from filon.core.models import User
from filon.kit import sql
from filon.kit.text import fold, fold_common
from filon.leads import asking, fills, names, records, rules, stages
from filon.leads.events import FieldsChanged, LeadCaptured, OwnerChanged, Submitted
from filon.leads.models import Company, Finding, Lead, Person


def record_companies(batch: Batch) -> None:
    """Write what the entries say of their companies. No statement of its own."""
    for item in batch.going():
        if item.company is not None:
            if item.entry.door == "form" and not batch.rows(Company).is_made_by(item, item.company):
                _set_otherwise_aside(item, item.company, fills.COMPANY)
            _fill(batch, Company, item, item.company, fills.COMPANY)


def record_accounts(batch: Batch) -> None:
    """Write the companies of a list of companies, with their owners and attributes."""
    rows = batch.rows(Company)
    owners = names.owners(batch, batch.going())
    if owners:
        before = (item.company["owner_id"] for item in batch.going() if item.company is not None)
        batch.rows(User).load_ids(owner_id for owner_id in before if owner_id is not None)
    seen: set[int] = set()
    for item in batch.going():
        company = item.company
        if company is None:
            item.refuse("No identifier: give an external_id, a name, a domain or a SIREN.", code="no_identifier")
            continue
        is_first = rows.is_new(company) and company["id"] not in seen
        seen.add(company["id"])
        _fill(batch, Company, item, company, fills.COMPANY)
        _fill_attributes(batch, Company, item, company)
        if (owner := item.entry.values.get("owner")) and _may_write(item, "owner", owner, company["owner_id"], company):
            _give_account(batch, item, company, owner, owners[names.owner_key(owner)])
        records.point(batch, item, company)
        item.outcome = _outcome(item, is_new=is_first)


def _give_account(batch: Batch, item: Item, company: dict[str, Any], owner: str, owner_id: int) -> None:
    """Give an account its owner; one that was known changes hands, and that is told by names, as by hand."""
    rows, before = batch.rows(Company), company["owner_id"]
    if rows.change(company, "owner_id", owner_id) and not rows.is_made_by(item, company):
        known = batch.rows(User).by_id.get(before) if before is not None else None
        old = (known["name"] or known["email"]) if known is not None else None
        _tell_change(batch, Company, item, company, old={"owner": old}, new={"owner": owner})


def record_people(batch: Batch) -> None:
    """Write what the entries say of the people. No statement of its own."""
    for item in batch.going():
        person = item.person
        assert person is not None  # noqa: S101 — identify_people sets it or refuses the item
        values = item.entry.values
        if item.entry.door == "form" and not batch.rows(Person).is_made_by(item, person):
            _set_otherwise_aside(item, person, fills.PERSON)
        if "full_name" not in values and ("first_name" in values or "last_name" in values):
            first = values.get("first_name") or person["first_name"]
            last = values.get("last_name") or person["last_name"]
            values["full_name"] = fills.full_name(first, last)
        _fill(batch, Person, item, person, fills.PERSON)
        if item.company is not None and person["company_id"] is None:
            _join_company(batch, Person, item, person, item.company)


def _set_otherwise_aside(item: Item, row: Mapping[str, Any], plan: Mapping[str, tuple[str, int]]) -> None:
    """Take out of a form's answers what is known already: anybody can type somebody's address into a form, so of a
    known person or company it fills gaps only. What it says otherwise is kept in the fact, for a colleague to decide.
    """
    values = item.entry.values
    for name, (column, _longest) in plan.items():
        if values.get(name) and row[column]:
            said = values.pop(name)
            if fold(str(said)) != fold(str(row[column])):
                values.setdefault("otherwise", {})[name] = said


def record_leads(batch: Batch) -> None:
    """Join each entry to its person's open lead, or open one. A constant number of statements."""
    items = batch.going()
    campaigns = names.campaigns(batch, items)
    owners = names.owners(batch, items)
    open_leads = open_leads_of(batch, items)
    for item in items:
        _choose_lead(batch, item, open_leads)
    batch.rows(Lead).number()
    for item in items:
        lead = item.lead
        assert lead is not None  # noqa: S101 — _choose_lead sets it
        _fill_lead(batch, item, lead, campaigns, owners)
        _tell_arrival(batch, item, lead)
        _move(batch, item, lead)
        records.point(batch, item, lead)
        item.outcome = _outcome(item, is_new=item.outcome == "created")


def open_leads_of(batch: Batch, items: list[Item]) -> dict[int, dict[str, Any]]:
    """The open lead of each known person (of no product line in particular), and the leads source records name."""
    rows = batch.rows(Lead)
    known = [item.person["id"] for item in items if item.person is not None and item.is_matched]
    known += [person["id"] for item in items for person in item.others]
    named = [item.source_record["record_id"] for item in items if item.given_before is not None and item.source_record]
    rows.load_ids(named, lock=True)
    if known:
        where, params = sql.any_of("person_id", sorted(set(known)))
        rows.load(f"{where} AND is_open AND product_line = ''", params, lock=True)
    return {row["person_id"]: row for row in rows.by_id.values() if row["is_open"] and not row["product_line"]}


def _choose_lead(batch: Batch, item: Item, open_leads: dict[int, dict[str, Any]]) -> None:
    rows = batch.rows(Lead)
    person = item.person
    assert person is not None  # noqa: S101 — identify_people sets it
    lead = item.told_before("lead")
    if lead is None and item.given_before is not None and item.source_record is not None:
        lead = rows.by_id.get(item.source_record["record_id"])
    if lead is None:
        lead = open_leads.get(person["id"])
    if lead is None:
        lead = open_leads[person["id"]] = new_lead(batch, item, person)
    else:
        item.outcome = "updated"
    item.lead = lead
    if open_leads.get(person["id"]) is lead and _is_closed_by(item):
        del open_leads[person["id"]]  # the person's next entry opens another journey


def _is_closed_by(item: Item) -> bool:
    """Whether the entry says, and has not said before, that its journey is over."""
    if not _is_news(item, "outcome", "stage"):
        return False
    if item.entry.values.get("outcome") in {"won", "lost"}:
        return True
    stage = rules.stage_named(fold_common(item.entry.values.get("stage", "")))
    return stage is not None and not rules.is_open(stage)


def new_lead(batch: Batch, item: Item, person: dict[str, Any]) -> dict[str, Any]:
    """A lead of the person, as the entry opens it; numbered later."""
    entry = item.entry
    captured_at = entry.values.get("captured_at")
    at = captured_at or entry.at
    return batch.rows(Lead).add(
        person_id=person["id"],
        company_id=item.company["id"] if item.company else person["company_id"],
        stage_since=at,
        captured_at=at,
        is_captured_at_known=captured_at is not None or entry.door != "file",
        is_history=not entry.is_live,
        door=entry.door,
        import_id=batch.import_id,
        last_act_at=at,
        last_act=LeadCaptured.kind,
        created_at=batch.at,
        updated_at=batch.at,
    )


def _fill_lead(
    batch: Batch, item: Item, lead: dict[str, Any], campaigns: Mapping[str, int], owners: Mapping[str, int]
) -> None:
    rows, values = batch.rows(Lead), item.entry.values
    is_new = rows.is_new(lead) and item.outcome == "created"
    if is_new:
        _fill_origin(batch, item, lead, campaigns)
    elif not lead["source"]:
        before = dict(lead)
        _fill_origin(batch, item, lead, campaigns)
        _tell_origin(batch, item, lead, before)
    _fill(batch, Lead, item, lead, fills.LEAD)
    _fill_attributes(batch, Lead, item, lead)
    if owner := values.get("owner"):
        owner_id = owners[names.owner_key(owner)]
        if is_new or _may_write(item, "owner", owner, lead["owner_id"], lead):
            if _may_hand_over(batch, lead, owner_id):
                _hand_over(batch, item, lead, owner_id)
            else:
                batch.find("lead", "owner_kept", owner)
    if item.company is not None and lead["company_id"] is None:
        _join_company(batch, Lead, item, lead, item.company)


def _may_hand_over(batch: Batch, lead: dict[str, Any], owner_id: int) -> bool:
    """Whether the entry may take the lead from its owner: an import may, a program only with the right to assign."""
    is_theirs = lead["owner_id"] in {None, owner_id} or batch.rows(Lead).is_new(lead)
    return is_theirs or batch.import_id is not None or batch.by.may("leads.assign")


def _hand_over(batch: Batch, item: Item, lead: dict[str, Any], owner_id: int) -> None:
    """Give the lead the owner that the entry names; one that was known changes hands, and that is told."""
    rows, before = batch.rows(Lead), lead["owner_id"]
    if rows.change(lead, "owner_id", owner_id) and not rows.is_made_by(item, lead):
        rows.change(lead, "updated_at", batch.at)
        ids = {"lead_id": lead["id"], "person_id": lead["person_id"]}
        batch.tell(OwnerChanged(at=batch.at, from_owner_id=before, to_owner_id=owner_id, **ids))
        item.is_changed = True


def _fill_origin(batch: Batch, item: Item, lead: dict[str, Any], campaigns: Mapping[str, int]) -> None:
    """Where the lead came from: the first entry says it, later ones only fill a gap."""
    rows, values = batch.rows(Lead), item.entry.values
    source = (values.get("source") or "")[:500]
    folded = fold_common(source)
    if source:
        rows.change(lead, "source", source)
        rows.change(lead, "source_folded", folded)
    elif not lead["source"]:
        batch.find("lead", "lead_without_source", "")
    if lead["campaign_id"] is None and (campaign := values.get("campaign")):
        rows.change(lead, "campaign_id", campaigns[names.campaign_key(campaign)])
    channel = "unknown"
    if given := values.get("channel"):
        channel, is_known = rules.channel_of(given)
        if not is_known:
            batch.find("lead", "unknown_channel", given)
    if channel == "unknown":
        channel = rules.channel_of_source(folded, fold_common(values.get("medium") or ""))
    if lead["channel"] == "unknown":
        rows.change(lead, "channel", channel)


def _tell_origin(batch: Batch, item: Item, lead: dict[str, Any], before: Mapping[str, Any]) -> None:
    """That gaps in where a known lead came from are filled now."""
    new = {field: lead[field] for field in ("source", "channel") if lead[field] != before[field]}
    old: dict[str, Any] = {field: before[field] for field in new}
    if lead["campaign_id"] != before["campaign_id"]:  # filled only where there was none
        new["campaign"], old["campaign"] = item.entry.values["campaign"], None
    if new:
        _tell_change(batch, Lead, item, lead, old=old, new=new)


def _tell_arrival(batch: Batch, item: Item, lead: dict[str, Any]) -> None:
    """The facts of coming in. A file is a list of people, not an act of theirs: it leaves no submission."""
    entry = item.entry
    origin: dict[str, Any] = {
        "lead_id": lead["id"],
        "person_id": lead["person_id"],
        "company_id": lead["company_id"],
        "door": entry.door,
        "channel": lead["channel"],
        "source": lead["source"],
        "campaign_id": lead["campaign_id"],
        "landing_page": entry.values.get("landing_page") or lead["landing_page"],
    }
    if item.outcome == "created":
        batch.tell(LeadCaptured(at=lead["captured_at"], is_history=lead["is_history"], **origin))
    if entry.door != "file" and entry.is_live:
        said_at = entry.values.get("captured_at") or entry.at
        said = {name: entry.values.get(name, "") for name in ("path", "message", "wants")}
        batch.tell(Submitted(at=said_at, otherwise=entry.values.get("otherwise", {}), **said, **origin))
        rows = batch.rows(Lead)
        if lead["last_act_at"] is None or lead["last_act_at"] <= said_at:
            rows.change(lead, "last_act_at", said_at)
            rows.change(lead, "last_act", Submitted.kind)
        if item.outcome != "created" and _asks(entry, lead["channel"]):
            asking.note(batch, lead, Submitted.kind, said_at)
        item.is_changed = True


def _asks(entry: Entry, channel: str) -> bool:
    """Whether a known person who comes again waits for us. A program that tells the same once more, without a word of
    theirs, may only be keeping two systems equal."""
    is_told = entry.door != "api" or bool(entry.values.get("message"))
    return is_told and asking.is_asking(Submitted.kind, entry.door, channel, entry.values.get("wants", ""))


def _move(batch: Batch, item: Item, lead: dict[str, Any]) -> None:
    """Put the lead where the entry says it is, at the date it says."""
    values = item.entry.values
    at = values.get("outcome_at") or (lead["captured_at"] if item.outcome == "created" else batch.at)
    stage = None
    if name := values.get("stage"):
        stage = rules.stage_named(fold_common(name))
        if stage is None:
            batch.find("lead", "unknown_stage", name)
    stage = {"won": "customer", "lost": "lost"}.get(values.get("outcome", ""), stage)
    if stage is None or not _is_news(item, "outcome", "stage"):
        return
    if stages.move(batch, lead, stage, at=at, reason=(values.get("reason") or "")[:500]):
        item.is_changed = True


def _outcome(item: Item, *, is_new: bool) -> str:
    return "created" if is_new else "updated" if item.is_changed else "unchanged"


def _is_news(item: Item, *fields: str) -> bool:
    """Whether the entry's system says something else of these fields than it last did."""
    before = item.given_before
    return before is None or any(before.get(field, "") != str(item.entry.values.get(field, "")) for field in fields)


def _may_write(item: Item, field: str, value: Any, before: Any, row: dict[str, Any]) -> bool:
    return fills.may_write(field, value, before, given_before=item.given_before, edited=row["edited"])


def _fill(
    batch: Batch, model: type[models.Model], item: Item, row: dict[str, Any], plan: Mapping[str, tuple[str, int]]
) -> None:
    """Write the entry's values into a row; a known row that changes leaves a fact with the old and new values."""
    rows = batch.rows(model)
    if rows.is_made_by(item, row):
        fills.fill_new(row, item.entry.values, plan)
        return
    values = item.entry.values
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    for field, (column, longest) in plan.items():
        value, before = values.get(field), row[column]
        if value is None or value == before or not _may_write(item, field, value, before, row):
            continue
        changed = [rows.change(row, name, cell) for name, cell in fills.with_twin(column, value, longest).items()]
        if changed[0]:
            old[field], new[field] = before, row[column]
    if new:
        _tell_change(batch, model, item, row, old=old, new=new)


def _fill_attributes(batch: Batch, model: type[models.Model], item: Item, row: dict[str, Any]) -> None:
    attributes = {
        name: value
        for name, value in item.entry.attributes.items()
        if _may_write(item, f"attributes.{name}", value, row["attributes"].get(name), row)
    }
    if not attributes:
        return
    rows = batch.rows(model)
    old = {f"attributes.{name}": row["attributes"].get(name) for name in attributes}
    is_new = rows.is_made_by(item, row)
    rows.change(row, "attributes", {**row["attributes"], **attributes})
    rows.change(row, "attributes_folded", {**row["attributes_folded"], **fills.fold_attributes(attributes)})
    if not is_new:
        new = {f"attributes.{name}": value for name, value in attributes.items()}
        _tell_change(batch, model, item, row, old=old, new=new)


def _join_company(
    batch: Batch, model: type[models.Model], item: Item, row: dict[str, Any], company: dict[str, Any]
) -> None:
    """Say of a person or lead that had none which company it belongs to; of one known before, that is told."""
    rows = batch.rows(model)
    rows.change(row, "company_id", company["id"])
    if not rows.is_made_by(item, row):
        name = {"company.name": company["name"]}
        _tell_change(batch, model, item, row, old={"company.name": None}, new=name, company_id=company["id"])


def _tell_change(
    batch: Batch,
    model: type[models.Model],
    item: Item,
    row: dict[str, Any],
    *,
    old: dict[str, Any],
    new: dict[str, Any],
    company_id: int | None = None,
) -> None:
    of = model.__name__.lower()
    batch.rows(model).change(row, "updated_at", batch.at)
    ids = {"company_id": company_id} | {f"{of}_id": row["id"]}
    batch.tell(FieldsChanged(at=batch.at, of=of, fields=sorted(new), old=old, new=new, **ids))
    item.is_changed = True


def record_findings(batch: Batch) -> None:
    """Count what people should know. The last step: one statement; none in a rehearsal, which only collects them."""
    for item in batch.items:
        if item.outcome in {"created", "updated"}:
            for code, subject in item.entry.findings:
                batch.find(item.entry.kind, code, subject)
    if not batch.findings or batch.is_rehearsal:
        return
    rows = [
        (kind, code, subject, count, batch.import_id, batch.at, batch.at)
        for (kind, code, subject), count in sorted(batch.findings.items())
    ]
    sql.upsert_counts(
        Finding,
        ("kind", "code", "subject", "count", "import_id", "first_at", "last_at"),
        rows,
        key=("kind", "code", "subject"),
        count="count",
        latest="last_at",
    )


def answer_leads(batch: Batch) -> None:
    """What a synchronous door answers for each entry. No statement."""
    for item in batch.items:
        lead = item.lead
        if item.refusal is None and lead is not None:
            item.answer = {
                "id": lead["id"],
                "person_id": lead["person_id"],
                "company_id": lead["company_id"],
                "stage": lead["stage"],
                "route": lead["route"] or None,
                "owner": lead["owner_id"],
                "matched": item.is_matched,
                "created": item.outcome == "created",
            }
