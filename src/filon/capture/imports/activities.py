"""What a row of another system's notes, tasks and activities says, as one of our acts. Pure; the clock is a parameter.

Nothing is claimed that the row does not say: what was planned, called off or cannot be told is a note about it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from pathlib import Path
from typing import Any, Final

from filon.capture.imports.fields import column_key
from filon.leads.events import (
    ACTS,
    SPOKEN,
    Bounced,
    CallLogged,
    InboundCall,
    MeetingHeld,
    MessageSent,
    NoteWritten,
    Replied,
)

SORTS: Final = frozenset({"call", "email", "message", "meeting", "note", "task"})
"""What a preset's `[events.kinds]` may call a word, beside the codes of our own acts."""


def _words(table: str) -> dict[str, str]:
    content = tomllib.loads((Path(__file__).parent / "acts.toml").read_text(encoding="utf-8"))[table]
    return {column_key(word): code for code, words in content.items() for word in [code, *words]}


OUTCOMES: Final = _words("outcomes")
DIRECTIONS: Final = _words("directions")
STATES: Final = _words("states")
_CHANNELS: Final = {"call": "phone", "email": "email"}
_TOLD_APART: Final = frozenset({"title", "text", "direction", "outcome", "state", "due", "created_at", "kind", "at"})


@dataclass
class _Row:
    """A row while it is understood. kept: words that no field of an act takes, for its text."""

    values: Mapping[str, Any]
    sort: str
    now: datetime
    zone: tzinfo
    kept: list[str] = field(default_factory=list)
    findings: list[tuple[str, str]] = field(default_factory=list)

    def word(self, name: str, table: Mapping[str, str], finding: str) -> str:
        """The code that the row's word means; a word nobody knows is kept, with a finding."""
        written = str(self.values.get(name, ""))
        code = table.get(column_key(written), "") if written else ""
        if written and not code:
            self.kept.append(written)
            self.findings.append((finding, f"{name}: {written}"))
        return code

    def first(self, *names: str) -> datetime | None:
        """The first of these moments that lies in the past."""
        found = (self.moment(name) for name in names)
        return next((at for at in found if at is not None and at <= self.now), None)

    def moment(self, name: str) -> datetime | None:
        """A moment of the row; a day begins at midnight where it was written."""
        value = self.values.get(name)
        if isinstance(value, date) and not isinstance(value, datetime):
            return datetime.combine(value, time(), self.zone).astimezone(UTC)
        return value

    def due(self) -> str:
        """The day it is planned for."""
        planned = self.values.get("due") or self.values.get("at")
        if isinstance(planned, datetime):
            planned = planned.astimezone(self.zone).date()
        return planned.isoformat() if planned else ""


def settle(
    values: Mapping[str, Any], kinds: Mapping[str, str], *, now: datetime, zone: tzinfo
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The values of an act, and what was odd.

    values: a row's, times in UTC. kinds: the preset's words, by `column_key`, as sorts or codes of acts; none: the
    row's own kind stands as it is written.
    """
    row = _Row(values, _sort(values, kinds), now, zone)
    if kinds and not row.sort:
        row.sort = "note"
        if written := values.get("kind"):
            row.kept.append(written)
            row.findings.append(("unknown_act", f"kind: {written}"))
    act = {name: value for name, value in values.items() if name not in _TOLD_APART}
    act |= dict(_act(row))
    if text := "\n".join(_said(row)):
        act["text"] = text
    return act, row.findings


def _sort(values: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    written = str(values.get("kind", ""))
    return kinds.get(column_key(written), written if written in ACTS else "") if kinds else written


def _said(row: _Row) -> Iterator[str]:
    title, text = str(row.values.get("title", "")), str(row.values.get("text", ""))
    if title and not text.startswith(title):
        yield title
    if text:
        yield text
    yield from row.kept


def _act(row: _Row) -> Iterator[tuple[str, Any]]:
    """Kind, moment and what else an act of the row's sort has."""
    if row.sort not in SORTS:
        if row.sort:
            yield "kind", row.sort
        if row.sort == CallLogged.kind:
            yield "outcome", row.word("outcome", OUTCOMES, "unknown_outcome")
        at = row.moment("at") or row.moment("created_at")
    else:
        kind, state, outcome = _kind(row)
        yield "kind", kind
        if kind == CallLogged.kind:
            yield "outcome", outcome
        if kind != NoteWritten.kind:
            if row.sort in _CHANNELS and "channel" not in row.values:
                yield "channel", _CHANNELS[row.sort]
        elif row.sort != "note":
            yield "about", row.sort
            yield "state", state
            if state == "planned":
                yield "due", row.due()
        order = ("created_at", "at", "due") if state == "planned" else ("at", "due", "created_at")
        at = row.first(*order)
    if at is not None:
        yield "at", at


def _kind(row: _Row) -> tuple[str, str, str]:
    """(kind of act, state, outcome of a call): an act only when the row says, or lets no doubt, that it took place."""
    state, outcome = _state(row)
    if row.sort in {"note", "task"} or state in {"planned", "dropped"}:
        return NoteWritten.kind, state, ""
    if row.sort == "meeting":
        return MeetingHeld.kind, state, ""
    if state == "bounced":
        return (Bounced.kind if row.sort != "call" else NoteWritten.kind), state, ""
    direction = row.word("direction", DIRECTIONS, "unknown_direction")
    if row.values.get("direction") and not direction:
        return NoteWritten.kind, state, ""
    if row.sort != "call":
        return (Replied.kind if direction == "inbound" else MessageSent.kind), state, ""
    if direction != "inbound":
        return CallLogged.kind, state, outcome
    if outcome and outcome not in SPOKEN:
        row.kept.append(str(row.values.get("outcome") or row.values.get("state")))
        return NoteWritten.kind, "dropped", ""
    return InboundCall.kind, state, ""


def _state(row: _Row) -> tuple[str, str]:
    """(done, planned, dropped or bounced; outcome of a call). A call's state may say its outcome."""
    written = str(row.values.get("state", ""))
    state = STATES.get(column_key(written), "")
    outcome = ""
    if row.sort == "call":
        outcome = row.word("outcome", OUTCOMES, "unknown_outcome")
        if written and not state and (said := OUTCOMES.get(column_key(written))):
            state, outcome = "done", outcome or said
    elif row.values.get("outcome"):
        row.kept.append(str(row.values["outcome"]))
    if written and not state:
        row.kept.append(written)
        row.findings.append(("unknown_state", f"state: {written}"))
    if state == "dropped":
        row.kept.append(written)
    if not state:
        state = "planned" if row.sort == "task" else "done"
    if state == "done" and row.sort not in {"note", "task"} and _is_ahead(row):
        state = "planned"
    return state, outcome


def _is_ahead(row: _Row) -> bool:
    at = row.moment("at") or row.moment("due")
    return at is not None and at > row.now
