"""What can be asked of the figures. Every door calls `figure`; `rows_behind` gives the very rows a number counts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import duckdb
import orjson
import pyarrow as pa
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.conditions import ConditionError, Node, compile_sql, explain_error, fields_of, parse
from filon.kit import sql
from filon.kit.errors import Kind, Refused
from filon.kit.looking import asked_once
from filon.kit.text import fold
from filon.leads import fields
from filon.measure import dimensions, elsewhere, engine, periods
from filon.measure.dimensions import Dimension
from filon.measure.engine import Sql
from filon.measure.figures import FIGURES
from filon.measure.figures.desk import COUNTED, Cell, Desk, Figure, Key, Row
from filon.measure.lake import refresh
from filon.measure.lake.files import Snapshot
from filon.measure.lake.refresh import Reading
from filon.measure.periods import Asked
from filon.measure.rules import FEW

NAMES: Final = tuple(FIGURES)
PAGE: Final = 50
_KEPT: Final = 128
_SAMPLE: Final = 20_000
_NEWEST: Final = 200
_IDENTIFIER: Final = 0.9  # values a lead that has one, from which an attribute only names leads

Colleague = tuple[int, int | None, int | None, str]
"""Someone's id, manager, team and office."""

_lock = threading.Lock()
_known: OrderedDict[tuple[Any, ...], tuple[dict[Key, Row], dict[str, int]]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Line:
    """One row of an answer. keys: what it is split by, raw (a code, an id, a folded text); shown: as it is called."""

    keys: Key
    shown: tuple[str | None, ...]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A figure's answer. `as_of`: the moment it is true for; `is_behind`: later facts are still being brought in."""

    name: str
    asked: Asked
    dimensions: Sequence[Dimension]
    lines: Sequence[Line]
    as_of: datetime
    is_behind: bool
    notes: Mapping[str, int]

    def rows(self) -> list[dict[str, Any]]:
        """The rows as they are answered: the dimensions under the names they were asked by, then the columns."""
        names = [dimension.asked for dimension in self.dimensions]
        return [{**dict(zip(names, line.shown, strict=True)), **line.values} for line in self.lines]

    def as_json(self) -> dict[str, Any]:
        """The answer of the API and of `filon kpi --json`. Money is a decimal text, rates are fractions in [0, 1]."""
        return {
            "name": self.name,
            "rows": self.rows(),
            "as_of": self.as_of.isoformat().replace("+00:00", "Z"),
            "basis": self.asked.basis,
            "from": self.asked.first.isoformat() if self.asked.first else None,
            "to": self.asked.last.isoformat() if self.asked.last else None,
            "currency": settings.FILON_CURRENCY,
            "is_behind": self.is_behind,
            "notes": dict(self.notes),
        }


def reading(as_of: datetime | None, *, at: datetime, may_wait: bool = False) -> Reading:
    """The state of the lake that answers a question; several figures read from one agree with each other.

    may_wait: the asker waits while a large lake is made (command line); else a job makes it, and this is refused (busy)
    or says that it is behind.
    """
    if as_of is None:
        return refresh.current(at=at, may_wait=may_wait)
    return refresh.as_of(as_of, at=at, may_wait=may_wait)


def attributes(of: Reading) -> frozenset[str]:
    """The custom attributes leads can be split by, as columns `a:…` of the lake."""
    return of.snapshot.manifest.leads.attributes


def telling_attributes(of: Reading) -> frozenset[str]:
    """Those worth splitting by: neither one value for all nor nearly as many values as leads. By the first leads."""
    columns = sorted(attributes(of))
    if not columns:
        return frozenset()
    names = ", ".join(engine.identifier(column) for column in columns)
    asked = ", ".join(f"count({name}), count(DISTINCT {name})" for name in map(engine.identifier, columns))
    with engine.connection() as duck:
        leads = f"(SELECT {names} FROM {of.snapshot.relation('lead')} LIMIT {_SAMPLE})"
        leads_total, *cells = duck.execute(f"SELECT count(*), {asked} FROM {leads}").fetchall()[0]
    if leads_total < FEW:
        return frozenset(columns)
    counted = zip(columns, cells[::2], cells[1::2], strict=True)
    return frozenset(
        column
        for column, known, distinct in counted
        if not (distinct == 1 and known == leads_total) and not (known >= FEW and distinct >= known * _IDENTIFIER)
    )


@asked_once
def attribute_names() -> Mapping[str, str]:
    """Folded name → as people last wrote it, of the attributes of the newest leads."""
    rows = sql.fetch(f"SELECT CAST(attributes AS TEXT) FROM leads_lead ORDER BY id DESC LIMIT {_NEWEST}")
    found: dict[str, str] = {}
    for (text,) in rows:
        for name in orjson.loads(text or "{}"):
            found.setdefault(fold(name), name)
    return found


def is_large(of: Reading) -> bool:
    """Whether the workspace is so large that slow figures are asked for apart."""
    return len(of.snapshot.manifest.leads.parts) > 1


def figure(name: str, asked: Asked, *, by: Actor, at: datetime, of: Reading | None = None) -> Answer:
    """A figure of `kpi.md`. Needs `kpi.see`; a manager's are those of their team.

    of: the state to read from, the present one (or that of `asked.as_of`) by default. Raises Refused for an unknown
    name, dimension or condition.
    """
    by.require("kpi.see")
    if name in elsewhere.FIGURES:
        return _told(name, asked, by=by, at=at)
    kind = _figure(name, asked)
    of = of or reading(asked.as_of, at=at)
    split = _dimensions(kind, of.snapshot, asked)
    with _desk(kind, of.snapshot, asked, split, by=by, at=at) as desk:
        rows, notes = _computed(name, kind, desk, is_lasting=not asked.condition)
        lines = _lines(desk, rows, kind.over)
    lines.sort(key=lambda line: _order(split, line, kind.main))
    return Answer(name, asked, split, lines, of.snapshot.as_of, of.is_behind, notes)


def _told(name: str, asked: Asked, *, by: Actor, at: datetime) -> Answer:
    """A figure of another slice: of now, and of everything."""
    kind = elsewhere.FIGURES[name]
    if asked.as_of is not None:
        raise periods.wrong("as_of", _("This figure is of now only."))
    if asked.condition:
        raise periods.wrong("filter", _("This figure is of everything: it takes no filter."))
    if odd := [one for one in asked.by if one not in kind.splits]:
        known = ", ".join(kind.splits)
        raise periods.wrong(
            "by", _("This figure is not split by “%(name)s”. It is by: %(known)s.") % {"name": odd[0], "known": known}
        )
    split = [Dimension(asked=one, name=one, key=Sql(""), labels=lambda _keys: {}) for one in asked.by]
    lines = [Line(*row) for row in kind.rows(asked.first, asked.last, asked.by, by, at)]
    return Answer(name, asked, split, lines, at, is_behind=False, notes={})


def _figure(name: str, asked: Asked) -> Figure:
    kind = FIGURES.get(name)
    if kind is None:
        known = ", ".join((*NAMES, *elsewhere.FIGURES))
        message = _("There is no figure “%(name)s”. There are: %(known)s.") % {"name": name[:40], "known": known}
        raise Refused(message, Kind.NOT_FOUND, [{"field": "name", "message": message}], "unknown_figure")
    if asked.basis not in kind.bases:
        raise periods.wrong("basis", _("This figure has the cohort basis only."))
    if asked.by and not kind.splits:
        raise periods.wrong("by", _("This figure is not split."))
    return kind


def _dimensions(kind: Figure, snapshot: Snapshot, asked: Asked) -> list[Dimension]:
    of_leads = snapshot.manifest.leads.attributes
    if kind.over == "lead":
        return [dimensions.find(name, of_leads) for name in asked.by]
    return [
        dimensions.of_opportunities(name, snapshot.manifest.opportunities.attributes, of_leads) for name in asked.by
    ]


# The desk -------------------------------------------------------------------------------------------------------------


@contextmanager
def _desk(
    kind: Figure, snapshot: Snapshot, asked: Asked, split: Sequence[Dimension], *, by: Actor, at: datetime
) -> Iterator[Desk]:
    """A connection with the views `lead`, `opportunity`, `cost` and `shift`, and who is asked about."""
    node = _condition(asked.condition)
    with engine.connection() as duck:
        colleagues = _colleagues(split, by)
        _show(duck, snapshot, split, colleagues, with_lead=_needs_lead(kind, snapshot, split))
        seen = _seen(by, colleagues)
        chosen = {"lead": [seen], "opportunity": [seen]}
        if node is not None:
            duck.register("chosen", pa.table({"id": pa.array(_matching(node, at), pa.int64())}))
            chosen["lead"].append("id IN (SELECT id FROM chosen)")
            chosen["opportunity"].append("lead_id IN (SELECT id FROM chosen)")
        texts = {name: Sql(" AND ".join(filter(None, parts)) or "true") for name, parts in chosen.items()}
        counted = "true" if node is not None and fields_of(node) & {"class", "motion"} else COUNTED
        yield Desk(duck, snapshot, asked, split, texts, Sql(counted))


def _show(
    duck: duckdb.DuckDBPyConnection,
    snapshot: Snapshot,
    split: Sequence[Dimension],
    colleagues: Sequence[Colleague],
    *,
    with_lead: bool,
) -> None:
    columns = joins = ""
    if any(dimension.name in dimensions.OF_OWNER for dimension in split):
        duck.register("colleague", _colleague_table(colleagues))
        columns = ", colleague.manager_id AS owner_manager_id, colleague.team_id AS owner_team_id"
        columns += ", colleague.office AS owner_office"
        joins = " LEFT JOIN colleague ON colleague.colleague_id = row.owner_id"
    for name in ("lead", "opportunity"):
        extra, more = columns, joins
        if name == "opportunity" and with_lead:
            extra += _of_source_lead(snapshot)
            more += f" LEFT JOIN {snapshot.relation('lead')} AS source_lead ON source_lead.id = row.lead_id"
        duck.execute(f"CREATE TEMP VIEW {name} AS SELECT row.*{extra} FROM {snapshot.relation(name)} AS row{more}")
    for name in ("cost", "shift"):
        duck.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM {snapshot.relation(name)}")


def _needs_lead(kind: Figure, snapshot: Snapshot, split: Sequence[Dimension]) -> bool:
    """Whether an opportunity is split by something its source lead has."""
    own = snapshot.manifest.opportunities.attributes
    return kind.over == "opportunity" and any(
        dimension.name in dimensions.OF_SOURCE_LEAD
        or (dimension.name.startswith("attributes.") and f"a:{dimension.name[11:]}" not in own)
        for dimension in split
    )


def _of_source_lead(snapshot: Snapshot) -> str:
    tables = snapshot.manifest
    attributes = sorted(tables.leads.attributes - tables.opportunities.attributes)
    names = ("channel", "source", "source_folded", "campaign_id", "medium", "door", "route", "lead_class", "motion")
    return "".join(f", source_lead.{engine.identifier(name)}" for name in (*names, *attributes))


def _colleagues(split: Sequence[Dimension], by: Actor) -> Sequence[Colleague]:
    """Everybody with their manager, team and office, when they are asked about or bound what is seen."""
    if by.role != "manager" and not any(dimension.name in dimensions.OF_OWNER for dimension in split):
        return []
    return _everybody()


@asked_once
def _everybody() -> Sequence[Colleague]:
    rows = sql.fetch("SELECT id, manager_id, team_id, office FROM core_user ORDER BY id")
    return [(user_id, manager_id, team_id, office) for user_id, manager_id, team_id, office in rows]


def _colleague_table(colleagues: Sequence[Colleague]) -> pa.Table:
    names, kinds = ("colleague_id", "manager_id", "team_id", "office"), (pa.int64(),) * 3 + (pa.string(),)
    cells = list(zip(*colleagues, strict=True)) or [()] * 4
    return pa.table({name: pa.array(values, kind) for name, values, kind in zip(names, cells, kinds, strict=True)})


def _seen(by: Actor, colleagues: Sequence[Colleague]) -> str:
    """What this reader may see, as `core.access.lead_scope` says it: a manager's team and what has no owner."""
    if by.role != "manager":
        return ""
    own = [
        user_id
        for user_id, _manager, team_id, _office in colleagues
        if by.team_id is not None and team_id == by.team_id
    ]
    ids = ", ".join(str(user_id) for user_id in {*own, *((by.id,) if by.id is not None else ())})
    return f"(owner_id IS NULL OR owner_id IN ({ids}))" if ids else "owner_id IS NULL"


def _condition(text: str) -> Node | None:
    if not text:
        return None
    try:
        return parse(text, fields.REGISTRY)
    except ConditionError as error:
        message = explain_error(error, text, get_language() or settings.LANGUAGE_CODE)
        raise periods.wrong("filter", message) from error


def _matching(node: Node, at: datetime) -> list[int]:
    """The leads a condition holds for now."""
    found = compile_sql(node, fields.REGISTRY, at=at, vendor="postgresql" if sql.is_postgresql() else "sqlite")
    statement = f"SELECT lead.id FROM {fields.source(found.tables)} WHERE {found.text}"
    return [row[0] for row in sql.fetch(statement, found.params)]


# The answer -----------------------------------------------------------------------------------------------------------


def _computed(name: str, kind: Figure, desk: Desk, *, is_lasting: bool) -> tuple[dict[Key, Row], dict[str, int]]:
    """A figure's rows. The same question to the same state of the lake is worked out once."""
    split = tuple((dimension.name, dimension.asked) for dimension in desk.dimensions)
    colleagues = _printed(desk) if any(name in dimensions.OF_OWNER for name, _asked in split) else ""
    question = (
        desk.snapshot.key,
        name,
        desk.asked.first,
        desk.asked.last,
        desk.asked.basis,
        split,
        desk.chosen["lead"],
        colleagues,
    )
    with _lock:
        if is_lasting and question in _known:
            _known.move_to_end(question)
            return _known[question]
    kind.prepare(desk)
    found = kind.compute(desk), desk.notes
    if is_lasting:
        with _lock:
            _known[question] = found
            while len(_known) > _KEPT:
                _known.popitem(last=False)
    return found


def _printed(desk: Desk) -> str:
    return str(desk.duck.execute("SELECT hash(list(colleague ORDER BY colleague_id)) FROM colleague").fetchall())


def _lines(desk: Desk, rows: Mapping[Key, Row], over: str) -> list[Line]:
    called: list[Mapping[str, str]] = []
    for number, dimension in enumerate(desk.dimensions):
        column = dimensions.folded_column(dimension)
        keys = {text for key in rows if (text := key[number]) is not None}
        called.append(_spellings(desk, column, over) if column else dimension.labels(sorted(keys)))
    found = []
    for key, values in rows.items():
        shown = [None if text is None else names.get(text, text) for text, names in zip(key, called, strict=False)]
        found.append(Line(key, tuple(shown), values))
    return found


def _spellings(desk: Desk, column: str, table: str) -> Mapping[str, str]:
    """Folded text → the spelling most often met in the whole workspace; the first of the alphabet among equals."""
    counted = f"SELECT {column}_folded AS folded, {column} AS spelt, count(*) AS cases FROM {table} GROUP BY ALL"
    ranked = f"SELECT *, rank() OVER (ORDER BY spelt) AS place FROM ({counted})"
    best = f"SELECT folded, arg_max(spelt, (cases, -place)) FROM ({ranked}) GROUP BY folded"
    return dict(desk.duck.execute(best).fetchall())


def _order(split: Sequence[Dimension], line: Line, main: str) -> tuple[Any, ...]:
    """Times first to last; among equals the largest first, then by name; what has no value comes last."""
    if not split:
        return ()
    times = [text or "~" for dimension, text in zip(split, line.keys, strict=True) if dimension.is_time]
    size = line.values.get(main)
    names = [(text is None, text or "") for text in line.shown]
    return *times, -float(size if size is not None else -1), *names


# The rows behind a number ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Behind:
    """The rows a number counts, newest id first. of: lead, opportunity or cost. total: how many there are.

    after: the id to go on from; None on the last page. split: the dimensions, each with its key and how it is called.
    """

    of: str
    ids: Sequence[int]
    total: int
    after: int | None
    as_of: datetime
    split: Sequence[tuple[Dimension, str | None, str | None]]


def rows_behind(
    name: str,
    asked: Asked,
    column: str,
    keys: Key,
    *,
    by: Actor,
    at: datetime,
    after: int | None = None,
    limit: int = PAGE,
) -> Behind:
    """The leads, opportunities or costs that `column` counts in the row with these keys. Needs `kpi.see`.

    Raises Refused when the figure has no such column, or the keys do not fit what it is split by.
    """
    by.require("kpi.see")
    kind = _figure(name, asked)
    cell = kind.cells.get(column)
    if cell is None or len(keys) != len(asked.by):
        raise periods.wrong("cell", _("This number has no list of rows."))
    of = reading(asked.as_of, at=at)
    split = _dimensions(kind, of.snapshot, asked)
    with _desk(kind, of.snapshot, asked, split, by=by, at=at) as desk:
        kind.prepare(desk)
        called = _lines(desk, {keys: {}}, kind.over)[0].shown
        total, ids = _ids(desk, cell, keys, after, limit + 1)
    shown = list(zip(split, keys, called, strict=True))
    more = ids[limit - 1] if len(ids) > limit else None
    return Behind(cell.of, ids[:limit], total, more, of.snapshot.as_of, shown)


def _ids(desk: Desk, cell: Cell, keys: Key, after: int | None, limit: int) -> tuple[int, list[int]]:
    tests = [f"coalesce({cell.test}, false)"]
    tests += [f"k{number} IS NOT DISTINCT FROM {engine.literal(key)}" for number, key in enumerate(keys)]
    chosen = f"SELECT DISTINCT id FROM {cell.view} WHERE {' AND '.join(tests)}"
    total = desk.duck.execute(f"SELECT count(*) FROM ({chosen})").fetchall()[0][0]
    older = f" WHERE id < {after:d}" if after is not None else ""
    found = desk.duck.execute(f"SELECT id FROM ({chosen}){older} ORDER BY id DESC LIMIT {limit:d}").fetchall()
    return total, [row[0] for row in found]
