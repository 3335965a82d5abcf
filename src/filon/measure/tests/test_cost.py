"""What leads cost, as kpi.md says."""

from __future__ import annotations

import pytest

from filon.leads.events import WebinarAttended
from filon.leads.models import Campaign

from .conftest import NOW, World

pytestmark = pytest.mark.django_db


def test_cost_per_lead_is_the_spend_of_the_channel_over_its_leads(world: World):
    world.cost("2026-01-01", "2026-01-31", "paid_search", "300.00")
    for number in range(4):
        world.lead("2026-01-10", *([("mql", "2026-01-12")] if number < 2 else []), channel="paid_search")
    world.lead("2026-01-10", channel="web")
    rows = {row["channel"]: row for row in world.rows("cost", "channel")}
    paid = rows["paid_search"]
    assert (paid["spend"], paid["leads"], paid["cost_per_lead"]) == ("300.00", 4, "75.00")
    assert (paid["cost_per_mql"], paid["cost_per_sql"]) == ("150.00", None)


def test_a_channel_without_any_cost_has_no_spend_rather_than_none_spent(world: World):
    world.cost("2026-01-01", "2026-01-31", "paid_search", "300.00")
    world.lead("2026-01-10", channel="web")
    rows = {row["channel"]: row for row in world.rows("cost", "channel", first="2026-03-01", last="2026-04-01")}
    assert rows == {}
    rows = {row["channel"]: row for row in world.rows("cost", "channel", first="2026-01-01", last="2026-02-01")}
    assert (rows["web"]["spend"], rows["web"]["cost_per_lead"]) == (None, None)
    assert world.row("cost", first="2026-03-01", last="2026-04-01")["spend"] == "0.00"


def test_without_any_cost_at_all_nothing_is_known(world: World):
    world.lead()
    row = world.row("cost")
    assert (row["spend"], row["cost_per_lead"], row["leads"]) == (None, None, 1)


def test_a_cost_of_a_range_is_spread_by_the_day_and_adds_up_to_the_cent(world: World):
    world.cost("2026-01-30", "2026-02-01", "paid_search", "100.00")
    january = world.row("cost", first="2026-01-01", last="2026-02-01")["spend"]
    february = world.row("cost", first="2026-02-01", last="2026-03-01")["spend"]
    assert (january, february) == ("66.66", "33.34")
    assert [row["spend"] for row in world.rows("cost", "month")] == [january, february]
    assert world.row("cost")["spend"] == "100.00"


def test_cost_per_lead_takes_media_events_and_agencies_and_spend_all(world: World):
    for kind in ("media", "event", "agency", "tool", "salary"):
        world.cost("2026-01-01", "2026-01-01", "event", "10.00", kind=kind)
    world.lead("2026-01-01", channel="event")
    row = world.row("cost")
    assert (row["spend"], row["spend_direct"], row["cost_per_lead"]) == ("50.00", "30.00", "30.00")


def test_a_channel_with_tools_only_has_spend_and_no_cost_per_lead(world: World):
    world.cost("2026-01-01", "2026-01-01", "email", "10.00", kind="tool")
    world.lead("2026-01-01", channel="email")
    (row,) = world.rows("cost", "channel")
    assert (row["spend"], row["spend_direct"], row["cost_per_lead"]) == ("10.00", None, None)


def test_cac_is_the_full_cost_over_the_customers_won_in_the_period(world: World):
    world.cost("2026-02-01", "2026-02-28", "web", "1000.00", kind="salary")
    world.lead("2025-06-01", ("customer", "2026-02-10"))
    world.lead("2026-02-01", ("customer", "2026-03-01"))
    row = world.row("cost", first="2026-02-01", last="2026-03-01")
    assert (row["customers_won"], row["cac"]) == (1, "1000.00")


def test_an_amount_in_another_currency_stays_out_and_is_said(world: World):
    world.cost("2026-01-01", "2026-01-01", "web", "10.00")
    world.cost("2026-01-01", "2026-01-01", "web", "99.00", currency="USD")
    answer = world.ask("cost")
    assert answer.rows()[0]["spend"] == "10.00"
    assert answer.notes == {"other_currency": 1}


def test_leads_belong_to_the_channel_of_their_first_touch(world: World):
    world.cost("2026-01-01", "2026-01-31", "webinar", "50.00")
    lead = world.lead("2026-01-20", channel="direct")
    world.act(lead, WebinarAttended, "2026-01-10", channel="webinar")
    world.act(lead, WebinarAttended, "2026-01-25", channel="event")
    rows = {row["channel"]: row["leads"] for row in world.rows("cost", "channel")}
    assert rows == {"webinar": 1}
    assert [row["channel"] for row in world.rows("funnel", "channel")] == ["direct"]


def test_costs_are_known_by_campaign_too_and_by_nothing_else(world: World):
    campaign = Campaign.objects.create(name="Salon", name_folded="salon", created_at=NOW)
    world.cost("2026-01-01", "2026-01-31", "event", "80.00", campaign=campaign)
    world.lead("2026-01-10", channel="event", campaign=campaign, source="S")
    rows = world.rows("cost", "campaign")
    assert [(row["campaign"], row["spend"], row["cost_per_lead"]) for row in rows] == [("Salon", "80.00", "80.00")]
    answer = world.ask("cost", "source")
    assert [row["spend"] for row in answer.rows()] == [None]
    assert answer.notes == {"cost_not_split": 1}


def test_with_a_filter_there_is_no_telling_what_its_leads_cost(world: World):
    world.cost("2026-01-01", "2026-01-31", "web", "80.00")
    world.lead("2026-01-10", channel="web")
    answer = world.ask("cost", condition="channel = web")
    assert (answer.rows()[0]["spend"], answer.rows()[0]["leads"]) == (None, 1)
    assert answer.notes == {"cost_not_filtered": 1}


def test_a_channel_with_spend_and_no_lead_is_shown(world: World):
    world.cost("2026-01-01", "2026-01-31", "display", "80.00")
    (row,) = world.rows("cost", "channel")
    assert (row["channel"], row["spend"], row["leads"], row["cost_per_lead"]) == ("display", "80.00", 0, None)


def test_the_spend_opens_its_costs_and_a_cost_per_lead_its_leads(world: World):
    cost = world.cost("2026-01-01", "2026-01-31", "web", "80.00")
    tool = world.cost("2026-01-01", "2026-01-31", "web", "80.00", kind="tool")
    lead = world.lead("2026-01-10", channel="web")
    assert world.behind("cost", "spend", "web", by=["channel"]) == [tool.pk, cost.pk]
    assert world.behind("cost", "spend_direct", "web", by=["channel"]) == [cost.pk]
    assert world.behind("cost", "cost_per_lead", "web", by=["channel"]) == [lead.pk]
