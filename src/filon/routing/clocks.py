"""The clocks as people watch them: a list of promises, and one lead's way with its clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from filon.core import access
from filon.core.access import Actor
from filon.kit import keyset, sql
from filon.kit.errors import Kind, Refused
from filon.routing import desk, rules
from filon.routing.events import LeadRouted
from filon.routing.models import Promise

PAGE: Final = 50

# Promises -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PromiseFilter:
    """Which promises: by state (empty: running and broken ones nobody has answered), owner and team."""

    state: str = ""
    owner_id: int | None = None
    team_id: int | None = None


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One clock. `left`: open time until due, in the team's hours, negative when it is past (running and open ones)."""

    id: int
    lead_id: int
    name: str
    company: str
    owner: str
    route: str
    state: str
    started_at: datetime
    due_at: datetime
    minutes: int
    stopped_at: datetime | None
    reason: str
    left: timedelta | None

    @property
    def is_late(self) -> bool:
        """Whether its time has passed without an answer."""
        return self.left is not None and self.left < timedelta(0)

    @property
    def is_tight(self) -> bool:
        """Whether less than a quarter of its time is left."""
        return self.left is not None and self.left < timedelta(minutes=self.minutes) / 4


@dataclass(frozen=True, slots=True)
class PromisePage:
    """Promises in order and the cursor of the next page, empty on the last."""

    rows: Sequence[PromiseRow]
    after: str


_PROMISES: Final = """
SELECT p.id, p.lead_id, COALESCE(NULLIF(person.full_name, ''), NULLIF(person.email, ''), person.phone),
       COALESCE(company.name, ''), COALESCE(o.name, ''), lead.route, p.state, p.started_at, p.due_at, p.minutes,
       p.stopped_at, p.reason, o.team_id
FROM routing_promise p
JOIN leads_lead lead ON lead.id = p.lead_id
JOIN leads_person person ON person.id = lead.person_id
LEFT JOIN leads_company company ON company.id = lead.company_id
LEFT JOIN core_user o ON o.id = p.owner_id
WHERE {where}
"""
_OPEN: Final = "p.stopped_at IS NULL"
_UNKNOWN_STATE: Final = "There is no state {state!r} of a promise."


def promises(wanted: PromiseFilter, *, by: Actor, at: datetime, after: str = "", limit: int = PAGE) -> PromisePage:
    """Promises the actor may see: open ones by due time, others by due time, latest first. Two statements."""
    by.require("leads.see")
    where, params = _wanted(wanted, by)
    is_open = wanted.state in ("", "running")
    if after:
        where.append(f"(p.due_at, p.id) {'>' if is_open else '<'} (%s, %s)")
        params += _begin(after)
    order = "ASC" if is_open else "DESC"
    statement = _PROMISES.format(where=" AND ".join(where)) + f" ORDER BY p.due_at {order}, p.id {order} LIMIT %s"
    found = sql.fetch(statement, [*params, limit + 1])
    hours = desk.timetables()
    rows = [_promise_row(cells, hours, at) for cells in found[:limit]]
    cursor = keyset.encode(rows[-1].due_at.isoformat(), rows[-1].id) if len(found) > limit else ""
    return PromisePage(rows, cursor)


def _begin(after: str) -> list[Any]:
    """Where a page begins. Raises Refused for a cursor that is not ours."""
    due, last = keyset.decode(after, 2)
    if not isinstance(last, int) or not 0 <= last < 2**63:
        raise keyset.wrong()
    try:
        return [connection.ops.adapt_datetimefield_value(datetime.fromisoformat(due)), last]
    except (TypeError, ValueError) as error:
        raise keyset.wrong() from error


def _wanted(wanted: PromiseFilter, by: Actor) -> tuple[list[str], list[Any]]:
    if wanted.state and wanted.state not in Promise.State.values:
        raise Refused(_UNKNOWN_STATE.format(state=wanted.state), Kind.INVALID, code="state")
    where: list[str] = ["p.state = %s"] if wanted.state else [_OPEN]
    params: list[Any] = [wanted.state] if wanted.state else []
    if wanted.owner_id is not None:
        where.append("p.owner_id = %s")
        params.append(wanted.owner_id)
    if wanted.team_id is not None:
        where.append("o.team_id = %s")
        params.append(wanted.team_id)
    scope, more = access.lead_scope(by)
    return ([*where, scope] if scope else where), [*params, *more]


def _promise_row(cells: Sequence[Any], hours: desk.Timetables, at: datetime) -> PromiseRow:
    started_at, due_at, stopped_at = sql.as_utc(cells[7]), sql.as_utc(cells[8]), sql.as_utc(cells[10])
    assert started_at is not None  # noqa: S101 — the columns are NOT NULL
    assert due_at is not None  # noqa: S101
    left: timedelta | None = None
    if stopped_at is None:
        timetable = hours.of(cells[12])
        left = rules.working_time_between(at, due_at, timetable) - rules.working_time_between(due_at, at, timetable)
        if due_at < at and not left:
            left = due_at - at  # past due in the night: no open time has passed, and yet it is late
    promise_id, lead_id, name, company, owner, route, state = cells[:7]
    return PromiseRow(
        promise_id,
        lead_id,
        name,
        company,
        owner,
        route,
        state,
        started_at,
        due_at,
        cells[9],
        stopped_at,
        cells[11],
        left,
    )


def promise_counts(*, by: Actor) -> dict[str, int]:
    """How many promises run, and how many are broken and not answered yet, of those the actor may see."""
    by.require("leads.see")
    scope, params = access.lead_scope(by)
    scoped = f" AND {scope}" if scope else ""
    join = " JOIN leads_lead lead ON lead.id = p.lead_id" if scope else ""
    found = sql.fetch(
        f"SELECT p.state, COUNT(*) FROM routing_promise p{join} WHERE p.stopped_at IS NULL{scoped} GROUP BY p.state",
        params,
    )
    return {"running": 0, "breached": 0} | {state: int(count) for state, count in found}


# One lead -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeadRouting:
    """Where a lead was sent and why, and its clocks, newest first."""

    route: str
    owner_id: int | None
    owner: str
    why: str
    rule: int
    rule_name: str
    version: int
    routed_at: datetime | None
    promises: Sequence[PromiseRow]

    @property
    def clock(self) -> PromiseRow | None:
        """The clock that still runs, or is past due without an answer."""
        return next((promise for promise in self.promises if promise.stopped_at is None), None)


def lead_routing(lead_id: int, *, by: Actor, at: datetime) -> LeadRouting | None:
    """One lead's way; None for a lead the actor may not see. Four statements."""
    by.require("leads.see")
    scope, params = access.lead_scope(by)
    scoped = f" AND {scope}" if scope else ""
    found = sql.fetch(
        "SELECT lead.route, lead.owner_id, COALESCE(o.name, ''), lead.routed_at FROM leads_lead lead "
        f"LEFT JOIN core_user o ON o.id = lead.owner_id WHERE lead.id = %s{scoped}",
        [lead_id, *params],
    )
    if not found:
        return None
    route, owner_id, owner, routed_at = found[0]
    told = _last_routing(lead_id)
    clocks = sql.fetch(_PROMISES.format(where="p.lead_id = %s") + " ORDER BY p.started_at DESC, p.id DESC", [lead_id])
    hours = desk.timetables()
    return LeadRouting(
        route,
        owner_id,
        owner,
        told.get("why", ""),
        told.get("rule", 0),
        told.get("rule_name", ""),
        told.get("version", 0),
        sql.as_utc(routed_at),
        [_promise_row(cells, hours, at) for cells in clocks],
    )


def _last_routing(lead_id: int) -> dict[str, Any]:
    found = sql.fetch(
        "SELECT fact.payload FROM core_fact fact WHERE fact.lead_id = %s AND fact.kind = %s "
        "AND NOT EXISTS (SELECT 1 FROM core_fact r WHERE r.revokes_id = fact.id) ORDER BY fact.id DESC LIMIT 1",
        [lead_id, LeadRouted.kind],
    )
    return dict(sql.as_json(found[0][0])) if found else {}
