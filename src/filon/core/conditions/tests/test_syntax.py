from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from filon.core.conditions import (
    ConditionError,
    Field,
    Registry,
    explain_error,
    fields_of,
    kinds_of,
    parse,
    unparse,
)
from filon.core.conditions.tests import world
from filon.core.conditions.tests.world import REGISTRY
from filon.core.conditions.tree import And, Compare, Count, Duration, Empty, Not, Now, OneOf, Or
from tests.frame.effort import examples


def _read(text):
    return parse(text, REGISTRY)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("stage = mql", Compare("stage", "=", "mql")),
        ("STAGE = MQL", Compare("stage", "=", "mql")),
        ("stage = Nouveau", Compare("stage", "=", "captured")),
        ("fit >= -12.5", Compare("fit", ">=", Decimal("-12.5"))),
        ("source = Été", Compare("source", "=", "Été")),
        ("source = 75001", Compare("source", "=", "75001")),
        ("source = 2026-03-01", Compare("source", "=", "2026-03-01")),
        ("person.email = +33612@x-y.fr", Compare("person.email", "=", "+33612@x-y.fr")),
        (r'source = "say \"hi\" \\ \n"', Compare("source", "=", 'say "hi" \\ \n')),
        (r"source = 'it\'s'", Compare("source", "=", "it's")),
        ('source in (a, b, "c d")', OneOf("source", ("a", "b", "c d"))),
        ("source is empty", Empty("source")),
        ("source IS NOT EMPTY", Not(Empty("source"))),
        ("is_open", Compare("is_open", "=", value=True)),
        ("is_open != TRUE", Compare("is_open", "=", value=False)),
        ("captured_at > 2026-03-01", Compare("captured_at", ">", date(2026, 3, 1))),
        ("captured_at > 2026-03-01 10:30", Compare("captured_at", ">", datetime(2026, 3, 1, 10, 30))),  # noqa: DTZ001
        (
            "captured_at > 2026-03-01T10:30:00.5+02:00",
            Compare("captured_at", ">", datetime(2026, 3, 1, 8, 30, 0, 500000, UTC)),
        ),
        ("captured_at < now", Compare("captured_at", "<", Now())),
        ("captured_at < now-7 day", Compare("captured_at", "<", Now(-7, "days"))),
        ("owner = 12", Compare("owner", "=", 12)),
        ('owner = "12"', Compare("owner", "=", "12")),
        ('attributes."Lead Origin" = API', Compare("attributes.Lead Origin", "=", "API")),
        ("attributes.Prénom = 5", Compare("attributes.Prénom", "=", Decimal(5))),
        ("attributes.x = 1234567890123456", Compare("attributes.x", "=", "1234567890123456")),
        ("Company.Attributes.x = 5", Compare("company.attributes.x", "=", Decimal(5))),
        ("count(any) = 0", Count("any", "=", 0)),
        (
            "count(page_viewed where path = /a or value > 1, 1 month) >= 2",
            Count(
                "page_viewed",
                ">=",
                2,
                Or((Compare("path", "=", "/a"), Compare("value", ">", Decimal(1)))),
                Duration(1, "months"),
            ),
        ),
        (
            "not fit = 1 and fit = 2 or fit = 3",
            Or(
                (
                    And((Not(Compare("fit", "=", Decimal(1))), Compare("fit", "=", Decimal(2)))),
                    Compare("fit", "=", Decimal(3)),
                )
            ),
        ),
        (
            "is_open and (is_open or fit = 1)",
            And(
                (
                    Compare("is_open", "=", value=True),
                    Or((Compare("is_open", "=", value=True), Compare("fit", "=", Decimal(1)))),
                )
            ),
        ),
    ],
)
def test_text_is_read_as_its_tree(text, tree):
    assert _read(text) == tree


@pytest.mark.parametrize(
    ("text", "position", "length", "says"),
    [
        ("", 0, 1, "Expected a condition"),
        ("  ", 2, 1, "Expected a condition"),
        ("job_titel = x", 0, 9, "did you mean person.job_title"),
        ("fonctions = x", 0, 9, "did you mean person.job_title"),
        ("fit = 1 and zzzz = 2", 12, 4, "There is no field zzzz"),
        ("= 3", 0, 1, "Expected a field name"),
        ("fit", 3, 1, "Expected =, !=, <, <=, >, >=, in, is empty after fit"),
        ("fit contains 3", 4, 8, "does not compare with contains"),
        ("source < 3", 7, 1, "does not compare with <"),
        ("source ==  3", 7, 2, "Write ="),
        ("source <> 3", 7, 2, "Write !="),
        ("fit = many", 6, 4, "expects a number"),
        ('fit = "5"', 6, 3, "expects a number"),
        ("fit = 1234567890123456", 6, 16, "at most 15 digits"),
        ("fit =", 5, 1, "Expected a value"),
        ("source = and", 9, 3, "Expected a value"),
        ('source = "  "', 9, 4, "source is empty"),
        ('stage = ""', 8, 2, "stage is empty"),
        ("stage = mlq", 8, 3, "did you mean mql"),
        ("stage = 42", 8, 2, "one of captured, mql, sql, lost"),
        ("is_open = 1", 10, 1, "true or false"),
        ("captured_at > yesterday", 14, 9, "now - 7 days"),
        ("captured_at > 2026-02-30", 14, 10, "no date of the calendar"),
        ("captured_at > 2026-02-03T25:00", 14, 16, "no date of the calendar"),
        ("captured_at > 1026-02-03", 14, 10, "1900 to 2999"),
        ("captured_at > now - 7", 21, 1, "minutes, hours"),
        ("captured_at > now - 7 years", 22, 5, "minutes, hours"),
        ("captured_at > now - 9999999 days", 20, 7, "at most 100 years"),
        ("import = Claire", 9, 6, "by its number only"),
        ("owner = 1.5", 8, 3, "whole number"),
        ("import contains 1", 7, 8, "does not compare"),
        ("attributes. = x", 0, 11, "name of an attribute"),
        ("attributes.x < abc", 15, 3, "ordered by numbers"),
        ("attributes.x", 12, 1, "Expected"),
        ("fit in 3", 7, 1, "a list such as"),
        ("fit in (3 4)", 10, 1, "comma or a closing"),
        ("fit in ()", 8, 1, "Expected a value"),
        ("fit is 3", 7, 1, "empty"),
        ("(fit = 3", 8, 1, "closing parenthesis"),
        ("fit = 3)", 7, 1, "“and”, “or” or the end"),
        ("source = Claire Morel", 9, 12, "Claire Morel …"),
        ('source = "open', 9, 5, "no closing quote"),
        ("source = l'oreal", 10, 6, "no closing quote"),
        ("source = “x”", 9, 1, 'quotes as "'),
        ("source = a\\b", 10, 1, "Unexpected character"),
        ("source = 'a\0'", 11, 1, "cannot be stored"),
        ("source = '\ud800'", 10, 1, "cannot be stored"),
        ("count(page_view) > 1", 6, 9, "did you mean page_viewed"),
        ("count() > 1", 6, 1, "kind of act"),
        ("count(any)", 10, 1, "such as >= 2"),
        ("count(any) > 1.5", 13, 3, "whole number of acts"),
        ("count(any) > 1000001", 13, 7, "whole number of acts"),
        ("count(any 30 days) > 1", 10, 2, "a comma and a window"),
        ("count(any, days) > 1", 11, 4, "a duration"),
        ("count(any, 0 days) > 1", 11, 1, "at least one unit"),
        ("count(any where fit = 1) > 1", 16, 3, "no field fit"),
        ("count(any where count(any) > 1) > 1", 16, 5, "does not go inside"),
        ("not " * 51 + "is_open", 200, 3, "more than 50 levels"),
        ("(" * 60, 50, 1, "more than 50 levels"),
        ("is_open or " * 1000, 10000, 1000, "longer than 10000"),
    ],
)
def test_a_mistake_says_where_it_is_and_what_was_expected(text, position, length, says):
    with pytest.raises(ConditionError) as caught:
        _read(text)
    assert says in caught.value.message
    assert (caught.value.position, caught.value.length) == (position, length)
    assert caught.value.words.fr != caught.value.message


def test_a_mistake_is_shown_under_its_line():
    text = "stage = mql and\n  job_titel = x"
    with pytest.raises(ConditionError) as caught:
        _read(text)
    assert explain_error(caught.value, text, "fr").splitlines() == [
        "Le champ job_titel n'existe pas ; vouliez-vous dire person.job_title ?",
        "  job_titel = x",
        "  ^^^^^^^^^",
    ]


@given(st.text(max_size=60), st.sampled_from(["fr", "en"]))
@example("\x00", "en")
@example("x" * 200, "fr")
def test_any_mistake_can_be_shown(text, language):
    mistake = _mistake(text)
    if mistake is not None:
        message, line, mark = explain_error(mistake, text, language).split("\n")
        assert message
        assert len(mark) <= len(line) + 1
        assert 0 <= mistake.position <= len(text)


def _mistake(text):
    try:
        _read(text)
    except ConditionError as error:
        return error
    return None


_PIECES = """stage fit source owner captured_at is_open attributes. count ( ) , = != < >= in is not and or empty where
any page_viewed mql 5 -1.5 30 days now - " ' 2026-03-01 true contains path \\ é"""
_WORDS = st.sampled_from([*_PIECES.split(), " ", "\n"])


@examples(300)
@given(st.text(max_size=80) | st.lists(_WORDS, max_size=25).map(" ".join) | st.lists(_WORDS, max_size=25).map("".join))
@example("(" * 10_000)
@example("not " * 2_500)
@example("count(any where " * 600)
@example("captured_at = 9999-12-31T23:59:59-23:59")
@example("captured_at = 0001-01-01T00:00:00+23:59")
@example("captured_at = now - " + "9" * 5000 + " days")
@example("fit = " + "9" * 5000)
@example("count(any) = " + "9" * 5000)
@example('"' + "\\" * 9_000)
def test_any_text_gives_a_tree_or_a_condition_error(text):
    try:
        tree = _read(text)
    except ConditionError:
        return
    assert _read(unparse(tree)) == tree


@examples(300)
@given(world.trees)
def test_a_tree_survives_being_written_and_read(tree):
    assert _read(unparse(tree)) == tree


def test_every_literal_survives_being_written_and_read():
    for tree in world.every_comparison():
        assert _read(unparse(tree)) == tree


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("( stage=MQL )", "stage = mql"),
        ("source = 'x y'", 'source = "x y"'),
        ("source = 'empty'", 'source = "empty"'),
        ("source = 5", 'source = "5"'),
        ("source = 'a\nb'", r'source = "a\nb"'),
        ("not(fit = 1 and is_open = TRUE)", "not (fit = 1 and is_open)"),
        ("(fit = 1 and is_open) or is_open=false", "fit = 1 and is_open or is_open = false"),
        ("not source is empty", "source is not empty"),
        ('attributes."x" = 1', "attributes.x = 1"),
        ('attributes."a b" = 1', 'attributes."a b" = 1'),
        ("captured_at>2026-03-01 10:30", "captured_at > 2026-03-01T10:30:00"),
        ("count( any,1 weeks )>=2", "count(any, 1 weeks) >= 2"),
    ],
)
def test_a_condition_has_one_way_of_writing(text, canonical):
    assert unparse(_read(text)) == canonical


def test_nodes_know_where_they_stand():
    text = "stage = mql and not (fit in (1, 2))"
    tree = _read(text)
    position, length = tree.items[1].item.span
    assert text[position : position + length] == "fit in (1, 2)"
    assert tree.span == (0, len(text))


def test_what_a_condition_reads_is_known():
    tree = _read("stage = mql and not (fit > 1 or count(page_viewed where path = a) > 1) and attributes.x is empty")
    assert fields_of(tree) == {"stage", "fit", "attributes.x"}
    assert kinds_of(tree) == {"page_viewed"}


@pytest.mark.parametrize(
    ("offer", "says"),
    [
        (lambda: Field("a", "text", "lead", "a"), "folded_column"),
        (lambda: Field("a", "code", "lead", "a", folded_column="b"), "folded_column"),
        (lambda: Field("a", "choice", "lead", "a"), "choices"),
        (lambda: Field("A b", "code", "lead", "a"), "field name"),
        (lambda: Field("a", "code", "lead", "a; --"), "identifier"),
        (lambda: Field("a", "number", "lead", "a", many=True), "many"),
        (lambda: Registry([Field("a", "code", "lead", "a")] * 2), "twice"),
        (lambda: Registry([], act_fields=[Field("a", "code", "other", "a")]), "join"),
    ],
)
def test_a_field_that_makes_no_sense_is_refused_when_offered(offer, says):
    with pytest.raises(ValueError, match=says):
        offer()
