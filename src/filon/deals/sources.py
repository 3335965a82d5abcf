"""Which lead an opportunity comes from, by what its entry says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from filon.core.line import Batch, Item
from filon.kit import sql
from filon.leads.models import Lead
from filon.leads.records import named

Row = dict[str, Any]


def leads(batch: Batch, items: Sequence[Item]) -> dict[int, Row]:
    """The lead each item names, by `id(item)`: by its id, its id in the item's system, or its person's identifiers.

    Four statements at the most, none when no item names a lead.
    """
    naming = [item for item in items if _names_lead(item)]
    if not naming:
        return {}
    rows = batch.rows(Lead)
    by_source = _by_source(naming)
    by_person = _people(naming)
    rows.load_ids({lead_id for item in naming if (lead_id := item.entry.values.get("lead.id"))}, lock=True)
    rows.load_ids(set(by_source.values()), lock=True)
    if by_person:
        rows.load(*sql.any_of("person_id", sorted(set(by_person.values()))), lock=True)
    of_person: dict[int, Row] = {}
    for row in rows.by_id.values():
        known = of_person.get(row["person_id"])
        if known is None or _rank(row) > _rank(known):
            of_person[row["person_id"]] = row
    found: dict[int, Row] = {}
    for item in naming:
        lead = _lead(item, rows.by_id, by_source, by_person, of_person)
        if lead is not None:
            found[id(item)] = lead
    return found


def _lead(
    item: Item,
    by_id: dict[int, Row],
    by_source: dict[tuple[str, str], int],
    by_person: dict[tuple[str, str, str], int],
    of_person: dict[int, Row],
) -> Row | None:
    values, system = item.entry.values, item.entry.system
    if lead_id := values.get("lead.id"):
        return by_id.get(lead_id)
    external = values.get("lead.external_id") or ""
    if (system, external) in by_source:
        return by_id.get(by_source[system, external])
    person = by_person.get(("external", system, external)) or by_person.get(("email", "", values.get("email") or ""))
    return of_person.get(person) if person is not None else None


def _names_lead(item: Item) -> bool:
    values = item.entry.values
    return bool(values.get("lead.id") or values.get("lead.external_id") or values.get("email"))


def _rank(row: Row) -> tuple[bool, Any, int]:
    """The open lead of a person before closed ones, then the latest."""
    return row["is_open"], row["captured_at"], row["id"]


def _by_source(items: Sequence[Item]) -> dict[tuple[str, str], int]:
    """(system, external id) → lead, as its system gave it."""
    keys = {item.entry.values["lead.external_id"] for item in items if item.entry.values.get("lead.external_id")}
    if not keys:
        return {}
    where, params = named("lead", keys)
    found = sql.fetch(f'SELECT system, "key", record_id FROM leads_sourcerecord WHERE {where}', params)
    return {(system, key): record_id for system, key, record_id in found}


def _people(items: Sequence[Item]) -> dict[tuple[str, str, str], int]:
    """(kind, system, value) → person, for external ids and e-mails."""
    values = {
        value for item in items for field in ("lead.external_id", "email") if (value := item.entry.values.get(field))
    }
    if not values:
        return {}
    where, params = sql.any_of("value", sorted(values))
    found = sql.fetch(
        f"SELECT kind, system, value, person_id FROM leads_identifier WHERE {where} AND kind IN ('external', 'email')",
        params,
    )
    return {(kind, system, value): person_id for kind, system, value, person_id in found}
