"""The sample year as one script: who comes in when, what happens to them, what is sold and spent. Pure.

The same seed, number of leads and moment give the same script, to the second and the cent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from filon.demo import market, people, words
from filon.demo.journey import Arrival, Journey, Scene
from filon.demo.market import CHANNELS, MATES, OFFERS, SDRS, SELLERS, Campaign, Channel, Mate, Offer, Spend
from filon.demo.people import Account, Contact, Town
from filon.demo.seasons import Office, day_weights, hour_of, moment

USUAL: Final = 1200
"""How many leads the sample has when nobody says more."""

LEAST: Final = 60
UNKNOWN_STAGES: Final = ("Démo faite",)
"""What the system before called a stage, that nobody has explained yet."""

_YEAR: Final = timedelta(days=365)
_WEEK: Final = timedelta(days=7)
_FRESH_MINUTES: Final = (7, 31, 48, 82, 140, 215, 300, 1250, 1390, 1480, 1610, 1700)
_FRESH: Final = (
    "demo",
    "paper",
    "demo",
    "contact",
    "demo",
    "paper",
    "demo",
    "demo",
    "contact",
    "paper",
    "demo",
    "demo",
)
_PEOPLE_AN_ACCOUNT: Final = 4.8
_WITHOUT_ACCOUNT: Final = frozenset({2, 5})
_UNDIALLED: Final = 3  # of three fresh leads nobody gets round to one


@dataclass(frozen=True, slots=True)
class OldDeal:
    """An opportunity that was there before the year began, brought over from the system before."""

    key: str
    account: Account | None
    scenes: Sequence[tuple[datetime, dict[str, Any]]]
    owner: str

    @property
    def whose(self) -> dict[str, str]:
        """Its account, when it has one, and its seller, as an entry of the line tells them."""
        account = self.account
        named = {"company.name": account.name, "company.domain": account.domain} if account else {}
        return {**named, "owner": self.owner}


@dataclass(frozen=True, slots=True)
class Story:
    """The script. cut: from when on it is told live. at: now. Everything is in the order in which it happens."""

    seed: int
    at: datetime
    first: datetime
    cut: datetime
    office: Office
    mates: Sequence[Mate]
    offers: Sequence[Offer]
    campaigns: Sequence[Campaign]
    targets: Sequence[tuple[Account, str]]
    arrivals: Sequence[Arrival]
    scenes: Sequence[Scene]
    old_deals: Sequence[OldDeal]
    costs: Sequence[Spend]

    def weeks(self) -> Iterator[tuple[datetime, datetime]]:
        """The weeks before the cut as [from, to)."""
        start = self.first
        while start < self.cut:
            end = min(start + _WEEK, self.cut)
            yield start, end
            start = end


def write(seed: int, leads: int, at: datetime, zone: str) -> Story:
    """The script of the year up to `at` (aware UTC) with about so many leads, in a time zone."""
    local = ZoneInfo(zone)
    last = at.astimezone(local).date()
    first = last - _YEAR
    office = Office(moment(first, 0, local), at + _YEAR * 2, zone)
    cut = max(moment(office.days_before(at, 2).astimezone(local).date(), 0, local), at - timedelta(days=12))
    rng = Random(f"{seed}:{leads}")  # noqa: S311 — a story, not a secret
    town = Town(rng, max(30, round(leads / _PEOPLE_AN_ACCOUNT)))
    _spell(town)
    made = market.campaigns(first, last)
    writer = _Writer(rng, town, made, local, at)
    arrivals = writer.arrivals(leads, first, last)
    scenes = [
        scene
        for arrival in arrivals
        for scene in Journey(arrival, Random(f"{seed}:{arrival.number}"), office).write()  # noqa: S311
        if scene.at < at
    ]
    return Story(
        seed=seed,
        at=at,
        first=moment(first, 0, local),
        cut=cut,
        office=office,
        mates=MATES,
        offers=OFFERS,
        campaigns=made,
        targets=[
            (account, rng.choice(SELLERS)) for account in sorted(town.accounts, key=_size)[: len(town.accounts) // 6]
        ],
        arrivals=arrivals,
        scenes=sorted(scenes, key=_moment_of),
        old_deals=_old_deals(rng, town, office, moment(first, 0, local), at),
        costs=market.costs(first, last, made, leads / USUAL),
    )


def _size(account: Account) -> int:
    return -account.employees


def _moment_of(scene: Scene) -> tuple[datetime, int]:
    return scene.at, scene.lead


def _spell(town: Town) -> None:
    """A few accounts come in with a slip in their sector."""
    left = dict(words.MISSPELT)
    for account in town.accounts:
        people.spell(account, is_wrong=left.pop(account.sector, None) is not None)


class _Writer:
    """Draws who comes in, by which channel, when."""

    def __init__(self, rng: Random, town: Town, campaigns: Sequence[Campaign], zone: ZoneInfo, at: datetime) -> None:
        self._rng = rng
        self._town = town
        self._campaigns = campaigns
        self._zone = zone
        self._at = at

    def arrivals(self, count: int, first: date, last: date) -> list[Arrival]:
        """About `count` arrivals up to now, in order and numbered."""
        weights = day_weights(first, last)
        days, totals = list(weights), list(accumulate(weights.values()))
        fresh = self._fresh(min(len(_FRESH), count // 20))
        drawn: list[Arrival] = []
        while len(drawn) < count - len(fresh):
            channel = self._rng.choices(CHANNELS, [one.share for one in CHANNELS])[0]
            day = days[min(self._rng.choices(range(len(days)), cum_weights=totals)[0], len(days) - 1)]
            arrival = self._arrival(channel, day)
            if arrival is not None and arrival.at < self._at:
                drawn.append(arrival)
        arrivals = sorted([*drawn, *fresh], key=lambda one: one.at)
        for number, arrival in enumerate(arrivals):
            arrival.number = number
        return arrivals

    def _fresh(self, count: int) -> list[Arrival]:
        """What came in yesterday and today, part of which nobody has called yet."""
        found = []
        for place in range(count):
            channel = CHANNELS[place % 4]
            arrival = Arrival(
                self._at - timedelta(minutes=_FRESH_MINUTES[place]), 0, channel, self._town.someone(), _FRESH[place]
            )
            arrival.is_alone = place % _UNDIALLED != 1
            found.append(self._dressed(arrival))
            arrival.has_source = True
        return found

    def _arrival(self, channel: Channel, day: date) -> Arrival | None:
        rng = self._rng
        at, opening, campaign, event_at = hour_of(day, rng, self._zone), self._opening(channel), "", None
        if channel.code in {"event", "webinar"}:
            held = [one for one in self._campaigns if one.channel == channel.code]
            if not held:
                return None
            one = min(held, key=lambda one: (abs((one.starts_on - day).days), one.starts_on))
            at, event_at = self._on_occasion(one)
            campaign = one.name
        elif channel.door == "manual":
            at = moment(day, rng.randrange(9 * 60, 18 * 60), self._zone)
            if day.weekday() > 4:
                return None
        arrival = Arrival(at, 0, channel, self._who(channel), opening, campaign, event_at)
        return self._dressed(arrival)

    def _on_occasion(self, one: Campaign) -> tuple[datetime, datetime | None]:
        """When somebody comes to a stand, or signs up for a webinar and when that is held."""
        rng = self._rng
        if one.channel == "event":
            day = one.starts_on + timedelta(days=rng.randrange((one.ends_on - one.starts_on).days + 1))
            return moment(day, rng.randrange(570, 1090), self._zone) + timedelta(seconds=rng.randrange(60)), None
        held = moment(one.starts_on, 11 * 60, self._zone)
        early = timedelta(hours=min(rng.expovariate(1 / 90), 400))
        return held - early - timedelta(seconds=rng.randrange(3600)), held

    def _opening(self, channel: Channel) -> str:
        fixed = {"webinar": "webinar", "outbound": "listed", "phone": "call"}
        if channel.code in fixed:
            return fixed[channel.code]
        if self._rng.random() < channel.asks:
            return "demo"
        if channel.code == "event":
            return "fair"
        return "paper" if channel.code != "referral" and self._rng.random() < 0.62 else "contact"

    def _who(self, channel: Channel) -> Contact:
        drawn = self._rng.random()
        if channel.door == "form" and drawn < 0.035:
            return self._town.at(self._town.school, lead_class="student")
        if drawn < 0.006:
            return self._town.at(self._town.rival, lead_class="competitor")
        if 0.5 < drawn < 0.512 and self._town.accounts[0].contacts:
            known = [one for account in self._town.accounts[:60] for one in account.contacts]
            return self._town.twin(self._rng.choice(known))
        return self._town.someone()

    def _dressed(self, arrival: Arrival) -> Arrival:
        """With its campaign, page, message and what a form asks beside."""
        rng, channel, account = self._rng, arrival.channel, arrival.contact.account
        if not arrival.campaign:
            day = arrival.at.astimezone(self._zone).date()
            running = [
                one for one in self._campaigns if one.channel == channel.code and one.starts_on <= day <= one.ends_on
            ]
            arrival.campaign = running[0].name if running else ""
        if channel.door in {"form", "hook"}:
            page = "/tarifs" if arrival.opening == "demo" else rng.choice(words.PAGES)
            arrival.extra["landing_page"] = f"https://www.{words.DOMAIN}{page}"
            if rng.random() < 0.55:
                arrival.attributes["Techniciens"] = str(account.techs)
            if rng.random() < 0.3:
                arrival.attributes["Logiciel actuel"] = account.tool
        if channel.medium:
            arrival.extra["medium"] = channel.medium
        if arrival.opening in {"demo", "contact"} and rng.random() < 0.7:
            text = rng.choice(words.MESSAGES)
            arrival.extra["message"] = text.format(techs=account.techs, tool=account.tool.lower())
        if channel.code in {"outbound", "partner"}:
            arrival.owner = rng.choice(SDRS if channel.code == "outbound" else SELLERS)
        arrival.has_source = rng.random() > 0.012
        return arrival


def _old_deals(rng: Random, town: Town, office: Office, first: datetime, at: datetime) -> list[OldDeal]:
    """What was for sale when the year began: most of it is decided in its first months, some never was."""
    count = max(6, round(len(town.accounts) / 9))
    return [_old_deal(number, rng, town, office, span=(first, at)) for number in range(count)]


def _old_deal(number: int, rng: Random, town: Town, office: Office, *, span: tuple[datetime, datetime]) -> OldDeal:
    """One of them; a few came without their account, with a misspelt product, or in a stage nobody knows."""
    first, at = span
    account = rng.choice(town.accounts)
    offer = rng.choices(OFFERS, [offer.share for offer in OFFERS])[0]
    licences = max(4, round(min(account.techs, 300) * rng.uniform(0.5, 1)))
    ends = office.after(first, 9 * rng.uniform(2, 85))
    has_account = number not in _WITHOUT_ACCOUNT
    values: dict[str, Any] = {
        "name": f"{account.name} · reprise" if has_account else f"Reprise sans compte {number}",
        "product": offer.name if number % 11 else offer.name.replace("nn", "n").replace("b", "bb"),
        "amount": licences * offer.price,
        "stage": rng.choice(("prospecting", "engaged", "proposal", "negotiation")) if number else UNKNOWN_STAGES[0],
        "created_at": first - timedelta(days=rng.uniform(8, 130)),
        "close_date": ends.date(),
    }
    scenes = [(first, values)]
    fate = rng.choices(("won", "lost", "open"), (38, 50, 12))[0]
    if number > 0 and fate != "open" and ends < at:
        closed = {"stage": fate, f"{fate}_at": ends, "close_date": ends.date()}
        scenes.append((ends, closed if fate == "won" else closed | {"reason": rng.choice(words.LOSSES)[0]}))
    return OldDeal(f"reprise-{number + 1}", account if has_account else None, scenes, rng.choice(SELLERS))
