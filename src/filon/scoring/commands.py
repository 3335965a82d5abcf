"""Changing the scoring: one shared draft, published as the next version; older versions can be said again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from filon.core import audit, jobs, ledger
from filon.core.access import Actor
from filon.core.conditions import ConditionError
from filon.kit.errors import Kind, Refused
from filon.scoring import rules, starter, versions
from filon.scoring.cooling import forget_last_look
from filon.scoring.events import ScoringDrafted, ScoringPublished
from filon.scoring.judging import language
from filon.scoring.judging.compiled import Compiled
from filon.scoring.models import RuleSet
from filon.scoring.rules import EngagementRule, FitRule, Rules, Thresholds

MOST_RULES: Final = 50
"""How many rules of each sort a version may have."""

MOST_POINTS: Final = Decimal(100)
MOST_ENGAGEMENT: Final = Decimal(1000)
MOST_NAME: Final = 120
MOST_HALF_LIFE_DAYS: Final = 3_650
MOST_CAP_ACTS: Final = 1_000
MOST_CAP_DAYS: Final = 365

_PERMISSION: Final = "scoring.change"
_Rule = TypeVar("_Rule", FitRule, EngagementRule)


def ensure_starter(at: datetime) -> RuleSet:
    """The first version, made of the starter rules when there is none yet."""
    version, _is_new = RuleSet.objects.get_or_create(
        number=1,
        defaults={
            **rules.columns(starter.STARTER),
            "state": RuleSet.State.PUBLISHED,
            "created_at": at,
            "changed_at": at,
            "published_at": at,
        },
    )
    return version


def scoring_in_force(at: datetime) -> Compiled:
    """The version that judges now, ready to use; the starter from the first need on."""
    return versions.newest() or versions.compiled(ensure_starter(at))


# The draft ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def save_fit_rule(rule: FitRule, *, edition: int, by: Actor, at: datetime) -> RuleSet:
    """Put a fit rule into the draft, in place of the one with its id or after the others.

    edition: of the draft as its author saw it, 0 for none. Emits ScoringDrafted. Raises Refused: forbidden, invalid
    (with the field and, for a condition, its position), stale.
    """
    _check_name(rule)
    _check_points(rule.points, least=-MOST_POINTS)
    _check_condition("condition", lambda: language.fit_condition(rule.condition))
    draft = _open_draft(edition, by=by, at=at)
    content = draft.content
    change, fit = _put(content.fit, rule)
    return _save(draft, replace(content, fit=fit), ScoringDrafted(at=at, change=change, rule=rule.id), by=by, at=at)


@transaction.atomic
def save_engagement_rule(rule: EngagementRule, *, edition: int, by: Actor, at: datetime) -> RuleSet:
    """Put an engagement rule into the draft, in place of the one with its id or after the others.

    Emits ScoringDrafted. Raises Refused as `save_fit_rule` does.
    """
    _check_name(rule)
    _check_points(rule.points, least=Decimal("0.1"))
    _check_condition("where", lambda: language.act_condition(rule.kind, rule.where))
    cap = rule.cap
    if cap is not None and not (1 <= cap.acts <= MOST_CAP_ACTS and 1 <= cap.days <= MOST_CAP_DAYS):
        raise _invalid(
            "cap",
            _("A cap is from 1 to %(acts)s acts in 1 to %(days)s days.")
            % {"acts": MOST_CAP_ACTS, "days": MOST_CAP_DAYS},
        )
    draft = _open_draft(edition, by=by, at=at)
    content = draft.content
    change, engagement = _put(content.engagement, rule)
    told = ScoringDrafted(at=at, change=change, rule=rule.id)
    return _save(draft, replace(content, engagement=engagement), told, by=by, at=at)


@transaction.atomic
def remove_rule(rule_id: str, *, edition: int, by: Actor, at: datetime) -> RuleSet:
    """Take a rule out of the draft. Emits ScoringDrafted. Raises Refused: forbidden, stale, not found."""
    draft = _open_draft(edition, by=by, at=at)
    content = draft.content
    left = replace(
        content,
        fit=tuple(rule for rule in content.fit if rule.id != rule_id),
        engagement=tuple(rule for rule in content.engagement if rule.id != rule_id),
    )
    if left == content:
        raise Refused(_("This rule is no longer in the draft."), Kind.NOT_FOUND, code="not_found")
    return _save(draft, left, ScoringDrafted(at=at, change="removed", rule=rule_id), by=by, at=at)


@transaction.atomic
def save_settings(half_life_days: int, thresholds: Thresholds, *, edition: int, by: Actor, at: datetime) -> RuleSet:
    """Set the half-life and the thresholds of the draft. Emits ScoringDrafted. Raises Refused."""
    if not 1 <= half_life_days <= MOST_HALF_LIFE_DAYS:
        raise _invalid("half_life_days", _("The half-life is from 1 to %(days)s days.") % {"days": MOST_HALF_LIFE_DAYS})
    _check_thresholds(thresholds)
    draft = _open_draft(edition, by=by, at=at)
    content = replace(draft.content, half_life_days=half_life_days, thresholds=thresholds)
    return _save(draft, content, ScoringDrafted(at=at, change="settings"), by=by, at=at)


@transaction.atomic
def discard_draft(*, edition: int, by: Actor, at: datetime) -> None:
    """Forget the draft. Emits ScoringDrafted. Raises Refused: forbidden, stale."""
    draft = _open_draft(edition, by=by, at=at)
    if draft.pk is not None:
        draft.delete()
        ledger.append([ScoringDrafted(at=at, change="discarded")], by=by, learnt_at=at)


# Versions -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def publish_draft(note: str, *, edition: int, in_force: int, by: Actor, at: datetime) -> RuleSet:
    """Put the draft into force and have every score computed anew.

    in_force: the number of the version that its author compared it with. Emits ScoringPublished; no lead changes its
    stage by it. Raises Refused: forbidden, stale, conflict (another version was published meanwhile), invalid.
    """
    draft = _open_draft(edition, by=by, at=at)
    number = _next_number(in_force, note)
    if draft.pk is None:
        raise Refused(_("There is no draft to publish."), Kind.CONFLICT, code="no_draft")
    if versions.compiled(draft).broken:
        raise _invalid("rules", _("One of the rules cannot be understood any more: edit it or take it out."))
    draft.state = RuleSet.State.PUBLISHED
    draft.number, draft.note, draft.published_at, draft.changed_at = number, note.strip(), at, at
    draft.author_id = _author_id(by)
    draft.save()
    _bring_into_force(draft, by=by, at=at)
    return draft


@transaction.atomic
def restore_version(number: int, note: str, *, in_force: int, by: Actor, at: datetime) -> RuleSet:
    """Publish again what an older version says. The draft, if there is one, stays.

    Emits ScoringPublished. Raises Refused: forbidden, not found, conflict, invalid.
    """
    by.require(_PERMISSION)
    older = RuleSet.objects.filter(number=number).first()
    if older is None:
        raise Refused(_("There is no version %(number)s.") % {"number": number}, Kind.NOT_FOUND, code="not_found")
    version = RuleSet.objects.create(
        state=RuleSet.State.PUBLISHED,
        number=_next_number(in_force, note),
        **rules.columns(older.content),
        note=note.strip(),
        restores=number,
        author_id=_author_id(by),
        created_at=at,
        changed_at=at,
        published_at=at,
    )
    _bring_into_force(version, by=by, at=at)
    return version


def _next_number(in_force: int, note: str) -> int:
    """The number of the version to come, if nobody published one meanwhile."""
    if not note.strip():
        raise _invalid("note", _("Say in a few words what changes and why."))
    newest = RuleSet.objects.select_for_update().filter(number__isnull=False).order_by("-number").first()
    current = newest.number if newest is not None and newest.number else 0
    if current != in_force:
        raise Refused(
            _("Version %(number)s was published meanwhile. Look at it, then publish again.") % {"number": current},
            Kind.CONFLICT,
            code="published_meanwhile",
        )
    return current + 1


def _bring_into_force(version: RuleSet, *, by: Actor, at: datetime) -> None:
    assert version.number is not None  # noqa: S101 — it has just been given
    ledger.append([ScoringPublished(at=at, number=version.number, restores=version.restores)], by=by, learnt_at=at)
    audit.append("scoring_published", by=by, at=at, version=version.number)
    forget_last_look()
    jobs.enqueue("scoring.recompute", {"number": version.number}, at=at, key=f"scoring.recompute:{version.number}")


# What may be said -----------------------------------------------------------------------------------------------------


def _open_draft(edition: int, *, by: Actor, at: datetime) -> RuleSet:
    """The draft as its author saw it; a new one, not saved yet, that says what is in force when there is none."""
    by.require(_PERMISSION)
    draft = RuleSet.objects.select_for_update().filter(state=RuleSet.State.DRAFT).first()
    if (draft.edition if draft is not None else 0) != edition:
        raise Refused(
            _("A colleague changed the draft meanwhile. What you typed is still here: look at theirs, then save."),
            Kind.STALE,
            code="stale_draft",
        )
    return draft or RuleSet(**rules.columns(scoring_in_force(at).rules), created_at=at)


def _save(draft: RuleSet, content: Rules, told: ScoringDrafted, *, by: Actor, at: datetime) -> RuleSet:
    for name, value in rules.columns(content).items():
        setattr(draft, name, value)
    draft.author_id = _author_id(by)
    draft.edition += 1
    draft.changed_at = at
    draft.save()
    ledger.append([told], by=by, learnt_at=at)
    return draft


def _author_id(by: Actor) -> int | None:
    return by.id if by.kind == "user" else None


def _put(known: tuple[_Rule, ...], rule: _Rule) -> tuple[str, tuple[_Rule, ...]]:
    """`known` with the rule in its place, and whether it was added or edited."""
    if any(one.id == rule.id for one in known):
        return "edited", tuple(rule if one.id == rule.id else one for one in known)
    if len(known) >= MOST_RULES:
        raise _invalid("name", _("There are %(count)s rules already: take one out first.") % {"count": MOST_RULES})
    return "added", known + (rule,)  # noqa: RUF005 — mypy loses the type of an unpacked tuple


def _check_name(rule: FitRule | EngagementRule) -> None:
    if not rule.name.strip() or len(rule.name) > MOST_NAME:
        raise _invalid("name", _("A name has from 1 to %(most)s characters.") % {"most": MOST_NAME})


def _check_points(points: Decimal, *, least: Decimal) -> None:
    if not points.is_finite() or not least <= points <= MOST_POINTS or not points or points != round(points, 1):
        raise _invalid(
            "points",
            _("Points are from %(least)s to %(most)s, with one decimal at most, and not 0.")
            % {"least": least, "most": MOST_POINTS},
        )


def _check_condition(field: str, parse: Callable[[], object]) -> None:
    try:
        parse()
    except ConditionError as error:
        message = error.words.in_language(get_language() or "fr")
        where = {"field": field, "message": message, "position": error.position, "length": error.length}
        raise Refused(message, Kind.INVALID, [where], "wrong_condition") from error


def _check_thresholds(thresholds: Thresholds) -> None:
    fits = (thresholds.fit_a, thresholds.fit_b, thresholds.fit_c)
    engagements = (thresholds.engagement_1, thresholds.engagement_2, thresholds.engagement_3)
    if not 100 >= fits[0] > fits[1] > fits[2] > 0:
        raise _invalid("fit_a", _("Fit thresholds go down from A to C, between 100 and 0."))
    if not MOST_ENGAGEMENT >= engagements[0] > engagements[1] > engagements[2] > 0:
        raise _invalid(
            "engagement_1",
            _("Engagement thresholds go down from 1 to 3, between %(most)s and 0.") % {"most": MOST_ENGAGEMENT},
        )
    if not 0 <= thresholds.mql_fit <= 100:
        raise _invalid("mql_fit", _("The fit of an MQL is from 0 to 100."))
    if not 0 <= thresholds.mql_engagement <= MOST_ENGAGEMENT:
        raise _invalid(
            "mql_engagement", _("The engagement of an MQL is from 0 to %(most)s.") % {"most": MOST_ENGAGEMENT}
        )


def _invalid(field: str, message: str) -> Refused:
    return Refused(message, Kind.INVALID, [{"field": field, "message": message}], "invalid")
