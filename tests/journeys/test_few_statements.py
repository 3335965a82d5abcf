"""Every page of the product, as every role, asks the database a dozen times at most, the middleware's own included."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone

from filon.core import accounts
from filon.core.access import SYSTEM
from filon.core.models import Fact, Team, User
from filon.core.models.users import Role
from filon.deals.models import Opportunity
from filon.demo import banner, commands
from filon.leads.models import Lead

pytestmark = pytest.mark.database

MOST = 12
LEADS = 160
MOST_OF_A_KIND = 4  # pages that differ by a number, or by what their address asks
MAIN_ROLES = ("admin", "manager", "sdr")  # the others' pages are walked in the long runs; their homes here
STARTS = ("/", "/account")
FIGURES = ("home", "measure:funnel", "measure:sources", "measure:speed", "measure:cost", "measure:velocity")
MUST_BE_MET = {
    *FIGURES, "leads:list", "leads:board", "leads:lead", "leads:panel", "leads:timeline", "people:list",
    "people:person", "companies:list", "companies:company", "deals:list", "deals:opportunity", "deals:pipeline",
    "imports:list", "imports:import", "capture:campaigns", "capture:costs", "findings", "health", "measure:rows",
    "scoring:studio", "scoring:versions", "scoring:settings", "routing:rules", "routing:simulation", "routing:teams",
    "routing:calendars", "routing:promises", "demo", "account", "settings_users", "settings_keys",
}  # fmt: skip
NOT_PAGES = re.compile(r"^/(static|api|metrics|healthz|readyz)(/|$)|\.csv$")
BRACKETS = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
LINK = re.compile(r'(?:href|hx-get)="([^"#]+)')


@pytest.fixture(scope="module")
def workspace(own_database: str, django_db_blocker: object) -> None:
    """Sample data: a year of a company, with open promises, findings, deals and costs."""
    for _progress in commands.make_sample(leads=LEADS, seed=7, by=SYSTEM, at=timezone.now()):
        pass


@pytest.fixture
def client_of(workspace: None) -> Iterator[Callable[[str], Client]]:
    """`client_of("sdr")`: a browser where such a colleague is signed in, a manager with a team that owns leads."""

    def sign_in(role: str) -> Client:
        email = f"{role}@filon.test"
        user = User.objects.filter(email=email).first()
        if user is None:
            user = accounts.create_user(email, role=role, name=f"Camille {role}", by=SYSTEM, at=timezone.now())
            if role == "manager":
                User.objects.filter(pk=user.pk).update(team=Team.objects.filter(members__role="sdr").first())
                user.refresh_from_db()
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    with transaction.atomic():
        yield sign_in
        transaction.set_rollback(True)


def tell(kind: str, lead: Lead, **more: object) -> None:
    """A fact of a lead that has just come."""
    now = timezone.now()
    of = {"lead_id": lead.pk, "person_id": lead.person_id, **more}
    Fact.objects.create(kind=kind, at=now, learnt_at=now, actor_kind="system", payload={}, **of)


def statements(client: Client, path: str) -> tuple[list[str], str]:
    """What a page asks the database, and the page; nothing of one that is not for this role."""
    banner._Known.until = time.monotonic() + 60  # asked once in fifteen seconds, of whichever page comes then
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(path)
    if answer.status_code != 200:
        return [], ""
    is_page = answer.headers["Content-Type"].startswith("text/html")
    html = answer.content.decode() if is_page else ""
    return [query["sql"] for query in asked if not query["sql"].startswith(BRACKETS)], html


def links(path: str, html: str) -> Iterator[str]:
    """The pages of ours that a page leads to, and the parts it asks for."""
    for link in LINK.findall(html):
        parts = urlsplit(urljoin(path, link.replace("&amp;", "&")))
        if not parts.scheme and not parts.netloc and not NOT_PAGES.search(parts.path):
            yield parts.geturl()


@pytest.mark.parametrize(
    "role", [pytest.param(role, marks=[] if role in MAIN_ROLES else pytest.mark.long) for role in Role.values]
)
def test_every_page_asks_a_dozen_times_at_most(role: str, client_of: Callable[[str], Client]) -> None:
    client = client_of(role)
    lead = Lead.objects.filter(is_open=True).latest("pk")
    waiting, seen, kinds, names = deque(STARTS), set(STARTS), dict[str, int](), set[str]()
    too_many: dict[str, list[str]] = {}
    while waiting:
        path = waiting.popleft()
        name = resolve(urlsplit(path).path).view_name
        if name not in names:
            client.get(path)  # what is kept between requests is read once
        tell("page_viewed", lead)  # the ledger never stands still
        asked, html = statements(client, path)
        if not asked:
            continue
        names.add(name)
        if len(asked) > MOST:
            too_many[f"{path}: {len(asked)}"] = [sql[:160] for sql in asked]
        for link in links(path, html):
            asks, kind = re.sub(r"=[^&]*|[0-9]+", "", link), re.sub(r"[0-9]+", "", urlsplit(link).path)
            if asks not in seen and kinds.get(kind, 0) < MOST_OF_A_KIND:
                seen.add(asks)
                kinds[kind] = kinds.get(kind, 0) + 1
                waiting.append(link)
    assert not too_many, too_many
    assert {"home", "leads:lead", "measure:funnel", "deals:opportunity"} <= names
    if role == "admin":
        assert not MUST_BE_MET - names, "these pages were not met"


@pytest.mark.parametrize("role", Role.values)
def test_figures_ask_no_more_when_they_bring_in_what_has_changed(role: str, client_of: Callable[[str], Client]) -> None:
    client = client_of(role)
    lead = Lead.objects.filter(is_open=True).latest("pk")
    client.get("/insight")
    for name in FIGURES if role in MAIN_ROLES else ("home",):
        path = reverse(name)
        client.get(path)
        tell("call_logged", lead)
        tell("opportunity_changed", lead, opportunity_id=Opportunity.objects.latest("pk").pk)
        asked, _html = statements(client, path)
        assert 0 < len(asked) <= MOST, (path, [sql[:160] for sql in asked])
