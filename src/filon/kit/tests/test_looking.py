"""Asked once while a page is looked at, and every time beside it."""

from __future__ import annotations

import pytest

from filon.kit.errors import Refused
from filon.kit.looking import asked_once, looking

asked: list[tuple[object, ...]] = []


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    """Each test counts from nought."""
    asked.clear()


@asked_once
def square(number: int, *, by: str = "") -> int:
    """A question that says how often it was asked."""
    asked.append((number, by))
    return number * number


@asked_once
def refused() -> int:
    """A question that is refused."""
    asked.append(())
    raise Refused("no")


def test_the_same_question_is_asked_once_while_looking_and_another_for_itself():
    with looking():
        assert [square(3), square(3), square(4), square(3, by="Léa"), square(3, by="Léa")] == [9, 9, 16, 9, 9]
    assert asked == [(3, ""), (4, ""), (3, "Léa")]


def test_nothing_is_kept_beside_looking_nor_from_one_look_to_the_next():
    square(3)
    square(3)
    for _ in range(2):
        with looking():
            square(3)
    assert len(asked) == 4


def test_a_refusal_is_not_kept():
    with looking():
        for _ in range(2):
            with pytest.raises(Refused):
                refused()
    assert len(asked) == 2
