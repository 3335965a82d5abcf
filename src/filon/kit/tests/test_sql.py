"""Set-based writes, on the table of a slice that keeps text, JSON, times and nothing."""

from __future__ import annotations

import json

import pytest

from filon.kit import sql
from filon.leads.models import SourceRecord

pytestmark = pytest.mark.django_db
COLUMNS = ("kind", "system", "key", "record_id", "digest", "given", "import_id")


def rows(count: int) -> list[tuple[object, ...]]:
    return [("lead", "s", f"K{n}", n, "", {"n": n} if n % 2 else {}, n if n % 3 else None) for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 63, 64, 99, 100, 101, 250])
def test_rows_arrive_whole_however_many_they_are(count: int) -> None:
    sql.insert_rows(SourceRecord, COLUMNS, rows(count))
    kept = SourceRecord.objects.order_by("record_id").values_list(*COLUMNS)
    assert list(kept) == rows(count)


def test_json_made_ready_is_kept_as_it_is_and_read_like_any_other() -> None:
    ready = sql.JsonText(json.dumps({"email": "é@x.fr"}))
    sql.insert_rows(SourceRecord, COLUMNS, [("lead", "s", "K", 1, "", ready, None)])
    assert SourceRecord.objects.get().given == {"email": "é@x.fr"} == sql.as_json(ready)
