"""The life cycle in the field's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

STAGES: Final = ("captured", "qualifying", "nurturing", "mql", "sql", "opportunity", "customer")
"""The stages in order; a lead that holds one has reached all before it."""

EXITS: Final = ("disqualified", "lost", "attached")
"""Where a lead leaves the journey without becoming a customer."""

ALL_STAGES: Final = STAGES + EXITS
RANK: Final = {stage: position for position, stage in enumerate(STAGES)}

CHANNELS: Final = (
    "web",
    "organic_search",
    "paid_search",
    "display",
    "social",
    "paid_social",
    "email",
    "webinar",
    "event",
    "abm",
    "outbound",
    "referral",
    "partner",
    "phone",
    "marketplace",
    "direct",
    "other",
    "unknown",
)
DOORS: Final = ("form", "file", "api", "hook", "mail", "stand", "site", "manual")
CLASSES: Final = ("buyer", "customer", "student", "applicant", "competitor", "vendor", "spam")
MOTIONS: Final = ("new", "expansion", "renewal")
ROUTES: Final = ("nurture", "sdr", "direct_sales")


def is_open(stage: str) -> bool:
    """Whether a lead at this stage is still on its journey."""
    return stage != "customer" and stage in RANK


_STAGE_NAMES: Final = {
    "captured": "captured new nouveau nouvelle open ouvert subscriber abonne lead",
    "qualifying": "qualifying working contacted contacte attempted_to_contact en_qualification in_progress en_cours",
    "nurturing": "nurturing en_nurturing nurture a_recontacter recycled",
    "mql": "mql marketingqualifiedlead marketing_qualified_lead",
    "sql": "sql salesqualifiedlead sales_qualified_lead qualified qualifie",
    "opportunity": "opportunity opportunite opportunites",
    "customer": "customer client won gagne closed_won converted converti evangelist",
    "disqualified": "disqualified disqualifie unqualified non_qualifie closed_not_converted hors_cible",
    "lost": "lost perdu closed_lost",
    "attached": "attached rattache",
}
_STAGE_OF: Final = {name: stage for stage, names in _STAGE_NAMES.items() for name in names.split()}


def stage_named(folded: str) -> str | None:
    """Our stage for a folded name of ours or of another system; None for a name nobody knows."""
    return _STAGE_OF.get(folded.replace(" ", "_").replace("-", "_"))


def channel_of(value: str) -> tuple[str, bool]:
    """The channel a given text means, and whether it was one. Doors and unknown words become `unknown`."""
    folded = value.strip().lower().replace(" ", "_").replace("-", "_")
    return (folded, True) if folded in CHANNELS else ("unknown", False)


_SOURCE_CHANNELS: Final = (
    ("organic_search", ("organic", "google", "bing", "search", "yahoo", "duckduckgo", "qwant", "ecosia")),
    ("paid_search", ("adwords", "google ads", "sea", "cpc", "ppc", "paid search")),
    ("paid_social", ("linkedin ads", "facebook ads", "meta ads", "paid social")),
    ("social", ("linkedin", "facebook", "twitter", "instagram", "youtube", "social", "tiktok")),
    ("referral", ("reference", "referral", "recommandation", "bouche a oreille", "parrainage")),
    ("direct", ("direct", "direct traffic")),
    ("email", ("email", "e-mail", "newsletter", "mailing")),
    ("event", ("salon", "stand", "event", "evenement", "foire", "trade show")),
    ("webinar", ("webinar", "webinaire")),
    ("phone", ("phone", "telephone", "appel", "call")),
    ("partner", ("partner", "partenaire", "revendeur", "integrateur")),
    ("web", ("website", "site web", "site", "web", "chat", "blog", "landing page", "formulaire")),
)


@lru_cache(maxsize=4096)
def channel_of_source(source_folded: str, medium_folded: str = "") -> str:
    """The channel that a source, and a UTM medium when there is one, most likely mean; `unknown` without a hint."""
    if medium_folded in {"cpc", "ppc", "paidsearch", "paid_search", "sea"}:
        return "paid_search"
    if medium_folded in {"paid_social", "paidsocial", "paid-social"}:
        return "paid_social"
    if medium_folded in {"email", "e-mail", "newsletter"}:
        return "email"
    if medium_folded in {"display", "banner", "banniere"}:
        return "display"
    words = set(source_folded.replace("-", " ").replace("_", " ").split())
    for channel, names in reversed(_SOURCE_CHANNELS):
        if any(name == source_folded or name in words for name in names):
            return channel
    return "unknown"


def given(values: Mapping[str, Any], attributes: Mapping[str, str]) -> dict[str, str]:
    """What an entry gives, as text by field: what the same system gives later is compared with it."""
    said = {field: str(value) for field, value in values.items()}
    said.update({f"attributes.{name}": value for name, value in attributes.items()})
    return said
