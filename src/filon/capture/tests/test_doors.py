"""The API's doors: one answer a submission, one effect a key, and nothing lost when the line breaks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from filon.core import access, inbox, keys, line
from filon.core.access import SYSTEM, Actor
from filon.core.models import ApiKey, Fact, InboxEntry
from filon.leads.models import Consent, Finding, Lead, Person, Segment

KEY = "filon_" + "k" * 43


@pytest.fixture
def post(db: None) -> Callable[..., Any]:
    """POST JSON with a key that may do everything."""
    return _poster("admin")


def _poster(*scopes: str) -> Callable[..., Any]:
    keys._cache.clear()
    ApiKey.objects.create(
        name="test", prefix=KEY[:10], key_hash=keys.hash_of(KEY), scopes=list(scopes), created_at=timezone.now()
    )

    def post(path: str, body: Any, key: str = "", **headers: str) -> Any:
        more = {"Idempotency-Key": key} if key else {}
        return Client().post(
            f"/api/v1{path}",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {KEY}", **more, **headers},
        )

    return post


def test_a_submission_is_answered_with_what_became_of_it(post: Callable[..., Any]) -> None:
    answer = post("/leads", {"email": "Claire.Morel@Sogetrel.FR", "phone": "06 12 34 56 78", "source": "Google"})
    assert answer.status_code == 201
    body = answer.json()
    lead = Lead.objects.get(pk=body["id"])
    assert body["person_id"] == lead.person_id
    assert body["matched"] is False
    assert lead.person.email == "claire.morel@sogetrel.fr"
    assert lead.person.phone == "+33612345678"
    assert lead.channel == "organic_search"
    assert {"id", "person_id", "company_id", "stage", "route", "owner", "score", "matched"} <= body.keys()


@pytest.mark.parametrize(
    "body",
    [
        {"company": {"name": "Sogetrel", "employees": 250}, "attributes": {"Besoin": "planning"}},
        {"company.name": "Sogetrel", "company.employees": 250, "attributes.Besoin": "planning"},
        {"company": {"name": "Sogetrel"}, "company.employees": 250, "attributes": {"Besoin": "planning"}},
    ],
)
def test_dotted_names_mean_what_nested_ones_do(post: Callable[..., Any], body: dict[str, Any]) -> None:
    lead = Lead.objects.get(pk=post("/leads", {"external_id": "7", **body}).json()["id"])
    assert lead.company is not None
    assert (lead.company.name, lead.company.employees) == ("Sogetrel", 250)
    assert lead.attributes == {"Besoin": "planning"}


def test_a_program_says_what_a_person_allows_and_lifts_no_refusal(post: Callable[..., Any]) -> None:
    def states() -> dict[str, str]:
        return dict(Consent.objects.values_list("purpose", "state"))

    post("/leads", {"email": "a@b.fr", "consent": {"email": True, "tracking": False}})
    assert states() == {"email": "given", "tracking": "refused"}
    post("/leads", {"email": "a@b.fr", "consent.email": False, "consent.tracking": True})
    assert states() == {"email": "refused", "tracking": "refused"}
    assert post("/leads", {"email": "a@b.fr", "consent": {"telephone": True}}).status_code == 422


def test_what_was_received_is_kept_as_it_came(post: Callable[..., Any]) -> None:
    post("/leads", {"email": "A@B.fr"})
    entry = InboxEntry.objects.get()
    assert entry.status == "done"
    assert entry.payload["body"] == {"email": "A@B.fr"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"first_name": "Claire"}, ""),
        ({"email": "not an address"}, "email"),
        ({"email": "a@b.fr", "foo": 1}, "foo"),
        ({"email": "a@b.fr", "company": {"siren": "123"}}, "company.siren"),
        ({"email": "a@b.fr", "class": "alien"}, "class"),
        ({"email": "a@b.fr", "captured_at": "1066-10-14T00:00:00Z"}, "captured_at"),
        ({"email": 7}, "email"),
    ],
)
def test_a_wrong_submission_names_its_field_and_leaves_nothing(
    post: Callable[..., Any], body: dict[str, Any], field: str
) -> None:
    answer = post("/leads", body)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert field in [error["field"].removeprefix("body.") for error in answer.json()["errors"]]
    assert Person.objects.count() == 0


def test_the_same_key_again_gives_the_first_answer_and_no_second_effect(post: Callable[..., Any]) -> None:
    first = post("/leads", {"email": "a@b.fr"}, key="k1")
    again = post("/leads", {"email": "a@b.fr"}, key="k1")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert Fact.objects.filter(kind="submitted").count() == 1


def test_the_same_key_with_another_body_is_refused(post: Callable[..., Any]) -> None:
    post("/leads", {"email": "a@b.fr"}, key="k1")
    answer = post("/leads", {"email": "c@b.fr"}, key="k1")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Person.objects.count() == 1


def test_a_refusal_is_replayed_too(post: Callable[..., Any]) -> None:
    first = post("/leads", {"first_name": "Claire"}, key="k1")
    again = post("/leads", {"first_name": "Claire"}, key="k1")
    assert first.status_code == again.status_code == 422
    assert first.json() == again.json()


def test_one_key_on_two_routes_is_two_keys(post: Callable[..., Any]) -> None:
    post("/leads", {"email": "a@b.fr"}, key="k1")
    assert post("/events", {"events": [{"kind": "replied", "email": "a@b.fr"}]}, key="k1").status_code == 201


def test_the_second_of_two_under_one_key_in_one_bunch_is_told_to_wait(db: None, at: datetime) -> None:
    from filon.capture import doors

    bunch = [doors.arrival(doors.LEADS, {"email": "a@b.fr"}, by=SYSTEM, at=at, key="k1") for _ in range(2)]
    inbox.take(bunch)
    assert bunch[0].answer.body["created"] is True
    assert bunch[1].answer.refusal is not None
    assert bunch[1].answer.refusal.code == "idempotency_in_flight"
    assert Fact.objects.filter(kind="submitted").count() == 1


def test_without_a_key_or_scope_nothing_is_taken(db: None) -> None:
    post = _poster("kpi:read")
    assert post("/leads", {"email": "a@b.fr"}).status_code == 403
    assert post("/leads", {"email": "a@b.fr"}, Authorization="Bearer filon_wrong").status_code == 401
    assert Person.objects.count() == 0
    assert InboxEntry.objects.count() == 0


def test_a_revoked_key_is_refused(post: Callable[..., Any]) -> None:
    ApiKey.objects.update(revoked_at=timezone.now())
    assert post("/leads", {"email": "a@b.fr"}).status_code == 401


def test_acts_join_the_open_lead(post: Callable[..., Any]) -> None:
    lead_id = post("/leads", {"email": "a@b.fr"}).json()["id"]
    answer = post(
        "/events",
        {"events": [{"kind": "page_viewed", "email": "a@b.fr", "path": "/tarifs"}, {"kind": "replied", "phone": "?"}]},
    )
    assert answer.json()["accepted"] == 1
    assert [row["index"] for row in answer.json()["rejected"]] == [1]
    fact = Fact.objects.get(kind="page_viewed")
    assert (fact.lead_id, fact.path) == (lead_id, "/tarifs")


def test_an_inbound_act_of_a_stranger_opens_a_lead_and_a_page_view_does_not(post: Callable[..., Any]) -> None:
    post("/events", {"events": [{"kind": "page_viewed", "email": "a@b.fr"}]})
    assert Lead.objects.count() == 0
    post("/events", {"events": [{"kind": "demo_requested", "email": "a@b.fr", "source": "LinkedIn"}]})
    lead = Lead.objects.get()
    assert (lead.channel, lead.source) == ("social", "LinkedIn")


@pytest.mark.parametrize("body", ["", "{", "[1,2", '"text"', "null", "[]", '{"events": []}', '{"events": [{}]}'])
@pytest.mark.parametrize("path", ["/leads", "/events"])
def test_rubbish_is_a_clear_problem(post: Callable[..., Any], path: str, body: str) -> None:
    answer = post(path, body)
    assert answer.status_code in {400, 422}
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("actor_kind", "may_assign"), [("system", True), ("key", False), ("user", False), ("form", False), ("mail", False)]
)
def test_a_replay_has_no_more_rights_than_who_sent_it_has_left(db: None, actor_kind: str, may_assign: bool) -> None:
    entry = InboxEntry(actor_kind=actor_kind, actor_id=None if actor_kind == "system" else 10**6)
    assert inbox._author(entry).may("leads.assign") is may_assign


def test_what_breaks_the_line_is_quarantined_alone_and_can_be_replayed(
    db: None, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filon.capture import doors

    steps = line._lines["lead"]

    def breaks_on_bad(batch: line.Batch) -> None:
        if any(item.entry.values.get("email") == "bad@b.fr" for item in batch.items):
            raise RuntimeError("a bug of ours")

    monkeypatch.setitem(line._lines, "lead", [breaks_on_bad, *steps])
    emails = ["a@b.fr", "bad@b.fr", "c@b.fr"]
    bunch = [doors.arrival(doors.LEADS, {"email": email}, by=SYSTEM, at=at) for email in emails]
    inbox.take(bunch)
    assert [arrival.answer.refusal is None for arrival in bunch] == [True, False, True]
    entry = InboxEntry.objects.get(status="quarantined")
    assert entry.reason == "RuntimeError"
    assert inbox.replay([entry.pk], by=SYSTEM, at=at)[entry.pk] != "done"
    monkeypatch.setitem(line._lines, "lead", steps)
    assert inbox.replay([entry.pk], by=SYSTEM, at=at) == {entry.pk: "done"}
    assert sorted(Person.objects.values_list("email", flat=True)) == sorted(emails)
    entry.refresh_from_db()
    assert (entry.status, entry.attempts) == ("done", 3)


def test_naughty_strings_come_back_unchanged(post: Callable[..., Any], shared_data: Any) -> None:
    import json

    strings = [text for text in json.loads((shared_data / "strings" / "blns.json").read_text()) if text.strip()]
    strings += ["Sans\0 fin", "\0début", "\\u0000\0\\"]
    for number, text in enumerate(strings):
        answer = post(
            "/leads",
            {
                "external_id": f"n{number}",
                "first_name": text[:500],
                "last_name": text[:500],
                "job_title": text[:500],
                "city": text[:500],
                "source": text[:500],
                "message": text,
                "attributes": {"naughty": text, "na\0me": text},
                "company": {"name": text[:500], "sector": text[:500], "issues": text},
            },
        )
        assert answer.status_code == 201, (text, answer.content)
        lead = Lead.objects.select_related("person", "company").get(pk=answer.json()["id"])
        said = text.replace("\0", "")
        assert lead.person.first_name == said[:500]
        assert lead.person.job_title == said[:500]
        assert lead.source == said[:500]
        assert lead.attributes == {"naughty": said, "name": said}
        assert lead.company is not None
        assert lead.company.sector == said[:500] or lead.company.people.count() > 1
        detail = Fact.objects.get(kind="submitted", lead_id=lead.pk).detail.values
        assert detail["message"] == said


def test_nul_anywhere_in_a_body_is_taken_out(post: Callable[..., Any]) -> None:
    body = {"email": "a@b.fr", "sys\0tem": "crm", "company.na\0me": "Sogetrel\0", "attributes": {"Be\0soin": ["x\0"]}}
    lead = Lead.objects.get(pk=post("/leads", body, key="k1").json()["id"])
    assert lead.company is not None
    assert (lead.company.name, lead.attributes) == ("Sogetrel", {"Besoin": "['x']"})
    event = {"kind": "page\0_viewed", "email": "a@b.fr\0", "path": "/tarifs\0", "text": "\0Bonjour"}
    assert post("/events", {"events": [event]}, key="k1").json() == {"accepted": 1, "rejected": []}
    assert Fact.objects.get(kind="page_viewed").path == "/tarifs"
    assert "\0" not in str(list(InboxEntry.objects.values_list("payload", flat=True)))


def test_one_that_cannot_be_kept_as_it_came_is_kept_as_text_and_costs_the_others_nothing(
    db: None, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filon.capture import doors

    emails = ["a@b.fr", "bad@b.fr", "c@b.fr"]
    bunch = [doors.arrival(doors.LEADS, {"email": email}, by=SYSTEM, at=at) for email in emails]
    bunch[1].payload = {"email": "bad@b.fr", "message": "half a \ud800 and a \0"}
    inbox.take(bunch)
    assert [arrival.answer.refusal is None for arrival in bunch] == [True, False, True]
    assert bunch[1].answer.refusal is not None
    assert bunch[1].answer.refusal.code == "quarantined"
    entry = InboxEntry.objects.get(status="quarantined")
    assert set(entry.payload) == {"route", "text"}


def test_every_caller_is_answered_even_when_nothing_can_be_stored(
    db: None, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filon.capture import doors

    def breaks(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("nothing can be written")

    bunch = [doors.arrival(doors.LEADS, {"email": f"{n}@b.fr"}, by=SYSTEM, at=at) for n in range(3)]
    with monkeypatch.context() as broken:
        broken.setattr(inbox.sql, "insert_rows", breaks)
        inbox.take(bunch)
    assert [arrival.answer.refusal and arrival.answer.refusal.code for arrival in bunch] == ["not_stored"] * 3
    assert Lead.objects.count() == InboxEntry.objects.count() == 0


def test_what_was_kept_as_text_is_replayed(db: None, at: datetime) -> None:
    text = '{"email": "claire@b.fr\\u0000"}'
    entry = InboxEntry.objects.create(
        door="api",
        kind="lead",
        received_at=at,
        actor_kind="system",
        status="quarantined",
        payload={"route": "POST /api/v1/leads", "text": text},
    )
    assert inbox.replay([entry.pk], by=SYSTEM, at=at) == {entry.pk: "done"}
    assert Person.objects.get().email == "claire@b.fr"


def test_a_reason_quotes_no_value(db: None, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    from filon.capture import doors

    def breaks(batch: line.Batch) -> None:
        Segment.objects.bulk_create(
            [Segment(name="claire@b.fr", name_folded="claire@b.fr", is_shared=True, created_at=at, updated_at=at)] * 2
        )

    monkeypatch.setitem(line._lines, "lead", [breaks])
    arrival = doors.arrival(doors.LEADS, {"email": "claire@b.fr"}, by=SYSTEM, at=at)
    inbox.take([arrival])
    assert arrival.answer.refusal is not None
    assert arrival.answer.refusal.code == "quarantined"
    reason = InboxEntry.objects.get().reason
    assert reason.startswith("IntegrityError (")
    assert "claire" not in reason


def test_what_the_database_will_always_refuse_is_no_database_that_is_down(
    db: None, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filon.capture import doors

    def asks_wrongly(batch: line.Batch) -> None:
        joined = " + ".join(["%s"] * 40_000)  # too deep on SQLite, too many parameters for psycopg's protocol
        inbox.sql.fetch(f"SELECT {joined} FROM leads_nothing", [1] * 40_000)

    monkeypatch.setitem(line._lines, "lead", [asks_wrongly])
    arrival = doors.arrival(doors.LEADS, {"email": "claire@b.fr"}, by=SYSTEM, at=at)
    inbox.take([arrival])
    assert arrival.answer.refusal is not None
    assert arrival.answer.refusal.code == "quarantined"


Breaking = Callable[[bool], None]


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Breaking:
    """`breaking(True)`: from now on every lead breaks the line."""
    steps = line._lines["lead"]

    def break_line(batch: line.Batch) -> None:
        raise RuntimeError("a bug of ours")

    return lambda is_broken: monkeypatch.setitem(line._lines, "lead", [break_line] if is_broken else steps)


def test_a_key_is_one_submission_through_quarantine_and_out_of_it(post: Callable[..., Any], breaking: Breaking) -> None:
    breaking(True)
    for _ in range(2):
        answer = post("/leads", {"email": "a@b.fr"}, key="k1")
        assert (answer.status_code, answer.json()["code"]) == (500, "quarantined")
    other = post("/leads", {"email": "c@b.fr"}, key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    entry = InboxEntry.objects.get()
    assert (entry.status, entry.attempts) == ("quarantined", 2)
    breaking(False)
    first, again = (post("/leads", {"email": "a@b.fr"}, key="k1") for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    entry.refresh_from_db()
    assert (entry.status, entry.attempts, entry.reason) == ("done", 3, "")
    assert InboxEntry.objects.count() == Fact.objects.filter(kind="submitted").count() == 1
    assert Fact.objects.get(kind="submitted").at == entry.received_at


@pytest.mark.parametrize("path", ["/leads", "/opportunities"])
def test_what_a_replay_answers_is_what_a_retry_gets(
    post: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    kind = {"/leads": "lead", "/opportunities": "opportunity"}[path]
    body = {"email": "a@b.fr"} if kind == "lead" else {"name": "Affaire"}
    with monkeypatch.context() as broken:
        broken.setitem(line._lines, kind, [lambda batch: 1 / 0])
        assert post(path, body, key="k1").status_code == 500
    entry = InboxEntry.objects.get()
    assert inbox.replay([entry.pk], by=SYSTEM, at=timezone.now()) == {entry.pk: "done"}
    facts = Fact.objects.count()
    answer = post(path, body, key="k1")
    assert (answer.status_code, answer.json()["id"]) == (201, Fact.objects.values_list(f"{kind}_id", flat=True).last())
    assert post(path, body | {"attributes": {"a": "b"}}, key="k1").status_code == 422
    assert Fact.objects.count() == facts


def test_a_key_of_an_old_entry_in_quarantine_is_free_again(
    post: Callable[..., Any], breaking: Breaking, at: datetime
) -> None:
    breaking(True)
    post("/leads", {"email": "a@b.fr"}, key="k1")
    old = InboxEntry.objects.get()
    InboxEntry.objects.update(received_at=at)
    assert post("/leads", {"email": "c@b.fr"}, key="k1").json()["code"] == "quarantined"
    old.refresh_from_db()
    assert old.idempotency_key is None
    assert InboxEntry.objects.exclude(idempotency_key=None).get().payload["body"] == {"email": "c@b.fr"}


def test_an_entry_that_is_no_longer_understood_stays_and_the_others_are_replayed(
    post: Callable[..., Any], breaking: Breaking
) -> None:
    breaking(True)
    for email in ("a@b.fr", "c@b.fr"):
        post("/leads", {"email": email})
    breaking(False)
    first, second = InboxEntry.objects.order_by("id")
    InboxEntry.objects.filter(pk=first.pk).update(payload={"route": "POST /api/v0/leads", "body": {}})
    became = inbox.replay([first.pk, second.pk], by=SYSTEM, at=timezone.now())
    assert became == {first.pk: "KeyError", second.pk: "done"}


def test_a_key_for_acts_sends_acts_and_nothing_else(db: None, at: datetime) -> None:
    post = _poster("events:write")
    assert post("/events", {"events": [{"kind": "demo_requested", "email": "a@b.fr"}]}).json()["accepted"] == 1
    lead_id = Lead.objects.get().pk
    assert post("/leads", {"email": "a@b.fr", "outcome": "lost", "owner": "Me"}).status_code == 403
    assert post(f"/leads/{lead_id}/stage", {"stage": "lost", "reason": "x"}).status_code == 403
    assert post(f"/leads/{lead_id}/activities", {"kind": "note_written", "text": "x"}).status_code == 403
    assert Fact.objects.filter(kind="note_written").count() == 0


def test_a_program_gives_owners_and_takes_none_away(db: None, make_user: Callable[..., Any]) -> None:
    make_user("sdr", name="Karim")
    make_user("sdr", name="Léa")
    post = _poster("leads:write")
    post("/leads", {"email": "a@b.fr"})
    Lead.objects.update(owner=None)
    for said, owner in [("Karim", "Karim"), ("Léa", "Karim"), ("Karim", "Karim")]:
        post("/leads", {"email": "a@b.fr", "owner": said})
        assert Lead.objects.get().owner.name == owner
    assert Finding.objects.get(code="owner_kept").subject == "Léa"
    keys._cache.clear()
    ApiKey.objects.update(scopes=["admin"])
    post("/leads", {"email": "a@b.fr", "owner": "Léa", "external_id": "7"})
    assert Lead.objects.get().owner.name == "Léa"


@pytest.mark.parametrize(
    ("said", "stage", "with_deals"),
    [
        ({"stage": "customer"}, "mql", "mql"),
        ({"stage": "Closed Won"}, "mql", "mql"),
        ({"stage": "attached"}, "mql", "mql"),
        ({"stage": "opportunity"}, "mql", "mql"),
        ({"outcome": "won"}, "mql", "customer"),
        ({"outcome": "won", "stage": "sql"}, "mql", "customer"),
        ({"outcome": "lost"}, "lost", "lost"),
        ({"stage": "sql"}, "sql", "sql"),
        ({"outcome": "open", "stage": "nurturing"}, "nurturing", "nurturing"),
    ],
)
@pytest.mark.parametrize("is_together", [False, True])
def test_a_known_lead_goes_where_its_caller_could_move_it(
    db: None, at: datetime, said: dict[str, str], stage: str, with_deals: str, is_together: bool
) -> None:
    from filon.capture import doors

    writes = access.SCOPES["leads:write"]
    for email, permissions, wanted in [("a@b.fr", writes, stage), ("c@b.fr", writes | {"deals.change"}, with_deals)]:
        by = Actor("key", 7, permissions=permissions)
        first, second = (
            doors.arrival(doors.LEADS, {"email": email, **more}, by=by, at=at) for more in ({"stage": "mql"}, said)
        )
        for bunch in [[first, second]] if is_together else [[first], [second]]:
            inbox.take(bunch)
        assert second.answer.body["created"] is False
        lead = Lead.objects.get(person__email=email)
        assert (lead.stage, wanted) == (second.answer.body["stage"], lead.stage)
    left = Finding.objects.filter(code="follows_deals").aggregate(n=Sum("count"))["n"] or 0
    assert left == [stage, with_deals].count("mql")


def test_a_lead_that_follows_an_opportunity_is_not_moved_by_its_door(post: Callable[..., Any]) -> None:
    lead_id = post("/leads", {"email": "a@b.fr"}).json()["id"]
    post("/opportunities", {"name": "Affaire", "lead_id": lead_id})
    assert Lead.objects.get().stage == "opportunity"
    for said in ({"outcome": "won"}, {"outcome": "lost"}, {"stage": "mql"}):
        assert post("/leads", {"email": "a@b.fr", **said}).json()["stage"] == "opportunity"


@pytest.mark.parametrize(("said", "stage"), [({"outcome": "won"}, "customer"), ({"stage": "attached"}, "attached")])
def test_a_new_lead_begins_where_its_system_says(db: None, said: dict[str, str], stage: str) -> None:
    post = _poster("leads:write")
    assert post("/leads", {"email": "a@b.fr", **said}).json()["stage"] == stage


@pytest.mark.parametrize("revenue", [1250000.1, "1250000.1", "1250000.10", "1250000.101"])
def test_the_same_money_said_again_is_no_change(post: Callable[..., Any], revenue: Any) -> None:
    for said in (1250000.1, revenue):
        assert post("/leads", {"email": "a@b.fr", "company": {"name": "Exemple", "revenue": said}}).status_code == 201
    lead = Lead.objects.select_related("company").get()
    assert lead.company is not None
    assert lead.company.revenue == Decimal("1250000.10")
    assert not Fact.objects.filter(kind="fields_changed").exists()


@pytest.mark.parametrize("revenue", ["-1", "1e16", "NaN", "Infinity", "beaucoup"])
def test_money_that_cannot_be_is_refused(post: Callable[..., Any], revenue: str) -> None:
    answer = post("/leads", {"email": "a@b.fr", "company": {"name": "Exemple", "revenue": revenue}})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.company.revenue")


def test_an_act_that_is_yet_to_come_is_refused_and_the_others_are_kept(post: Callable[..., Any]) -> None:
    post("/leads", {"email": "ana@exemple.fr"})
    now = timezone.now()
    moments = [now + timedelta(days=400), now + timedelta(minutes=6), now + timedelta(minutes=3), now]
    acts = [
        {"kind": "page_viewed", "email": "ana@exemple.fr", "at": at.isoformat(), "path": "/tarifs"} for at in moments
    ]
    answer = post("/events", {"events": acts})
    assert answer.status_code == 201
    body = answer.json()
    assert body["accepted"] == 2
    assert [(one["index"], one["code"]) for one in body["rejected"]] == [(0, "in_the_future"), (1, "in_the_future")]
    assert body["rejected"][0]["message"] == "This moment is yet to come: an act is told once it has happened."
    assert not Fact.objects.filter(at__gt=timezone.now()).exists()


@pytest.mark.parametrize(
    ("accepts", "says"),
    [("", "Lead not found"), ("de, fr;q=0.8, en;q=0.5", "Lead introuvable"), ("en-GB,fr;q=0.5", "Lead not found")],
)
def test_the_api_says_no_in_english_unless_french_is_asked_for(
    post: Callable[..., Any], accepts: str, says: str
) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Accept-Language": accepts}
    assert Client().get("/api/v1/leads/987654", headers=headers).json()["detail"] == says
