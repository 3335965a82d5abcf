"""Who gets a lead: the account first, then the rules in order, by fair turns."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from filon.routing import decisions
from filon.routing.decisions import Candidate, Colleague, Desk, Rotation, Rule, RuleSet

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LEA, TOM, ANA, KIM = (
    Colleague(1, "Léa", "sdr", 7),
    Colleague(2, "Tom", "sdr", 8),
    Colleague(3, "Ana", "sales", 7),
    Colleague(4, "Kim", "sales", 8),
)


def desk(*rules, holds=(), people=(LEA, TOM, ANA, KIM), accounts=None, owners=None):
    """A desk whose rules hold when their number is in `holds`, or for every lead whose subject says so."""
    rule_set = RuleSet(3, tuple(rules), 60, 480)
    colleagues = {one.id: one for one in people}
    rotations = {pool: Rotation(decisions.members(pool, people), {}, 0) for pool in decisions.pools(rule_set)}
    tests = [lambda subject, at, number=number: number in holds for number in range(1, len(rules) + 1)]
    return Desk(rule_set, tests, colleagues, dict(accounts or {}), rotations, owners or {})


def test_the_first_rule_that_holds_decides():
    rules = (Rule("one", "", "nurture", "nobody"), Rule("two", "", "direct_sales"), Rule("three", "", "sdr"))
    found = desk(*rules, holds={2, 3}).decide(Candidate(None), NOW)
    assert (found.route, found.rule, found.rule_name, found.owner_id) == ("direct_sales", 2, "two", ANA.id)


def test_the_account_comes_before_every_rule():
    found = desk(Rule("one", "", "nurture", "nobody"), holds={1}, accounts={5: (ANA.id, decisions.CUSTOMER)}).decide(
        Candidate(None, company_id=5), NOW
    )
    assert (found.route, found.why, found.owner_id, found.rule) == ("direct_sales", "customer", ANA.id, 0)


def test_an_owner_somebody_gave_is_never_taken_away():
    at_desk = desk(accounts={5: (ANA.id, decisions.CUSTOMER)})
    found = at_desk.decide(Candidate(None, company_id=5, owner_id=LEA.id), NOW)
    assert (found.route, found.why, found.owner_id) == ("sdr", "owner_given", LEA.id)


def test_the_second_lead_of_an_account_follows_the_first_within_a_batch():
    at_desk = desk(Rule("one", "", "sdr"), holds={1})
    first = at_desk.decide(Candidate(None, company_id=5), NOW)
    elsewhere = at_desk.decide(Candidate(None, company_id=6), NOW)
    second = at_desk.decide(Candidate(None, company_id=5), NOW)
    assert second.why == "same_account"
    assert second.owner_id == first.owner_id != elsewhere.owner_id


def test_an_account_owner_who_left_decides_nothing():
    found = desk(accounts={5: (99, decisions.CUSTOMER)}).decide(Candidate(None, company_id=5), NOW)
    assert (found.route, found.why) == ("nurture", "default")


def test_without_a_rule_only_who_fits_and_asked_or_is_an_mql_is_called():
    def route(**known):
        return desk().decide(Candidate(None, **known), NOW).route

    assert route(grade="A1", has_asked=True) == route(grade="B4", has_asked=True) == route(stage="mql") == "sdr"
    assert route(grade="C1", has_asked=True) == route(grade="A1") == route(has_asked=True) == "nurture"


def test_promises_are_the_rules_own_else_by_whether_they_asked():
    rules = (Rule("own", "", "sdr", minutes=15), Rule("set", "", "sdr"), Rule("later", "", "nurture", "nobody"))

    def minutes(rule, **known):
        return desk(*rules, holds={rule}).decide(Candidate(None, **known), NOW).minutes

    assert (minutes(1), minutes(2), minutes(2, has_asked=True), minutes(3)) == (15, 480, 60, None)


def test_a_rule_gives_to_its_team_its_colleague_the_account_owner_or_nobody():
    def owner(rule, **known):
        return desk(rule, holds={1}, owners={5: KIM.id}).decide(Candidate(None, **known), NOW).owner_id

    assert owner(Rule("", "", "sdr", "team", 8)) == TOM.id
    assert owner(Rule("", "", "direct_sales", "team", 8)) == KIM.id
    assert owner(Rule("", "", "sdr", "team", 9)) is None
    assert owner(Rule("", "", "sdr", "owner", ANA.id)) == ANA.id
    assert owner(Rule("", "", "sdr", "owner", 99)) is None
    assert owner(Rule("", "", "sdr", "account_owner"), company_id=5) == KIM.id
    assert owner(Rule("", "", "sdr", "account_owner"), company_id=6) is None
    assert owner(Rule("", "", "sdr", "nobody")) is None


def test_the_turn_passes_who_is_away_or_has_no_room_left():
    people = (Colleague(1, "", "sdr", is_away=True), Colleague(2, "", "sdr", room=2), Colleague(3, "", "sdr", room=0))
    at_desk = desk(Rule("one", "", "sdr"), holds={1}, people=people)
    assert [at_desk.decide(Candidate(None), NOW).owner_id for _ in range(3)] == [2, 2, None]


def test_leads_of_ones_account_use_up_ones_room():
    people = (Colleague(1, "", "sdr", room=1), Colleague(2, "", "sdr"))
    at_desk = desk(Rule("one", "", "sdr"), holds={1}, people=people, accounts={5: (1, "same_account")})
    owners = [at_desk.decide(Candidate(None, company_id=company), NOW).owner_id for company in (5, 6, 7)]
    assert owners == [1, 2, 2]


def test_a_rule_survives_its_way_to_the_database_and_back():
    rule = Rule("Grand compte", "company.employees >= 250", "direct_sales", "team", 3, 30)
    assert decisions.rule_of(decisions.values_of(rule)) == rule


ROUNDS = st.lists(st.tuples(st.sets(st.integers(1, 6), min_size=1), st.integers(1, 12)), min_size=1, max_size=12)


@settings(deadline=None)
@given(ROUNDS)
def test_while_the_same_colleagues_take_part_nobody_is_two_leads_ahead(rounds):
    """Each round is a batch: who takes part, and how many leads. Newcomers, leavers and returners come at random."""
    last: dict[int, int] = {}
    turns = 0
    spell: list[int] = []
    before: set[int] = set()
    for members, leads in rounds:
        rotation = Rotation(members, last, turns)
        given_to = [rotation.take(lambda member: True) for _ in range(leads)]
        assert sum(rotation.served.values()) == leads
        last, turns = last | rotation.last, rotation.turns
        spell = spell + given_to if members == before else given_to
        before = members
        for start in range(len(spell)):
            counts = {member: spell[start:].count(member) for member in members}
            assert max(counts.values()) - min(counts.values()) <= 1


@settings(deadline=None)
@given(st.lists(st.integers(1, 8), min_size=1, max_size=8, unique=True), st.integers(0, 60))
def test_n_leads_to_k_colleagues_differ_by_one_at_most(members, leads):
    rotation = Rotation(members, {}, 0)
    counts = Counter(dict.fromkeys(members, 0))
    counts.update(rotation.take(lambda member: True) for _ in range(leads))
    assert max(counts.values()) - min(counts.values()) <= 1


def test_who_comes_back_or_joins_is_next_once_and_then_waits_like_the_others():
    rotation = Rotation([1, 2, 3], {1: 40, 2: 41}, 41)  # 3 joins; 1 and 2 have long been here
    assert [rotation.take(lambda member: True) for _ in range(5)] == [3, 1, 2, 3, 1]
