"""What one version says differently from another. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from filon.scoring.rules import EngagementRule, FitRule, Rules, Thresholds

_ASPECTS: Final = {
    FitRule: ("name", "condition", "points"),
    EngagementRule: ("name", "kind", "where", "points", "cap"),
}


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing that differs: its code (`points`, `condition`, `fit_a`…), and its value before and after."""

    code: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Change:
    """A rule added, removed or changed, or the settings changed (then `rule_id` is empty)."""

    kind: Literal["added", "removed", "changed"]
    rule_id: str
    name: str
    aspects: tuple[Aspect, ...] = ()


def changes(before: Rules, after: Rules) -> tuple[Change, ...]:
    """What `after` says differently: settings first, then fit rules, then engagement rules."""
    settings = _settings(before, after)
    first = (Change("changed", "", "", settings),) if settings else ()
    return (*first, *_rules(before.fit, after.fit), *_rules(before.engagement, after.engagement))


def _settings(before: Rules, after: Rules) -> tuple[Aspect, ...]:
    half_life = Aspect("half_life_days", before.half_life_days, after.half_life_days)
    thresholds = [
        Aspect(name, getattr(before.thresholds, name), getattr(after.thresholds, name)) for name in Thresholds.__slots__
    ]
    return tuple(aspect for aspect in (half_life, *thresholds) if aspect.before != aspect.after)


def _rules(
    before: Sequence[FitRule] | Sequence[EngagementRule], after: Sequence[FitRule] | Sequence[EngagementRule]
) -> list[Change]:
    old, new = {rule.id: rule for rule in before}, {rule.id: rule for rule in after}
    found = []
    for rule_id, rule in new.items():
        if rule_id not in old:
            found.append(Change("added", rule_id, rule.name))
        elif aspects := _aspects(old[rule_id], rule):
            found.append(Change("changed", rule_id, rule.name, aspects))
    return found + [Change("removed", rule_id, rule.name) for rule_id, rule in old.items() if rule_id not in new]


def _aspects(before: FitRule | EngagementRule, after: FitRule | EngagementRule) -> tuple[Aspect, ...]:
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in _ASPECTS[type(after)])
    return tuple(Aspect(name, old, new) for name, old, new in pairs if old != new)
