"""Templates: what can be written, what comes of it, and what they must never do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from filon.core import access
from filon.core.access import SYSTEM
from filon.kit import plain
from filon.kit.errors import Refused
from filon.nurture.models import Template
from filon.nurture.tests.conftest import Come, set_sender, template
from filon.nurture.writing import commands, liquid, markup
from filon.nurture.writing.commands import Draft
from filon.nurture.writing.liquid import WrongTemplate
from filon.nurture.writing.rendering import Footing, render

FOOT = Footing(company="Sogetrel", postal_address="Paris", privacy_url="", origin="", leave_url="https://a.fr/u")


def made(body: str, **words: dict[str, object]) -> str:
    """A body as a person gets it."""
    html = markup.to_html(body)
    usual = {root: dict.fromkeys(names, "") for root, names in liquid.WORDS.items()}
    filled = {root: {**names, **words.get(root, {})} for root, names in usual.items()}
    return render(subject="A", html=html, language="fr", words=filled, footing=FOOT).html


def test_paragraphs_links_and_buttons() -> None:
    html = made("Bonjour,\nà bientôt\n\nVoir [le guide](https://a.fr/?b=1&c=2).\n\n[Lire](https://a.fr/lire)")
    assert "Bonjour,<br" in html
    assert '<a href="https://a.fr/?b=1&amp;c=2">le guide</a>' in html
    assert html.count("https://a.fr/lire") == 1
    assert 'lang="fr"' in html


def test_what_a_person_typed_never_becomes_markup() -> None:
    html = made("Bonjour {{ person.first_name }}", person={"first_name": "<script>alert(1)</script>"})
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@given(st.text(max_size=200))
def test_no_name_makes_a_tag(name: str) -> None:
    assert made("Bonjour {{ person.first_name }}", person={"first_name": name}).count("<b") == made("Bonjour").count(
        "<b"
    )


@pytest.mark.parametrize(
    "body",
    [
        "{{ person.password }}",
        "{{ settings.SECRET_KEY }}",
        "{{ person.first_name | safe }}",
        "{% include '/etc/passwd' %}",
        "{% render 'x' %}",
        "{{ person }}",
        "{{ person.first_name | nothing }}",
        "{% if %}",
        "{{ person.first_name",
        "<mjml><mj-body><mj-include path='/etc/passwd'/></mj-body></mjml>",
        "<mjml><mj-body><mj-raw><script>alert(1)</script></mj-raw></mj-body></mjml>",
        "<mjml><mj-body><mj-text><img src=x onerror=alert(1)></mj-text></mj-body></mjml>",
        "<mjml><mj-body><mj-text>jamais fermé",
        "<mjml></mjml>",
        "   ",
    ],
)
def test_what_cannot_be_is_refused_and_says_why(db: None, at: datetime, body: str) -> None:
    with pytest.raises(Refused) as refused:
        commands.save_template(Draft(name="Un", subject="A", body=body), by=SYSTEM, at=at)
    assert refused.value.errors[0]["field"] == "body"
    assert len(refused.value.message) > 10
    assert not Template.objects.exists()


def test_a_mistake_is_named_by_its_line(db: None, at: datetime) -> None:
    with pytest.raises(Refused) as refused:
        template(at, body="Bonjour\n\nvous\n{{ person.nom }}")
    assert "4" in refused.value.message


def test_a_template_that_never_ends_ends() -> None:
    endless = liquid.parsed("{% for i in (1..1000000000) %}x{% endfor %}", escapes=True)
    with pytest.raises(WrongTemplate):
        liquid.rendered(endless, {})


def test_a_subject_stays_one_line() -> None:
    words = {"person": {"first_name": "Zoé\r\nBcc: all@essai.fr"}}
    made = render(
        subject="Bonjour {{ person.first_name }}",
        html=markup.to_html("A"),
        language="fr",
        words=words,
        footing=FOOT,
    )
    assert made.subject == "Bonjour Zoé Bcc: all@essai.fr"


def test_mjml_is_taken_as_it_is() -> None:
    text = "<mj-text>Bonjour {{ person.city }}</mj-text>"
    body = f"<mjml><mj-body><mj-section><mj-column>{text}</mj-column></mj-section></mj-body></mjml>"
    assert "Bonjour Lyon" in made(body, person={"city": "Lyon"})


def test_the_text_part_says_the_same() -> None:
    text = plain.to_text(made("Bonjour\n\n[Lire](https://a.fr/lire)\n\nà bientôt"))
    assert "Bonjour\n" in text
    assert "Lire (https://a.fr/lire)" in text
    assert "outlook" not in text
    assert "Sogetrel · Paris" in text


def test_two_people_do_not_overwrite_each_other(db: None, at: datetime) -> None:
    known = template(at)
    draft = Draft(name="Un", subject="A", body="B")
    commands.save_template(draft, template_id=known.pk, seen=1, by=SYSTEM, at=at)
    with pytest.raises(Refused) as refused:
        commands.save_template(draft, template_id=known.pk, seen=1, by=SYSTEM, at=at)
    assert refused.value.code == "stale"


def test_only_who_may_writes(db: None, at: datetime, make_user: Callable[..., object]) -> None:
    sdr = access.of_user(make_user("sdr"))  # type: ignore[arg-type]
    with pytest.raises(Refused):
        commands.save_template(Draft(name="Un", subject="A", body="B"), by=sdr, at=at)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from_email", "pas une adresse"),
        ("from_email", "Léa <lea@a.fr>"),
        ("company", " "),
        ("privacy_url", "ftp://a"),
        ("clicks", "all"),
    ],
)
def test_a_sender_that_cannot_be_is_refused(db: None, at: datetime, field: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        set_sender(at, **{field: value})
    assert refused.value.errors[0]["field"] == field


# Pages ----------------------------------------------------------------------------------------------------------------


def test_a_template_is_shown_as_its_person_gets_it(
    come: Come, at: datetime, signed_in_client: Callable[..., Client]
) -> None:
    lead, known = come("claire@sogetrel.fr"), template(at)
    client = signed_in_client("marketing")
    page = client.get(f"/nurture/templates/{known.pk}")
    assert f"/nurture/templates/{known.pk}/for/{lead.pk}" in page.content.decode()
    shown = client.get(f"/nurture/templates/{known.pk}/for/{lead.pk}")
    assert "[votre entreprise]" in shown.content.decode()
    policy = shown["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src 'none'" in policy
    assert "default-src 'none'" in policy
    text = client.get(f"/nurture/templates/{known.pk}/for/{lead.pk}?as=text").content.decode()
    assert text.startswith("Bonjour Claire\n")
    assert client.get(f"/nurture/templates/{known.pk}/for/{lead.pk + 999}").status_code == 404


def test_the_pages_of_nurturing_open_for_everybody_who_may_and_change_for_nobody_else(
    come: Come, at: datetime, signed_in_client: Callable[..., Client]
) -> None:
    template(at)
    for role, status in (("marketing", 200), ("read_only", 403)):
        client = signed_in_client(role)
        for path in ("", "/templates", "/sends", "/sender"):
            assert client.get(f"/nurture{path}").status_code == 200
        assert client.get("/nurture/sequences/new").status_code == status
        assert client.get("/nurture/templates/new").status_code == status
    assert client.post("/nurture/sender", {"from_name": "A"}).status_code == 422
    assert Client().get("/nurture").status_code == 302
