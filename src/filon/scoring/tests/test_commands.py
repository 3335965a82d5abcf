"""Changing the scoring: the draft, its publication, older versions, and who may."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from filon.core import access, jobs
from filon.core.access import Actor
from filon.core.models import Fact, Job
from filon.kit.errors import Kind, Refused
from filon.leads.models import Lead
from filon.scoring import commands, rescoring, versions
from filon.scoring.models import RuleSet
from filon.scoring.starter import STARTER
from filon.scoring.studio import queries as studio
from filon.scoring.tests.conftest import (
    THRESHOLDS,
    act_rule,
    fit_rule,
    rules_of,
    take_acts,
    take_leads,
    the_lead,
)

DAY = timedelta(days=1)
SDR = Actor("user", 7, "Léa", "sdr", None, access._PERMISSIONS["sdr"])


def refused(kind, act):
    with pytest.raises(Refused) as refusal:
        act()
    assert refusal.value.kind is kind
    return refusal.value


def test_the_starter_is_there_from_the_first_start(db, at):
    version = RuleSet.objects.get()
    assert (version.number, version.content) == (1, STARTER)
    assert commands.ensure_starter(at).pk == version.pk


def test_the_first_edit_opens_a_draft_and_leaves_what_is_in_force(db, at, make_user):
    marketing = access.of_user(make_user("marketing"))
    draft = commands.save_fit_rule(fit_rule("source = Salon", 5, "salon"), edition=0, by=marketing, at=at)
    assert [rule.id for rule in draft.content.fit] == [*(rule.id for rule in STARTER.fit), "salon"]
    assert versions.newest().rules == STARTER
    assert (draft.author_id, draft.edition) == (marketing.id, 1)
    told = Fact.objects.get(kind="scoring_drafted")
    assert (told.payload, told.actor_id) == ({"change": "added", "rule": "salon"}, marketing.id)


def test_a_rule_is_edited_in_its_place_and_taken_out(db, at, admin):
    changed = fit_rule("company.employees >= 10", 12, "size")
    draft = commands.save_fit_rule(changed, edition=0, by=admin, at=at)
    assert draft.content.fit[1] == changed
    assert len(draft.content.fit) == len(STARTER.fit)
    demo = act_rule("demo_requested", 40, rule_id="demo")
    draft = commands.save_engagement_rule(demo, edition=1, by=admin, at=at)
    assert draft.content.engagement[0] == demo
    draft = commands.remove_rule("size", edition=2, by=admin, at=at)
    assert "size" not in [rule.id for rule in draft.content.fit]
    refused(Kind.NOT_FOUND, lambda: commands.remove_rule("size", edition=3, by=admin, at=at))


def test_a_colleagues_unseen_change_is_not_overwritten(db, at, admin):
    commands.save_fit_rule(fit_rule("source = a", 5), edition=0, by=admin, at=at)
    refused(Kind.STALE, lambda: commands.save_fit_rule(fit_rule("source = b", 5), edition=0, by=admin, at=at))
    assert RuleSet.objects.get(state="draft").edition == 1


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (fit_rule("source = a", 0), "points"),
        (fit_rule("source = a", "100.1"), "points"),
        (fit_rule("source = a", "1.25"), "points"),
        (fit_rule("source = a", "NaN"), "points"),
        (fit_rule("stage = mql", 5), "condition"),
        (act_rule("page_viewed", -1), "points"),
        (act_rule("page_viewed", 5, where="path ="), "where"),
        (act_rule("no_such_kind", 5), "where"),
        (act_rule("page_viewed", 5, cap=(0, 7)), "cap"),
        (act_rule("page_viewed", 5, cap=(1, 366)), "cap"),
    ],
)
def test_a_wrong_rule_is_refused_at_its_field(db, at, admin, rule, field):
    save = commands.save_fit_rule if hasattr(rule, "condition") else commands.save_engagement_rule
    refusal = refused(Kind.INVALID, lambda: save(rule, edition=0, by=admin, at=at))
    assert refusal.errors[0]["field"] == field
    assert not RuleSet.objects.filter(state="draft").exists()


def test_a_wrong_condition_says_where(db, at, admin):
    refusal = refused(
        Kind.INVALID,
        lambda: commands.save_fit_rule(fit_rule("source = a or pays = fr", 5), edition=0, by=admin, at=at),
    )
    assert (refusal.errors[0]["position"], refusal.errors[0]["length"]) == (14, 4)


@pytest.mark.parametrize(
    ("half_life", "thresholds", "field"),
    [
        (0, (70, 50, 25, 40, 20, 5, 50, 20), "half_life_days"),
        (30, (50, 50, 25, 40, 20, 5, 50, 20), "fit_a"),
        (30, (70, 50, 0, 40, 20, 5, 50, 20), "fit_a"),
        (30, (70, 50, 25, 40, 50, 5, 50, 20), "engagement_1"),
        (30, (70, 50, 25, 40, 20, 5, 101, 20), "mql_fit"),
        (30, (70, 50, 25, 40, 20, 5, 50, -1), "mql_engagement"),
    ],
)
def test_wrong_thresholds_are_refused(db, at, admin, half_life, thresholds, field):
    wrong = type(THRESHOLDS)(*map(Decimal, thresholds))
    refusal = refused(Kind.INVALID, lambda: commands.save_settings(half_life, wrong, edition=0, by=admin, at=at))
    assert refusal.errors[0]["field"] == field


def test_an_sdr_may_look_but_not_touch(db, at):
    rule = fit_rule("source = a", 5)
    for act in (
        lambda: commands.save_fit_rule(rule, edition=0, by=SDR, at=at),
        lambda: commands.save_engagement_rule(act_rule("page_viewed", 5), edition=0, by=SDR, at=at),
        lambda: commands.remove_rule("size", edition=0, by=SDR, at=at),
        lambda: commands.save_settings(30, THRESHOLDS, edition=0, by=SDR, at=at),
        lambda: commands.discard_draft(edition=0, by=SDR, at=at),
        lambda: commands.publish_draft("why", edition=0, in_force=1, by=SDR, at=at),
        lambda: commands.restore_version(1, "why", in_force=1, by=SDR, at=at),
        lambda: rescoring.recompute_all(by=SDR, at=at),
        lambda: studio.simulate(STARTER, at=at, by=SDR),
    ):
        refused(Kind.FORBIDDEN, act)
    assert studio.in_force(by=SDR).content == STARTER


def test_a_draft_is_discarded(db, at, admin):
    commands.save_fit_rule(fit_rule("source = a", 5), edition=0, by=admin, at=at)
    commands.discard_draft(edition=1, by=admin, at=at)
    assert studio.draft(by=admin) is None


# Publication ----------------------------------------------------------------------------------------------------------


def test_publishing_puts_the_draft_into_force_and_computes_every_score_anew(in_force, at, admin):
    in_force(rules_of(fit_rule("door = api", 10), act_rule("page_viewed", 8)), at)
    take_leads(*({"email": f"p{n}@acme.fr"} for n in range(5)), at=at)
    take_acts({"kind": "page_viewed", "email": "p1@acme.fr"}, at=at)
    commands.save_fit_rule(fit_rule("door = api", 72, "door = api"), edition=0, by=admin, at=at)
    commands.save_engagement_rule(act_rule("page_viewed", 25), edition=1, by=admin, at=at)
    published = commands.publish_draft(" More for the API ", edition=2, in_force=2, by=admin, at=at + DAY)
    assert (published.number, published.note, published.published_at) == (3, "More for the API", at + DAY)
    assert studio.draft(by=admin) is None
    assert jobs.run_due(at + DAY) == 1
    assert {lead.grade for lead in Lead.objects.all()} == {"A4", "A2"}
    lead = the_lead("p1@acme.fr")
    assert (lead.fit, lead.grade) == (72, "A2")
    assert lead.stage != "mql"  # nobody is handed over because the rules changed
    assert Fact.objects.get(kind="scoring_published").payload == {"number": 3}
    assert Job.objects.get().progress["done"] == 5


def test_a_note_is_asked_for(db, at, admin):
    commands.save_fit_rule(fit_rule("source = a", 5), edition=0, by=admin, at=at)
    refusal = refused(Kind.INVALID, lambda: commands.publish_draft("  ", edition=1, in_force=1, by=admin, at=at))
    assert refusal.errors[0]["field"] == "note"


def test_what_was_published_meanwhile_is_looked_at_first(db, at, admin):
    commands.save_fit_rule(fit_rule("source = a", 5), edition=0, by=admin, at=at)
    commands.restore_version(1, "again", in_force=1, by=admin, at=at)
    refused(Kind.CONFLICT, lambda: commands.publish_draft("why", edition=1, in_force=1, by=admin, at=at))
    commands.publish_draft("why", edition=1, in_force=2, by=admin, at=at)
    assert versions.newest().number == 3


def test_there_must_be_a_draft_to_publish(db, at, admin):
    refused(Kind.CONFLICT, lambda: commands.publish_draft("why", edition=0, in_force=1, by=admin, at=at))


def test_an_older_version_can_be_said_again(db, at, admin):
    commands.save_fit_rule(fit_rule("source = a", 5), edition=0, by=admin, at=at)
    commands.publish_draft("try", edition=1, in_force=1, by=admin, at=at)
    back = commands.restore_version(1, "It was better before", in_force=2, by=admin, at=at + DAY)
    assert (back.number, back.restores, back.content) == (3, 1, STARTER)
    assert versions.in_force(at).number == 2
    assert versions.in_force(at + DAY).rules == STARTER
    changes = {version.number: [change.kind for change in changed] for version, changed in studio.history(by=admin)}
    assert changes == {3: ["removed"], 2: ["added"], 1: []}
    refused(Kind.NOT_FOUND, lambda: commands.restore_version(9, "x", in_force=3, by=admin, at=at))


# The jobs -------------------------------------------------------------------------------------------------------------


def test_a_recomputation_goes_on_where_it_stopped(in_force, at, admin, monkeypatch):
    monkeypatch.setattr(rescoring, "PART", 2)
    in_force(rules_of(fit_rule("door = api", 10)), at)
    take_leads(*({"email": f"p{n}@acme.fr"} for n in range(5)), at=at)
    job_id = rescoring.recompute_all(by=admin, at=at)
    assert rescoring.recompute_all(by=admin, at=at) is None  # one is under way already
    ids = sorted(Lead.objects.values_list("pk", flat=True))
    Lead.objects.update(fit=None)
    Job.objects.filter(pk=job_id).update(progress={"after": ids[3], "done": 4})
    jobs.run_due(at)
    assert list(Lead.objects.order_by("pk").values_list("fit", flat=True)) == [None, None, None, None, 10]
    assert Job.objects.get(pk=job_id).progress["done"] == 5


def test_a_recomputation_leaves_the_field_to_that_of_a_newer_version(in_force, at, admin):
    in_force(rules_of(fit_rule("door = api", 10)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    rescoring.recompute_all(by=admin, at=at)
    in_force(rules_of(fit_rule("door = api", 20)), at)
    jobs.run_due(at)
    assert the_lead("a@acme.fr").fit == 10


def test_a_recomputation_can_be_cancelled(in_force, at, admin, monkeypatch):
    monkeypatch.setattr(rescoring, "PART", 1)
    monkeypatch.setattr("filon.core.jobs._REPORT_EVERY_S", 0)
    in_force(rules_of(fit_rule("door = api", 10)), at)
    take_leads(*({"email": f"p{n}@acme.fr"} for n in range(3)), at=at)
    Lead.objects.update(fit=None)
    job_id = rescoring.recompute_all(by=admin, at=at)
    Job.objects.filter(pk=job_id).update(wants_cancel=True)
    jobs.run_due(at)
    assert Job.objects.get(pk=job_id).state == "cancelled"
    assert Lead.objects.filter(fit=None).count() >= 2


def test_time_lowers_grades_and_tells_of_cold_mqls_once(in_force, at):
    in_force(rules_of(fit_rule("door = api", 60), act_rule("submitted", 30)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    lead = the_lead("a@acme.fr")
    assert (lead.stage, lead.grade) == ("mql", "B2")

    def cool(days):
        jobs.enqueue("scoring.cool", {}, at=at + days * DAY)
        jobs.run_due(at + days * DAY)
        directions = Fact.objects.filter(kind="threshold_crossed").order_by("id")
        return the_lead("a@acme.fr").grade, [fact.payload["direction"] for fact in directions]

    assert cool(10) == ("B2", ["up"])  # 23.8 points
    assert cool(20) == ("B3", ["up"])  # 18.9: a bit less than 20 is no news
    assert cool(30) == ("B3", ["up", "down"])  # 15: under 80 % of the threshold
    assert cool(40) == ("B3", ["up", "down"])
    assert cool(90) == ("B4", ["up", "down"])
    take_acts({"kind": "form_submitted", "email": "a@acme.fr"}, at=at + 91 * DAY)
    Lead.objects.update(stage="nurturing")
    take_leads({"email": "a@acme.fr", "message": "Rappelez-moi"}, at=at + 92 * DAY)
    lead = the_lead("a@acme.fr")
    assert (lead.stage, lead.grade) == ("mql", "B2")


def test_the_clock_changes_nothing_that_did_not_move(in_force, at):
    in_force(rules_of(fit_rule("door = api", 60), act_rule("submitted", 30)), at)
    take_leads(*({"email": f"p{n}@acme.fr"} for n in range(3)), at=at)
    before = list(Lead.objects.order_by("pk").values())
    jobs.enqueue("scoring.cool", {}, at=at + DAY)
    jobs.run_due(at + DAY)
    assert list(Lead.objects.order_by("pk").values()) == before


def test_after_a_publication_the_clock_looks_at_all_leads_once_more(in_force, at, admin):
    in_force(rules_of(fit_rule("door = api", 60), act_rule("submitted", 30)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    jobs.enqueue("scoring.cool", {}, at=at)
    jobs.run_due(at)
    commands.save_fit_rule(fit_rule("door = api", 10, "door = api"), edition=0, by=admin, at=at)
    commands.publish_draft("stricter", edition=1, in_force=2, by=admin, at=at)
    jobs.run_due(at)
    jobs.enqueue("scoring.cool", {}, at=at + DAY)
    jobs.run_due(at + DAY)
    told = Fact.objects.filter(kind="threshold_crossed").order_by("id").last()
    assert (told.payload["direction"], told.payload["fit"]) == ("down", "10.0")
