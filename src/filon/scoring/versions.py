"""Which version of the scoring is in force, now and at a past date, ready to use. A process compiles each once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from filon.kit import sql
from filon.scoring.judging.compiled import Compiled, compile_rules
from filon.scoring.models import RuleSet
from filon.scoring.rules import Rules, columns

_KEPT: Final = 32
_compiled: Final[dict[tuple[int, str], Compiled]] = {}


def newest() -> Compiled | None:
    """The version in force now; None before the first. One statement, two the first time in a process.

    In plain SQL: each batch of the line asks, and building the query cost more than a lead's share of the batch.
    """
    found = sql.fetch(
        "SELECT number, digest FROM scoring_ruleset WHERE state = 'published' ORDER BY number DESC LIMIT 1"
    )
    if not found:
        return None
    number, digest = found[0]
    return _compiled.get((number or 0, digest)) or _first(_published().order_by("-number"))


def in_force(at: datetime) -> Compiled | None:
    """The version in force at a moment (aware UTC): the latest until then, or the first of all when none was yet."""
    return _first(_published().filter(published_at__lte=at).order_by("-published_at", "-number")) or _first(
        _published().order_by("number")
    )


def compiled(version: RuleSet) -> Compiled:
    """A version ready to use; the draft has the number 0."""
    return _ready(version.content, version.number or 0, version.digest)


def compile_content(content: Rules) -> Compiled:
    """What may become a version, ready to use."""
    return _ready(content, 0, str(columns(content)["digest"]))


def _ready(content: Rules, number: int, digest: str) -> Compiled:
    key = (number, digest)
    ready = _compiled.get(key)
    if ready is None:
        ready = compile_rules(content, number)
        while len(_compiled) >= _KEPT:
            _compiled.pop(next(iter(_compiled)), None)
        _compiled[key] = ready
    return ready


def half_life_days() -> float:
    """The half-life of engagement in force now, in days; the starter's before the first start. One statement."""
    found = _published().order_by("-number").values_list("half_life_days", flat=True).first()
    return float(found or 30)


def _published() -> QuerySet[RuleSet]:
    return RuleSet.objects.filter(state=RuleSet.State.PUBLISHED)


def _first(versions: QuerySet[RuleSet]) -> Compiled | None:
    """The first of some versions. Most often only its key is read: its rules are compiled already."""
    key = versions.values_list("number", "digest").first()
    if key is None:
        return None
    return _compiled.get((key[0] or 0, key[1])) or compiled(versions[0])
