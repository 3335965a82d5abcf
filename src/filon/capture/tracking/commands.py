"""Sites whose visits are taken, and browsers that are tied to people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from filon.capture.models import TrackedSite, Visitor
from filon.capture.tracking import keys
from filon.capture.tracking.events import VisitorTied
from filon.core import ledger
from filon.core.access import SYSTEM, Actor
from filon.core.jobs import JobContext
from filon.core.ledger import Told
from filon.kit.errors import Kind, Refused
from filon.leads import consents

MOST_SITES: Final = 50
PURPOSE: Final = "tracking"
_ON_ITS_WAY: Final = timedelta(days=30)  # as long as a form that is held back may be let in


def add_site(address: str, *, by: Actor, at: datetime) -> TrackedSite:
    """Take the visits of a site. Needs `forms.change`. Raises Refused for what is no address."""
    by.require("forms.change")
    origin = keys.origin_of(address if "//" in address else f"https://{address}")
    if not origin or ("." not in origin and "localhost" not in origin):
        raise _wrong(_("Type the address of your site, such as https://www.exemple.fr."))
    if TrackedSite.objects.count() >= MOST_SITES:
        raise _wrong(_("At most %(most)s sites.") % {"most": MOST_SITES})
    return TrackedSite.objects.get_or_create(origin=origin, defaults={"created_at": at})[0]


def remove_site(site_id: int, *, by: Actor) -> None:
    """Take no more visits of a site. Needs `forms.change`."""
    by.require("forms.change")
    TrackedSite.objects.filter(pk=site_id).delete()


def tie(person_id: int, *, at: datetime) -> str | None:
    """A token for a browser of a person who agrees; None for one who does not. Emits VisitorTied."""
    if consents.state_of(person_id, PURPOSE) != "given":
        return None
    token = keys.new_token()
    with transaction.atomic():
        Visitor.objects.create(
            digest=keys.digest_of(token), person_id=person_id, created_at=at, expires_at=at + keys.KEPT
        )
        ledger.append([VisitorTied(at=at, person_id=person_id, way="mail")], by=SYSTEM, learnt_at=at)
    return token


def expect(*, at: datetime) -> str:
    """A token for a browser whose person will be known when the form it sent has gone down the line."""
    token = keys.new_token()
    Visitor.objects.create(digest=keys.digest_of(token), created_at=at, expires_at=at + keys.KEPT)
    return token


def forget(facts: Sequence[Told], at: datetime) -> None:
    """A reaction: who refuses to be followed is known by no browser any more. One statement."""
    del at
    refusals: list[Any] = [fact.event for fact in facts]
    people = {refusal.person_id for refusal in refusals if refusal.purpose == PURPOSE}
    if people:
        Visitor.objects.filter(person_id__in=people).delete()


def forget_old(job: JobContext) -> None:
    """The daily clock: browsers whose time is over, and those of forms that never became a person."""
    expired = Q(expires_at__lt=job.at) | Q(person__isnull=True, created_at__lt=job.at - _ON_ITS_WAY)
    Visitor.objects.filter(expired).delete()


def _wrong(message: str) -> Refused:
    return Refused(message, Kind.INVALID, [{"field": "address", "message": message}], "invalid")
