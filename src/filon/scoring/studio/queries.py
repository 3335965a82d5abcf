"""What the studio asks: the versions, the draft, how many leads each rule is about, and what a draft would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.conditions import ConditionError, Node, Vendor, compile_sql
from filon.core.line import Batch
from filon.core.models import Job
from filon.kit import sql
from filon.kit.errors import Kind, Refused
from filon.leads import engagement, fields
from filon.leads.fields import REGISTRY
from filon.leads.models import Company, Lead, Person
from filon.scoring import rules, versions
from filon.scoring.judging import judge, language
from filon.scoring.judging.compiled import Compiled
from filon.scoring.judging.judge import LeadRow, Levels
from filon.scoring.models import RuleSet
from filon.scoring.rules import EngagementRule, FitRule, Rules
from filon.scoring.studio import diff

MOST_COUNTED: Final = 100_000
"""Leads, the latest first, among which rules count those they are about."""

MOST_SIMULATED: Final = 20_000
"""Leads, the latest first, that a simulation judges while people wait."""

_PART: Final = 1_000
_EXAMPLES: Final = 20


@dataclass(frozen=True, slots=True)
class Version:
    """A version or the draft (`number` 0), with who wrote it."""

    number: int
    content: Rules
    note: str
    restores: int | None
    author: str
    edition: int
    at: datetime


def in_force(*, by: Actor) -> Version | None:
    """The version in force. One statement. Raises Refused."""
    by.require("leads.see")
    return _version(RuleSet.objects.filter(number__isnull=False).order_by("-number"))


def draft(*, by: Actor) -> Version | None:
    """The draft, when there is one. One statement. Raises Refused."""
    by.require("leads.see")
    return _version(RuleSet.objects.filter(state=RuleSet.State.DRAFT))


def version(number: int, *, by: Actor) -> Version:
    """One version that is or was in force. One statement. Raises Refused."""
    by.require("leads.see")
    found = _version(RuleSet.objects.filter(number=number))
    if found is None:
        raise Refused(_("There is no version %(number)s.") % {"number": number}, Kind.NOT_FOUND, code="not_found")
    return found


def history(*, by: Actor, limit: int = 50) -> list[tuple[Version, tuple[diff.Change, ...]]]:
    """The latest versions with what each changed, the newest first. One statement. Raises Refused."""
    by.require("leads.see")
    found = RuleSet.objects.filter(number__isnull=False).select_related("author").order_by("-number")[: limit + 1]
    listed = [_as_version(one) for one in found]
    older = [*listed[1:], None]
    return [
        (one, diff.changes(before.content, one.content) if before is not None else ())
        for one, before in zip(listed[:limit], older, strict=False)
    ]


def _version(found: Any) -> Version | None:
    one = found.select_related("author").first()
    return None if one is None else _as_version(one)


def _as_version(one: RuleSet) -> Version:
    return Version(
        number=one.number or 0,
        content=one.content,
        note=one.note,
        restores=one.restores,
        author=str(one.author) if one.author is not None else "",
        edition=one.edition,
        at=one.published_at or one.changed_at,
    )


@dataclass(frozen=True, slots=True)
class Recomputation:
    """How far the computation of all scores is; `total` and `left` are None while they are not known."""

    done: int
    total: int | None
    rate: float
    left: timedelta | None


def recomputation(*, by: Actor) -> Recomputation | None:
    """The computation of all scores that waits or runs. One statement. Raises Refused."""
    by.require("leads.see")
    open_states = [Job.State.WAITING, Job.State.RUNNING]
    job = Job.objects.filter(name="scoring.recompute", state__in=open_states).order_by("-id").first()
    if job is None:
        return None
    told = job.progress
    left = told.get("seconds_left")
    return Recomputation(
        done=int(told.get("done", 0)),
        total=told.get("total"),
        rate=float(told.get("rate", 0)),
        left=timedelta(seconds=left) if left is not None else None,
    )


# How many leads a rule is about ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of `total` leads meet each rule now, by its id; `is_all` when these are all the leads there are."""

    total: int
    by_rule: dict[str, int]
    is_all: bool


def rule_counts(content: Rules, *, at: datetime, by: Actor) -> Counts:
    """How many of the latest leads each rule is about: fit rules met, engagement rules with at least one act.

    A rule that cannot be understood any more is left out. One statement, which reads each of these leads once. Raises
    Refused.
    """
    by.require("leads.see")
    nodes: list[tuple[str, Node]] = []
    every: list[FitRule | EngagementRule] = [*content.fit, *content.engagement]
    for rule in every:
        with suppress(ConditionError):
            nodes.append((rule.id, language.condition_of(rule)))
    vendor: Vendor = "postgresql" if sql.is_postgresql() else "sqlite"
    tests = [compile_sql(node, REGISTRY, at=at, vendor=vendor) for _rule_id, node in nodes]
    tables = frozenset[str]().union(*(test.tables for test in tests)) - {"lead"}
    sums = ", ".join(["COUNT(*)", *(f"COUNT(CASE WHEN {test.text} THEN 1 END)" for test in tests)])
    latest = f"(SELECT * FROM leads_lead ORDER BY id DESC LIMIT {MOST_COUNTED})"
    source = fields.source(tables).replace(fields.BASE, f"{latest} AS lead")
    (row,) = sql.fetch(f"SELECT {sums} FROM {source}", [param for test in tests for param in test.params])
    by_rule = {rule_id: int(count) for (rule_id, _node), count in zip(nodes, row[1:], strict=True)}
    return Counts(int(row[0]), by_rule, int(row[0]) < MOST_COUNTED)


# What a draft would change --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Example:
    """A lead whose grade would change."""

    lead_id: int
    name: str
    company: str
    grade_before: str
    grade_after: str
    fit_before: Decimal
    fit_after: Decimal
    engagement_before: Decimal
    engagement_after: Decimal


@dataclass(frozen=True, slots=True)
class Simulation:
    """What publishing would do, judged on real leads and written nowhere.

    grades: (before, after) → leads. better and worse: of those that change; some but trade fit for engagement.
    mql_before and mql_after: open leads that pass both thresholds.
    """

    total: int
    judged: int
    grades: dict[tuple[str, str], int]
    changed: int
    better: int
    worse: int
    mql_before: int
    mql_after: int
    examples: tuple[Example, ...]


def simulate(content: Rules, *, at: datetime, by: Actor, limit: int = MOST_SIMULATED) -> Simulation:
    """Judge the latest leads as `content` would, and compare with the version in force at the same moment.

    Five statements a thousand leads; nothing is written. Raises Refused.
    """
    by.require("scoring.change")
    current = versions.newest()
    if current is None:
        raise Refused(_("There are no scoring rules yet."), Kind.CONFLICT, code="no_scoring")
    tally = _Tally(current, versions.compile_content(content), at)
    before_id: int | None = None
    judged = 0
    while judged < limit:
        found = Lead.objects.order_by("-id").values_list("id", flat=True)
        ids = list((found if before_id is None else found.filter(id__lt=before_id))[: min(_PART, limit - judged)])
        if not ids:
            break
        tally.add(ids, by)
        judged, before_id = judged + len(ids), ids[-1]
    return tally.result(Lead.objects.count(), judged)


class _Tally:
    """Counts what changes, part by part."""

    def __init__(self, current: Compiled, draft: Compiled, at: datetime) -> None:
        self._current, self._draft, self._at = current, draft, at
        self._levels_before, self._levels_after = Levels(current, at), Levels(draft, at)
        self._is_engagement_same = (
            current.rules.engagement == draft.rules.engagement
            and current.rules.half_life_days == draft.rules.half_life_days
        )
        self._grades: Counter[tuple[str, str]] = Counter()
        self._mql_before = self._mql_after = 0
        self._examples: list[Example] = []

    def add(self, ids: Sequence[int], by: Actor) -> None:
        """Judge some leads in a batch that is never written."""
        batch = Batch([], by=by, at=self._at, is_live=False)
        rows = batch.rows(Lead)
        rows.load_ids(ids)
        leads = [rows.by_id[lead_id] for lead_id in sorted(rows.by_id, reverse=True)]
        before = {lead["id"]: (lead["fit"] or Decimal(0), lead["engagement_log"]) for lead in leads}
        judge.set_fit(batch, self._draft, leads)
        if not self._is_engagement_same:
            judge.set_engagement(batch, self._draft, leads)
        for lead in leads:
            self._count(batch, lead, *before[lead["id"]])

    def _count(self, batch: Batch, lead: LeadRow, fit: Decimal, log: float | None) -> None:
        after_fit, after_log = lead["fit"], lead["engagement_log"]
        grades = self._levels_before.grade(fit, log), self._levels_after.grade(after_fit, after_log)
        self._grades[grades] += 1
        if lead["is_open"]:
            self._mql_before += self._levels_before.is_mql(fit, log)
            self._mql_after += self._levels_after.is_mql(after_fit, after_log)
        if grades[0] != grades[1] and len(self._examples) < _EXAMPLES:
            self._examples.append(self._example(batch, lead, grades, fit, log))

    def _example(
        self, batch: Batch, lead: LeadRow, grades: tuple[str, str], fit: Decimal, log: float | None
    ) -> Example:
        person, companies = batch.rows(Person), batch.rows(Company)
        person.load_ids([lead["person_id"]])
        companies.load_ids([lead["company_id"]] if lead["company_id"] else [])
        who = person.by_id[lead["person_id"]]
        company = companies.by_id.get(lead["company_id"])
        return Example(
            lead_id=lead["id"],
            name=who["full_name"] or who["email"] or who["phone"] or f"#{lead['id']}",
            company=company["name"] if company is not None else "",
            grade_before=grades[0],
            grade_after=grades[1],
            fit_before=fit,
            fit_after=lead["fit"],
            engagement_before=_shown(log, self._at, self._current),
            engagement_after=_shown(lead["engagement_log"], self._at, self._draft),
        )

    def result(self, total: int, judged: int) -> Simulation:
        """All that was counted."""
        changed = {pair: count for pair, count in self._grades.items() if pair[0] != pair[1]}
        steps = {pair: rules.steps(*pair) for pair in changed}
        return Simulation(
            total=total,
            judged=judged,
            grades=dict(self._grades),
            changed=sum(changed.values()),
            better=sum(count for pair, count in changed.items() if steps[pair] > 0),
            worse=sum(count for pair, count in changed.items() if steps[pair] < 0),
            mql_before=self._mql_before,
            mql_after=self._mql_after,
            examples=tuple(self._examples),
        )


def _shown(log: float | None, at: datetime, compiled: Compiled) -> Decimal:
    return rules.from_tenths(rules.rounded(engagement.points(log, at, compiled.rules.half_life_days)))
