"""What conditions may say about an opportunity: list filters and the API's `filter=` speak this vocabulary.

The aliases are those of `deals.rows`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from django.utils import timezone
from django.utils.translation import get_language

from filon.core.conditions import Attributes, ConditionError, Field, Node, Registry, Words, parse
from filon.deals import rules
from filon.kit.errors import Kind, Refused

STATES: Final = {"open": Words("Open", "Ouverte"), "won": Words("Won", "Gagnée"), "lost": Words("Lost", "Perdue")}


@lru_cache(maxsize=1)
def registry() -> Registry:
    """The fields of an opportunity, its account, owner, product and stage."""
    owner = Field("owner.name", "text", "owner", "name", "name_folded", label=Words("Owner", "Propriétaire"))
    return Registry(
        [
            Field("name", "text", "opportunity", "name", "name_folded", label=Words("Name", "Nom")),
            Field(
                "state", "choice", "opportunity", "state", choices=STATES, label=Words("State", "État"), required=True
            ),
            Field("stage", "code", "stage", "code", label=Words("Stage (code)", "Étape (code)")),
            Field("pipeline", "text", "pipeline", "name", "name_folded", label=Words("Pipeline", "Pipeline")),
            Field("amount", "number", "opportunity", "amount", label=Words("Amount", "Montant")),
            Field("currency", "code", "opportunity", "currency", label=Words("Currency", "Devise")),
            Field(
                "probability",
                "number",
                "opportunity",
                "probability",
                label=Words("Own probability", "Probabilité propre"),
            ),
            Field(
                "created_at", "datetime", "opportunity", "created_at", label=Words("Created", "Création"), required=True
            ),
            Field("won_at", "datetime", "opportunity", "won_at", label=Words("Won on", "Gagnée le")),
            Field("lost_at", "datetime", "opportunity", "lost_at", label=Words("Lost on", "Perdue le")),
            Field("reason", "code", "opportunity", "reason", label=Words("Reason of the loss", "Motif de perte")),
            Field("owner", "reference", "opportunity", "owner_id", by_name=owner, label=Words("Owner", "Propriétaire")),
            Field("product", "text", "product", "name", "name_folded", label=Words("Product", "Produit")),
            Field("product.series", "code", "product", "series", label=Words("Series", "Gamme")),
            Field("company", "text", "company", "name", "name_folded", label=Words("Company", "Compte")),
            Field("company.sector", "text", "company", "sector", "sector_folded", label=Words("Sector", "Secteur")),
            Field("company.employees", "number", "company", "employees", label=Words("Employees", "Effectif")),
            Field("company.country", "text", "company", "country", "country_folded", label=Words("Country", "Pays")),
            Field("lead.id", "number", "opportunity", "lead_id", label=Words("Source lead", "Lead d’origine")),
        ],
        attributes={"attributes": Attributes("opportunity")},
        zone=timezone.get_default_timezone(),
    )


def read(condition: str) -> Node:
    """A condition over opportunities, from its text. Raises Refused that says where and what was expected."""
    try:
        return parse(condition, registry())
    except ConditionError as error:
        message = error.words.in_language(get_language() or "en")
        problem: dict[str, object] = {
            "field": "filter",
            "message": message,
            "position": error.position,
            "length": error.length,
        }
        raise Refused(message, Kind.INVALID, [problem], "condition") from error


if set(STATES) != set(rules.STATES):
    raise ValueError("a state has no words")
