"""The routing rules in force, for programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from filon.core.access import Actor
from filon.kit.problems import READ_PROBLEMS
from filon.routing import rulebook

router = Router(tags=["routing"])


class RuleOut(Schema):
    """Where the leads go that meet a condition and no earlier rule's."""

    number: int
    name: str
    condition: str = Field(examples=["company.employees >= 250"])
    route: str = Field(examples=["direct_sales"])
    to: str = Field(description="team (in turn), owner, account_owner or nobody")
    to_id: int | None = Field(description="The team (none: everybody of the route) or the colleague.")
    minutes: int | None = Field(description="Open minutes promised until the first response; none: the set's own.")


class RoutingOut(Schema):
    """The version that routes now; version 0 is the starter set that no lead has needed yet."""

    version: int
    minutes_asked: int = Field(description="Open minutes promised to those who ask for us.")
    minutes_other: int = Field(description="Open minutes promised to the others.")
    rules: list[RuleOut]


@router.get("/routing/rules", response={200: RoutingOut, **READ_PROBLEMS}, summary="The routing rules in force")
def rules(request: HttpRequest) -> Any:
    """The rules in the order in which they are tried, after the account rule."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actor.require("leads.see")
    found = rulebook.in_force()
    return {
        "version": found.version,
        "minutes_asked": found.minutes_asked,
        "minutes_other": found.minutes_other,
        "rules": [
            {
                "number": number,
                "name": rule.name,
                "condition": rule.when,
                "route": rule.route,
                "to": rule.to,
                "to_id": rule.to_id,
                "minutes": rule.minutes,
            }
            for number, rule in enumerate(found.rules, start=1)
        ],
    }
