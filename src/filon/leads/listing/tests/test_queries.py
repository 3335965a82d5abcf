"""Lists: every lead once and in order, what each reader sees, and what a page costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from filon.core import access
from filon.core.access import Actor
from filon.core.conditions import ConditionError
from filon.core.models import Team, User
from filon.kit.errors import Kind, Refused
from filon.kit.text import fold
from filon.leads.listing import orders, queries
from filon.leads.listing.queries import Ask
from filon.leads.models import Company, Lead, Person
from tests.frame.effort import examples

_DAY = datetime(2026, 2, 1, tzinfo=UTC)
_moments = st.integers(0, 3).map(lambda hours: _DAY + timedelta(hours=hours, microseconds=hours % 2))
_leads = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["", "Ana", "ana", "Élodie", "Zoé", "Ànà"]),
            "company": st.sampled_from([None, "Acier", "Bois"]),
            "captured_at": _moments,
            "last_act_at": st.none() | _moments,
            "due_at": st.none() | _moments,
            "responded_at": st.none() | _moments,
            "grade": st.sampled_from(["", "A1", "A2", "D4"]),
            "stage": st.sampled_from(["captured", "mql", "lost"]),
        }
    ),
    max_size=14,
)


def make(rows: list[dict[str, Any]]) -> list[Lead]:
    """Leads with these values, each of a person of its own."""
    made = []
    companies: dict[str, Company] = {}
    for row in rows:
        times = {"created_at": _DAY, "updated_at": _DAY}
        name = row["company"]
        if name and name not in companies:
            companies[name] = Company.objects.create(name=name, name_folded=fold(name), **times)
        person = Person.objects.create(full_name=row["name"], full_name_folded=fold(row["name"]), **times)
        values = {key: value for key, value in row.items() if key not in {"name", "company"}}
        made.append(
            Lead.objects.create(
                person=person,
                company=companies.get(name),
                stage_since=_DAY,
                is_open=row["stage"] != "lost",
                **values,
                **times,
            )
        )
    return made


def is_running(lead: Lead) -> bool:
    return lead.due_at is not None and lead.responded_at is None and lead.is_open


KEYS: dict[str, tuple[Callable[[Lead], bool], Callable[[Lead], Any]]] = {
    "captured_at": (lambda lead: True, lambda lead: (lead.captured_at, lead.pk)),
    "last_act_at": (lambda lead: lead.last_act_at is not None, lambda lead: (lead.last_act_at, lead.pk)),
    "due_at": (is_running, lambda lead: (lead.due_at, lead.pk)),
    "name": (
        lambda lead: lead.person.full_name != "",
        lambda lead: (lead.person.full_name_folded, lead.person_id, lead.pk),
    ),
    "company": (
        lambda lead: lead.company is not None,
        lambda lead: (lead.company.name_folded, lead.company_id, lead.pk),
    ),
    "grade": (lambda lead: lead.grade != "", lambda lead: (lead.grade, lead.pk)),
}


def in_order(leads: list[Lead], sort: str) -> list[int]:
    """The ids as the list must give them: those with a value, sorted; then the others, newest id first."""
    has, key = KEYS[sort.removeprefix("-")]
    first = sorted((lead for lead in leads if has(lead)), key=key, reverse=sort.startswith("-"))
    rest = sorted((lead for lead in leads if not has(lead)), key=lambda lead: -lead.pk)
    return [lead.pk for lead in [*first, *rest]]


def test_every_order_is_tested() -> None:
    assert {sort.removeprefix("-") for sort in orders.SORTS} == set(KEYS)


@given(
    rows=_leads,
    sort=st.sampled_from(orders.SORTS),
    limit=st.integers(1, 6),
    condition=st.sampled_from(["", "stage = mql"]),
    many=st.booleans(),
)
@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_walking_the_pages_gives_every_lead_once_and_in_order_there_and_back(
    db: None, admin: Actor, at: datetime, rows: list[dict[str, Any]], sort: str, limit: int, condition: str, many: bool
) -> None:
    with transaction.atomic(), patch.object(queries, "FEW", 0 if many else 2_000):
        wanted = in_order([lead for lead in make(rows) if not condition or lead.stage == "mql"], sort)
        there, page = [], None
        cursor, back = "", ""
        while page is None or cursor:
            page = queries.lead_page(Ask(condition=condition, sort=sort, after=cursor, limit=limit), by=admin, at=at)
            assert bool(page.previous) == bool(there), "a page knows whether there is one before it"
            there += [row.id for row in page.rows]
            cursor, back = page.next, page.previous
        assert there == wanted
        behind = [row.id for row in page.rows]
        while back:
            page = queries.lead_page(Ask(condition=condition, sort=sort, before=back, limit=limit), by=admin, at=at)
            assert page.next, "the page one came from is after it"
            behind = [row.id for row in page.rows] + behind
            back = page.previous
        assert behind == wanted
        transaction.set_rollback(True)


def test_an_export_walks_the_list_in_its_order_to_the_end(
    db: None, admin: Actor, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_WALKED", 2)
    grades = ["A1", "", "B2", "A1", "D4"]
    rows = [
        {"name": "", "company": None, "captured_at": _DAY, "grade": grade, "stage": "mql"}
        | dict.fromkeys(("last_act_at", "due_at", "responded_at"))
        for grade in grades
    ]
    wanted = in_order(make(rows), "-grade")
    parts = list(queries.walk(Ask(sort="-grade"), by=admin, at=at))
    assert [row.id for part in parts for row in part] == wanted
    assert [len(part) for part in parts] == [2, 2, 1]


def test_a_page_or_a_board_costs_three_statements(
    submit: Callable[..., Lead], admin: Actor, at: datetime, db: None, django_assert_num_queries: Any
) -> None:
    for name in ("Ana", "Ben", "Chloé"):
        submit(full_name=name)
    ask = Ask(condition="person.full_name starts_with b or stage = captured", limit=2)
    for each in (ask, Ask(limit=2)):
        with django_assert_num_queries(3):
            page = queries.lead_page(each, by=admin, at=at)
        assert (len(page.rows), page.count) == (2, 3)
        with django_assert_num_queries(3):
            board = queries.board(each, by=admin, at=at)
        assert [column.count for column in board.columns] == [3, 0, 0, 0, 0, 0, 0]


def test_counts_stop_at_their_bound(
    submit: Callable[..., Lead], admin: Actor, at: datetime, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "COUNTED", 3)
    monkeypatch.setattr(queries, "FEW", 2)
    monkeypatch.setattr(queries, "_COUNTED_A_STAGE", 1)
    for _each in range(5):
        submit()
    for ask, counted, bound in ((Ask(), 3, 3), (Ask(condition="stage = captured"), 2, 1)):
        page = queries.lead_page(ask, by=admin, at=at)
        assert (page.bound, page.count) == (counted, counted + 1)
        assert queries.count_all(ask, by=admin, at=at) == 5
        board = queries.board(ask, by=admin, at=at)
        assert (board.bound, board.columns[0].count) == (bound, bound + 1)


@pytest.mark.parametrize("few", [0, 2_000])
def test_the_board_shows_the_newest_of_each_stage_first(
    submit: Callable[..., Lead], admin: Actor, at: datetime, db: None, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(queries, "FEW", few)  # one way for few leads, another for many
    made = [submit(captured_at=at - timedelta(days=days)) for days in (3, 1, 2)]
    mql = submit(stage="mql")
    ask = Ask(condition="created_at is not empty")
    columns = {column.stage: column for column in queries.board(ask, by=admin, at=at, cards=2).columns}
    assert [row.id for row in columns["captured"].rows] == [made[1].pk, made[2].pk]
    assert columns["captured"].count == 3
    assert [row.id for row in columns["mql"].rows] == [mql.pk]


@pytest.fixture
def two_teams(db: None, make_user: Callable[..., User], at: datetime) -> dict[str, User]:
    """A manager with one colleague, and a colleague of another team."""
    mine, theirs = (Team.objects.create(name=name, name_folded=name, created_at=at) for name in ("mine", "theirs"))
    return {
        "manager": make_user("manager", team=mine),
        "own": make_user("sdr", team=mine),
        "other": make_user("sdr", team=theirs),
    }


def test_a_manager_sees_their_team_and_what_nobody_owns(
    submit: Callable[..., Lead], two_teams: dict[str, User], at: datetime, db: None
) -> None:
    own, free = submit(owner=two_teams["own"]), submit()
    other = submit(owner=two_teams["other"])
    manager = access.of_user(two_teams["manager"])
    assert {row.id for row in queries.lead_page(Ask(), by=manager, at=at).rows} == {own.pk, free.pk}
    assert queries.lead_page(Ask(), by=manager, at=at).count == 2
    assert queries.board(Ask(), by=manager, at=at).columns[0].count == 2
    assert queries.visible_row(other.pk, by=manager) is None
    assert queries.visible_row(own.pk, by=manager).owner == two_teams["own"].name


def test_nobody_without_the_right_gets_a_list(db: None, at: datetime) -> None:
    with pytest.raises(Refused) as refused:
        queries.lead_page(Ask(), by=access.ANONYMOUS, at=at)
    assert refused.value.kind is Kind.FORBIDDEN


def test_a_condition_that_cannot_be_read_says_where(db: None, admin: Actor, at: datetime) -> None:
    with pytest.raises(ConditionError) as error:
        queries.lead_page(Ask(condition="stage = mqll"), by=admin, at=at)
    assert error.value.position == len("stage = ")


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        orders.cursor("name", orders.Place(0, ("ana", 1, 1))),
        orders.cursor("-captured_at", orders.Place(1, (1,))),
        orders.cursor("-captured_at", orders.Place(0, ("never", 1))),
        orders.cursor("-captured_at", orders.Place(0, ("2026-01-01T00:00:00+00:00", "1"))),
        orders.cursor("-captured_at", orders.Place(0, ("2026-01-01T00:00:00+00:00", True))),
        orders.cursor("-captured_at", orders.Place(0, ("2026-01-01T00:00:00+00:00", 2**63))),
        orders.cursor("-captured_at", orders.Place(0, ("\0", 1))),
        orders.cursor("-captured_at", orders.Place(0, (1,))),
    ],
)
def test_a_cursor_of_another_list_is_refused(db: None, admin: Actor, at: datetime, cursor: str) -> None:
    with pytest.raises(Refused) as refused:
        queries.lead_page(Ask(after=cursor), by=admin, at=at)
    assert refused.value.code == "cursor"


def test_an_unknown_order_is_refused_with_those_there_are(db: None, admin: Actor, at: datetime) -> None:
    with pytest.raises(Refused, match="last_act_at"):
        queries.lead_page(Ask(sort="shoe_size"), by=admin, at=at)
