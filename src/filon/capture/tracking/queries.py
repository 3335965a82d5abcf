"""What can be asked of tracking. Known cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from filon.capture.models import TrackedSite, Visitor
from filon.core.access import Actor

DAYS = 30


@dataclass(frozen=True, slots=True)
class Tracking:
    """The sites, and the browsers that are tied: all, and those seen in the last 30 days."""

    sites: list[TrackedSite]
    browsers: int
    lately: int
    last_at: datetime | None


def tracking(*, by: Actor, at: datetime) -> Tracking:
    """How tracking stands. Two statements. Needs `leads.see`."""
    by.require("leads.see")
    counted = Visitor.objects.filter(person__isnull=False, expires_at__gt=at).aggregate(
        browsers=Count("pk"),
        lately=Count("pk", filter=Q(seen_at__gt=at - timedelta(days=DAYS))),
        last_at=Max("seen_at"),
    )
    return Tracking(list(TrackedSite.objects.order_by("origin")), **counted)


def is_site(origin: str) -> bool:
    """Whether the visits of this origin are taken. One statement."""
    return bool(origin) and TrackedSite.objects.filter(origin=origin).exists()


def is_known(digest: str, *, at: datetime) -> bool:
    """Whether a browser is known, and not for too long. One statement."""
    return Visitor.objects.filter(digest=digest, expires_at__gt=at).exists()
