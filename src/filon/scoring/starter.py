"""Eight ready rules for a company that sells to companies, in force from the first start and made to be edited."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from filon.scoring.rules import Cap, EngagementRule, FitRule, Rules, Thresholds

DEFAULT_MQL_FIT: Final = Decimal(50)
DEFAULT_MQL_ENGAGEMENT: Final = Decimal(20)
"""The thresholds proposed where the workspace's own history cannot say better."""

THRESHOLDS: Final = Thresholds(
    fit_a=Decimal(70),
    fit_b=DEFAULT_MQL_FIT,
    fit_c=Decimal(25),
    engagement_1=Decimal(40),
    engagement_2=DEFAULT_MQL_ENGAGEMENT,
    engagement_3=Decimal(5),
    mql_fit=DEFAULT_MQL_FIT,
    mql_engagement=DEFAULT_MQL_ENGAGEMENT,
)

_DECIDES: Final = (
    "directeur",
    "directrice",
    "director",
    "dirigeant",
    "président",
    "gérant",
    "fondat",
    "founder",
    "responsable",
    "head of",
    "chief",
    "dsi",
    "daf",
    "drh",
    "ceo",
)
_PRIVATE_MAIL: Final = (
    "@gmail.com",
    "@hotmail.com",
    "@hotmail.fr",
    "@outlook.com",
    "@outlook.fr",
    "@live.fr",
    "@yahoo.com",
    "@yahoo.fr",
    "@icloud.com",
    "@orange.fr",
    "@wanadoo.fr",
    "@free.fr",
    "@sfr.fr",
    "@laposte.net",
)
_SECTORS: Final = ("industr", "manufactur", "logist", "transport", "logiciel", "software", "informatique", "technolog")
_STUDIES: Final = ("étudiant", "student", "stagiaire", "trainee", "alternant", "apprenti", "doctorant")


def _any(field: str, operator: str, values: tuple[str, ...]) -> str:
    return " or ".join(f'{field} {operator} "{value}"' for value in values)


STARTER: Final = Rules(
    half_life_days=30,
    thresholds=THRESHOLDS,
    fit=(
        FitRule("decides", "Fonction de décision", _any("person.job_title", "contains", _DECIDES), Decimal(30)),
        FitRule(
            "size",
            "Entreprise de 50 à 1 000 salariés",
            "company.employees >= 50 and company.employees <= 1000",
            Decimal(25),
        ),
        FitRule(
            "sector",
            "Secteur cible",
            _any("company.sector", "contains", _SECTORS),
            Decimal(20),
        ),
        FitRule(
            "work_mail",
            "Adresse professionnelle",
            f"person.email is not empty and not ({_any('person.email', 'ends_with', _PRIVATE_MAIL)})",
            Decimal(15),
        ),
        FitRule(
            "country",
            "Pays cible (France, Belgique, Suisse, Luxembourg)",
            "company.country in (FR, BE, CH, LU) or company.country is empty and person.country in (FR, BE, CH, LU)",
            Decimal(10),
        ),
        FitRule(
            "student",
            "Étudiant, stagiaire ou candidat",
            f"class in (student, applicant) or {_any('person.job_title', 'contains', _STUDIES)}",
            Decimal(-50),
        ),
    ),
    engagement=(
        EngagementRule(
            "demo",
            "Démonstration ou devis demandé",
            "any",
            "kind = demo_requested"
            ' or kind in (submitted, form_submitted) and (path contains "demo" or path contains "devis")',
            Decimal(30),
            Cap(acts=2, days=30),
        ),
        EngagementRule(
            "prices",
            "Page de tarifs vue",
            "page_viewed",
            'path contains "tarif" or path contains "prix" or path contains "pricing"',
            Decimal(8),
            Cap(acts=3, days=7),
        ),
    ),
)
