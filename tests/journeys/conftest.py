"""A product for journeys: one server, one database and one worker for all tests of a file."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client

from filon.core import accounts
from filon.core.access import SYSTEM
from filon.core.models import User
from tests.frame.databases import _url, copied_database
from tests.frame.servers import ServerTree, free_port
from tests.journeys.looking import Visitor


@dataclass
class Place:
    """The product as a file's tests use it: commands, API, cookies; its database is the tests' own connection."""

    tree: ServerTree
    key: str = ""

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.tree.url

    def run(self, *arguments: str) -> dict[str, Any]:
        """A `filon` command; the JSON of its last line."""
        return self.tree.run(*arguments)

    def get(self, path: str, *, cookie: str = "", **asked: Any) -> tuple[int, str]:
        """GET by HTTP, with the API key, or with the cookie of a session; status and text."""
        return self._ask(path + ("?" + urllib.parse.urlencode(asked, doseq=True) if asked else ""), cookie=cookie)

    def get_json(self, path: str, **asked: Any) -> Any:
        """GET by HTTP what must be there, as JSON."""
        status, text = self.get(path, **asked)
        assert status == 200, f"{text}\n{self.tree.log[-6000:]}"
        return json.loads(text)

    def post_json(self, path: str, body: Any) -> tuple[int, Any]:
        """POST JSON with the API key; status and answer."""
        status, text = self._ask(path, json.dumps(body).encode())
        return status, json.loads(text)

    def _ask(self, path: str, body: bytes | None = None, *, cookie: str = "") -> tuple[int, str]:
        headers = {"Cookie": cookie} if cookie else {"Authorization": f"Bearer {self.key}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")


@pytest.fixture(scope="module")
def own_database(database_template: str, django_db_blocker: Any) -> Iterator[str]:
    """The URL of a database of this file's own; the ORM of the tests reads it too."""
    with django_db_blocker.unblock(), copied_database(database_template) as name:
        before = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = name
        try:
            yield _url(name)
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = before


@pytest.fixture(scope="module")
def empty_place(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The running product where nobody has signed in yet."""
    tree = ServerTree(tmp_path_factory.mktemp("place"), own_database, free_port())
    try:
        yield Place(tree.start())
    finally:
        tree.kill()


@pytest.fixture(scope="module")
def place(empty_place: Place) -> Place:
    """The running product with an API key that may do everything."""
    empty_place.key = empty_place.run("key", "create", "journeys", "--scope", "admin")["key"]
    return empty_place


@pytest.fixture(scope="module")
def colleague(place: Place) -> Callable[..., User]:
    """`colleague("sdr")`: the one colleague of that role, made when first asked for. They cannot type a password."""
    made: dict[str, User] = {}

    def find(role: str = "admin") -> User:
        if role not in made:
            from django.utils import timezone

            made[role] = accounts.create_user(
                f"{role}@filon.test", role=role, name=f"Camille {role}", by=SYSTEM, at=timezone.now()
            )
        return made[role]

    return find


@pytest.fixture(scope="module")
def session_of(colleague: Callable[..., User]) -> Callable[..., str]:
    """`session_of("sdr")`: the value of the session cookie of that colleague, signed in."""
    made: dict[str, str] = {}

    def sign_in(role: str = "admin") -> str:
        if role not in made:
            client = Client()
            client.force_login(colleague(role), backend="django.contrib.auth.backends.ModelBackend")
            made[role] = client.cookies[settings.SESSION_COOKIE_NAME].value
        return made[role]

    return sign_in


@pytest.fixture
def visitor(browser_page: Any, place: Place, session_of: Callable[..., str]) -> Callable[..., Visitor]:
    """`visitor("sdr")`: a browser where that colleague is signed in; every page it opens is checked by axe."""

    def open_browser(role: str = "admin") -> Visitor:
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session_of(role), "url": place.url}
        browser_page.context.add_cookies([cookie])
        return Visitor(browser_page, place.url)

    return open_browser


@pytest.fixture(scope="session")
def data_sets() -> Path:
    """The folder of real public data beside the repository; the test is skipped without it."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public data sets are not here (../shared/data)")
    return folder
