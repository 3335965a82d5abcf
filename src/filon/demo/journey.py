"""What happens to one lead of the sample year, from its first click to the signature or the way out. Pure.

A journey knows nothing of the product: who gets a lead is decided by the routing rules when the year is told, so acts
of colleagues say `owner`, whoever that will be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final, NamedTuple

from filon.demo import words
from filon.demo.market import OFFERS, SELLERS, Channel
from filon.demo.people import Contact
from filon.demo.seasons import Office

MQL_FIT: Final = 50
OWN_DOORS: Final = frozenset({"form", "hook", "stand"})
_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_OPENS: Final = 0.45  # share of opened mails that a program opened


class Scene(NamedTuple):
    """Something that happens to a lead at a moment (aware UTC).

    sort: act (of the person), work (of a colleague), mql, due (to a human from now on), move (to another stage), hand
    (to a seller), deal.
    """

    at: datetime
    lead: int
    sort: str
    values: dict[str, Any]


@dataclass(slots=True)
class Arrival:
    """A lead that comes in. is_called: whether the routing rules send it to a human at once."""

    at: datetime
    number: int
    channel: Channel
    contact: Contact
    opening: str
    campaign: str = ""
    event_at: datetime | None = None
    owner: str = ""
    has_source: bool = True
    is_alone: bool = False  # nobody gets round to calling it
    attributes: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def has_asked(self) -> bool:
        """Whether the person came to us by themselves."""
        by_door = self.channel.door in OWN_DOORS and self.channel.code != "outbound"
        return by_door or self.opening in {"demo", "call"}

    @property
    def is_called(self) -> bool:
        """Whether the rules that a new workspace starts with send it to a human."""
        fits = self.contact.fit >= MQL_FIT and self.has_asked
        is_out = self.contact.lead_class in {"student", "competitor"}
        return not is_out and (bool(self.owner) or self.opening == "demo" or self.channel.code == "referral" or fits)


class Journey:
    """Writes the scenes of one arrival; those after the end of the story are left out by whoever reads them."""

    def __init__(self, arrival: Arrival, rng: Random, office: Office) -> None:
        self.arrival = arrival
        self.scenes: list[Scene] = []
        self._rng = rng
        self._office = office
        self._seller = SELLERS[rng.randrange(len(SELLERS))]
        self._fate = self._draw_fate()

    def write(self) -> list[Scene]:
        """The scenes in the order they were thought of."""
        arrival = self.arrival
        self._come_in()
        if arrival.contact.lead_class:
            self._turn_away(arrival.at)
        elif arrival.is_called:
            if arrival.opening == "demo" and arrival.contact.fit >= MQL_FIT:
                self._scene(arrival.at + _SECOND, "mql")
            if not arrival.is_alone:
                self._contact(arrival.at, has_asked=True)
        else:
            self._nurture(arrival.at, may_warm=self._fate in _GOOD or self._rng.random() < 0.2)
        return self.scenes

    def _draw_fate(self) -> str:
        rng, contact = self._rng, self.arrival.contact
        wins = self.arrival.channel.wins * (0.25 + contact.fit / 62) * (1.4 if self.arrival.opening == "demo" else 0.85)
        drawn = rng.random()
        for fate, share in (("won", 1.0), ("lost", 2.5), ("stuck", 2.6), ("dropped", 3.2), ("refused", 3.6)):
            if drawn < wins * share:
                return fate
        return rng.choices(("later", "out", "silent"), (48, 20, 32))[0]

    # Coming in --------------------------------------------------------------------------------------------------------

    def _come_in(self) -> None:
        """What they looked at before, and the act by which they made themselves known."""
        arrival, rng = self.arrival, self._rng
        if arrival.channel.door in {"form", "hook"}:
            for _ in range(rng.randrange(4)):
                self._view(arrival.at - timedelta(minutes=rng.expovariate(1 / 900)), rng.choice(words.PAGES))
            if arrival.opening == "demo":
                self._view(arrival.at - _MINUTE * rng.randrange(2, 9), words.PRICES)
        kinds = {
            "demo": "demo_requested",
            "paper": "content_downloaded",
            "fair": "event_attended",
            "call": "inbound_call",
        }
        paths = {
            "demo": "/demande-de-demo",
            "paper": rng.choice(words.PAPERS),
            "contact": "/contact",
            "webinar": "/webinaires/inscription",
        }
        if arrival.opening == "listed":
            return
        text = self._said(words.TALKS) if arrival.opening == "call" else ""
        kind = kinds.get(arrival.opening, "form_submitted")
        self._act(arrival.at, kind, path=paths.get(arrival.opening, ""), text=text, campaign=arrival.campaign)
        if arrival.event_at is not None and rng.random() < 0.58:
            self._act(arrival.event_at, "webinar_attended", campaign=arrival.campaign)
        if self._fate in _GOOD:
            self._look_around(arrival.at, rng.randrange(2, 7))
        elif arrival.channel.door in {"form", "hook"} and rng.random() < 0.5:
            self._look_around(arrival.at, rng.randrange(1, 4))

    def _look_around(self, since: datetime, views: int) -> None:
        """Pages seen in the days after, prices among them."""
        rng = self._rng
        at = since
        for _ in range(views):
            at += timedelta(hours=rng.expovariate(1 / 30))
            self._view(at, words.PRICES if rng.random() < 0.35 else rng.choice(words.PAGES))

    def _turn_away(self, at: datetime) -> None:
        """Not a buyer: the lead is closed the next day."""
        reasons = {"student": "Étudiant ou candidat", "competitor": "Concurrent"}
        reason = reasons.get(self.arrival.contact.lead_class, "Hors cible")
        self._move(self._office.after(at, self._rng.uniform(1, 7)), "disqualified", reason)

    # Talking to a human -----------------------------------------------------------------------------------------------

    def _contact(self, since: datetime, *, has_asked: bool) -> None:
        """Calls and messages from when a human is due, until someone answers or gives up."""
        rng, office = self._rng, self._office
        at = office.after(since, min(rng.lognormvariate(-0.75 if has_asked else 0.6, 0.95), 14))
        if rng.random() < 0.15:
            self._work(at, "message_sent", text=rng.choice(words.WRITTEN))
            if rng.random() < 0.3:
                self._act(at + timedelta(hours=rng.uniform(1, 20)), "replied", text=self._said(words.ANSWERS))
            at = office.after(at, rng.uniform(3, 9))
        chance = 0.55 if self._fate in _GOOD else 0.33
        for attempt in range(1, 6):
            if rng.random() < chance or (attempt == 4 and self._fate in _GOOD):
                self._answered(at)
                return
            self._work(
                at, "call_logged", outcome=rng.choices(("voicemail", "no_answer", "gatekeeper"), (50, 36, 14))[0]
            )
            at = office.after(at, rng.uniform(4, 15))
        if rng.random() < 0.5:
            self._move(at, "disqualified", "Injoignable")
        else:
            self._back(at, "Injoignable après cinq tentatives")

    def _answered(self, at: datetime) -> None:
        """Somebody picked up: what came of it."""
        rng = self._rng
        if self._fate in _GOOD:
            self._work(at, "call_logged", outcome="reached", text=self._said(words.TALKS))
            if rng.random() < 0.4:
                self._work(at + 6 * _MINUTE, "note_written", text=self._said(words.TALKS))
            self._propose(self._office.after(at, rng.uniform(0.2, 7)))
        elif self._fate == "out":
            self._work(at, "call_logged", outcome="not_interested")
            self._move(at + 2 * _MINUTE, "disqualified", rng.choice(words.EXITS))
        else:
            later = self._fate == "later"
            outcome = "not_now" if later else "call_back"
            self._work(at, "call_logged", outcome=outcome, text=self._said(words.TALKS) if later else "")
            self._back(self._office.after(at, 0.1 if later else rng.uniform(8, 30)), rng.choice(words.NOT_NOW))

    def _propose(self, at: datetime) -> None:
        """The SDR proposes an SQL to a seller, who takes it or gives it back."""
        rng, office = self._rng, self._office
        self._move(at, "sql")
        self._scene(at + 2 * _SECOND, "hand", to=self._seller)
        answer = office.after(at, rng.uniform(2, 14))
        if self._fate == "refused":
            self._back(answer, rng.choice(words.REFUSALS))
            return
        self._work(answer, "message_sent", text=rng.choice(words.WRITTEN))
        if rng.random() < 0.7:
            self._act(answer + timedelta(hours=rng.uniform(1, 30)), "replied", text=self._said(words.ANSWERS))
        met = office.after(answer, rng.uniform(12, 70))
        self._work(met, "meeting_held", text=self._said(words.MEETINGS))
        if self._fate == "dropped":
            self._back(office.after(met, rng.uniform(1, 30)), rng.choice(words.NOT_NOW))
        else:
            self._sell(office.after(met, rng.uniform(0.3, 16)))

    # Selling ----------------------------------------------------------------------------------------------------------

    def _sell(self, at: datetime) -> None:
        """An opportunity with its stages, until it is won, lost, or stays where it is."""
        rng, account = self._rng, self.arrival.contact.account
        offer = rng.choices(OFFERS, [offer.share for offer in OFFERS])[0]
        licences = max(3, round(min(account.techs, 420) * rng.uniform(0.5, 1.1)))
        amount = Decimal(licences * offer.price) + rng.choice((0, 1200, 1900, 2400))
        closing = (at + timedelta(days=rng.uniform(35, 85))).date()
        first = {
            "name": f"{account.name} · {licences} licences",
            "product": offer.name,
            "amount": amount if rng.random() < 0.95 else None,
            "stage": "prospecting",
            "created_at": at,
            "close_date": closing,
        }
        plans = Random(self.arrival.number)  # noqa: S311 — dice of their own: what is planned changes nothing else
        first |= _planned(plans, at, "prospecting")
        self._scene(at, "deal", **{name: value for name, value in first.items() if value is not None})
        last = rng.choices(("prospecting", "engaged", "proposal", "negotiation"), _ENDS[self._fate])[0]
        for stage, days in (("engaged", 6), ("proposal", 12), ("negotiation", 14)):
            if _ORDER.index(stage) > _ORDER.index(last):
                break
            at = self._later(at, days)
            self._scene(at, "deal", stage=stage, **self._pushed(at, closing), **_planned(plans, at, stage))
            self._exchange(at)
        self._close(self._later(at, 11), amount)

    def _pushed(self, at: datetime, closing: Any) -> dict[str, Any]:
        """A date that slips is moved on now and then."""
        if self._rng.random() < 0.3 or at.date() > closing:
            return {"close_date": max(at.date(), closing) + _DAY * self._rng.randrange(14, 46)}
        return {}

    def _close(self, at: datetime, amount: Decimal) -> None:
        rng = self._rng
        if self._fate == "won":
            agreed = amount * rng.choice((100, 100, 100, 95, 90)) / 100
            self._scene(at, "deal", stage="won", won_at=at, amount=agreed)
        elif self._fate == "lost":
            reason = rng.choices([code for code, _ in words.LOSSES], [weight for _, weight in words.LOSSES])[0]
            self._scene(at, "deal", stage="lost", lost_at=at, reason=reason)

    def _exchange(self, at: datetime) -> None:
        """What a seller and a buyer say to each other around a stage."""
        rng = self._rng
        self._work(self._office.after(at, rng.uniform(0.2, 3)), "message_sent", text=rng.choice(words.WRITTEN))
        if rng.random() < 0.6:
            self._act(at + timedelta(hours=rng.uniform(6, 60)), "replied", text=self._said(words.ANSWERS))
        if rng.random() < 0.4:
            self._work(self._office.after(at, rng.uniform(9, 40)), "call_logged", outcome="reached")
        if rng.random() < 0.25:
            self._work(self._office.after(at, rng.uniform(20, 50)), "meeting_held", text=self._said(words.MEETINGS))

    # Nurturing --------------------------------------------------------------------------------------------------------

    def _back(self, at: datetime, reason: str) -> None:
        """To nurturing, with the reason; some come back one day."""
        self._move(at, "nurturing", reason)
        self._fate = "later" if self._rng.random() < 0.7 else "silent"
        self._nurture(at, may_warm=self._rng.random() < 0.12)

    def _nurture(self, since: datetime, *, may_warm: bool) -> None:
        """Mails opened and links followed now and then, less and less; some warm up and are handed to a human."""
        rng = self._rng
        at, gap = since, 11.0
        for _ in range(rng.randrange(2, 12)):
            at += timedelta(days=rng.expovariate(1 / gap))
            gap *= 1.18
            path = rng.choice(words.MAILS)
            self._act(at, "email_opened", path=path, is_machine=rng.random() < _OPENS)
            if rng.random() < 0.3:
                self._act(at + _MINUTE * rng.randrange(1, 40), "email_clicked", path=path)
                if rng.random() < 0.5:
                    self._view(at + _MINUTE * 45, words.PRICES if rng.random() < 0.3 else rng.choice(words.PAGES))
            if rng.random() < 0.05:
                self._act(at + _MINUTE * 50, "content_downloaded", path=rng.choice(words.PAPERS))
        if rng.random() < 0.03:
            self._act(at + _DAY, "unsubscribed")
        elif may_warm:
            self._warm_up(since + timedelta(days=rng.uniform(9, 110)))

    def _warm_up(self, at: datetime) -> None:
        """Prices looked at three times in a few days, or a demonstration asked for: now a human is due."""
        rng = self._rng
        asks = rng.random() < 0.4
        for back in (51, 22, 0):
            self._view(at - timedelta(hours=back * rng.uniform(0.6, 1.0)), words.PRICES)
        if asks:
            self._act(at, "demo_requested", path="/demande-de-demo")
        if self.arrival.contact.fit >= MQL_FIT:
            self._scene(at + _SECOND, "mql")
        if asks or self.arrival.contact.fit >= MQL_FIT:
            self._scene(at + 2 * _SECOND, "due", has_asked=asks)
            self._contact(at, has_asked=asks)

    # Scenes -----------------------------------------------------------------------------------------------------------

    def _scene(self, at: datetime, sort: str, **values: Any) -> None:
        self.scenes.append(Scene(at, self.arrival.number, sort, values))

    def _act(self, at: datetime, kind: str, **values: Any) -> None:
        self._scene(at, "act", kind=kind, **{name: value for name, value in values.items() if value})

    def _view(self, at: datetime, path: str) -> None:
        self._act(at, "page_viewed", path=path)

    def _work(self, at: datetime, kind: str, **values: Any) -> None:
        self._scene(at, "work", kind=kind, **{name: value for name, value in values.items() if value})

    def _move(self, at: datetime, stage: str, reason: str = "") -> None:
        self._scene(at, "move", stage=stage, reason=reason)

    def _later(self, at: datetime, days: float) -> datetime:
        """Some working days later, as deals go: mostly about `days`, sometimes far longer."""
        return self._office.after(at, 9 * days * 5 / 7 * self._rng.lognormvariate(-0.12, 0.5))

    def _said(self, sentences: tuple[str, ...]) -> str:
        account = self.arrival.contact.account
        return self._rng.choice(sentences).format(techs=account.techs, tool=account.tool.lower())


_GOOD: Final = frozenset({"won", "lost", "stuck", "dropped", "refused"})
_ORDER: Final = ("prospecting", "engaged", "proposal", "negotiation")
_ENDS: Final = {"won": (0, 0, 15, 85), "lost": (15, 30, 40, 15), "stuck": (20, 30, 40, 10)}
"""How far deals come by their fate: weights of the last stage before the end."""


def _planned(plans: Random, at: datetime, stage: str) -> dict[str, Any]:
    """What a seller means to do next, most of the time, and the working day of it."""
    if plans.random() < 0.2:
        return {}
    day = at.date() + _DAY * plans.randrange(5, 32)
    while day.isoweekday() > 5:
        day += _DAY
    return {"next_step": plans.choice(words.NEXT_STEPS[stage]), "next_on": day}
