"""What rows of other systems say happened: an act where they do, a note where they do not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from filon.capture.imports import activities
from filon.capture.imports.activities import settle
from filon.capture.imports.fields import column_key
from filon.capture.imports.mapping import load_preset, preset_names
from filon.capture.imports.values import plain_text
from filon.leads.events import ACTS
from filon.leads.fields import OUTCOMES

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PAST = datetime(2025, 5, 6, 7, 0, tzinfo=UTC)
FUTURE = datetime(2026, 4, 1, 7, 0, tzinfo=UTC)
KINDS = {
    column_key(word): sort
    for word, sort in {
        "Appel": "call",
        "Call": "call",
        "E-mail": "email",
        "SMS": "message",
        "Lunch": "meeting",
        "Tâche": "task",
        "Note": "note",
        "Salon": "event_attended",
    }.items()
}


def settled(kind: str, **values: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    said = {"kind": kind, "at": PAST, **values}
    return settle(
        {name: value for name, value in said.items() if value is not None},
        KINDS,
        now=NOW,
        zone=ZoneInfo("Europe/Paris"),
    )


@pytest.mark.parametrize(
    ("kind", "said", "act"),
    [
        ("Appel", {}, {"kind": "call_logged", "outcome": ""}),
        ("CALL", {"outcome": "Connected"}, {"kind": "call_logged", "outcome": "reached"}),
        ("Appel", {"outcome": "Message vocal laissé"}, {"kind": "call_logged", "outcome": "voicemail"}),
        ("Call", {"direction": "OUTBOUND", "state": "NO_ANSWER"}, {"kind": "call_logged", "outcome": "no_answer"}),
        ("Call", {"direction": "Inbound", "outcome": "Connected"}, {"kind": "inbound_call"}),
        ("Appel", {"direction": "Entrant"}, {"kind": "inbound_call"}),
        ("E-mail", {}, {"kind": "message_sent"}),
        ("E-mail", {"direction": "EMAIL", "state": "SENT"}, {"kind": "message_sent"}),
        ("e-mail", {"direction": "INCOMING_EMAIL"}, {"kind": "replied"}),
        ("E-mail", {"direction": "EMAIL", "state": "BOUNCED"}, {"kind": "bounced"}),
        ("Lunch", {"state": "Done"}, {"kind": "meeting_held"}),
        ("Note", {}, {"kind": "note_written"}),
        ("Salon", {}, {"kind": "event_attended"}),
        ("page_viewed", {}, {"kind": "page_viewed"}),
    ],
)
def test_what_took_place_is_an_act_of_ours_at_its_own_date(
    kind: str, said: dict[str, Any], act: dict[str, Any]
) -> None:
    values, findings = settled(kind, **said)
    channel = values.pop("channel", None)
    assert (values, findings) == ({**act, "at": PAST}, [])
    assert channel == {"call": "phone", "email": "email"}.get(KINDS.get(column_key(kind), "")) or act["kind"] not in (
        "call_logged",
        "message_sent",
    )


@pytest.mark.parametrize(
    ("kind", "said", "note"),
    [
        ("Tâche", {"state": "Non commencée", "due": date(2026, 4, 1)}, ("task", "planned", "2026-04-01")),
        ("Tâche", {}, ("task", "planned", "2025-05-06")),
        ("Tâche", {"state": "COMPLETED"}, ("task", "done", None)),
        ("Call", {"state": "To do", "due": date(2026, 4, 1)}, ("call", "planned", "2026-04-01")),
        ("Lunch", {"at": FUTURE}, ("meeting", "planned", "2026-04-01")),
        ("Lunch", {"state": "No show"}, ("meeting", "dropped", None)),
        ("Call", {"direction": "Inbound", "outcome": "No answer"}, ("call", "dropped", None)),
        ("Call", {"direction": "Internal"}, ("call", "done", None)),
    ],
)
def test_what_did_not_or_cannot_be_told_is_a_note_about_it(
    kind: str, said: dict[str, Any], note: tuple[str, str, str | None]
) -> None:
    values, _findings = settled(kind, **said)
    assert values["kind"] == "note_written"
    assert (values["about"], values["state"], values.get("due")) == note


def test_nothing_is_dated_in_the_future_and_a_plan_stands_where_it_was_made() -> None:
    made = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
    assert settled("Lunch", at=FUTURE, created_at=made)[0]["at"] == made
    assert "at" not in settled("Lunch", at=FUTURE)[0]
    assert settled("Tâche", at=None, due=date(2026, 3, 1), state="Done")[0]["at"] == datetime(
        2026, 2, 28, 23, tzinfo=UTC
    )
    assert settled("Call", at=None, created_at=made)[0]["at"] == made


def test_words_nobody_knows_are_told_and_kept_in_the_text() -> None:
    values, findings = settled("Fax", title="Devis", text="Envoyé ce jour")
    assert values == {"kind": "note_written", "at": PAST, "text": "Devis\nEnvoyé ce jour\nFax"}
    assert findings == [("unknown_act", "kind: Fax")]
    values, findings = settled("Call", outcome="Démo calée", text="R.A.S.")
    assert (values["outcome"], values["text"]) == ("", "R.A.S.\nDémo calée")
    assert findings == [("unknown_outcome", "outcome: Démo calée")]
    assert settled("Call", direction="Internal")[1] == [("unknown_direction", "direction: Internal")]
    values, findings = settled("Lunch", state="Très bien passé")
    assert (values["kind"], values["text"]) == ("meeting_held", "Très bien passé")
    assert findings == [("unknown_state", "state: Très bien passé")]


def test_without_a_preset_a_kind_stands_as_it_is_written() -> None:
    said = {"kind": "Lunch", "at": PAST, "email": "a@b.fr", "path": "/x"}
    assert settle(said, {}, now=NOW, zone=UTC) == (said, [])
    called = {"kind": "call_logged", "outcome": "voicemail"}
    assert settle(called, {}, now=NOW, zone=UTC)[0] == called


def test_the_words_mean_codes_that_exist() -> None:
    assert set(activities.OUTCOMES.values()) == set(OUTCOMES)
    assert set(activities.DIRECTIONS.values()) == {"inbound", "outbound"}
    assert set(activities.STATES.values()) == {"done", "planned", "dropped", "bounced"}
    for name in preset_names():
        preset = load_preset(name)
        assert set(preset.kinds.values()) <= activities.SORTS | ACTS.keys()
        assert {column_key(word) for word in preset.files.values()} <= preset.kinds.keys()


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Bonjour&nbsp;Claire,</p><p>R&amp;D : <b>oui</b></p>", "Bonjour Claire,\n\nR&D : oui"),
        ("<div>un<br>deux<br/>trois</div>", "un\ndeux\ntrois"),
        ("<ul><li>un</li><li>deux</li></ul>", "un\n\ndeux"),
        ("<style>p {color: red}</style><script>x()</script><p>vu</p>", "vu"),
        ("<p>De : Claire <claire@x.fr></p>", "De : Claire <claire@x.fr>"),
        ("marge < 3 et > 2", "marge < 3 et > 2"),
        ("de <claire@x.fr>\n  cité", "de <claire@x.fr>\n  cité"),
        ("R&amp;D & co", "R&D & co"),
        ("<p>pas fermé", "pas fermé"),
    ],
)
def test_html_becomes_its_text_and_text_stays(html: str, text: str) -> None:
    assert plain_text(html) == text
