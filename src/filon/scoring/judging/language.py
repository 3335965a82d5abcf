"""The condition language as scoring speaks it: what a fit rule and an act rule may ask.

A score must be explained at any past date from what was known then, and never grow stale by itself. So a fit rule asks
about who the lead is and where it came from, never about its journey, its other scores or the time that passes; an act
rule asks about the act alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from filon.core.conditions import ConditionError, Node, Words, parse
from filon.core.conditions.tree import And, Compare, Count, Empty, Not, Now, OneOf, Or
from filon.leads.fields import JOURNEY, REGISTRY, SCORES
from filon.scoring.rules import EngagementRule, FitRule

UNSTABLE: Final = frozenset(field.name for field in (*JOURNEY, *SCORES))
"""Fields a fit rule may not ask about: they move along the journey, or are scores themselves."""

_NOT_FIT: Final = Words(
    "{field} moves along the journey: a fit rule asks who the lead is and where it came from",
    "{field} change au fil du parcours : une règle de profil porte sur ce qu'est le lead et d'où il vient",
)
_COUNTS: Final = Words(
    "Acts make engagement: write an engagement rule for them",
    "Les activités font l'engagement : écrivez pour elles une règle d'engagement",
)
_MOVES: Final = Words(
    "A score does not change by the calendar alone: give a date instead of “now”",
    "Un score ne change pas par le seul calendrier : donnez une date au lieu de « now »",
)
_ONE_ACT: Final = Words(
    "Only conditions about one act can stand here", "Seules des conditions sur une activité sont possibles ici"
)


def fit_condition(text: str) -> Node:
    """The condition of a fit rule. Raises ConditionError."""
    node = parse(text, REGISTRY)
    for leaf in _leaves(node):
        if isinstance(leaf, Count):
            raise ConditionError(_COUNTS, *leaf.span)
        if leaf.field in UNSTABLE:
            raise ConditionError(_NOT_FIT.filled(field=leaf.field), *leaf.span)
        _refuse_now(leaf)
    return node


def act_condition(kind: str, where: str) -> Count:
    """An act rule as “there is such an act”; `where` may be empty.

    Raises ConditionError, with positions in `where`.
    """
    before = f"count({kind} where " if where.strip() else f"count({kind}"
    try:
        node = parse(f"{before}{where}) >= 1", REGISTRY)
    except ConditionError as error:
        position = min(max(error.position - len(before), 0), len(where))
        raise ConditionError(error.words, position, min(error.length, len(where) - position)) from error
    if not isinstance(node, Count) or node.window is not None or (node.operator, node.number) != (">=", 1):
        raise ConditionError(_ONE_ACT, 0, len(where))
    for leaf in _leaves(node.where) if node.where is not None else ():
        try:
            _refuse_now(leaf)
        except ConditionError as error:
            raise ConditionError(error.words, error.position - len(before), error.length) from error
    return node


def condition_of(rule: FitRule | EngagementRule) -> Node:
    """The condition that makes a lead one the rule is about. Raises ConditionError."""
    return fit_condition(rule.condition) if isinstance(rule, FitRule) else act_condition(rule.kind, rule.where)


def _refuse_now(leaf: Compare | OneOf | Empty | Count) -> None:
    values = leaf.values if isinstance(leaf, OneOf) else (leaf.value,) if isinstance(leaf, Compare) else ()
    if any(isinstance(value, Now) for value in values):
        raise ConditionError(_MOVES, *leaf.span)


def _leaves(node: Node) -> Iterator[Compare | OneOf | Empty | Count]:
    if isinstance(node, And | Or):
        for item in node.items:
            yield from _leaves(item)
    elif isinstance(node, Not):
        yield from _leaves(node.item)
    else:
        yield node
