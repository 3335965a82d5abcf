"""The arithmetic of points, caps and grades, checked by hand and by invariants."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.leads import engagement
from filon.scoring import rules
from filon.scoring.rules import Cap, Thresholds
from filon.scoring.starter import STARTER

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
THRESHOLDS = Thresholds(*map(Decimal, (70, 50, 25, 40, 20, 5, 50, 20)))


def hours(*numbers: float) -> list[datetime]:
    return [NOON + timedelta(hours=number) for number in numbers]


def test_points_halve_with_each_half_life():
    log = math.log(24) + engagement.decay(NOON, 30)
    assert engagement.points(log, NOON, 30) == pytest.approx(24, abs=1e-9)
    assert engagement.points(log, NOON + timedelta(days=30), 30) == pytest.approx(12, abs=1e-9)
    assert engagement.points(log, NOON + timedelta(days=15), 30) == pytest.approx(24 / math.sqrt(2), abs=1e-9)
    assert engagement.points(log, NOON + timedelta(days=90), 30) == pytest.approx(3, abs=1e-9)


def test_two_acts_add_up_by_hand():
    first = math.log(10) + engagement.decay(NOON - timedelta(days=20), 10)
    second = math.log(8) + engagement.decay(NOON - timedelta(days=10), 10)
    assert engagement.points(engagement.log_sum([first, second]), NOON, 10) == pytest.approx(10 / 4 + 8 / 2, abs=1e-9)


def test_engagement_never_overflows():
    logs = [math.log(100) + engagement.decay(datetime(year, 1, 1, tzinfo=UTC), 1) for year in (1990, 2026, 2099)]
    assert math.isfinite(engagement.log_sum(logs))


def test_no_act_is_no_engagement():
    assert engagement.log_sum([]) is None
    assert engagement.points(None, NOON, 30) == 0


@given(st.floats(0.1, 100), st.integers(1, 400), st.integers(0, 4000))
def test_what_is_shown_as_a_number_of_points_is_at_least_that_level(points, half_life, days):
    at = NOON + timedelta(days=days)
    log = math.log(points) + engagement.decay(NOON, half_life)
    exact = engagement.points(log, at, half_life)
    shown = rules.rounded(exact) / 10
    if abs(exact * 10 % 1 - 0.5) > 1e-6:  # not on the edge between two tenths
        assert (log >= engagement.level(shown, at, half_life)) is True
        assert (log >= engagement.level(shown + 0.1, at, half_life)) is False


def test_a_cap_counts_the_first_acts_of_a_window_in_order():
    assert rules.counted(hours(0, 1, 2, 23, 24, 25, 26), Cap(acts=2, days=1)) == [
        True,
        True,
        False,
        False,
        True,  # the first one has just left the window (t - 1 day, t]
        True,
        False,
    ]


def test_acts_that_a_cap_leaves_out_do_not_fill_its_window():
    assert rules.counted(hours(0, 20, 24), Cap(acts=1, days=1)) == [True, False, True]


def test_without_a_cap_every_act_counts():
    assert rules.counted(hours(0, 0, 0), None) == [True, True, True]


@given(st.lists(st.integers(0, 2000), max_size=60), st.integers(1, 5), st.integers(1, 10))
def test_no_window_holds_more_counted_acts_than_its_cap(offsets, acts, days):
    times = hours(*sorted(offsets))
    counted = [at for at, verdict in zip(times, rules.counted(times, Cap(acts, days)), strict=True) if verdict]
    for end in counted:
        assert sum(end - timedelta(days=days) < at <= end for at in counted) <= acts


@given(st.lists(st.floats(-500, 500, allow_nan=False), min_size=1, max_size=40))
def test_shares_add_up_exactly_and_stay_within_a_tenth(amounts):
    total = rules.rounded(math.fsum(amounts))
    parts = rules.shares(amounts, total)
    assert sum(parts) == total
    assert all(abs(part - amount * 10) < 1 + 1e-6 for part, amount in zip(parts, amounts, strict=True))


def test_the_largest_remainder_gets_the_missing_tenth():
    assert rules.shares([0.14, 0.17, 0.19], 5) == [1, 2, 2]
    assert rules.shares([0.15, 0.15], 3) == [2, 1]


@pytest.mark.parametrize(
    ("fit", "points", "grade"),
    [("100", "40", "A1"), ("70", "39.9", "A2"), ("69.9", "20", "B2"), ("25", "5", "C3"), ("24.9", "4.9", "D4")],
)
def test_grades_begin_at_their_thresholds(fit, points, grade):
    assert rules.grade(Decimal(fit), Decimal(points), THRESHOLDS) == grade


def test_rules_come_back_from_their_columns_as_they_were():
    columns = rules.columns(STARTER)
    assert rules.from_json(columns["half_life_days"], columns["thresholds"], columns["rules"]) == STARTER


def test_other_points_make_another_digest():
    other = rules.from_json(31, rules.thresholds_to_json(STARTER.thresholds), rules.to_json(STARTER))
    assert rules.columns(other)["digest"] != rules.columns(STARTER)["digest"]


def test_the_starter_has_eight_rules_that_can_reach_a_full_score():
    assert len(STARTER.fit) + len(STARTER.engagement) == 8
    assert sum(rule.points for rule in STARTER.fit if rule.points > 0) == 100
