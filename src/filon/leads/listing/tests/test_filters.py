"""The filter in the address: shorthands, chips, quick filters."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import translation

from filon.core.conditions import parse
from filon.leads.fields import REGISTRY
from filon.leads.listing import filters
from filon.leads.listing.filters import Address, Colleague

TEAM = [Colleague(7, "Léa Martin"), Colleague(9, "Karim Haddad")]


def address(condition: str = "", **more: object) -> Address:
    node = parse(condition, REGISTRY) if condition else None
    return replace(Address("/leads", condition, node=node), **more)


def filter_in(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("filter", [""])[0]


def option(name: str, label: str, shown: Address) -> filters.Option:
    with translation.override("en"):
        quick = {each.name: each for each in filters.quick_filters(shown, TEAM, reader_id=7)}
        return next(each for each in quick[name].options if each.label == label)


@pytest.mark.parametrize(
    ("given", "condition"),
    [
        ({"stage": ["mql"]}, "stage = mql"),
        ({"stage": ["mql", "sql"]}, "stage in (mql, sql)"),
        ({"owner": ["me"]}, "owner = 7"),
        ({"owner": ["none"]}, "owner is empty"),
        ({"owner": ["9"]}, "owner = 9"),
        ({"grade": ["A"]}, "grade starts_with A"),
        ({"stage": ["mql"], "channel": ["web"]}, "stage = mql and channel = web"),
        ({"stage": ["it's \" odd"]}, 'stage = "it\'s \\" odd"'),
        ({"stage": [""]}, ""),
    ],
)
def test_shorthands_of_other_pages_are_written_out(given: dict[str, list[str]], condition: str) -> None:
    assert filters.written_out("", given, reader_id=7) == condition


def test_a_shorthand_narrows_the_condition_beside_it() -> None:
    text = filters.written_out("channel = web or channel = email", {"stage": ["mql"]}, reader_id=7)
    assert parse(text, REGISTRY) == parse("(channel = web or channel = email) and stage = mql", REGISTRY)


def test_each_part_is_a_chip_that_takes_itself_away() -> None:
    shown = address("stage in (mql, sql) and owner = 9 and company.employees >= 50 and owner is empty", words="claire")
    with translation.override("fr"):
        chips = filters.chips(shown, {9: "Karim Haddad"})
    assert [(chip.label, chip.value) for chip in chips[:3]] == [
        ("Étape", "MQL, SQL"),
        ("Propriétaire", "Karim Haddad"),
        ("", "Effectif est au moins 50"),
    ]
    assert filter_in(chips[0].remove_url) == "owner = 9 and company.employees >= 50 and owner is empty"
    assert parse_qs(urlsplit(chips[0].remove_url).query)["q"] == ["claire"]
    assert "q=" not in chips[-1].remove_url
    assert filter_in(chips[-1].remove_url) == shown.condition


def test_an_or_is_one_chip() -> None:
    with translation.override("fr"):
        [chip] = filters.chips(address("stage = mql or owner is empty"), {})
    assert chip.label == ""
    assert filter_in(chip.remove_url) == ""


def test_a_quick_filter_is_put_on_beside_what_is_there_and_taken_off_again() -> None:
    shown = address("company.employees >= 50", sort="-grade")
    on = option("owner", "Mine", shown)
    assert (on.is_on, filter_in(on.url)) == (False, "company.employees >= 50 and owner = 7")
    assert "sort=-grade" in on.url
    off = option("owner", "Mine", address(filter_in(on.url)))
    assert (off.is_on, filter_in(off.url)) == (True, "company.employees >= 50")


def test_stages_add_up_and_owners_take_each_others_place() -> None:
    assert filter_in(option("stage", "SQL", address("stage = mql")).url) == "stage in (mql, sql)"
    assert filter_in(option("stage", "MQL", address("stage in (mql, sql)")).url) == "stage = sql"
    assert filter_in(option("owner", "Without owner", address("owner = 7")).url) == "owner is empty"
    assert (
        filter_in(option("owner", "Karim Haddad", address("owner is empty and stage = mql")).url)
        == "stage = mql and owner = 9"
    )


def test_a_quick_filter_of_several_parts_is_on_only_with_all_of_them() -> None:
    on = option("work", "First contact overdue", address())
    shown = address(filter_in(on.url))
    assert option("work", "First contact overdue", shown).is_on
    assert not option("work", "First contact overdue", address("is_open")).is_on
    assert filter_in(option("work", "First contact overdue", shown).url) == ""


def test_another_condition_on_the_same_field_is_left_alone() -> None:
    shown = address("captured_at >= 2026-01-01 and channel != web")
    assert filter_in(option("captured", "In the last 7 days", shown).url).startswith("captured_at >= 2026-01-01")
    assert filter_in(option("channel", "E-mail", shown).url).endswith("channel != web and channel = email")


def test_a_filter_starts_at_the_first_page_and_keeps_the_saved_filter_it_belongs_to() -> None:
    url = address("stage = mql", segment=4, columns="company").url(filter="stage = sql")
    assert parse_qs(urlsplit(url).query) == {"filter": ["stage = sql"], "segment": ["4"], "columns": ["company"]}
    assert address().url() == "/leads"


def test_the_audit_log_learns_which_fields_were_asked_for_but_no_persons_name() -> None:
    node = parse('stage = mql and not (person.email = a@b.fr or person.full_name in ("Ana", "Ben"))', REGISTRY)
    text = filters.impersonal(node)
    assert "Ana" not in text
    assert "a@b.fr" not in text
    assert text.startswith("stage = mql and not (person.email = ")
    assert filters.impersonal(None) == ""
