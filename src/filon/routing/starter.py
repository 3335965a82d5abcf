"""What a workspace routes by until someone publishes rules of its own: kept at first use, in its language."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext

from filon.routing.decisions import Rule, RuleSet
from filon.routing.rules import Hours

WEEK: Final[tuple[Hours, ...]] = (((9 * 60, 18 * 60),),) * 5 + ((), ())
"""Monday to Friday, nine to six."""

REGION: Final = "FR"


def rule_set(version: int = 0) -> RuleSet:
    """The first rules, named in the language now active; `version` 0 while they are not kept."""
    return RuleSet(
        version,
        (
            Rule(
                gettext("Demo requested, account of 250 people or more"),
                "count(demo_requested, 30 days) >= 1 and company.employees >= 250",
                "direct_sales",
            ),
            Rule(gettext("Demo requested"), "count(demo_requested, 30 days) >= 1", "sdr"),
            Rule(gettext("Recommended to us"), "channel = referral", "sdr"),
        ),
    )
