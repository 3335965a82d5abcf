"""A small world to measure: leads, acts, deals and costs told to the ledger, and questions about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from filon.capture.events import CostRecorded
from filon.capture.models import Cost
from filon.core import ledger
from filon.core.access import SYSTEM, Actor
from filon.core.ledger import Event
from filon.core.models import Fact
from filon.deals.events import OpportunityCreated, OpportunityLost, OpportunityWon
from filon.deals.models import Opportunity, Pipeline, Stage
from filon.kit.text import fold
from filon.leads import rules as journey
from filon.leads.events import LeadCaptured, StageChanged
from filon.leads.models import Company, Lead, Person
from filon.measure import periods, queries
from filon.measure.queries import Answer
from filon.routing.events import LeadRouted

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_numbers = count(1)


def moment(text: str | datetime) -> datetime:
    """`2026-01-05` or `2026-01-05 10:00` as aware UTC."""
    if isinstance(text, datetime):
        return text
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Corrected(ledger.Event):
    """A fact of another slice that takes one back."""

    lead_id: int | None = None
    revokes_id: int


@dataclass(frozen=True, kw_only=True)
class SqlAccepted(ledger.Event):
    """Sales accepted an SQL."""

    lead_id: int


@dataclass(frozen=True, kw_only=True)
class SqlRefused(ledger.Event):
    """Sales refused an SQL."""

    lead_id: int


@dataclass
class World:
    """Tells facts and keeps rows as the slices do; asks figures as the doors do."""

    by: Actor = SYSTEM
    stages: dict[str, Stage] = field(default_factory=dict)

    def tell(self, *events: Event, learnt: str | datetime = NOW, import_id: int | None = None) -> Sequence[int]:
        return ledger.append(events, by=SYSTEM, learnt_at=moment(learnt), import_id=import_id, starts_reactions=False)

    def lead(
        self,
        captured: str = "2026-01-05 10:00",
        *stages: tuple[str, str],
        learnt: str | datetime = NOW,
        import_id: int | None = None,
        person: Person | None = None,
        routes: Sequence[tuple[str, str]] = (),
        initial: str = "captured",
        told_by_import: bool = False,
        **columns: Any,
    ) -> Lead:
        """A lead and its facts: captured, then (stage, when)…, and (route, when)…"""
        at, learnt_at = moment(captured), moment(learnt)
        person = person or Person.objects.create(
            full_name=f"Person {next(_numbers)}", created_at=learnt_at, updated_at=learnt_at
        )
        columns.setdefault("channel", "web")
        source = columns.get("source", "")
        current = stages[-1][0] if stages else initial
        lead = Lead.objects.create(
            person=person,
            stage=current,
            stage_since=at,
            is_open=False,
            reached=max(journey.RANK.get(stage, 0) for stage in (initial, *(stage for stage, _ in stages))),
            captured_at=at,
            created_at=learnt_at,
            updated_at=learnt_at,
            import_id=import_id,
            route=routes[-1][0] if routes else "",
            source_folded=fold(source),
            attributes_folded={fold(name): fold(value) for name, value in columns.get("attributes", {}).items()},
            **columns,
        )
        ids = {"lead_id": lead.pk, "person_id": person.pk}
        told: list[Event] = [LeadCaptured(at=at, door="api", channel=lead.channel, source=source, stage=initial, **ids)]
        before = initial
        for stage, when in stages:
            told.append(StageChanged(at=moment(when), from_stage=before, to_stage=stage, **ids))
            before = stage
        told += [LeadRouted(at=moment(when), route=route, why="rule", version=1, **ids) for route, when in routes]
        self.tell(*told, learnt=learnt, import_id=import_id if told_by_import else None)
        return lead

    def act(self, lead: Lead, cls: type[Any], at: str, *, learnt: str | datetime = NOW, **more: Any) -> int:
        """An act of, or toward, the lead's person."""
        event = cls(at=moment(at), person_id=lead.person_id, lead_id=more.pop("lead_id", lead.pk), **more)
        return self.tell(event, learnt=learnt)[0]

    def move(self, lead: Lead, stage: str, at: str, *, learnt: str | datetime = NOW) -> int:
        event = StageChanged(
            at=moment(at), lead_id=lead.pk, person_id=lead.person_id, from_stage=lead.stage, to_stage=stage
        )
        Lead.objects.filter(pk=lead.pk).update(stage=stage)
        lead.stage = stage
        return self.tell(event, learnt=learnt)[0]

    def opportunity(
        self,
        created: str | None = "2026-01-01",
        *,
        won: str | None = None,
        lost: str | None = None,
        amount: str | None = "1000.00",
        currency: str = "EUR",
        close: date | None = None,
        learnt: str | datetime = NOW,
        **columns: Any,
    ) -> Opportunity:
        """An opportunity and its facts. Without `created`, nobody knows when it began."""
        learnt_at = moment(learnt)
        state = "won" if won else "lost" if lost else "open"
        stage = self.stage(state)
        deal = Opportunity.objects.create(
            name="Deal",
            name_folded="deal",
            pipeline=stage.pipeline,
            stage=stage,
            stage_since=learnt_at,
            state=state,
            amount=None if amount is None else Decimal(amount),
            currency=currency,
            created_at=moment(created) if created else learnt_at,
            is_created_at_known=created is not None,
            close_date=close,
            won_at=moment(won) if won else None,
            lost_at=moment(lost) if lost else None,
            updated_at=learnt_at,
            **columns,
        )
        said = {"opportunity_id": deal.pk, "value": deal.amount, "currency": currency}
        first = self.stage("open")
        told: list[Event] = [OpportunityCreated(at=deal.created_at, stage_id=first.pk, stage=first.code, **said)]
        if won:
            told.append(OpportunityWon(at=moment(won), **said))
        if lost:
            told.append(OpportunityLost(at=moment(lost), **said))
        self.tell(*told, learnt=learnt)
        return deal

    def stage(self, state: str) -> Stage:
        pipeline = Pipeline.objects.order_by("id").first() or Pipeline.objects.create(name="P", name_folded="p")
        found = Stage.objects.filter(pipeline=pipeline, state=state).order_by("position").first()
        return found or Stage.objects.create(
            pipeline=pipeline, code=state, position=journey.RANK.get(state, 9), probability=Decimal(0), state=state
        )

    def cost(
        self,
        first: str,
        last: str,
        channel: str,
        amount: str,
        *,
        kind: str = "media",
        currency: str = "EUR",
        **more: Any,
    ) -> Cost:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
        cost = Cost.objects.create(
            date_from=begin,
            date_to=end,
            channel=channel,
            kind=kind,
            amount=Decimal(amount),
            currency=currency,
            created_at=NOW,
            **more,
        )
        self.tell(
            CostRecorded(
                at=NOW,
                cost_id=cost.pk,
                channel=channel,
                cost_kind=kind,
                value=cost.amount,
                currency=currency,
                date_from=begin,
                date_to=end,
            )
        )
        return cost

    def ask(self, name: str, *by: str, at: datetime = NOW, may_wait: bool = False, **asked: str) -> Answer:
        """A figure, asked in the texts people write."""
        question = periods.parse(by=by, **asked)
        of = queries.reading(question.as_of, at=at, may_wait=may_wait)
        return queries.figure(name, question, by=self.by, at=at, of=of)

    def rows(self, name: str, *by: str, **asked: Any) -> list[dict[str, Any]]:
        return self.ask(name, *by, **asked).rows()

    def row(self, name: str, **asked: Any) -> dict[str, Any]:
        """The one row of a figure that is not split."""
        (row,) = self.rows(name, **asked)
        return row

    def behind(self, name: str, column: str, *keys: str | None, by: Sequence[str] = (), **asked: str) -> list[int]:
        """The ids behind a number, all pages."""
        question = periods.parse(by=by, **asked)
        found: list[int] = []
        after = None
        while True:
            page = queries.rows_behind(name, question, column, keys, by=self.by, at=NOW, after=after, limit=3)
            found += page.ids
            after = page.after
            if after is None:
                assert len(found) == page.total
                return found

    def company(self, name: str, **columns: Any) -> Company:
        sector = columns.get("sector", "")
        return Company.objects.create(
            name=name, name_folded=fold(name), sector_folded=fold(sector), created_at=NOW, updated_at=NOW, **columns
        )

    def fact(self, fact_id: int) -> Fact:
        return Fact.objects.get(pk=fact_id)


@pytest.fixture
def world(db: None, lake_here: Path) -> World:
    return World()


@pytest.fixture
def lake_here(tmp_path: Path, settings: Any) -> Path:
    """A data folder of the test's own: a database that is rolled back reuses the ids of the one before."""
    settings.FILON_DATA_DIR = tmp_path
    return tmp_path / "lake"
