"""What was known of a lead at a past date: its rows with every later change taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from filon.kit import sql
from filon.kit.text import fold
from filon.leads import fills
from filon.leads.events import FieldsChanged

Row = dict[str, Any]

_PLANS: Final = {"person": fills.PERSON, "company": fills.COMPANY, "lead": fills.LEAD}
_NUMBERS: Final = {"employees": int, "revenue": Decimal}
_SELECT: Final = """
SELECT fact.id, fact.payload, detail.{values}
FROM core_fact fact LEFT JOIN core_factdetail detail ON detail.fact_id = fact.id
WHERE fact.kind = %s AND fact.learnt_at > %s AND """


@dataclass(slots=True)
class Known:
    """Rows by alias as they were, and the fields whose value then was erased since: folded, as conditions ask."""

    rows: dict[str, Row | None]
    erased: set[str] = field(default_factory=set)


def known_at(rows: Mapping[str, Row | None], at: datetime) -> Known:
    """The rows of one lead as they were known at a moment (aware UTC). One statement.

    rows: as they are now, by alias; `lead` and `person` are there. A company that was not known yet is left out.
    """
    company = rows.get("company")
    is_company_known = company is not None and company["created_at"] <= at
    known = Known({alias: dict(row) if row is not None else None for alias, row in rows.items()})
    if not is_company_known:
        known.rows["company"] = None
    for payload, values in _changes_since(rows, at):
        row = known.rows.get(payload["of"])
        if row is not None:
            old = None if values is None else values.get("old", {})
            for name in payload["fields"]:
                _take_back(known, row, payload["of"], name, old)
    return known


def _changes_since(
    rows: Mapping[str, Row | None], at: datetime
) -> Iterable[tuple[dict[str, Any], dict[str, Any] | None]]:
    """(payload, erasable values or None) of the changes we learnt of after a moment, the latest first."""
    lead, company = rows["lead"], rows.get("company")
    assert lead is not None  # noqa: S101 — asked by the caller
    wanted = [
        ("fact.lead_id = %s", lead["id"]),
        ("fact.lead_id IS NULL AND fact.person_id = %s", lead["person_id"]),
    ]
    if company is not None:
        wanted.append(("fact.lead_id IS NULL AND fact.person_id IS NULL AND fact.company_id = %s", company["id"]))
    select = _SELECT.format(values=connection.ops.quote_name("values"))
    moment = connection.ops.adapt_datetimefield_value(at)
    params = [param for _, row_id in wanted for param in (FieldsChanged.kind, moment, row_id)]
    found = sql.fetch(" UNION ALL ".join(select + condition for condition, _ in wanted) + " ORDER BY 1 DESC", params)
    return [(sql.as_json(payload), sql.as_json(values)) for _, payload, values in found]


def _take_back(known: Known, row: Row, of: str, name: str, old: Mapping[str, Any] | None) -> None:
    """Give a field the value it had before a change. An erased value counts as empty, and is remembered as erased."""
    is_short = of == "person" or (of == "company" and name.startswith("attributes."))
    asked_as = fold(f"{of}.{name}" if is_short else name)
    if old is None:
        known.erased.add(asked_as)
    else:
        known.erased.discard(asked_as)
    value = (old or {}).get(name)
    if name.startswith("attributes."):
        _set_attribute(row, name.removeprefix("attributes."), value)
        return
    column, longest = _PLANS[of].get(name, (name.rpartition(".")[2], 0))
    if column in _NUMBERS:
        row[column] = None if value in (None, "") else _NUMBERS[column](str(value))
    elif column in row:
        empty = "" if isinstance(row[column], str) else None
        row.update(fills.with_twin(column, empty if value is None else value, longest))


def _set_attribute(row: Row, name: str, value: Any) -> None:
    for column, key, kept in (("attributes", name, value), ("attributes_folded", fold(name), fold(str(value or "")))):
        row[column] = {**row[column], key: kept}
        if value in (None, ""):
            del row[column][key]
