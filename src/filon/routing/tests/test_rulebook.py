"""The draft people edit, and the versions that come into force."""

from __future__ import annotations

from dataclasses import replace

import pytest

from filon.core import access
from filon.core.models import Fact
from filon.kit.errors import Refused
from filon.routing import queries, rulebook
from filon.routing.decisions import Rule, RuleSet
from filon.routing.models import RoutingRuleSet

EVERYONE = Rule("Everyone", "channel != outbound", "sdr")


@pytest.fixture
def ops(db, make_user):
    return access.of_user(make_user("ops", name="Olga"))


def save(ops, at, *rules, revision=0, **more):
    return rulebook.save_draft(RuleSet(0, rules, **more), revision=revision, by=ops, at=at)


def test_a_draft_routes_nothing_until_it_is_published(ops, at, submit, make_user):
    make_user("sdr")
    revision = save(ops, at, EVERYONE)
    assert submit(door="file").route == "nurture"
    version = rulebook.publish_draft(revision=revision, by=ops, at=at)
    assert submit(door="file").route == "sdr"
    assert rulebook.in_force() == RuleSet(version, (EVERYONE,))
    told = Fact.objects.get(kind="routing_rules_published")
    assert (told.payload, told.actor_id) == ({"version": version, "rules": 1}, ops.id)


def test_a_published_version_stays_as_it_was(ops, at):
    rulebook.publish_draft(revision=save(ops, at, EVERYONE), by=ops, at=at)
    second = rulebook.publish_draft(revision=save(ops, at, replace(EVERYONE, route="direct_sales")), by=ops, at=at)
    assert [row.version for row in queries.versions(by=ops)] == [2, 1]
    assert RoutingRuleSet.objects.get(version=1).rules[0]["route"] == "sdr"
    rulebook.restore(1, by=ops, at=at)
    assert rulebook.in_force().version == second
    assert rulebook.draft()[0].rules == (EVERYONE,)


def test_two_people_editing_at_once_overwrite_nothing(ops, at):
    save(ops, at, EVERYONE)
    for act in (
        lambda: save(ops, at, revision=0),
        lambda: rulebook.publish_draft(revision=0, by=ops, at=at),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.kind == "stale"
    assert rulebook.draft() == (RuleSet(0, (EVERYONE,)), 1)


def test_there_is_nothing_to_publish_without_a_draft(ops, at):
    with pytest.raises(Refused) as refused:
        rulebook.publish_draft(revision=0, by=ops, at=at)
    assert refused.value.code == "no_draft"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "  "}, "name"),
        ({"when": "stage = nowhere"}, "when"),
        ({"when": ""}, "when"),
        ({"route": "moon"}, "route"),
        ({"to": "everyone"}, "to"),
        ({"to": "team", "to_id": 4711}, "to"),
        ({"to": "owner", "to_id": 4711}, "to"),
        ({"to": "owner", "to_id": None}, "to"),
        ({"route": "nurture"}, "to"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 10**9}, "minutes"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_its_number_and_field(ops, at, wrong, field):
    with pytest.raises(Refused) as refused:
        save(ops, at, EVERYONE, replace(EVERYONE, **wrong))
    assert [error["field"] for error in refused.value.errors] == [f"rules.2.{field}"]
    assert not RoutingRuleSet.objects.exists()


def test_the_mistake_in_a_condition_says_where_it_is(ops, at):
    with pytest.raises(Refused) as refused:
        save(ops, at, replace(EVERYONE, when="company.employees >= many"))
    assert refused.value.errors[0]["position"] == 21


def test_a_promise_of_no_time_is_refused(ops, at):
    with pytest.raises(Refused) as refused:
        save(ops, at, minutes_asked=0)
    assert refused.value.errors[0]["field"] == "minutes_asked"


@pytest.mark.parametrize("role", ["sdr", "sales", "manager", "marketing", "head", "read_only"])
def test_only_operations_and_administrators_write_rules(ops, at, make_user, role):
    by = access.of_user(make_user(role))
    for act in (
        lambda: save(by, at, EVERYONE),
        lambda: rulebook.publish_draft(revision=0, by=by, at=at),
        lambda: rulebook.discard_draft(by=by),
        lambda: rulebook.restore(1, by=by, at=at),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.kind == "forbidden"


def test_the_rule_book_says_conditions_in_words_and_names_who_gets_the_leads(ops, at, make_user, team):
    ana, north = make_user("sales", name="Ana"), team("Nord")
    save(
        ops,
        at,
        Rule("One", "company.employees >= 250", "direct_sales", "owner", ana.pk),
        Rule("Two", "channel = web", "sdr", "team", north.pk),
    )
    book = queries.rule_book(by=ops, language="fr")
    assert book.has_draft
    assert [row.receiver for row in book.rows] == ["Ana", "Nord"]
    assert book.rows[0].said == "Effectif est au moins 250"


def test_a_discarded_draft_leaves_the_rules_in_force(ops, at):
    rulebook.publish_draft(revision=save(ops, at, EVERYONE), by=ops, at=at)
    save(ops, at)
    rulebook.discard_draft(by=ops)
    assert rulebook.draft() == (RuleSet(0, (EVERYONE,)), 0)
