"""The vendor's own side of the sample year: colleagues, products, channels, campaigns, and what they cost. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from filon.demo import words
from filon.demo.seasons import months, tuesdays
from filon.kit.text import fold


@dataclass(frozen=True, slots=True)
class Mate:
    """A colleague of the vendor, who cannot sign in."""

    name: str
    role: str
    team: str
    manager: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """The colleague as an entry of the line tells them."""
        told = {"name": self.name, "role": self.role, "team": self.team, "manager": self.manager}
        local = fold(self.name).replace(" ", ".").replace("'", "")
        return {name: value for name, value in told.items() if value} | {"email": f"{local}@{words.DOMAIN}"}


_NORTH, _SOUTH, _HEADQUARTERS = "Équipe Nord", "Équipe Sud", "Siège"
_CLAIRE, _MARC = "Claire Roussillon", "Marc Delaunoy"
MATES: Final = (
    Mate(_CLAIRE, "manager", _NORTH),
    Mate(_MARC, "manager", _SOUTH),
    Mate("Léa Marchetti", "sdr", _NORTH, _CLAIRE),
    Mate("Hugo Desnoyers", "sdr", _SOUTH, _MARC),
    Mate("Karim Benhaddou", "sales", _NORTH, _CLAIRE),
    Mate("Sophie Larrivière", "sales", _NORTH, _CLAIRE),
    Mate("Thomas Quéméner", "sales", _NORTH, _CLAIRE),
    Mate("Inès Fontanel", "sales", _SOUTH, _MARC),
    Mate("Antoine Verdelet", "sales", _SOUTH, _MARC),
    Mate("Julie Ansermet", "marketing", _HEADQUARTERS),
    Mate("Philippe Castelnau", "head", _HEADQUARTERS),
    Mate("Nadia Kerbrat", "ops", _HEADQUARTERS),
)
SELLERS: Final = tuple(mate.name for mate in MATES if mate.role == "sales")
SDRS: Final = tuple(mate.name for mate in MATES if mate.role == "sdr")
OPS: Final = "Nadia Kerbrat"


@dataclass(frozen=True, slots=True)
class Offer:
    """A product. price: a year and technician, without tax."""

    name: str
    series: str
    price: int
    share: int


OFFERS: Final = (
    Offer(f"{words.VENDOR} Planning", "Essentiel", 348, 45),
    Offer(f"{words.VENDOR} Mobile", "Essentiel", 276, 20),
    Offer(f"{words.VENDOR} Contrats", "Avancé", 468, 15),
    Offer(f"{words.VENDOR} Suite", "Avancé", 696, 20),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """A way by which leads come in. share: of all leads, in percent; wins: share of them that become customers; asks:
    share whose first act is asking for a demonstration."""

    code: str
    source: str
    door: str
    share: int
    wins: float
    asks: float
    medium: str = ""


CHANNELS: Final = (
    Channel("paid_search", "Google Ads", "form", 17, 0.055, 0.38, "cpc"),
    Channel("organic_search", "Google", "form", 17, 0.075, 0.36, "organic"),
    Channel("paid_social", "LinkedIn Ads", "hook", 16, 0.011, 0.05, "paid_social"),
    Channel("web", "Site web", "form", 10, 0.05, 0.22),
    Channel("webinar", "Webinaire", "form", 10, 0.03, 0.0),
    Channel("event", "Salon", "stand", 12, 0.05, 0.1),
    Channel("referral", "Recommandation client", "form", 5, 0.105, 0.55),
    Channel("partner", "Altéo Intégration", "manual", 3, 0.085, 0.3),
    Channel("outbound", "Prospection", "manual", 5, 0.028, 0.0),
    Channel("email", "Newsletter", "form", 2, 0.045, 0.3, "email"),
    Channel("phone", "Appel entrant", "manual", 2, 0.07, 0.0),
    Channel("direct", "Accès direct", "form", 1, 0.04, 0.4),
)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A marketing effort of the story."""

    name: str
    channel: str
    starts_on: date
    ends_on: date


def campaigns(first: date, last: date) -> list[Campaign]:
    """What marketing did between two days, in order."""
    half = first + (last - first) / 2
    found = [
        Campaign("Google Ads · gestion d'interventions", "paid_search", first, last),
        Campaign("LinkedIn Ads · planning sans tableur", "paid_social", first, half),
        Campaign("LinkedIn Ads · facturer le jour même", "paid_social", half + timedelta(days=1), last),
        Campaign("Prospection ETI industrie", "outbound", first, last),
    ]
    for year in range(first.year, last.year + 1):
        fairs = (("Salon Mainteva", 3, 3, 3), ("Forum du Terrain", 10, 1, 2))
        for name, month, nth, length in fairs:
            days = tuesdays(year, month, nth, length)
            found.append(Campaign(f"{name} {year}", "event", days[0], days[-1]))
        for month in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11):
            day = tuesdays(year, month, 2, 3)[-1]
            found.append(Campaign(f"Webinaire du {day:%d/%m/%Y}", "webinar", day, day))
    return sorted(
        (one for one in found if first <= one.starts_on and one.ends_on <= last), key=lambda one: one.starts_on
    )


@dataclass(frozen=True, slots=True)
class Spend:
    """Money spent, as an entry of the line tells it, and the day on which it is booked."""

    booked_on: date
    values: dict[str, Any]


_MONTHLY: Final = (
    ("paid_search", "media", 3900, True),
    ("paid_social", "media", 3300, True),
    ("referral", "media", 380, True),
    ("organic_search", "agency", 1900, True),
    ("web", "tool", 240, False),
    ("webinar", "tool", 190, False),
    ("email", "tool", 150, False),
    ("outbound", "tool", 480, False),
    ("other", "tool", 920, False),
    ("other", "salary", 47_500, False),
)
"""(channel, kind, euros a month, whether it grows with the number of leads)."""

_QUIET: Final = frozenset({8, 12})


def costs(first: date, last: date, made: Sequence[Campaign], scale: float) -> list[Spend]:
    """What the year cost, in the order of booking. scale: how many times as large as the usual sample it is."""
    found = []
    for start, end in months(first, last):
        part = (end - start).days + 1
        for channel, kind, euros, grows in _MONTHLY:
            quiet = 0.55 if start.month in _QUIET and kind == "media" else 1.0
            amount = euros * quiet * (scale if grows else 1) * part / 30.4
            values = {"from": start, "to": end, "channel": channel, "kind": kind, "amount": _cents(amount)}
            running = [one for one in made if one.channel == channel and one.starts_on <= end and one.ends_on >= start]
            if running and kind == "media":
                values["campaign"] = running[-1].name
            found.append(Spend(end, values))
    for one in made:
        found += _of_campaign(one, scale)
    return sorted(found, key=lambda spend: spend.booked_on)


def _of_campaign(one: Campaign, scale: float) -> list[Spend]:
    """A fair's stand and its printed matter; a webinar's speaker and invitations."""
    lines: Sequence[tuple[str, float]] = ()
    if one.channel == "event":
        lines = (("event", 16_400 if "Mainteva" in one.name else 9_800), ("agency", 1_900))
    elif one.channel == "webinar":
        lines = (("event", 650),)
    grown = max(scale, 1)
    return [
        Spend(
            one.ends_on,
            {
                "from": one.starts_on,
                "to": one.ends_on,
                "channel": one.channel,
                "campaign": one.name,
                "kind": kind,
                "amount": _cents(euros * grown),
            },
        )
        for kind, euros in lines
    ]


def _cents(amount: float) -> Decimal:
    return Decimal(round(amount * 100)) / 100
