"""What must be answered, and when an answer of sales is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.handoff import rules

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def week(days: int = 5) -> list[tuple[datetime, datetime]]:
    """Nine hours a day from Monday on."""
    return [(MONDAY + timedelta(days=day), MONDAY + timedelta(days=day, hours=9)) for day in range(days)]


def test_an_answer_is_due_a_working_day_later() -> None:
    assert rules.due_at(MONDAY, week(), within=8 * HOUR) == MONDAY + 8 * HOUR
    afternoon = MONDAY + 6 * HOUR
    assert rules.due_at(afternoon, week(), within=8 * HOUR) == MONDAY + timedelta(days=1, hours=5)
    with pytest.raises(ValueError, match="falls after"):
        rules.due_at(afternoon, week(1), within=8 * HOUR)


@given(st.integers(0, 60 * 24 * 3))
def test_a_later_proposal_is_never_due_sooner(minutes: int) -> None:
    at = MONDAY + timedelta(minutes=minutes)
    assert rules.due_at(at, week(9), within=8 * HOUR) <= rules.due_at(
        at + timedelta(minutes=1), week(9), within=8 * HOUR
    )


def test_what_is_missing_is_named_in_order() -> None:
    required = rules.Terms().required
    assert rules.missing({"need": "x", "timing": "  ", "budget": ""}, required) == ["authority", "timing"]
    assert rules.missing({"need": "x", "timing": "y", "authority": "z"}, required) == []
    assert rules.missing({}, frozenset()) == []
