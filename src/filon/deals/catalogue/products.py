"""Products that entries name or declare: found by folded name, or kept by their own so that nothing is dropped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from filon.core.line import Batch, Item
from filon.deals import rules
from filon.deals.events import ProductRecorded
from filon.deals.models import Product
from filon.kit import sql
from filon.kit.text import fold
from filon.leads import records
from filon.leads.spelling import near

_LONGEST = 200


def key(name: str) -> str:
    """The folded name by which a product is found."""
    return fold(name)[:_LONGEST]


def named(batch: Batch, items: Iterable[Item]) -> dict[str, int]:
    """Product ids by folded name. One not known yet is kept by its own name, and is a finding. Three statements."""
    given: dict[str, str] = {}
    for item in items:
        if name := item.entry.values.get("product"):
            given.setdefault(key(name), name)
    if not given:
        return {}
    rows = batch.rows(Product)
    rows.load(*sql.any_of("name_folded", sorted(given)))
    known = {row["name_folded"] for row in rows.by_id.values()}
    missing = {folded: name for folded, name in given.items() if folded not in known}
    if missing:
        declared = [row[0] for row in sql.fetch("SELECT name FROM deals_product WHERE is_known ORDER BY id")]
        for folded, name in missing.items():
            _add(batch, name, folded, is_known=False)
            _ask(batch, name, near(name, declared))
        rows.number()
    return {row["name_folded"]: row["id"] for row in rows.by_id.values()}


def record_products(batch: Batch) -> None:
    """Declare products: name, series, price. Four statements at the most, before the batch's writes.

    A product that a row had named before becomes known; one that it may have misspelt is a finding.
    """
    items = [item for item in batch.going() if _is_sound(item)]
    rows = batch.rows(Product)
    folded = sorted({key(item.entry.values["name"]) for item in items})
    if not folded:
        return
    rows.load(*sql.any_of("name_folded", folded), lock=True)
    rows.load_ids(
        (item.source_record["record_id"] for item in items if item.given_before is not None and item.source_record),
        lock=True,
    )
    by_name = {row["name_folded"]: row for row in rows.by_id.values()}
    chosen: list[tuple[Item, dict[str, Any]]] = []
    for item in items:
        name = item.entry.values["name"]
        row = _of_source(batch, item) or by_name.get(key(name))
        if row is None:
            row = by_name[key(name)] = _add(batch, name, key(name), is_known=True)
        elif item.outcome == "created":
            item.outcome = "unchanged"
        item.record = row
        chosen.append((item, row))
    rows.number()
    for item, row in chosen:
        _fill(batch, item, row, by_name)
        records.point(batch, item, row)
    _ask_again(batch, [row for _, row in chosen])


def _is_sound(item: Item) -> bool:
    values = item.entry.values
    if not key(values.get("name") or ""):
        item.refuse(_("A product needs a name."), field_name="name", code="no_identifier")
        return False
    price = values.get("price")
    if price is not None and rules.amount_of(price) is None:
        item.refuse(_("The price is negative or too large."), field_name="price")
        return False
    return True


def _of_source(batch: Batch, item: Item) -> dict[str, Any] | None:
    if item.given_before is None or item.source_record is None:
        return None
    return item.told_before("record") or batch.rows(Product).by_id.get(item.source_record["record_id"])


def _fill(batch: Batch, item: Item, row: dict[str, Any], by_name: dict[str, dict[str, Any]]) -> None:
    """Write what the entry says that is news; the fact names the fields."""
    rows, values, before = batch.rows(Product), item.entry.values, item.given_before or {}
    told: dict[str, Any] = {"is_known": True}
    for field, value in values.items():
        if value in (None, "") or before.get(field) == str(value):
            continue
        if field == "name" and by_name.get(key(value)) in (None, row):
            told |= {"name": value[:_LONGEST], "name_folded": key(value)}
        elif field == "series":
            told["series"] = value[:120]
        elif field == "price":
            told["price"] = rules.amount_of(value)
    changed = [column for column, value in told.items() if rows.change(row, column, value)]
    if rows.is_new(row):
        batch.tell(ProductRecorded(at=batch.at, product_id=row["id"], fields=sorted(told)))
    elif changed:
        item.outcome = "updated"
        batch.tell(ProductRecorded(at=batch.at, product_id=row["id"], fields=sorted(changed)))


def _add(batch: Batch, name: str, folded: str, *, is_known: bool) -> dict[str, Any]:
    return batch.rows(Product).add(
        name=name[:_LONGEST],
        name_folded=folded,
        is_known=is_known,
        created_at=batch.at,
        import_id=batch.import_id,
    )


def _ask(batch: Batch, name: str, meant: str | None) -> None:
    if meant is None:
        batch.find("product", "unknown_product", name)
    else:
        batch.find("product", "misspelt_product", f"{name} → {meant}")


def _ask_again(batch: Batch, declared: list[dict[str, Any]]) -> None:
    """Products that rows named before these were declared may have meant them."""
    names = [row["name"] for row in declared]
    fresh = [row for row in declared if batch.rows(Product).is_new(row)]
    if not fresh:
        return
    for (unknown,) in sql.fetch("SELECT name FROM deals_product WHERE NOT is_known ORDER BY id"):
        if (meant := near(unknown, names)) is not None:
            _ask(batch, unknown, meant)
