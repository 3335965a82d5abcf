"""What outside systems gave: the first and the last step of a line whose entries have keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from filon.core.line import Batch, Item, Rows
from filon.kit import sql
from filon.leads import rules
from filon.leads.models import SourceRecord


def named(kind: str, keys: Iterable[str]) -> tuple[str, list[Any]]:
    """The condition of records of a kind under these keys.

    The kind is said in a way that no index serves: PostgreSQL, which believes that there are few of a kind until it
    has counted them, would else go through all of that kind for each key, in the first import of a kind by its
    hundreds of thousands.
    """
    where, params = sql.any_of('"key"', sorted(keys))
    return f"{where} AND kind || '' = %s", [*params, kind]


def recognise(batch: Batch) -> None:
    """Find what each entry's system gave before. An entry that says the same again goes no further: `unchanged`."""
    items = [item for item in batch.going() if item.entry.key]
    if not items:
        return
    kind = items[0].entry.kind
    rows = batch.rows(SourceRecord)
    found = rows.load(*named(kind, {item.entry.key for item in items}), lock=True)
    known = {(row["system"], row["key"]): row for row in found}
    latest: dict[tuple[str, str], Item] = {}
    for item in items:
        name = (item.entry.system, item.entry.key)
        row = known.get(name)
        if row is None:
            row = known[name] = rows.add(
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
        if item.outcome != "unchanged":
            _chain(item, latest.get(name))
            latest[name] = item


def _chain(item: Item, earlier: Item | None) -> None:
    if earlier is not None:
        item.earlier, earlier.later = earlier, item
        item.gives = given(item)


def forget_refused(batch: Batch) -> None:
    """A refused entry gave nothing: when its system gives it again, it is looked at again. No statement."""
    touched = {id(item.source_record) for item in batch.items if item.refusal is not None and item.source_record}
    if not touched:
        return
    by_record: dict[int, list[Item]] = {}
    for item in batch.items:
        if id(item.source_record) in touched:
            by_record.setdefault(id(item.source_record), []).append(item)
    for items in by_record.values():
        _forget(batch.rows(SourceRecord), items)


def _forget(rows: Rows, items: list[Item]) -> None:
    """items: those of one source record, in their order."""
    before: Item | None = None
    for item in items:
        says_the_same = before is not None and item.entry.digest == before.entry.digest
        if item.outcome == "unchanged" and says_the_same and before is not None and before.refusal is not None:
            item.outcome, item.refusal = "rejected", before.refusal
        before = item
    row, taken = items[0].source_record, [item for item in items if item.refusal is None]
    if row is None:
        return
    if not taken:
        rows.leave_out(row)
        return
    row["digest"] = taken[-1].entry.digest
    row["given"] = {**(items[0].given_before or {})}
    for item in taken:
        row["given"] |= given(item)


def given(item: Item) -> dict[str, str]:
    """What the entry says; of an act only what it is: its words are personal, and stand in the ledger to be erased."""
    if item.entry.kind == "event":
        return {name: str(item.entry.values.get(name, "")) for name in ("kind", "state")}
    return rules.given(item.entry.values, item.entry.attributes)


def point(batch: Batch, item: Item, record: dict[str, Any]) -> None:
    """Let the entry's source record name the row it became."""
    if item.source_record is not None:
        batch.rows(SourceRecord).change(item.source_record, "record_id", record["id"])
