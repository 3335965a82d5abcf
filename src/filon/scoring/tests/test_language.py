"""What rules may ask: who the lead is and what an act was, never what moves by itself."""

from __future__ import annotations

import pytest

from filon.core.conditions import ConditionError
from filon.scoring.judging import language
from filon.scoring.judging.compiled import compile_rules
from filon.scoring.starter import STARTER
from filon.scoring.tests.conftest import act_rule, fit_rule, rules_of


def test_the_starter_is_understood():
    assert not compile_rules(STARTER, 1).broken


@pytest.mark.parametrize(
    "text",
    [
        "stage = mql",
        "owner is empty",
        "grade = A1",
        "fit >= 20",
        "engagement > 1",
        "person.phone is not empty and count(page_viewed) >= 1",
        "captured_at >= now - 30 days",
        "not (channel = web or updated_at > 2026-01-01)",
    ],
)
def test_a_fit_rule_that_would_move_by_itself_is_refused_where_it_does(text):
    with pytest.raises(ConditionError) as refusal:
        language.fit_condition(text)
    moving = [part for part in ("count", "captured_at", "updated_at") if part in text]
    assert text[refusal.value.position :].startswith(moving[0] if moving else text.split()[0])


@pytest.mark.parametrize("text", ["attributes.Segment = gold", "campaign = SEPEM", "captured_at < 2026-01-01"])
def test_a_fit_rule_may_ask_about_origin_and_attributes(text):
    language.fit_condition(text)


@pytest.mark.parametrize(
    ("where", "position"),
    [
        ("path = ", len("path = ")),
        ("pth = /tarifs", 0),
        ("path = /a) >= 1 or count(any", 0),
        ("path = /a, 30 days", 0),
        ("channel = web and at > now - 3 days", len("channel = web and ")),
    ],
)
def test_a_wrong_condition_over_an_act_is_shown_at_its_place(where, position):
    with pytest.raises(ConditionError) as refusal:
        language.act_condition("page_viewed", where)
    assert refusal.value.position == position
    assert position + refusal.value.length <= len(where)


def test_an_act_rule_may_have_no_condition():
    assert language.act_condition("page_viewed", "  ").where is None


def test_a_rule_that_is_no_longer_understood_matches_nothing_and_is_named():
    compiled = compile_rules(rules_of(fit_rule("no_such_field = 1", 10, "gone"), act_rule("page_viewed", 5)), 3)
    assert compiled.broken == {"gone"}
    assert [one.rule.kind for one in compiled.acts] == ["page_viewed"]
