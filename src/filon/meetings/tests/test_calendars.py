"""When a colleague is busy elsewhere, nothing is offered."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from filon.core import access
from filon.core.models import User
from filon.kit import fetching
from filon.kit.fetching import Unreachable
from filon.meetings import calendars, commands, letters
from filon.meetings.busy import NoCalendar, busy_spans
from filon.meetings.commands import Draft
from filon.meetings.free_times import free_times
from filon.meetings.models import BookingPage

PARIS = ZoneInfo("Europe/Paris")
START, END = datetime(2026, 11, 30, tzinfo=PARIS), datetime(2026, 12, 14, tzinfo=PARIS)


def a_calendar(*events: str) -> bytes:
    body = "".join(
        f"BEGIN:VEVENT\r\nUID:{n}\r\nDTSTAMP:20261101T000000Z\r\n{e}\r\nEND:VEVENT\r\n" for n, e in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\n{body}END:VCALENDAR\r\n".encode()


def spans(*events: str) -> list[tuple[str, str]]:
    found = busy_spans(a_calendar(*events), start=START, end=END, zone=PARIS)
    return [
        (first.astimezone(PARIS).strftime("%m-%d %H:%M"), last.astimezone(PARIS).strftime("%m-%d %H:%M"))
        for first, last in found
    ]


def test_what_stands_in_a_calendar_is_busy():
    assert spans("DTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z") == [("12-01 10:00", "12-01 11:00")]
    assert spans("DTSTART:20261201T090000\r\nDTEND:20261201T100000") == [("12-01 09:00", "12-01 10:00")]
    assert spans("DTSTART:20261201T090000Z\r\nDURATION:PT90M") == [("12-01 10:00", "12-01 11:30")]
    assert spans("DTSTART;VALUE=DATE:20261202\r\nDTEND;VALUE=DATE:20261204") == [("12-02 00:00", "12-04 00:00")]


def test_what_comes_back_comes_back_but_for_its_exceptions():
    weekly = "DTSTART;TZID=Europe/Paris:20261102T140000\r\nDTEND;TZID=Europe/Paris:20261102T150000\r\nRRULE:FREQ=WEEKLY"
    assert spans(weekly) == [("11-30 14:00", "11-30 15:00"), ("12-07 14:00", "12-07 15:00")]
    assert spans(f"{weekly}\r\nEXDATE;TZID=Europe/Paris:20261207T140000") == [("11-30 14:00", "11-30 15:00")]


def test_what_is_free_or_cancelled_is_not():
    at = "DTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z"
    assert spans(f"{at}\r\nTRANSP:TRANSPARENT", f"{at}\r\nSTATUS:CANCELLED") == []


@pytest.mark.parametrize(
    "content",
    [
        b"<html>sign in</html>",
        b"\xff\xfe\x00",
        a_calendar("DTSTART:20261201T090000Z\r\nRRULE:FREQ=SECONDLY"),
        a_calendar("DTSTART:20261201T090000Z\r\nRRULE:FREQ=MINUT\r\n ELY"),
        a_calendar("DTSTART:20261201T090000Z\r\nRRULE:FREQ=HOURLY;BYMINUTE=0,1,2,3,4,5"),
    ],
)
def test_what_is_no_calendar_says_so(content: bytes):
    with pytest.raises(NoCalendar):
        busy_spans(content, start=START, end=END, zone=PARIS)


def test_an_invitation_of_ours_is_not_busy_elsewhere():
    when = b"DTSTAMP:20261101T000000Z\r\nDTSTART:20261201T090000Z\r\nDURATION:PT1H\r\n"
    event = b"BEGIN:VEVENT\r\nUID:%s\r\n" + when + b"END:VEVENT\r\n"
    head, end = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n", b"END:VCALENDAR\r\n"
    for uid, count in ((b"meeting-7-20261101@testserver", 0), (b"meeting-7@elsewhere.fr", 1)):
        found = busy_spans(head + event % uid + end, start=START, end=END, zone=PARIS, is_ours=letters.is_ours)
        assert len(found) == count


@pytest.fixture
def page(db: None, make_user: Any, at: datetime) -> BookingPage:
    user: User = make_user("sales", name="Nadia")
    draft = Draft(
        slug="nadia",
        is_open=True,
        minutes={"demo": 60},
        days=frozenset(range(5)),
        first=time(9),
        last=time(18),
        calendar_url="https://calendar.example/nadia.ics",
    )
    return commands.save_page(draft, by=access.of_user(user), at=at)


def offered(page: BookingPage, at: datetime) -> set[str]:
    found = BookingPage.objects.select_related("user").get(pk=page.pk)
    times = free_times(found, "demo", start=at, end=at + timedelta(days=2), at=at)
    return {one.astimezone(PARIS).strftime("%d %H:%M") for one in times}


def test_nothing_is_offered_when_a_colleague_is_busy_elsewhere(page: BookingPage, monkeypatch: pytest.MonkeyPatch):
    at = datetime(2026, 11, 30, 7, tzinfo=UTC)
    assert "01 10:00" in offered(page, at)
    busy = a_calendar("DTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z")
    monkeypatch.setattr(fetching, "read", lambda url, most: busy)
    calendars.read(page, at=at)
    left = offered(page, at)
    assert not {"01 09:30", "01 10:00", "01 10:30"} & left
    assert {"01 09:00", "01 11:00"} <= left


def test_a_calendar_that_cannot_be_read_leaves_what_was_known(page: BookingPage, monkeypatch: pytest.MonkeyPatch):
    at = datetime(2026, 11, 30, 7, tzinfo=UTC)
    busy = a_calendar("DTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z")
    monkeypatch.setattr(fetching, "read", lambda url, most: busy)
    calendars.read(page, at=at)

    def gone(url: str, most: int) -> bytes:
        raise Unreachable("HTTP 404")

    monkeypatch.setattr(fetching, "read", gone)
    calendars.read(page, at=at + timedelta(minutes=10))
    page.refresh_from_db()
    assert page.busy_problem == "HTTP 404"
    assert "01 10:00" not in offered(page, at)


def test_the_page_says_what_its_calendar_told_and_never_shows_it(page: BookingPage, signed_in_client: Any):
    user = page.user
    client = signed_in_client("read_only")
    client.force_login(user)
    assert "Votre agenda est lu" in client.get("/meetings/page").content.decode()
    BookingPage.objects.update(busy_problem="HTTP 404")
    assert "n’a pas pu être lu (HTTP 404)" in client.get("/meetings/page").content.decode()
    assert "calendar.example" not in client.get("/b/nadia").content.decode()
