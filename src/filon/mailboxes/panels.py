"""Writing to a lead's person, on the page of the lead."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from filon.core.access import Actor
from filon.leads.sight import seen_by
from filon.mailboxes import queries

TEMPLATE: Final = "mailboxes/_lead_panel.html"


def lead_panel(lead_id: int, *, by: Actor, at: datetime) -> dict[str, Any] | None:
    """What `TEMPLATE` takes: one's own mailbox, and one's mails to this lead that are not settled. Three statements.

    None for whoever cannot write, and for a lead they may not see.
    """
    if not by.may("leads.act") or by.kind != "user" or lead_id not in seen_by(by, [lead_id]):
        return None
    account = queries.own(by=by)
    mails = queries.unsettled(lead_id, by=by)
    return {"account": account, "mails": mails, "lead_id": lead_id, "now": at}
