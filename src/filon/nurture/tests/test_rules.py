"""Walking, who may be written to, and what a relay's answer means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.kit import relay
from filon.nurture import rules
from filon.nurture.rules import Standing, StepRow, Steps


def step(step_id: int, kind: str = "email", parent: int | None = None, side: str = "", **more: object) -> StepRow:
    return StepRow(step_id, parent, side, step_id, kind, **more)  # type: ignore[arg-type]


@pytest.fixture
def steps() -> Steps:
    """1 message · 2 branch (yes: 3 task, 4 branch (no: 5 message)) · 6 wait."""
    return Steps(
        [
            step(1),
            step(2, "branch"),
            step(3, "task", 2, "yes"),
            step(4, "branch", 2, "yes"),
            step(5, "email", 4, "no"),
            step(6, "wait"),
        ]
    )


def test_a_side_leads_back_to_what_follows_its_branch(steps: Steps) -> None:
    after = {number: getattr(steps.after(steps.by_id[number]), "id", None) for number in steps.by_id}
    assert after == {1: 2, 2: 6, 3: 4, 4: 6, 5: 6, 6: None}


def test_a_side_without_steps_goes_on_after_the_branch(steps: Steps) -> None:
    branch, inner = steps.by_id[2], steps.by_id[4]
    assert [getattr(steps.beyond(branch, holds=holds), "id", None) for holds in (True, False)] == [3, 6]
    assert [getattr(steps.beyond(inner, holds=holds), "id", None) for holds in (True, False)] == [6, 5]


def test_who_stands_at_a_step_that_was_taken_out_goes_on_behind_it() -> None:
    steps = Steps([step(1), step(2, is_removed=True), step(3)])
    assert [found.id for found, _depth in steps.in_order()] == [1, 3]
    behind = steps.after(steps.by_id[2])
    assert behind is not None
    assert behind.id == 3


@given(st.lists(st.sampled_from(["email", "wait", "task", "branch"]), min_size=1, max_size=8), st.data())
def test_every_walk_comes_to_an_end(kinds: list[str], data: st.DataObject) -> None:
    rows: list[StepRow] = []
    for number, kind in enumerate(kinds, start=1):
        branches = [row for row in rows if row.kind == "branch"]
        parent = data.draw(st.sampled_from([None, *branches]))
        side = data.draw(st.sampled_from(["yes", "no"])) if parent else ""
        removed = data.draw(st.booleans()) and kind != "branch"
        rows.append(step(number, kind, parent.id if parent else None, side, is_removed=removed))
    steps = Steps(rows)
    here, passed = steps.first(), 0
    while here is not None:
        passed += 1
        assert passed <= len(rows)
        here = steps.beyond(here, holds=data.draw(st.booleans())) if here.kind == "branch" else steps.after(here)


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (Standing("claire@sogetrel.fr"), ""),
        (Standing(""), "no_email"),
        (Standing("claire@navinis.example", consent="given"), "not_real"),
        (Standing("claire@sogetrel.fr", consent="refused"), "refused"),
        (Standing("claire@sogetrel.fr", suppressed="objection", consent="given"), "objection"),
        (Standing("claire@orange.fr"), "no_consent"),
        (Standing("claire@ORANGE.fr", consent="given"), ""),
        (Standing("claire@orange.fr", consent="refused"), "refused"),
        (Standing("claire@sogetrel.fr", is_open=False), "left"),
    ],
)
def test_who_may_be_written_to(standing: Standing, reason: str) -> None:
    assert rules.objection(standing) == reason


@pytest.mark.parametrize(
    ("code", "text", "is_bad"),
    [
        (550, "5.1.1 The email account that you tried to reach does not exist", True),
        (550, "No such user here", True),
        (551, "5.1.6 User has moved", True),
        (550, "5.2.1 The mailbox is disabled", True),
        (550, "5.7.1 Our policy refuses your network", False),
        (550, "5.7.515 Access denied, sending domain does not meet the required authentication level", False),
        (554, "5.7.1 Spam", False),
        (552, "5.2.2 Mailbox full", False),
        (553, "sender not allowed", False),
        (450, "4.2.1 try later", False),
    ],
)
def test_only_what_says_so_makes_an_address_bad(code: int, text: str, is_bad: bool) -> None:
    assert relay.is_bad_address(code, text) is is_bad


def test_a_message_put_off_rests_longer_each_time_and_not_for_ever() -> None:
    at = datetime(2026, 3, 2, 8, tzinfo=UTC)
    moments = [rules.retry_at(number, at) for number in range(1, len(rules.WAITS) + 1)]
    assert moments == sorted(moments, key=lambda moment: moment or at)
    assert sum(moment < at + timedelta(minutes=1) for moment in moments if moment) == 5, (
        "a hiccup of the relay is over soon"
    )
    assert rules.retry_at(len(rules.WAITS) + 1, at) is None
