"""What can be asked of routing: rules and versions, teams and their turns, calendars. Clocks are in `clocks.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from filon.core.access import Actor
from filon.core.conditions import ConditionError, describe, parse
from filon.kit import sql
from filon.leads.fields import REGISTRY
from filon.routing import desk, rulebook, rules, starter
from filon.routing.decisions import Rule, RuleSet
from filon.routing.models import Absence, Calendar, RoutingRuleSet
from filon.routing.rules import Timetable

LATELY: Final = timedelta(days=30)

# Rules ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as screens show it. `said`: its condition in plain words; `mistake`: why it is never true, when it is
    not understood. `receiver`: the name of the team or colleague."""

    number: int
    rule: Rule
    said: str
    mistake: str
    receiver: str


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules being edited beside those in force. `revision` goes back with every change of the draft."""

    in_force: RuleSet
    draft: RuleSet
    revision: int
    rows: Sequence[RuleRow]

    @property
    def has_draft(self) -> bool:
        """Whether somebody has changed something that is not published."""
        return self.revision > 0


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A published version, with who published it."""

    version: int
    published_at: datetime
    author: str
    rules: int
    is_in_force: bool


def rule_book(*, by: Actor, language: str) -> RuleBook:
    """The draft, or the rules in force when there is none. Two statements."""
    by.require("leads.see")
    in_force, draft, revision = rulebook.both()
    return RuleBook(in_force, draft, revision, rule_rows(draft, language))


def rule_rows(rules_: RuleSet, language: str) -> list[RuleRow]:
    """Rules with their conditions in words and the names of who gets the leads. One statement."""
    named = sql.fetch("SELECT 'team', id, name FROM core_team UNION ALL SELECT 'owner', id, name FROM core_user")
    names = {(to, found_id): name for to, found_id, name in named}
    rows = []
    for number, rule in enumerate(rules_.rules, start=1):
        said, mistake = in_words(rule.when, language)
        rows.append(RuleRow(number, rule, said, mistake, names.get((rule.to, rule.to_id or 0), "")))
    return rows


def in_words(when: str, language: str) -> tuple[str, str]:
    """A condition in plain words, and what is wrong with it; one of the two is empty."""
    try:
        return describe(parse(when, REGISTRY), language, REGISTRY), ""
    except ConditionError as error:
        return "", error.words.in_language(language)


def vocabulary(language: str) -> list[tuple[str, str, str]]:
    """What conditions may speak of, for people who write them: (name, what it is called, its operators or choices)."""
    said = []
    for field in REGISTRY.lead.fields.values():
        choices = ", ".join(field.choices) if field.choices else ""
        said.append((field.name, field.label_words().in_language(language), choices or " ".join(field.operators)))
    return said


def versions(*, by: Actor) -> list[VersionRow]:
    """All published versions, newest first. One statement."""
    by.require("leads.see")
    rows = RoutingRuleSet.objects.filter(version__gt=rulebook.DRAFT).order_by("-version")
    cells = rows.values_list("version", "published_at", "author__name", "rules")
    return [
        VersionRow(version, published_at, author or "", len(kept), is_in_force=not position)
        for position, (version, published_at, author, kept) in enumerate(cells)
        if published_at is not None
    ]


# Teams and turns ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A colleague who takes turns. `turns`: leads got by turns, ever; `lately`: clocks started for them in 30 days;
    `in_work`: leads between qualification and opportunity; `away_until`: last day of the absence under way."""

    user_id: int
    name: str
    role: str
    team: str
    turns: int
    lately: int
    in_work: int
    capacity: int | None
    away_until: date | None

    @property
    def is_full(self) -> bool:
        """Whether turns pass them for want of room."""
        return self.capacity is not None and self.in_work >= self.capacity


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """An absence that is not over."""

    id: int
    user_id: int
    name: str
    starts_on: date
    ends_on: date


_MEMBERS: Final = """
SELECT u.id, u.name, u.role, COALESCE(t.name, ''),
       COALESCE((SELECT SUM(w.leads) FROM routing_turn w WHERE w.user_id = u.id), 0),
       COALESCE(lately.leads, 0), COALESCE(work.leads, 0),
       c.leads_at_most,
       (SELECT MAX(a.ends_on) FROM routing_absence a WHERE a.user_id = u.id AND a.starts_on <= %s AND a.ends_on >= %s)
FROM core_user u
LEFT JOIN core_team t ON t.id = u.team_id
LEFT JOIN routing_capacity c ON c.user_id = u.id
LEFT JOIN (SELECT owner_id, COUNT(*) AS leads FROM routing_promise WHERE started_at >= %s GROUP BY owner_id) lately
    ON lately.owner_id = u.id
LEFT JOIN (SELECT owner_id, COUNT(*) AS leads FROM leads_lead WHERE stage IN ('qualifying', 'mql', 'sql')
           GROUP BY owner_id) work ON work.owner_id = u.id
WHERE u.is_active AND u.role IN ('sdr', 'sales'){scope}
ORDER BY u.role DESC, t.name, u.name_folded, u.id
"""


def members(*, by: Actor, at: datetime) -> list[MemberRow]:
    """Everybody who takes turns, with how many leads each got: the published distribution. One statement."""
    by.require("leads.see")
    today = _today(at)
    day = today if sql.is_postgresql() else today.isoformat()
    scope, params = (" AND u.team_id = %s", [by.team_id]) if by.role == "manager" else ("", [])
    found = sql.fetch(_MEMBERS.format(scope=scope), [day, day, _moment(at - LATELY), *params])
    return [
        MemberRow(user_id, name, role, team, int(turns), lately, in_work, capacity, _day(until))
        for user_id, name, role, team, turns, lately, in_work, capacity, until in found
    ]


def absences(*, by: Actor, at: datetime) -> list[AbsenceRow]:
    """Absences under way and to come that the actor may plan. One statement."""
    rows = Absence.objects.filter(ends_on__gte=_today(at)).order_by("starts_on", "pk")
    if by.role == "manager":
        rows = rows.filter(user__team_id=by.team_id or 0)
    elif not by.may("routing.change"):
        rows = rows.filter(user_id=by.id or 0)
    return [AbsenceRow(*cells) for cells in rows.values_list("pk", "user_id", "user__name", "starts_on", "ends_on")]


# Calendars ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """When a team works (no team: everybody else), as seven texts from Monday on, and its next days off."""

    team_id: int | None
    team: str
    week: Sequence[str]
    region: str
    holidays: Sequence[tuple[date, str]]


def calendars(*, by: Actor, at: datetime, language: str) -> list[CalendarRow]:
    """Everybody's calendar, then those of teams by name. One statement."""
    by.require("leads.see")
    kept = Calendar.objects.order_by("-is_default", "team__name").values_list("team_id", "team__name", "week", "region")
    rows: list[tuple[int | None, str, Timetable]] = [
        (team_id, name or "", desk.timetable_of(week, region)) for team_id, name, week, region in kept
    ]
    if not rows or rows[0][0] is not None:
        rows.insert(0, (None, "", desk.timetable_of(starter.WEEK, starter.REGION)))
    return [_calendar_row(team_id, name, timetable, at, language) for team_id, name, timetable in rows]


def _calendar_row(team_id: int | None, name: str, timetable: Timetable, at: datetime, language: str) -> CalendarRow:
    coming = rules.next_holidays(timetable.region, _today(at), 6, language)
    return CalendarRow(team_id, name, [rules.show_hours(day) for day in timetable.week], timetable.region, coming)


# Moments --------------------------------------------------------------------------------------------------------------


def _today(at: datetime) -> date:
    return at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def _moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
