"""When a meeting can be, and how calendars read it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from filon.meetings import invitation, rules
from filon.meetings.invitation import Invitation
from filon.meetings.rules import Wishes

PARIS = ZoneInfo("Europe/Paris")
HALF = timedelta(minutes=30)


def on(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=PARIS)


def free(spans, busy=(), *, length=30, buffer=0, after=None) -> list[datetime]:
    return list(
        rules.free(
            spans,
            list(busy),
            length=timedelta(minutes=length),
            buffer=timedelta(minutes=buffer),
            after=after or on(1, 0),
            zone=PARIS,
        )
    )


def test_moments_lie_whole_within_a_span():
    assert free([(on(30, 9), on(30, 10, 15))], length=45) == [on(30, 9), on(30, 9, 30)]
    assert free([(on(30, 9, 10), on(30, 10))]) == [on(30, 9, 30)], "on the half hour"
    assert free([(on(30, 9), on(30, 9, 20))]) == []


def test_what_is_busy_and_its_buffer_are_left_out():
    morning = [(on(30, 9), on(30, 12))]
    busy = [(on(30, 10), on(30, 10, 30))]
    assert on(30, 10) not in free(morning, busy)
    assert on(30, 9, 30) in free(morning, busy)
    assert on(30, 10, 30) in free(morning, busy)
    left = free(morning, busy, buffer=15)
    assert on(30, 9, 30) not in left
    assert on(30, 10, 30) not in left
    assert on(30, 11) in left


def test_wishes_narrow_the_open_hours():
    wishes = Wishes(days=frozenset({0, 2}), first=time(10), last=time(16), buffer=timedelta(0))
    monday, tuesday = (on(30, 9), on(30, 18)), (on(1, 9, month=12), on(1, 18, month=12))
    assert list(rules.wished([monday, tuesday], wishes, PARIS)) == [(on(30, 10), on(30, 16))]


def test_hours_of_the_wall_stay_when_the_clock_changes():
    wishes = Wishes(days=frozenset(range(7)), first=time(10), last=time(12), buffer=timedelta(0))
    for day in (date(2027, 3, 28), date(2027, 10, 31)):
        start = datetime.combine(day, time(0), PARIS)
        [(first, last)] = rules.wished([(start, start + timedelta(hours=20))], wishes, PARIS)
        assert (first.astimezone(PARIS).hour, last.astimezone(PARIS).hour) == (10, 12)
        moments = free([(first, last)])
        assert [one.astimezone(PARIS).strftime("%H:%M") for one in moments] == ["10:00", "10:30", "11:00", "11:30"]


_MOMENTS = st.integers(0, 19 * 24 * 60).map(lambda minutes: on(1, 0) + timedelta(minutes=minutes))
_SPANS = st.lists(st.tuples(_MOMENTS, st.integers(10, 400)), max_size=5).map(
    lambda given: [(start, start + timedelta(minutes=minutes)) for start, minutes in given]
)


def disjoint(spans):
    found = []
    for start, end in sorted(spans, key=lambda span: span[0].astimezone(UTC)):
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found


@given(_SPANS.map(disjoint), _SPANS, st.integers(10, 120), st.integers(0, 60), _MOMENTS)
def test_no_moment_meets_what_is_busy_or_leaves_its_span(spans, busy, length, buffer, after):
    found = free(spans, busy, length=length, buffer=buffer, after=after)
    gap, size = timedelta(minutes=buffer), timedelta(minutes=length)
    assert found == sorted(found)
    for moment in found:
        assert moment >= after
        assert any(start <= moment and moment + size <= end for start, end in spans)
        assert all(moment + size + gap <= first or last <= moment - gap for first, last in busy)


def an_invitation(**more) -> Invitation:
    known = {
        "uid": "meeting-1@filon.fr",
        "sequence": 0,
        "starts_at": on(30, 9),
        "ends_at": on(30, 9, 45),
        "summary": "Démo : Claire et Nadia",
        "description": "Ligne 1\nLigne 2; avec, \\ tout",
        "place": "",
        "host_name": 'Nadia "N" Roux',
        "host_email": "nadia@filon.fr",
        "guest_name": "Claire Morel",
        "guest_email": "claire@sogetrel.fr",
        "made_at": on(27, 9),
    }
    return Invitation(**{**known, **more})


def test_an_invitation_is_what_calendars_read():
    text = invitation.text(an_invitation())
    lines = text.replace("\r\n ", "").split("\r\n")
    assert "METHOD:REQUEST" in lines
    assert "DTSTART:20261130T080000Z" in lines
    assert "DTEND:20261130T084500Z" in lines
    assert "DESCRIPTION:Ligne 1\\nLigne 2\\; avec\\, \\\\ tout" in lines
    assert "ORGANIZER;CN=\"Nadia 'N' Roux\":mailto:nadia@filon.fr" in lines
    cancelled = invitation.text(an_invitation(sequence=2), is_cancelled=True)
    assert "METHOD:CANCEL" in cancelled
    assert "STATUS:CANCELLED" in cancelled
    assert "SEQUENCE:2" in cancelled


@given(st.text(max_size=300), st.text(max_size=100))
def test_no_line_is_too_long_and_no_text_adds_one(words, name):
    text = invitation.text(an_invitation(summary=words, description=words, place=words, guest_name=name))
    plain = invitation.text(an_invitation(summary="", description="", place="", guest_name=""))
    lines = text.split("\r\n")
    assert all(len(line.encode("utf-8", "surrogatepass")) <= 75 for line in lines)
    assert len([line for line in lines if not line.startswith(" ")]) == len(
        [line for line in plain.split("\r\n") if not line.startswith(" ")]
    )
