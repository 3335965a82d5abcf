"""What the models say must never be false is in the database: no migration has dropped a constraint or an index."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection


@pytest.mark.parametrize(
    "model",
    [model for model in apps.get_models() if model.__module__.startswith("filon.")],
    ids=lambda model: model._meta.label,
)
def test_every_constraint_and_index_is_there(db: None, model: type) -> None:
    meta = model._meta  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        found = set(connection.introspection.get_constraints(cursor, meta.db_table))
    wanted = {one.name for one in (*meta.constraints, *meta.indexes)}
    assert wanted <= found, wanted - found
