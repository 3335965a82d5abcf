"""The scoring step of the line, on real batches."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from filon.capture.events import ImportUndone
from filon.core import jobs, ledger
from filon.core.access import SYSTEM
from filon.core.conditions import Subject, compile_closure, compile_sql, parse
from filon.core.line import Batch
from filon.core.models import Fact, Job
from filon.kit import sql
from filon.leads import engagement
from filon.leads.events import PageViewed
from filon.leads.fields import REGISTRY, source
from filon.leads.models import Company, Lead
from filon.scoring import carry, queries, rescoring, steps, versions
from filon.scoring.events import ThresholdCrossed
from filon.scoring.judging import history
from filon.scoring.tests.conftest import Revoked, act_rule, fit_rule, rules_of, take_acts, take_leads, the_lead

DAY = timedelta(days=1)


def shown(lead, at, half_life=30):
    return engagement.points(lead.engagement_log, at, half_life)


def from_the_ledger(lead):
    compiled = versions.newest()
    return compiled.engagement_of(history.acts_of([lead.pk], compiled.kinds).get(lead.pk, ()))[0]


def crossings(lead):
    found = Fact.objects.filter(kind=ThresholdCrossed.kind, lead_id=lead.pk).order_by("id")
    return [fact.payload["direction"] for fact in found]


def test_a_new_lead_gets_the_points_of_the_rules_it_meets(in_force, at):
    in_force(
        rules_of(
            fit_rule('person.job_title contains "directeur"', 30.5),
            fit_rule("company.employees >= 50", 20),
            fit_rule("person.phone is not empty", 5),
        ),
        at,
    )
    take_leads(
        {"email": "a@acme.fr", "job_title": "Directeur des achats", "company.name": "Acme", "company.employees": 80},
        at=at,
    )
    lead = the_lead("a@acme.fr")
    assert lead.fit == Decimal("50.5")
    assert lead.grade == "B4"


def test_fit_stays_within_0_and_100(in_force, at):
    in_force(rules_of(fit_rule("channel != web", 80), fit_rule("door = api", 70), fit_rule("channel = web", -5)), at)
    take_leads({"email": "much@acme.fr", "channel": "event"}, {"email": "little@acme.fr", "channel": "web"}, at=at)
    assert the_lead("much@acme.fr").fit == 100
    assert the_lead("little@acme.fr").fit == 65
    in_force(rules_of(fit_rule("channel = web", -5)), at)
    take_leads({"email": "none@acme.fr", "channel": "web"}, at=at)
    assert the_lead("none@acme.fr").fit == 0


def test_without_any_version_the_starter_comes_into_force(db, at):
    from filon.scoring.models import RuleSet

    RuleSet.objects.all().delete()
    take_leads({"email": "a@acme.fr", "job_title": "Directrice générale"}, at=at)
    assert the_lead("a@acme.fr").fit == 45  # decides (30) and work mail (15)
    assert RuleSet.objects.get().published_at == at


def test_acts_add_engagement_that_halves(in_force, at):
    in_force(rules_of(act_rule("page_viewed", 8, where='path starts_with "/tarifs"')), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    for days, path in ((0, "/tarifs"), (30, "/tarifs/pro"), (30, "/blog")):
        take_acts({"kind": "page_viewed", "email": "a@acme.fr", "path": path}, at=at + days * DAY)
    lead = the_lead("a@acme.fr")
    assert shown(lead, at + 30 * DAY) == pytest.approx(4 + 8, abs=1e-9)
    assert lead.grade == "D3"
    assert lead.engagement_log == pytest.approx(from_the_ledger(lead), abs=1e-9)


def test_an_act_in_the_same_batch_as_its_lead_counts(in_force, at):
    in_force(rules_of(act_rule("submitted", 25)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    assert shown(the_lead("a@acme.fr"), at) == pytest.approx(25, abs=1e-9)


def test_machines_do_not_engage(in_force, at):
    in_force(rules_of(act_rule("email_clicked", 8)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    take_acts({"kind": "email_clicked", "email": "a@acme.fr", "is_machine": True}, at=at)
    assert the_lead("a@acme.fr").engagement_log is None


def test_an_act_dated_in_the_future_counts_from_when_we_learnt_of_it(in_force, at):
    in_force(rules_of(act_rule("page_viewed", 8)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    take_acts(
        {"kind": "page_viewed", "email": "a@acme.fr", "at": at + 900 * DAY}, at=at, door="file"
    )  # the API refuses it
    lead = the_lead("a@acme.fr")
    assert shown(lead, at) == pytest.approx(8, abs=1e-9)
    assert lead.engagement_log == pytest.approx(from_the_ledger(lead), abs=1e-9)


def test_a_cap_holds_across_batches_and_for_late_news(in_force, at):
    in_force(rules_of(act_rule("page_viewed", 8, cap=(1, 7))), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    take_acts({"kind": "page_viewed", "email": "a@acme.fr", "at": at + 5 * DAY}, at=at + 5 * DAY)
    take_acts({"kind": "page_viewed", "email": "a@acme.fr", "at": at + 6 * DAY}, at=at + 6 * DAY)
    assert shown(the_lead("a@acme.fr"), at + 5 * DAY) == pytest.approx(8, abs=1e-9)
    # An earlier one becomes known: it is the one that counts now, and it leaves the window of the one on day 6 only
    # when seven days have passed.
    take_acts({"kind": "page_viewed", "email": "a@acme.fr", "at": at}, at=at + 8 * DAY)
    lead = the_lead("a@acme.fr")
    assert shown(lead, at) == pytest.approx(8, abs=1e-9)
    assert lead.engagement_log == pytest.approx(from_the_ledger(lead), abs=1e-9)


def test_one_more_act_does_not_read_those_of_before(in_force, at):
    in_force(rules_of(act_rule("page_viewed", 8, cap=(2, 7))), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    for hours in range(4):
        take_acts({"kind": "page_viewed", "email": "a@acme.fr"}, at=at + hours * DAY / 24)
    assert the_lead("a@acme.fr").engagement_log == pytest.approx(from_the_ledger(the_lead("a@acme.fr")), abs=1e-9)
    with CaptureQueriesContext(connection) as asked:
        take_acts({"kind": "page_viewed", "email": "a@acme.fr"}, at=at + 9 * DAY)
    assert not [one["sql"] for one in asked if "FROM core_fact fact" in one["sql"] and "page_viewed" in one["sql"]]
    lead = the_lead("a@acme.fr")
    assert shown(lead, at + 9 * DAY) > 8
    assert lead.engagement_log == pytest.approx(from_the_ledger(lead), abs=1e-9)


def test_acts_capped_by_an_older_version_are_judged_anew(in_force, at):
    in_force(rules_of(act_rule("page_viewed", 8, cap=(1, 7))), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    take_acts({"kind": "page_viewed", "email": "a@acme.fr"}, {"kind": "page_viewed", "email": "a@acme.fr"}, at=at)
    in_force(rules_of(act_rule("page_viewed", 8, cap=(3, 7))), at + DAY)
    take_acts({"kind": "page_viewed", "email": "a@acme.fr"}, at=at + DAY)
    lead = the_lead("a@acme.fr")
    assert lead.engagement_log == pytest.approx(from_the_ledger(lead), abs=1e-9)


def test_a_revoked_act_no_longer_engages(in_force, at):
    in_force(rules_of(act_rule("page_viewed", 8), act_rule("demo_requested", 30)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    take_acts({"kind": "page_viewed", "email": "a@acme.fr"}, {"kind": "demo_requested", "email": "a@acme.fr"}, at=at)
    lead = the_lead("a@acme.fr")
    demo = Fact.objects.get(kind="demo_requested")
    batch = Batch([], by=SYSTEM, at=at + DAY)
    batch.tell(Revoked(at=at + DAY, lead_id=lead.pk, revokes_id=demo.pk))
    steps.score_leads(batch)
    batch.write()
    assert shown(the_lead("a@acme.fr"), at) == pytest.approx(8, abs=1e-9)


def test_a_fact_revoked_elsewhere_is_seen_when_the_lead_is_judged_anew(in_force, at):
    in_force(rules_of(act_rule("page_viewed", 8)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    take_acts({"kind": "page_viewed", "email": "a@acme.fr"}, at=at)
    lead = the_lead("a@acme.fr")
    ledger.append(
        [Revoked(at=at, lead_id=lead.pk, revokes_id=Fact.objects.get(kind="page_viewed").pk)], by=SYSTEM, learnt_at=at
    )
    rescoring.rescore_leads([lead.pk], at=at)
    assert the_lead("a@acme.fr").engagement_log is None


def test_a_company_that_changes_moves_the_fit_of_its_other_leads(in_force, at):
    in_force(rules_of(fit_rule("company.employees >= 50", 40)), at)
    acme = {"company.name": "Acme", "company.domain": "acme.fr"}
    take_leads({"email": "a@acme.fr", **acme}, {"email": "b@acme.fr", **acme}, at=at)
    assert the_lead("b@acme.fr").fit == 0
    take_leads({"email": "a@acme.fr", **acme, "company.employees": 120}, at=at + DAY)
    assert the_lead("a@acme.fr").fit == 40
    assert the_lead("b@acme.fr").fit == 40


def test_the_leads_of_a_very_large_account_are_left_to_a_job(in_force, at, monkeypatch):
    monkeypatch.setattr(steps, "MOST_RELATIVES", 2)
    in_force(rules_of(fit_rule("company.employees >= 50", 40)), at)
    acme = {"company.name": "Acme", "company.domain": "acme.fr"}
    take_leads(*({"email": f"{name}@acme.fr", **acme} for name in "abcd"), at=at)
    take_leads({"email": "a@acme.fr", **acme, "company.employees": 120}, at=at + DAY)
    assert [the_lead(f"{name}@acme.fr").fit for name in "abcd"] == [40, 0, 0, 0]
    job = Job.objects.get(name="scoring.rescore")
    assert job.arguments == {"people": [], "companies": [Company.objects.get().pk]}
    jobs.run_due(at + DAY)
    assert [the_lead(f"{name}@acme.fr").fit for name in "abcd"] == [40, 40, 40, 40]


def test_a_lead_that_passes_both_thresholds_becomes_an_mql(in_force, at):
    in_force(rules_of(fit_rule("door = api", 60), act_rule("demo_requested", 30)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    assert the_lead("a@acme.fr").stage != "mql"
    take_acts({"kind": "demo_requested", "email": "a@acme.fr"}, at=at + DAY)
    lead = the_lead("a@acme.fr")
    assert (lead.stage, lead.stage_since, lead.grade) == ("mql", at + DAY, "B2")
    told = Fact.objects.get(kind=ThresholdCrossed.kind)
    assert told.payload == {"direction": "up", "fit": "60.0", "engagement": "30.0", "scoring": 2}
    passed = Fact.objects.filter(kind="stage_changed", lead_id=lead.pk, at=at + DAY).get()
    assert passed.payload["to_stage"] == "mql"


def test_history_makes_no_mql(in_force, at):
    in_force(rules_of(fit_rule("door = file", 60), act_rule("demo_requested", 30)), at)
    take_leads({"email": "a@acme.fr"}, at=at, is_live=False, door="file")
    take_acts({"kind": "demo_requested", "email": "a@acme.fr", "at": at}, at=at, is_live=False, door="file")
    lead = the_lead("a@acme.fr")
    assert (lead.stage, lead.fit, lead.grade) == ("captured", 60, "B2")
    assert not crossings(lead)


@pytest.mark.parametrize("lead_class", ["student", "spam"])
def test_who_cannot_buy_is_no_mql(in_force, at, lead_class):
    in_force(rules_of(fit_rule("door = api", 60), act_rule("submitted", 30)), at)
    take_leads({"email": "a@acme.fr", "class": lead_class}, at=at)
    assert the_lead("a@acme.fr").stage != "mql"


def test_a_lead_sent_back_does_not_return_at_its_next_click(in_force, at):
    in_force(rules_of(fit_rule("door = api", 60), act_rule("submitted", 30), act_rule("page_viewed", 2)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    assert the_lead("a@acme.fr").stage == "mql"
    Lead.objects.update(stage="nurturing")
    take_acts({"kind": "page_viewed", "email": "a@acme.fr"}, at=at + DAY)
    lead = the_lead("a@acme.fr")
    assert lead.stage == "nurturing"
    assert crossings(lead) == ["up"]


def test_losing_the_fit_is_told_once_and_opens_the_way_back(in_force, at):
    in_force(
        rules_of(fit_rule('person.job_title contains "directeur"', 60), act_rule("submitted", 30)),
        at,
    )
    take_leads({"email": "a@acme.fr", "job_title": "Directeur"}, at=at)
    Lead.objects.update(stage="nurturing")
    take_leads({"email": "a@acme.fr", "job_title": "Assistant"}, at=at + DAY)
    assert crossings(the_lead("a@acme.fr")) == ["up", "down"]
    take_leads({"email": "a@acme.fr", "job_title": "Directeur financier"}, at=at + 2 * DAY)
    lead = the_lead("a@acme.fr")
    assert crossings(lead) == ["up", "down", "up"]
    assert lead.stage == "mql"


def test_the_step_costs_the_same_for_one_and_for_fifty_leads(in_force, at):
    in_force(
        rules_of(
            fit_rule('company.employees >= 50 or person.job_title = "x" or campaign = Salon', 60),
            act_rule("page_viewed", 9, cap=(5, 7)),
        ),
        at,
    )
    counts = []
    for size in (1, 50):
        emails = [f"p{size}-{n}@acme{size}-{n}.fr" for n in range(size)]
        take_leads(*({"email": email, "company.name": email, "campaign": "Salon"} for email in emails), at=at)
        Lead.objects.update(stage="nurturing", reached=3)
        batch = Batch([], by=SYSTEM, at=at + DAY)
        companies = batch.rows(Company)
        for company in companies.load("id > %s", [0]):
            companies.change(company, "employees", 100)
        for lead in Lead.objects.all():
            for _ in range(3):
                batch.tell(PageViewed(at=at + DAY, lead_id=lead.pk, person_id=lead.person_id))
        with CaptureQueriesContext(connection) as queries:
            steps.score_leads(batch)
        counts.append(len(queries))
        assert all(lead["grade"] == "B2" for lead in batch.rows(Lead).by_id.values())
    # the version, the leads of the companies, their rows, people, campaigns, the last crossings; no act of before
    assert counts == [6, 6]


def test_doubles_of_an_act_in_one_batch_all_count(in_force, at):
    in_force(rules_of(act_rule("page_viewed", 3)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    take_acts(*({"kind": "page_viewed", "email": "a@acme.fr", "path": f"/{n}"} for n in range(4)), at=at)
    lead = the_lead("a@acme.fr")
    assert shown(lead, at) == pytest.approx(12, abs=1e-9)
    assert lead.engagement_log == pytest.approx(from_the_ledger(lead), abs=1e-9)


def test_the_engagement_people_filter_by_is_the_one_they_see(in_force, at):
    in_force(rules_of(act_rule("page_viewed", "10"), half_life_days=10), at)
    for name, days in (("a", 0), ("b", 1), ("c", 40)):
        take_leads({"email": f"{name}@acme.fr"}, at=at)
        take_acts({"kind": "page_viewed", "email": f"{name}@acme.fr", "at": at - days * DAY}, at=at)
    node = parse("engagement >= 9.3", REGISTRY)
    vendor = "postgresql" if sql.is_postgresql() else "sqlite"
    test = compile_sql(node, REGISTRY, at=at, vendor=vendor)
    found = sql.fetch(f"SELECT person.email FROM {source()} WHERE {test.text} ORDER BY 1", test.params)
    assert found == [("a@acme.fr",), ("b@acme.fr",)]  # b is shown as 9.3 (10 · 2^-0.1 = 9.33), c as 0.6
    holds = compile_closure(node, REGISTRY)
    rows = {lead.person.email: {"engagement_log": lead.engagement_log} for lead in Lead.objects.all()}
    assert [holds(Subject({"lead": rows[f"{name}@acme.fr"]}), at) for name in "abc"] == [True, True, False]


def test_acts_of_an_import_taken_back_no_longer_engage(in_force, at):
    in_force(rules_of(act_rule("page_viewed", 8), fit_rule("company.employees >= 50", 40)), at)
    acme = {"email": "a@acme.fr", "company.name": "Acme", "company.domain": "acme.fr"}
    take_leads(acme, at=at)
    take_acts({"kind": "page_viewed", "email": "a@acme.fr"}, at=at)
    take_acts({"kind": "page_viewed", "email": "a@acme.fr"}, at=at, import_id=7)
    lead = the_lead("a@acme.fr")
    assert shown(lead, at) == pytest.approx(16, abs=1e-9)
    ledger.append([ImportUndone(at=at + DAY, imported_id=7)], by=SYSTEM, learnt_at=at + DAY, import_id=7)
    carry.give_back(7, at=at + DAY)
    Company.objects.update(employees=80)  # what the import had emptied came back
    jobs.run_due(at + DAY)
    lead = the_lead("a@acme.fr")
    assert (shown(lead, at), lead.fit) == (pytest.approx(8, abs=1e-9), 40)
    assert queries.explain(lead.pk, at=at, by=SYSTEM).engagement == 16  # as it was before it was taken back
    assert queries.explain(lead.pk, at=at + DAY, by=SYSTEM).engagement == Decimal("7.8")
