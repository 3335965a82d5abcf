"""Why leads leave the journey: the field's own lists, with what people call each reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import get_language

from filon.core.conditions import Words

DISQUALIFIED: Final[Mapping[str, Words]] = {
    "off_target": Words("Off target", "Hors cible"),
    "wrong_details": Words("Wrong contact details", "Coordonnées fausses"),
    "student_or_applicant": Words("Student or applicant", "Étudiant ou candidat"),
    "competitor": Words("Competitor", "Concurrent"),
    "vendor": Words("Vendor", "Fournisseur"),
    "duplicate": Words("Duplicate", "Doublon"),
    "objection": Words("Objection", "Opposition"),
    "unreachable": Words("Unreachable", "Injoignable"),
}
LOST: Final[Mapping[str, Words]] = {
    "price": Words("Price", "Prix"),
    "competitor": Words("Competitor", "Concurrent"),
    "no_budget": Words("No budget", "Pas de budget"),
    "postponed": Words("Project postponed", "Projet reporté"),
    "no_answer": Words("No answer any more", "Sans suite"),
    "missing_feature": Words("Missing feature", "Fonction manquante"),
    "status_quo": Words("Stayed with what they have", "Resté sur l’existant"),
}
SENT_BACK: Final[Mapping[str, Words]] = {
    "off_target": Words("Off target", "Hors cible"),
    "no_project": Words("No project", "Pas de projet"),
    "wrong_contact": Words("Not the right person", "Pas le bon interlocuteur"),
    "unreachable": Words("Unreachable", "Injoignable"),
    "already_followed": Words("Followed already", "Déjà suivi"),
    "incomplete": Words("Incomplete", "Dossier incomplet"),
}
"""Why sales send a lead back to nurturing."""

OF_EXIT: Final[Mapping[str, Mapping[str, Words]]] = {"disqualified": DISQUALIFIED, "lost": LOST}
"""The reasons of each exit that people choose; `attached` follows from a won opportunity."""

_WON_ELSEWHERE: Final = Words(
    "Another opportunity of the account was won", "Une autre opportunité du compte a été gagnée"
)


def label(stage: str, reason: str) -> str:
    """What people call the reason of a lead at this stage; a reason from elsewhere stands for itself."""
    known = (SENT_BACK if stage == "nurturing" else OF_EXIT.get(stage, {})).get(reason)
    if stage == "attached" and reason.startswith("opportunity:"):
        known = _WON_ELSEWHERE
    return known.in_language(get_language() or "fr") if known else reason
