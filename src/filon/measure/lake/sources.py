"""From the database to the lake: rows and facts read in parts, made measure rows by a named SQL, kept as Parquet.

Reading is by plain cursors in batches, so memory holds one part at a time; DuckDB never opens the database itself (a
second SQLite library in one process breaks the file locks of the first).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import orjson
import pyarrow as pa
from django.conf import settings
from django.db import connection

from filon.kit import sql
from filon.kit.text import fold
from filon.leads import events, rules
from filon.measure import engine
from filon.measure.rules import spread

PART: Final = 50_000
"""Leads (or opportunities) in one Parquet file: those whose id divided by this is the same."""

_FETCH: Final = 10_000
_READ: Final = 25_000  # ids a statement, so that a driver that reads whole answers stays small
_ATTRIBUTES: Final = 1_000
_CALENDAR_BEGINS: Final = datetime(2000, 1, 1, tzinfo=UTC)

Shifts = Callable[[datetime, datetime], Mapping[int | None, Iterable[tuple[datetime, datetime]]]]
_shifts: Shifts | None = None


def connect(shifts: Shifts) -> None:
    """Set who knows the working hours: (from, to) → shifts by team, None for everybody else. Called once at start."""
    global _shifts  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _shifts = shifts


@dataclass(frozen=True, slots=True)
class Cut:
    """What of the ledger counts: facts up to `position`, and for a past time those learnt and happened until then."""

    position: int
    until: datetime | None = None

    def where(self) -> tuple[str, list[Any]]:
        """The condition on the alias `fact`, with revoked facts left out."""
        text = "fact.id <= %s AND NOT fact.is_machine"
        params: list[Any] = [self.position]
        revoked = "SELECT 1 FROM core_fact r WHERE r.revokes_id = fact.id AND r.id <= %s"
        inner: list[Any] = [self.position]
        undone = "SELECT 1 FROM capture_import i WHERE i.id = fact.import_id AND i.undone_at IS NOT NULL"
        if self.until is not None:
            moment = connection.ops.adapt_datetimefield_value(self.until)
            text += " AND fact.learnt_at <= %s AND fact.at <= %s"
            params += [moment, moment]
            revoked += " AND r.learnt_at <= %s"
            inner.append(moment)
            undone += " AND i.undone_at <= %s"
        params += inner
        text += f" AND NOT EXISTS ({revoked}) AND (fact.import_id IS NULL OR NOT EXISTS ({undone}))"
        if self.until is not None:
            params.append(connection.ops.adapt_datetimefield_value(self.until))
        return text, params


Where = tuple[str, list[Any]]
"""A condition on an id column written `{id}`, with its parameters."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Rows that stand beside the parts: `ids` are read again (those that are gone leave a tombstone), and the rows of
    the file `older` stay as they are."""

    ids: Iterable[int]
    older: Path | None = None


def id_range(start: int, end: int) -> list[Where]:
    """The ids in [start, end), as conditions over few enough rows each."""
    steps = range(start, end, _READ)
    return [("{id} >= %s AND {id} < %s", [low, min(low + _READ, end)]) for low in steps]


def id_list(ids: Iterable[int]) -> list[Where]:
    """These ids, as conditions over few enough rows each."""
    return [sql.any_of("{id}", part) for part in sql.in_parts(sorted(ids), _READ)]


# Reading --------------------------------------------------------------------------------------------------------------

_INT, _TEXT = pa.int64(), pa.string()
_LEAD: Final[Mapping[str, tuple[str, pa.DataType]]] = {
    "id": ("lead.id", _INT),
    "person_id": ("lead.person_id", _INT),
    "company_id": ("lead.company_id", _INT),
    "owner_id": ("lead.owner_id", _INT),
    "campaign_id": ("lead.campaign_id", _INT),
    "team_id": ("owner.team_id", _INT),
    "channel": ("lead.channel", _TEXT),
    "source": ("lead.source", _TEXT),
    "source_folded": ("lead.source_folded", _TEXT),
    "medium": ("lead.medium", _TEXT),
    "door": ("lead.door", _TEXT),
    "route": ("lead.route", _TEXT),
    "lead_class": ("lead.lead_class", _TEXT),
    "motion": ("lead.motion", _TEXT),
    "product_line": ("lead.product_line", _TEXT),
    "sector": ("company.sector", _TEXT),
    "sector_folded": ("company.sector_folded", _TEXT),
    "country": ("company.country", _TEXT),
    "country_folded": ("company.country_folded", _TEXT),
    "is_history": ("CAST(lead.is_history AS INTEGER)", _INT),
    "is_captured_at_known": ("CAST(lead.is_captured_at_known AS INTEGER)", _INT),
    "captured_at": ("{moment:lead.captured_at}", _TEXT),
    "attributes": ("CAST(lead.attributes AS TEXT)", _TEXT),
}
_FACT: Final[Mapping[str, tuple[str, pa.DataType]]] = {
    "id": ("fact.id", _INT),
    "lead_id": ("{subject}", _INT),
    "opportunity_id": ("fact.opportunity_id", _INT),
    "kind": ("fact.kind", _TEXT),
    "at": ("{moment:fact.at}", _TEXT),
    "import_id": ("fact.import_id", _INT),
    "channel": ("fact.channel", _TEXT),
    "campaign_id": ("fact.campaign_id", _INT),
    "value": ("CAST(fact.value AS TEXT)", _TEXT),
    "payload": ("CAST(fact.payload AS TEXT)", _TEXT),
}
_OPPORTUNITY: Final[Mapping[str, tuple[str, pa.DataType]]] = {
    "id": ("opportunity.id", _INT),
    "lead_id": ("opportunity.lead_id", _INT),
    "company_id": ("opportunity.company_id", _INT),
    "owner_id": ("opportunity.owner_id", _INT),
    "product_id": ("opportunity.product_id", _INT),
    "pipeline_id": ("opportunity.pipeline_id", _INT),
    "stage_id": ("opportunity.stage_id", _INT),
    "sector": ("company.sector", _TEXT),
    "sector_folded": ("company.sector_folded", _TEXT),
    "country": ("company.country", _TEXT),
    "country_folded": ("company.country_folded", _TEXT),
    "currency": ("opportunity.currency", _TEXT),
    "amount": ("CAST(opportunity.amount AS TEXT)", _TEXT),
    "close_date": ("CAST(opportunity.close_date AS TEXT)", _TEXT),
    "is_created_at_known": ("CAST(opportunity.is_created_at_known AS INTEGER)", _INT),
    "created_at": ("{moment:opportunity.created_at}", _TEXT),
    "won_at": ("{moment:opportunity.won_at}", _TEXT),
    "lost_at": ("{moment:opportunity.lost_at}", _TEXT),
    "captured_at": ("{moment:lead.captured_at}", _TEXT),
    "attributes": ("CAST(opportunity.attributes AS TEXT)", _TEXT),
}
_LEADS_FROM: Final = (
    "leads_lead AS lead LEFT JOIN leads_company AS company ON company.id = lead.company_id "
    "LEFT JOIN core_user AS owner ON owner.id = lead.owner_id"
)
_OPPORTUNITIES_FROM: Final = (
    "deals_opportunity AS opportunity LEFT JOIN leads_company AS company ON company.id = opportunity.company_id "
    "LEFT JOIN leads_lead AS lead ON lead.id = opportunity.lead_id"
)
# Whose act is one that names the person only: the journey under way at that moment, else the person's first.
_LEAD_OF_PERSON: Final = (
    "(SELECT l.id FROM leads_lead AS l WHERE l.person_id = fact.person_id "
    "ORDER BY CASE WHEN l.captured_at <= fact.at THEN 0 ELSE 1 END, "
    "CASE WHEN l.captured_at <= fact.at THEN l.captured_at END DESC, l.captured_at, l.id LIMIT 1)"
)
_OF_PERSONS: Final = (
    "fact.lead_id IS NULL AND fact.person_id IN (SELECT lead.person_id FROM leads_lead AS lead WHERE {where})"
)

TOUCHES: Final = (
    "submitted",
    *(
        act.kind
        for act in (
            events.FormSubmitted,
            events.DemoRequested,
            events.ContentDownloaded,
            events.WebinarAttended,
            events.EventAttended,
            events.ChatStarted,
            events.InboundCall,
            events.Replied,
            events.MeetingHeld,
            events.EmailClicked,
        )
    ),
)
"""Voluntary human acts of the person that bear a channel; a page view counts too when it came by a campaign."""

RESPONSES: Final = tuple(sorted({*events.OUTREACH, events.InboundCall.kind, events.MeetingHeld.kind}))
"""Acts of ours toward the person, and those in which one of us took part: each stops the wait for a first response."""

ACTS: Final = tuple(sorted({*TOUCHES, events.PageViewed.kind, *events.OUTREACH, *events.EXCHANGES}))
JOURNEY: Final = (
    "lead_captured",
    "stage_changed",
    "lead_routed",
    "sql_accepted",
    "sql_refused",
    "promise_made",
    "promise_met",
    "promise_cancelled",
)
"""Kinds of fact that a measure row is made of, beside the acts."""


def _select(columns: Mapping[str, tuple[str, pa.DataType]], **names: str) -> str:
    texts = [f"{_expression(text, names)} AS {name}" for name, (text, _) in columns.items()]
    return ", ".join(texts)


def _expression(text: str, names: Mapping[str, str]) -> str:
    """An SQL expression; `{moment:x}` is a time as UTC text, the one writing both databases and Arrow agree on."""
    if text.startswith("{moment:"):
        column = text[len("{moment:") : -1]
        zoned = f"{column} AT TIME ZONE 'UTC'" if sql.is_postgresql() else column
        return f"CAST({zoned} AS TEXT)"
    return text.format(**names) if text.startswith("{") else text


def _read(
    statement: str, params: Sequence[Any], columns: Mapping[str, tuple[str, pa.DataType]]
) -> Iterator[pa.RecordBatch]:
    """The rows of a SELECT as Arrow batches."""
    schema = pa.schema([(name, kind) for name, (_, kind) in columns.items()])
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        while rows := cursor.fetchmany(_FETCH):
            arrays = [pa.array(cells, field.type) for cells, field in zip(zip(*rows, strict=True), schema, strict=True)]
            yield pa.record_batch(arrays, schema=schema)


def _table(statements: Iterable[tuple[str, Sequence[Any]]], columns: Mapping[str, tuple[str, pa.DataType]]) -> pa.Table:
    schema = pa.schema([(name, kind) for name, (_, kind) in columns.items()])
    batches = [batch for text, params in statements for batch in _read(text, params, columns)]
    return pa.Table.from_batches(batches, schema=schema)


def _of_kinds(kinds: Iterable[str]) -> str:
    """Facts of these kinds; a page view only when it came by a campaign, since there are very many."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return f"fact.kind IN ({listed}) AND (fact.kind <> 'page_viewed' OR fact.campaign_id IS NOT NULL)"


def _facts_of_leads(where: Sequence[Where], cut: Cut) -> pa.Table:
    """What the ledger tells of these leads: facts that name them, and acts that name their person only."""
    live, live_params = cut.where()
    statements: list[tuple[str, Sequence[Any]]] = []
    for text, params in where:
        own = f"{text.format(id='fact.lead_id')} AND {_of_kinds((*JOURNEY, *ACTS))} AND {live}"
        of_lead = f"SELECT {_select(_FACT, subject='fact.lead_id')} FROM core_fact AS fact WHERE {own}"
        persons = _OF_PERSONS.format(where=text.format(id="lead.id"))
        acts = f"{persons} AND {_of_kinds(ACTS)} AND {live}"
        of_person = f"SELECT {_select(_FACT, subject=_LEAD_OF_PERSON)} FROM core_fact AS fact WHERE {acts}"
        statements.append((f"{of_lead} UNION ALL {of_person}", [*params, *live_params, *params, *live_params]))
    return _table(statements, _FACT)


def _facts_of_opportunities(where: Sequence[Where], cut: Cut) -> pa.Table:
    if cut.until is None:
        return _table([], _FACT)  # the rows say it all
    live, live_params = cut.where()
    statements = [
        (
            f"SELECT {_select(_FACT, subject='fact.lead_id')} FROM core_fact AS fact "
            f"WHERE {text.format(id='fact.opportunity_id')} AND {live}",
            [*params, *live_params],
        )
        for text, params in where
    ]
    return _table(statements, _FACT)


# Attributes -----------------------------------------------------------------------------------------------------------


def attribute_column(name: str) -> str:
    """The lake's column of an attribute, by its name in any writing."""
    return f"a:{fold(name)}"


def _widen(table: pa.Table) -> tuple[pa.Table, set[str]]:
    """The custom attributes of `table` as a column each, by folded name; of very many names the rarest stay away."""
    texts = table.column("attributes").to_pylist()
    rows: list[dict[str, Any]] = [orjson.loads(text) if text and text != "{}" else {} for text in texts]
    counts: dict[str, int] = {}
    for row in rows:
        for name in row:
            counts[name] = counts.get(name, 0) + 1
    spellings: dict[str, list[str]] = {}
    for name in sorted(counts, key=lambda name: (-counts[name], name))[:_ATTRIBUTES]:
        spellings.setdefault(attribute_column(name), []).append(name)
    columns = {
        column: pa.array([_as_text(next((row[n] for n in names if n in row), None)) for row in rows], _TEXT)
        for column, names in spellings.items()
    }
    return pa.table({"id": table.column("id"), **columns}), set(columns)


def _as_text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


# Working hours --------------------------------------------------------------------------------------------------------


def _shift_table(until: datetime) -> pa.Table:
    """Every shift since the calendar began, by calendar (0 is everybody's), with the seconds worked before it."""
    rows: list[tuple[int, datetime, datetime, int]] = []
    for team_id, shifts in (_shifts(_CALENDAR_BEGINS, until) if _shifts else {}).items():
        worked = 0
        for start, end in shifts:
            rows.append((team_id or 0, engine.naive(start), engine.naive(end), worked))
            worked += int((end - start).total_seconds())
    names = ("calendar", "start_at", "end_at", "before")
    kinds = (_INT, pa.timestamp("us"), pa.timestamp("us"), _INT)
    cells = zip(*rows, strict=True) if rows else ([], [], [], [])
    arrays = [pa.array(values, kind) for values, kind in zip(cells, kinds, strict=True)]
    return pa.table(dict(zip(names, arrays, strict=True)))


# Writing --------------------------------------------------------------------------------------------------------------


def write_leads(path: Path, where: Sequence[Where], cut: Cut, shifts: Path, beside: Beside | None = None) -> set[str]:
    """Write the measure rows of these leads; the attributes met."""
    created = _created_until("lead.created_at", cut)
    statements = [
        (
            f"SELECT {_select(_LEAD)} FROM {_LEADS_FROM} WHERE {text.format(id='lead.id')}{created[0]}",
            [*params, *created[1]],
        )
        for text, params in where
    ]
    rows = _table(statements, _LEAD)
    with engine.connection() as duck:
        duck.execute(f"CREATE TEMP VIEW shift AS SELECT * FROM read_parquet({engine.literal(str(shifts))})")
        duck.register("given", rows.drop_columns(["attributes"]))
        duck.execute(
            "CREATE TEMP VIEW row AS SELECT given.*, coalesce(own.calendar, 0) AS calendar FROM given "
            "LEFT JOIN (SELECT DISTINCT calendar FROM shift) AS own ON own.calendar = given.team_id"
        )
        duck.register("fact", _facts_of_leads(where, cut))
        statement = engine.statement(
            "lead",
            "build",
            zone=settings.TIME_ZONE,
            stages=rules.STAGES,
            exits=rules.EXITS,
            touches=TOUCHES,
            responses=RESPONSES,
            exchanges=sorted(events.EXCHANGES),
            spoken=sorted(events.SPOKEN),
        )
        return _write(duck, path, statement, rows, beside)


def write_opportunities(path: Path, where: Sequence[Where], cut: Cut, beside: Beside | None = None) -> set[str]:
    """Write the measure rows of these opportunities; the attributes met."""
    statements = [
        (f"SELECT {_select(_OPPORTUNITY)} FROM {_OPPORTUNITIES_FROM} WHERE {text.format(id='opportunity.id')}", params)
        for text, params in where
    ]
    rows = _table(statements, _OPPORTUNITY)
    with engine.connection() as duck:
        duck.register("row", rows.drop_columns(["attributes"]))
        duck.register("fact", _facts_of_opportunities(where, cut))
        statement = engine.statement("opportunity", "build", zone=settings.TIME_ZONE, is_past=cut.until is not None)
        return _write(duck, path, statement, rows, beside)


def _created_until(column: str, cut: Cut) -> Where:
    if cut.until is None:
        return "", []
    return f" AND {column} <= %s", [connection.ops.adapt_datetimefield_value(cut.until)]


def _write(
    duck: duckdb.DuckDBPyConnection, path: Path, statement: str, rows: pa.Table, beside: Beside | None
) -> set[str]:
    wide, attributes = _widen(rows)
    duck.register("wide", wide)
    parts = [f"SELECT made.*, wide.* EXCLUDE (id), false AS is_gone FROM ({statement}) AS made JOIN wide USING (id)"]
    if beside is not None:
        missing = sorted(set(beside.ids) - set(rows.column("id").to_pylist()))
        duck.register("missing", pa.table({"id": pa.array(missing, _INT)}))
        parts.append("SELECT id, true AS is_gone FROM missing")
        if beside.older is not None:
            duck.register("asked", pa.table({"id": pa.array(sorted(beside.ids), _INT)}))
            parts.append(f"SELECT * FROM read_parquet({engine.literal(str(beside.older))}) ANTI JOIN asked USING (id)")
    _copy(duck, " UNION ALL BY NAME ".join(parts), path)
    return attributes


def keep_only(path: Path, source: Path, ids: Iterable[int]) -> None:
    """Write the rows of a file that have these ids."""
    with engine.connection() as duck:
        duck.register("kept", pa.table({"id": pa.array(sorted(ids), _INT)}))
        _copy(duck, f"SELECT * FROM read_parquet({engine.literal(str(source))}) SEMI JOIN kept USING (id)", path)


def write_shifts(path: Path, until: datetime) -> None:
    """Write the working hours of every team until a moment."""
    with engine.connection() as duck:
        duck.register("shifts", _shift_table(until))
        _copy(duck, "SELECT * FROM shifts ORDER BY calendar, start_at", path)


def write_costs(path: Path, cut: Cut) -> None:
    """Write what was spent, spread evenly over the days of each cost, to the cent."""
    created = _created_until("created_at", cut)
    columns: dict[str, list[Any]] = {"day": [], "channel": [], "campaign_id": [], "kind": [], "currency": []}
    amounts: list[Decimal] = []
    ids: list[int] = []
    for row in sql.fetch(
        "SELECT id, CAST(date_from AS TEXT), CAST(date_to AS TEXT), channel, campaign_id, kind, currency, "
        f"CAST(amount AS TEXT) FROM capture_cost WHERE 1 = 1{created[0]} ORDER BY id",
        created[1],
    ):
        cost_id, first, last, *rest, amount = row
        start, days = date.fromisoformat(first), (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
        for offset, part in enumerate(spread(Decimal(amount), days)):
            ids.append(cost_id)
            columns["day"].append(start + timedelta(days=offset))
            for name, value in zip(("channel", "campaign_id", "kind", "currency"), rest, strict=True):
                columns[name].append(value)
            amounts.append(part)
    kinds = {"day": pa.date32(), "channel": _TEXT, "campaign_id": _INT, "kind": _TEXT, "currency": _TEXT}
    table = pa.table(
        {
            "id": pa.array(ids, _INT),
            **{name: pa.array(columns[name], kind) for name, kind in kinds.items()},
            "amount": pa.array(amounts, pa.decimal128(18, 2)),
        }
    )
    with engine.connection() as duck:
        duck.register("costs", table)
        _copy(duck, "SELECT * FROM costs", path)


def _copy(duck: duckdb.DuckDBPyConnection, statement: str, path: Path) -> None:
    """Write a SELECT as a Parquet file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.tmp")
    duck.execute(f"COPY ({statement}) TO {engine.literal(str(unfinished))} (FORMAT parquet, COMPRESSION zstd)")
    unfinished.replace(path)
