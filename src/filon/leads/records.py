"""What outside systems gave: the first and the last step of a line whose entries have keys."""

from __future__ import annotations

from typing import Any

from filon.core.line import Batch, Item
from filon.kit import sql
from filon.leads import rules
from filon.leads.models import SourceRecord


def recognise(batch: Batch) -> None:
    """Find what each entry's system gave before. An entry that says the same again goes no further: `unchanged`."""
    items = [item for item in batch.going() if item.entry.key]
    if not items:
        return
    kind = items[0].entry.kind
    where, params = sql.any_of('"key"', sorted({item.entry.key for item in items}))
    rows = batch.rows(SourceRecord)
    found = rows.load(f"{where} AND kind = %s", [*params, kind], lock=True)
    known = {(row["system"], row["key"]): row for row in found}
    for item in items:
        row = known.get((item.entry.system, item.entry.key))
        if row is None:
            row = known[item.entry.system, item.entry.key] = rows.add(
                kind=kind,
                system=item.entry.system,
                key=item.entry.key,
                record_id=0,
                digest=item.entry.digest,
                import_id=batch.import_id,
            )
            row["given"] = sql.JsonText(item.entry.given) if item.entry.given else given(item)
        elif row["digest"] == item.entry.digest:
            item.outcome = "unchanged"
        else:
            before = item.given_before = sql.as_json(row["given"])
            rows.change(row, "digest", item.entry.digest)
            rows.change(row, "last_import_id", batch.import_id)
            rows.change(row, "given", {**before, **given(item)})
        item.source_record = row


def given(item: Item) -> dict[str, str]:
    """What the entry says; of an act only what it is: its words are personal, and stand in the ledger to be erased."""
    if item.entry.kind == "event":
        return {name: str(item.entry.values.get(name, "")) for name in ("kind", "state")}
    return rules.given(item.entry.values, item.entry.attributes)


def point(batch: Batch, item: Item, record: dict[str, Any]) -> None:
    """Let the entry's source record name the row it became."""
    if item.source_record is not None:
        batch.rows(SourceRecord).change(item.source_record, "record_id", record["id"])
