"""What opportunities become, as kpi.md says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from filon.core.models import Fact
from filon.deals.events import OpportunityReopened
from filon.deals.models import Opportunity, Product
from filon.kit.errors import Refused

from .conftest import NOW, World, moment

pytestmark = pytest.mark.django_db


def test_won_lost_rates_amounts_and_cycle(world: World):
    world.opportunity("2026-01-01", won="2026-01-11", amount="100.00")
    world.opportunity("2026-01-01", won="2026-01-21", amount="300.00")
    world.opportunity("2026-01-01", won="2026-01-31", amount="500.50")
    world.opportunity("2026-01-01", lost="2026-02-01", amount="100.00")
    world.opportunity("2026-02-01")
    row = world.row("velocity")
    assert (row["open"], row["won"], row["lost"], row["win_rate"]) == (1, 3, 1, 0.75)
    assert (row["won_amount"], row["average_deal"], row["median_deal"]) == ("900.50", "300.17", "300.00")
    assert (row["cycle_days_mean"], row["cycle_days_median"]) == (20.0, 20.0)
    assert row["win_rate_amount"] == float(Decimal("900.50") / Decimal("1000.50"))
    expected = Decimal(1) * Decimal("0.75") * Decimal("900.50") / 3 / 20
    assert row["velocity_per_day"] == str(expected.quantize(Decimal("0.01")))
    assert row["velocity_basis"] == "period"


def test_deals_belong_to_the_day_they_closed_and_open_ones_to_the_end_of_the_period(world: World):
    world.opportunity("2025-12-01", won="2026-01-11")
    world.opportunity("2025-12-01", won="2026-02-11")
    world.opportunity("2026-02-01")
    january = world.row("velocity", first="2026-01-01", last="2026-02-01")
    assert (january["open"], january["won"]) == (1, 1)  # the second was still open then, the third not begun
    rows = world.rows("velocity", "month")
    assert [(row["month"], row["open"], row["won"]) for row in rows] == [
        ("2025-12", 2, 0),
        ("2026-01", 1, 1),
        ("2026-02", 1, 1),
    ]


def test_when_nothing_closed_the_pace_is_that_of_the_last_twelve_months(world: World):
    world.opportunity("2025-06-01", won="2025-06-11", amount="1000.00")
    world.opportunity("2024-01-01", won="2024-02-01", amount="9000.00")
    world.opportunity("2026-01-05")
    row = world.row("velocity", first="2026-01-01", last="2026-02-01")
    assert (row["won"], row["win_rate"], row["velocity_basis"]) == (0, None, "trailing_12_months")
    assert row["velocity_per_day"] == "100.00"


def test_without_any_deal_the_velocity_is_unknown(world: World):
    row = world.row("velocity")
    assert (row["win_rate"], row["average_deal"], row["velocity_per_day"]) == (None, None, None)


def test_open_deals_past_their_close_date_are_left_out_beside(world: World):
    world.opportunity("2026-01-01", won="2026-01-11", amount="1000.00")
    world.opportunity("2026-01-01", close=date(2026, 2, 1))
    world.opportunity("2026-01-01", close=date(2026, 5, 1))
    world.opportunity("2026-01-01")
    row = world.row("velocity")
    assert (row["open"], row["open_on_time"]) == (3, 2)
    assert (row["velocity_per_day"], row["velocity_per_day_on_time"]) == ("300.00", "200.00")


def test_a_deal_won_before_its_lead_was_captured_is_counted_and_flagged(world: World):
    lead = world.lead("2026-02-01 10:00")
    early = world.opportunity("2026-01-01", won="2026-01-11", lead=lead)
    world.opportunity("2026-01-01", won="2026-02-11 10:00", lead=lead)
    row = world.row("velocity")
    assert (row["won"], row["out_of_order"]) == (2, 1)
    assert (row["revenue_days_mean"], row["revenue_days_median"]) == (10.0, 10.0)
    assert world.behind("velocity", "out_of_order") == [early.pk]


def test_a_deal_without_company_amount_or_beginning_is_no_error(world: World):
    world.opportunity(None, won="2026-01-11", amount=None)
    world.opportunity("2026-01-01", won="2026-01-11", amount="10.00", company=world.company("A"))
    row = world.row("velocity")
    assert (row["won"], row["without_company"], row["average_deal"], row["cycle_days_mean"]) == (2, 1, "10.00", 10.0)


def test_amounts_in_another_currency_are_counted_and_left_out_of_sums(world: World):
    world.opportunity(won="2026-01-11", amount="10.00")
    world.opportunity(won="2026-01-11", amount="99.00", currency="USD")
    answer = world.ask("velocity")
    row = answer.rows()[0]
    assert (row["won"], row["won_amount"], row["average_deal"]) == (2, "10.00", "10.00")
    assert answer.notes == {"other_currency": 1}


def test_a_deal_reopened_is_open_again(world: World):
    deal = world.opportunity("2026-01-01", won="2026-01-11")
    assert world.row("velocity")["won"] == 1
    won = Fact.objects.get(kind="opportunity_won", opportunity_id=deal.pk)
    Opportunity.objects.filter(pk=deal.pk).update(state="open", won_at=None)
    world.tell(OpportunityReopened(at=NOW, opportunity_id=deal.pk, revokes_id=won.pk))
    row = world.row("velocity")
    assert (row["open"], row["won"]) == (1, 0)


def test_deals_split_by_owner_product_sector_and_what_their_lead_has(world: World, make_user):
    product = Product.objects.create(name="GTX", name_folded="gtx", created_at=NOW)
    lead = world.lead(source="Google", attributes={"Lead Origin": "API"})
    world.opportunity(
        won="2026-01-11",
        lead=lead,
        owner=make_user("sales", name="Ben"),
        product=product,
        company=world.company("A", sector="Retail"),
    )
    world.opportunity(won="2026-01-12")
    expected = {"owner": "Ben", "product": "GTX", "company.sector": "Retail", "source": "Google", "Lead Origin": "API"}
    for dimension, name in expected.items():
        rows = world.rows("velocity", dimension)
        assert sorted((row[dimension] or "", row["won"]) for row in rows) == [("", 1), (name, 1)], dimension


def test_the_share_of_deals_created_in_the_period_stands_beside(world: World):
    world.opportunity("2026-01-05", won="2026-02-11")
    world.opportunity("2026-01-06", lost="2026-02-11")
    world.opportunity("2026-01-07")
    world.opportunity("2025-12-07")
    row = world.row("velocity", first="2026-01-01", last="2026-02-01")
    assert [row[f"created{end}"] for end in ("", "_won", "_lost", "_open")] == [3, 1, 1, 1]


def test_two_units_of_time_at_once_are_refused(world: World):
    with pytest.raises(Refused):
        world.ask("velocity", "month", "quarter")


def test_days_too_many_to_show_are_refused(world: World):
    world.opportunity("2010-01-01", won="2026-01-11")
    with pytest.raises(Refused):
        world.ask("velocity", "day")


def test_a_deal_over_the_change_of_the_clock_takes_whole_days(world: World):
    world.opportunity("2026-03-27 23:00", won="2026-03-30 22:00", learnt="2026-04-01")
    row = world.row("velocity", at=moment("2026-04-02"))
    assert row["cycle_days_mean"] == 3.0


def test_every_count_of_velocity_opens_as_many_rows(world: World):
    lead = world.lead("2026-02-01")
    for number in range(5):
        ends = {"won": "2026-01-11"} if number < 2 else {"lost": "2026-01-12"} if number < 4 else {}
        world.opportunity("2026-01-01", lead=lead if number else None, **ends)
    for line in world.ask("velocity", "month").lines:
        for column, value in line.values.items():
            if type(value) is int:
                assert len(world.behind("velocity", column, *line.keys, by=["month"])) == value, column


def test_the_win_rate_in_amount_is_unknown_while_a_closed_deal_has_none(world: World):
    world.opportunity("2026-01-01", won="2026-01-11", amount="300.00")
    world.opportunity("2026-01-01", lost="2026-01-11", amount="100.00")
    assert world.row("velocity")["win_rate_amount"] == 0.75
    world.opportunity("2026-01-01", lost="2026-01-12", amount=None)
    row = world.row("velocity")
    assert (row["win_rate"], row["win_rate_amount"]) == (1 / 3, None)
