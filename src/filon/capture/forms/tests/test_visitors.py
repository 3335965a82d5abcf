"""What visitors send is kept at once, comes down the line once, and proves what they agreed to."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from filon.capture.forms import asking, commands, visitor
from filon.capture.forms.commands import Draft
from filon.capture.models import Form
from filon.core import health, inbox, line, purge, waiting
from filon.core.access import SYSTEM
from filon.core.models import Fact, FactDetail, InboxEntry
from filon.kit.errors import Refused
from filon.leads.models import Consent, ConsentText, Lead, Person

CONSENT = "J’accepte de recevoir vos conseils par e-mail."
QUESTIONS = (
    asking.standard("last_name", is_required=True),
    asking.standard("email", is_required=True),
    asking.standard("phone"),
    asking.standard("company.name"),
    asking.standard("company.employees"),
    asking.standard("message"),
    asking.own("Votre projet ?", "choice", choices=("Cette année", "Plus tard")),
)
TYPED = {"last_name": "Morel", "email": "Claire.Morel@sogetrel.fr", "phone": "06 12 34 56 78"}


class _Context:
    def now(self) -> datetime:
        return timezone.now()


def drain() -> None:
    waiting.drain(_Context())  # type: ignore[arg-type]  # all it reads of a job


@pytest.fixture
def form(db: None, at: datetime) -> Form:
    draft = Draft(
        title="Demander une démonstration",
        questions=QUESTIONS,
        notice="Filon SAS répond à votre demande.",
        consent=CONSENT,
        source="Site",
        language="fr",
    )
    return commands.save_form(draft, by=SYSTEM, at=at)


def page(form: Form, **query: str) -> str:
    answer = Client().get(f"/f/{form.slug}", query)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "{#" not in html, "no comment of ours is for visitors"
    return html


def hidden(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html))


def send(form: Form, typed: dict[str, Any], html: str = "") -> Any:
    return Client().post(f"/f/{form.slug}", {**hidden(html or page(form)), **typed})


def test_what_is_sent_is_kept_at_once_and_becomes_a_lead(form: Form) -> None:
    answer = send(form, TYPED | {"company.name": "Sogetrel", "company.employees": "1 200", "message": "Bonjour"})
    assert answer.status_code == 202
    assert (Lead.objects.count(), InboxEntry.objects.get().status) == (0, "waiting")
    drain()
    lead = Lead.objects.select_related("person", "company").get()
    assert (lead.person.email, lead.person.phone) == ("claire.morel@sogetrel.fr", "+33612345678")
    assert (lead.door, lead.channel, lead.source) == ("form", "web", "Site")
    assert (lead.company.name, lead.company.employees) == ("Sogetrel", 1200)
    assert InboxEntry.objects.get().status == "done"
    fact = Fact.objects.get(kind="submitted")
    assert (fact.path, fact.actor_kind, fact.actor_id) == (f"/f/{form.slug}", "form", form.pk)
    assert FactDetail.objects.get(fact_id=fact.pk).values["message"] == "Bonjour"


def test_a_page_sent_twice_is_one_submission(form: Form) -> None:
    html = page(form)
    assert [send(form, TYPED, html).status_code for _ in range(2)] == [202, 202]
    drain()
    assert Fact.objects.filter(kind="submitted").count() == 1


def test_a_page_sent_again_with_corrected_answers_loses_none(form: Form) -> None:
    html = page(form)
    assert send(form, TYPED | {"phone": ""}, html).status_code == 202
    assert send(form, TYPED | {"message": "Rappelez-moi demain"}, html).status_code == 202
    drain()
    lead = Lead.objects.select_related("person").get()
    assert lead.person.phone == "+33612345678"
    assert FactDetail.objects.filter(values__message="Rappelez-moi demain").count() == 1


def test_somebody_s_address_in_the_parameters_of_a_page_is_not_kept(form: Form) -> None:
    send(form, TYPED, page(form, utm_source="claire@sogetrel.fr", utm_campaign="Salon"))
    drain()
    lead = Lead.objects.select_related("campaign").get()
    assert (lead.source, lead.campaign.name) == ("Site", "Salon")


def test_a_form_that_was_answered_keeps_its_address(form: Form, at: datetime) -> None:
    def move(slug: str) -> Form:
        draft = Draft(title=form.title, questions=QUESTIONS, notice="Filon SAS", slug=slug, language="fr")
        return commands.save_form(draft, form_id=form.pk, by=SYSTEM, at=at)

    form.slug = move("demo").slug
    send(form, TYPED)
    drain()
    with pytest.raises(Refused) as refused:
        move("demonstration")
    assert refused.value.errors[0]["field"] == "slug"
    assert move("demo").slug == "demo"


def test_a_form_fills_the_gaps_of_a_known_person_and_changes_nothing_else(form: Form) -> None:
    """Anybody can type somebody's address into a form."""
    send(form, TYPED | {"phone": "", "company.name": "Sogetrel", "company.employees": "1200"})
    drain()
    other = {"last_name": "Moreau", "first_name": "Claire", "company.name": "Sogetrel", "company.employees": "3"}
    send(form, TYPED | other)
    drain()
    lead = Lead.objects.select_related("person", "company").get()
    assert (lead.person.last_name, lead.person.phone) == ("Morel", "+33612345678")
    assert lead.company.employees == 1200
    fact = Fact.objects.filter(kind="submitted").order_by("-id")[0]
    assert FactDetail.objects.get(fact_id=fact.pk).values["otherwise"] == {
        "last_name": "Moreau",
        "company.employees": 3,
    }


def test_a_form_alone_takes_no_refusal_back(form: Form, at: datetime) -> None:
    send(form, TYPED | {"consent": "on"})
    drain()
    Consent.objects.update(state="refused", at=at)
    send(form, TYPED | {"consent": "on"})
    drain()
    assert Consent.objects.get().state == "refused"


def test_a_tick_does_not_stay_under_words_that_changed_meanwhile(form: Form, at: datetime) -> None:
    html = page(form)
    again = send(form, TYPED | {"email": "claire", "consent": "on"}, html).content.decode()
    assert re.search(r'name="consent"[^>]* checked', again), "the same words keep it"
    changed = Draft(
        title=form.title, questions=QUESTIONS, notice="Filon SAS", consent="Et par téléphone.", language="fr"
    )
    commands.save_form(changed, form_id=form.pk, by=SYSTEM, at=at)
    again = send(form, TYPED | {"email": "claire", "consent": "on"}, html).content.decode()
    assert "Et par téléphone." in again
    assert not re.search(r'name="consent"[^>]* checked', again)


def test_where_the_visitor_comes_from_is_kept(form: Form) -> None:
    html = page(
        form, utm_source="LinkedIn", utm_medium="cpc", utm_campaign="Salon 2026", page="https://exemple.fr/tarifs"
    )
    send(form, TYPED, html)
    drain()
    lead = Lead.objects.select_related("campaign").get()
    assert (lead.source, lead.medium, lead.channel) == ("LinkedIn", "cpc", "paid_search")
    assert (lead.campaign.name, lead.landing_page) == ("Salon 2026", "https://exemple.fr/tarifs")


def test_a_mistake_is_said_and_what_was_typed_stays(form: Form) -> None:
    answer = send(form, {"last_name": "Morel", "email": "claire.morel", "message": "Un long récit"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Morel" in html
    assert "Un long récit" in html
    assert "adresse" in html.lower(), "said in the form's language"
    assert InboxEntry.objects.count() == 0


def test_an_answer_that_nobody_offered_is_refused(form: Form) -> None:
    assert send(form, TYPED | {"attributes.Votre projet ?": "Jamais"}).status_code == 422
    assert send(form, TYPED | {"attributes.Votre projet ?": "Plus tard"}).status_code == 202
    drain()
    assert Lead.objects.get().attributes["Votre projet ?"] == "Plus tard"


def test_what_nobody_asked_is_not_taken(form: Form) -> None:
    send(form, TYPED | {"owner": "Léa", "stage": "customer", "attributes.x": "1", "job_title": "CEO"})
    drain()
    lead = Lead.objects.select_related("person").get()
    assert (lead.stage != "customer", lead.person.job_title, lead.attributes) == (True, "", {})


def test_a_ticked_box_is_a_consent_with_its_words_as_proof(form: Form, at: datetime) -> None:
    html = page(form)
    changed = Draft(title=form.title, slug=form.slug, questions=QUESTIONS, notice="x", consent="Autre texte")
    commands.save_form(changed, form_id=form.pk, by=SYSTEM, at=at)
    send(form, TYPED | {"consent": "on"}, html)
    drain()
    consent = Consent.objects.select_related("text", "person").get()
    assert (consent.state, consent.person.email, consent.text.text) == ("given", "claire.morel@sogetrel.fr", CONSENT)
    fact = Fact.objects.get(kind="consent_given")
    assert (fact.payload["text_id"], fact.path) == (consent.text_id, f"/f/{form.slug}")


def test_an_empty_box_says_nothing_and_takes_nothing_back(form: Form) -> None:
    send(form, TYPED | {"consent": "on"})
    send(form, TYPED)
    drain()
    assert Consent.objects.get().state == "given"
    assert not Fact.objects.filter(kind="consent_refused").exists()


def test_a_machine_that_fills_in_everything_is_thanked_and_held_back(form: Form) -> None:
    assert send(form, TYPED | {visitor.TRAP: "https://spam.example"}).status_code == 202
    drain()
    held = InboxEntry.objects.get()
    assert (Lead.objects.count(), held.status, held.reason) == (0, "quarantined", "held")
    assert health.counts(timezone.now()).inbox.get("quarantined", 0) == 0, "nobody is alarmed"
    assert inbox.replay([held.pk], by=SYSTEM, at=timezone.now()) == {held.pk: "done"}
    assert Lead.objects.count() == 1


def test_who_makes_forms_lets_in_what_a_person_wrote_and_throws_the_rest_away(
    form: Form, make_user: Callable[..., Any]
) -> None:
    for name in ("Morel", "Robot"):
        typed = TYPED | {visitor.TRAP: "x", "last_name": name, "email": f"{name}@a.fr", "phone": ""}
        send(form, typed)
    client = Client()
    client.force_login(make_user("marketing"))
    address = f"/capture/forms/{form.pk}/held"
    ids = dict(re.findall(r'name="entry" value="(\d+)" aria-label="(\w+)"', client.get(address).content.decode()))
    by_name = {name: entry for entry, name in ids.items()}
    client.post(address, {"entry": by_name["Morel"], "let_in": ""})
    client.post(address, {"entry": by_name["Robot"], "throw_away": ""})
    drain()
    assert [lead.person.last_name for lead in Lead.objects.select_related("person")] == ["Morel"]
    assert InboxEntry.objects.filter(status="quarantined").count() == 0
    client.force_login(make_user("read_only"))
    assert client.get(address).status_code == 403


def test_what_nobody_lets_in_is_forgotten_after_a_month(form: Form) -> None:
    send(form, TYPED | {visitor.TRAP: "x"})
    now = timezone.now()
    assert purge.purge(now + purge.HELD_KEPT - timedelta(hours=1))["held"] == 0
    assert purge.purge(now + purge.HELD_KEPT + timedelta(hours=1))["held"] == 1


def test_letters_that_are_none_are_no_error_of_ours(form: Form) -> None:
    """A charset of the sender's choice could bring halves of characters, which no database takes."""
    fields = hidden(page(form))
    body = "&".join(f"{name}={value}" for name, value in {**fields, "last_name": "+2AA-", "email": "a@b.fr"}.items())
    kind = "application/x-www-form-urlencoded; charset=utf-7"
    assert Client().post(f"/f/{form.slug}", body, content_type=kind).status_code in {202, 422}


def test_one_address_sends_no_flood(form: Form) -> None:
    html = [page(form) for _ in range(21)]
    statuses = [
        Client(REMOTE_ADDR=f"2001:db8:1:2::{number:x}").post(f"/f/{form.slug}", {**hidden(one), **TYPED}).status_code
        for number, one in enumerate(html)
    ]
    assert statuses == [202] * 20 + [429], "a /64 of IPv6 is one customer's"
    elsewhere = Client(REMOTE_ADDR="2001:db8:1:3::1").post(f"/f/{form.slug}", {**hidden(html[0]), **TYPED})
    assert elsewhere.status_code == 202


@pytest.mark.parametrize("token", ["", "x", "WzEsbnVsbCwiYSJd:1:x"])
def test_a_page_that_is_not_ours_is_shown_anew_with_what_was_typed(form: Form, token: str) -> None:
    answer = send(form, TYPED | {"token": token})
    assert answer.status_code == 422
    assert "Morel" in answer.content.decode()
    assert InboxEntry.objects.count() == 0


def test_the_token_of_another_form_is_not_ours(form: Form, at: datetime) -> None:
    other = commands.save_form(Draft(title="Autre", questions=QUESTIONS, notice="x"), by=SYSTEM, at=at)
    assert visitor.read_token(other, visitor.token(form)) is None


def test_a_closed_form_takes_nothing(form: Form) -> None:
    html = page(form)
    Form.objects.update(is_open=False)
    assert send(form, TYPED, html).status_code == 410
    assert Client().get("/f/none").status_code == 404


def test_any_page_may_frame_a_form_and_it_sets_no_cookie(form: Form) -> None:
    answer = Client().get(f"/f/{form.slug}")
    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer
    assert not answer.cookies
    assert "frame-ancestors 'none'" in Client().get("/sign-in")["Content-Security-Policy"]
    script = Client().get(f"/f/{form.slug}/embed.js")
    assert script["Content-Type"].startswith("text/javascript")
    assert f'"http://testserver/f/{form.slug}"' in script.content.decode()


def test_an_entry_that_breaks_the_line_is_quarantined_and_the_others_go_on(
    form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    for email in ("a@b.fr", "broken@b.fr", "c@d.fr"):
        send(form, TYPED | {"email": email})
    steps = line._lines["lead"]

    def breaking(batch: line.Batch) -> None:
        if any(item.entry.values["email"] == "broken@b.fr" for item in batch.items):
            raise RuntimeError("of this test")

    with monkeypatch.context() as patch:
        patch.setitem(line._lines, "lead", [breaking, *steps])
        drain()
    assert sorted(Person.objects.values_list("email", flat=True)) == ["a@b.fr", "c@d.fr"]
    assert InboxEntry.objects.get(status="quarantined").reason == "RuntimeError"


def test_what_another_worker_has_done_is_not_done_again(form: Form) -> None:
    send(form, TYPED)
    (entry,) = InboxEntry.objects.all()
    (bunch,) = waiting._bunches([entry])
    drain()
    waiting._take(bunch, timezone.now())
    assert Fact.objects.filter(kind="submitted").count() == 1


def test_the_first_answer_is_due_from_when_it_was_sent(form: Form, at: datetime) -> None:
    send(form, TYPED)
    earlier = timezone.now() - timedelta(hours=1)
    InboxEntry.objects.update(received_at=earlier)
    drain()
    assert Lead.objects.get().captured_at == earlier


def test_texts_of_consent_are_kept_once(form: Form, at: datetime) -> None:
    commands.save_form(Draft(title="Autre", questions=QUESTIONS, notice="x", consent=CONSENT), by=SYSTEM, at=at)
    assert ConsentText.objects.count() == 1


def test_what_the_line_could_not_take_is_said_while_the_visitor_is_there(form: Form) -> None:
    assert send(form, {**TYPED, "company.employees": "200 000 000"}).status_code == 422
    assert send(form, {**TYPED, "last_name": "M" * 5000}).status_code == 422
    assert not InboxEntry.objects.exists()


def test_a_consent_that_was_late_does_not_undo_a_refusal(form: Form) -> None:
    send(form, {**TYPED, "consent": "on"})
    InboxEntry.objects.update(received_at=timezone.now() - timedelta(days=5))
    person = Person.objects.create(
        email="claire.morel@sogetrel.fr", created_at=timezone.now(), updated_at=timezone.now()
    )
    person.identifiers.create(kind="email", value="claire.morel@sogetrel.fr")
    Consent.objects.create(person=person, purpose="email", state="refused", door="mail", at=timezone.now())
    drain()
    assert Consent.objects.get(purpose="email").state == "refused"
