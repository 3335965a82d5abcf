"""What the ledger has told since a position: the leads and opportunities whose measure rows are no longer true."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

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
_COLUMNS: Final = "id, kind, lead_id, person_id, company_id, opportunity_id, campaign_id, revokes_id, learnt_at"


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


def position() -> Position:
    """Where the ledger stands now. Four statements, five on PostgreSQL."""
    found = sql.fetch("SELECT COALESCE(MAX(id), 0) FROM core_fact")
    last = int(found[0][0])
    learnt = sql.fetch("SELECT MAX(learnt_at) FROM core_fact WHERE id > %s AND id <= %s", [last - 10_000, last])
    return Position(last, mark_of(last), sql.as_utc(learnt[0][0]), _gaps(last), _undone())


def _undone() -> int:
    return int(sql.fetch("SELECT COUNT(*) FROM capture_import WHERE undone_at IS NOT NULL AND state = 'undone'")[0][0])


def mark_of(fact_id: int) -> str:
    """What the fact with this id says, in short; empty when there is none."""
    found = sql.fetch(
        "SELECT kind, lead_id, person_id, opportunity_id, at, learnt_at, source, CAST(payload AS TEXT) "
        "FROM core_fact WHERE id = %s",
        [fact_id],
    )
    if not found:
        return ""
    kind, lead_id, person_id, opportunity_id, at, learnt_at, *texts = found[0]
    told = (kind, lead_id, person_id, opportunity_id, sql.as_utc(at), sql.as_utc(learnt_at), *texts)
    return hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest()


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
    """What has changed since the ledger stood at `known`. A constant number of statements, however many facts."""
    if mark_of(known.id) != known.mark or _undone() != known.undone:
        return Changes(position(), everything=True)
    rows = sql.fetch(
        f"SELECT {_COLUMNS} FROM core_fact WHERE id > %s ORDER BY id LIMIT {MANY + 1}",
        [known.id],
    )
    for first, until in known.gaps:
        rows += sql.fetch(f"SELECT {_COLUMNS} FROM core_fact WHERE id BETWEEN %s AND %s", [first, until])
    if not rows:
        return Changes(known)
    found = Changes(position(), facts=len(rows))
    if len(rows) > MANY:
        found.everything = True
        return found
    _sort(rows, found)
    return found


@dataclass(slots=True)
class _Indirect:
    """What facts name that are neither leads nor opportunities, yet change some."""

    people: set[int] = field(default_factory=set)
    companies: set[int] = field(default_factory=set)
    revoked: set[int] = field(default_factory=set)
    undone: set[int] = field(default_factory=set)


def _sort(rows: Iterable[tuple[Any, ...]], found: Changes) -> None:
    indirect = _Indirect()
    for row in rows:
        _sort_one(row, found, indirect)
    _add(found, "id", indirect.revoked)
    _add_undone(found, indirect.undone)
    for column, ids in (("person_id", indirect.people), ("company_id", indirect.companies)):
        found.leads |= _ids("leads_lead", column, ids)
    found.opportunities |= _ids("deals_opportunity", "company_id", indirect.companies)


def _sort_one(row: tuple[Any, ...], found: Changes, indirect: _Indirect) -> None:
    fact_id, kind, lead_id, person_id, company_id, opportunity_id, campaign_id, revokes_id, _learnt_at = row
    if revokes_id is not None:
        indirect.revoked.add(revokes_id)
    if kind in _OF_THE_HOUSE:
        found.has_costs |= kind == "cost_recorded"
        found.everything |= kind == "calendar_changed"
        if kind == "import_undone":
            indirect.undone.add(fact_id)
    elif opportunity_id is not None:
        found.opportunities.add(opportunity_id)
        found.leads.update(() if lead_id is None else (lead_id,))
    elif kind in _SILENT and campaign_id is None:
        return
    elif lead_id is not None:
        found.leads.add(lead_id)
    elif person_id is not None and kind in ACTS:
        indirect.people.add(person_id)
    elif company_id is not None:
        indirect.companies.add(company_id)


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
