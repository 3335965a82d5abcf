from __future__ import annotations

import pytest
from hypothesis import given

from filon.core.conditions import ConditionError, CountRow, Group, Row, from_rows, parse, to_rows, unparse
from filon.core.conditions.tests import world
from filon.core.conditions.tests.world import REGISTRY
from tests.frame.effort import examples


def _rows(text):
    return to_rows(parse(text, REGISTRY), REGISTRY)


def test_a_flat_condition_becomes_rows():
    text = 'stage = mql and person.job_title contains directeur and not source in (a, "5") and owner is not empty'
    assert _rows(text) == Group(
        "all",
        (
            Row("stage", "=", ("mql",)),
            Row("person.job_title", "contains", ("directeur",)),
            Row("source", "in", ("a", "5"), negated=True),
            Row("owner", "empty", negated=True),
        ),
    )


def test_behaviour_becomes_one_row():
    assert _rows("count(page_viewed where path = a or value > 1.5, 30 days) >= 2") == Group(
        "all",
        (
            CountRow(
                "page_viewed",
                ">=",
                "2",
                where=(Row("path", "=", ("a",)), Row("value", ">", ("1.5",))),
                where_join="any",
                window="30 days",
            ),
        ),
    )


def test_one_nested_level_is_a_group_and_more_is_left_to_the_text():
    assert _rows("fit = 1 or (fit = 2 and is_open)") == Group(
        "any",
        (
            Row("fit", "=", ("1",)),
            Group("all", (Row("fit", "=", ("2",)), Row("is_open", "=", ("true",)))),
        ),
    )
    assert _rows("fit = 1 or (fit = 2 and (is_open or fit = 3))") is None
    assert _rows("not (fit = 1 and is_open)") is None
    assert _rows("count(any where not (value = 1 or path = a)) > 1") is None


@examples(200)
@given(world.trees)
def test_rows_mean_the_condition_they_were_made_of(tree):
    rows = to_rows(tree, REGISTRY)
    if rows is not None:
        assert from_rows(rows, REGISTRY) == tree


def test_every_literal_survives_the_form():
    for tree in world.every_comparison():
        assert from_rows(to_rows(tree, REGISTRY), REGISTRY) == tree


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (Row("fits", "=", ("1",)), "did you mean fit"),
        (Row("fit", "contains", ("1",)), "does not compare"),
        (Row("fit", "=", ("1 or is_open",)), "Expected one value"),
        (Row("fit", "=", ("",)), "Expected a value"),
        (Row("fit", "="), "Expected a value"),
        (Row("source", "=", ("",)), "source is empty"),
        (Row("stage", "=", ("mlq",)), "did you mean mql"),
        (CountRow("page_viewed", ">=", "two"), "whole number of acts"),
        (CountRow("page_view", ">=", "2"), "no kind of act"),
        (CountRow("page_viewed", "contains", "2"), "such as >= 2"),
        (CountRow("page_viewed", ">=", "2", window="soon"), "a duration"),
        (Group("all", ()), "at least one condition"),
    ],
)
def test_a_wrong_row_is_named(row, says):
    with pytest.raises(ConditionError, match=says) as caught:
        from_rows(Group("all", (Row("is_open", "=", ("true",)), Group("any", (row,)))), REGISTRY)
    assert caught.value.row == (1, 0)


def test_a_wrong_row_about_an_act_is_named_by_its_path():
    row = CountRow("any", ">", "1", where=(Row("path", "=", ("a",)), Row("value", "=", ("b",))))
    with pytest.raises(ConditionError) as caught:
        from_rows(Group("all", (row,)), REGISTRY)
    assert caught.value.row == (0, 1)


def test_a_text_typed_in_a_box_is_never_read_as_code():
    typed = '" or is_open or source = "'
    tree = from_rows(Group("all", (Row("source", "=", (typed,)),)), REGISTRY)
    assert unparse(tree) == r'source = "\" or is_open or source = \""'


def test_a_number_typed_beside_an_attribute_is_a_number_unless_quoted():
    assert unparse(from_rows(Group("all", (Row("attributes.x", "=", ("5",)),)), REGISTRY)) == "attributes.x = 5"
    assert unparse(from_rows(Group("all", (Row("attributes.x", "=", ('"5"',)),)), REGISTRY)) == 'attributes.x = "5"'
