"""The script of the sample year: the same for the same seed, made up throughout, and believable."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.demo import story
from filon.demo.market import CHANNELS
from filon.demo.seasons import Office
from filon.demo.story import Story
from filon.kit import identifiers
from tests.frame.effort import examples

PARIS = "Europe/Paris"
AT = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def year() -> Story:
    return story.write(1, 1200, AT, PARIS)


def test_same_seed_number_and_moment_tell_the_same_year(year):
    again = story.write(1, 1200, AT, PARIS)
    assert again.scenes == year.scenes
    assert again.costs == year.costs
    assert [arrival.contact.values for arrival in again.arrivals] == [one.contact.values for one in year.arrivals]
    assert [deal.scenes for deal in again.old_deals] == [deal.scenes for deal in year.old_deals]


def test_another_seed_tells_another_year(year):
    assert story.write(2, 1200, AT, PARIS).scenes != year.scenes


def test_everything_lies_between_a_year_ago_and_now(year):
    assert len(year.arrivals) == 1200
    assert year.first == datetime(2025, 11, 22, 23, 0, tzinfo=UTC)
    assert all(year.first <= arrival.at < AT for arrival in year.arrivals)
    assert all(scene.at < AT for scene in year.scenes)


def test_every_address_phone_and_siren_is_made_up_and_valid(year):
    contacts = [arrival.contact for arrival in year.arrivals]
    assert len({contact.email for contact in contacts}) == 1200
    for contact in contacts:
        assert contact.email.endswith(".example")
        assert identifiers.normalise_email(contact.email) == contact.email
        assert not contact.phone or identifiers.normalise_phone(contact.phone, "FR") == contact.phone
        siren = contact.account.siren
        assert not siren or (identifiers.normalise_siren(siren) == siren and siren.startswith("00"))
    assert all(mate.values["email"].endswith("@tourelia.example") for mate in year.mates)


def test_colleagues_call_and_meet_in_working_hours(year):
    zone = ZoneInfo(PARIS)
    for scene in year.scenes:
        if scene.values.get("kind") in {"call_logged", "meeting_held", "message_sent"}:
            local = scene.at.astimezone(zone)
            assert local.weekday() < 5, scene
            assert 9 <= local.hour <= 18, scene


def test_august_and_weekends_are_quiet_and_the_autumn_is_not(year):
    by_month = Counter(arrival.at.strftime("%Y-%m") for arrival in year.arrivals)
    assert by_month["2026-08"] < 0.5 * by_month["2026-06"]
    assert by_month["2026-09"] > 1.3 * by_month["2026-06"]
    by_day = Counter(arrival.at.weekday() for arrival in year.arrivals)
    assert by_day[6] < 0.4 * by_day[1]


def test_recommended_leads_win_more_often_than_those_of_paid_social(year):
    won = {scene.lead for scene in year.scenes if scene.sort == "deal" and scene.values["stage"] == "won"}
    shares = {}
    for channel in CHANNELS:
        numbers = [arrival.number for arrival in year.arrivals if arrival.channel is channel]
        shares[channel.code] = len(won & set(numbers)) / max(len(numbers), 1)
    assert shares["referral"] > 3 * shares["paid_social"]
    assert 0.03 < len(won) / 1200 < 0.09


def test_faults_are_there_on_purpose(year):
    assert any(not arrival.has_source for arrival in year.arrivals)
    assert any(deal.account is None for deal in year.old_deals)
    assert any(arrival.contact.account.spelt != arrival.contact.account.sector for arrival in year.arrivals)
    names = Counter((one.contact.first_name.lower(), one.contact.last_name.lower()) for one in year.arrivals)
    assert max(names.values()) > 1


def test_the_last_two_working_days_are_told_live(year):
    assert year.cut == datetime(2026, 11, 18, 23, 0, tzinfo=UTC)  # Thursday, seen from a Monday
    assert sum(arrival.at >= year.cut for arrival in year.arrivals) >= 15


@given(
    hours=st.floats(0.01, 60),
    minutes=st.integers(0, 60 * 24 * 300),
)
@examples(60)
def test_after_some_open_hours_it_is_later_and_the_office_is_open(hours, minutes):
    office = Office(AT - timedelta(days=330), AT + timedelta(days=400), PARIS)
    start = AT - timedelta(days=320) + timedelta(minutes=minutes)
    moment = office.after(start, hours)
    assert moment > start
    assert moment.astimezone(ZoneInfo(PARIS)).weekday() < 5
    assert office.after(start, hours + 1) > moment


@pytest.mark.parametrize("day", ["2026-02-28", "2027-01-03", "2026-08-15"])
def test_any_day_has_its_year(day):
    at = datetime.fromisoformat(day).replace(hour=9, tzinfo=UTC)
    year = story.write(3, 200, at, PARIS)
    assert len(year.arrivals) == 200
    assert at - timedelta(days=12) <= year.cut < at
    assert {one.channel for one in year.campaigns} >= {"event", "webinar", "paid_search", "paid_social"}
