"""However a file is cut into batches, and whoever writes beside it, the same comes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filon.capture import doors
from filon.core import inbox, line
from filon.core.access import SYSTEM, Actor
from filon.core.line import Batch, Entry
from filon.core.models import Fact
from filon.leads import editing, moving
from filon.leads.models import Company, Identifier, Lead, Person, SourceRecord
from filon.scoring.steps import score_leads

KEY = Actor("key", 1, permissions=SYSTEM.permissions)
COLLEAGUE = Actor("user", None, "Ada", "admin", None, SYSTEM.permissions)

Row = dict[str, str]


def entries(kind: str, rows: Sequence[Row], at: datetime) -> list[Entry]:
    return [
        Entry(
            kind=kind,
            door="file",
            at=at,
            values=dict(row),
            is_live=False,
            system="s",
            key=row.get("external_id") or f"email:{row.get('email', '')}",
            digest=blake2b(repr(sorted(row.items())).encode(), digest_size=16).hexdigest(),
        )
        for row in rows
    ]


def take(kind: str, rows: Sequence[Row], at: datetime) -> list[str]:
    batch = Batch(entries(kind, rows, at), by=SYSTEM, at=at, is_live=False)
    line.run(batch)
    return [item.outcome for item in batch.items]


def standing() -> dict[str, list[Any]]:
    """What the tables say, without the ids that were drawn."""
    leads = Lead.objects.values_list("person__email", "stage", "is_open", "source", "owner__name", "reached")
    return {
        "leads": sorted(map(str, leads)),
        "people": sorted(map(str, Person.objects.values_list("email", "full_name", "company__name"))),
        "identifiers": sorted(map(str, Identifier.objects.values_list("kind", "value", "person__email"))),
        "companies": sorted(map(str, Company.objects.values_list("name", "city", "owner__name"))),
        "records": sorted(map(str, SourceRecord.objects.values_list("kind", "key", "digest", "given"))),
    }


def outcome_of(kind: str, parts: Sequence[Sequence[Row]], at: datetime) -> tuple[list[str], dict[str, list[Any]]]:
    """What becomes of rows taken in these batches, in a database that forgets them again."""
    with transaction.atomic():
        said = [word for part in parts if part for word in take(kind, part, at)]
        found = standing()
        transaction.set_rollback(True)
    return said, found


LEAD_ROWS = st.fixed_dictionaries(
    {},
    optional={
        "external_id": st.sampled_from(["1", "2"]),
        "email": st.sampled_from(["a@b.fr", "c@d.fr"]),
        "full_name": st.sampled_from(["Ada", "Léa"]),
        "company.name": st.sampled_from(["Acme", "Sogetrel"]),
        "outcome": st.sampled_from(["won", "lost"]),
        "source": st.sampled_from(["Google", "Salon"]),
        "owner": st.sampled_from(["Karim", "Inès"]),
    },
).filter(lambda row: "external_id" in row or "email" in row)  # a file's other rows are rejected before the line
COMPANY_ROWS = st.fixed_dictionaries(
    {},
    optional={
        "external_id": st.sampled_from(["1", "2"]),
        "company.name": st.sampled_from(["Acme", "Acme SAS", "Sogetrel"]),
        "company.city": st.sampled_from(["Lyon", "Paris"]),
        "owner": st.sampled_from(["Karim", "Inès"]),
    },
)


@pytest.mark.parametrize(("kind", "rows"), [("lead", LEAD_ROWS), ("company", COMPANY_ROWS)])
def test_a_file_comes_to_the_same_however_it_is_cut(db: None, at: datetime, kind: str, rows: Any) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(file=st.lists(rows, min_size=2, max_size=5), data=st.data())
    def check(file: list[Row], data: st.DataObject) -> None:
        cut = data.draw(st.integers(min_value=0, max_value=len(file)))
        whole = outcome_of(kind, [file], at)
        assert outcome_of(kind, [file[:cut], file[cut:]], at) == whole
        assert outcome_of(kind, [[row] for row in file], at) == whole

    check()


def test_a_journey_that_ends_makes_room_for_the_next_in_one_batch(db: None, at: datetime) -> None:
    take("lead", [{"external_id": "1", "email": "a@b.fr"}], at)
    ended = {"external_id": "1", "email": "a@b.fr", "outcome": "lost"}
    assert take("lead", [ended, {"external_id": "2", "email": "a@b.fr"}], at) == ["updated", "created"]
    assert sorted(Lead.objects.values_list("stage", "is_open")) == [("captured", True), ("lost", False)]


@pytest.mark.parametrize(
    ("kind", "row", "mended"),
    [
        ("company", {"external_id": "7", "company.city": "Lyon"}, {"company.name": "Acme"}),
        ("cost", {"external_id": "7", "channel": "web"}, {"amount": "10"}),
        ("product", {"external_id": "7", "series": "GTX"}, {"name": "GTX"}),
    ],
)
def test_a_refused_row_is_refused_again_and_taken_once_it_is_mended(
    db: None, at: datetime, kind: str, row: Row, mended: Row
) -> None:
    assert take(kind, [row], at) == ["rejected"]
    assert take(kind, [row], at) == ["rejected"]
    assert not SourceRecord.objects.exists()
    if kind != "cost":
        assert take(kind, [{**row, **mended}], at) == ["created"]


def test_a_known_lead_that_changes_hands_or_learns_its_source_is_told_so(db: None, at: datetime) -> None:
    take("lead", [{"external_id": "1", "email": "a@b.fr", "owner": "Karim"}], at)
    again = {"external_id": "1", "email": "a@b.fr", "owner": "Inès", "source": "Google", "campaign": "Salon"}
    assert take("lead", [again], at) == ["updated"]
    lead = Lead.objects.get()
    assert (lead.owner.name, lead.source, lead.campaign.name) == ("Inès", "Google", "Salon")
    told = dict(Fact.objects.filter(kind__in=["owner_changed", "fields_changed"]).values_list("kind", "detail__values"))
    assert told.keys() == {"owner_changed", "fields_changed"}
    assert told["fields_changed"]["new"] == {"source": "Google", "campaign": "Salon", "channel": lead.channel}


# Beside others --------------------------------------------------------------------------------------------------------


def arrive(data: dict[str, Any], at: datetime, door: Any = doors.LEADS) -> None:
    arrival = doors.arrival(door, data, by=KEY, at=at)
    inbox.take([arrival])
    assert arrival.answer.refusal is None


def meanwhile(monkeypatch: pytest.MonkeyPatch, kind: str, act: Callable[[], None]) -> threading.Thread:
    """Let a colleague begin to act while a batch of that kind is between recording and scoring; who acts."""
    errors: list[Exception] = []

    def go() -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 — told by the test
            errors.append(error)
        finally:
            connections.close_all()

    colleague = threading.Thread(target=go)
    steps = list(line._lines[kind])

    def begin(_batch: Batch) -> None:
        colleague.start()
        colleague.join(0.3)  # longer than an act takes that nothing keeps from it

    place = steps.index(score_leads)
    monkeypatch.setitem(line._lines, kind, [*steps[:place], begin, *steps[place:]])
    colleague.errors = errors  # type: ignore[attr-defined]
    return colleague


def test_what_a_colleague_writes_beside_a_submission_stays(
    committed_db: str, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive({"email": "a@b.fr", "attributes": {"x": "1"}}, at)
    lead = Lead.objects.get()
    colleague = meanwhile(
        monkeypatch, "lead", lambda: editing.edit_lead(lead.pk, {"attributes.a": "edited"}, by=COLLEAGUE, at=at)
    )
    arrive({"email": "a@b.fr", "attributes": {"b": "2"}}, at)
    colleague.join(20)
    assert not colleague.errors  # type: ignore[attr-defined]
    assert Lead.objects.get().attributes == {"x": "1", "a": "edited", "b": "2"}


def test_a_lead_that_a_colleague_closes_beside_its_acts_stays_closed(
    committed_db: str, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = {"email": "a@acme.fr", "job_title": "Directeur des opérations"}
    arrive({**who, "company": {"name": "Acme", "employees": 500}}, at)
    lead = Lead.objects.get()
    move = moving.Move(lead.pk, "disqualified", reason="off_target")
    colleague = meanwhile(monkeypatch, "event", lambda: moving.move_lead(move, by=COLLEAGUE, at=at))
    acts = [{"kind": kind, "email": "a@acme.fr"} for kind in ("demo_requested", "webinar_attended")] * 4
    arrive({"events": acts}, at, doors.EVENTS)
    colleague.join(20)
    assert not colleague.errors  # type: ignore[attr-defined]
    kept = Lead.objects.get()
    moves = Fact.objects.filter(kind="stage_changed").order_by("id").values_list("payload", flat=True)
    assert (kept.stage, kept.is_open, kept.reason) == ("disqualified", False, "off_target")
    assert moves.last()["to_stage"] == "disqualified"
