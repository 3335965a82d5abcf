"""What a version of the scoring says, and the arithmetic of points, caps and grades. Pure.

Points are counted in whole tenths inside, so that sums are exact; people and JSON see decimals.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

FIT_MOST: Final = 1000
"""The highest fit, in tenths; the lowest is 0."""

LETTERS: Final = "ABCD"
DIGITS: Final = "1234"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `acts` counted acts in any `days` × 24 hours, in the order they happened."""

    acts: int
    days: int


@dataclass(frozen=True, slots=True)
class FitRule:
    """Points (negative ones too) for a lead that meets a condition."""

    id: str
    name: str
    condition: str
    points: Decimal


@dataclass(frozen=True, slots=True)
class EngagementRule:
    """Points for each act of a kind (or `any`) that meets a condition over the act; halved every half-life."""

    id: str
    name: str
    kind: str
    where: str
    points: Decimal
    cap: Cap | None = None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From how many points on a lead gets each letter (fit) and figure (engagement), and is an MQL (both)."""

    fit_a: Decimal
    fit_b: Decimal
    fit_c: Decimal
    engagement_1: Decimal
    engagement_2: Decimal
    engagement_3: Decimal
    mql_fit: Decimal
    mql_engagement: Decimal


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything a version of the scoring says."""

    half_life_days: int
    thresholds: Thresholds
    fit: tuple[FitRule, ...]
    engagement: tuple[EngagementRule, ...]


# As stored ------------------------------------------------------------------------------------------------------------


def to_json(rules: Rules) -> dict[str, Any]:
    """The rules as the `rules` column keeps them."""
    return {
        "fit": [
            {"id": rule.id, "name": rule.name, "condition": rule.condition, "points": str(rule.points)}
            for rule in rules.fit
        ],
        "engagement": [
            {
                "id": rule.id,
                "name": rule.name,
                "kind": rule.kind,
                "where": rule.where,
                "points": str(rule.points),
                "cap": {"acts": rule.cap.acts, "days": rule.cap.days} if rule.cap else None,
            }
            for rule in rules.engagement
        ],
    }


def thresholds_to_json(thresholds: Thresholds) -> dict[str, str]:
    """The thresholds as their column keeps them."""
    return {name: str(getattr(thresholds, name)) for name in Thresholds.__slots__}


def columns(rules: Rules) -> dict[str, Any]:
    """The rules as the columns of a version: half_life_days, thresholds, rules, and their digest."""
    values = {
        "half_life_days": rules.half_life_days,
        "thresholds": thresholds_to_json(rules.thresholds),
        "rules": to_json(rules),
    }
    text = json.dumps(values, sort_keys=True, ensure_ascii=True)
    return {**values, "digest": hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}


def from_json(half_life_days: int, thresholds: dict[str, str], rules: dict[str, Any]) -> Rules:
    """What the three columns of a version say."""
    return Rules(
        half_life_days,
        Thresholds(**{name: Decimal(value) for name, value in thresholds.items()}),
        tuple(FitRule(**{**rule, "points": Decimal(rule["points"])}) for rule in rules["fit"]),
        tuple(
            EngagementRule(
                **{**rule, "points": Decimal(rule["points"]), "cap": Cap(**rule["cap"]) if rule["cap"] else None}
            )
            for rule in rules["engagement"]
        ),
    )


# Points ---------------------------------------------------------------------------------------------------------------


def tenths(points: Decimal) -> int:
    """Points as whole tenths."""
    return int(points.scaleb(1))


def from_tenths(number: int) -> Decimal:
    """Whole tenths as points."""
    return Decimal(number).scaleb(-1)


def rounded(points: float) -> int:
    """Points as the tenths that people see: half a tenth rounds up."""
    return math.floor(points * 10 + 0.5)


def clamped(fit_tenths: int) -> int:
    """A sum of fit points within 0 and 100, in tenths."""
    return min(max(fit_tenths, 0), FIT_MOST)


def shares(amounts: Sequence[float], total: int) -> list[int]:
    """Each amount in tenths so that together they are `total` exactly: by largest remainder, ties to the first.

    amounts: points, of either sign. total: their sum in tenths, rounded. The parts differ from the amounts by less
    than a tenth.
    """
    floors = [math.floor(amount * 10) for amount in amounts]
    missing = total - sum(floors)
    by_remainder = sorted(range(len(amounts)), key=lambda i: (floors[i] - amounts[i] * 10, i))
    for position in by_remainder[: max(missing, 0)]:
        floors[position] += 1
    return floors


def counted(times: Sequence[datetime], cap: Cap | None) -> list[bool]:
    """Which acts count under a cap: an act does when fewer than `cap.acts` counted in the window that ends with it.

    times: of the acts of one rule, in order. The window of an act at t is (t - days, t].
    """
    if cap is None:
        return [True] * len(times)
    window, recent, verdicts = timedelta(days=cap.days), deque[datetime](), []
    for at in times:
        while recent and recent[0] <= at - window:
            recent.popleft()
        is_counted = len(recent) < cap.acts
        if is_counted:
            recent.append(at)
        verdicts.append(is_counted)
    return verdicts


def held(times: Sequence[datetime], cap: Cap) -> list[datetime]:
    """Of the counted acts of a rule, in order, those that the window of an act at or after the last one can hold."""
    start = times[-1] - timedelta(days=cap.days)
    return [at for at in times if at > start]


def counts_next(recent: Sequence[datetime], at: datetime, cap: Cap) -> bool | None:
    """Whether an act after all others counts. recent: what `held` says of those before it. None for one before the last
    counted act: then all of them must be judged again."""
    if recent and at < recent[-1]:
        return None
    start = at - timedelta(days=cap.days)
    return sum(before > start for before in recent) < cap.acts


# Grades ---------------------------------------------------------------------------------------------------------------


def letter(fit: Decimal, thresholds: Thresholds) -> str:
    """A to D for a fit."""
    return _rank(fit, (thresholds.fit_a, thresholds.fit_b, thresholds.fit_c), LETTERS)


def digit(engagement: Decimal, thresholds: Thresholds) -> str:
    """1 to 4 for an engagement as people see it."""
    cuts = (thresholds.engagement_1, thresholds.engagement_2, thresholds.engagement_3)
    return _rank(engagement, cuts, DIGITS)


def grade(fit: Decimal, engagement: Decimal, thresholds: Thresholds) -> str:
    """A1 to D4."""
    return letter(fit, thresholds) + digit(engagement, thresholds)


def steps(before: str, after: str) -> int:
    """How many letters and figures a grade is better than another; negative when it is worse."""
    return (ord(before[0]) - ord(after[0])) + (ord(before[1]) - ord(after[1]))


def _rank(points: Decimal, cuts: tuple[Decimal, ...], names: str) -> str:
    for cut, name in zip(cuts, names, strict=False):
        if points >= cut:
            return name
    return names[-1]
