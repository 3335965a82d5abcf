"""The first day of a workspace, in French, in a browser: get in, choose what to see, go out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from filon.core import accounts
from filon.core.access import SYSTEM
from filon.core.models import AuditEntry, StartLink, User
from tests.frame.people import PASSWORD
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor

pytestmark = [pytest.mark.database, pytest.mark.browser]

FOUNDER = "claire@filon.test"
COLLEAGUE = "karim@filon.test"


@pytest.fixture
def guest(browser_page: Any, empty_place: Place) -> Visitor:
    """Somebody at a browser who is not signed in."""
    return Visitor(browser_page, empty_place.url)


@pytest.fixture(scope="module")
def karim(founded: None) -> User:
    """A colleague who can type a password."""
    return accounts.create_user(
        COLLEAGUE, role="marketing", name="Karim Benali", password=PASSWORD, by=SYSTEM, at=timezone.now()
    )


@pytest.fixture(scope="module")
def founded(empty_place: Place) -> None:
    """The workspace has an administrator, whichever test ran first."""
    if not User.objects.filter(email=FOUNDER).exists():
        accounts.create_user(FOUNDER, role="admin", name="Claire Morel", by=SYSTEM, at=timezone.now())


@pytest.fixture
def signed_in(guest: Visitor, karim: User) -> Visitor:
    """Karim, signed in by his password, on the page of his account."""
    guest.go("/account")
    guest.fill(email=COLLEAGUE, password=PASSWORD)
    return guest.press("Se connecter", to="/account")


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("kind", flat=True))


def test_the_start_link_makes_the_administrator_once_and_leads_to_the_choice_of_the_first_day(
    guest: Visitor, empty_place: Place
) -> None:
    found = re.search(r"/start/\S+", empty_place.tree.log)
    assert found, empty_place.tree.log
    guest.go(found[0]).sees("Bienvenue dans Filon")
    guest.fill(name="Claire Morel", email=FOUNDER, password="court").press("Créer mon compte")
    guest.page.wait_for_selector(".error, [role=alert]")
    assert guest.page.input_value("[name=name]") == "Claire Morel"
    assert not User.objects.exists()

    guest.fill(password=PASSWORD).press("Créer mon compte", to="/welcome")
    guest.look().sees("Votre espace de travail est prêt", "Importer un fichier")
    founder = User.objects.get()
    assert (founder.name, founder.email, founder.role) == ("Claire Morel", FOUNDER, "admin")
    assert StartLink.objects.get().used_at is not None
    assert PASSWORD not in founder.password

    guest.page.context.clear_cookies()
    answer = guest.page.goto(empty_place.url + found[0])
    assert answer is not None
    assert answer.status == 404
    guest.sees("Filon a déjà un administrateur", within="body")
    assert User.objects.count() == 1


def test_a_wrong_password_is_refused_in_words_and_keeps_the_address(guest: Visitor, karim: User) -> None:
    before = Session.objects.count()
    guest.go("/account").fill(email=COLLEAGUE, password="faux mais assez long").press("Se connecter")
    guest.sees("Cette adresse e-mail et ce mot de passe ne correspondent pas", within="body").look()
    assert guest.page.input_value("[name=email]") == COLLEAGUE
    assert guest.page.input_value("[name=password]") == ""
    assert Session.objects.count() == before


def test_the_right_password_opens_the_page_one_wanted(signed_in: Visitor, karim: User) -> None:
    signed_in.look()
    assert signed_in.page.locator("html").get_attribute("lang") == "fr"
    karim.refresh_from_db()
    assert karim.last_login is not None


def test_another_language_is_chosen_once_and_stays(signed_in: Visitor, karim: User) -> None:
    page = signed_in.page
    page.click("[popovertarget=user-menu]")
    page.locator("#user-menu button[name=language][value=en]").click()
    page.wait_for_selector("html[lang=en]")
    signed_in.look()
    karim.refresh_from_db()
    assert karim.language == "en"
    page.click("[popovertarget=user-menu]")
    assert page.get_by_role("button", name="Sign out").is_visible()
    page.locator("#user-menu button[name=language][value=fr]").click()
    page.wait_for_selector("html[lang=fr]")
    karim.refresh_from_db()
    assert karim.language == "fr"


def test_a_theme_holds_on_the_next_page_before_any_script(signed_in: Visitor) -> None:
    page = signed_in.page
    page.click("[popovertarget=user-menu]")
    page.locator("#user-menu label[title=Sombre]").click()
    signed_in.go("/help/glossary")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert 'data-theme="dark"' in page.context.request.get(page.url).text()


def test_signing_out_shuts_every_page(signed_in: Visitor) -> None:
    page = signed_in.page
    page.click("[popovertarget=user-menu]")
    signed_in.press("Se déconnecter", within="#user-menu", to="/sign-in")
    signed_in.look()
    page.goto(signed_in.url + "/account")
    assert "/sign-in" in page.url
    page.go_back()
    assert page.get_by_text("Karim Benali").count() == 0


def test_getting_in_and_out_is_written_down(signed_in: Visitor) -> None:
    assert {"signed_in"} <= {kind.rsplit(".", 1)[-1] for kind in acts()}, acts()
