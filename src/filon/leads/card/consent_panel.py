"""What a lead's person allows, on the page of the lead: with the words, the page and the moment as proof."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from filon.core.access import Actor
from filon.kit import sql
from filon.leads import suppression
from filon.leads.sight import seen_by

TEMPLATE: Final = "leads/card/_consent_panel.html"


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One consent as it stands. text: the words it was given under, empty where a file or a program told it."""

    purpose: str
    is_given: bool
    at: datetime
    door: str
    text: str


def consent_panel(lead_id: int, *, by: Actor, at: datetime) -> dict[str, Any] | None:
    """What `TEMPLATE` takes for one lead; None for a lead the actor may not see. Four statements."""
    del at
    seen = seen_by(by, [lead_id])
    if lead_id not in seen:
        return None
    emails = [
        email
        for (email,) in sql.fetch(
            "SELECT value FROM leads_identifier WHERE person_id = %s AND kind = 'email'", [seen[lead_id]]
        )
    ]
    found = sql.fetch(
        "SELECT consent.purpose, consent.state, consent.at, consent.door, COALESCE(kept.text, '') "
        "FROM leads_consent consent LEFT JOIN leads_consenttext kept ON kept.id = consent.text_id "
        "WHERE consent.person_id = %s ORDER BY consent.purpose",
        [seen[lead_id]],
    )
    return {
        "suppressed": sorted(suppression.reasons_of(emails).items()),
        "consents": [
            ConsentRow(purpose, state == "given", moment, door, text)
            for purpose, state, told_at, door, text in found
            if (moment := sql.as_utc(told_at)) is not None
        ],
    }
