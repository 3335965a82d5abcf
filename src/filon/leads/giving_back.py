"""What goes back when an import is undone, or a move is taken back: the past of rows, as the ledger tells it.

A value goes back only where it still says what was taken back, and then to the newest value that still counts. Pages
of facts keep transactions short; a row that has gone back is found to be so, so a killed undo may start again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models, transaction

from filon.core import ledger
from filon.core.access import SYSTEM
from filon.core.conditions.sql import LIVE_FACT_SQL
from filon.core.line import Rows
from filon.core.models import User
from filon.kit import sql
from filon.leads import fills, rules
from filon.leads.events import ACTS, FieldsChanged, LeadCaptured, OwnerChanged, StageChanged, Submitted
from filon.leads.models import Campaign, Company, Lead, Person

Row = dict[str, Any]
PAGE: Final = 1000
"""Facts of an import that are gone through in one transaction."""


@dataclass(frozen=True, slots=True)
class Told:
    """A change as the ledger tells it. counts: neither it nor its import was taken back."""

    fact_id: int
    kind: str
    at: datetime
    import_id: int | None
    counts: bool
    payload: Mapping[str, Any]
    old: Any = None
    new: Any = None
    company_id: int | None = None
    door: str = ""

    def of(self, old: Any, new: Any) -> Told:
        """The same fact, as what it says of one value."""
        return replace(self, old=old, new=new)


# Reading --------------------------------------------------------------------------------------------------------------

_ALONE: Final = {"person": "AND fact.lead_id IS NULL", "company": "AND fact.lead_id IS NULL AND fact.person_id IS NULL"}
"""How the facts of a person or company alone are found by their index."""


def pages(import_id: int, kinds: Iterable[str], names: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
    """The ids under `names` (lead, person…) in an import's facts of these kinds, a page at a time."""
    columns = ", ".join(f"{name}_id" for name in names)
    after = 0
    while found := sql.fetch(
        f"SELECT id, {columns} FROM core_fact WHERE import_id = %s AND kind IN ({_listed(kinds)}) AND id > %s "
        f"ORDER BY id LIMIT {PAGE}",
        [import_id, after],
    ):
        after = found[-1][0]
        yield [row[1:] for row in found]


def changes_of(name: str, ids: Iterable[int], kinds: Iterable[str]) -> dict[int, list[Told]]:
    """What facts of these kinds told of rows, oldest first, without those taken back one by one. One statement.

    name: whose ids they are (lead, person, company, opportunity).
    """
    where, params = sql.any_of(f"fact.{name}_id", sorted(ids))
    found = sql.fetch(
        f"SELECT fact.{name}_id, fact.id, fact.kind, fact.at, fact.import_id, fact.company_id, fact.door, "
        'fact.payload, detail."values", '
        f"CASE WHEN {LIVE_FACT_SQL} THEN 1 ELSE 0 END FROM core_fact fact "
        f"LEFT JOIN core_factdetail detail ON detail.fact_id = fact.id WHERE {where} {_ALONE.get(name, '')} "
        f"AND fact.kind IN ({_listed(kinds)}) "
        "AND NOT EXISTS (SELECT 1 FROM core_fact t WHERE t.revokes_id = fact.id) ORDER BY fact.id",
        params,
    )
    told: dict[int, list[Told]] = {}
    for row_id, fact_id, kind, at, import_id, company_id, door, payload, values, counts in found:
        moment, said = sql.as_utc(at), sql.as_json(values) or {}
        assert moment is not None  # noqa: S101 — every fact has its time
        told.setdefault(row_id, []).append(
            Told(
                fact_id,
                kind,
                moment,
                import_id,
                bool(counts),
                sql.as_json(payload),
                said.get("old"),
                said.get("new"),
                company_id,
                door,
            )
        )
    return told


def _listed(kinds: Iterable[str]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)


# Values ---------------------------------------------------------------------------------------------------------------


def first_gone(told: Sequence[Told], value: Any, import_id: int, read: Callable[[Any], Any]) -> Told | None:
    """The change whose `old` a value goes back to without the import; None where it stays.

    It stays where another one spoke last, or where it does not say what the import said. Changes of imports undone
    before this one are gone through: their values must not come back.
    """
    in_force = [change for change in told if change.counts or change.import_id == import_id]
    if not in_force or in_force[-1].import_id != import_id or read(in_force[-1].new) != value:
        return None
    found = None
    for change in reversed(told[: told.index(in_force[-1]) + 1]):
        if change.counts:
            break
        if read(change.new) == value:
            found, value = change, read(change.old)
    return found


def reader(model: type[models.Model], column: str) -> Callable[[Any], Any]:
    """How a fact's value of a column is read as the column's own: a decimal that was kept as text is a decimal."""
    field: Any = model._meta.get_field(column)
    empty: Any = None if field.null else {} if isinstance(field, models.JSONField) else ""

    def read(told: Any) -> Any:
        try:
            return empty if told is None or told == "" else field.to_python(told)
        except ValidationError:  # told in a way of its own: then it is no value of this column
            return _Unreadable(told)

    return read


@dataclass(frozen=True, slots=True)
class _Unreadable:
    told: Any


def return_fields(
    rows: Rows, row: Row, told: Sequence[Told], import_id: int, plan: Mapping[str, tuple[str, int]]
) -> None:
    """Return the fields that an import changed in a row. plan: field → (column, longest text)."""
    for field, changes in _by_field(told).items():
        if field.startswith("attributes."):
            _return_attribute(rows, row, field.removeprefix("attributes."), changes, import_id)
        elif field in plan:
            column, longest = plan[field]
            read = reader(rows.model, column)
            gone = first_gone(changes, row[column], import_id, read)
            if gone is not None and not isinstance(before := read(gone.old), _Unreadable):
                _write(rows, row, column, before, longest)


def _by_field(told: Sequence[Told]) -> dict[str, list[Told]]:
    by_field: dict[str, list[Told]] = {}
    for change in told:
        for field, new in (change.new or {}).items():
            by_field.setdefault(field, []).append(change.of((change.old or {}).get(field), new))
    return by_field


def _return_attribute(rows: Rows, row: Row, name: str, changes: Sequence[Told], import_id: int) -> None:
    gone = first_gone(changes, row["attributes"].get(name), import_id, lambda value: value)
    if gone is None:
        return
    attributes = {key: value for key, value in row["attributes"].items() if key != name}
    if gone.old is not None:
        attributes[name] = gone.old
    _write(rows, row, "attributes", attributes, 0)


def _write(rows: Rows, row: Row, column: str, value: Any, longest: int) -> None:
    """Set a column, and its twin that conditions compare."""
    if column == "attributes":
        rows.change(row, "attributes_folded", fills.fold_attributes(value))
    for name, cell in fills.with_twin(column, value, longest).items():
        rows.change(row, name, cell)


def drop_dangling(rows: Rows) -> None:
    """Leave a changed row's reference empty where what it named is gone. One statement a reference that changed."""
    for field in rows.model._meta.concrete_fields:
        column = str(field.column)
        ids = {row_id for row_id, columns in rows.changed.items() if column in columns}
        if not isinstance(field.related_model, type) or not ids:
            continue
        wanted = {rows.by_id[row_id][column] for row_id in ids}
        known = {*field.related_model._default_manager.filter(pk__in=wanted).values_list("pk", flat=True), None}
        for row_id in ids:
            if rows.by_id[row_id][column] not in known:
                rows.change(rows.by_id[row_id], column, None)


# Stages ---------------------------------------------------------------------------------------------------------------


def passages_of(lead_ids: Iterable[int]) -> dict[int, list[Told]]:
    """The passages of leads from stage (`old`) to stage (`new`), oldest first, without those taken back one by one."""
    ids = sorted(lead_ids)
    if not ids:
        return {}
    return {
        lead_id: [change.of(change.payload["from_stage"], change.payload["to_stage"]) for change in told]
        for lead_id, told in changes_of("lead", ids, [StageChanged.kind]).items()
    }


def standing(lead: Row, told: Sequence[Told], left: Sequence[Told]) -> Row:
    """The columns of a lead that passed only as `left` of its passages (not empty) say."""
    last = left[-1] if left else None
    stage = last.new if last else told[0].old
    return {
        "stage": stage,
        "is_open": rules.is_open(stage),
        "stage_since": last.at if last else lead["captured_at"],
        "reason": last.payload.get("reason", "") if last else "",
        "reached": max(rules.RANK.get(name, 0) for name in (told[0].old, *(passage.new for passage in left))),
    }


def stand(rows: Rows, lead: Row, cells: Row) -> None:
    """Put a lead where `standing` says."""
    for column, value in cells.items():
        rows.change(lead, column, value)


def people_with_open_lead(leads: Iterable[Row]) -> set[tuple[int, str]]:
    """(person, product line) of open leads, of those people who have a closed one here. One statement at the most."""
    people = sorted({lead["person_id"] for lead in leads if not lead["is_open"]})
    if not people:
        return set()
    where, params = sql.any_of("person_id", people)
    return set(sql.fetch(f"SELECT person_id, product_line FROM leads_lead WHERE {where} AND is_open", params))


# An import's changes --------------------------------------------------------------------------------------------------

_ORIGIN: Final = {
    "source": ("source", 500),
    "campaign": ("campaign_id", 0),
    "channel": ("channel", 16),
    "owner": ("owner_id", 0),
    "company.name": ("company_id", 0),
}
_PLANS: Final[Mapping[str, tuple[type[models.Model], Mapping[str, tuple[str, int]]]]] = {
    "company": (Company, {**fills.COMPANY, "owner": ("owner_id", 0)}),
    "person": (Person, {**fills.PERSON, "company.name": ("company_id", 0)}),
    "lead": (Lead, {**fills.LEAD, **_ORIGIN}),
}
_NAMED: Final[Mapping[str, type[models.Model]]] = {"owner": User, "campaign": Campaign}
_KINDS: Final = (FieldsChanged.kind, OwnerChanged.kind, StageChanged.kind)


def return_import(import_id: int, *, at: datetime) -> Iterator[int]:
    """Return what an undone import changed on companies, people and leads; after each page, the leads that could not.

    Each page is a transaction. The rows that the import made are gone by now, but those that are kept.
    """
    for page in pages(import_id, _KINDS, ("company", "person", "lead")):
        with transaction.atomic():
            companies = {company for company, person, lead in page if company and not person and not lead}
            people = {person for _, person, lead in page if person and not lead}
            stayed = 0
            for name, ids in (("company", companies), ("person", people), ("lead", {row[2] for row in page} - {None})):
                stayed += _return(name, ids, import_id, at)
        yield stayed


_LAST_ACTS: Final = (LeadCaptured.kind, Submitted.kind, *ACTS)


def return_last_acts(import_id: int) -> None:
    """Let leads whose last act came with an undone import show the newest one that counts, in pages of their own."""
    for page in pages(import_id, ACTS, ("lead",)):
        ids = {row[0] for row in page} - {None}
        with transaction.atomic():
            rows = Rows(Lead)
            rows.load_ids(ids, lock=True)
            for lead_id, (kind, act_at) in last_acts(rows.by_id).items():
                rows.change(rows.by_id[lead_id], "last_act", kind)
                rows.change(rows.by_id[lead_id], "last_act_at", act_at)
            rows.write()


def last_acts(lead_ids: Iterable[int], *, without: Iterable[int] = ()) -> dict[int, tuple[str, datetime]]:
    """(kind, at) of the newest human act of leads that counts. without: facts that are just being taken back.

    One statement.
    """
    where, params = sql.any_of("fact.lead_id", sorted(lead_ids))
    if without:
        gone, more = sql.any_of("fact.id", sorted(without))
        where, params = f"{where} AND NOT ({gone})", [*params, *more]
    found = sql.fetch(
        f"SELECT fact.lead_id, fact.kind, fact.at FROM core_fact fact WHERE {where} AND NOT fact.is_machine "
        f"AND fact.kind IN ({_listed(_LAST_ACTS)}) AND {LIVE_FACT_SQL} "
        f"ORDER BY fact.at, CASE WHEN fact.kind = '{LeadCaptured.kind}' THEN 0 ELSE 1 END, fact.id DESC",
        params,
    )
    return {lead_id: (kind, moment) for lead_id, kind, at in found if (moment := sql.as_utc(at)) is not None}


def _return(name: str, ids: set[int], import_id: int, at: datetime) -> int:
    model, plan = _PLANS[name]
    rows = Rows(model)
    rows.load_ids(ids, lock=True)
    if not rows.by_id:
        return 0
    told = changes_of(name, rows.by_id, [FieldsChanged.kind, OwnerChanged.kind])
    by_name = _ids_by_name(told.values())
    for row_id, changes in told.items():
        return_fields(rows, rows.by_id[row_id], [_with_ids(change, by_name) for change in changes], import_id, plan)
    drop_dangling(rows)
    passed = passages_of(rows.by_id) if name == "lead" else {}
    stayed = _return_stages(rows, passed, import_id, at)
    _write_touched(rows, at)
    return stayed


def _ids_by_name(told: Iterable[Sequence[Told]]) -> dict[tuple[str, str], int]:
    """(field, name) → id of the colleagues and campaigns that facts call by their names. Two statements at the most."""
    found: dict[tuple[str, str], int] = {}
    for field, model in _NAMED.items():
        said = (
            value.get(field) for changes in told for change in changes for value in (change.old, change.new) if value
        )
        names = sorted({name for name in said if isinstance(name, str) and name})
        if names:
            where, params = sql.any_of("name", names)
            rows = sql.fetch(f"SELECT name, id FROM {model._meta.db_table} WHERE {where} ORDER BY id DESC", params)
            found.update({(field, name): row_id for name, row_id in rows})
    return found


def _with_ids(change: Told, by_name: Mapping[tuple[str, str], int]) -> Told:
    """A change that speaks of colleagues, campaigns and a person's company by their ids; a change of owner is one of
    that field."""
    if change.kind == OwnerChanged.kind:
        return change.of({"owner": change.payload.get("from_owner_id")}, {"owner": change.payload.get("to_owner_id")})
    old, new = (
        {name: by_name.get((name, value), value) if name in _NAMED else value for name, value in (said or {}).items()}
        for said in (change.old, change.new)
    )
    if change.company_id is not None and change.payload.get("of") != "company" and "company.name" in new:
        new["company.name"] = change.company_id
    return change.of(old, new)


def _return_stages(rows: Rows, passed: Mapping[int, Sequence[Told]], import_id: int, at: datetime) -> int:
    """Put leads where they stand without the import's passages; how many could not, as their person has another open
    lead now. Closings are written first, so that they make room."""
    opening: list[tuple[Row, Row]] = []
    for lead_id, told in passed.items():
        lead = rows.by_id[lead_id]
        in_force = [passage for passage in told if passage.counts or passage.import_id == import_id]
        if not any(passage.import_id == import_id for passage in told) or in_force[-1].new != lead["stage"]:
            continue
        cells = standing(lead, told, [passage for passage in told if passage.counts])
        if cells["is_open"] and not lead["is_open"]:
            opening.append((lead, cells))
        else:
            stand(rows, lead, cells)
    _write_touched(rows, at)
    taken = people_with_open_lead(lead for lead, _ in opening)
    stayed = [(lead, cells) for lead, cells in opening if not _opens(rows, lead, cells, taken)]
    for lead, cells in stayed:
        _stay(rows, lead, cells, at)
    return len(stayed)


def _opens(rows: Rows, lead: Row, cells: Row, taken: set[tuple[int, str]]) -> bool:
    key = (lead["person_id"], lead["product_line"])
    if key in taken:
        return False
    taken.add(key)
    stand(rows, lead, cells)
    return True


def _stay(rows: Rows, lead: Row, cells: Row, at: datetime) -> None:
    """A closed lead stays where it is, and the ledger says so on its own: figures and lists agree."""
    told = StageChanged(
        at=lead["stage_since"],
        lead_id=lead["id"],
        person_id=lead["person_id"],
        company_id=lead["company_id"],
        from_stage=cells["stage"],
        to_stage=lead["stage"],
        reason=lead["reason"],
    )
    ledger.append([told], by=SYSTEM, learnt_at=at, starts_reactions=False)
    rows.change(lead, "reached", max(cells["reached"], rules.RANK.get(lead["stage"], 0)))


def _write_touched(rows: Rows, at: datetime) -> None:
    for row_id in list(rows.changed):
        row = rows.by_id[row_id]
        rows.change(row, "updated_at", at)
        if "version" in row:
            rows.change(row, "version", row["version"] + 1)
    rows.write()
