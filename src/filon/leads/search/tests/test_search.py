"""Search finds what the tables say, soon after they say it, and only what its reader may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from filon.core import access, following, jobs, ledger
from filon.core.access import Actor
from filon.core.models import Job, Team, User
from filon.kit import sql
from filon.kit.errors import Refused
from filon.leads.events import FieldsChanged, LeadCaptured
from filon.leads.models import Company, Lead, Person
from filon.leads.search import index, queries

Submit = Callable[..., Lead]


def catch_up(at: datetime) -> int:
    """What the clock's job does."""
    done, is_last = 0, False
    while not is_last:
        leads, is_last = index.index_part(at=at)
        done += leads
    return done


@pytest.fixture
def morel(submit: Submit) -> Lead:
    return submit(
        full_name="Claire Morel-Été",
        email="c.morel@sogetrel.fr",
        phone="+33612345678",
        job_title="Directrice des opérations",
        company__name="Groupe Sogetrel",
    )


@pytest.mark.parametrize(
    "typed",
    [
        "claire",
        "MOREL",
        "ete",
        "été cla",
        "sogetrel",
        "sog mor",
        "directrice",
        "operations claire",
        "c.morel@soge",
        "06 12 34",
        "+336123",
    ],
)
def test_a_lead_is_found_by_the_beginning_of_its_words(
    db: None, admin: Actor, at: datetime, morel: Lead, submit: Submit, typed: str
) -> None:
    submit(full_name="Karim Haddad", company__name="Bessonnet")
    catch_up(at)
    assert queries.lead_ids(typed, by=admin) == [morel.pk]
    assert queries.matching(typed, by=admin, limit=10) == [morel.pk]


@pytest.mark.parametrize("typed", ["laire", "claire haddad", "", "  ", "'", '" OR *', "\0", "%", "a"])
def test_nothing_is_found_by_anything_else(db: None, admin: Actor, at: datetime, morel: Lead, typed: str) -> None:
    catch_up(at)
    assert queries.lead_ids(typed, by=admin) == []


@pytest.mark.parametrize(
    "typed", ["C.Morel@Sogetrel.FR", "mailto:c.morel@sogetrel.fr", "06 12 34 56 78", "+33612345678"]
)
def test_a_lead_just_created_is_found_by_its_identifiers_before_any_index_knows_it(
    db: None, admin: Actor, morel: Lead, typed: str
) -> None:
    assert queries.lead_ids(typed, by=admin) == [morel.pk]


def test_an_identifier_comes_first_and_once(db: None, admin: Actor, at: datetime, submit: Submit) -> None:
    exact = submit(full_name="Zoé Autre", email="ana@acier.fr")
    submit(full_name="Ana Acier", company__name="Ana Acier FR")
    catch_up(at)
    found = queries.lead_ids("ana@acier.fr", by=admin)
    assert found[0] == exact.pk
    assert len(found) == len(set(found)) == 2


def test_whole_words_rank_before_beginnings_and_names_before_companies(
    db: None, admin: Actor, at: datetime, submit: Submit
) -> None:
    by_company = submit(full_name="Zoé Durand", company__name="Martin")
    company_begins = submit(full_name="Zoé Durand", company__name="Groupe Martinet")
    begins = submit(full_name="Léa Martinez")
    whole = submit(full_name="Martin Petit")
    catch_up(at)
    found = queries.lead_ids("martin", by=admin)
    assert found == [whole.pk, by_company.pk, begins.pk, company_begins.pk]


def test_open_leads_rank_before_closed_ones_and_newer_before_older(
    db: None, admin: Actor, at: datetime, submit: Submit
) -> None:
    closed = submit(full_name="Ana Petit", stage="lost")
    older, newer = submit(full_name="Ana Petit"), submit(full_name="Ana Petit")
    catch_up(at)
    assert queries.lead_ids("ana petit", by=admin) == [newer.pk, older.pk, closed.pk]


def test_search_costs_at_most_three_statements(
    db: None, admin: Actor, at: datetime, morel: Lead, django_assert_max_num_queries: Any
) -> None:
    catch_up(at)
    with django_assert_max_num_queries(3):
        assert queries.lead_ids("claire", by=admin)


def test_a_manager_finds_their_teams_leads_only(
    db: None, at: datetime, submit: Submit, make_user: Callable[..., User]
) -> None:
    team, other = (Team.objects.create(name=name, name_folded=name, created_at=at) for name in ("mine", "theirs"))
    own = submit(full_name="Ana Un", email="un@acier.fr", owner=make_user("sdr", team=team))
    submit(full_name="Ana Deux", email="deux@acier.fr", owner=make_user("sdr", team=other))
    catch_up(at)
    manager = access.of_user(make_user("manager", team=team))
    assert queries.lead_ids("ana", by=manager) == [own.pk]
    assert queries.matching("ana", by=manager, limit=10) == [own.pk]
    assert queries.lead_ids("deux@acier.fr", by=manager) == []


def test_search_asks_for_the_right_to_see_leads(db: None) -> None:
    with pytest.raises(Refused):
        queries.lead_ids("claire", by=access.ANONYMOUS)


# The index ------------------------------------------------------------------------------------------------------------


def test_a_lead_is_found_by_its_new_name_and_company_and_no_longer_by_the_old(
    db: None, admin: Actor, at: datetime, morel: Lead
) -> None:
    catch_up(at)
    Person.objects.filter(pk=morel.person_id).update(full_name="Claire Dubois", full_name_folded="claire dubois")
    Company.objects.filter(pk=morel.company_id).update(name="Valnéo", name_folded="valneo")
    told = [
        FieldsChanged(at=at, of="person", fields=["full_name"], old={}, new={}, person_id=morel.person_id),
        FieldsChanged(at=at, of="company", fields=["name"], old={}, new={}, company_id=morel.company_id),
    ]
    ledger.append(told[:1], by=admin, learnt_at=at)
    assert catch_up(at) == 1
    assert queries.lead_ids("dubois", by=admin) == [morel.pk]
    ledger.append(told[1:], by=admin, learnt_at=at)
    catch_up(at)
    assert queries.lead_ids("valneo", by=admin) == [morel.pk]
    assert queries.lead_ids("morel-ete", by=admin) == []
    assert queries.lead_ids("groupe", by=admin) == []


def test_the_index_goes_on_where_it_was_in_parts(
    db: None, admin: Actor, at: datetime, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "FACTS", 2)
    monkeypatch.setattr(index, "LEADS", 1)
    leads = [submit(full_name=f"Ana Numéro{number}") for number in range(5)]
    assert index.index_part(at=at) == (2, False)
    assert catch_up(at) == 3
    assert set(queries.lead_ids("ana", by=admin)) == {lead.pk for lead in leads}
    assert index.index_part(at=at) == (0, True)


def test_the_clocks_job_indexes_everything_and_ends(db: None, admin: Actor, at: datetime, morel: Lead) -> None:
    jobs.enqueue(index.JOB, {}, at=at)
    jobs.run_due(at)
    assert Job.objects.get().state == Job.State.DONE
    assert queries.lead_ids("morel", by=admin) == [morel.pk]


def test_a_tick_without_news_leaves_no_job_behind(db: None, admin: Actor, at: datetime, morel: Lead) -> None:
    catch_up(at)
    jobs.enqueue(index.JOB, {}, at=at)
    assert jobs.run_due(at) == 1
    assert not Job.objects.exists()


def test_leads_that_are_gone_are_not_found_and_leave_the_index_when_their_import_was_undone(
    db: None, admin: Actor, at: datetime, submit: Submit
) -> None:
    gone, kept = submit(full_name="Ana Partie"), submit(full_name="Ana Reste")
    ledger.append(
        [
            LeadCaptured(at=at, lead_id=lead.pk, person_id=lead.person_id, door="file", channel="web")
            for lead in (gone, kept)
        ],
        by=admin,
        learnt_at=at,
        import_id=7,
    )
    catch_up(at)
    assert indexed() == 2
    Lead.objects.filter(pk=gone.pk).delete()
    assert queries.lead_ids("ana", by=admin) == [kept.pk]
    from filon.capture.events import ImportUndone

    ledger.append([ImportUndone(at=at, imported_id=7)], by=admin, learnt_at=at)
    catch_up(at)
    jobs.run_due(at + timedelta(hours=3))
    assert indexed() == 1
    assert queries.lead_ids("ana", by=admin) == [kept.pk]


def test_the_index_can_be_made_anew_from_the_tables(db: None, admin: Actor, at: datetime, morel: Lead) -> None:
    catch_up(at)
    Person.objects.filter(pk=morel.person_id).update(full_name_folded="renamed past the ledger")
    assert index.rebuild(at=at) == 1
    assert queries.lead_ids("renamed", by=admin) == [morel.pk]
    assert queries.lead_ids("claire", by=admin) == []
    assert indexed() == 1


def indexed() -> int:
    if sql.is_postgresql():
        return int(sql.fetch("SELECT COUNT(*) FROM leads_search")[0][0])
    return int(sql.fetch("SELECT COUNT(*) FROM leads_search_docsize")[0][0])


# Companies and people -------------------------------------------------------------------------------------------------


def test_companies_are_found_by_how_they_begin_and_through_their_leads(
    db: None, admin: Actor, at: datetime, morel: Lead
) -> None:
    alone = Company.objects.create(name="Sogexia", name_folded="sogexia", city="Lyon", created_at=at, updated_at=at)
    catch_up(at)
    found = queries.companies("soge", queries.lead_ids("soge", by=admin), by=admin)
    assert [each.id for each in found] == [alone.pk, morel.company_id]
    assert found[0].about == "Lyon"
    assert [each.id for each in queries.companies("groupe s", [], by=admin)] == [morel.company_id]


def test_people_without_a_lead_are_found_too(db: None, admin: Actor, at: datetime, morel: Lead) -> None:
    alone = Person.objects.create(
        full_name="Claire Nette", full_name_folded="claire nette", created_at=at, updated_at=at
    )
    catch_up(at)
    found = queries.people("claire", queries.lead_ids("claire", by=admin), by=admin)
    assert [each.id for each in found] == [alone.pk]
    assert queries.people("100%_", [], by=admin) == []


# Following the ledger -------------------------------------------------------------------------------------------------


def tell(count: int, at: datetime, admin: Actor) -> list[int]:
    events = [
        LeadCaptured(at=at, lead_id=number, person_id=number, door="file", channel="web")
        for number in range(1, count + 1)
    ]
    return list(ledger.append(events, by=admin, learnt_at=at))


def read(position: following.Position, at: datetime, limit: int = 100) -> following.Part:
    return following.part_after(position, ["lead_id"], at=at, limit=limit)


def test_a_follower_reads_every_fact_once(db: None, admin: Actor, at: datetime) -> None:
    ids = tell(5, at, admin)
    part, seen = following.Part([], following.Position(ids[0] - 1), is_last=False), []
    while not part.is_last:
        part = read(part.position, at, limit=2)
        seen += [fact[0] for fact in part.facts]
    assert seen == ids
    assert read(part.position, at).facts == []


def test_a_follower_keeps_its_place_and_only_one_of_two_may_move_it(db: None, at: datetime) -> None:
    assert following.load("test") == following.Position()
    gap = following.Gap(3, 4, at.timestamp())
    assert following.save("test", following.Position(), following.Position(5, (gap,)), at=at)
    assert following.load("test") == following.Position(5, (gap,))
    assert not following.save("test", following.Position(), following.Position(9), at=at)
    assert following.load("test").id == 5


def test_facts_that_come_late_into_a_gap_are_read_when_they_come(db: None, admin: Actor, at: datetime) -> None:
    if not sql.is_postgresql():
        pytest.skip("on SQLite facts come in the order of their ids")
    first, late, more, last = tell(4, at, admin)
    hidden = sql.fetch("SELECT * FROM core_fact WHERE id IN (%s, %s) ORDER BY id", [late, more])
    start = following.Position(first - 1)
    gone = [following.Gap(late, more, at.timestamp())]
    assert [fact[0] for fact in read(start, at).facts] == [first, late, more, last]
    # As a reader sees it before the writer of the two has committed: it knows the last, and a gap.
    position = following.Position(last, tuple(gone))
    part = read(position, at)
    assert [fact[0] for fact in part.facts] == [late, more]
    assert part.position == following.Position(last)
    assert len(hidden) == 2


def test_a_gap_is_given_up_when_its_writer_must_be_gone(db: None, admin: Actor, at: datetime) -> None:
    if not sql.is_postgresql():
        pytest.skip("on SQLite facts come in the order of their ids")
    [last] = tell(1, at, admin)
    gap = following.Gap(last + 5, last + 9, at.timestamp())
    position = following.Position(last + 9, (gap,))
    assert read(position, at + timedelta(minutes=59)).position.gaps == (gap,)
    assert read(position, at + timedelta(minutes=61)).position.gaps == ()
