"""Databases for tests: one that is rolled back (`db`), and a copy of one's own for a test that commits."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test.utils import setup_databases, teardown_databases

if connection.vendor == "sqlite":  # a real file: several connections must see it, as in life
    connection.settings_dict["TEST"]["NAME"] = str(Path(settings.FILON_DATA_DIR) / "test.sqlite3")

_USES_DATABASE = {"db", "transactional_db", "committed_db", "live_server_tree", "database_url", "nowhere"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches a database, for the second run on PostgreSQL."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & _USES_DATABASE or item.get_closest_marker("django_db"):
            item.add_marker("database")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """The migrated database, in the place of pytest-django's, which makes none for tests that use a copy only."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
        if connection.vendor == "postgresql":  # now: later, a connection that some test left open would forbid it
            _maintain(f'DROP DATABASE IF EXISTS "{_template_name()}" WITH (FORCE)')
            _maintain(f'CREATE DATABASE "{_template_name()}" TEMPLATE "{connection.settings_dict["NAME"]}"')
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            _maintain(f'DROP DATABASE IF EXISTS "{_template_name()}" WITH (FORCE)')
        teardown_databases(made, verbosity=0)


def _template_name() -> str:
    """PostgreSQL copies only a database that nobody is connected to, so the one to copy from is no test's own."""
    return f"{connection.settings_dict['NAME']}_template"


@pytest.fixture(scope="session")
def database_template(django_db_setup: None, django_db_blocker: Any) -> str:
    """The name of a migrated, empty database to copy from."""
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            return _template_name()
        template = Path(settings.FILON_DATA_DIR) / "template.sqlite3"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(template)])
        connection.close()
        return str(template)


@pytest.fixture
def committed_db(request: pytest.FixtureRequest, database_template: str, django_db_blocker: Any) -> Iterator[str]:
    """A database of this test's own, where it may commit, use threads and other processes; its URL.

    The ledger refuses to be emptied, so a test that commits cannot tidy up after itself: it throws its copy away.
    """
    if request.node.get_closest_marker("django_db") or "db" in request.fixturenames:
        pytest.fail("committed_db takes the place of db and django_db: use one of them", pytrace=False)
    with django_db_blocker.unblock(), copied_database(database_template) as name:
        before = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = name
        try:
            yield _url(name)
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = before


@pytest.fixture
def database_url(database_template: str, django_db_blocker: Any) -> Iterator[str]:
    """The URL of an own copy for another process; this one does not touch it."""
    with django_db_blocker.unblock(), copied_database(database_template) as name:
        yield _url(name)


@contextmanager
def copied_database(template: str) -> Iterator[str]:
    """A copy of the template, thrown away at the end."""
    if connection.vendor == "postgresql":
        name = f"{template}_{uuid.uuid4().hex[:8]}"
        _maintain(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield name
        finally:
            connections.close_all()
            _maintain(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        return
    folder = Path(settings.FILON_DATA_DIR) / f"copy-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    try:
        yield str(shutil.copy(template, folder / "filon.sqlite3"))
    finally:
        connections.close_all()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def empty_database() -> Iterator[str]:
    """The URL of a database without any table, thrown away at the end."""
    name = f"test_empty_{uuid.uuid4().hex[:8]}"
    if connection.vendor == "postgresql":
        _maintain(f'CREATE DATABASE "{name}"')
        try:
            yield _url(name)
        finally:
            _maintain(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        return
    folder = Path(settings.FILON_DATA_DIR) / name
    folder.mkdir()
    try:
        yield _url(str(folder / "filon.sqlite3"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _maintain(statement: str) -> None:
    """Run a statement beside all databases; no connection to the template may be open."""
    connections.close_all()
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def _url(name: str) -> str:
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["FILON_DATABASE_URL"])._replace(path=f"/{name}").geturl()


@pytest.fixture
def engine() -> str:
    """`sqlite` or `postgresql`: where this run's tests keep their data."""
    return "postgresql" if os.environ.get("FILON_DATABASE_URL", "").startswith("postgres") else "sqlite"
