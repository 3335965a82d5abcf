"""Why a score is what it is: lines that add up to it exactly, and what would raise the grade."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from filon.core.conditions import Subject
from filon.kit.text import fold
from filon.scoring import rules
from filon.scoring.judging.compiled import Act, ActTest, Compiled, Judged
from filon.scoring.judging.past import Known

MOST_ACTS: Final = 20
"""Acts a line shows one by one, the latest first; the older ones are one line together."""

_HINTS: Final = 2
_LN2: Final = math.log(2)


@dataclass(frozen=True, slots=True)
class FitLine:
    """Points of one fit rule; `rule_id` is empty for the line of the limits 0 and 100.

    is_erased: a value the rule asks for was erased since, and counted as empty.
    """

    rule_id: str
    name: str
    points: Decimal
    is_erased: bool = False

    @property
    def is_limit(self) -> bool:
        """Whether this is what the limits of 0 and 100 take or add."""
        return not self.rule_id


@dataclass(frozen=True, slots=True)
class ActLine:
    """What is left of one act's points (`left`) of those it brought (`points`); `fact_id` None for several together."""

    fact_id: int | None
    at: datetime
    count: int
    points: Decimal
    left: Decimal
    path: str = ""


@dataclass(frozen=True, slots=True)
class EngagementLine:
    """What is left of the points of one rule's acts; `is_cap` for what its cap takes away again."""

    rule_id: str
    name: str
    points: Decimal
    each: Decimal
    count: int
    last_at: datetime
    acts: tuple[ActLine, ...]
    is_cap: bool = False


@dataclass(frozen=True, slots=True)
class Hint:
    """A rule that the lead does not meet (yet), the points it would bring, and the grade it would then have."""

    rule_id: str
    name: str
    points: Decimal
    grade: str
    is_engagement: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """A lead's scores at a moment. `fit` is the sum of `fit_lines`, `engagement` that of `engagement_lines`."""

    lead_id: int
    at: datetime
    version: int
    half_life_days: int
    fit: Decimal
    engagement: Decimal
    grade: str
    fit_lines: tuple[FitLine, ...]
    engagement_lines: tuple[EngagementLine, ...]
    hints: tuple[Hint, ...]
    mql_fit: Decimal
    mql_engagement: Decimal

    @property
    def next_grade_hint(self) -> Hint | None:
        """The one rule that would raise the grade most, if any does alone."""
        return next((hint for hint in self.hints if hint.grade != self.grade), None)


def explained(compiled: Compiled, known: Known, acts: Sequence[Act], at: datetime) -> Explanation:
    """The scores of one lead at `at` from what was known then. acts: in the order they happened."""
    lead = known.rows["lead"]
    assert lead is not None  # noqa: S101 — a lead is explained
    matched, fit_lines = _fit_lines(compiled, known, at)
    fit = sum((line.points for line in fit_lines), Decimal(0))
    judged = compiled.judge(acts)
    engagement, engagement_lines = _engagement_lines(compiled, judged, at)
    grade = rules.grade(fit, engagement, compiled.rules.thresholds)
    return Explanation(
        lead_id=lead["id"],
        at=at,
        version=compiled.number,
        half_life_days=compiled.rules.half_life_days,
        fit=fit,
        engagement=engagement,
        grade=grade,
        fit_lines=fit_lines,
        engagement_lines=engagement_lines,
        hints=_hints(compiled, matched, judged, fit=fit, engagement=engagement, at=at),
        mql_fit=compiled.rules.thresholds.mql_fit,
        mql_engagement=compiled.rules.thresholds.mql_engagement,
    )


# Fit ------------------------------------------------------------------------------------------------------------------


def _fit_lines(compiled: Compiled, known: Known, at: datetime) -> tuple[set[str], tuple[FitLine, ...]]:
    """Ids of the rules the lead meets, and the lines of the fit, the best first."""
    subject = Subject(known.rows)
    matched: set[str] = set()
    lines: list[FitLine] = []
    total = 0
    for one in compiled.fit:
        is_erased = any(fold(name) in known.erased for name in one.fields)
        if one.test(subject, at):
            matched.add(one.rule.id)
            total += one.points
            lines.append(FitLine(one.rule.id, one.rule.name, rules.from_tenths(one.points), is_erased))
        elif is_erased:
            lines.append(FitLine(one.rule.id, one.rule.name, Decimal("0.0"), is_erased))
    lines.sort(key=lambda line: -line.points)
    limit = rules.clamped(total) - total
    if limit:
        lines.append(FitLine("", "", rules.from_tenths(limit)))
    return matched, tuple(lines)


# Engagement -----------------------------------------------------------------------------------------------------------


def _left(compiled: Compiled, one: ActTest, act: Act, at: datetime) -> float:
    """What is left at `at` of the points of an act."""
    days = (at - act["at"]).total_seconds() / 86_400
    return math.exp(one.log_points - days / compiled.rules.half_life_days * _LN2)


def _engagement_lines(
    compiled: Compiled, judged: Sequence[tuple[ActTest, list[Judged]]], at: datetime
) -> tuple[Decimal, tuple[EngagementLine, ...]]:
    """The engagement in tenths and its lines: what each rule's acts are worth, and what its cap takes away again."""
    parts: list[tuple[ActTest, list[Act], list[float], bool]] = []
    for one, items in judged:
        acts = [item.act for item in items]
        parts.append((one, acts, [_left(compiled, one, act, at) for act in acts], False))
        over = [item.act for item in items if not item.is_counted]
        if over:
            parts.append((one, over, [-_left(compiled, one, act, at) for act in over], True))
    amounts = [math.fsum(lefts) for _, _, lefts, _ in parts]
    total = rules.rounded(math.fsum(left for _, _, lefts, _ in parts for left in lefts))
    lines = [
        EngagementLine(
            rule_id=one.rule.id,
            name=one.rule.name,
            points=rules.from_tenths(tenths),
            each=one.rule.points,
            count=len(acts),
            last_at=acts[-1]["at"],
            acts=_act_lines(acts, lefts, tenths, -one.rule.points if is_cap else one.rule.points),
            is_cap=is_cap,
        )
        for (one, acts, lefts, is_cap), tenths in zip(parts, rules.shares(amounts, total), strict=True)
    ]
    lines.sort(key=lambda line: -line.points)
    return rules.from_tenths(total), tuple(lines)


def _act_lines(acts: Sequence[Act], lefts: Sequence[float], tenths: int, each: Decimal) -> tuple[ActLine, ...]:
    """The acts of one line, the latest first; they add up to it too."""
    shown = [
        ActLine(act["id"], act["at"], 1, each, rules.from_tenths(share), act.get("path") or "")
        for act, share in zip(acts, rules.shares(lefts, tenths), strict=True)
    ]
    shown.reverse()
    rest = shown[MOST_ACTS:]
    if not rest:
        return tuple(shown)
    left = sum((line.left for line in rest), Decimal(0))
    return (*shown[:MOST_ACTS], ActLine(None, rest[0].at, len(rest), each, left))


# What would raise the grade -------------------------------------------------------------------------------------------


def _hints(
    compiled: Compiled,
    matched: set[str],
    judged: Sequence[tuple[ActTest, list[Judged]]],
    *,
    fit: Decimal,
    engagement: Decimal,
    at: datetime,
) -> tuple[Hint, ...]:
    """The two missing rules that would help most: those that raise the grade first, then by points."""
    thresholds = compiled.rules.thresholds
    grade = rules.grade(fit, engagement, thresholds)
    before = sum(one.points for one in compiled.fit if one.rule.id in matched)
    hints: list[Hint] = []
    for one in compiled.fit:
        if one.points > 0 and one.rule.id not in matched:
            reached = rules.from_tenths(rules.clamped(before + one.points))
            if reached > fit:
                then = rules.grade(reached, engagement, thresholds)
                hints.append(Hint(one.rule.id, one.rule.name, reached - fit, then, is_engagement=False))
    for act in compiled.acts:
        if _has_room(act, judged, at):
            then = rules.grade(fit, engagement + act.rule.points, thresholds)
            hints.append(Hint(act.rule.id, act.rule.name, act.rule.points, then, is_engagement=True))
    hints.sort(key=lambda hint: (hint.grade == grade, -rules.steps(grade, hint.grade), -hint.points))
    return tuple(hints[:_HINTS])


def _has_room(one: ActTest, judged: Sequence[tuple[ActTest, list[Judged]]], at: datetime) -> bool:
    """Whether another act of the rule would count now."""
    cap = one.rule.cap
    if cap is None:
        return True
    items = next((items for other, items in judged if other is one), [])
    window = at - timedelta(days=cap.days)
    recent = [item for item in items if item.is_counted and item.act["at"] > window]
    return len(recent) < cap.acts
