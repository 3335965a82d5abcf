"""Giving people a role in a deal, and taking it away."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.line import Batch
from filon.deals import scope
from filon.deals.events import OpportunityPersonSet
from filon.deals.models import ROLE_LABELS, DealPerson, Opportunity
from filon.kit.errors import Kind, Refused, not_found
from filon.leads.models import Person


@transaction.atomic
def set_role(opportunity_id: int, person_id: int, role: str, *, by: Actor, at: datetime) -> None:
    """Say what a person is in a deal; nothing for an empty role. Needs `deals.change`. The same again says nothing.

    Emits OpportunityPersonSet. Raises Refused when there is no such deal, person or role.
    """
    by.require("deals.change")
    if role and role not in ROLE_LABELS:
        raise Refused(_("There is no such role."), Kind.INVALID, [{"field": "role", "message": _("Choose a role.")}])
    if not scope.seen([opportunity_id], by):
        raise not_found(_("Opportunity"))
    deal = Opportunity.objects.select_for_update().filter(pk=opportunity_id).first()
    if deal is None:
        raise not_found(_("Opportunity"))
    if not Person.objects.filter(pk=person_id).exists():
        raise not_found(_("Person"))
    known = DealPerson.objects.filter(opportunity=deal, person_id=person_id).first()
    was = known.role if known else ""
    if was == role:
        return
    if known is None:
        DealPerson.objects.create(opportunity=deal, person_id=person_id, role=role, created_at=at)
    elif not role:
        known.delete()
    else:
        DealPerson.objects.filter(pk=known.pk).update(role=role)
    batch = Batch([], by=by, at=at)
    batch.tell(
        OpportunityPersonSet(
            at=at,
            opportunity_id=deal.pk,
            company_id=deal.company_id,
            member_id=person_id,
            role=role,
            was=was,
        )
    )
    batch.write()
