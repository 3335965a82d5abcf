"""The property that all else rests on: one condition, one answer, in memory and in both databases."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from filon.core.conditions import compile_closure
from filon.core.conditions.tests import world
from filon.core.conditions.tree import Compare, Not, Or
from tests.frame.effort import examples

_SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


def _judge(database: world.World, tree, subjects) -> None:
    test = compile_closure(tree, world.REGISTRY)
    expected = [test(subject, world.AT) for subject in subjects]
    assert all(type(answer) is bool for answer in expected)
    answers = database.answers(tree)
    assert None not in answers
    assert [bool(answer) for answer in answers] == expected


@pytest.fixture(scope="module")
def many_subjects():
    return [world.subject_of(lead, number) for number, lead in enumerate(world.dense_leads(80, seed=1), 1)]


@pytest.fixture
def full_database(database, many_subjects):
    database.put(many_subjects)
    return database


def test_closure_and_sql_agree_on_every_operator_with_every_literal(full_database, many_subjects):
    for tree in world.every_comparison():
        _judge(full_database, tree, many_subjects)


@pytest.mark.parametrize("operator", ["contains", "starts_with", "ends_with"])
@pytest.mark.parametrize("name", ["source", "medium", "tags", "stakes", "owner", "attributes.x"])
def test_closure_and_sql_agree_on_words_searched_one_after_the_other(full_database, many_subjects, name, operator):
    words = ("direc", "É", "%", "5", "zebra", "istanbul")
    searches = [Compare(name, operator, word) for word in words]
    for tree in (Or(tuple(searches)), Or((searches[0], Compare("fit", ">", Decimal(1)), *searches[1:]))):
        _judge(full_database, tree, many_subjects)
        _judge(full_database, Not(tree), many_subjects)


@examples(100, suppress_health_check=_SLOW_IS_FINE)
@given(trees=st.lists(world.lead_leaves | world.counts | world.trees, min_size=1, max_size=6))
def test_closure_and_sql_agree_over_many_leads(full_database, many_subjects, trees):
    for tree in trees:
        _judge(full_database, tree, many_subjects)


@examples(100, suppress_health_check=_SLOW_IS_FINE)
@given(trees=st.lists(world.trees, min_size=1, max_size=4), leads=st.lists(world.leads, min_size=1, max_size=3))
def test_closure_and_sql_agree_on_any_lead(database, trees, leads):
    subjects = [world.subject_of(lead, number) for number, lead in enumerate(leads, 1)]
    database.put(subjects)
    for tree in trees:
        _judge(database, tree, subjects)
