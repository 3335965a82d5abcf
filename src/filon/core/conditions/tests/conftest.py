from __future__ import annotations

import os

import psycopg
import pytest

from filon.core.conditions.tests import world

_POSTGRES = os.environ.get("FILON_TEST_POSTGRES", "")
_without_postgres = pytest.mark.skipif(
    not _POSTGRES, reason="needs FILON_TEST_POSTGRES, the DSN of a PostgreSQL server"
)


def _open(name: str) -> world.World:
    if name == "sqlite":
        return world.SQLiteWorld()
    return world.PostgresWorld(_POSTGRES, psycopg.ClientCursor if name == "client" else psycopg.Cursor)


@pytest.fixture(
    scope="module",
    params=[
        "sqlite",
        pytest.param("client", marks=_without_postgres),
        pytest.param("server", marks=_without_postgres),
    ],
)
def database(request):
    opened = _open(request.param)
    yield opened
    if isinstance(opened, world.PostgresWorld):
        opened.close()
