"""A version of the scoring made ready to judge thousands of leads: parsed and compiled once a version."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from filon.core.conditions import ConditionError, Subject, compile_closure, fields_of
from filon.core.conditions.tree import ANY_KIND
from filon.leads import engagement
from filon.leads.fields import KINDS, REGISTRY
from filon.scoring import rules
from filon.scoring.judging import language
from filon.scoring.rules import EngagementRule, FitRule, Rules

Act = Mapping[str, Any]
"""A fact as conditions read it (`Subject.acts`). Its `at` is never after we learnt of it."""

log = logging.getLogger("filon.scoring")
_Rule = TypeVar("_Rule", FitRule, EngagementRule)
_Ready = TypeVar("_Ready")
_REFERENCES: Final = {"person": "person_id", "company": "company_id", "campaign": "campaign_id"}


@dataclass(frozen=True, slots=True)
class FitTest:
    """A fit rule with its test, its points in tenths, and the fields it reads."""

    rule: FitRule
    test: Callable[[Subject, datetime], bool]
    points: int
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class ActTest:
    """An engagement rule with the test of one act and the logarithm of its points."""

    rule: EngagementRule
    test: Callable[[Subject, datetime], bool]
    log_points: float


@dataclass(frozen=True, slots=True)
class Judged:
    """An act that a rule is about: whether it counts under the rule's cap."""

    act: Act
    is_counted: bool


@dataclass(frozen=True, slots=True)
class Compiled:
    """A version ready to use.

    by_kind: kind of act → positions in `acts` of the rules about it. columns: table alias → the columns that fit rules
    read; a change elsewhere moves no fit. broken: ids of rules that cannot be understood any more; they match nothing.
    """

    number: int
    rules: Rules
    fit: tuple[FitTest, ...]
    acts: tuple[ActTest, ...]
    by_kind: Mapping[str, tuple[int, ...]]
    columns: Mapping[str, frozenset[str]]
    broken: frozenset[str]

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds of act that can change an engagement."""
        return tuple(self.by_kind)

    def fit_tenths(self, subject: Subject, at: datetime) -> int:
        """The fit of a lead within 0 and 100, in tenths."""
        total = 0
        for one in self.fit:
            if one.test(subject, at):
                total += one.points
        return rules.clamped(total)

    def matches(self, one: ActTest, act: Act) -> bool:
        """Whether a rule is about an act."""
        return one.test(Subject({}, (act,)), act["at"])

    def judge(self, acts: Iterable[Act]) -> list[tuple[ActTest, list[Judged]]]:
        """For each rule the acts it is about and whether they count. acts: of one lead, in the order they happened."""
        found: dict[int, list[Act]] = {}
        for act in acts:
            for position in self.by_kind.get(act["kind"], ()):
                if self.matches(self.acts[position], act):
                    found.setdefault(position, []).append(act)
        judged = []
        for position in sorted(found):
            one, about = self.acts[position], found[position]
            verdicts = rules.counted([act["at"] for act in about], one.rule.cap)
            judged.append((one, [Judged(act, verdict) for act, verdict in zip(about, verdicts, strict=True)]))
        return judged

    def log_of(self, one: ActTest, at: datetime) -> float:
        """What a counted act of a rule at `at` adds to the engagement, as a logarithm."""
        return one.log_points + engagement.decay(at, self.rules.half_life_days)

    def engagement_of(self, acts: Iterable[Act]) -> tuple[float | None, Capped | None]:
        """The engagement of a lead and its capped acts as its row keeps them. acts: all, in the order they happened."""
        logs: list[float] = []
        capped: dict[str, list[datetime]] = {}
        for one, items in self.judge(acts):
            times = [item.act["at"] for item in items if item.is_counted]
            logs += [self.log_of(one, at) for at in times]
            if one.rule.cap is not None and times:
                capped[one.rule.id] = rules.held(times, one.rule.cap)
        return engagement.log_sum(logs), kept(capped, self.number)

    def engagement_with(
        self, log: float | None, known: Capped | None, acts: Iterable[Act]
    ) -> tuple[float | None, Capped | None] | None:
        """The same after more acts, in the order they happened, of a lead whose row holds `log` and `known`.

        None where all acts must be judged again: what was capped is not known, or an act comes before those that count.
        """
        logs = [] if log is None else [log]
        capped = read(known, self.number) if log is not None else {}  # whoever has no points has no counted acts
        for act in acts:
            for one in (self.acts[position] for position in self.by_kind[act["kind"]]):
                if not self.matches(one, act):
                    continue
                if one.rule.cap is not None:
                    if capped is None:
                        return None
                    recent = capped.get(one.rule.id, [])
                    counts = rules.counts_next(recent, act["at"], one.rule.cap)
                    if counts is None:
                        return None
                    if not counts:
                        continue
                    capped[one.rule.id] = rules.held([*recent, act["at"]], one.rule.cap)
                logs.append(self.log_of(one, act["at"]))
        return engagement.log_sum(logs), known if capped is None else kept(capped, self.number)


Capped = Mapping[str, Any]
"""`Lead.capped_acts`: `version`, and under `acts` the moments of counted acts by rule."""


def kept(capped: Mapping[str, Sequence[datetime]], number: int) -> Capped | None:
    """Counted acts of capped rules as a lead's row keeps them; None when there are none."""
    moments = {rule_id: [at.isoformat() for at in times] for rule_id, times in sorted(capped.items())}
    return {"version": number, "acts": moments} if moments else None


def read(known: Capped | None, number: int) -> dict[str, list[datetime]] | None:
    """What `kept` kept; None when it is not known, or of another version."""
    if known is None or known["version"] != number:
        return None
    return {rule_id: [datetime.fromisoformat(one) for one in times] for rule_id, times in known["acts"].items()}


def compile_rules(content: Rules, number: int) -> Compiled:
    """Make a version ready. A rule that cannot be understood any more is set apart: leads must come in all the same."""
    broken: set[str] = set()
    fit = _each(content.fit, _fit_test, broken)
    acts = _each(content.engagement, _act_test, broken)
    columns = _columns(one.fields for one in fit)
    return Compiled(number, content, fit, acts, _by_kind(acts), columns, frozenset(broken))


def _each(items: Iterable[_Rule], make: Callable[[_Rule], _Ready], broken: set[str]) -> tuple[_Ready, ...]:
    ready: list[_Ready] = []
    for rule in items:
        try:
            ready.append(make(rule))
        except ConditionError:
            log.exception("the scoring rule %s cannot be understood any more", rule.id)
            broken.add(rule.id)
    return tuple(ready)


def _fit_test(rule: FitRule) -> FitTest:
    node = language.fit_condition(rule.condition)
    return FitTest(rule, compile_closure(node, REGISTRY), rules.tenths(rule.points), fields_of(node))


def _act_test(rule: EngagementRule) -> ActTest:
    node = language.act_condition(rule.kind, rule.where)
    return ActTest(rule, compile_closure(node, REGISTRY), math.log(rule.points))


def _by_kind(acts: Sequence[ActTest]) -> dict[str, tuple[int, ...]]:
    """Positions of the tests that are about each kind."""
    kinds = {kind: tuple(i for i, one in enumerate(acts) if one.rule.kind in {kind, ANY_KIND}) for kind in KINDS}
    return {kind: positions for kind, positions in kinds.items() if positions}


def _columns(fields: Iterable[frozenset[str]]) -> dict[str, frozenset[str]]:
    columns: dict[str, set[str]] = {"lead": set()}
    for name in frozenset[str]().union(*fields):
        field = REGISTRY.lead.get(name)
        for read in (field, field.by_name) if field.by_name else (field,):
            columns.setdefault(read.table, set()).add(read.compared_column)
            if read.table in _REFERENCES:
                columns["lead"].add(_REFERENCES[read.table])
    return {table: frozenset(names) for table, names in columns.items()}
