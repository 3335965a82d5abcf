"""What marketing and sales agreed on for hand-offs: what must be known of a lead, and by when sales answer.

Each change is a version of its own with its author; a proposal is judged by the one of its day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from filon.core import ledger
from filon.core.access import Actor
from filon.handoff import rules
from filon.handoff.events import HandoffTermsChanged
from filon.handoff.models import Agreement
from filon.handoff.rules import Terms
from filon.kit.errors import Kind, Refused


@dataclass(frozen=True, slots=True)
class Version:
    """A version as people read it."""

    terms: Terms
    made_at: datetime
    made_by: str


def in_force() -> Terms:
    """The newest version. One statement."""
    newest = Agreement.objects.order_by("-version").first()
    return _terms(newest) if newest is not None else Terms()


def versions(*, by: Actor, most: int = 20) -> list[Version]:
    """All versions, the newest first. One statement. Needs `leads.see`."""
    by.require("leads.see")
    rows = Agreement.objects.select_related("made_by").order_by("-version")[:most]
    return [Version(_terms(row), row.made_at, str(row.made_by or "")) for row in rows]


def _terms(row: Agreement) -> Terms:
    return Terms(frozenset(row.required), row.answer_hours, row.version)


@transaction.atomic
def change(required: Sequence[str], answer_hours: int, *, seen: int, by: Actor, at: datetime) -> Terms:
    """Agree anew; what is proposed from now on is judged by it. seen: the version that was looked at.

    Needs `handoff.change`. Emits HandoffTermsChanged. Raises Refused: criteria nobody knows, hours that cannot be, or
    changed by somebody else meanwhile.
    """
    by.require("handoff.change")
    unknown = set(required) - set(rules.CRITERIA)
    if unknown or not 1 <= answer_hours <= rules.MOST_HOURS:
        name = "required" if unknown else "answer_hours"
        message = _("Between 1 and %(most)s open hours.") % {"most": rules.MOST_HOURS} if not unknown else _("Unknown.")
        raise Refused(message, Kind.INVALID, [{"field": name, "message": message}], "invalid")
    newest = Agreement.objects.select_for_update().order_by("-version").first()
    version = newest.version if newest is not None else 0
    if version != seen:
        message = _("Somebody changed this meanwhile. Reload the page to see what it is now.")
        raise Refused(message, Kind.STALE, code="stale")
    kept = [name for name in rules.CRITERIA if name in required]
    author = by.id if by.kind == "user" else None
    made = Agreement.objects.create(
        version=version + 1, required=kept, answer_hours=answer_hours, made_at=at, made_by_id=author
    )
    told = HandoffTermsChanged(at=at, version=made.version, required=kept, answer_hours=answer_hours)
    ledger.append([told], by=by, learnt_at=at)
    return _terms(made)
