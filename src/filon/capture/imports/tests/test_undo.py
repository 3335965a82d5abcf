"""An import taken back: as if it had never been, but for what people have worked on since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from filon.capture.imports import commands, undo
from filon.capture.imports.tests.test_imports import Take, counts, plan, take
from filon.capture.models import Import
from filon.core import access, ledger, line
from filon.core.access import SYSTEM, Actor
from filon.core.conditions.sql import LIVE_FACT_SQL
from filon.core.line import Batch, Entry
from filon.core.models import Fact, User
from filon.kit import sql
from filon.leads import giving_back, moving
from filon.leads.events import FieldsChanged, OwnerChanged
from filon.leads.models import Campaign, Company, CompanyKey, Consent, Finding, Identifier, Lead, Person, SourceRecord
from tests.frame.effort import examples

__all__ = ["take"]  # the fixture


def take_back(imported: Import, at: datetime) -> undo.Undone:
    undo.start_undo(imported.pk, by=SYSTEM, at=at)
    *_, last = undo.run_undo(imported.pk, at=at)
    imported.refresh_from_db()
    assert imported.state == "undone"
    return last


def live(kind: str) -> list[tuple[int, ...]]:
    """The leads of facts of a kind that count."""
    return sql.fetch(f"SELECT fact.lead_id FROM core_fact fact WHERE fact.kind = %s AND {LIVE_FACT_SQL}", [kind])


def log_call(email: str, by: Actor, at: datetime) -> None:
    entry = Entry(kind="event", door="manual", at=at, values={"kind": "call_logged", "email": email})
    line.run_with_retries(lambda: Batch([entry], by=by, at=at))


def come_by_form(email: str, at: datetime) -> None:
    entry = Entry(kind="lead", door="form", at=at, values={"email": email})
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at))


@pytest.fixture
def sdr(make_user: Callable[..., User]) -> Actor:
    return access.of_user(make_user("sdr"))


# Stages ---------------------------------------------------------------------------------------------------------------


def test_a_lead_whose_person_came_again_stays_closed_and_is_said_to_be_kept(take: Take, at: datetime) -> None:
    take("external_id,email\n1,a@b.fr\n")
    second = take("external_id,email,outcome,reason\n1,a@b.fr,lost,price\n")
    come_by_form("a@b.fr", at)
    assert take_back(second, at).kept == 1
    old, new = Lead.objects.order_by("id")
    assert (old.stage, old.is_open, old.reason, new.stage != "lost") == ("lost", False, "price", True)
    told = Fact.objects.filter(lead_id=old.pk, kind="stage_changed").last()
    assert (told.import_id, told.payload["to_stage"]) == (None, "lost")  # the ledger says what the list shows
    assert old.pk in {row[0] for row in live("stage_changed")}


def test_a_lead_returns_to_where_and_since_when_it_stood(take: Take, sdr: Actor, at: datetime) -> None:
    take("external_id,email\n1,a@b.fr\n")
    lead = Lead.objects.get()
    moving.move_leads([moving.Move(lead.pk, "nurturing")], by=sdr, at=at + timedelta(hours=1))
    lead.refresh_from_db()
    before = (lead.stage, lead.stage_since, lead.is_open, lead.reason, lead.reached)
    second = take("external_id,email,outcome,outcome_at,reason\n1,a@b.fr,won,2026-02-01,liked\n")
    take_back(second, at)
    lead.refresh_from_db()
    assert (lead.stage, lead.stage_since, lead.is_open, lead.reason, lead.reached) == before


def test_an_import_that_closes_a_lead_and_opens_another_goes_back(
    take: Take, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "IDLE_BATCH", 1)
    take("external_id,email\n1,a@b.fr\n")
    second = take("external_id,email,outcome\n1,a@b.fr,lost\n2,a@b.fr,\n")
    assert Lead.objects.count() == 2
    assert take_back(second, at).kept == 0
    assert Lead.objects.get().stage == "captured"


def test_a_move_before_the_import_can_be_taken_back_after_its_undo(take: Take, sdr: Actor, at: datetime) -> None:
    take("external_id,email\n1,a@b.fr\n")
    lead = Lead.objects.get()
    moving.move_leads([moving.Move(lead.pk, "qualifying")], by=sdr, at=at)
    [own] = moving.last_moves([lead.pk]).values()
    take_back(take("external_id,email,stage\n1,a@b.fr,sql\n"), at)
    assert moving.last_moves([lead.pk]) == {lead.pk: own}
    assert moving.undo_moves([own], by=sdr, at=at) == [None]
    lead.refresh_from_db()
    assert (lead.stage, lead.reached) == ("captured", 0)


def test_a_move_after_an_undone_import_does_not_go_back_to_what_it_said(take: Take, sdr: Actor, at: datetime) -> None:
    take("external_id,email\n1,a@b.fr\n")
    lead = Lead.objects.get()
    second = take("external_id,email,stage\n1,a@b.fr,mql\n")
    moving.move_leads([moving.Move(lead.pk, "sql")], by=sdr, at=at)
    take_back(second, at)
    lead.refresh_from_db()
    assert lead.stage == "sql"
    [own] = moving.last_moves([lead.pk]).values()
    assert moving.undo_moves([own], by=sdr, at=at) == [None]
    lead.refresh_from_db()
    assert (lead.stage, lead.reached) == ("captured", 0)


# Fields ---------------------------------------------------------------------------------------------------------------


def test_a_field_and_its_folded_twin_return_together(take: Take, at: datetime) -> None:
    take("external_id,email\n1,a@b.fr\n")
    take_back(take("external_id,email,job_title\n1,a@b.fr,Directeur\n"), at)
    person = Person.objects.get()
    assert (person.job_title, person.job_title_folded) == ("", "")


def test_decimals_and_numbers_return(take: Take, at: datetime) -> None:
    head = "external_id,company.name,company.domain,company.revenue,company.employees\n"
    take(f"{head}1,Acier,acier.fr,100.5,10\n", "companies")
    take_back(take(f"{head}1,Acier,acier.fr,200,20\n", "companies"), at)
    company = Company.objects.get()
    assert (str(company.revenue), company.employees) == ("100.50", 10)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_value_of_an_undone_import_never_comes_back(take: Take, at: datetime, order: tuple[int, int]) -> None:
    take("external_id,email,city,stage,Score\n1,a@b.fr,Lyon,captured,1\n")
    later = [take(f"external_id,email,city,stage,Score\n1,a@b.fr,{said}\n") for said in ("Paris,mql,2", "Nice,sql,3")]
    for number in order:
        take_back(later[number], at)
    lead = Lead.objects.select_related("person").get()
    assert (lead.person.city, lead.stage, lead.reached, lead.attributes) == ("Lyon", "captured", 0, {"Score": "1"})


def test_the_newest_value_that_counts_comes_back(take: Take, at: datetime) -> None:
    later = [take(f"external_id,email,city\n1,a@b.fr,{city}\n") for city in ("Lyon", "Paris", "Nice", "Rome")]
    take_back(later[2], at)
    assert Person.objects.get().city == "Rome"
    take_back(later[3], at)
    assert Person.objects.get().city == "Paris"


def test_owner_and_origin_return_however_they_were_told(
    take: Take, at: datetime, make_user: Callable[..., User]
) -> None:
    ana, ben = make_user("sales", name="Ana"), make_user("sales", name="Ben")
    take("external_id,email\n1,a@b.fr\n2,c@b.fr\n")
    fair = Campaign.objects.create(name="Salon", name_folded="salon", created_at=at)
    second = take("external_id,email,city\n1,a@b.fr,Lyon\n2,c@b.fr,Lyon\n")
    by_id, by_name = Lead.objects.order_by("id")
    origin = {"source": "Stand", "channel": "event"}
    facts: list[ledger.Event] = [OwnerChanged(at=at, lead_id=by_id.pk, from_owner_id=ana.pk, to_owner_id=ben.pk)]
    for lead, owner, campaign in ((by_id, None, fair.pk), (by_name, "Ben", "Salon")):
        new = {**origin, "campaign": campaign, **({"owner": owner} if owner else {})}
        old = {"source": "", "channel": "unknown", "campaign": None, **({"owner": "Ana"} if owner else {})}
        facts.append(FieldsChanged(at=at, of="lead", fields=sorted(new), old=old, new=new, lead_id=lead.pk))
    ledger.append(facts, by=SYSTEM, learnt_at=at, import_id=second.pk)
    Lead.objects.update(owner=ben, campaign=fair, source_folded="stand", **origin)
    take_back(second, at)
    for lead in Lead.objects.all():
        assert (lead.owner_id, lead.campaign_id, lead.source, lead.source_folded, lead.channel) == (
            ana.pk,
            None,
            "",
            "",
            "unknown",
        )


# Names ----------------------------------------------------------------------------------------------------------------


def test_what_the_import_alone_gave_rise_to_is_no_longer_to_be_known(take: Take, at: datetime) -> None:
    imported = take("external_id,email,channel\n1,a@b.fr,carrier pigeon\n2,c@d.fr,smoke\n")
    Finding.objects.filter(subject__contains="smoke").update(last_at=imported.finished_at + timedelta(days=1))
    take_back(imported, at)
    (left,) = Finding.objects.filter(code="unknown_channel")
    assert "smoke" in left.subject


def test_the_last_act_of_a_lead_is_again_the_one_before_the_import(take: Take, sdr: Actor, at: datetime) -> None:
    take("external_id,email,captured_at\n1,a@b.fr,2026-01-05\n2,c@d.fr,2026-01-05\n")
    log_call("a@b.fr", sdr, at - timedelta(hours=2))
    before = list(Lead.objects.order_by("id").values_list("last_act", "last_act_at"))
    later = (at - timedelta(hours=1)).isoformat()
    rows = "".join(f"{email},demo_requested,{later}\n" for email in ("a@b.fr", "c@d.fr"))
    acts = take(f"email,kind,at\n{rows}", kind="events")
    assert set(Lead.objects.values_list("last_act", flat=True)) == {"demo_requested"}
    take_back(acts, at + timedelta(hours=1))
    assert list(Lead.objects.order_by("id").values_list("last_act", "last_act_at")) == before


def test_a_name_that_the_import_gave_goes_with_it(take: Take, at: datetime) -> None:
    take("email,company.name\na@b.fr,Acier\n")
    second = take("external_id,email,company.name,company.domain\n42,a@b.fr,Acier,acier.fr\n")
    assert Identifier.objects.count() == 2
    take_back(second, at)
    assert list(Identifier.objects.values_list("value")) == [("a@b.fr",)]
    assert not CompanyKey.objects.filter(value="acier.fr").exists()
    take("external_id,email\n42,c@d.fr\n")
    assert sorted(Person.objects.values_list("email", flat=True)) == ["a@b.fr", "c@d.fr"]


# What stays -----------------------------------------------------------------------------------------------------------


def test_a_kept_lead_is_met_again_and_not_doubled(take: Take, sdr: Actor, at: datetime) -> None:
    file = "external_id,email,stage,company.name\n1,a@b.fr,mql,Acier\n2,c@b.fr,mql,Bois\n"
    first = take(file)
    log_call("a@b.fr", sdr, at)
    assert take_back(first, at).kept == 3  # the lead, its person and their company
    kept = Lead.objects.select_related("person", "company").get()
    assert (kept.person.email, kept.company.name, kept.stage, kept.reached) == ("a@b.fr", "Acier", "captured", 0)
    assert live("stage_changed") == []  # the list and the ledger agree
    assert counts(take(file)) == (2, 1, 1, 0, 0)
    assert sorted(Lead.objects.values_list("person__email", "stage")) == [("a@b.fr", "mql"), ("c@b.fr", "mql")]
    assert SourceRecord.objects.count() == 2


def test_the_same_file_does_not_revert_what_a_colleague_moved(take: Take, sdr: Actor, at: datetime) -> None:
    file = "external_id,email,stage\n1,a@b.fr,mql\n"
    first = take(file)
    lead = Lead.objects.get()
    moving.move_leads([moving.Move(lead.pk, "sql")], by=sdr, at=at)
    take_back(first, at)
    take(file)
    assert list(Lead.objects.values_list("id", "stage")) == [(lead.pk, "sql")]


# How it goes ----------------------------------------------------------------------------------------------------------


def test_a_killed_undo_goes_on_and_each_page_is_a_short_one(
    take: Take, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving_back, "PAGE", 3)
    monkeypatch.setattr(undo, "_CHUNK", 3)
    rows = [f"{number},p{number}@b.fr" for number in range(10)]
    take("external_id,email,city,stage\n" + "".join(f"{row},Lyon,captured\n" for row in rows))
    before = snapshot()
    second = take("external_id,email,city,stage\n" + "".join(f"{row},Paris,mql\n" for row in [*rows, "11,p11@b.fr"]))
    for stop in range(1, 6):
        undo.start_undo(second.pk, by=SYSTEM, at=at)
        steps = undo.run_undo(second.pk, at=at)
        for _ in range(stop):
            next(steps)
        steps.close()
    undo.start_undo(second.pk, by=SYSTEM, at=at)
    for _ in undo.run_undo(second.pk, at=at):
        pass
    assert snapshot() == before


def test_rows_are_locked_while_they_go_back(take: Take, at: datetime) -> None:
    if not sql.is_postgresql():
        pytest.skip("SQLite has one writer")
    take("external_id,email,city\n1,a@b.fr,Lyon\n")
    second = take("external_id,email,city\n1,a@b.fr,Paris\n")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        take_back(second, at)
    reads = [query["sql"] for query in queries if 'FROM "leads_person" WHERE id' in query["sql"]]
    assert reads
    assert all("FOR UPDATE" in statement for statement in reads)


# Any sequence ---------------------------------------------------------------------------------------------------------

_NOT_COMPARED = {"updated_at", "version", "fit", "grade", "probability", "engagement_log"}
"""What tells that a row was touched, and what a job judges anew."""


def snapshot() -> dict[str, Any]:
    """Every row that imports of leads write, and what figures count of the ledger."""
    rows = {
        model.__name__: [
            {name: value for name, value in row.items() if name not in _NOT_COMPARED}
            for row in model._default_manager.order_by("pk").values()
        ]
        for model in (Company, CompanyKey, Person, Identifier, Lead)
    }
    funnel = sql.fetch(
        "SELECT fact.lead_id, fact.kind, fact.payload FROM core_fact fact "
        f"WHERE fact.kind IN ('lead_captured', 'stage_changed') AND {LIVE_FACT_SQL} ORDER BY fact.id"
    )
    return {**rows, "funnel": [(lead, kind, sql.as_json(payload)) for lead, kind, payload in funnel]}


_COLUMNS = "external_id,email,city,job_title,stage,outcome,company.name,company.revenue,owner,source,Score"
_people = st.sampled_from(
    [
        (f"{key},{email}", f"{company},", f"{owner},{source}")
        for key, email, company, owner, source in (
            ("1", "a@b.fr", "Acier", "Ana", "Salon"),
            ("1", "a@b.fr", "", "Ana", "Salon"),
            ("2", "c@d.fr", "Bois", "Ben", "Site"),
            ("3", "c@d.fr", "Bois", "Ben", "Site"),  # a second journey of the same person
            ("", "e@f.fr", "Acier", "Ana", "Salon"),
            ("5", "", "Cuir", "Ana", "Site"),
            ("5", "g@h.fr", "Cuir", "Ana", "Site"),
        )
    ]
)
_rows = st.builds(
    lambda who, city, job, stage, revenue, score: f"{who[0]},{city},{job},{stage},{who[1]}{revenue},{who[2]},{score}\n",
    _people,
    st.sampled_from(["", "Lyon", "Paris", "Nîmes"]),
    st.sampled_from(["", "Directeur", "Élève"]),
    st.sampled_from([",", "mql,", "sql,", ",won", ",lost", "nurturing,"]),
    st.sampled_from(["", "100", "200.50"]),
    st.sampled_from(["", "1", "2"]),
)
_files = st.lists(
    st.lists(_rows, min_size=1, max_size=4).map(lambda rows: f"{_COLUMNS}\n{''.join(rows)}"), min_size=2, max_size=3
)


@examples(
    30,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(files=_files)
def test_undoing_the_last_import_is_as_never_having_imported_it(
    files: list[str], db: None, at: datetime, settings: Any
) -> None:
    with TemporaryDirectory() as folder, transaction.atomic():
        settings.FILON_DATA_DIR = Path(folder)
        for file in files:
            before = snapshot()
            imported = plan(file, "leads", at)
            commands.start_import(imported.pk, by=SYSTEM)
            for _ in commands.run_import(imported.pk, by=SYSTEM, now=lambda: at):
                pass
        assert take_back(imported, at).kept == 0
        after = snapshot()
        for table, rows in before.items():
            assert after[table] == rows
        transaction.set_rollback(True)


def test_who_has_filled_in_our_form_since_stays(take: Take, at: datetime) -> None:
    imported = take("external_id,email\n1,a@b.fr\n")
    entry = Entry(kind="lead", door="form", at=at, values={"email": "a@b.fr", "message": "Rappelez-moi"})
    visitor = Actor("form", 1, permissions=SYSTEM.permissions)
    line.run_with_retries(lambda: Batch([entry], by=visitor, at=at))
    take_back(imported, at)
    assert Person.objects.get().email == "a@b.fr"
    assert Lead.objects.count() == 1


def test_whom_another_system_lists_too_stays_though_it_told_nothing_new(take: Take, at: datetime) -> None:
    rows = "external_id,email,last_name,company\n1,claire@sogetrel.fr,Morel,Sogetrel\n2,jean@spie.fr,Petit,Spie\n"
    first = take(rows, system="hubspot")
    second = take(rows.splitlines()[0] + "\n" + rows.splitlines()[1], system="pipedrive")
    assert second.created == 0
    take_back(first, at)
    assert list(Person.objects.values_list("email", flat=True)) == ["claire@sogetrel.fr"]
    assert Lead.objects.get().import_id is None
    assert SourceRecord.objects.get(kind="lead", system="pipedrive").record_id == Lead.objects.get().pk


# Consents -------------------------------------------------------------------------------------------------------------


def say(email: str, at: datetime, *, is_given: bool, door: str = "form", import_id: int | None = None) -> None:
    """What somebody, or a file, says of consent to be written to."""
    entry = Entry(kind="lead", door=door, at=at, values={"email": email, "consent.email": is_given})
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at, import_id=import_id))


def consent_of(email: str) -> tuple[str, str, int | None] | None:
    return Consent.objects.filter(person__email=email).values_list("state", "door", "import_id").first()


def test_a_consent_that_an_import_said_again_outlives_its_undoing(take: Take, at: datetime) -> None:
    say("claire@sogetrel.fr", at, is_given=True)
    imported = take("email\nx@y.fr\n")
    say("claire@sogetrel.fr", at + timedelta(days=1), is_given=False, door="file", import_id=imported.pk)
    assert consent_of("claire@sogetrel.fr") == ("refused", "file", imported.pk)
    take_back(imported, at)
    assert consent_of("claire@sogetrel.fr") == ("given", "form", None)
    assert Consent.objects.get().at == at


def test_a_consent_goes_back_to_what_counts_through_imports_undone_in_any_order(take: Take, at: datetime) -> None:
    first, second = take("email\nx@y.fr\n"), take("email\nz@y.fr\n")
    come_by_form("claire@sogetrel.fr", at)
    say("claire@sogetrel.fr", at, is_given=True, door="file", import_id=first.pk)
    say("claire@sogetrel.fr", at, is_given=False, door="file", import_id=second.pk)
    take_back(first, at)
    assert consent_of("claire@sogetrel.fr") == ("refused", "file", second.pk)
    take_back(second, at)
    assert consent_of("claire@sogetrel.fr") is None


@pytest.mark.parametrize(("is_given", "left"), [(True, None), (False, "refused")])
def test_who_stays_after_an_undoing_keeps_a_refusal_and_no_consent(
    take: Take, at: datetime, sdr: Actor, is_given: bool, left: str | None
) -> None:
    imported = take("email\nclaire@sogetrel.fr\n")
    say("claire@sogetrel.fr", at, is_given=is_given, door="file", import_id=imported.pk)
    log_call("claire@sogetrel.fr", sdr, at)
    assert take_back(imported, at).kept
    found = consent_of("claire@sogetrel.fr")
    assert (found[0] if found else None) == left
