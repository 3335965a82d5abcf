"""The arithmetic of the figures, by hand and against the definitions computed the slow way."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.measure import rules


def test_a_share_of_nothing_is_unknown():
    assert rules.share(0, 0) is None
    assert rules.share(1, 4) == 0.25


def test_wilson_gives_the_textbook_interval():
    # Wilson 1927, worked by hand for 10 of 50 at 95 %.
    low, high = rules.wilson(10, 50)
    assert round(low, 4) == 0.1124
    assert round(high, 4) == 0.3304


def test_wilson_touches_zero_and_one_at_the_ends():
    assert rules.wilson(0, 20)[0] == 0.0
    assert rules.wilson(20, 20)[1] == 1.0
    assert rules.wilson(0, 0) is None


def test_wilson_refuses_a_part_larger_than_its_whole():
    with pytest.raises(ValueError, match="no part"):
        rules.wilson(3, 2)


@given(st.integers(0, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_always_holds_the_share(case):
    part, whole = case
    interval = rules.wilson(part, whole)
    if whole == 0:
        assert interval is None
    else:
        assert 0 <= interval[0] <= part / whole + 1e-12
        assert part / whole - 1e-12 <= interval[1] <= 1


def test_an_amount_per_nothing_is_unknown_and_cents_round_half_up():
    assert rules.per(Decimal(10), 0) is None
    assert rules.per(None, 3) is None
    assert rules.per(Decimal("0.25"), 2) == Decimal("0.13")


@given(st.integers(-(10**9), 10**9), st.integers(1, 500))
def test_a_cost_spread_over_days_adds_up_to_the_cent_and_is_even(cents, days):
    amount = Decimal(cents) / 100
    parts = list(rules.spread(amount, days))
    assert len(parts) == days
    assert sum(parts) == amount
    assert max(parts) - min(parts) <= Decimal("0.01")


def test_a_cost_needs_a_day():
    with pytest.raises(ValueError, match="at least one day"):
        list(rules.spread(Decimal(1), 0))


# Kaplan–Meier --------------------------------------------------------------------------------------------------------


def test_without_anyone_still_waiting_the_quantiles_are_those_of_the_sample():
    assert rules.survival_quantiles([1, 2, 3, 4], []) == [2, 4]
    assert rules.survival_quantiles([5], []) == [5, 5]


def test_the_curve_of_the_textbook_is_followed():
    # Kaplan–Meier by hand: S(6)=18/21·… the 6-MP arm of Freireich 1963: median 23 weeks.
    passed = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    still = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    assert rules.survival_quantiles(passed, still) == [23, None]


def test_a_curve_that_does_not_fall_far_enough_gives_nothing():
    assert rules.survival_quantiles([1], [2, 3, 4]) == [None, None]
    assert rules.survival_quantiles([], [1]) == [None, None]
    assert rules.survival_quantiles([], []) == [None, None]


def test_those_who_leave_by_another_way_are_no_longer_waited_for():
    assert rules.survival_quantiles([2, 4], [1, 1, 1, 1]) == [2, 4]


def slow_quantiles(events, censored, shares):
    """The definition, in exact fractions: the first time at which S(t) ≤ 1 − share."""
    found = []
    for share in shares:
        surviving, answer = Fraction(1), None
        for t in sorted(set(events)):
            at_risk = sum(e >= t for e in events) + sum(c >= t for c in censored)
            surviving *= 1 - Fraction(events.count(t), at_risk)
            if surviving <= 1 - share:
                answer = t
                break
        found.append(answer)
    return found


waits = st.lists(st.integers(0, 40), max_size=40).map(sorted)


@given(waits, waits)
def test_the_quick_quantiles_are_those_of_the_definition(events, censored):
    shares = [Fraction(1, 4), Fraction(1, 2), Fraction(9, 10)]
    expected = slow_quantiles(events, censored, shares)
    assert rules.survival_quantiles(events, censored, [float(share) for share in shares]) == expected


@given(waits, waits)
def test_the_curve_ends_where_the_definition_says(events, censored):
    surviving = Fraction(1)
    for t in sorted(set(events)):
        at_risk = sum(e >= t for e in events) + sum(c >= t for c in censored)
        surviving *= 1 - Fraction(events.count(t), at_risk)
    assert rules.surviving_share(events, censored) == pytest.approx(float(surviving))


def test_the_usual_delay_is_p90_where_the_curve_falls_that_far():
    assert rules.delay_of(list(range(1, 11)), []).usual == 9


def test_where_most_never_pass_the_usual_delay_is_that_of_those_who_do():
    delay = rules.delay_of(list(range(1, 11)), [100] * 90)
    assert (delay.median, delay.p90, delay.usual) == (None, None, 9)


def test_nobody_who_passed_has_no_delay():
    assert rules.delay_of([], [1, 2]).usual is None


def delay(*, passages=100, usual=10):
    return rules.Delay(5, usual, usual, passages)


def test_a_cohort_younger_than_the_usual_delay_is_immature():
    assert rules.is_immature(timedelta(seconds=9), delay()) is True
    assert rules.is_immature(timedelta(seconds=10), delay()) is False


def test_with_few_passages_nobody_can_know():
    assert rules.is_immature(timedelta(seconds=9), delay(passages=29)) is None


def test_months_before_keeps_the_day_where_the_month_has_it():
    assert rules.months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert rules.months_before(date(2026, 3, 15), 12) == date(2025, 3, 15)
    assert rules.months_before(date(2024, 3, 29), 1) == date(2024, 2, 29)
