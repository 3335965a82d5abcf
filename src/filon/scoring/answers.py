"""The score in a synchronous door's answer: what the rows of the batch say, without reading the ledger again."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from filon.core.conditions import Subject
from filon.core.line import Batch
from filon.leads import engagement
from filon.leads.models import Campaign, Company, Person
from filon.scoring import commands, rules
from filon.scoring.judging.compiled import Compiled


def answer_scores(batch: Batch) -> None:
    """Put `score` into each answer: fit, engagement, grade, and the lines that add up to both. No statement.

    A line a fit rule that holds; engagement is one line (its acts one by one: `GET /leads/{id}/score`).
    """
    if batch.import_id is not None:
        return  # nobody waits for the answers of a file
    compiled: Compiled = batch.known.get("scoring") or commands.scoring_in_force(batch.at)
    for item in batch.items:
        if item.answer is not None and item.lead is not None:
            item.answer["score"] = _score(batch, compiled, item.lead)


def _score(batch: Batch, compiled: Compiled, lead: dict[str, Any]) -> dict[str, Any]:
    half_life = compiled.rules.half_life_days
    points = rules.rounded(engagement.points(lead["engagement_log"], batch.at, half_life)) / 10
    reasons = _fit_lines(batch, compiled, lead)
    if points:
        reasons.append({"rule": _("Engagement"), "points": points})
    return {
        "fit": None if lead["fit"] is None else float(lead["fit"]),
        "engagement": points,
        "grade": lead["grade"] or None,
        "probability": lead["probability"],
        "reasons": reasons,
    }


def _fit_lines(batch: Batch, compiled: Compiled, lead: dict[str, Any]) -> list[dict[str, Any]]:
    subject = Subject(
        {
            "lead": lead,
            "person": batch.rows(Person).by_id.get(lead["person_id"]),
            "company": batch.rows(Company).by_id.get(lead["company_id"]),
            "campaign": batch.rows(Campaign).by_id.get(lead["campaign_id"]),
        }
    )
    held = [one for one in compiled.fit if one.test(subject, batch.at)]
    lines = [{"rule": one.rule.name, "points": one.points / 10} for one in held]
    total = sum(one.points for one in held)
    limited = rules.clamped(total) - total
    if limited:
        lines.append({"rule": _("Limit of 0 and 100"), "points": limited / 10})
    return lines
