"""Every score is the sum of its lines, now and at any past date, and the cache is the ledger."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from filon.core import access, ledger
from filon.core.access import SYSTEM, Actor
from filon.core.models import Fact, FactDetail
from filon.kit.errors import Kind, Refused
from filon.leads import engagement
from filon.leads.models import Lead
from filon.scoring import queries, rescoring
from filon.scoring.tests.conftest import Revoked, act_rule, fit_rule, rules_of, take_acts, take_leads, the_lead
from tests.frame.effort import examples

DAY = timedelta(days=1)
_numbers = count()


def explain(email, at, by=SYSTEM):
    return queries.explain(the_lead(email).pk, at=at, by=by)


def points(lines):
    return {(line.name or "limit", getattr(line, "is_cap", False)): line.points for line in lines}


def test_fit_is_the_sum_of_its_lines_with_one_for_the_limit(in_force, at):
    in_force(rules_of(fit_rule("door = api", "80.5"), fit_rule("channel = web", 40), fit_rule("source = x", -5)), at)
    take_leads({"email": "a@acme.fr", "channel": "web", "source": "X"}, at=at)
    why = explain("a@acme.fr", at)
    assert [(line.name, line.points) for line in why.fit_lines] == [
        ("door = api", Decimal("80.5")),
        ("channel = web", Decimal("40.0")),
        ("source = x", Decimal("-5.0")),
        ("", Decimal("-15.5")),
    ]
    assert why.fit == 100 == the_lead("a@acme.fr").fit


def test_engagement_is_explained_act_by_act_with_a_line_for_the_cap(in_force, at):
    in_force(rules_of(act_rule("page_viewed", 8, cap=(1, 7)), act_rule("demo_requested", 30)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    for days in (0, 1, 30):
        take_acts({"kind": "page_viewed", "email": "a@acme.fr", "path": f"/p{days}"}, at=at + days * DAY)
    take_acts({"kind": "demo_requested", "email": "a@acme.fr"}, at=at + 30 * DAY)
    why = explain("a@acme.fr", at + 30 * DAY)
    half_a_day_more = 8 * 2 ** (-29 / 30)
    assert points(why.engagement_lines) == {
        ("demo_requested", False): Decimal("30.0"),
        ("page_viewed", False): Decimal("16.1"),
        ("page_viewed", True): Decimal("-4.1"),
    }
    assert 4 + half_a_day_more + 8 == pytest.approx(16.09, abs=0.01)
    assert why.engagement == Decimal("42.0")
    views = next(line for line in why.engagement_lines if line.name == "page_viewed" and not line.is_cap)
    assert [(act.path, act.points) for act in views.acts] == [("/p30", 8), ("/p1", 8), ("/p0", 8)]
    assert sum(act.left for act in views.acts) == views.points


def test_many_acts_are_folded_and_still_add_up(in_force, at):
    in_force(rules_of(act_rule("page_viewed", "0.7")), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    take_acts(*({"kind": "page_viewed", "email": "a@acme.fr", "at": at - n * DAY} for n in range(40)), at=at)
    (line,) = explain("a@acme.fr", at).engagement_lines
    assert line.count == 40
    assert len(line.acts) == 21
    assert (line.acts[-1].fact_id, line.acts[-1].count) == (None, 20)
    assert sum(act.left for act in line.acts) == line.points


ACT = st.tuples(
    st.sampled_from(["page_viewed", "email_clicked", "demo_requested", "note_written"]),
    st.integers(0, 90 * 24),  # hours after the first batch
    st.booleans(),  # told at its time, or learnt later with the rest
    st.integers(0, 9).map(lambda n: n == 0),  # a machine
)


@examples(40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(ACT, max_size=25),
    weights=st.tuples(*[st.decimals("0.1", "100", places=1)] * 3),
    caps=st.tuples(*[st.none() | st.tuples(st.integers(1, 3), st.integers(1, 20))] * 3),
    half_life=st.integers(1, 400),
    look=st.integers(0, 120),
)
def test_the_row_keeps_what_the_ledger_says_and_the_lines_add_up(in_force, at, acts, weights, caps, half_life, look):
    kinds = ("page_viewed", "email_clicked", "any")
    rules = [
        act_rule(kind, weight, cap=cap, where='path = "/x"' if kind == "any" else "")
        for kind, weight, cap in zip(kinds, weights, caps, strict=True)
    ]
    in_force(rules_of(*rules, half_life_days=half_life), at)
    email = f"p{next(_numbers)}@acme.fr"
    take_leads({"email": email}, at=at)
    for kind, hour, is_prompt, is_machine in sorted(acts, key=lambda act: (not act[2], act[1])):
        happened = at + timedelta(hours=hour)
        values = {"kind": kind, "email": email, "at": happened, "path": "/x", "is_machine": is_machine}
        take_acts(values, at=happened if is_prompt else at + 90 * DAY)
    lead = the_lead(email)
    kept = lead.engagement_log
    rescoring.rescore_leads([lead.pk], at=at + 90 * DAY)
    rebuilt = the_lead(email).engagement_log
    assert (kept is None) is (rebuilt is None)
    assert kept is None or math.isclose(kept, rebuilt, abs_tol=1e-9)
    why = queries.explain(lead.pk, at=at + look * DAY, by=SYSTEM)
    assert sum(line.points for line in why.engagement_lines) == why.engagement
    assert why.engagement >= 0
    for line in why.engagement_lines:
        assert sum(act.left for act in line.acts) == line.points
    if look >= 90 and kept is not None:
        shown = engagement.points(kept, at + look * DAY, half_life)
        assert abs(float(why.engagement) - shown) <= 0.05 + 1e-6


def test_the_past_is_explained_by_the_version_and_the_facts_of_then(in_force, at):
    in_force(rules_of(fit_rule("door = api", 30), act_rule("page_viewed", 8)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    take_acts({"kind": "page_viewed", "email": "a@acme.fr"}, at=at + DAY)
    newer = in_force(rules_of(fit_rule("door = api", 70), act_rule("page_viewed", 2)), at + 10 * DAY)
    take_acts({"kind": "page_viewed", "email": "a@acme.fr", "at": at}, at=at + 20 * DAY)  # learnt of late
    before = explain("a@acme.fr", at + DAY)
    assert (before.fit, before.engagement, before.version) == (30, 8, newer.number - 1)
    after = explain("a@acme.fr", at + 10 * DAY)
    assert (after.fit, after.version) == (70, newer.number)
    assert after.engagement == Decimal("1.6")  # 2 points nine days old; the other was not known yet


def test_a_revoked_act_still_counted_before_it_was_revoked(in_force, at):
    in_force(rules_of(act_rule("page_viewed", 8)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    take_acts({"kind": "page_viewed", "email": "a@acme.fr"}, at=at)
    lead, seen = the_lead("a@acme.fr"), Fact.objects.get(kind="page_viewed")
    revoked = Revoked(at=at, lead_id=lead.pk, revokes_id=seen.pk)
    ledger.append([revoked], by=SYSTEM, learnt_at=at + 5 * DAY)
    assert explain("a@acme.fr", at).engagement == 8
    assert explain("a@acme.fr", at + 5 * DAY).engagement == 0


def test_fit_at_a_past_date_takes_back_what_changed_since(in_force, at):
    in_force(
        rules_of(
            fit_rule('person.job_title contains "directeur"', 30),
            fit_rule("company.employees >= 50", 20),
            fit_rule('attributes."Taille de parc" = grand', 10),
            fit_rule("class = buyer", 5),
        ),
        at,
    )
    acme = {"email": "a@acme.fr", "company.name": "Acme", "company.domain": "acme.fr"}
    take_leads({**acme, "job_title": "Directeur", "company.employees": 20, "class": "buyer"}, at=at)
    take_leads({**acme, "job_title": "Assistant", "company.employees": 80, "class": "student"}, at=at + 10 * DAY)
    take_leads({**acme, "job_title": "Stagiaire", "company.employees": 30}, at=at + 20 * DAY)
    assert explain("a@acme.fr", at).fit == 35
    assert explain("a@acme.fr", at + 10 * DAY).fit == 20
    assert explain("a@acme.fr", at + 20 * DAY).fit == 0 == the_lead("a@acme.fr").fit


def test_an_erased_value_is_said_and_counts_as_empty(in_force, at):
    title = 'person.job_title contains "directeur"'
    in_force(rules_of(fit_rule(title, 30), fit_rule("person.job_title is empty", 4), fit_rule("door = api", 1)), at)
    take_leads({"email": "a@acme.fr", "job_title": "Directeur"}, at=at)
    take_leads({"email": "a@acme.fr", "job_title": "Assistant"}, at=at + 10 * DAY)
    FactDetail.objects.filter(fact__kind="fields_changed").delete()
    why = explain("a@acme.fr", at)
    assert [(line.name, line.points, line.is_erased) for line in why.fit_lines] == [
        ("person.job_title is empty", 4, True),
        ("door = api", 1, False),
        (title, 0, True),
    ]
    assert why.fit == 5


def test_hints_name_the_two_rules_that_would_raise_the_grade_first(in_force, at):
    in_force(
        rules_of(
            fit_rule("door = api", 45),
            fit_rule("person.phone is not empty", 6, "phone"),
            fit_rule("company.employees >= 50", 30, "size"),
            fit_rule("source = x", -5, "minus"),
            act_rule("page_viewed", 3, rule_id="view"),
            act_rule("demo_requested", 50, cap=(1, 30), rule_id="demo"),
        ),
        at,
    )
    take_leads({"email": "a@acme.fr"}, at=at)
    why = explain("a@acme.fr", at)
    assert why.grade == "C4"
    assert [(hint.rule_id, hint.grade) for hint in why.hints] == [("demo", "C1"), ("size", "A4")]
    take_acts({"kind": "demo_requested", "email": "a@acme.fr"}, at=at)
    assert [hint.rule_id for hint in explain("a@acme.fr", at).hints] == ["size", "phone"]  # the cap leaves no room


def test_before_a_lead_was_known_there_is_nothing_to_explain(in_force, at):
    in_force(rules_of(fit_rule("door = file", 45)), at)
    take_leads({"email": "a@acme.fr", "captured_at": at - 400 * DAY}, at=at, is_live=False, door="file")
    with pytest.raises(Refused) as refusal:
        explain("a@acme.fr", at - DAY)
    assert refusal.value.code == "not_known_yet"


def test_who_may_not_see_leads_gets_no_explanation(in_force, at):
    in_force(rules_of(fit_rule("door = api", 45)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    with pytest.raises(Refused) as refusal:
        explain("a@acme.fr", at, by=access.ANONYMOUS)
    assert refusal.value.kind is Kind.FORBIDDEN


def test_a_manager_does_not_see_into_other_teams(in_force, at, make_user):
    in_force(rules_of(fit_rule("door = api", 45)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    Lead.objects.update(owner=make_user("sales"))
    manager = Actor("user", make_user("manager").pk, role="manager", team_id=None, permissions=frozenset({"leads.see"}))
    with pytest.raises(Refused) as refusal:
        explain("a@acme.fr", at, by=manager)
    assert refusal.value.kind is Kind.NOT_FOUND


def test_an_explanation_costs_four_statements(in_force, at, django_assert_num_queries):
    in_force(rules_of(fit_rule("door = api", 45), act_rule("page_viewed", 3)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    lead = the_lead("a@acme.fr")
    with django_assert_num_queries(4):  # rows, version, acts, changes since
        queries.explain(lead.pk, at=at, by=SYSTEM)
