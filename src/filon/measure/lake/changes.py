"""What the ledger has told since a position: the leads and opportunities whose measure rows are no longer true."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

import orjson

from filon.kit import sql
from filon.leads import events
from filon.measure.lake.sources import ACTS

MANY: Final = 50_000
"""Facts since the position beyond which nobody looks at them one by one."""

_WINDOW: Final = 100_000  # ids below the position in which a slower writer's facts may still turn up
_SILENT: Final = frozenset(
    {
        events.PageViewed.kind,
        events.EmailOpened.kind,
        events.EmailClicked.kind,
        events.NoteWritten.kind,
        events.Bounced.kind,
        events.Unsubscribed.kind,
        "import_finished",
    }
)  # kinds no figure counts, unless they bear a campaign
_OF_THE_HOUSE: Final = frozenset({"cost_recorded", "calendar_changed", "import_undone"})


@dataclass(slots=True)
class Position:
    """Where the ledger stands: its last fact, what marks it, when it was learnt, and the gaps below it.

    undone: how many imports have been taken back to the end; their rows go after the fact that tells it.
    """

    id: int
    mark: str
    learnt_at: datetime | None
    gaps: Sequence[tuple[int, int]] = ()
    undone: int = 0


@dataclass(slots=True)
class Changes:
    """What is no longer true of a lake. facts: how many were told since. everything: nothing of it can be trusted."""

    position: Position
    facts: int = 0
    leads: set[int] = field(default_factory=set)
    opportunities: set[int] = field(default_factory=set)
    has_costs: bool = False
    everything: bool = False

    @property
    def keys(self) -> int:
        """How many rows have to be read again."""
        return len(self.leads) + len(self.opportunities)

    @property
    def is_news(self) -> bool:
        """Whether any figure may have changed."""
        return bool(self.keys or self.has_costs or self.everything)


_MARK: Final = "fact.kind, fact.lead_id, fact.person_id, fact.opportunity_id, fact.at, fact.learnt_at, fact.source"
_PAYLOAD: Final = "CAST(fact.payload AS TEXT)"
_UNDONE: Final = "(SELECT COUNT(*) FROM capture_import WHERE undone_at IS NOT NULL AND state = 'undone')"
_LATELY: Final = 10_000  # facts among which the one learnt last is


def position() -> Position:
    """Where the ledger stands now. One statement, two on PostgreSQL."""
    found = sql.fetch(
        f"SELECT last.id, {_UNDONE}, (SELECT MAX(learnt_at) FROM core_fact WHERE id > last.id - {_LATELY}), "
        f"{_MARK}, {_PAYLOAD} FROM (SELECT COALESCE(MAX(id), 0) AS id FROM core_fact) AS last "
        "LEFT JOIN core_fact fact ON fact.id = last.id"
    )
    last, undone, learnt_at, *told = found[0]
    return Position(last, _mark(told) if last else "", sql.as_utc(learnt_at), _gaps(last), undone)


def mark_of(fact_id: int) -> str:
    """What the fact with this id says, in short; empty when there is none."""
    found = sql.fetch(f"SELECT {_MARK}, {_PAYLOAD} FROM core_fact fact WHERE fact.id = %s", [fact_id])
    return _mark(found[0]) if found else ""


def _mark(told: Sequence[Any]) -> str:
    """The cells of `_MARK` and the payload, in short."""
    kind, lead_id, person_id, opportunity_id, at, learnt_at, *texts = told
    values = (kind, lead_id, person_id, opportunity_id, sql.as_utc(at), sql.as_utc(learnt_at), *texts)
    return hashlib.blake2b(repr(values).encode(), digest_size=16).hexdigest()


def _gaps(last: int) -> list[tuple[int, int]]:
    """Ids not there yet below the last one. Only PostgreSQL's writers overtake each other."""
    if not sql.is_postgresql():
        return []
    rows = sql.fetch(
        "SELECT before + 1, id - 1 FROM (SELECT id, lag(id) OVER (ORDER BY id) AS before FROM core_fact "
        "WHERE id > %s AND id <= %s) AS seen WHERE id > before + 1",
        [last - _WINDOW, last],
    )
    return [(first, until) for first, until in rows]


def since(known: Position) -> Changes:
    """What has changed since the ledger stood at `known`. One statement, and one for each kind of thing that facts name
    instead of leads and opportunities, however many facts.

    The new position is that of the facts read, so that one told meanwhile is read the next time.
    """
    rows = _told(known)
    marks = {row.id: row.mark for row in rows if row.mark}
    undone = rows[0].undone if rows else known.undone
    if marks.get(known.id, "") != known.mark or undone != known.undone:
        return Changes(position(), everything=True)
    news = [row for row in rows if row.id != known.id]
    if not news:
        return Changes(known)
    if len(news) > MANY:
        return Changes(position(), facts=len(news), everything=True)
    found = Changes(_moved(known, news, marks), facts=len(news))
    _sort(news, found)
    return found


class _Told(NamedTuple):
    """A fact as `since` reads it. mark: of the first and the last one only."""

    id: int
    kind: str
    lead_id: int | None
    person_id: int | None
    company_id: int | None
    opportunity_id: int | None
    campaign_id: int | None
    revokes_id: int | None
    learnt_at: datetime | None
    undone: int
    mark: str


def _told(known: Position) -> list[_Told]:
    """The fact the ledger stood at and those told since, also those that came late, by id."""
    columns = (
        f"fact.id, fact.company_id, fact.campaign_id, fact.revokes_id, {_UNDONE}, {_MARK}, "
        f"CASE WHEN fact.id = %s OR fact.id = (SELECT MAX(id) FROM core_fact) THEN {_PAYLOAD} END"
    )
    statement = f"SELECT {columns} FROM core_fact fact WHERE fact.id >= %s ORDER BY fact.id LIMIT {MANY + 2}"
    params: list[Any] = [known.id, known.id]
    if known.gaps:
        gaps, first, until = _each_gap()
        late = f"SELECT {columns} FROM {gaps} JOIN core_fact fact ON fact.id BETWEEN {first} AND {until}"
        statement = f"SELECT * FROM ({statement}) AS next UNION ALL {late} ORDER BY 1"
        params += [known.id, orjson.dumps(known.gaps).decode()]
    return [_as_told(*cells) for cells in sql.fetch(statement, params)]


def _each_gap() -> tuple[str, str, str]:
    """The pairs of a JSON parameter as a FROM item, and the two ends of each."""
    if sql.is_postgresql():
        return (
            "jsonb_array_elements(%s::jsonb) AS gap(ends)",
            "(gap.ends ->> 0)::bigint",
            "(gap.ends ->> 1)::bigint",
        )
    return "json_each(%s) AS gap", "json_extract(gap.value, '$[0]')", "json_extract(gap.value, '$[1]')"


def _as_told(fact_id: int, company_id: Any, campaign_id: Any, revokes_id: Any, undone: int, *told: Any) -> _Told:
    kind, lead_id, person_id, opportunity_id, _at, learnt_at, _source, payload = told
    mark = "" if payload is None else _mark(told)
    ids = (lead_id, person_id, company_id, opportunity_id, campaign_id, revokes_id)
    return _Told(fact_id, kind, *ids, sql.as_utc(learnt_at), undone, mark)


def _moved(known: Position, news: Sequence[_Told], marks: Mapping[int, str]) -> Position:
    """Where the ledger stands with these facts."""
    last = max(known.id, news[-1].id)
    learnt_at = max((row.learnt_at for row in news if row.learnt_at is not None), default=None)
    if known.learnt_at is not None:
        learnt_at = max(learnt_at or known.learnt_at, known.learnt_at)
    return Position(last, marks[last], learnt_at, _gaps_left(known, news, last), known.undone)


def _gaps_left(known: Position, news: Sequence[_Told], last: int) -> list[tuple[int, int]]:
    """Ids not there yet below the last one, as `_gaps` finds them, without asking again."""
    if not sql.is_postgresql():
        return []
    ids = [row.id for row in news]
    found: list[tuple[int, int]] = []
    for first, until in [*known.gaps, (known.id + 1, last)]:
        come = ids[bisect_left(ids, first) : bisect_right(ids, until)]
        for before, after in pairwise([first - 1, *come, until + 1]):
            if after > before + 1:
                found.append((before + 1, after - 1))
    return [(first, until) for first, until in found if until > last - _WINDOW]


@dataclass(slots=True)
class _Indirect:
    """What facts name that are neither leads nor opportunities, yet change some."""

    people: set[int] = field(default_factory=set)
    companies: set[int] = field(default_factory=set)
    revoked: set[int] = field(default_factory=set)
    undone: set[int] = field(default_factory=set)


def _sort(rows: Iterable[_Told], found: Changes) -> None:
    indirect = _Indirect()
    for row in rows:
        _sort_one(row, found, indirect)
    _add(found, "id", indirect.revoked)
    _add_undone(found, indirect.undone)
    for column, ids in (("person_id", indirect.people), ("company_id", indirect.companies)):
        found.leads |= _ids("leads_lead", column, ids)
    found.opportunities |= _ids("deals_opportunity", "company_id", indirect.companies)


def _sort_one(row: _Told, found: Changes, indirect: _Indirect) -> None:
    if row.revokes_id is not None:
        indirect.revoked.add(row.revokes_id)
    if row.kind in _OF_THE_HOUSE:
        found.has_costs |= row.kind == "cost_recorded"
        found.everything |= row.kind == "calendar_changed"
        if row.kind == "import_undone":
            indirect.undone.add(row.id)
    elif row.opportunity_id is not None:
        found.opportunities.add(row.opportunity_id)
        found.leads.update(() if row.lead_id is None else (row.lead_id,))
    elif row.kind in _SILENT and row.campaign_id is None:
        return
    elif row.lead_id is not None:
        found.leads.add(row.lead_id)
    elif row.person_id is not None and row.kind in ACTS:
        indirect.people.add(row.person_id)
    elif row.company_id is not None:
        indirect.companies.add(row.company_id)


def _add_undone(found: Changes, facts: set[int]) -> None:
    """The leads and opportunities of whole imports that were taken back by these facts."""
    if not facts:
        return
    where, params = sql.any_of("id", sorted(facts))
    payloads = [sql.as_json(row[0]) for row in sql.fetch(f"SELECT payload FROM core_fact WHERE {where}", params)]
    _add(found, "import_id", {payload["imported_id"] for payload in payloads})
    found.has_costs = True


def _add(found: Changes, column: str, ids: set[int]) -> None:
    """The leads and opportunities of the facts with these ids in `column`."""
    if not ids:
        return
    where, params = sql.any_of(column, sorted(ids))
    rows = sql.fetch(f"SELECT DISTINCT lead_id, opportunity_id FROM core_fact WHERE {where} LIMIT {MANY + 1}", params)
    found.everything |= len(rows) > MANY
    found.leads |= {lead for lead, _ in rows if lead is not None}
    found.opportunities |= {opportunity for _, opportunity in rows if opportunity is not None}


def _ids(table: str, column: str, ids: set[int]) -> set[int]:
    if not ids:
        return set()
    where, params = sql.any_of(column, sorted(ids))
    return {row[0] for row in sql.fetch(f"SELECT id FROM {table} WHERE {where}", params)}
