"""The job that reads colleagues' own calendars, so that nothing is offered when they are busy there."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from filon.core.jobs import JobContext
from filon.kit import fetching
from filon.kit.fetching import Unreachable
from filon.meetings import letters
from filon.meetings.busy import NoCalendar, busy_spans
from filon.meetings.models import BookingPage

log = logging.getLogger("filon.meetings")
EVERY: Final = timedelta(minutes=10)
MOST_BYTES: Final = 5_000_000


def run(job: JobContext) -> None:
    """The clock: read each calendar that was not read for `EVERY`."""
    due = BookingPage.objects.filter(is_open=True, user__is_active=True).exclude(calendar_url="")
    for page in due.filter(Q(busy_read_at=None) | Q(busy_read_at__lte=job.at - EVERY)).order_by("pk"):
        if job.is_leaving or job.is_cancelled():
            return
        read(page, at=job.at)


def read(page: BookingPage, *, at: datetime) -> None:
    """Read a colleague's calendar and keep when they are busy. One that cannot be read leaves what was known."""
    news: dict[str, object] = {"busy_read_at": at}
    try:
        content = fetching.read(page.calendar_url, most=MOST_BYTES)
        end = at + timedelta(days=page.horizon + 1)
        zone = timezone.get_default_timezone()
        spans = busy_spans(content, start=at - timedelta(days=1), end=end, zone=zone, is_ours=letters.is_ours)
        news |= {"busy": [[first.isoformat(), last.isoformat()] for first, last in spans], "busy_problem": ""}
    except (Unreachable, NoCalendar) as error:
        log.warning("the calendar of booking page %d could not be read: %s", page.pk, error)
        news["busy_problem"] = str(error)[:100]
    BookingPage.objects.filter(pk=page.pk, calendar_url=page.calendar_url).update(**news)
