"""What is odd about a deal, at each border."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.deals.review.rules import FINDINGS, Look, findings

TODAY = date(2026, 11, 27)
FINE = Look(
    close_date=TODAY,
    has_amount=True,
    has_next=True,
    stage_days=10,
    exchange_days=29,
    quiet_days=29,
    pushes=2,
    slow_after=10,
)


def test_nothing_is_odd_up_to_each_border():
    assert findings(FINE, TODAY) == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"close_date": TODAY - timedelta(days=1)}, "close_passed"),
        ({"close_date": None}, "no_close_date"),
        ({"has_amount": False}, "no_amount"),
        ({"has_next": False}, "no_next_step"),
        ({"stage_days": 11}, "slow"),
        ({"exchange_days": 30}, "silent"),
        ({"exchange_days": 90, "quiet_days": 90}, "dormant"),
        ({"pushes": 3}, "pushed"),
    ],
)
def test_one_step_beyond_a_border_is_odd(change, code):
    assert findings(replace(FINE, **change), TODAY) == (code,)


def test_a_stage_nobody_knows_the_length_of_is_never_slow():
    assert findings(replace(FINE, stage_days=900, slow_after=None), TODAY) == ()


@given(
    st.builds(
        Look,
        close_date=st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31)),
        has_amount=st.booleans(),
        has_next=st.booleans(),
        stage_days=st.integers(0, 400),
        exchange_days=st.integers(0, 400),
        quiet_days=st.integers(0, 400),
        pushes=st.integers(0, 9),
        slow_after=st.none() | st.floats(0, 300),
    )
)
def test_findings_come_worst_first_and_only_get_more_as_a_deal_ages(look):
    found = findings(look, TODAY)
    assert list(found) == sorted(found, key=FINDINGS.index)
    older = replace(
        look,
        stage_days=look.stage_days + 7,
        exchange_days=look.exchange_days + 7,
        quiet_days=look.quiet_days + 7,
    )
    later = findings(older, TODAY + timedelta(days=7))
    gone = set(found) - set(later)
    assert gone <= {"silent"}, "only what has become dormant is not called silent any more"
    assert not gone or "dormant" in later
