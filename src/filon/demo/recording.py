"""Telling the sample year: every lead, act, deal and cost goes down its line, at its own date.

The year up to two working days ago is told week by week, in batches that are not live: nothing is sent and no clock
is left running, although leads were routed and promises kept or broken then as they would have been. The last two days
are told one thing at a time and live, so clocks run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from django.db import transaction

from filon.capture.events import CampaignAdded
from filon.core import access, line
from filon.core.access import SYSTEM, Actor
from filon.core.line import Batch, Entry, Item
from filon.core.models import User
from filon.deals.events import OpportunityPersonSet, TargetSet
from filon.deals.models import DealPerson, Opportunity, Target
from filon.demo import entries, words
from filon.demo.journey import Arrival, Scene
from filon.demo.market import OPS, SDRS, SELLERS
from filon.demo.story import Story
from filon.kit import sql
from filon.kit.text import fold
from filon.leads import stages
from filon.leads.events import EXCHANGES, OUTREACH, OwnerChanged, Replied
from filon.leads.models import Campaign, Lead
from filon.leads.rules import is_open
from filon.routing import commands as routing
from filon.routing import decisions, promises
from filon.routing.desk import Waiting
from filon.scoring import commands as scoring
from filon.scoring import cooling, crossing

_ANSWERING: Final = (OUTREACH | EXCHANGES) - {Replied.kind}
_BEFORE_MQL: Final = frozenset({"captured", "qualifying", "nurturing"})
_SECOND: Final = timedelta(seconds=1)
_FORMS: Final = frozenset({"form", "hook"})


@dataclass(slots=True)
class _Known:
    """What is known of the leads told so far, by their number in the story."""

    ids: dict[int, int] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    deals: set[str] = field(default_factory=set)


class Recorder:
    """Tells one story into the workspace, as facts and rows of one import."""

    def __init__(self, story: Story, import_id: int) -> None:
        self.story = story
        self.import_id = import_id
        self.made: dict[str, list[int]] = {}
        self._known = _Known()
        self._actors: dict[str, Actor] = {}
        self._names: dict[int, str] = {}
        self._later: list[Scene] = []

    def run(self) -> Iterator[int]:
        """Tell it all, yielding how many leads have come in so far."""
        self._prepare()
        scenes = entries.by_moment(self.story)
        for start, end in self.story.weeks():
            with transaction.atomic():  # one commit a week: a thousand small ones would take longer than all the rest
                self._tell_week(start, end, [scene for at, scene in scenes if start <= at < end])
            yield len(self._known.ids)
        yield from self._tell_live([(at, scene) for at, scene in scenes if at >= self.story.cut])
        self._keep_books()
        promises.breach_due(at=self.story.at)
        cooling.cool_down(at=self.story.at)

    # Before the year begins -------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Colleagues, products, campaigns, accounts to win, and what was for sale already."""
        story, at = self.story, self.story.first
        people = self._take("user", [mate.values for mate in story.mates], at=at)
        self.made["users"] = [item.record["id"] for item in people if item.record and item.outcome == "created"]
        for user in User.objects.filter(pk__in=[item.record["id"] for item in people if item.record]):
            self._actors[user.name], self._names[user.pk] = access.of_user(user), user.name
        offers = [{"name": offer.name, "series": offer.series, "price": offer.price} for offer in story.offers]
        self._take("product", offers, at=at)
        self.made["campaigns"] = self._add_campaigns(at)
        targets = [account.values | {"owner": owner} for account, owner in story.targets]
        self._take("company", targets, at=at, by=self._actors[OPS])
        self._tell_old_deals(at, at + _SECOND)

    def _add_campaigns(self, at: datetime) -> list[int]:
        """Campaigns have no line of their own: no door brings them yet. Those of that name already stay as they are."""
        with transaction.atomic():
            batch = self._batch([], at=at)
            rows = batch.rows(Campaign)
            names = [fold(one.name) for one in self.story.campaigns]
            known = {row["name_folded"] for row in rows.load(*sql.any_of("name_folded", names))}
            for one in self.story.campaigns:
                if fold(one.name) not in known:
                    days = {"starts_on": one.starts_on, "ends_on": one.ends_on}
                    rows.add(name=one.name, name_folded=fold(one.name), channel=one.channel, created_at=at, **days)
            rows.number()
            for row in rows.new:
                batch.tell(CampaignAdded(at=at, campaign_id=row["id"], channel=row["channel"]))
            made = [row["id"] for row in rows.new]
            batch.write()
        return made

    # The past, week by week -------------------------------------------------------------------------------------------

    def _tell_week(self, start: datetime, end: datetime, scenes: list[Scene]) -> None:
        story = self.story
        arrivals = [one for one in story.arrivals if start <= one.at < end]
        self._arrive(arrivals, at=end, is_live=False)
        self._act([scene for scene in scenes if scene.sort == "act"], at=end, is_live=False)
        self._make_mqls([scene for scene in scenes if scene.sort == "mql"], at=end)
        self._route(arrivals, [scene for scene in scenes if scene.sort == "due"], at=end)
        due = [scene for scene in self._later if scene.at < end]
        self._later = [scene for scene in self._later if scene.at >= end]
        desk = sorted([*due, *(s for s in scenes if s.sort in {"work", "move", "hand"})], key=lambda scene: scene.at)
        self._work(desk, at=end)
        self._sell([scene for scene in scenes if scene.sort == "deal"], is_live=False)
        self._tell_old_deals(start, end)
        booked = [cost for cost in story.costs if start.date() <= cost.booked_on < end.date()]
        self._take("cost", [cost.values for cost in booked], at=end, by=self._actors[OPS])
        cooling.cool_down(at=end)

    def _make_mqls(self, scenes: Sequence[Scene], *, at: datetime) -> None:
        """Leads whose acts passed both thresholds, at the moment they did."""
        compiled = scoring.scoring_in_force(at)
        with self._on_leads(scenes, SYSTEM, at) as (batch, leads):
            for scene in scenes:
                lead = leads.get(scene.lead)
                if lead is not None and lead["stage"] in _BEFORE_MQL:
                    batch.tell(crossing.crossing_of(lead, "up", compiled, scene.at))
                    stages.move(batch, lead, "mql", at=scene.at)

    def _route(self, arrivals: Sequence[Arrival], due: Sequence[Scene], *, at: datetime) -> None:
        """Where the routing rules send new leads, and those that have warmed up, each at its own moment."""
        called = {one.number for one in arrivals if one.is_called} | {scene.lead for scene in due}
        with self._on_leads([*arrivals, *due], SYSTEM, at) as (batch, leads):
            waiting = [
                Waiting(lead, one.at, one.has_asked, one.at + 2 * _SECOND)
                for one in arrivals
                if (lead := leads.get(one.number)) and lead["lead_class"] not in routing.NOT_BUYERS
            ]
            waiting += [
                Waiting(lead, scene.at, scene.values["has_asked"], scene.at)
                for scene in due
                if (lead := leads.get(scene.lead)) and lead["is_open"] and lead["route"] == decisions.NURTURE
            ]
            routing.route(batch, waiting)
            unexpected = [
                self._known.numbers[item.lead["id"]] for item in waiting if item.lead["route"] != decisions.NURTURE
            ]
        for number in unexpected:
            if number not in called:
                self._answer_later(number)

    def _answer_later(self, number: int) -> None:
        """The account rule sent a lead to a colleague that nobody else would have called: it gets a mail, no more."""
        since, office = self.story.arrivals[number].at, self.story.office
        written = {"kind": "message_sent", "text": "Merci de votre intérêt : je reste votre interlocuteur."}
        back = {"stage": "nurturing", "reason": "Compte déjà suivi"}
        self._later.append(Scene(office.after(since, 3.5), number, "work", written))
        self._later.append(Scene(office.after(since, 13), number, "move", back))

    # Now --------------------------------------------------------------------------------------------------------------

    def _tell_live(self, scenes: Sequence[tuple[datetime, Scene]]) -> Iterator[int]:
        """The last days, one thing after the other, with everything that starts by it."""
        story = self.story
        arrivals = [one for one in story.arrivals if one.at >= story.cut]
        happening: list[tuple[datetime, int, Callable[[datetime], None]]] = [
            *((one.at, 0, self._arrival_teller(one)) for one in arrivals),
            *((at, 1, self._scene_teller(scene)) for at, scene in scenes),
            *((max(scene.at, story.cut), 2, self._scene_teller(scene)) for scene in self._later),
        ]
        for at, _order, tell in sorted(happening, key=lambda each: each[:2]):
            if at < story.at:
                tell(at)
                yield len(self._known.ids)
        booked = [cost for cost in story.costs if cost.booked_on >= story.cut.date()]
        self._take("cost", [cost.values for cost in booked], at=story.at, by=self._actors[OPS])
        self._tell_old_deals(story.cut, story.at)

    def _arrival_teller(self, arrival: Arrival) -> Callable[[datetime], None]:
        return lambda at: self._arrive([arrival], at=at, is_live=True)

    def _scene_teller(self, scene: Scene) -> Callable[[datetime], None]:
        def tell(at: datetime) -> None:
            if scene.sort == "act":
                self._act([scene], at=at, is_live=True)
            elif scene.sort == "deal":
                self._sell([scene], is_live=True)
            elif scene.sort in {"work", "move", "hand"}:
                self._work([scene], at=at, is_live=True)

        return tell  # what makes an MQL, and where leads go, is decided by the line itself

    # Leads and acts ---------------------------------------------------------------------------------------------------

    def _arrive(self, arrivals: Sequence[Arrival], *, at: datetime, is_live: bool) -> None:
        """Leads come in: by themselves, or typed in by whoever owns them."""
        for typist, group in entries.grouped(arrivals, lambda one: one.owner):
            told = [entries.of_arrival(one) for one in group]
            by = self._actors[typist] if typist else SYSTEM
            for arrival, item in zip(group, self._run(told, by=by, at=at, is_live=is_live), strict=True):
                if item.lead is not None:
                    self._known.ids[arrival.number] = item.lead["id"]
                    self._known.numbers[item.lead["id"]] = arrival.number

    def _act(self, scenes: Sequence[Scene], *, at: datetime, is_live: bool) -> None:
        """What people did."""
        self._run([self._event(scene) for scene in scenes], by=SYSTEM, at=at, is_live=is_live)

    def _event(self, scene: Scene, *, door: str = "api") -> Entry:
        arrival = self.story.arrivals[scene.lead]
        kind = scene.values["kind"]
        values = {**scene.values, "email": arrival.contact.email, "at": scene.at}
        if kind.startswith("email_") or kind == "replied":
            values["channel"] = "email"
        elif kind != "page_viewed" and door == "api":
            values["channel"] = arrival.channel.code
        # Not live itself: an act of somebody whose lead is closed opens no other one, the story says who comes in.
        return Entry(kind="event", door=door, at=scene.at, values=values, is_live=False)

    # Colleagues -------------------------------------------------------------------------------------------------------

    def _work(self, scenes: Sequence[Scene], *, at: datetime, is_live: bool = False) -> None:
        """What colleagues did: calls, mails, meetings and notes, then where they moved leads and to whom."""
        shares = self._shares(scenes)
        for name in sorted(shares, key=lambda name: (self._actors[name].role != "sdr", name)):
            by, share = self._actors[name], shares[name]
            acts = [scene for scene in share if scene.sort == "work"]
            self._run([self._event(scene, door="manual") for scene in acts], by=by, at=at, is_live=is_live)
            if not is_live:
                self._respond(acts, by, at)
            self._move([scene for scene in share if scene.sort != "work"], by, at, is_live=is_live)

    def _shares(self, scenes: Sequence[Scene]) -> dict[str, list[Scene]]:
        """The scenes by the colleague whose they are at that moment; those of leads that have left are left out."""
        owners: dict[int, str] = {}
        for lead_id, owner_id, is_going in self._standing(scenes):
            if is_going:
                number = self._known.numbers[lead_id]
                owners[number] = self._names.get(owner_id, SDRS[number % len(SDRS)])
        shares: dict[str, list[Scene]] = {}
        for scene in scenes:
            if scene.lead not in owners:
                continue
            shares.setdefault(owners[scene.lead], []).append(scene)
            if scene.sort == "hand" and self._actors[owners[scene.lead]].role == "sdr":
                owners[scene.lead] = scene.values["to"]
            if scene.sort == "move" and not is_open(scene.values["stage"]):
                del owners[scene.lead]
        return shares

    def _standing(self, scenes: Iterable[Scene]) -> list[tuple[Any, ...]]:
        """(lead, owner, whether it is open) of the leads of these scenes."""
        ids = sorted({self._known.ids[scene.lead] for scene in scenes if scene.lead in self._known.ids})
        where, params = sql.any_of("id", ids)
        return sql.fetch(f"SELECT id, owner_id, is_open FROM leads_lead WHERE {where}", params) if ids else []

    def _respond(self, acts: Sequence[Scene], by: Actor, at: datetime) -> None:
        """The first of these acts toward each lead stops its clock, as it did then."""
        answers: dict[int, datetime] = {}
        for scene in acts:
            if scene.values["kind"] in _ANSWERING:
                answers.setdefault(self._known.ids[scene.lead], scene.at)
        if answers:
            with transaction.atomic():
                batch = self._batch([], by=by, at=at)
                promises.respond(batch, answers)
                batch.write()

    def _move(self, scenes: Sequence[Scene], by: Actor, at: datetime, *, is_live: bool) -> None:
        """Passages between stages and from hand to hand; what leaves, or goes back to nurturing, is owed no answer."""
        ends: dict[int, tuple[datetime, str]] = {}
        with self._on_leads(scenes, by, at, is_live=is_live) as (batch, leads):
            for scene in scenes:
                lead = leads.get(scene.lead)
                if lead is None or not lead["is_open"]:
                    continue
                if scene.sort == "hand":
                    self._hand_over(batch, lead, scene)
                    continue
                stage, reason = scene.values["stage"], scene.values["reason"]
                stages.move(batch, lead, stage, at=scene.at, reason=reason)
                if not is_live and (stage == "nurturing" or not is_open(stage)):
                    ends[lead["id"]] = (scene.at, reason or stage)
                    self._put_back(batch, lead, stage)
            if ends:
                promises.cancel(batch, ends)

    def _put_back(self, batch: Batch, lead: dict[str, Any], stage: str) -> None:
        if stage == "nurturing":
            batch.rows(Lead).change(lead, "route", decisions.NURTURE)
            batch.rows(Lead).change(lead, "due_at", None)

    def _hand_over(self, batch: Batch, lead: dict[str, Any], scene: Scene) -> None:
        """From the SDR to the seller; who sells already keeps the lead."""
        before, after = lead["owner_id"], self._actors[scene.values["to"]].id
        if before is not None and self._actors[self._names[before]].role != "sdr":
            return
        batch.rows(Lead).change(lead, "owner_id", after)
        told = {"lead_id": lead["id"], "person_id": lead["person_id"]}
        batch.tell(OwnerChanged(at=scene.at, from_owner_id=before, to_owner_id=after, **told))
        promises.hand_over(batch, {lead["id"]: after})

    # Deals and money --------------------------------------------------------------------------------------------------

    def _sell(self, scenes: Sequence[Scene], *, is_live: bool) -> None:
        """What sellers say of their opportunities; a customer's account is theirs from then on."""
        owners = {
            self._known.numbers[lead]: (self._names.get(owner), going) for lead, owner, going in self._standing(scenes)
        }
        for scene in scenes:
            owner, is_going = owners.get(scene.lead, (None, False))
            key = f"lead-{scene.lead + 1}"
            if owner is None or not (is_going or key in self._known.deals):
                continue
            self._known.deals.add(key)
            values = {**scene.values, "lead.id": self._known.ids[scene.lead], "owner": owner}
            told = entries.of_deal(key, scene.at, values, is_live=True)
            self._run([told], by=self._actors[owner], at=scene.at, is_live=is_live)  # a change has its batch's moment
            if scene.values["stage"] == "won":
                account = self.story.arrivals[scene.lead].contact.account
                self._take("company", [account.values | {"owner": owner}], at=scene.at, by=self._actors[OPS])

    def _keep_books(self) -> None:
        """Who decides in the opportunities that are open, and what sellers shall win this year and the next."""
        at, dice = self.story.at, Random(len(self.story.arrivals))  # noqa: S311 — made data
        roles, weights = [role for role, _ in words.ROLES], [weight for _, weight in words.ROLES]
        open_deals = Opportunity.objects.filter(import_id=self.import_id, state="open").exclude(lead=None)
        with transaction.atomic():
            batch = self._batch([], at=at)
            for deal_id, company_id, person_id in open_deals.order_by("pk").values_list(
                "pk", "company_id", "lead__person_id"
            ):
                if role := dice.choices(roles, weights)[0]:
                    batch.rows(DealPerson).add(opportunity_id=deal_id, person_id=person_id, role=role, created_at=at)
                    batch.tell(
                        OpportunityPersonSet(
                            at=at, opportunity_id=deal_id, company_id=company_id, member_id=person_id, role=role
                        )
                    )
            for number, owner_id in enumerate(self._actors[name].id for name in SELLERS if name in self._actors):
                for month, share in words.SEASON:
                    day = date(at.year + (month < at.month), month, 1)  # the twelve months from this one on
                    amount = Decimal(round((9 + 3 * number) * share) * 1000)
                    batch.rows(Target).add(owner_id=owner_id, month=day, amount=amount)
                    batch.tell(TargetSet(at=at, owner_id=owner_id, month=day.isoformat(), value=amount, was=""))
            batch.write()

    def _tell_old_deals(self, start: datetime, end: datetime) -> None:
        """What becomes, in [start, end), of the opportunities brought over from the system before."""
        told = [
            entries.of_deal(deal.key, at, {**said, **deal.whose}, is_live=False)
            for deal in self.story.old_deals
            for at, said in deal.scenes
            if start <= at < end
        ]
        self._run(told, by=self._actors[OPS], at=end, is_live=False)

    # The lines --------------------------------------------------------------------------------------------------------

    def _take(
        self, kind: str, said: Sequence[Mapping[str, Any]], *, at: datetime, by: Actor = SYSTEM
    ) -> Sequence[Item]:
        """Things of one kind that start nothing."""
        told = [Entry(kind=kind, door="manual", at=at, values=dict(values), is_live=False) for values in said]
        return self._run(told, by=by, at=at, is_live=False)

    def _run(self, said: Sequence[Entry], *, by: Actor, at: datetime, is_live: bool) -> Sequence[Item]:
        if not said:
            return []
        return line.run_with_retries(lambda: self._batch(said, by=by, at=at, is_live=is_live)).items

    def _batch(self, said: Sequence[Entry], *, at: datetime, by: Actor = SYSTEM, is_live: bool = False) -> Batch:
        batch = Batch(said, by=by, at=at, import_id=self.import_id, is_live=is_live)
        batch.is_story = not is_live
        batch.among = frozenset(self._names)  # colleagues who can sign in are given no sample leads
        return batch

    @contextmanager
    def _on_leads(
        self, scenes: Sequence[Scene | Arrival], by: Actor, at: datetime, *, is_live: bool = False
    ) -> Iterator[tuple[Batch, dict[int, dict[str, Any]]]]:
        """A batch with the rows of the leads of these scenes, by number; written when its block ends well."""
        numbers = {one.number if isinstance(one, Arrival) else one.lead for one in scenes}
        ids = {number: self._known.ids[number] for number in sorted(numbers) if number in self._known.ids}
        with transaction.atomic():
            batch = self._batch([], by=by, at=at, is_live=is_live)
            rows = batch.rows(Lead)
            rows.load_ids(ids.values(), lock=True)
            yield batch, {number: rows.by_id[row_id] for number, row_id in ids.items() if row_id in rows.by_id}
            batch.write()
