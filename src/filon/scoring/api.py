"""The rules in force and the reasons of a score, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from filon.kit.errors import not_found
from filon.kit.problems import READ_PROBLEMS
from filon.kit.shapes import Id, Moment
from filon.scoring import queries
from filon.scoring.judging.explanation import Explanation
from filon.scoring.rules import thresholds_to_json
from filon.scoring.studio import queries as studio

router = Router(tags=["scoring"])


class CapOut(Schema):
    """At most so many counted acts in so many days."""

    acts: int
    days: int


class FitRuleOut(Schema):
    """Points for a lead that meets a condition."""

    id: str
    name: str
    condition: str = Field(examples=["company.employees >= 50"])
    points: float


class EngagementRuleOut(Schema):
    """Points for each act of a kind, halved every half-life."""

    id: str
    name: str
    kind: str = Field(examples=["page_viewed"])
    where: str = Field(examples=['path starts_with "/tarifs"'])
    points: float
    cap: CapOut | None


class RulesOut(Schema):
    """The version of the scoring that is in force."""

    version: int
    published_at: datetime
    half_life_days: int
    thresholds: dict[str, float]
    fit: list[FitRuleOut]
    engagement: list[EngagementRuleOut]


@router.get("/scoring/rules", response={200: RulesOut, **READ_PROBLEMS}, summary="The scoring rules in force")
def rules(request: HttpRequest) -> Any:
    """Every rule with its points, the thresholds and the half-life."""
    found = studio.in_force(by=request.actor)  # type: ignore[attr-defined]
    if found is None:
        raise not_found("Scoring rules")
    return {
        "version": found.number,
        "published_at": found.at,
        "half_life_days": found.content.half_life_days,
        "thresholds": thresholds_to_json(found.content.thresholds),
        "fit": list(found.content.fit),
        "engagement": list(found.content.engagement),
    }


class LineOut(Schema):
    """A line of a score; the lines add up to it exactly."""

    rule: str = Field(description="The rule's name; empty for what the limits of 0 and 100 take or add.")
    rule_id: str
    points: float
    kind: str = Field(description="`rule`, `cap` (acts over a cap, taken away again) or `limit`.")
    acts: int | None = Field(None, description="How many acts, for engagement.")
    last_at: datetime | None = None
    is_erased: bool = Field(False, description="A value this rule asks for was erased since, and counted as empty.")


class HintOut(Schema):
    """A rule that the lead does not meet, and the grade it would bring."""

    rule: str
    rule_id: str
    points: float
    grade: str


class ExplanationOut(Schema):
    """A lead's scores at a moment, and why."""

    lead_id: int
    at: datetime
    version: int
    fit: float
    engagement: float
    grade: str = Field(examples=["A2"])
    fit_lines: list[LineOut]
    engagement_lines: list[LineOut]
    hints: list[HintOut]


class ScoreQuery(Schema):
    """Of which moment."""

    at: Moment | None = Field(None, description="A past moment; now when left out. RFC 3339.")


@router.get("/leads/{lead_id}/score", response={200: ExplanationOut, **READ_PROBLEMS}, summary="Why this score")
def score(request: HttpRequest, lead_id: Id, asked: Query[ScoreQuery]) -> Any:
    """The scores of a lead line by line: now, or at a past moment by the rules in force and what was known then."""
    return as_json(queries.explain(lead_id, at=asked.at or timezone.now(), by=request.actor))  # type: ignore[attr-defined]


def as_json(found: Explanation) -> dict[str, Any]:
    """An explanation as the API and the command line give it."""
    fit_lines = [
        {
            "rule": line.name,
            "rule_id": line.rule_id,
            "points": float(line.points),
            "kind": "limit" if line.is_limit else "rule",
            "is_erased": line.is_erased,
        }
        for line in found.fit_lines
    ]
    engagement_lines = [
        {
            "rule": line.name,
            "rule_id": line.rule_id,
            "points": float(line.points),
            "kind": "cap" if line.is_cap else "rule",
            "acts": line.count,
            "last_at": line.last_at,
        }
        for line in found.engagement_lines
    ]
    return {
        "lead_id": found.lead_id,
        "at": found.at,
        "version": found.version,
        "fit": float(found.fit),
        "engagement": float(found.engagement),
        "grade": found.grade,
        "fit_lines": fit_lines,
        "engagement_lines": engagement_lines,
        "hints": [
            {"rule": hint.name, "rule_id": hint.rule_id, "points": float(hint.points), "grade": hint.grade}
            for hint in found.hints
        ],
    }
