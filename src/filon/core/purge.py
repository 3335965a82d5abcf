"""What is forgotten with time: payloads of the inbox, jobs that are done, ended sessions, used-up limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.contrib.sessions.models import Session

from filon.core import jobs
from filon.core.jobs import JobContext
from filon.core.models import Allowance, InboxEntry, Letter
from filon.core.waiting import HELD
from filon.kit import sql

INBOX_KEPT: Final = timedelta(days=90)
"""How long the inbox keeps what was received; then the row stays and its personal payload goes."""

HELD_KEPT: Final = timedelta(days=30)
"""How long what looks like a machine's waits for somebody to say that it is not."""

LETTERS_KEPT: Final = timedelta(days=90)
"""How long it is kept that a letter was sent, and to whom."""

_PART: Final = 5_000


def run(job: JobContext) -> None:
    """The daily clock."""
    purge(job.at)


def purge(at: datetime) -> dict[str, int]:
    """Forget everything that is due; how many of each. Safe to run twice, and in parts that keep no lock for long."""
    return {
        "inbox_payloads": _empty_inbox(at - INBOX_KEPT),
        "held": _delete_held(at - HELD_KEPT),
        "jobs": jobs.purge_before(at - jobs.KEPT),
        "sessions": Session.objects.filter(expire_date__lt=at).delete()[0],
        "letters": Letter.objects.filter(settled_at__lt=at - LETTERS_KEPT).delete()[0],
        "limits": Allowance.objects.filter(resets_at__lt=at).delete()[0],
    }


def _delete_held(before: datetime) -> int:
    found = InboxEntry.objects.filter(status=InboxEntry.Status.QUARANTINED, reason=HELD, received_at__lt=before)
    count = 0
    while ids := list(found.order_by("id").values_list("id", flat=True)[:_PART]):
        sql.delete_rows(InboxEntry, ids)
        count += len(ids)
    return count


def _empty_inbox(before: datetime) -> int:
    """Empty the payloads of settled entries; one that is quarantined is kept until someone decides."""
    count = 0
    settled = InboxEntry.objects.filter(status=InboxEntry.Status.DONE, received_at__lt=before).exclude(payload={})
    while ids := list(settled.order_by("id").values_list("id", flat=True)[:_PART]):
        where, params = sql.any_of("id", ids)
        count += sql.execute(
            f"UPDATE core_inboxentry SET payload = '{{}}', answer = NULL, payload_hash = '' WHERE {where}", params
        )
    return count
