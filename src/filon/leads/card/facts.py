"""Facts of leads, people and companies out of the ledger, newest first, a page at a time, with the names they speak of.

Nothing is left out: what was revoked is marked, and so is what programs did.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from filon.core.access import Actor
from filon.core.conditions import LIVE_FACT_SQL
from filon.core.models import Fact
from filon.kit import keyset, sql

PAGE: Final = 50
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact. `details` are its personal values, empty once erased; times are aware UTC."""

    id: int
    kind: str
    at: datetime
    learnt_at: datetime
    actor_kind: str
    actor_id: int | None
    person_id: int | None
    company_id: int | None
    lead_id: int | None
    opportunity_id: int | None
    door: str
    channel: str
    source: str
    campaign_id: int | None
    import_id: int | None
    path: str
    value: Any
    is_machine: bool
    revokes_id: int | None
    payload: Mapping[str, Any]
    details: Mapping[str, Any]
    is_revoked: bool

    def get(self, name: str, default: Any = None) -> Any:
        """A value told with the fact, personal or not."""
        return self.payload.get(name, self.details.get(name, default))


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """What only slices above know, handed over by `config`. `opportunities` costs one statement.

    imports: their table and the expression of their name, empty for sample data, whose facts are told as if nobody had
    imported them.
    """

    imports: tuple[str, str]
    opportunities: Callable[[Collection[int], Actor], Mapping[int, str]]
    deal_stages: Mapping[str, object]
    loss_reasons: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What people call those whom facts speak of, by id or code."""

    people: Mapping[int, str] = field(default_factory=dict)
    users: Mapping[int, str] = field(default_factory=dict)
    keys: Mapping[int, str] = field(default_factory=dict)
    campaigns: Mapping[int, str] = field(default_factory=dict)
    imports: Mapping[int, str] = field(default_factory=dict)
    opportunities: Mapping[int, str] = field(default_factory=dict)
    deal_stages: Mapping[str, object] = field(default_factory=dict)
    loss_reasons: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FactPage:
    """Facts, newest first, and whom they speak of; `after` is the cursor of those before them, empty at the end."""

    facts: Sequence[FactRow]
    names: Names
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class About:
    """Whose facts: those of leads, those of a person or a company that are about no lead.

    A company's own facts are those about nobody in particular.
    """

    lead_ids: Sequence[int] = ()
    person_id: int | None = None
    company_id: int | None = None


class Kinds(NamedTuple):
    """Which kinds of fact: these, or all but these."""

    names: Collection[str]
    is_left_out: bool = False


_COLUMNS: Final = (
    "id",
    "kind",
    "at",
    "learnt_at",
    "actor_kind",
    "actor_id",
    "person_id",
    "company_id",
    "lead_id",
    "opportunity_id",
    "door",
    "channel",
    "source",
    "campaign_id",
    "import_id",
    "path",
    "value",
    "is_machine",
    "revokes_id",
    "payload",
)
_CELLS: Final = ", ".join(_COLUMNS)
_PAGE: Final = (
    f'SELECT {", ".join(f"fact.{name}" for name in _COLUMNS)}, detail."values", '
    f"NOT ({LIVE_FACT_SQL}) "
    "FROM ({parts}) AS fact LEFT JOIN core_factdetail detail ON detail.fact_id = fact.id "
    "ORDER BY fact.at DESC, fact.id DESC LIMIT %s"
)


def facts(about: About, *, by: Actor, kinds: Kinds | None = None, after: str = "", limit: int = PAGE) -> FactPage:
    """A page of facts. Four statements at the most. Raises Refused for a cursor that is not ours.

    No permission is checked: the caller has shown the record. `by` is who reads: opportunities that they may not see
    stay nameless.
    """
    limit = max(1, min(limit, MOST))
    bound, bound_params = _since(after)
    chosen, chosen_params = _chosen(kinds)
    parts: list[str] = []
    params: list[Any] = []
    for where, value in _places(about):
        one = f"SELECT {_CELLS} FROM core_fact WHERE {where}{bound}{chosen} ORDER BY at DESC, id DESC LIMIT %s"
        parts.append(f"SELECT * FROM ({one}) AS part")
        params += [value, *bound_params, *chosen_params, limit + 1]
    found = sql.fetch(_PAGE.format(parts=" UNION ALL ".join(parts)), [*params, limit + 1]) if parts else []
    rows = [_row(cells) for cells in found[:limit]]
    cursor = keyset.encode(rows[-1].at.isoformat(), rows[-1].id) if len(found) > limit else ""
    return FactPage(rows, _names(rows, by), cursor)


def _places(about: About) -> Iterable[tuple[str, int]]:
    """Where the facts stand: one look-up of an index each."""
    yield from (("lead_id = %s", lead_id) for lead_id in about.lead_ids)
    if about.person_id is not None:
        yield "lead_id IS NULL AND person_id = %s", about.person_id
    if about.company_id is not None:
        yield "lead_id IS NULL AND person_id IS NULL AND company_id = %s", about.company_id


def _since(after: str) -> tuple[str, list[Any]]:
    if not after:
        return "", []
    moment, fact_id = keyset.decode(after, 2)
    if type(fact_id) is not int or not 0 <= fact_id < 2**63:
        raise keyset.wrong()
    try:
        at = sql.as_utc(moment) if isinstance(moment, str) else None
    except (ValueError, OverflowError) as error:
        raise keyset.wrong() from error
    if at is None:
        raise keyset.wrong()
    moment = connection.ops.adapt_datetimefield_value(at)
    return " AND at <= %s AND (at, id) < (%s, %s)", [moment, moment, fact_id]


def _chosen(kinds: Kinds | None) -> tuple[str, list[Any]]:
    if kinds is None:
        return "", []
    where, params = sql.any_of("kind", sorted(kinds.names))
    return f" AND {'NOT ' if kinds.is_left_out else ''}({where})", params


def _row(cells: Sequence[Any]) -> FactRow:
    values = list(cells)
    for position, reader in sql.readers(Fact, _COLUMNS):
        if values[position] is not None:
            values[position] = reader(values[position])
    *columns, details, is_revoked = values
    known: dict[str, Any] = dict(zip(_COLUMNS, columns, strict=True))
    return FactRow(**known, details=sql.as_json(details) or {}, is_revoked=bool(is_revoked))


# Names ----------------------------------------------------------------------------------------------------------------

_elsewhere: Elsewhere | None = None


def connect(elsewhere: Elsewhere) -> None:
    """Set what only slices above know; called once at start by `config`."""
    global _elsewhere  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _elsewhere = elsewhere


_NAMED: Final = (
    ("users", "core_user", "name"),
    ("keys", "core_apikey", "name"),
    ("campaigns", "leads_campaign", "name"),
    ("people", "leads_person", "COALESCE(NULLIF(full_name, ''), NULLIF(email, ''), phone)"),
)


def _names(rows: Sequence[FactRow], by: Actor) -> Names:
    assert _elsewhere is not None  # noqa: S101 — `connect` ran at start
    tables = (*_NAMED, ("imports", *_elsewhere.imports))
    wanted: dict[str, set[int]] = {name: set() for name, _table, _column in tables}
    for row in rows:
        wanted["people"] |= {row.person_id or 0}
        wanted["campaigns"] |= {row.campaign_id or 0}
        wanted["users"] |= {value for name, value in row.payload.items() if name in _USERS and isinstance(value, int)}
        if row.actor_kind in {"user", "key"}:
            wanted["users" if row.actor_kind == "user" else "keys"] |= {row.actor_id or 0}
        wanted["imports"] |= {row.import_id or 0}
    deals = {row.opportunity_id for row in rows if row.opportunity_id is not None}
    return Names(
        **_named(wanted, tables),
        opportunities=_elsewhere.opportunities(deals, by) if deals else {},
        deal_stages=_elsewhere.deal_stages,
        loss_reasons=_elsewhere.loss_reasons,
    )


_USERS: Final = frozenset({"owner_id", "from_owner_id", "to_owner_id", "user_id", "seller_id"})


def _named(wanted: Mapping[str, set[int]], tables: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
    found: dict[str, dict[int, str]] = {name: {} for name in wanted}
    parts: list[str] = []
    params: list[Any] = []
    for name, table, column in tables:
        ids = wanted[name] - {0}
        if ids:
            where, values = sql.any_of("id", sorted(ids))
            parts.append(f"SELECT '{name}', id, {column} FROM {table} WHERE {where}")
            params += values
    if parts:
        for name, row_id, text in sql.fetch(" UNION ALL ".join(parts), params):
            found[name][row_id] = text
    return found
