"""Who is followed, and who is not: only people who agreed, on the company's own sites, until they refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from filon.capture.forms import asking
from filon.capture.forms import commands as forms
from filon.capture.models import Form, TrackedSite, Visitor
from filon.capture.tracking import commands, keys, passing, queries
from filon.core import access, line, waiting
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import Fact, InboxEntry
from filon.kit.errors import Refused
from filon.leads import consents
from filon.leads.models import Consent, Lead, Person

SITE = "https://www.sogetrel.fr"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"


class _Context:
    def now(self) -> datetime:
        return timezone.now()


def drain() -> None:
    waiting.drain(_Context())  # type: ignore[arg-type]  # all it reads of a job


@pytest.fixture
def site(db: None, at: datetime) -> TrackedSite:
    return commands.add_site("www.Sogetrel.fr/contact", by=SYSTEM, at=at)


@pytest.fixture
def claire(site: TrackedSite, at: datetime) -> Person:
    """Somebody who agreed."""
    values = {"email": "claire@essai.fr", "consent.tracking": True}
    line.run_with_retries(lambda: Batch([Entry(kind="lead", door="form", at=at, values=values)], by=SYSTEM, at=at))
    return Person.objects.get()


def post(said: Any, *, origin: str = SITE, agent: str = FIREFOX) -> Any:
    body = said if isinstance(said, str) else json.dumps(said)
    return Client().post("/t", body, content_type="text/plain", HTTP_ORIGIN=origin, HTTP_USER_AGENT=agent)


def viewed() -> list[tuple[str, int | None]]:
    return list(Fact.objects.filter(kind="page_viewed").values_list("path", "lead_id").order_by("id"))


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://www.exemple.fr/a?b", "https://www.exemple.fr"),
        ("http://Exemple.fr:80", "http://exemple.fr"),
        ("https://exemple.fr:8443/", "https://exemple.fr:8443"),
        ("ftp://exemple.fr", ""),
        ("javascript:alert(1)", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
def test_an_address_s_origin(typed: str, origin: str) -> None:
    assert keys.origin_of(typed) == origin


def test_a_site_is_named_once_and_by_who_may(site: TrackedSite, at: datetime, make_user: Callable[..., Any]) -> None:
    assert site.origin == SITE
    assert commands.add_site(SITE, by=SYSTEM, at=at).pk == site.pk
    for typed in ("intranet", "not a site", "https://"):
        with pytest.raises(Refused):
            commands.add_site(typed, by=SYSTEM, at=at)
    with pytest.raises(Refused):
        commands.add_site("https://a.fr", by=access.of_user(make_user("sdr")), at=at)


def test_a_link_of_a_message_ties_a_browser_and_its_views_reach_the_lead(claire: Person, at: datetime) -> None:
    url = passing.destination(claire.pk, f"{SITE}/offre?ref=1")
    key = parse_qs(urlsplit(url).query)["filon"][0]
    assert url.startswith(f"{SITE}/offre?ref=1&")
    answer = post({"key": key})
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, SITE)
    visitor = answer.json()["visitor"]
    for path in ("/tarifs?email=claire@essai.fr", "/tarifs", "/contact"):
        assert post({"visitor": visitor, "path": path, "source": "LinkedIn"}).status_code == 202
    drain()
    lead = Lead.objects.get()
    assert viewed() == [("/tarifs", lead.pk), ("/contact", lead.pk)], "twice within moments is once, and no query"
    assert (lead.last_act, lead.person_id) == ("page_viewed", claire.pk)
    fact = Fact.objects.filter(kind="page_viewed")[0]
    assert (fact.door, fact.source, fact.person_id, fact.actor_kind) == ("site", "LinkedIn", claire.pk, "site")
    assert InboxEntry.objects.filter(status="quarantined").count() == 0
    assert queries.tracking(by=SYSTEM, at=timezone.now()).lately == 1


def test_a_link_elsewhere_takes_nothing_along(claire: Person) -> None:
    for url in ("https://ailleurs.fr/a", "https://www.sogetrel.fr.ailleurs.fr/", "http://www.sogetrel.fr/"):
        assert passing.destination(claire.pk, url) == url


def test_who_does_not_agree_is_tied_to_nothing(claire: Person, at: datetime) -> None:
    key = keys.of_person(claire.pk)
    Consent.objects.all().delete()
    assert post({"key": key}).status_code == 410
    assert not Visitor.objects.exists()


def test_a_refusal_forgets_the_browsers_and_what_is_on_its_way(claire: Person, at: datetime) -> None:
    visitor = post({"key": keys.of_person(claire.pk)}).json()["visitor"]
    assert post({"visitor": visitor, "path": "/tarifs"}).status_code == 202
    consents.refuse(claire.pk, "tracking", door="mail", at=timezone.now())
    drain()
    assert viewed() == []
    assert not Visitor.objects.exists()
    assert post({"visitor": visitor, "path": "/tarifs"}).status_code == 410
    assert InboxEntry.objects.filter(status="quarantined").count() == 0


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 410),
        ({"visitor": "guess", "path": "/"}, 410),
        ({"key": "1:abc:def"}, 410),
        ("[", 400),
        ("[]", 400),
        ({"visitor": "x" * 5000}, 400),
        ({"visitor": 7}, 410),
    ],
)
def test_rubbish_leaves_nothing(claire: Person, said: Any, status: int) -> None:
    assert post(said).status_code == status
    assert not InboxEntry.objects.filter(door="site").exists()
    assert not Visitor.objects.exists()


def test_other_sites_and_programs_are_not_heard(claire: Person) -> None:
    key = keys.of_person(claire.pk)
    assert post({"key": key}, origin="https://ailleurs.fr").status_code == 403
    assert post({"key": key}, origin="").status_code == 403
    assert post({"key": key}, agent="Googlebot/2.1").status_code == 204
    assert not Visitor.objects.exists()


def test_a_browser_is_known_for_thirteen_months(claire: Person, at: datetime) -> None:
    token = commands.tie(claire.pk, at=at) or ""
    digest = keys.digest_of(token)
    assert queries.is_known(digest, at=at + timedelta(days=389))
    assert not queries.is_known(digest, at=at + timedelta(days=391))
    assert token not in str(list(Visitor.objects.values())), "only its hash is kept"


@pytest.fixture
def form(site: TrackedSite, at: datetime) -> Form:
    draft = forms.Draft(
        title="Démo",
        questions=(asking.standard("email", is_required=True),),
        notice="Filon SAS répond.",
        tracking="J’accepte que mes visites soient suivies.",
        language="fr",
    )
    return forms.save_form(draft, by=SYSTEM, at=at)


def send(form: Form, *, page: str, **typed: str) -> str:
    html = Client().get(f"/f/{form.slug}", {"page": page, "embed": "1"}).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html))
    answer = Client().post(f"/f/{form.slug}?embed=1", {**hidden, "email": "karim@essai.fr", **typed})
    assert answer.status_code == 202
    return answer.content.decode()


def test_a_form_with_the_box_ticked_ties_the_browser_that_sent_it(form: Form) -> None:
    thanks = send(form, page=f"{SITE}/demo", tracking="on")
    found = re.search(r'data-visitor="([^"]+)" data-site="([^"]+)"', thanks)
    assert found is not None
    assert found[2] == SITE
    assert post({"visitor": found[1], "path": "/merci"}).status_code == 202, "before the form went down the line"
    drain()
    lead = Lead.objects.get()
    assert Visitor.objects.get().person_id == lead.person_id
    assert post({"visitor": found[1], "path": "/tarifs"}).status_code == 202
    drain()
    assert ("/tarifs", lead.pk) in viewed()
    assert Fact.objects.filter(kind="visitor_tied").count() == 1


@pytest.mark.parametrize(
    ("page", "typed"),
    [(f"{SITE}/demo", {}), ("https://ailleurs.fr/demo", {"tracking": "on"}), ("", {"tracking": "on"})],
)
def test_without_the_box_or_elsewhere_a_form_ties_nothing(form: Form, page: str, typed: dict[str, str]) -> None:
    assert "data-visitor" not in send(form, page=page, **typed)
    drain()
    assert not Visitor.objects.exists()


def test_the_page_names_sites_and_shows_the_line(db: None, make_user: Callable[..., Any]) -> None:
    client = Client()
    client.force_login(make_user("marketing"))
    assert "/t.js" in client.get("/capture/tracking").content.decode()
    page = client.post("/capture/tracking", {"address": "www.exemple.fr"}, follow=True).content.decode()
    assert "https://www.exemple.fr" in page
    assert client.post("/capture/tracking", {"address": "rien"}).status_code == 422
    client.post(f"/capture/tracking/sites/{TrackedSite.objects.get().pk}/remove")
    assert not TrackedSite.objects.exists()
    client.force_login(make_user("sdr"))
    assert client.post("/capture/tracking", {"address": "www.exemple.fr"}).status_code == 403


def test_the_script_is_small_and_names_us(db: None) -> None:
    answer = Client().get("/t.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert len(answer.content) < 2_048
    assert b'"http://testserver/t"' in answer.content
