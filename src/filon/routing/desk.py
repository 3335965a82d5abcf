"""What deciding needs, read for a whole batch at once: a constant number of statements, whatever its size."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation

from filon.core.conditions import ConditionError, Subject, compile_closure, fields_of, kinds_of, parse
from filon.core.line import Batch, Rows
from filon.kit import sql
from filon.kit.looking import asked_once
from filon.leads.fields import REGISTRY
from filon.leads.models import Campaign, Company, Lead, Person
from filon.routing import decisions, rules, starter
from filon.routing.decisions import Candidate, Colleague, Desk, Pool, Rotation, RuleSet
from filon.routing.models import Calendar, RoundRobin, RoutingRuleSet, Turn
from filon.routing.rules import Timetable

log = logging.getLogger("filon.routing")

Owners = Callable[[Sequence[int]], Mapping[int, int]]
_ANY_KIND: Final = "any"

_open_deal_owners: Owners | None = None


def connect(open_deal_owners: Owners) -> None:
    """Set who knows the sellers of open opportunities (company ids → owner by company); called once at start."""
    global _open_deal_owners  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _open_deal_owners = open_deal_owners


class Waiting(NamedTuple):
    """A lead to decide on: since when it waits (aware UTC), and whether its person asked for us.

    at: when it was decided on, for a past that is written down; now (the batch's moment) when None.
    """

    lead: dict[str, Any]
    since: datetime
    has_asked: bool
    at: datetime | None = None


def change(batch: Batch, lead: dict[str, Any], news: Mapping[str, Any]) -> None:
    """Set columns of a lead's row; one made in this batch takes them at once, since it is written whole anyway."""
    rows = batch.rows(Lead)
    if rows.is_new(lead):
        lead.update(news)
        return
    for column, value in news.items():
        rows.change(lead, column, value)


# Rules ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition ready to judge: the test, the tables of its fields, the kinds of acts it counts."""

    test: Callable[[Subject, datetime], bool]
    tables: frozenset[str]
    kinds: frozenset[str]


@lru_cache(maxsize=1024)
def compiled(when: str) -> Compiled:
    """A rule's condition, compiled once. One that this version of the product no longer understands never holds."""
    try:
        node = parse(when, REGISTRY)
    except ConditionError as error:
        log.warning("A routing rule is not understood and skipped: %s (%s)", when, error)
        return Compiled(_never, frozenset(), frozenset())
    tables = frozenset(REGISTRY.lead.get(name).table for name in fields_of(node))
    return Compiled(compile_closure(node, REGISTRY), tables, kinds_of(node))


def _never(_subject: Subject, _at: datetime) -> bool:
    return False


@asked_once
def published() -> RuleSet | None:
    """The rules in force; None before first use. One statement."""
    found = sql.fetch(
        "SELECT version, rules, minutes_asked, minutes_other FROM routing_routingruleset "
        "WHERE version > 0 ORDER BY version DESC LIMIT 1"
    )
    if not found:
        return None
    version, values, asked, other = found[0]
    return RuleSet(version, tuple(decisions.rule_of(rule) for rule in sql.as_json(values)), asked, other)


def rules_in_force(batch: Batch) -> RuleSet:
    """The rules in force; at first use the starter set is kept as version 1, by whoever comes first."""
    found = published()
    if found is not None:
        return found
    with translation.override(settings.LANGUAGE_CODE):
        first = starter.rule_set(1)
    batch.rows(RoutingRuleSet).add(
        version=1,
        rules=[decisions.values_of(rule) for rule in first.rules],
        changed_at=batch.at,
        published_at=batch.at,
    )
    return first


# Working hours --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Timetables:
    """The working hours of each team, and of everybody else; due times are worked out once a batch."""

    default: Timetable
    of_team: Mapping[int, Timetable]
    _due: dict[tuple[datetime, int, int | None], datetime]

    def due_at(self, since: datetime, minutes: int, team_id: int | None) -> datetime:
        """When a promise of open minutes made at `since` falls due for this team."""
        team_id = team_id if team_id in self.of_team else None
        key = (since, minutes, team_id)
        due = self._due.get(key)
        if due is None:
            timetable = self.of(team_id)
            due = rules.due_at(since, timedelta(minutes=minutes), rules.shifts_from(timetable, since))
            self._due[key] = due
        return due

    def of(self, team_id: int | None) -> Timetable:
        """The team's own timetable, else everybody's."""
        return self.default if team_id is None else self.of_team.get(team_id, self.default)


def timetable_of(week: Iterable[Iterable[Iterable[int]]], region: str) -> Timetable:
    """A timetable from its database form, in the workspace's zone."""
    days = tuple(tuple((opens, closes) for opens, closes in hours) for hours in week)
    return Timetable(days, region, settings.TIME_ZONE)


@asked_once
def timetables() -> Timetables:
    """Everybody's working hours; the starter week when nobody set any. One statement."""
    return _timetables(sql.fetch(_CALENDARS))


def kept_timetables(batch: Batch) -> Timetables:
    """The same; at first use the starter week is kept as everybody's calendar."""
    found = sql.fetch(_CALENDARS)
    if not any(team_id is None for team_id, _week, _region in found):
        batch.rows(Calendar).add(week=starter.WEEK, region=starter.REGION, is_default=True, changed_at=batch.at)
    return _timetables(found)


_CALENDARS: Final = "SELECT team_id, week, region FROM routing_calendar"


def _timetables(found: Sequence[Sequence[Any]]) -> Timetables:
    of_team = {team_id: timetable_of(sql.as_json(week), region) for team_id, week, region in found}
    default = of_team.pop(None, None) or timetable_of(starter.WEEK, starter.REGION)
    return Timetables(default, of_team, {})


# Colleagues -----------------------------------------------------------------------------------------------------------

_COLLEAGUES: Final = """
SELECT u.id, u.name, u.role, u.team_id,
       EXISTS (SELECT 1 FROM routing_absence a WHERE a.user_id = u.id AND a.starts_on <= %s AND a.ends_on >= %s),
       CASE WHEN c.leads_at_most IS NOT NULL THEN c.leads_at_most - (
           SELECT COUNT(*) FROM leads_lead l
           WHERE l.owner_id = u.id AND l.stage IN ('qualifying', 'mql', 'sql')) END
FROM core_user u LEFT JOIN routing_capacity c ON c.user_id = u.id
WHERE u.is_active
"""


def colleagues(at: datetime) -> dict[int, Colleague]:
    """Everybody who may own leads, by id: who is away on that day, and how many more each may take. One statement."""
    today = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    day = today if sql.is_postgresql() else today.isoformat()
    return {
        user_id: Colleague(user_id, name, role, team_id, bool(is_away), None if room is None else max(room, 0))
        for user_id, name, role, team_id, is_away, room in sql.fetch(_COLLEAGUES, [day, day])
    }


# The desk -------------------------------------------------------------------------------------------------------------


def opened(batch: Batch, waiting: Sequence[Waiting], rule_set: RuleSet, *, holds: bool) -> Desk:
    """A desk for these leads. `holds`: lock the counters until the batch is written, and make those still missing."""
    pools = decisions.pools(rule_set)
    counters = _counters(batch, pools, holds=holds)
    people = colleagues(batch.at)  # after the counters are locked: it sees who the last batch gave leads to
    if batch.among is not None:
        people = {user_id: one for user_id, one in people.items() if user_id in batch.among}
    company_ids = sorted({item.lead["company_id"] for item in waiting if item.lead["company_id"] is not None})
    companies = batch.rows(Company)
    companies.load_ids(company_ids)
    owners = {key: companies.by_id[key]["owner_id"] for key in company_ids if companies.by_id[key]["owner_id"]}
    return Desk(
        rules=rule_set,
        tests=[compiled(rule.when).test for rule in rule_set.rules],
        colleagues=people,
        accounts=_accounts(batch, company_ids, [item.lead["id"] for item in waiting], people),
        rotations=_rotations(batch, pools, counters, people),
        account_owners=owners,
        subject_of=_subjects(batch, waiting, rule_set),
    )


def _counters(batch: Batch, pools: Sequence[Pool], *, holds: bool) -> dict[str, dict[str, Any]]:
    """The counter rows of pools by name, with the turns taken; held ones are locked in the order of their ids."""
    rows, turns = batch.rows(RoundRobin), batch.rows(Turn)
    names = [decisions.pool_name(pool) for pool in pools]
    if not holds:
        where, params = sql.any_of("roundrobin.pool", names)
        found = sql.fetch(
            f"SELECT {Rows.joined([rows, turns])} FROM routing_roundrobin AS roundrobin "
            f"LEFT JOIN routing_turn AS turn ON turn.round_robin_id = roundrobin.id WHERE {where}",
            params,
        )
        for cells in found:
            Rows.take_joined([rows, turns], cells)
        return {row["pool"]: row for row in rows.by_id.values()}
    where, params = sql.any_of("pool", names)
    counters = {row["pool"]: row for row in rows.load(where, params, lock=True)}
    for name in names:
        if name not in counters:
            counters[name] = rows.add(pool=name)
    rows.number()
    turns.load(*sql.any_of("round_robin_id", [row["id"] for row in counters.values()]))
    return counters


def _rotations(
    batch: Batch,
    pools: Sequence[Pool],
    counters: Mapping[str, dict[str, Any]],
    people: Mapping[int, Colleague],
) -> dict[Pool, Rotation]:
    last: dict[int, dict[int, int]] = {}
    for turn in batch.rows(Turn).by_id.values():
        last.setdefault(turn["round_robin_id"], {})[turn["user_id"]] = turn["last_turn"]
    rotations = {}
    for pool in pools:
        counter = counters.get(decisions.pool_name(pool)) or {"id": 0, "turns": 0}
        members = decisions.members(pool, people.values())
        rotations[pool] = Rotation(members, last.get(counter["id"], {}), counter["turns"])
    return rotations


def keep_turns(batch: Batch, desk: Desk) -> None:
    """Put the turns taken at this desk into the batch's rows."""
    counters = {row["pool"]: row for row in batch.rows(RoundRobin).by_id.values()}
    turns = {(row["round_robin_id"], row["user_id"]): row for row in batch.rows(Turn).by_id.values()}
    for pool, rotation in desk.rotations.items():
        counter = counters[decisions.pool_name(pool)]
        batch.rows(RoundRobin).change(counter, "turns", rotation.turns)
        for user_id, last_turn in rotation.last.items():
            row = turns.get((counter["id"], user_id))
            if row is None:
                row = batch.rows(Turn).add(round_robin_id=counter["id"], user_id=user_id)
            batch.rows(Turn).change(row, "last_turn", last_turn)
            batch.rows(Turn).change(row, "leads", row["leads"] + rotation.served[user_id])


_LEAD_OWNERS: Final = """
SELECT c.id, (
    SELECT o.owner_id FROM leads_lead o JOIN core_user u ON u.id = o.owner_id AND u.is_active
    WHERE o.company_id = c.id AND o.is_open AND NOT ({waits}) ORDER BY o.id LIMIT 1)
FROM leads_company c WHERE {where}
"""


def _accounts(
    batch: Batch, company_ids: Sequence[int], waiting_ids: Sequence[int], people: Mapping[int, Colleague]
) -> dict[int, tuple[int, str]]:
    """What the account rule says of each company: its customer owner, else its seller, else the owner of its first
    open lead that does not wait itself."""
    if not company_ids:
        return {}
    where, params = sql.any_of("c.id", company_ids)
    waits, more = sql.any_of("o.id", waiting_ids)
    others = sql.fetch(_LEAD_OWNERS.format(where=where, waits=waits), more + params)
    found = {key: (owner, decisions.SAME_ACCOUNT) for key, owner in others if owner is not None}
    deals = _open_deal_owners(company_ids) if _open_deal_owners else {}
    found |= {key: (owner, decisions.OPEN_DEAL) for key, owner in deals.items() if owner in people}
    companies = batch.rows(Company).by_id
    for key in company_ids:
        if companies[key]["is_customer"] and companies[key]["owner_id"] in people:
            found[key] = (companies[key]["owner_id"], decisions.CUSTOMER)
    return found


# Candidates -----------------------------------------------------------------------------------------------------------


def candidate(item: Waiting) -> Candidate:
    """A waiting lead as the desk takes it."""
    lead = item.lead
    return Candidate(lead, lead["company_id"], lead["owner_id"], item.has_asked, lead["grade"], lead["stage"])


def _subjects(batch: Batch, waiting: Sequence[Waiting], rule_set: RuleSet) -> Callable[[dict[str, Any]], Subject]:
    """How a lead's row becomes what rules see: with the rows around it, and its acts when a rule counts any."""
    needs = [compiled(rule.when) for rule in rule_set.rules]
    tables = frozenset().union(*(need.tables for need in needs))
    kinds = frozenset().union(*(need.kinds for need in needs))
    leads = [item.lead for item in waiting]
    batch.rows(Person).load_ids(lead["person_id"] for lead in leads)
    people, companies = batch.rows(Person).by_id, batch.rows(Company).by_id
    campaigns = _campaigns(batch, leads) if "campaign" in tables else {}
    owners = _owners(leads) if "owner" in tables else {}
    acts = _acts(batch, leads, kinds) if kinds else {}

    def subject_of(lead: dict[str, Any]) -> Subject:
        return Subject(
            {
                "lead": lead,
                "person": people[lead["person_id"]],
                "company": companies.get(lead["company_id"]),
                "campaign": campaigns.get(lead["campaign_id"]),
                "owner": owners.get(lead["owner_id"]),
            },
            acts.get(lead["id"], ()),
        )

    return subject_of


def _campaigns(batch: Batch, leads: Iterable[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    rows = batch.rows(Campaign)
    rows.load_ids(lead["campaign_id"] for lead in leads if lead["campaign_id"] is not None)
    return rows.by_id


def _owners(leads: Iterable[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    ids = sorted({lead["owner_id"] for lead in leads if lead["owner_id"] is not None})
    if not ids:
        return {}
    where, params = sql.any_of("id", ids)
    found = sql.fetch(f"SELECT id, name, name_folded FROM core_user WHERE {where}", params)
    return {cells[0]: dict(zip(("id", "name", "name_folded"), cells, strict=True)) for cells in found}


_ACT_COLUMNS: Final = ("kind", "at", "door", "channel", "source", "campaign_id", "path", "value", "payload")


def _acts(batch: Batch, leads: Iterable[dict[str, Any]], kinds: frozenset[str]) -> dict[int, list[dict[str, Any]]]:
    """Human, unrevoked facts of the leads of these kinds: those of this batch, and what the ledger holds already."""
    acts: dict[int, list[dict[str, Any]]] = {}
    for event in batch.facts:
        values = event.__dict__
        lead_id = values.get("lead_id")
        if lead_id is not None and (event.kind in kinds or _ANY_KIND in kinds):
            acts.setdefault(lead_id, []).append({**values, "kind": event.kind, "payload": values})
    is_new = batch.rows(Lead).is_new
    known = [lead["id"] for lead in leads if not is_new(lead)]
    if known:
        _add_known_acts(acts, known, kinds)
    return acts


def _add_known_acts(acts: dict[int, list[dict[str, Any]]], known: list[int], kinds: frozenset[str]) -> None:
    where, params = sql.any_of("fact.lead_id", known)
    if _ANY_KIND not in kinds:
        of_kind, more = sql.any_of("fact.kind", sorted(kinds))
        where, params = f"{where} AND {of_kind}", params + more
    names = ", ".join(f"fact.{column}" for column in _ACT_COLUMNS)
    statement = (
        f"SELECT fact.lead_id, {names} FROM core_fact fact WHERE {where} AND NOT fact.is_machine "
        "AND NOT EXISTS (SELECT 1 FROM core_fact r WHERE r.revokes_id = fact.id)"
    )
    for lead_id, *cells in sql.fetch(statement, params):
        act = dict(zip(_ACT_COLUMNS, cells, strict=True))
        act["at"], act["payload"] = sql.as_utc(act["at"]), sql.as_json(act["payload"])
        acts.setdefault(lead_id, []).append(act)
