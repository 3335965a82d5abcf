"""Saved filters: whose they are, who sees and changes them, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from filon.core import access
from filon.core.access import Actor
from filon.core.models import ApiKey, Fact, FactDetail, User
from filon.kit.errors import Kind, Refused
from filon.leads.listing import segments
from filon.leads.listing.segments import Draft

MQLS = Draft(name="MQLs", condition="stage   =  mql")


@pytest.fixture
def sdr(db: None, make_user: Callable[..., User]) -> Actor:
    return access.of_user(make_user("sdr"))


@pytest.fixture
def marketer(db: None, make_user: Callable[..., User]) -> Actor:
    return access.of_user(make_user("marketing"))


def test_a_filter_is_saved_as_we_write_conditions_and_told(sdr: Actor, at: datetime) -> None:
    number = segments.save_segment(MQLS, by=sdr, at=at)
    found = segments.segment(number, by=sdr)
    assert (found.name, found.condition, found.is_mine, found.may_change, found.is_shared) == (
        "MQLs",
        "stage = mql",
        True,
        True,
        False,
    )
    fact = Fact.objects.get(kind="segment_saved")
    assert (fact.actor_id, fact.payload) == (sdr.id, {"segment_id": number, "is_shared": False, "is_new": True})
    assert FactDetail.objects.get(fact=fact).values == {"name": "MQLs", "condition": "stage = mql"}


def test_everybody_sees_their_own_and_the_shared_ones(sdr: Actor, marketer: Actor, at: datetime) -> None:
    segments.save_segment(MQLS, by=sdr, at=at)
    segments.save_segment(Draft(name="Zone A", condition="grade starts_with a", is_shared=True), by=marketer, at=at)
    segments.save_segment(Draft(name="à moi", condition="owner is empty"), by=marketer, at=at)
    assert [row.name for row in segments.segments(by=sdr)] == ["MQLs", "Zone A"]
    assert [row.name for row in segments.segments(by=marketer)] == ["à moi", "Zone A"]
    assert [row.may_change for row in segments.segments(by=sdr)] == [True, False]


def test_whoever_has_its_address_may_open_a_filter(sdr: Actor, marketer: Actor, at: datetime) -> None:
    number = segments.save_segment(MQLS, by=sdr, at=at)
    opened = segments.segment(number, by=marketer)
    assert (opened.condition, opened.is_mine, opened.may_change) == ("stage = mql", False, False)


def test_sharing_and_changing_what_is_shared_needs_the_right(sdr: Actor, marketer: Actor, at: datetime) -> None:
    shared = Draft(name="MQLs", condition="stage = mql", is_shared=True)
    with pytest.raises(Refused) as refused:
        segments.save_segment(shared, by=sdr, at=at)
    assert refused.value.kind is Kind.FORBIDDEN
    number = segments.save_segment(shared, by=marketer, at=at)
    for act in (
        lambda: segments.save_segment(MQLS, by=sdr, at=at, segment_id=number),
        lambda: segments.delete_segment(number, by=sdr, at=at),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.kind is Kind.FORBIDDEN


def test_nobody_changes_somebody_elses(sdr: Actor, marketer: Actor, at: datetime) -> None:
    number = segments.save_segment(MQLS, by=sdr, at=at)
    with pytest.raises(Refused) as refused:
        segments.delete_segment(number, by=marketer, at=at)
    assert refused.value.kind is Kind.FORBIDDEN
    assert segments.segment(number, by=sdr).name == "MQLs"


def test_a_filter_is_renamed_changed_and_deleted(sdr: Actor, at: datetime) -> None:
    number = segments.save_segment(MQLS, by=sdr, at=at)
    changed = Draft(name="Chauds", condition="grade starts_with a", sort="-grade", columns=["email", "attributes.X"])
    assert segments.save_segment(changed, by=sdr, at=at, segment_id=number) == number
    found = segments.segment(number, by=sdr)
    assert (found.name, found.condition, found.sort, found.columns) == (
        "Chauds",
        "grade starts_with a",
        "-grade",
        ("email", "attributes.X"),
    )
    segments.delete_segment(number, by=sdr, at=at)
    assert segments.segments(by=sdr) == []
    with pytest.raises(Refused) as refused:
        segments.segment(number, by=sdr)
    assert refused.value.kind is Kind.NOT_FOUND
    assert list(Fact.objects.order_by("id").values_list("kind", flat=True)) == ["segment_saved"] * 2 + [
        "segment_deleted"
    ]


def test_a_name_is_taken_once_by_each_and_once_by_all(sdr: Actor, marketer: Actor, at: datetime) -> None:
    segments.save_segment(MQLS, by=sdr, at=at)
    segments.save_segment(MQLS, by=marketer, at=at)
    with pytest.raises(Refused) as refused:
        segments.save_segment(Draft(name=" mqls ", condition="stage = sql"), by=sdr, at=at)
    assert (refused.value.kind, refused.value.errors[0]["field"]) == (Kind.CONFLICT, "name")


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft(name="  ", condition="stage = mql"), "name"),
        (Draft(name="x" * 81, condition="stage = mql"), "name"),
        (Draft(name="x", condition="stage = mqll"), "condition"),
        (Draft(name="x", condition=""), "condition"),
        (Draft(name="x", condition="a" * 10_001), "condition"),
    ],
)
def test_what_cannot_be_saved_says_why(sdr: Actor, at: datetime, draft: Draft, field: str) -> None:
    with pytest.raises(Refused) as refused:
        segments.save_segment(draft, by=sdr, at=at)
    assert (refused.value.kind, refused.value.errors[0]["field"]) == (Kind.INVALID, field)


def test_a_wrong_condition_says_where(sdr: Actor, at: datetime) -> None:
    with pytest.raises(Refused) as refused:
        segments.save_segment(Draft(name="x", condition="stage = mqll"), by=sdr, at=at)
    assert (refused.value.errors[0]["position"], refused.value.errors[0]["length"]) == (8, 4)


def test_what_a_program_saves_is_shared_and_saved_once(db: None, at: datetime) -> None:
    key = access.of_key(ApiKey(pk=3, name="crm", scopes=["admin"]))
    first = segments.save_once(MQLS, by=key, at=at)
    assert (first.is_shared, first.owner) == (True, "")
    assert segments.save_once(Draft(name="mqls", condition="stage = mql"), by=key, at=at) == first
    with pytest.raises(Refused) as refused:
        segments.save_once(Draft(name="MQLs", condition="stage = sql"), by=key, at=at)
    assert refused.value.kind is Kind.CONFLICT
    with pytest.raises(Refused):
        segments.save_once(MQLS, by=access.of_key(ApiKey(pk=4, name="r", scopes=["leads:read"])), at=at)
