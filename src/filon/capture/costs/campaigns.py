"""Declaring campaigns."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from filon.capture.costs.queries import invalid
from filon.capture.events import CampaignAdded
from filon.core import ledger
from filon.core.access import Actor
from filon.kit.errors import Kind, Refused
from filon.kit.text import fold
from filon.leads import rules
from filon.leads.models import Campaign


def add_campaign(
    name: str,
    *,
    by: Actor,
    at: datetime,
    channel: str = "unknown",
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Campaign:
    """Declare a campaign, so that leads and costs can name it. Needs `campaigns.change`. Emits CampaignAdded.

    Raises Refused: a value that cannot be, or a name that another one has (conflict, with its id); names are compared
    without case and accents.
    """
    by.require("campaigns.change")
    name = " ".join(name.replace("\0", "").split())
    if not name or len(name) > 200:
        raise invalid("name", _("A campaign needs a name of at most 200 characters."))
    if channel not in rules.CHANNELS:
        raise invalid("channel", _("There is no such channel."))
    if starts_on and ends_on and ends_on < starts_on:
        raise invalid("ends_on", _("The campaign ends before it starts."))
    folded = fold(name)[:200]
    try:
        with transaction.atomic():
            campaign = Campaign.objects.create(
                name=name, name_folded=folded, channel=channel, starts_on=starts_on, ends_on=ends_on, created_at=at
            )
            ledger.append([CampaignAdded(at=at, campaign_id=campaign.pk, channel=channel)], by=by, learnt_at=at)
    except IntegrityError as error:
        known = Campaign.objects.filter(name_folded=folded).first()
        message = _("There is a campaign of this name already.")
        problem: dict[str, object] = {"field": "name", "message": message, "campaign_id": known.pk if known else None}
        raise Refused(message, Kind.CONFLICT, [problem], "name_taken") from error
    return campaign
