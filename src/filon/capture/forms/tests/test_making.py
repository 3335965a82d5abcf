"""Making forms: what may be asked, what the law asks, and whose change counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from filon.capture.forms import asking, commands, queries
from filon.capture.forms.commands import Draft
from filon.capture.models import Form
from filon.core import access
from filon.core.access import SYSTEM
from filon.core.models import Fact, User
from filon.kit.errors import Refused
from filon.leads.models import Campaign

DRAFT = Draft(title="Être rappelé", questions=(asking.standard("phone", is_required=True),), notice="Filon SAS")


def own(label: str, kind: str = "text", *choices: str) -> asking.Question:
    return asking.own(label, kind, choices=choices)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "  "}, "title"),
        ({"notice": ""}, "notice"),
        ({"channel": "pigeon"}, "channel"),
        ({"privacy_url": "javascript:alert(1)"}, "privacy_url"),
        ({"campaign": "None such"}, "campaign"),
        ({"title": "…", "slug": "…"}, "slug"),
        ({"thanks": "x" * 2001}, "thanks"),
        ({"questions": (asking.standard("email"),)}, ""),
        ({"questions": (*DRAFT.questions, own("Budget ?", "choice", "Oui"))}, ""),
        ({"questions": (*DRAFT.questions, own("a"), own("a"))}, ""),
        ({"questions": (*DRAFT.questions, *(own(str(n)) for n in range(11)))}, ""),
    ],
)
def test_a_form_that_cannot_be_is_refused_with_its_field(
    db: None, at: datetime, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        commands.save_form(replace(DRAFT, **change), by=SYSTEM, at=at)
    assert [error["field"] for error in refused.value.errors] == ([field] if field else [])
    assert not Form.objects.exists()


def test_an_address_is_made_from_the_title_and_no_other_form_gets_it(db: None, at: datetime) -> None:
    assert commands.save_form(DRAFT, by=SYSTEM, at=at).slug == "etre-rappele"
    with pytest.raises(Refused) as refused:
        commands.save_form(replace(DRAFT, title="Etre rappelé !"), by=SYSTEM, at=at)
    assert refused.value.errors[0]["field"] == "slug"


def test_who_looked_at_an_older_form_overwrites_nothing(db: None, at: datetime) -> None:
    form = commands.save_form(DRAFT, by=SYSTEM, at=at)
    commands.save_form(replace(DRAFT, title="Autre"), form_id=form.pk, seen=1, by=SYSTEM, at=at)
    with pytest.raises(Refused) as refused:
        commands.save_form(DRAFT, form_id=form.pk, seen=1, by=SYSTEM, at=at)
    assert (refused.value.kind, Form.objects.get().title) == ("stale", "Autre")


@pytest.mark.parametrize(("role", "may"), [("marketing", True), ("ops", True), ("sdr", False), ("head", False)])
def test_marketing_makes_forms(db: None, at: datetime, make_user: Callable[..., User], role: str, may: bool) -> None:
    by = access.of_user(make_user(role))
    if may:
        form = commands.save_form(DRAFT, by=by, at=at)
        assert Fact.objects.get(kind="form_saved").payload == {"form_id": form.pk, "fields": ["phone"], "is_open": True}
        return
    with pytest.raises(Refused):
        commands.save_form(DRAFT, by=by, at=at)


@pytest.fixture
def marketing(db: None, make_user: Callable[..., User]) -> Client:
    client = Client()
    client.force_login(make_user("marketing"))
    return client


POSTED = {
    "title": "Démonstration",
    "notice": "Filon SAS",
    "language": "fr",
    "channel": "web",
    "is_open": "on",
    "email-is_asked": "on",
    "email-is_required": "on",
    "email-label": "Votre e-mail",
    "own0-label": "Projet ?",
    "own0-kind": "choice",
    "own0-choices": "Cette année\nPlus tard",
    "own1-label": "",
    "own1-kind": "text",
}


def test_a_form_is_made_and_changed_on_its_page(marketing: Client) -> None:
    Campaign.objects.create(name="Salon", name_folded="salon", created_at="2026-01-01T00:00Z")
    answer = marketing.post("/capture/forms/new", POSTED | {"campaign": "Salon"})
    form = Form.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/capture/forms/{form.pk}")
    assert (form.campaign.name, form.slug, [one["name"] for one in form.questions]) == (
        "Salon",
        "demonstration",
        ["email", "attributes.Projet ?"],
    )
    page = marketing.get(f"/capture/forms/{form.pk}").content.decode()
    assert "embed.js" in page
    assert "Votre e-mail" in page
    answer = marketing.post(f"/capture/forms/{form.pk}", POSTED | {"title": "Devis", "slug": form.slug, "version": "0"})
    assert (answer.status_code, Form.objects.get().title) == (422, "Démonstration"), "an older version"
    marketing.post(f"/capture/forms/{form.pk}", POSTED | {"title": "Devis", "slug": form.slug, "version": "1"})
    assert (Form.objects.get().title, Form.objects.get().slug) == ("Devis", "demonstration")
    assert "Devis" in marketing.get("/capture/forms").content.decode()


def test_a_form_without_a_way_to_answer_keeps_what_was_typed(marketing: Client) -> None:
    posted = {name: value for name, value in POSTED.items() if not name.startswith("email")}
    answer = marketing.post("/capture/forms/new", posted)
    assert answer.status_code == 422
    assert "Projet ?" in answer.content.decode()
    assert not Form.objects.exists()


def test_the_list_asks_a_constant_number_of_statements(
    db: None, at: datetime, django_assert_num_queries: Callable[[int], Any]
) -> None:
    for number in range(5):
        commands.save_form(replace(DRAFT, title=f"Formulaire {number}"), by=SYSTEM, at=at)
    with django_assert_num_queries(4):
        assert len(queries.forms(by=SYSTEM, at=at)) == 5
