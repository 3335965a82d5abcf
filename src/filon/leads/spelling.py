"""Which known word a slightly different one most likely means: a question for a person, never a correction. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from filon.kit.countries import COUNTRY_CODES
from filon.kit.text import fold

_SHORTEST: Final = 5  # below, one letter makes another word (Mali, Bali)
_LONG: Final = 8  # from here on two letters may be wrong

_SECTOR_NAMES: Final = (
    "Accounting|Aerospace|Agriculture|Architecture|Automotive|Banking|Biotechnology|Chemicals|Construction|"
    "Consulting|Cosmetics|Defence|Distribution|E-commerce|Education|Electronics|Employment|Energy|Engineering|"
    "Entertainment|Environment|Fashion|Finance|Food|Furniture|Government|Healthcare|Hospitality|Insurance|Legal|"
    "Logistics|Luxury|Manufacturing|Marketing|Media|Medical|Metallurgy|Mining|Non-profit|Packaging|Pharmaceuticals|"
    "Plastics|Printing|Publishing|Real estate|Recruitment|Research|Restaurants|Retail|Security|Services|Software|"
    "Sports|Technology|Telecommunications|Textile|Tourism|Training|Transport|Travel|Utilities|Wholesale|"
    "Agroalimentaire|Aéronautique|Artisanat|Assurance|Audit|Automobile|Banque|Bâtiment|Chimie|Collectivités|"
    "Commerce|Communication|Comptabilité|Conseil|Cosmétique|Défense|Édition|Éducation|Électronique|Emploi|Énergie|"
    "Enseignement|Environnement|Événementiel|Formation|Grande distribution|Hôtellerie|Immobilier|Imprimerie|"
    "Industrie|Informatique|Ingénierie|Juridique|Logiciel|Logistique|Luxe|Maintenance|Mécanique|Médias|Métallurgie|"
    "Mode|Négoce|Pharmacie|Plasturgie|Recherche|Recrutement|Restauration|Santé|Sécurité|Services aux entreprises|"
    "Technologie|Télécommunications|Tourisme|Transports|Travaux publics"
)
SECTORS: Final = _SECTOR_NAMES.split("|")
"""Sectors in the usual English and French words, to see a misspelt one."""


def near(value: str, known: Iterable[str], *, distance: int = 1) -> str | None:
    """The one of `known` that `value` misspells: other case, spaces or marks, or at most `distance` letters apart.

    None when `value` is one of `known` as folded, when nothing is near, and when only a digit differs (another model,
    not a slip). The nearest wins, then the first in the order given. Two letters are forgiven in long words only.
    """
    folded = fold(value)
    squeezed = _squeezed(folded)
    if not squeezed:
        return None
    allowed = distance if len(squeezed) >= _LONG else min(distance, 1)
    best: tuple[int, str] | None = None
    for candidate in known:
        candidate_folded = fold(candidate)
        if candidate_folded == folded:
            return None
        apart = _apart(squeezed, _squeezed(candidate_folded), allowed)
        if apart is not None and (best is None or apart < best[0]):
            best = (apart, candidate)
    return best[1] if best else None


@lru_cache(maxsize=4096)
def sector_meant(value: str) -> str | None:
    """The usual sector that a text misspells, or None; singular and plural are both right."""
    meant = near(value, SECTORS, distance=2)
    is_plural = meant is not None and fold(meant).rstrip("s") == fold(value).rstrip("s")
    return None if is_plural else meant


@lru_cache(maxsize=4096)
def country_meant(value: str) -> str | None:
    """The country that a text misspells, or None; the text is then taken as it is."""
    meant = near(value, COUNTRY_CODES, distance=2)
    return meant.title() if meant else None


def _squeezed(folded: str) -> str:
    return "".join(letter for letter in folded if letter.isalnum())


def _apart(left: str, right: str, allowed: int) -> int | None:
    """How many slips lie between two texts; None when more than allowed, or when a slip touches a digit."""
    if left == right:
        return 0
    if min(len(left), len(right)) < _SHORTEST or abs(len(left) - len(right)) > allowed:
        return None
    if [letter for letter in left if letter.isdigit()] != [letter for letter in right if letter.isdigit()]:
        return None
    slips = _slips(left, right)
    return slips if slips <= allowed else None


def _slips(left: str, right: str) -> int:
    """Letters added, left out, taken for another, or swapped with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, one in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (one != other))
            if i > 1 and j > 1 and one == right[j - 2] and left[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
