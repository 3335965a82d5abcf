"""Whatever people and files do to deals, in any order, their states stay true."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from filon.core.access import SYSTEM
from filon.core.models import Fact
from filon.deals import rules
from filon.deals.commands import Change, change_opportunities
from filon.deals.models import Opportunity, Stage
from filon.deals.tests.doors import NOON, take_in
from filon.leads.models import Company, Lead
from tests.frame.effort import examples

ZONE = timezone.get_default_timezone()
_DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
_BY_FILE = st.fixed_dictionaries(
    {
        "external_id": st.sampled_from(["D1", "D2"]),
        "company.name": st.just("Sogetrel"),
        "name": st.just("Postes"),
        "stage": st.sampled_from(["Won", "Lost", "Engaging", "Jamais vu"]),
        "lead.external_id": st.sampled_from(["L1", "L1", "L2"]),
    },
    optional={
        "outcome": st.sampled_from(["won", "lost", "open"]),
        "close_date": _DAYS,
        "won_at": _DAYS.map(lambda day: rules.start_of(day, ZONE)),
        "lost_at": _DAYS.map(lambda day: rules.start_of(day, ZONE)),
        "created_at": _DAYS.map(lambda day: rules.start_of(day, ZONE)),
        "amount": st.decimals(0, 10_000, places=2),
        "reason": st.sampled_from(["Prix", "autre"]),
    },
)
_BY_HAND = st.fixed_dictionaries(
    {"stage": st.sampled_from(["negotiation", "won", "lost"])},
    optional={"closed_on": _DAYS, "reason": st.sampled_from(rules.LOST_REASONS), "amount": st.just(Decimal(10))},
)

_ACTS = st.lists(st.one_of(_BY_FILE, _BY_FILE, _BY_HAND), min_size=2, max_size=6)


def live(kind: str) -> list[Fact]:
    revoked = Fact.objects.filter(revokes_id__isnull=False).values("revokes_id")
    return list(Fact.objects.filter(kind=kind).exclude(id__in=revoked))


def check() -> None:
    won, lost = live("opportunity_won"), live("opportunity_lost")
    for deal in Opportunity.objects.select_related("stage"):
        assert deal.state == deal.stage.state
        assert (deal.won_at is not None, deal.lost_at is not None) == (deal.state == "won", deal.state == "lost")
        told = {
            "won": [(fact.at, fact.value) for fact in won if fact.opportunity_id == deal.id],
            "lost": [(fact.at, fact.value) for fact in lost if fact.opportunity_id == deal.id],
        }
        closing = [(deal.won_at or deal.lost_at, deal.amount)]
        assert told == {state: closing if deal.state == state else [] for state in ("won", "lost")}
    for lead in Lead.objects.all():
        states = set(Opportunity.objects.filter(lead=lead).values_list("state", flat=True))
        if "won" in states:
            assert lead.stage == "customer", states
        elif "open" in states:
            assert lead.stage in {"opportunity", "attached"}
        elif states:
            assert lead.stage in {"lost", "attached"}
    assert Company.objects.get().is_customer == Opportunity.objects.filter(state="won").exists()


@examples(80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=_ACTS)
def test_no_order_of_acts_leaves_a_deal_a_lead_or_the_ledger_untrue(acts, db):
    with transaction.atomic():
        stages = {stage.code: stage.pk for stage in Stage.objects.all()}
        leads = [
            {"external_id": key, "company.name": "Sogetrel", "captured_at": datetime(2025, 1, 1, tzinfo=ZONE)}
            for key in ("L1", "L2")
        ]
        take_in("lead", leads)
        for number, act in enumerate(acts):
            at = NOON + timedelta(hours=number)
            if "external_id" in act:
                take_in("opportunity", [act], at=at)
            else:
                values = {field: value for field, value in act.items() if field != "stage"}
                values["stage_id"] = stages[act["stage"]]
                changes = [Change(row_id, values) for row_id in Opportunity.objects.values_list("id", flat=True)]
                change_opportunities(changes, by=SYSTEM, at=at)
            check()
        transaction.set_rollback(True)
