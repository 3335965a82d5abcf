"""Colleagues that come by a file: found or added, in their team, and never able to sign in by it."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from filon import flow
from filon.core import access, line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import Fact, Team, User


@pytest.fixture
def take(db, at):
    """Take colleagues down the line, keyed as a file's rows are: by e-mail, else by name."""
    assert "user" in flow.LINES

    def taken(*rows, by=SYSTEM):
        entries = [
            Entry(
                kind="user",
                door="file",
                at=at,
                values=values,
                is_live=False,
                system="default",
                key=(f"email:{values['email']}" if values.get("email") else f"name:{values.get('name', '')}"),
                digest=hashlib.md5(repr(sorted(values.items())).encode()).hexdigest(),
            )
            for values in rows
        ]
        batch = line.run_with_retries(lambda: Batch(entries, by=by, at=at, is_live=False))
        return Counter(item.outcome for item in batch.items), batch

    return taken


ANNA = {"name": "Anna Snelling", "manager": "Dustin Brinkmann", "office": "Central"}


def test_a_colleague_comes_with_manager_and_team(take):
    take(ANNA)
    anna = User.objects.get(name="Anna Snelling")
    assert (anna.role, anna.office, anna.manager.name, anna.team.name) == (
        "sales",
        "Central",
        "Dustin Brinkmann",
        "Dustin Brinkmann",
    )
    assert (anna.manager.role, anna.manager.team_id) == ("manager", anna.team_id)
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert Fact.objects.filter(kind="colleague_added").count() == 1


def test_the_same_file_twice_changes_nothing(take):
    take(ANNA, {"name": "Cecily Lampkin", "manager": "Dustin Brinkmann"})
    before = list(User.objects.order_by("id").values())
    outcome, _ = take(ANNA, {"name": "Cecily Lampkin", "manager": "Dustin Brinkmann"})
    assert outcome == {"unchanged": 2}
    assert list(User.objects.order_by("id").values()) == before
    assert Team.objects.count() == 1


def test_a_person_is_found_by_email_before_name(take, make_user):
    known = make_user("sdr", name="A. Snelling", email="anna@filon.test")
    take({"name": "Anna Snelling", "email": "Anna@filon.test", "office": "Lyon"})
    known.refresh_from_db()
    assert (User.objects.count(), known.office, known.name) == (1, "Lyon", "A. Snelling")


def test_two_colleagues_of_one_name_are_told_apart_by_email(take):
    take({"name": "Marie Martin", "email": "mm1@filon.test"}, {"name": "Marie Martin", "email": "mm2@filon.test"})
    assert User.objects.count() == 2


def test_an_owner_known_by_name_only_becomes_the_manager_that_others_name(take, make_user):
    make_user("sales", name="Dustin Brinkmann", email="")
    take(ANNA)
    assert User.objects.get(name="Dustin Brinkmann").role == "manager"
    assert User.objects.count() == 2


def test_a_later_file_changes_what_it_says_anew_and_leaves_a_persons_edit(take):
    take({**ANNA, "role": "SDR"})
    User.objects.filter(name="Anna Snelling").update(office="Paris")
    outcome, _ = take({**ANNA, "role": "sales", "team": "Grands comptes"})
    anna = User.objects.get(name="Anna Snelling")
    assert (outcome, anna.role, anna.team.name, anna.office) == ({"updated": 1}, "sales", "Grands comptes", "Paris")
    fact = Fact.objects.get(kind="colleague_changed")
    assert set(fact.payload["fields"]) == {"role", "team_id"}
    assert fact.detail.values["old"]["role"] == "sdr"


def test_an_import_gives_nobody_who_can_sign_in_another_right(take, make_user):
    importer = access.of_user(make_user("marketing"))
    boss = make_user("sdr", name="Zoé", password=True)
    by_other_means = make_user("sdr", name="Noé", last_login=boss.created_at)
    rows = [{"name": "Zoé", "role": "head"}, {"name": "Noé", "team": "Siège"}, {"name": "New", "role": "admin"}]
    _, batch = take(*rows, by=importer)
    for colleague in (boss, by_other_means):
        colleague.refresh_from_db()
        assert (colleague.role, colleague.team) == ("sdr", None)
    assert User.objects.get(name="New").role == "sales"
    assert {(code, subject) for _kind, code, subject in batch.findings} == {
        ("colleague_not_changed", "Zoé"),
        ("colleague_not_changed", "Noé"),
        ("role_not_given", "admin"),
    }


@pytest.mark.parametrize("values", [{"office": "Lyon"}, {"name": "x" * 200}, {"name": "A", "office": "b" * 130}])
def test_what_names_nobody_or_is_too_long_is_refused(take, values):
    outcome, _ = take(values)
    assert outcome == {"rejected": 1}
    assert not User.objects.filter(name__startswith="x").exists()


def test_a_role_nobody_knows_is_a_finding(take):
    _, batch = take({"name": "Ana", "role": "Growth wizard"})
    assert ("user", "unknown_role", "Growth wizard") in batch.findings
    assert User.objects.get().role == "sales"


def test_the_cost_does_not_grow_with_the_file(take, django_assert_max_num_queries):
    for first, count in ((0, 5), (100, 60)):
        rows = [{"name": f"N{first + n}", "manager": f"M{n % 4}", "email": f"n{first + n}@x.fr"} for n in range(count)]
        with django_assert_max_num_queries(16):
            take(*rows)
