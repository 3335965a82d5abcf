"""Periods, sums and the spread of a forecast."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from filon.deals import rules as deal_rules
from filon.deals.forecast import rules
from filon.deals.forecast.rules import Chance, period_of

TODAY = date(2026, 11, 27)
_AMOUNTS = st.decimals(0, 100_000, places=2)
_OWNERS = st.none() | st.integers(1, 3)
_CHANCES = st.builds(
    Chance,
    owner_id=_OWNERS,
    amount=_AMOUNTS,
    probability=st.decimals(0, 1, places=4),
    category=st.sampled_from(deal_rules.CATEGORIES),
    is_past=st.booleans(),
)


def test_a_period_is_a_month_or_a_quarter_and_this_month_for_anything_else():
    assert (period_of("2026-Q4", TODAY).start, period_of("2026-Q4", TODAY).end) == (date(2026, 10, 1), date(2027, 1, 1))
    assert period_of("2026-12", TODAY).end == date(2027, 1, 1)
    for nonsense in ("", "2026-13", "2026-Q5", "abc", "2026-1"):
        assert period_of(nonsense, TODAY).name == "2026-11"


@given(st.dates(date(2001, 1, 1), date(2098, 12, 31)), st.integers(-12, 12), st.booleans())
def test_a_period_moved_there_and_back_is_itself(day, steps, by_quarter):
    name = f"{day.year}-Q{(day.month + 2) // 3}" if by_quarter else f"{day:%Y-%m}"
    period = period_of(name, day)
    assert period.start <= day < period.end
    assert period.moved(steps).moved(-steps) == period
    assert period.moved(1).start == period.end
    assert len(period.months()) == (3 if by_quarter else 1)


@given(st.lists(_CHANCES, max_size=12), st.lists(st.tuples(_OWNERS, _AMOUNTS), max_size=4))
def test_the_lines_of_owners_add_up_to_the_whole(chances, won):
    whole, by_owner = rules.lines(chances, won, [])
    lines = by_owner.values()
    assert whole.won == sum((line.won for line in lines), Decimal(0))
    assert whole.past == sum((line.past for line in lines), Decimal(0))
    assert whole.landing == sum((line.landing for line in lines), Decimal(0))
    for category in deal_rules.CATEGORIES:
        assert whole.by_category[category] == sum((line.by_category[category] for line in lines), Decimal(0))
    everything = sum((chance.amount for chance in chances), Decimal(0))
    assert whole.open + whole.by_category["left_out"] + whole.past == everything


def test_the_whole_has_its_own_target_or_the_sum_of_its_sellers():
    month = [(1, Decimal(10)), (2, Decimal(5))]
    assert rules.lines([], [], month)[0].target == 15
    assert rules.lines([], [], [*month, (None, Decimal(12))])[0].target == 12
    assert rules.lines([], [], [])[0].target is None


def test_what_is_left_out_or_past_is_in_no_landing():
    chances = [
        Chance(1, Decimal(100), Decimal("0.5"), "probable"),
        Chance(1, Decimal(900), Decimal("0.9"), "left_out"),
        Chance(1, Decimal(700), Decimal("0.9"), "engaged", is_past=True),
    ]
    whole, _ = rules.lines(chances, [(1, Decimal(40))], [(1, Decimal(140))])
    assert (whole.landing, whole.open, whole.gap, whole.coverage) == (90, 100, 100, 1)
    assert (whole.by_category["left_out"], whole.past) == (900, 700)


def test_nothing_is_still_to_win_once_the_target_is_passed():
    whole, _ = rules.lines([], [(1, Decimal(200))], [(1, Decimal(140))])
    assert (whole.gap, whole.coverage) == (0, None)


@given(st.lists(_CHANCES, max_size=8), _AMOUNTS)
def test_the_spread_lies_between_all_lost_and_all_won_and_is_the_same_again(chances, won):
    found = rules.spread(chances, won, "2026-11")
    assert found == rules.spread(chances, won, "2026-11")
    if found is None:
        return
    counted = [one for one in chances if not one.is_past and one.category in rules.COUNTED]
    low, middle, high = found
    assert won <= low <= middle <= high <= won + sum((one.amount for one in counted), Decimal(0))


def test_the_spread_of_many_deals_is_that_of_the_binomial():
    chances = [Chance(1, Decimal(1), Decimal("0.5"), "probable")] * 100
    low, middle, high = rules.spread(chances, Decimal(0), "seed")
    assert (abs(low - 44) <= 1, abs(middle - 50) <= 1, abs(high - 56) <= 1) == (True, True, True)  # σ = 5, z₉₀ = 1.28


def test_a_category_is_said_or_follows_the_probability():
    assert deal_rules.category_of(Decimal("0.75"), "") == "engaged"
    assert deal_rules.category_of(Decimal("0.74"), "") == "probable"
    assert deal_rules.category_of(Decimal("0.49"), "") == "possible"
    assert deal_rules.category_of(Decimal("0.10"), "engaged") == "engaged"


def test_a_norm_needs_enough_deals_and_lies_between_ranks():
    assert deal_rules.norm_of([1.0] * 7) is None
    norm = deal_rules.norm_of([float(day) for day in range(1, 11)])
    assert (round(norm.median, 6), round(norm.p90, 6), norm.count) == (5.5, 9.1, 10)
