"""Made leads, the same for the same seed: enough like a French B2B base to cost what a real one costs."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

HEADER: Final = (
    "external_id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "job_title",
    "company.name",
    "company.domain",
    "company.sector",
    "company.employees",
    "country",
    "city",
    "source",
    "campaign",
    "captured_at",
)
_FIRST: Final = [
    "Camille",
    "Léa",
    "Manon",
    "Chloé",
    "Inès",
    "Zoé",
    "Jules",
    "Louis",
    "Gabriel",
    "Hugo",
    "Arthur",
    "Nathan",
    "Élodie",
    "Noémie",
    "François",
]
_LAST: Final = [
    "Martin",
    "Bernard",
    "Dubois",
    "Thomas",
    "Robert",
    "Petit",
    "Durand",
    "Leroy",
    "Moreau",
    "Simon",
    "Laurent",
    "Lefèvre",
    "Roux",
]
_JOBS: Final = (
    "Directrice des opérations",
    "DSI",
    "Responsable achats",
    "Chef de projet",
    "Directeur général",
    "Assistante",
    "Ingénieur qualité",
    "Responsable marketing",
)
_SECTORS: Final = ("Industrie", "Services", "Santé", "Transport", "Énergie", "Distribution", "Logiciel")
_CITIES: Final = ("Paris", "Lyon", "Marseille", "Lille", "Nantes", "Bordeaux", "Toulouse", "Strasbourg")
_SOURCES: Final = ("Google", "LinkedIn", "Salon Industrie", "Recommandation", "Site web", "Webinaire", "Direct")
_START: Final = datetime(2025, 11, 1, tzinfo=UTC)


def rows(count: int, *, seed: int = 1, first: int = 0, revision: int = 0) -> Iterator[list[str]]:
    """`count` leads numbered from `first`. The same number is the same lead, whatever the file; another `revision` of
    it has another job title."""
    for number in range(first, first + count):
        pick = random.Random(seed * 1_000_003 + number)  # noqa: S311 — made data
        given, family = pick.choice(_FIRST), pick.choice(_LAST)
        firm = number // 4
        yield [
            f"M{number}",
            given,
            f"{family}{number % 977}",
            f"p{number}@entreprise{firm}.fr",
            f"+336{number % 100_000_000:08d}",
            _JOBS[(pick.randrange(len(_JOBS)) + revision) % len(_JOBS)],
            f"Entreprise {firm}",
            f"entreprise{firm}.fr",
            _SECTORS[firm % len(_SECTORS)],
            str(5 + firm % 2000),
            "FR",
            _CITIES[firm % len(_CITIES)],
            pick.choice(_SOURCES),
            f"Campagne {number % 24}",
            (_START + timedelta(seconds=number * 31 % 31_000_000)).isoformat(),
        ]


def write(path: Path, count: int, *, seed: int = 1, first: int = 0, revision: int = 0) -> Path:
    """A CSV of made leads."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows(count, seed=seed, first=first, revision=revision))
    return path


_KINDS: Final = ("page_viewed", "page_viewed", "page_viewed", "email_clicked", "email_opened", "replied", "call_logged")
_PATHS: Final = ("/", "/tarifs", "/produit", "/blog/retour-sur-investissement", "/demo")


def write_acts(path: Path, count: int, *, leads: int, seed: int = 1) -> Path:
    """A CSV of made acts of those leads."""
    pick = random.Random(seed)  # noqa: S311 — made data
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("external_id", "lead.external_id", "kind", "at", "path"))
        for number in range(count):
            at = _START + timedelta(seconds=pick.randrange(31_000_000))
            row = (f"A{number}", f"M{number % leads}", pick.choice(_KINDS), at.isoformat(), pick.choice(_PATHS))
            writer.writerow(row)
    return path
