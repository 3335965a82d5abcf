"""Every page that a link leads to, as every role: it is there, it is in French, and looking changes nothing."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from babel.messages.pofile import read_po
from django.apps import apps
from django.conf import settings
from django.db.models import Count, Max

from filon.core.models.users import Role
from tests.journeys.conftest import Place
from tests.journeys.made import make_workspace

pytestmark = [pytest.mark.database, pytest.mark.long]  # minutes of crawling: `make test-long`

SOURCE = Path(__file__).resolve().parents[2] / "src" / "filon"
STARTS = ("/", "/account")
IN_BOTH = {"/help/glossary", "/settings/stage-names"}  # they give the English words beside the French ones
MOST_PAGES = 120
MOST_OF_A_KIND = 3  # pages that differ by a number only
NOT_FOLLOWED = re.compile(r"^/(static|api|metrics|healthz|readyz)(/|$)|\.csv$")
RESTLESS = {"Session", "Worker", "ClockTick", "Job", "Allowance"}  # what a worker or a visit itself writes


@dataclass
class Page(HTMLParser):
    """What a page shows: its links and its texts, each as a whole node."""

    links: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    language: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._silent = 0
        self._foreign: list[str] = []

    @classmethod
    def of(cls, html: str) -> Page:
        """The page of an HTML text."""
        page = cls()
        page.feed(html)
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link, and the texts that only assistive technology reads."""
        said = dict(attrs)
        if tag == "html":
            self.language = said.get("lang") or ""
        if tag in {"script", "style", "code", "template"}:
            self._silent += 1
        if tag == "a" and said.get("href"):
            self.links.append(said["href"] or "")
        if said.get("lang", self.language) == self.language:
            self.texts += [text for name in ("title", "aria-label", "placeholder", "alt") if (text := said.get(name))]

    def handle_endtag(self, tag: str) -> None:
        """Listen again after a script."""
        if tag in {"script", "style", "code", "template"}:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        """Note a text as people read it."""
        text = " ".join(data.split())
        if text and not self._silent:
            self.texts.append(text)


Crawled = tuple[dict[str, Page], list[tuple[str, int, str]]]


@cache
def english() -> frozenset[str]:
    """Every English text of the product that French says otherwise, where it names no other word of French."""
    said: dict[str, str] = {}
    french: set[str] = set()
    for path in SOURCE.glob("*/locale/fr/LC_MESSAGES/django.po"):
        with path.open("rb") as file:
            for message in read_po(file):
                if isinstance(message.id, str) and message.id and message.string:
                    said[message.id] = str(message.string)
                    french.add(str(message.string))
    return frozenset(english for english, other in said.items() if english != other and english not in french)


@pytest.fixture(scope="module")
def workspace(place: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A product with something on every page; the ids of a lead, an opportunity and an import."""
    return make_workspace(place, tmp_path_factory.mktemp("files"))


@pytest.fixture
def crawled(place: Place, session_of: Callable[..., str], workspace: object) -> Callable[[str], Crawled]:
    """`crawled("sdr")`: every page that role reaches by links, by address; and (address, status, linked from) else."""

    def crawl(role: str) -> Crawled:
        cookie = f"{settings.SESSION_COOKIE_NAME}={session_of(role)}"
        found: dict[str, Page] = {}
        wrong: list[tuple[str, int, str]] = []
        kinds: dict[str, int] = {}
        waiting = deque((path, "") for path in STARTS)
        seen = set(STARTS)
        while waiting and len(found) < MOST_PAGES:
            path, comes_from = waiting.popleft()
            status, html = place.get(path, cookie=cookie)
            if status != 200:
                wrong.append((path, status, comes_from))
                continue
            found[path] = Page.of(html)
            for link in _followed(path, found[path].links):
                kind = re.sub(r"\d+", "0", urlsplit(link).path) + "?" + re.sub(r"=[^&]*", "", urlsplit(link).query)
                if link not in seen and kinds.get(kind, 0) < MOST_OF_A_KIND:
                    seen.add(link)
                    kinds[kind] = kinds.get(kind, 0) + 1
                    waiting.append((link, path))
        return found, wrong

    return crawl


def _followed(path: str, links: list[str]) -> Iterator[str]:
    """The pages of ours among the links of a page."""
    for link in links:
        parts = urlsplit(urljoin(path, link))
        if not parts.scheme and not parts.netloc and not NOT_FOLLOWED.search(parts.path):
            yield parts._replace(fragment="").geturl()


@pytest.mark.parametrize("role", Role.values)
def test_every_link_leads_to_a_page_in_french_and_looking_changes_nothing(
    role: str, crawled: Callable[[str], Crawled], session_of: Callable[..., str]
) -> None:
    session_of(role)
    before = _database()
    pages, missing = crawled(role)
    assert len(pages) >= 4, sorted(pages)
    left = {
        (text, path) for path, page in pages.items() if path not in IN_BOTH for text in page.texts if text in english()
    }
    assert {page.language for page in pages.values()} == {"fr"}
    assert not left, f"English on a French page: {sorted(left)}"
    assert _database() == before
    assert not missing, f"(address, status, linked from): {missing}"


def _database() -> dict[str, tuple[int, Any]]:
    """How many rows each table has, and the last of them."""
    return {
        model.__name__: tuple(model._default_manager.aggregate(count=Count("pk"), last=Max("pk")).values())  # type: ignore[misc]
        for model in apps.get_models()
        if model.__name__ not in RESTLESS
    }
