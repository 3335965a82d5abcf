"""What rules would do, on real leads and without a single write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from filon.core.access import Actor
from filon.core.line import Batch, Rows
from filon.kit import sql
from filon.leads import asking
from filon.leads.models import Campaign, Company, Lead, Person
from filon.routing import commands, decisions, desk
from filon.routing.decisions import Decision, Desk, RuleSet
from filon.routing.desk import Waiting

LEADS: Final = 500
"""How many of the latest leads a simulation looks at."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One real lead: where it would go, to whom and why, beside where it is. `rule` is 0 when none decided."""

    lead_id: int
    name: str
    company: str
    captured_at: datetime
    route: str
    owner: str
    why: str
    rule: int
    rule_name: str
    minutes: int | None
    route_now: str
    owner_now: str
    route_in_force: str = ""  # where the rules in force would send it today; empty when nothing was compared

    @property
    def is_moved(self) -> bool:
        """Whether these rules send the lead elsewhere than those in force do, or than it went where none are compared.

        Both are asked today: what has changed since the lead was routed is no doing of the rules.
        """
        return (self.route_in_force or self.route_now) not in ("", self.route)

    @property
    def is_drifted(self) -> bool:
        """Whether the rules in force would send it elsewhere than it went, because things have changed since."""
        return self.route_in_force != "" and self.route_now not in ("", self.route_in_force)


@dataclass(frozen=True, slots=True)
class Simulation:
    """Outcomes, newest first, and how many leads each route, rule and colleague (empty: nobody yet) would get."""

    outcomes: Sequence[Outcome]
    by_route: Sequence[tuple[str, int]]
    by_rule: Sequence[tuple[int, str, str, int]]  # number (0: none), name, why, leads
    by_owner: Sequence[tuple[str, int]]
    moved: int
    drifted: int


def simulate(
    rules: RuleSet, *, by: Actor, at: datetime, against: RuleSet | None = None, leads: int = LEADS
) -> Simulation:
    """Route the latest leads by these rules as if each came in anew, in its order, with today's colleagues and turns.

    Leads that no buyer stands behind are left out, as the line leaves them out. Each rule sees what was known when the
    lead came in. against: the rules in force, asked about the same leads on the same day, so that what they would do
    differently is told apart from what has changed since. A constant number of statements, none of which writes. Needs
    `routing.change`.
    """
    by.require("routing.change")
    batch = Batch([], by=by, at=at)  # never written
    now = _latest(batch, leads)
    waiting = _as_new(now)
    open_desk, found = _decided(batch, waiting, rules)
    in_force: dict[int, str] = {}
    if against is not None:
        same = against.rules == rules.rules
        decided = found if same else _decided(Batch([], by=by, at=at), waiting, against)[1]
        in_force = {item.lead["id"]: decision.route for item, decision in decided}
    return _simulation(batch, found, now, open_desk, in_force)


def _decided(batch: Batch, waiting: Sequence[Waiting], rules: RuleSet) -> tuple[Desk, list[tuple[Waiting, Decision]]]:
    open_desk = desk.opened(batch, waiting, rules, holds=False)
    return open_desk, [(item, open_desk.decide(desk.candidate(item), item.lead["created_at"])) for item in waiting]


def _latest(batch: Batch, leads: int) -> list[dict[str, Any]]:
    """The latest leads, oldest first, with their people, companies and campaigns. One statement."""
    tables = [batch.rows(model) for model in (Lead, Person, Company, Campaign)]
    found = sql.fetch(
        f"SELECT {Rows.joined(tables)} FROM leads_lead AS lead "
        "JOIN leads_person AS person ON person.id = lead.person_id "
        "LEFT JOIN leads_company AS company ON company.id = lead.company_id "
        "LEFT JOIN leads_campaign AS campaign ON campaign.id = lead.campaign_id "
        "ORDER BY lead.captured_at DESC, lead.id DESC LIMIT %s",
        [leads],
    )
    newest = [Rows.take_joined(tables, cells)[0] or {} for cells in found]
    return [lead for lead in reversed(newest) if lead["lead_class"] not in commands.NOT_BUYERS]


def _as_new(leads: Sequence[dict[str, Any]]) -> list[Waiting]:
    """The leads as they came in: with nothing decided yet. One statement."""
    asked = _asked(leads)
    return [
        Waiting(
            {**lead, "route": "", "owner_id": None, "stage": "mql" if lead["stage"] == "mql" else "captured"},
            lead["created_at"],
            lead["id"] in asked,
        )
        for lead in leads
    ]


def _asked(leads: Sequence[dict[str, Any]]) -> set[int]:
    """The leads whose person asked for us when they came in."""
    came = {lead["id"]: lead["created_at"] for lead in leads}
    of_leads, params = sql.any_of("lead_id", sorted(came))
    of_kinds, more = sql.any_of("kind", [cls.kind for cls in asking.ASKS])
    found = sql.fetch(
        f"SELECT lead_id, kind, door, channel, learnt_at, payload FROM core_fact WHERE {of_leads} AND {of_kinds} "
        "AND NOT is_machine",
        params + more,
    )
    asked = set()
    for lead_id, kind, door, channel, learnt_at, payload in found:
        known_at, wants = sql.as_utc(learnt_at), sql.as_json(payload).get("wants", "")
        if known_at is not None and known_at <= came[lead_id] and asking.is_asking(kind, door, channel, wants):
            asked.add(lead_id)
    return asked


def _simulation(
    batch: Batch,
    found: Sequence[tuple[Waiting, Decision]],
    now: Sequence[dict[str, Any]],
    open_desk: Desk,
    in_force: Mapping[int, str],
) -> Simulation:
    names = {colleague.id: colleague.name for colleague in open_desk.colleagues.values()}
    outcomes = [
        replace(_outcome(batch, item, decision, before, names), route_in_force=in_force.get(item.lead["id"], ""))
        for (item, decision), before in zip(found, now, strict=True)
    ]
    outcomes.reverse()
    routes = Counter(outcome.route for outcome in outcomes)
    deciders = Counter((outcome.rule, outcome.rule_name, outcome.why) for outcome in outcomes)
    owners = Counter(outcome.owner for outcome in outcomes if outcome.owner or outcome.route != decisions.NURTURE)
    return Simulation(
        outcomes,
        routes.most_common(),
        [(rule, name, why, count) for (rule, name, why), count in deciders.most_common()],
        owners.most_common(),
        sum(outcome.is_moved for outcome in outcomes),
        sum(outcome.is_drifted for outcome in outcomes),
    )


def _outcome(batch: Batch, item: Waiting, decision: Decision, before: dict[str, Any], names: dict[int, str]) -> Outcome:
    person = batch.rows(Person).by_id[item.lead["person_id"]]
    company = batch.rows(Company).by_id.get(item.lead["company_id"])
    return Outcome(
        lead_id=item.lead["id"],
        name=person["full_name"] or person["email"] or person["phone"] or f"#{item.lead['id']}",
        company=company["name"] if company else "",
        captured_at=item.lead["captured_at"],
        route=decision.route,
        owner=names.get(decision.owner_id, "") if decision.owner_id is not None else "",
        why=decision.why,
        rule=decision.rule,
        rule_name=decision.rule_name,
        minutes=decision.minutes,
        route_now=before["route"],
        owner_now=names.get(before["owner_id"], ""),
    )
