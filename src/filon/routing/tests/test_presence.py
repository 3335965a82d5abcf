"""Working hours, absences and capacities: who may set them, and what cannot be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from filon.core import access
from filon.core.models import Fact
from filon.kit.errors import Refused
from filon.routing import presence, queries, starter
from filon.routing.decisions import Rule
from filon.routing.models import Absence, Calendar, Capacity

MORNINGS = (((480, 720),),) * 5 + ((), ())


@pytest.fixture
def ops(db, make_user):
    return access.of_user(make_user("ops"))


def test_new_hours_hold_for_the_next_promise(ops, at, submit, publish, make_user, team):
    north = team("Nord")
    make_user("sdr", team=north)
    publish(Rule("Everyone", "channel != outbound", "sdr"))
    presence.save_calendar(north.pk, MORNINGS, "", by=ops, at=at)
    afternoon = at + timedelta(hours=5)
    assert submit(afternoon).due_at == at + timedelta(days=1)  # 8:00 the next day and an hour
    presence.drop_calendar(north.pk, by=ops, at=at)
    assert submit(afternoon).due_at == afternoon + timedelta(hours=1)
    assert Fact.objects.filter(kind="calendar_changed").count() == 2


def test_saving_twice_keeps_one_calendar(ops, at):
    for region in ("FR", "FR-57"):
        presence.save_calendar(None, starter.WEEK, region, by=ops, at=at)
    assert Calendar.objects.get().region == "FR-57"


@pytest.mark.parametrize(
    ("week", "region", "code"),
    [
        ((((720, 480),),) * 7, "FR", "invalid_hours"),
        (MORNINGS, "XX", "invalid_hours"),
        (((),) * 7, "FR", "no_hours"),
    ],
)
def test_hours_that_cannot_be_are_refused(ops, at, week, region, code):
    with pytest.raises(Refused) as refused:
        presence.save_calendar(None, week, region, by=ops, at=at)
    assert refused.value.code == code


def test_the_calendar_shows_its_next_days_off(ops, at):
    presence.save_calendar(None, starter.WEEK, "FR-57", by=ops, at=at)
    [row] = queries.calendars(by=ops, at=at, language="fr")
    assert row.week[0] == "09:00-18:00"
    assert [name for _, name in row.holidays][:2] == ["Vendredi saint", "Lundi de Pâques"]


def test_everybody_plans_their_own_absence_and_nobody_elses(db, make_user, at):
    lea, tom = make_user("sdr"), make_user("sdr")
    by = access.of_user(lea)
    absence = presence.plan_absence(lea.pk, at.date(), at.date(), by=by, at=at)
    with pytest.raises(Refused) as refused:
        presence.plan_absence(tom.pk, at.date(), at.date(), by=by, at=at)
    assert refused.value.kind == "forbidden"
    presence.withdraw_absence(absence, by=by, at=at)
    assert not Absence.objects.exists()
    assert [fact.payload["is_withdrawn"] for fact in Fact.objects.filter(kind="absence_planned").order_by("id")] == [
        False,
        True,
    ]


def test_a_manager_plans_for_the_team_only(db, make_user, team, at):
    north = team("Nord")
    boss, lea, tom = make_user("manager", team=north), make_user("sdr", team=north), make_user("sdr")
    by = access.of_user(boss)
    presence.plan_absence(lea.pk, at.date(), at.date(), by=by, at=at)
    presence.set_capacity(lea.pk, 12, by=by, at=at)
    for act in (
        lambda: presence.plan_absence(tom.pk, at.date(), at.date(), by=by, at=at),
        lambda: presence.set_capacity(tom.pk, 12, by=by, at=at),
    ):
        with pytest.raises(Refused):
            act()
    assert Capacity.objects.get().user == lea


def test_an_absence_that_ends_before_it_begins_is_refused(ops, make_user, at):
    lea = make_user("sdr")
    with pytest.raises(Refused) as refused:
        presence.plan_absence(lea.pk, at.date(), at.date() - timedelta(days=1), by=ops, at=at)
    assert refused.value.errors[0]["field"] == "ends_on"


def test_the_distribution_shows_turns_work_room_and_absence(ops, make_user, submit, publish, at):
    lea, tom = make_user("sdr", name="Léa"), make_user("sdr", name="Tom")
    publish(Rule("Everyone", "channel != outbound", "sdr"))
    for _ in range(3):
        submit()
    presence.set_capacity(lea.pk, 2, by=ops, at=at)
    presence.plan_absence(tom.pk, at.date(), at.date() + timedelta(days=3), by=ops, at=at)
    rows = {row.name: row for row in queries.members(by=ops, at=at)}
    assert (rows["Léa"].turns, rows["Léa"].lately, rows["Léa"].in_work, rows["Léa"].is_full) == (2, 2, 2, True)
    assert (rows["Tom"].turns, rows["Tom"].away_until) == (1, at.date() + timedelta(days=3))


def test_reading_the_distribution_costs_one_statement(ops, make_user, at, django_assert_num_queries):
    for _ in range(5):
        make_user("sdr")
    with django_assert_num_queries(1):
        assert len(queries.members(by=ops, at=at)) == 5
