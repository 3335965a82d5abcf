"""Writing the rules: one draft that people edit together, and versions that come into force and never change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, Subquery
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from filon.core import audit, ledger
from filon.core.access import Actor
from filon.core.conditions import ConditionError, parse
from filon.core.models import Team, User
from filon.kit.errors import Kind, Refused, not_found
from filon.leads.fields import REGISTRY
from filon.leads.rules import ROUTES
from filon.routing import decisions, desk, starter
from filon.routing.decisions import Rule, RuleSet
from filon.routing.events import RoutingRulesPublished
from filon.routing.models import RoutingRuleSet

DRAFT: Final = 0
RULES_AT_MOST: Final = 100
MINUTES_AT_MOST: Final = 60 * 24 * 30
_NAME_AT_MOST: Final = 120


def kept(row: RoutingRuleSet) -> RuleSet:
    """A version or the draft as its rules read."""
    rules = tuple(decisions.rule_of(values) for values in row.rules)
    return RuleSet(row.version, rules, row.minutes_asked, row.minutes_other)


def in_force() -> RuleSet:
    """The rules that route now; the starter set (version 0) until the first lead or publication keeps one."""
    return desk.published() or starter.rule_set()


def draft() -> tuple[RuleSet, int]:
    """What people edit, with its revision: the draft, or the rules in force (revision 0) when there is none."""
    row = RoutingRuleSet.objects.filter(version=DRAFT).first()
    return (kept(row), row.revision) if row else (replace(in_force(), version=DRAFT), 0)


def both() -> tuple[RuleSet, RuleSet, int]:
    """The rules in force, the draft and its revision, as `in_force` and `draft` have them. One statement."""
    latest = RoutingRuleSet.objects.order_by("-version").values("version")[:1]
    rows = {row.version: row for row in RoutingRuleSet.objects.filter(Q(version=DRAFT) | Q(version=Subquery(latest)))}
    edited = rows.pop(DRAFT, None)
    now = next((kept(row) for row in rows.values()), None) or starter.rule_set()
    return (now, kept(edited), edited.revision) if edited else (now, replace(now, version=DRAFT), 0)


def version(number: int) -> RuleSet:
    """A published version. Raises Refused when there is none of this number."""
    row = RoutingRuleSet.objects.filter(version=number, version__gt=DRAFT).first()
    if row is None:
        raise not_found(_("Version"))
    return kept(row)


@transaction.atomic
def save_draft(rules: RuleSet, *, revision: int, by: Actor, at: datetime) -> int:
    """Keep these rules as the draft; its new revision. Changes nothing that routes.

    revision: that of the draft this one was made from. Needs `routing.change`. Raises Refused: invalid with the rule
    and field that is wrong (`rules.2.when`, counted from 1), stale when somebody saved another draft meanwhile.
    """
    by.require("routing.change")
    _check(rules)
    row = _locked_draft(revision)
    row.rules = [decisions.values_of(rule) for rule in rules.rules]
    row.minutes_asked, row.minutes_other = rules.minutes_asked, rules.minutes_other
    row.author_id = by.id if by.kind == "user" else None
    row.changed_at = at
    row.revision = revision + 1
    row.save()
    return row.revision


@transaction.atomic
def publish_draft(*, revision: int, by: Actor, at: datetime) -> int:
    """Let the draft route from now on; the new version. Leads routed before keep their route.

    Emits RoutingRulesPublished. Needs `routing.change`. Raises Refused as `save_draft` does, and when nothing differs.
    """
    by.require("routing.change")
    row = _locked_draft(revision)
    if row.pk is None:
        raise Refused(_("There is no draft to publish."), Kind.CONFLICT, code="no_draft")
    rules = kept(row)
    _check(rules)
    last = RoutingRuleSet.objects.order_by("-version").values_list("version", flat=True).first() or 0
    row.version, row.revision = last + 1, 0
    row.published_at = row.changed_at = at
    row.author_id = by.id if by.kind == "user" else None
    row.save()
    ledger.append([RoutingRulesPublished(at=at, version=row.version, rules=len(row.rules))], by=by, learnt_at=at)
    audit.append("routing_published", by=by, at=at, version=row.version)
    return row.version


@transaction.atomic
def discard_draft(*, by: Actor) -> None:
    """Forget the draft. Needs `routing.change`."""
    by.require("routing.change")
    RoutingRuleSet.objects.filter(version=DRAFT).delete()


@transaction.atomic
def restore(number: int, *, by: Actor, at: datetime) -> int:
    """Make the draft of a former version, to be looked at and published again; the draft's revision."""
    by.require("routing.change")
    former = version(number)
    now = RoutingRuleSet.objects.filter(version=DRAFT).values_list("revision", flat=True).first() or 0
    return save_draft(replace(former, version=DRAFT), revision=now, by=by, at=at)


def _locked_draft(revision: int) -> RoutingRuleSet:
    """The draft's row held until the end of the transaction, or a new one. Raises Refused when it has moved on."""
    row = RoutingRuleSet.objects.select_for_update().filter(version=DRAFT).first()
    if (row.revision if row else 0) != revision:
        raise Refused(
            _("Somebody else has changed the draft meanwhile. Reload to see it; your change was not kept."),
            Kind.STALE,
            code="stale_draft",
        )
    return row or RoutingRuleSet(version=DRAFT)


# What a rule may say --------------------------------------------------------------------------------------------------


def _check(rules: RuleSet) -> None:
    """Raise Refused with everything that is wrong."""
    people = set(User.objects.filter(is_active=True).values_list("pk", flat=True))
    teams = set(Team.objects.values_list("pk", flat=True))
    errors: list[dict[str, Any]] = []
    for number, rule in enumerate(rules.rules, start=1):
        errors += [
            {"field": f"rules.{number}.{field}", "message": message, **more}
            for field, message, more in _mistakes(rule, people, teams)
        ]
    for name in ("minutes_asked", "minutes_other"):
        if not 0 < getattr(rules, name) <= MINUTES_AT_MOST:
            errors.append({"field": name, "message": _minutes_message()})
    if len(rules.rules) > RULES_AT_MOST:
        errors.append({"field": "rules", "message": _("A hundred rules are enough: put some together.")})
    if errors:
        raise Refused(str(errors[0]["message"]), Kind.INVALID, errors, "invalid_rules")


_Mistake = tuple[str, str, Mapping[str, Any]]


def _mistakes(rule: Rule, people: set[int], teams: set[int]) -> Sequence[_Mistake]:
    found: list[_Mistake] = []
    if not rule.name.strip() or len(rule.name) > _NAME_AT_MOST:
        found.append(("name", _("Give the rule a name of at most 120 characters."), {}))
    try:
        parse(rule.when, REGISTRY)
    except ConditionError as error:
        message = error.words.in_language(get_language() or "fr")
        found.append(("when", message, {"position": error.position, "length": error.length}))
    if rule.route not in ROUTES:
        found.append(("route", _("Choose where the lead goes."), {}))
    if rule.minutes is not None and not 0 < rule.minutes <= MINUTES_AT_MOST:
        found.append(("minutes", _minutes_message(), {}))
    if (mistake := _receiver_mistake(rule, people, teams)) is not None:
        found.append(("to", mistake, {}))
    return found


def _receiver_mistake(rule: Rule, people: set[int], teams: set[int]) -> str | None:
    if rule.to not in decisions.TO:
        return _("Choose who gets the lead.")
    if rule.to == "team" and rule.route == decisions.NURTURE:
        return _("Nobody takes turns in nurturing: choose a colleague, the account owner or nobody.")
    if rule.to == "team" and rule.to_id is not None and rule.to_id not in teams:
        return _("This team does not exist any more. Choose another one.")
    if rule.to == "owner" and rule.to_id not in people:
        return _("This colleague does not work here any more. Choose another one.")
    return None


def _minutes_message() -> str:
    return _("A promise is between 1 minute and 30 days of work.")
