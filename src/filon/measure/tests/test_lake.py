"""The lake follows the ledger: brought in, made anew, as of the past, never half a file."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from filon.capture.events import ImportUndone
from filon.capture.models import Import
from filon.core.models import Fact, Job
from filon.kit.errors import Kind, Refused
from filon.leads.events import CallLogged, FieldsChanged, PageViewed
from filon.leads.models import Company, Lead
from filon.measure.lake import changes, files, refresh, sources
from filon.measure.lake.files import Lake
from filon.routing.events import CalendarChanged

from .conftest import NOW, Corrected, World, moment

pytestmark = pytest.mark.django_db


def manifest(place: Path) -> dict:
    return json.loads((place / "manifest.json").read_bytes())


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every workspace is a large one: nothing is made anew while a page waits."""
    monkeypatch.setattr(refresh, "SMALL", 0)


def test_a_figure_knows_what_was_told_since_the_lake_was_made(world: World, lake_here: Path):
    lead = world.lead()
    assert world.row("funnel")["mql"] == 0
    parts = manifest(lake_here)["leads"]["parts"]
    world.move(lead, "mql", "2026-01-08")
    new = world.lead()
    row = world.row("funnel")
    assert (row["captured"], row["mql"]) == (2, 1)
    after = manifest(lake_here)["leads"]
    assert after["parts"] == parts  # what changed stands beside; the parts are as they were
    assert {key for key, _position in after["keys"]} == {lead.pk, new.pk}


def test_what_changed_several_times_counts_as_it_stands_last(world: World):
    lead = world.lead()
    for stage, customers in (("mql", 0), ("customer", 1)):
        world.move(lead, stage, "2026-01-08")
        assert world.row("funnel")["customer"] == customers
    assert world.row("funnel")["captured"] == 1


def test_a_lead_that_is_gone_is_gone_from_the_figures(world: World):
    kept, gone = world.lead(), world.lead()
    assert world.row("funnel")["captured"] == 2
    lead_id = gone.pk
    Lead.objects.filter(pk=lead_id).delete()
    world.tell(FieldsChanged(at=NOW, of="lead", fields=[], old={}, new={}, lead_id=lead_id))
    assert world.behind("funnel", "captured") == [kept.pk]


def test_a_correction_of_an_older_fact_reaches_the_lead_it_was_told_of(world: World):
    lead = world.lead()
    fact = world.move(lead, "mql", "2026-01-08")
    assert world.row("funnel")["mql"] == 1
    world.tell(Corrected(at=NOW, revokes_id=fact))
    assert world.row("funnel")["mql"] == 0


def test_an_act_of_a_person_reaches_their_lead(world: World):
    lead = world.lead("2026-01-05 10:00")
    assert world.row("speed")["responded"] == 0
    world.act(lead, CallLogged, "2026-01-05 11:00", lead_id=None)
    assert world.row("speed")["responded"] == 1


def test_a_company_that_changes_reaches_its_leads_and_deals(world: World):
    company = world.company("A", sector="Retail")
    world.lead(company=company)
    world.opportunity(won="2026-01-11", company=company)
    assert [row["company.sector"] for row in world.rows("funnel", "company.sector")] == ["Retail"]
    Company.objects.update(sector="Bank", sector_folded="bank")
    world.tell(FieldsChanged(at=NOW, of="company", fields=["company.sector"], old={}, new={}, company_id=company.pk))
    assert [row["company.sector"] for row in world.rows("funnel", "company.sector")] == ["Bank"]
    assert [row["company.sector"] for row in world.rows("velocity", "company.sector")] == ["Bank"]


def test_facts_no_figure_counts_cost_no_writing_and_move_the_moment(world: World, lake_here: Path):
    lead = world.lead()
    world.ask("funnel")
    before = (lake_here / "manifest.json").stat().st_mtime_ns
    later = NOW + timedelta(hours=1)
    world.act(lead, PageViewed, "2026-03-02 13:00", learnt=later)
    assert world.ask("funnel").as_of == later
    assert (lake_here / "manifest.json").stat().st_mtime_ns == before


def test_a_fresh_lake_costs_a_handful_of_statements(world: World, django_assert_num_queries):
    world.lead()
    world.ask("funnel")
    with django_assert_num_queries(1):  # the fact it stands at, imports undone and facts since
        world.ask("funnel")


def test_bringing_in_what_changed_costs_three_statements_more(world: World, django_assert_num_queries):
    leads = [world.lead() for _ in range(3)]
    world.ask("funnel")
    for lead in leads:
        world.move(lead, "mql", "2026-01-08")
    with django_assert_num_queries(3):  # the facts since; the leads they name, with all that is told of them
        assert world.row("funnel")["mql"] == 3


def test_a_fact_told_while_others_are_looked_at_is_brought_in_the_next_time(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    first, second = world.lead(), world.lead()
    world.ask("funnel")
    world.move(first, "mql", "2026-01-08")
    told = changes._told

    def and_then_another(known: changes.Position) -> list[changes._Told]:
        rows = told(known)
        monkeypatch.setattr(changes, "_told", told)
        world.move(second, "mql", "2026-01-08")
        return rows

    monkeypatch.setattr(changes, "_told", and_then_another)
    assert world.row("funnel")["mql"] == 1
    assert world.row("funnel")["mql"] == 2


def test_an_import_taken_back_counts_no_more(world: World):
    imported = Import.objects.create(kind="leads", file_name="x", file_hash="x", created_at=NOW)
    known = world.lead(source="kept")
    world.lead(source="made", import_id=imported.pk, told_by_import=True)
    world.tell(CallLogged(at=moment("2026-01-06"), lead_id=known.pk, person_id=known.person_id), import_id=imported.pk)
    assert (world.row("funnel")["captured"], world.row("speed")["responded"]) == (2, 1)
    imported.undone_at, imported.state = NOW, Import.State.UNDOING
    imported.save()
    world.tell(ImportUndone(at=NOW, imported_id=imported.pk))
    assert world.row("speed")["responded"] == 0
    Lead.objects.filter(import_id=imported.pk).delete()  # rows go later, and no fact tells it
    imported.state = Import.State.UNDONE
    imported.save()
    assert [row["source"] for row in world.rows("funnel", "source")] == ["kept"]


def test_working_hours_that_change_make_the_lake_anew(world: World, monkeypatch):
    lead = world.lead("2026-01-05 10:00")
    world.act(lead, CallLogged, "2026-01-05 14:00")
    all_day = {None: [(moment("2026-01-05 00:00"), moment("2026-01-06 00:00"))]}
    afternoon = {None: [(moment("2026-01-05 12:00"), moment("2026-01-05 18:00"))]}
    monkeypatch.setattr(sources, "_shifts", lambda _start, _end: all_day)
    assert world.row("speed")["response_median_hours_working"] == 4.0
    monkeypatch.setattr(sources, "_shifts", lambda _start, _end: afternoon)
    world.tell(CalendarChanged(at=NOW, region="FR", week=[]))
    assert world.row("speed")["response_median_hours_working"] == 2.0


# As of the past -------------------------------------------------------------------------------------------------------


def test_as_of_answers_from_what_had_been_learnt_by_then(world: World):
    lead = world.lead("2026-01-05", learnt="2026-01-05")
    world.move(lead, "mql", "2026-01-08", learnt="2026-02-01")  # happened then, learnt later
    world.lead("2026-01-06", learnt="2026-02-02")
    then = world.row("funnel", as_of="2026-01-20")
    assert (then["captured"], then["mql"]) == (1, 0)
    learnt = world.row("funnel", as_of="2026-02-01T12:00:00Z")
    assert (learnt["captured"], learnt["mql"]) == (1, 1)
    assert world.row("funnel")["captured"] == 2


def test_as_of_a_day_means_its_end(world: World):
    world.lead("2026-01-05", learnt="2026-01-20 20:00")
    answer = world.ask("funnel", as_of="2026-01-20")
    assert answer.rows()[0]["captured"] == 1
    assert answer.as_of == moment("2026-01-20 23:00")


def test_a_correction_learnt_later_does_not_change_what_was_known(world: World):
    lead = world.lead("2026-01-05", learnt="2026-01-05")
    fact = world.move(lead, "mql", "2026-01-08", learnt="2026-01-08")
    world.tell(Corrected(at=moment("2026-02-01"), revokes_id=fact), learnt="2026-02-01")
    assert world.row("funnel", as_of="2026-01-20")["mql"] == 1
    assert world.row("funnel")["mql"] == 0


def test_as_of_deals_stand_as_they_did(world: World):
    world.opportunity("2026-01-01", amount="100.00", learnt="2026-01-01")
    deal = world.opportunity("2026-01-01", won="2026-02-10", amount="500.00", learnt="2026-02-10")
    Fact.objects.filter(opportunity_id=deal.pk)
    then = world.row("velocity", as_of="2026-01-20")
    assert (then["open"], then["won"]) == (1, 0)
    assert world.row("velocity", as_of="2026-02-20")["won"] == 1


def test_the_same_past_is_read_again_without_being_made_again(world: World, lake_here: Path, monkeypatch):
    world.lead("2026-01-05", learnt="2026-01-05")
    world.lead("2026-02-05", learnt="2026-02-05")
    first = world.row("funnel", as_of="2026-01-20")
    monkeypatch.setattr(refresh, "make_past", None)
    assert world.row("funnel", as_of="2026-01-20") == first


def test_what_is_told_late_of_a_past_makes_it_again(world: World):
    world.lead("2026-01-05", learnt="2026-01-05")
    world.lead("2026-02-05", learnt="2026-02-05")
    assert world.row("funnel", as_of="2026-01-20")["captured"] == 1
    world.lead("2026-01-06", learnt="2026-01-06")  # a writer whose clock was behind
    assert world.row("funnel", as_of="2026-01-20")["captured"] == 2


# Large workspaces ----------------------------------------------------------------------------------------------------


def test_a_large_workspace_without_a_lake_asks_a_job_for_it(world: World, large: None):
    world.lead()
    with pytest.raises(Refused) as refused:
        world.ask("funnel")
    assert refused.value.kind is Kind.BUSY
    assert list(Job.objects.values_list("name", "key")) == [(refresh.JOB, refresh.JOB)]
    assert world.ask("funnel", may_wait=True).rows()[0]["captured"] == 1
    assert world.ask("funnel").rows()[0]["captured"] == 1


def test_much_that_changed_is_left_to_a_job_and_the_answer_says_how_old_it_is(world: World, large, monkeypatch):
    monkeypatch.setattr(refresh, "INLINE", 2)
    world.lead(learnt=NOW)
    world.ask("funnel", may_wait=True)
    later = NOW + timedelta(hours=1)
    for _ in range(3):
        world.lead(learnt=later)
    answer = world.ask("funnel", at=later)
    assert (answer.rows()[0]["captured"], answer.is_behind, answer.as_of) == (1, True, NOW)
    assert Job.objects.filter(name=refresh.JOB).count() == 1
    fresh = world.ask("funnel", at=later, may_wait=True)
    assert (fresh.rows()[0]["captured"], fresh.is_behind, fresh.as_of) == (4, False, later)


def test_a_job_makes_only_the_parts_anew_that_changed(world: World, large, lake_here: Path, monkeypatch):
    monkeypatch.setattr(refresh, "INLINE", 0)
    monkeypatch.setattr(refresh, "PART", 2)
    leads = [world.lead() for _ in range(6)]
    world.ask("funnel", may_wait=True)
    before = manifest(lake_here)["leads"]["parts"]
    world.move(leads[0], "mql", "2026-01-08")
    assert world.ask("funnel", may_wait=True).rows()[0]["mql"] == 1
    after = manifest(lake_here)["leads"]["parts"]
    changed = {number for number in after if after[number] != before.get(number)}
    assert changed == {str(leads[0].pk // 2)}


def test_rows_brought_in_while_parts_are_made_stay_beside_them(world: World, lake_here: Path, monkeypatch):
    lead, other = world.lead(), world.lead()
    world.ask("funnel")
    world.move(lead, "mql", "2026-01-08")
    world.ask("funnel")
    place = files.here()
    before = place.manifest()
    made = refresh._make(place, before, changes.Changes(before.position), NOW, sources.Cut(before.position.id))
    world.move(other, "customer", "2026-01-09")  # told, and asked for, before the parts are published
    assert world.row("funnel")["customer"] == 1
    kept = refresh._keeping_newer(place, made, place.manifest())
    place.publish(kept, place.manifest(), NOW)
    assert [key for key, _position in manifest(lake_here)["leads"]["keys"]] == [other.pk]
    row = world.row("funnel")
    assert (row["captured"], row["mql"], row["customer"]) == (2, 2, 1)


# The files ------------------------------------------------------------------------------------------------------------


def test_the_lake_of_another_database_is_made_anew(world: World, lake_here: Path):
    world.lead(source="a")
    world.ask("funnel")
    values = manifest(lake_here)
    (lake_here / "manifest.json").write_text(json.dumps({**values, "mark": "another"}))
    assert world.row("funnel")["captured"] == 1
    assert manifest(lake_here)["mark"] == values["mark"]


@pytest.mark.parametrize("content", ["", "{", '{"layout": "of another version"}'])
def test_a_manifest_that_cannot_be_read_is_no_lake(world: World, lake_here: Path, content: str):
    world.lead()
    lake_here.mkdir(parents=True)
    (lake_here / "manifest.json").write_text(content)
    assert world.row("funnel")["captured"] == 1


def test_files_no_longer_named_stay_a_while_for_their_readers(world: World, lake_here: Path):
    lead = world.lead()
    world.ask("funnel")
    old = files.here().snapshot()
    world.move(lead, "mql", "2026-01-08")
    world.ask("funnel")
    refresh.rebuild(files.here(), NOW, everything=True)
    assert refresh.sizes(old) == (1, 0)
    refresh.rebuild(files.here(), NOW + timedelta(minutes=16), everything=True)
    left = {str(path.relative_to(lake_here)) for path in lake_here.rglob("*.parquet")}
    assert left == files.here().manifest().files() | set(files.here().manifest().retired)
    assert not left & (old.manifest.files())


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path):
    place = Lake(tmp_path)
    with place.lock("lake") as is_held:
        assert is_held
        got: list[bool] = []

        def try_it() -> None:
            with place.lock("lake", patience_s=0.05) as theirs:
                got.append(theirs)

        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert got == [False]
    with place.lock("lake", patience_s=0) as again:
        assert again


def test_a_slower_writers_fact_below_the_position_is_brought_in_when_it_comes(world: World, lake_here: Path):
    """On PostgreSQL a fact with a smaller id may be committed after one with a larger."""
    lead = world.lead()
    first = world.move(lead, "qualifying", "2026-01-06")
    late = first + 1
    with connection.cursor() as cursor:  # an id is given to a writer that has not committed yet
        if connection.vendor == "postgresql":
            cursor.execute("SELECT nextval(pg_get_serial_sequence('core_fact', 'id'))")
        else:
            cursor.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'core_fact'")
    world.lead()
    assert world.row("funnel")["mql"] == 0
    values = manifest(lake_here)
    if connection.vendor != "postgresql":  # SQLite's writers take turns: only this test makes such a gap
        (lake_here / "manifest.json").write_text(json.dumps({**values, "gaps": [[late, late]]}))
    else:
        assert values["gaps"] == [[late, late]]
    Fact.objects.create(
        id=late,
        kind="stage_changed",
        at=moment("2026-01-08"),
        learnt_at=NOW,
        actor_kind="system",
        lead_id=lead.pk,
        payload={"from_stage": "qualifying", "to_stage": "mql"},
    )
    assert world.row("funnel")["mql"] == 1
