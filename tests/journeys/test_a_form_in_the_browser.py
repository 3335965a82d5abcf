"""A form made by marketing, put into a page of another origin, filled in by a visitor, seen as a lead."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from filon.core.models import Fact
from filon.leads.models import Consent, Lead
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor

pytestmark = [pytest.mark.database, pytest.mark.browser]


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], str]]:
    """`elsewhere(lines)`: the address of a page of another origin that holds these lines."""
    pages: list[ThreadingHTTPServer] = []

    def serve(lines: str) -> str:
        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = f"<!doctype html><title>Tarifs</title><h1>Nos tarifs</h1>{lines}<p>Pied de page</p>".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Silent."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        pages.append(server)
        return f"http://127.0.0.1:{server.server_port}/tarifs"

    yield serve
    for server in pages:
        server.shutdown()
        server.server_close()


@pytest.fixture
def guest(browser: Any) -> Iterator[Any]:
    """A browser of somebody we do not know."""
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"
    context = browser.new_context(locale="fr-FR", user_agent=agent)  # headless ones are taken for programs
    yield context.new_page()
    context.close()


def test_a_visitor_of_another_site_becomes_a_lead(
    place: Place, visitor: Callable[..., Visitor], elsewhere: Callable[[str], str], guest: Any
) -> None:
    marketing = visitor("marketing").go("/capture/forms").sees("Pas encore de formulaire")
    marketing.follow("Créer un formulaire", to="/capture/forms/new", within="main").look()
    marketing.fill(title="Demander une démonstration", thanks="Nous vous rappelons dans l’heure.")
    marketing.press("Créer le formulaire", within="main").sees("Dans une de vos pages").look()
    lines = marketing.page.locator("pre.snippet").inner_text()
    address = marketing.page.locator("aside a.link").first.inner_text()

    guest.goto(elsewhere(lines) + "?utm_source=LinkedIn&utm_campaign=Printemps")
    frame = guest.frame_locator("iframe")
    frame.get_by_role("heading", name="Demander une démonstration").wait_for()
    guest.wait_for_function("document.querySelector('iframe').style.height")  # as high as the form: nothing scrolls
    frame.get_by_label("Nom", exact=True).fill("Morel")
    frame.get_by_label("E-mail professionnel").fill("claire.morel")
    frame.get_by_label("Votre message").fill("Combien pour 200 postes ?")
    frame.get_by_role("button", name="Envoyer").click()
    frame.locator(".error").first.wait_for()
    assert frame.get_by_label("Votre message").input_value() == "Combien pour 200 postes ?"
    frame.get_by_label("E-mail professionnel").fill("claire.morel@sogetrel-essai.fr")
    frame.get_by_label("J’accepte de recevoir").check()
    frame.get_by_role("button", name="Envoyer").click()
    frame.get_by_text("Nous vous rappelons dans l’heure.").wait_for()

    sdr = visitor("sdr")
    for _ in range(100):
        sdr.go("/leads")
        if sdr.page.get_by_text("claire.morel@sogetrel-essai.fr").count() or sdr.page.get_by_text("Morel").count():
            break
        sdr.page.wait_for_timeout(100)
    lead = Lead.objects.select_related("person", "campaign").get()
    assert (lead.person.email, lead.source, lead.campaign.name) == (
        "claire.morel@sogetrel-essai.fr",
        "LinkedIn",
        "Printemps",
    )
    assert lead.landing_page.endswith("utm_campaign=Printemps")
    assert Consent.objects.get().state == "given"
    sdr.go(f"/leads/{lead.pk}").sees("Combien pour 200 postes ?", "E-mails : acceptés").look()
    visitor("marketing").go("/capture/forms").sees("1", within="td.num")
    assert guest.goto(address).status == 200
    lines = guest.evaluate("performance.getEntriesByType('resource').filter(r => r.name.endsWith('.js')).length")
    assert not lines, "the hosted form is a page without a script"


def test_who_agreed_is_known_again_on_the_company_s_own_site(
    place: Place, visitor: Callable[..., Visitor], elsewhere: Callable[[str], str], guest: Any
) -> None:
    marketing = visitor("marketing").go("/capture/tracking").sees("Pas encore de site")
    script = marketing.page.locator("pre.code").inner_text()
    marketing.go("/capture/forms/new")
    marketing.fill(title="Essai gratuit")
    marketing.press("Créer le formulaire", within="main").sees("Dans une de vos pages")
    page = elsewhere(marketing.page.locator("pre.snippet").inner_text() + script)
    marketing.go("/capture/tracking").fill(address=page)
    marketing.press("Ajouter ce site").sees(page.rpartition("/")[0]).look()

    sent: list[str] = []
    guest.on("request", lambda request: sent.append(request.url) if request.url.endswith("/t") else None)
    guest.goto(page)
    frame = guest.frame_locator("iframe")
    frame.get_by_label("Nom", exact=True).fill("Durand")
    frame.get_by_label("E-mail professionnel").fill("paul.durand@essai.fr")
    frame.locator("[name=tracking]").check()
    assert sent == [], "nothing is sent before they agreed"
    frame.get_by_role("button", name="Envoyer").click()
    frame.get_by_role("heading", name="Merci").wait_for()
    guest.wait_for_function("localStorage.getItem('filon')")
    assert guest.context.cookies() == []
    guest.goto(page.replace("/tarifs", "/offre"))
    sdr = visitor("sdr")
    for _ in range(100):
        lead = Lead.objects.filter(person__email="paul.durand@essai.fr").first()
        if lead is not None and Fact.objects.filter(kind="page_viewed", lead_id=lead.pk, path="/offre").exists():
            break
        guest.wait_for_timeout(100)
    assert lead is not None
    assert Fact.objects.filter(kind="page_viewed", lead_id=lead.pk, path="/offre").exists()
    sdr.go(f"/leads/{lead.pk}").sees("pages vues", within="#timeline").look()
