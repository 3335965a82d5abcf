"""Set-based writes, on the table of a slice that keeps text, JSON, times and nothing."""

from __future__ import annotations

import json

import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, transaction

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


@pytest.mark.parametrize("count", [1, 150])
def test_a_row_that_stands_already_is_known_as_a_conflict(count: int) -> None:
    sql.insert_rows(SourceRecord, COLUMNS, rows(1))
    with pytest.raises(IntegrityError), transaction.atomic():
        sql.insert_rows(SourceRecord, COLUMNS, rows(count))


def test_rows_are_changed_each_to_its_own_values() -> None:
    sql.insert_rows(SourceRecord, COLUMNS, rows(150))
    ids = SourceRecord.objects.order_by("record_id").values_list("id", flat=True)
    changed = [(row_id, {"n": [n, None, "é"]}, n if n % 2 else None, f"'{n}\\") for n, row_id in enumerate(ids)]
    sql.update_rows(SourceRecord, ("given", "import_id", "digest"), changed)
    assert list(SourceRecord.objects.order_by("id").values_list("id", "given", "import_id", "digest")) == changed


@pytest.mark.parametrize(("column", "values", "found"), [("id", [], 0), ("record_id", [1, 3, 999], 2)])
def test_one_of_many_numbers(column: str, values: list[int], found: int) -> None:
    sql.insert_rows(SourceRecord, COLUMNS, rows(5))
    where, params = sql.any_of(column, values)
    assert len(sql.fetch(f"SELECT id FROM leads_sourcerecord WHERE {where}", params)) == found


def test_one_of_many_texts_whatever_they_hold() -> None:
    texts = ["a", "{b,c}", 'd"e', "f\\g", "NULL", "%s", "é'"]
    sql.insert_rows(SourceRecord, COLUMNS, [("lead", "s", text, n, "", {}, None) for n, text in enumerate(texts)])
    where, params = sql.any_of("key", [*texts, "nobody"])
    assert len(sql.fetch(f"SELECT id FROM leads_sourcerecord WHERE {where}", params)) == len(texts)


def caused(error: Exception, **marks: object) -> Exception:
    error.__cause__ = type("Cause", (Exception,), marks)()
    return error


@pytest.mark.parametrize("state", ["08006", "40P01", "53100", "53300", "55P03", "57P01", "57P03", "58030", "25006"])
def test_a_server_that_is_down_full_or_busy_is_known_by_its_state(state: str) -> None:
    assert sql.is_unavailable(caused(OperationalError("x"), sqlstate=state))
    assert sql.is_unavailable(caused(DatabaseError("x"), sqlstate=state))


@pytest.mark.parametrize("state", ["54000", "54011", "55000", "23505", "22P05", "42P01"])
def test_a_server_that_was_asked_wrongly_is_not_down(state: str) -> None:
    assert not sql.is_unavailable(caused(OperationalError("x"), sqlstate=state))


def test_a_driver_without_a_state_speaks_of_its_connection() -> None:
    assert sql.is_unavailable(OperationalError("connection refused"))
    assert sql.is_unavailable(InterfaceError("connection already closed"))
    assert sql.is_unavailable(caused(OperationalError("database is locked"), sqlite_errorcode=517))
    assert not sql.is_unavailable(caused(OperationalError("no such table"), sqlite_errorcode=1))
    assert not sql.is_unavailable(ValueError("x"))


def test_an_error_in_short_names_its_constraint_and_no_value() -> None:
    sql.insert_rows(SourceRecord, COLUMNS, rows(1))
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        sql.insert_rows(SourceRecord, COLUMNS, rows(1))
    short = sql.in_short(caught.value)
    assert short.startswith("IntegrityError (leads_source")
    assert "K0" not in short
    assert sql.in_short(ValueError("claire@b.fr")) == "ValueError"
