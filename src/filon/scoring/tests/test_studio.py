"""What the studio says before anything changes: counts, simulation, thresholds from history."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from filon.core import jobs
from filon.core.access import SYSTEM
from filon.core.models import Fact
from filon.kit.errors import Kind, Refused
from filon.leads.models import Lead
from filon.scoring import commands
from filon.scoring.models import RuleSet
from filon.scoring.starter import STARTER, THRESHOLDS
from filon.scoring.studio import diff, proposal, thresholds
from filon.scoring.studio import queries as studio
from filon.scoring.tests.conftest import act_rule, fit_rule, rules_of, take_acts, take_leads

DAY = timedelta(days=1)


def test_each_rule_says_how_many_leads_it_is_about(in_force, at, django_assert_num_queries):
    content = rules_of(
        fit_rule('person.job_title contains "directeur"', 5, "title"),
        fit_rule("company.employees >= 50", 5, "size"),
        act_rule("page_viewed", 5, where='path starts_with "/tarifs"', rule_id="prices"),
    )
    in_force(content, at)
    take_leads(
        {"email": "a@acme.fr", "job_title": "Directrice et directeur", "company.name": "A", "company.employees": 60},
        {"email": "b@acme.fr", "job_title": "Directeur"},
        {"email": "c@acme.fr"},
        at=at,
    )
    take_acts(
        {"kind": "page_viewed", "email": "c@acme.fr", "path": "/tarifs"},
        {"kind": "page_viewed", "email": "c@acme.fr", "path": "/tarifs/pro"},
        {"kind": "page_viewed", "email": "b@acme.fr", "path": "/blog"},
        at=at,
    )
    with django_assert_num_queries(1):
        counts = studio.rule_counts(content, at=at, by=SYSTEM)
    assert (counts.total, counts.is_all) == (3, True)
    assert counts.by_rule["title"] == 2
    assert counts.by_rule["prices"] == 1


def test_counts_agree_with_the_scores_of_the_line(in_force, at):
    in_force(STARTER, at)
    take_leads(
        {"email": "a@gmail.com", "job_title": "Étudiant", "country": "FR"},
        {"email": "b@acme.fr", "job_title": "Directrice", "country": "DE"},
        at=at,
    )
    counts = studio.rule_counts(STARTER, at=at, by=SYSTEM).by_rule
    assert counts == {
        "decides": 1,
        "size": 0,
        "sector": 0,
        "work_mail": 1,
        "country": 1,
        "student": 1,
        "demo": 0,
        "prices": 0,
    }


def test_what_is_simulated_is_what_publishing_does(in_force, at, admin):
    in_force(rules_of(fit_rule("source = a", 60), act_rule("page_viewed", 8)), at)
    take_leads(*({"email": f"p{n}@acme.fr", "source": "ab"[n % 2], "full_name": f"P {n}"} for n in range(12)), at=at)
    take_acts(*({"kind": "page_viewed", "email": f"p{n}@acme.fr", "at": at - n * DAY} for n in range(6)), at=at)
    commands.save_fit_rule(fit_rule("source = b", 75, "b"), edition=0, by=admin, at=at)
    commands.save_engagement_rule(act_rule("page_viewed", 45), edition=1, by=admin, at=at)
    facts, rows = Fact.objects.count(), list(Lead.objects.order_by("pk").values())
    draft = studio.draft(by=admin)
    simulated = studio.simulate(draft.content, at=at, by=admin)
    assert (Fact.objects.count(), list(Lead.objects.order_by("pk").values())) == (facts, rows)
    before = {lead.pk: lead.grade for lead in Lead.objects.all()}
    commands.publish_draft("why", edition=2, in_force=2, by=admin, at=at)
    jobs.run_due(at)
    after = {lead.pk: lead.grade for lead in Lead.objects.all()}
    real: dict[tuple[str, str], int] = {}
    for lead_id, grade in before.items():
        real[grade, after[lead_id]] = real.get((grade, after[lead_id]), 0) + 1
    assert simulated.grades == real
    changed = {lead_id for lead_id in before if before[lead_id] != after[lead_id]}
    assert simulated.changed == len(changed) == simulated.better
    assert {example.lead_id for example in simulated.examples} == changed
    assert all(example.grade_after == after[example.lead_id] for example in simulated.examples)
    assert (simulated.total, simulated.judged, simulated.worse) == (12, 12, 0)
    assert (simulated.mql_before, simulated.mql_after) == (0, 6)


def test_a_simulation_looks_at_the_latest_leads_when_there_are_too_many(in_force, at, admin):
    in_force(rules_of(fit_rule("source = a", 60)), at)
    take_leads(*({"email": f"p{n}@acme.fr"} for n in range(5)), at=at)
    simulated = studio.simulate(rules_of(fit_rule("door = api", 80)), at=at, by=admin, limit=3)
    assert (simulated.total, simulated.judged) == (5, 3)
    newest = Lead.objects.order_by("-pk").values_list("pk", flat=True)[:3]
    assert [example.lead_id for example in simulated.examples] == list(newest)


def test_a_version_not_made_is_not_found(db):
    with pytest.raises(Refused) as refusal:
        studio.version(9, by=SYSTEM)
    assert refusal.value.kind is Kind.NOT_FOUND


# Differences ----------------------------------------------------------------------------------------------------------


def test_differences_name_what_changed_before_and_after():
    before = rules_of(fit_rule("a = 1", 5, "a"), fit_rule("b = 1", 5, "b"), act_rule("page_viewed", 3, cap=(1, 7)))
    after = rules_of(
        fit_rule("a = 2", 6, "a"), fit_rule("c = 1", 5, "c"), act_rule("page_viewed", 3), half_life_days=20
    )
    found = {(change.kind, change.rule_id): change.aspects for change in diff.changes(before, after)}
    assert {(aspect.code, aspect.before, aspect.after) for aspect in found["changed", ""]} == {
        ("half_life_days", 30, 20)
    }
    assert [aspect.code for aspect in found["changed", "a"]] == ["name", "condition", "points"]
    assert [(aspect.code, aspect.after) for aspect in found["changed", "page_viewed"]] == [("cap", None)]
    assert ("added", "c") in found
    assert ("removed", "b") in found
    assert diff.changes(after, after) == ()


# Thresholds -----------------------------------------------------------------------------------------------------------


def test_the_best_cut_parts_customers_from_the_others():
    outcomes = [(points, False) for points in range(50)] + [(points, True) for points in range(60, 80)]
    assert proposal.best_cut(outcomes) == 54.5
    assert proposal.best_cut([(10, True)] * 20 + [(10, False)] * 50) is None
    assert proposal.best_cut([(10, True)]) is None


def test_twice_the_average_needs_enough_leads():
    outcomes = [(90, True)] * 20 + [(90, False)] * 20 + [(10, True)] * 5 + [(10, False)] * 155
    assert proposal.twice_as_good(outcomes, above=50) == 90
    assert proposal.twice_as_good(outcomes, above=50, least=60) is None
    assert proposal.twice_as_good(outcomes, above=90) is None
    assert proposal.twice_as_good([], above=0) is None


def closed_leads(at, count, *, customers):
    take_leads(*({"email": f"p{n}@acme.fr"} for n in range(count)), at=at, is_live=False)
    for position, lead in enumerate(Lead.objects.order_by("pk")):
        won = position < customers
        lead.stage, lead.is_open, lead.stage_since = ("customer" if won else "lost"), False, at + 30 * DAY
        lead.fit = Decimal(64 if won else 20) + position % 5
        lead.save(update_fields=["stage", "is_open", "stage_since", "fit"])


def test_thresholds_come_from_enough_history(in_force, at):
    in_force(rules_of(fit_rule("door = api", 60), act_rule("submitted", 10)), at)
    closed_leads(at, 240, customers=40)
    found = thresholds.propose_thresholds(by=SYSTEM)
    assert (found.closed, found.customers, found.is_enough) == (240, 40, True)
    assert found.is_fit_learnt
    assert found.thresholds.mql_fit == found.thresholds.fit_b == 44
    assert found.thresholds.fit_a == 64
    assert not found.is_engagement_learnt  # history has no acts: it says nothing of engagement
    assert found.thresholds.mql_engagement == 20
    commands.save_settings(30, found.thresholds, edition=0, by=SYSTEM, at=at)  # what is proposed can be saved


def test_too_little_history_proposes_the_usual_thresholds(in_force, at):
    in_force(rules_of(fit_rule("door = api", 60)), at)
    closed_leads(at, 199, customers=40)
    found = thresholds.propose_thresholds(by=SYSTEM)
    assert (found.is_enough, found.thresholds) == (False, THRESHOLDS)
    assert RuleSet.objects.filter(state="draft").count() == 0


def test_engagement_is_learnt_as_it_was_when_the_outcome_was_known(in_force, at):
    in_force(rules_of(fit_rule("door = api", 60), act_rule("page_viewed", 32)), at)
    emails = [f"p{n}@acme.fr" for n in range(220)]
    take_leads(*({"email": email} for email in emails), at=at, is_live=False)
    take_acts(*({"kind": "page_viewed", "email": email, "at": at} for email in emails[:30]), at=at, is_live=False)
    for position, lead in enumerate(Lead.objects.order_by("pk")):
        lead.stage, lead.is_open = ("customer" if position < 30 else "lost"), False
        lead.stage_since = at + 30 * DAY  # a half-life later: 16 points were left
        lead.save(update_fields=["stage", "is_open", "stage_since"])
    found = thresholds.propose_thresholds(by=SYSTEM)
    assert (found.is_fit_learnt, found.is_engagement_learnt) == (False, True)
    cuts = found.thresholds
    assert (cuts.engagement_1, cuts.engagement_2, cuts.engagement_3, cuts.mql_engagement) == (16, 8, 2, 8)
